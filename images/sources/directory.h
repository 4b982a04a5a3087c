/*
 * A directory as a source: its files are walked and read where they lie.  Symbolic links are
 * followed, but never into a directory that is already being walked, so loops end.
 */
#ifndef QUERN_IMAGES_SOURCES_DIRECTORY_H
#define QUERN_IMAGES_SOURCES_DIRECTORY_H

#include "common/error.h"
#include "images/sources/scan.h"
#include "images/sources/source_file.h"

/* A directory around all else, or the source itself. */
struct directory_root {
    int descriptor;
    char *path; /* from the source, malloc'ed; NULL: there is none */
    uint64_t num_junk[JUNK_NUM_KINDS], num_others; /* beside it */
};

/* Goes down from root->descriptor, which it closes then.  What cannot be read is left to the scan.
 */
bool directory_find_root(const struct scan_rules *rules, struct directory_root *root,
                         struct error *error);

/* Walks the open directory that is named source.  STATUS_IO names a directory that cannot be read.
 */
bool directory_scan(const char *source, int descriptor, const struct scan_rules *rules,
                    struct scan *scan, struct error *error);

/* Reads a file by its path below the open directory: see source_read. */
bool directory_read(int descriptor, const char *path, struct source_reader *reader,
                    struct source_file *file, struct error *error);

/* See source_look. */
bool directory_look(int descriptor, const char *path, struct source_stamp *stamp,
                    struct error *error);

#endif
