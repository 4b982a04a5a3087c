/*
 * Files that appear whole or not at all: written under a temporary name that nobody can foresee
 * (common/file.h), sealed (formats/file/seal.h), flushed to disk, renamed, and the directory
 * flushed.  An output that is a symbolic link is written where the link points.
 *
 * The temporary file is locked while it is written, so that two processes cannot write one file.
 * The lock is the open file's (fcntl, F_OFD_SETLK): the system drops it when its owner dies, and
 * NFS knows it.  A temporary file that a dead process of the same user left behind is removed.
 */
#ifndef QUERN_FORMATS_ATOMIC_FILE_H
#define QUERN_FORMATS_ATOMIC_FILE_H

#include <stdbool.h>

#include "common/error.h"
#include "formats/file/file_kind.h"
#include "formats/file/seal.h"

struct atomic_file {
    char *path;           /* the final name, as it was given, for messages */
    char *target_path;    /* where that is, symbolic links followed */
    char *temporary_path; /* beside the target; NULL after the rename */
    int descriptor;       /* of the temporary file, for reading and writing; locked */
    /* What a writer may note of the bytes that it writes, so that they need not be read again. */
    struct seal_sums sums;
};

/*
 * Makes and locks the temporary file, empty.  STATUS_DATA if path is a file of another kind, unless
 * is_forced; STATUS_IO if another process is writing it, if the directory cannot be written, or if
 * path is no regular file.
 */
bool atomic_file_begin(struct atomic_file *file, const char *path, enum file_kind kind,
                       bool is_forced, struct error *error);

/* Seals, flushes and renames; on failure removes the temporary file.  Frees all. */
bool atomic_file_commit(struct atomic_file *file, struct error *error);
/* The same without a seal: for text that other programs read. */
bool atomic_file_commit_unsealed(struct atomic_file *file, struct error *error);

/* Removes the temporary file, if any, and frees all.  Safe after commit. */
void atomic_file_abandon(struct atomic_file *file);

/*
 * Locks an open file for this process, or says that another holds it (STATUS_IO, "what is at
 * work").  A file system without locks is an error too, which says so, unless the environment's
 * HDF5_USE_FILE_LOCKING (FALSE, 0 or BEST_EFFORT) allows it.
 */
bool atomic_file_lock(int descriptor, const char *path, const char *what, struct error *error);

#endif
