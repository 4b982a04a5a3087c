/*
 * One mini-batch: its slices, the blocks of slices that threads add up (train/team.h), and their
 * gradients.
 */
#ifndef QUERN_TRAIN_BATCH_H
#define QUERN_TRAIN_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"
#include "train/team.h"
#include "train/trainer.h"

struct batch {
    uint64_t first; /* in the epoch's order */
    uint64_t num_rows;
    size_t num_slices;
    size_t first_own; /* slice of this rank, the first of num_own */
    size_t num_own;
    size_t block_slices, num_blocks; /* of those */
    float **block_grads;             /* [num_blocks][num_parameters] */
    double *slice_losses;            /* [num_own] */
    uint64_t end_available;          /* samples before this position of the epoch can be read */
    bool ends_step;                  /* its gradient completes a step */
    bool begins_step;
};

static inline size_t batch_num_slices(uint64_t num_rows)
{
    return (size_t)((num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS);
}

/* Batch number batch_index, from 0, of an epoch of num_batches. */
struct batch batch_of(const struct trainer *trainer, uint64_t batch_index, uint64_t num_batches,
                      uint64_t end_available);

/* In a parallel region: the calling thread's share of the blocks, into block_grads, and the losses
 * of their slices. */
void batch_compute_blocks(const struct trainer *trainer, const struct batch *batch,
                          struct member *member);

#endif
