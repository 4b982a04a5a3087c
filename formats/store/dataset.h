/*
 * The samples of one split of a store: labels in memory, and pixels, uint8, in blocks of rows.
 *
 * Block b holds samples b << block_shift and on.  A split is in memory whole, as one block, or it
 * is streamed: then a pass visits the blocks in an order that is known beforehand, some of them in
 * memory at a time.  A thread of its own reads them ahead of their use, as they are in the file,
 * and all threads decompress them when they are asked for.
 *
 * Processes of one machine may hold one split together: the pixels lie once, in memory that all of
 * them see, and each reads or decompresses its share of them.
 *
 * Functions are for the thread that has the store, and not in a parallel region; what they have
 * made available any thread may read.
 */
#ifndef QUERN_FORMATS_DATASET_H
#define QUERN_FORMATS_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/store.h"

struct dataset_stream;

struct dataset {
    uint64_t num_rows;      /* below 2^32 */
    size_t row_nbytes;      /* D */
    const uint32_t *labels; /* [num_rows], the store's */
    uint64_t num_blocks;
    const uint8_t *const *blocks;  /* [num_blocks] rows of row_nbytes; NULL: not in memory now */
    unsigned block_shift;          /* log2 of the rows of a block; the last may have fewer */
    uint8_t *pixels;               /* owned: a split in memory whole, [num_rows][row_nbytes] */
    const uint8_t **whole;         /* owned: the one block of it */
    struct dataset_stream *stream; /* owned: of a streamed split, else NULL */
};

/* What this process shares a split with. */
struct dataset_share {
    size_t index, count; /* of this process among those of the machine */
    uint8_t *memory;     /* that all of them see, of dataset_pixels_nbytes */
    /* Returns when all of them have called it; each then sees what any has written before. */
    void (*meet)(void *context);
    void *context;
};

struct dataset_plan {
    size_t num_slots; /* blocks in memory at a time; 0: the whole split in memory */
    size_t num_ahead; /* blocks that this process reads before they are asked for */
    int num_threads;  /* that decompress */
    const struct dataset_share *share; /* NULL: this process alone */
};

/* A plan for passes in stored order: num_blocks blocks in memory at a time, or more to make a
 * multiple of multiple_rows rows, a power of two. */
struct dataset_plan dataset_plan_stored(const struct store *store, size_t num_blocks,
                                        size_t multiple_rows, int num_threads);

/*
 * Loads a split, or makes it ready to stream; the store must stay open as long.  A block of a
 * streamed split has store_chunk_rows rows.  An absent split has no rows.
 *
 * Of a shared split that is in memory whole, each process has then read its share: all must meet
 * before any takes a row.
 */
bool dataset_open(struct dataset *dataset, struct store *store, enum split split,
                  const struct dataset_plan *plan, struct error *error);

/* Makes a dataset of pixels [num_rows][row_nbytes] that are in memory: taken from the caller, who
 * has them from malloc, in success and failure alike.  The labels stay the caller's. */
bool dataset_take(struct dataset *dataset, uint64_t num_rows, size_t row_nbytes, uint8_t *pixels,
                  const uint32_t *labels, struct error *error);
void dataset_close(struct dataset *dataset);

/* Bytes of memory that a split takes by this plan, labels and checksums aside; and those of them
 * that are pixels, which processes may share. */
uint64_t dataset_nbytes(struct store *store, enum split split, const struct dataset_plan *plan);
uint64_t dataset_pixels_nbytes(const struct store *store, enum split split,
                               const struct dataset_plan *plan);

/* ---- passes: of a split that is in memory whole they do nothing ---- */

/* Starts a pass over the blocks sequence [num_blocks], a permutation, or in stored order if it is
 * NULL.  None of them is in memory. */
void dataset_begin_pass(struct dataset *dataset, const uint32_t *sequence);

/*
 * Makes the blocks at first .. end - 1 of the pass available, at most num_slots, and gives up those
 * before; what lies before first need never have been asked for.  STATUS_DATA names a row that is
 * damaged, STATUS_IO what could not be read.
 *
 * All processes that share a split make the same calls.  One that fails has met the others all the
 * same, and must tell them before they rely on what they read.
 */
bool dataset_reach_blocks(struct dataset *dataset, uint64_t first, uint64_t end,
                          struct error *error);

/*
 * Of a pass in stored order: makes samples from first on available, the first row of a block, as
 * many as there is room for, until before *end.
 */
bool dataset_reach(struct dataset *dataset, uint64_t first, uint64_t *end, struct error *error);

static inline bool dataset_has_row(const struct dataset *dataset, uint64_t sample)
{
    return dataset->blocks[sample >> dataset->block_shift] != NULL;
}

/* The pixels [row_nbytes] of a sample whose block is in memory. */
static inline const uint8_t *dataset_row(const struct dataset *dataset, uint64_t sample)
{
    uint64_t row = sample & (((uint64_t)1 << dataset->block_shift) - 1);

    return dataset->blocks[sample >> dataset->block_shift] + row * dataset->row_nbytes;
}

/* ---- dataset_stream.c: the streamed half, for dataset.c ---- */

/* Fills dataset; its split has rows and plan->num_slots is not 0. */
bool dataset_stream_open(struct dataset *dataset, struct store *store, enum split split,
                         const struct dataset_plan *plan, struct error *error);
/* NULL is fine. */
void dataset_stream_close(struct dataset_stream *stream);
size_t dataset_stream_num_slots(const struct dataset_stream *stream);
/* Bytes of memory beside the pixels. */
uint64_t dataset_stream_own_nbytes(struct store *store, enum split split,
                                   const struct dataset_plan *plan);

#endif
