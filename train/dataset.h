/*
 * The samples of one split of a store: labels in memory, and pixels, uint8, in blocks of rows.
 *
 * Block b holds samples b << block_shift and on.  A split that is in memory whole is one block.
 */
#ifndef QUERN_TRAIN_DATASET_H
#define QUERN_TRAIN_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store.h"

struct dataset {
    uint64_t num_rows;             /* below 2^32 */
    size_t row_nbytes;             /* D */
    const uint32_t *labels;        /* [num_rows], the store's */
    const uint8_t *const *blocks;  /* [number of blocks] rows of row_nbytes */
    unsigned block_shift;          /* log2 of the rows of a block */
    bool is_part;                  /* of several ranks: blocks of other ranks are NULL */
    struct dataset_memory *memory; /* owned: what blocks points into */
};

/* An absent split loads as no rows. */
enum status dataset_load(struct dataset *dataset, struct store *store, enum split split,
                         int num_threads, struct error *error);

/* Makes a dataset of pixels [num_rows][row_nbytes] that are in memory: taken from the caller, who
 * has them from malloc, in success and failure alike.  The labels stay the caller's. */
enum status dataset_take(struct dataset *dataset, uint64_t num_rows, size_t row_nbytes,
                         uint8_t *pixels, const uint32_t *labels, struct error *error);
void dataset_free(struct dataset *dataset);

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

#endif
