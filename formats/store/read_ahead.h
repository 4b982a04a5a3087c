/*
 * A thread that reads chunks of a file before they are wanted, in an order that is known
 * beforehand.  It calls the system only, never HDF5.  All functions are for one other thread, the
 * one that wants the chunks.  For files inside formats/ only.
 */
#ifndef QUERN_FORMATS_READ_AHEAD_H
#define QUERN_FORMATS_READ_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/chunk_index.h"

struct read_ahead;

/* Reads chunks of index, which must live as long, into num_buffers buffers.  It takes no signals,
 * so that the program's own threads get them. */
bool read_ahead_create(struct read_ahead **reader, const struct chunk_index *index,
                       size_t num_buffers, struct error *error);
/* NULL is fine. */
void read_ahead_destroy(struct read_ahead *reader);

/* Forgets what was read and goes on with the chunks sequence[first] .. sequence[end - 1], places in
 * the index; the sequence must stay until read_ahead_stop or the next start. */
void read_ahead_start(struct read_ahead *reader, const uint32_t *sequence, uint64_t first,
                      uint64_t end);
/* Returns when it reads no more. */
void read_ahead_stop(struct read_ahead *reader);

/*
 * Waits for the next chunks and returns how many are there: most, which must be at least 1 and not
 * go past end, or fewer, but then half of what there are buffers for, so that it pays to share them
 * among threads while the other half is being read.
 */
uint64_t read_ahead_wait(struct read_ahead *reader, uint64_t most);

/* The bytes of the i-th chunk that is there, as in the file, or NULL and its errno. */
const unsigned char *read_ahead_bytes(const struct read_ahead *reader, uint64_t i, int *read_errno);

/* Gives back the first count chunks that are there. */
void read_ahead_release(struct read_ahead *reader, uint64_t count);

#endif
