/*
 * Files that appear whole or not at all: written under a temporary name in the same folder,
 * flushed to disk, renamed, and the folder flushed.
 */
#ifndef QUERN_FORMATS_ATOMIC_FILE_H
#define QUERN_FORMATS_ATOMIC_FILE_H

#include <stddef.h>

#include "common/error.h"

struct atomic_file {
    char *path;           /* the final name */
    char *temporary_path; /* write here */
};

/* Chooses the temporary name and makes sure that the folder can be written. */
enum status atomic_file_begin(struct atomic_file *file, const char *path, struct error *error);

/* Flushes and renames; on failure removes the temporary file.  Frees both names. */
enum status atomic_file_commit(struct atomic_file *file, struct error *error);

/* Removes the temporary file, if any, and frees both names.  Safe after commit. */
void atomic_file_abandon(struct atomic_file *file);

/* The whole of a small file: writes nbytes at path by the steps above. */
enum status atomic_file_write(const char *path, const void *bytes, size_t nbytes,
                              struct error *error);

#endif
