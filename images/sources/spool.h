/*
 * A temporary file without a name, beside the store: what was read from an archive and is to be
 * read again.  It is gone with the process, however that ends.
 */
#ifndef QUERN_INGEST_SPOOL_H
#define QUERN_INGEST_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct spool {
    int fd;           /* -1 before the first byte */
    const char *path; /* of the store, in whose folder it is */
    uint64_t nbytes;  /* appended so far */
    uint8_t *buffer;  /* the last of them, not written yet */
    size_t num_buffered;
};

/* Nothing is made before the first byte comes.  path must outlive the spool. */
void spool_begin(struct spool *spool, const char *path);
/* Room for more bytes, *room of them, at least one; NULL without memory. */
uint8_t *spool_reserve(struct spool *spool, size_t *room, struct error *error);
/* Counts bytes that were put there. */
bool spool_append(struct spool *spool, size_t nbytes, struct error *error);
/* Forgets what was appended after the first nbytes. */
bool spool_cut(struct spool *spool, uint64_t nbytes, struct error *error);
/* After this, spool->fd may be read from. */
bool spool_flush(struct spool *spool, struct error *error);
void spool_end(struct spool *spool);

#endif
