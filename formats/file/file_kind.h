/*
 * What a file is, so that no program replaces what is not its own kind.
 *
 * The answer comes from the mark that each file of quern carries, the root attribute "format" and
 * its value, as bytes.  Nothing is parsed: damaged files, which the HDF5 library may crash on, have
 * an answer too.
 */
#ifndef QUERN_FORMATS_FILE_KIND_H
#define QUERN_FORMATS_FILE_KIND_H

#include <stdbool.h>

#include "common/error.h"

enum file_kind {
    FILE_KIND_NONE,  /* there is no file */
    FILE_KIND_OTHER, /* a file without a mark, or no regular file */
    FILE_KIND_STORE,
    FILE_KIND_SHARD,
    FILE_KIND_CHECKPOINT,
    FILE_KIND_EVALUATION,
    FILE_KIND_PREDICTIONS,
    FILE_KIND_LIST,
    FILE_KIND_TABLE, /* predictions as text */
    FILE_KIND_REPORT, /* a page of figures */
    FILE_KIND_PNG,   /* a picture, whoever made it */
};

/* "quern store" and so on; "another file" for the first two. */
const char *file_kind_name(enum file_kind kind);

/* Symbolic links are followed.  STATUS_IO for a file that cannot be read. */
bool file_kind_find(const char *path, enum file_kind *kind, struct error *error);

/*
 * True if a file of this kind may be written as path: nothing is there, or a file of the same kind,
 * or is_forced.  Otherwise STATUS_DATA; STATUS_IO for what is no regular file, forced or not.
 */
bool file_kind_check_output(const char *path, enum file_kind kind, bool is_forced,
                            struct error *error);

#endif
