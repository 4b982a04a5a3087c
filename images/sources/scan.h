/*
 * What is in a folder: the paths of all images below it, and the folders that may be splits and
 * classes.  An image is any entry whose name ends in .png, in either case, and that is not a
 * folder; whether it can be decoded is not asked here.  Names that begin with a dot are skipped.
 * Symbolic links are followed, but never into a folder that is already being walked, so loops end.
 */
#ifndef QUERN_INGEST_SCAN_H
#define QUERN_INGEST_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"

struct scan {
    size_t num_images;        /* N */
    const char **paths;       /* [N], bytewise order; they live in path_bytes, or in the source */
    char *path_bytes;         /* one block for all paths: a million files cost no million blocks */
    struct text_list folders; /* of the first folder_depth levels, bytewise order */
    struct text_list top_others; /* files at the top that are no images, SCAN_MAX_OTHERS of them */
    uint64_t num_others;         /* files that are no images, everywhere */
    uint64_t num_loops;          /* links that were not followed because they lead back up */
    /* Of an archive: the folder around all else, which is taken as the source, or NULL; members
     * whose paths lead out of any folder, that are links, or that are devices and the like. */
    char *root;
    uint64_t num_unsafe_paths, num_links, num_special;
};

enum { SCAN_MAX_OTHERS = 16 };

struct scan_rules {
    size_t folder_depth;            /* 1 or 2: levels of folders to list */
    const char *const *top_folders; /* descend into these alone, NULL at the end; NULL: into all */
    /* Never taken for the folder around all else of an archive, NULL at the end. */
    const char *const *split_folders;
};

/* Walks the open folder that is named source.  STATUS_IO names a folder that cannot be read. */
bool scan_folder(const char *source, int source_fd, const struct scan_rules *rules,
                 struct scan *scan, struct error *error);
/* Does the name end in ".png", in either case? */
bool scan_is_image(const char *name);
void scan_free(struct scan *scan);

#endif
