/*
 * HDF5 files that appear whole or not at all: written under the temporary name .NAME.partial in
 * the same folder, sealed (formats/seal.h), flushed to disk, renamed, and the folder flushed.
 *
 * The temporary file is locked while it is written, so that two processes cannot write one file.
 * The lock is the open file's (fcntl, F_OFD_SETLK): the system drops it when its owner dies, and
 * NFS knows it.  A temporary file that a dead process left behind is taken over.
 */
#ifndef QUERN_FORMATS_ATOMIC_FILE_H
#define QUERN_FORMATS_ATOMIC_FILE_H

#include <stddef.h>

#include "common/error.h"

struct atomic_file {
    char *path;           /* the final name */
    char *temporary_path; /* write here */
    int lock;             /* descriptor of the temporary file */
};

/*
 * Makes and locks the temporary file, empty.  STATUS_IO if another process is writing it, if the
 * folder cannot be written, or if path names something that is no regular file.
 */
bool atomic_file_begin(struct atomic_file *file, const char *path, struct error *error);

/* Seals, flushes and renames; on failure removes the temporary file.  Frees all. */
bool atomic_file_commit(struct atomic_file *file, struct error *error);

/* Removes the temporary file, if any, and frees all.  Safe after commit. */
void atomic_file_abandon(struct atomic_file *file);

/*
 * Locks an open file for this process, or says that another holds it (STATUS_IO, "what is at
 * work").  A file system without locks is an error too, which says so, unless the environment's
 * HDF5_USE_FILE_LOCKING (FALSE, 0 or BEST_EFFORT) allows it.
 */
bool atomic_file_lock(int descriptor, const char *path, const char *what, struct error *error);

#endif
