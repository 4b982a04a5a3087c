/*
 * A directory as a source: its files are walked and read where they lie.  Symbolic links are
 * followed, but never into a directory that is already being walked, so loops end.
 */
#ifndef QUERN_IMAGES_SOURCES_DIRECTORY_H
#define QUERN_IMAGES_SOURCES_DIRECTORY_H

#include "common/error.h"
#include "images/sources/scan.h"
#include "images/sources/source_file.h"

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
