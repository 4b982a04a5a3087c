/*
 * A temporary file without a name, beside the store or in --spool-dir: the images that one pass over a compressed
 * archive found, to be read again in any order and by several threads.  It is gone with the
 * process, however that ends.
 */
#ifndef QUERN_IMAGES_SOURCES_SPOOL_H
#define QUERN_IMAGES_SOURCES_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct spool {
    int descriptor;   /* -1 before the first byte is written */
    const char *path; /* of the store or another, in whose directory it is */
    uint64_t nbytes;  /* appended so far */
    uint8_t *buffer;  /* the last of them, not written yet */
    size_t num_buffered;
};

/* Nothing is made before the first byte comes.  path must outlive the spool. */
void spool_begin(struct spool *spool, const char *path);
bool spool_append(struct spool *spool, const void *bytes, size_t nbytes, struct error *error);
/* After this, all bytes can be read from spool->descriptor. */
bool spool_flush(struct spool *spool, struct error *error);
void spool_end(struct spool *spool);

#endif
