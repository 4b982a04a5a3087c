/*
 * The file list ("quern list"): what a walk through a source found, so that many processes need not
 * walk each for itself.  Not HDF5: a short text, then names with a NUL at the end of each, as
 * `find -print0` has them, and a seal.  FORMAT.md is the specification.
 */
#ifndef QUERN_FORMATS_LIST_FILE_H
#define QUERN_FORMATS_LIST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { LIST_FILE_MAX_TOP_OTHERS = 16 };

struct list_file {
    const char *source;  /* the last part of its path */
    bool is_of_classes;  /* CLASS/..., not SPLIT/CLASS/... */
    uint64_t num_others; /* files that are no images */
    uint64_t num_loops;  /* links that lead back up */
    size_t num_folders, num_top_others, num_images;
    const char *const *folders; /* these three bytewise ascending; paths relative to the source */
    const char *const *top_others; /* names at the top */
    const char *const *images;
};

/* Writes it whole or not at all (formats/atomic_file.h).  STATUS_DATA, unless is_forced, if there
 * is a file at path that is no list. */
bool list_file_write(const char *path, const struct list_file *list, bool is_forced,
                     struct error *error);

/* A list that was read, with the memory that it points into. */
struct list_file_content {
    struct list_file list;
    char *bytes;
    const char **names;
};

/* STATUS_DATA for what is no list, is damaged, or holds names that no walk finds: out of order, not
 * relative, with empty parts or parts that begin with a dot. */
bool list_file_read(const char *path, struct list_file_content *content, struct error *error);
/* The same for the bytes of a file without the seal; takes bytes, which has a NUL after nbytes. */
bool list_file_parse(const char *path, char *bytes, size_t nbytes,
                     struct list_file_content *content, struct error *error);
void list_file_free(struct list_file_content *content);

#endif
