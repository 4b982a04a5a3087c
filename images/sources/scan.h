/*
 * What is in a source: the paths of all images, and the directories that may be splits and
 * classes.  An image is whatever has the name of one (images/decode.h) and is no directory;
 * whether it can be decoded is not asked here.  Names that begin with a dot are skipped.
 */
#ifndef QUERN_IMAGES_SOURCES_SCAN_H
#define QUERN_IMAGES_SOURCES_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/foreign.h"

struct scan {
    size_t num_images;        /* N */
    const char **paths;       /* [N], bytewise order; they live in path_bytes, or in the source */
    char *path_bytes;         /* one block for all paths: a million files cost no million blocks */
    struct text_list folders; /* of the first folder_depth levels, bytewise order */
    struct foreign_counts foreign; /* images of formats that have no decoder, everywhere */
    struct text_list top_others; /* other files at the top, SCAN_MAX_OTHERS of them */
    uint64_t num_others;         /* other files, everywhere */
    uint64_t num_loops;          /* links that were not followed because they lead back up */
    /* Of an archive: the directory around all else, which is taken as the source, or NULL; members
     * whose paths lead out of any directory, that are links, or that are devices and the like; and
     * members that a later one of the same path replaces. */
    char *root;
    uint64_t num_unsafe_paths, num_links, num_special, num_replaced;
    struct labelling *labelling; /* NULL: directories tell splits and classes; labelling.h */
};

enum { SCAN_MAX_OTHERS = 16 };

struct scan_rules {
    size_t folder_depth;            /* 0 to 2: levels of directories to list */
    const char *const *top_folders; /* descend into these alone, NULL at the end; NULL: into all */
    /* Never taken for the directory around all else of an archive, NULL at the end. */
    const char *const *split_folders;
};

void scan_free(struct scan *scan);

/* ---- for those who make scans ---- */

/* Is the name, the first length bytes of a text, in a list that NULL ends? */
bool scan_is_one_of(const char *const *names, const char *name, size_t length);

/* Adds a file that is no image, or one of a format that has no decoder. */
bool scan_add_other(struct scan *scan, const char *path, struct error *error);

/*
 * Adds the directories above a path, and the path itself if it is one, as deep as the rules ask.
 * Paths come in bytewise order.  *is_outside: the walk of a directory would not go down to it.
 */
bool scan_add_directories(struct scan *scan, const struct scan_rules *rules, const char *path,
                          bool is_directory, bool *is_outside, struct error *error);

/* Sorts directories and other files, once all were added. */
void scan_finish(struct scan *scan);

struct scan_order {
    const char *path;
    size_t index; /* the caller's: equal paths are in order of it */
    uint64_t key; /* for sorting */
};

/* Sorts bytewise, by eight bytes at a time: a compare is mostly one of two numbers. */
void scan_sort(struct scan_order *paths, size_t count);

#endif
