/*
 * What is in a source: the paths of all images, and the directories that may be splits and
 * classes.  An image is whatever has the name of one (images/decode.h) and is no directory;
 * whether it can be decoded is not asked here.  Junk (images/sources/junk.h) is skipped and
 * counted.
 */
#ifndef QUERN_IMAGES_SOURCES_SCAN_H
#define QUERN_IMAGES_SOURCES_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/foreign.h"
#include "images/sources/junk.h"

struct scan {
    size_t num_images;        /* N */
    const char **paths;       /* [N], bytewise order; they live in path_bytes, or in the source */
    char *path_bytes;         /* one block for all paths: a million files cost no million blocks */
    struct text_list folders; /* of the first folder_depth levels, bytewise order */
    struct foreign_counts foreign;     /* images of formats that have no decoder, everywhere */
    struct text_list top_others;       /* other files at the top, SCAN_MAX_OTHERS of them */
    uint64_t num_others;               /* other files, everywhere */
    uint64_t num_loops;                /* links that were not followed because they lead back up */
    uint64_t num_junk[JUNK_NUM_KINDS]; /* files and directories, without what is in those */
    /* The directory, up to three deep, around all images, which is taken as the source, or NULL. */
    char *root;
    /* Of an archive: members whose paths lead out of any directory; links that lead to no file of
     * the archive; devices and the like; and members that a later one of the same path replaces. */
    bool is_archive;
    uint64_t num_unsafe_paths, num_links, num_special, num_replaced;
    struct labelling *labelling; /* NULL: directories tell splits and classes; labelling.h */
};

enum { SCAN_MAX_OTHERS = 16 };

/* Into which directories at the top a scan descends. */
enum scan_descent {
    SCAN_INTO_ALL,
    SCAN_INTO_SPLITS,        /* those with the name of a split, if there are any */
    SCAN_INTO_SEVERAL_SPLITS /* the same if there are two or more, and into all otherwise */
};

struct scan_rules {
    size_t folder_depth;            /* 0 to 2: levels of directories to list */
    const char *const *top_folders; /* descend into these alone, NULL at the end; NULL: into all */
    /* Names of splits, NULL at the end: never the directory around all else.  That is looked for as
     * of a data set with a folder_depth of 2; with less, it is the one around all members of an
     * archive, whatever is in it. */
    const char *const *split_folders;
    enum scan_descent descent; /* without top_folders */
};

/* The levels of directories around all else that are taken for none. */
enum { SCAN_MAX_ROOT_DEPTH = 3 };

void scan_free(struct scan *scan);

/* ---- for those who make scans ---- */

/* Is the name, the first length bytes of a text, in a list that NULL ends, in upper or lower case?
 */
bool scan_is_one_of(const char *const *names, const char *name, size_t length);

/* What is known of a directory that may be one around all else. */
struct scan_look {
    size_t num_folders; /* in it, without junk */
    bool has_images;    /* directly in it */
    size_t num_splits;  /* of them have the name of a split */
    bool has_classes;   /* and one of those has a directory in it */
};

/* Is it taken for the source? */
bool scan_is_root(const struct scan_look *look, bool is_archive);

/* Counts one directory at the top, and says in the end into which the rules let a scan descend. */
struct scan_top {
    size_t num_splits;
};

void scan_count_top(struct scan_top *top, const struct scan_rules *rules, const char *name,
                    size_t length);
struct scan_rules scan_choose_top(const struct scan_top *top, const struct scan_rules *rules);

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
