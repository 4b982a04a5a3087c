/*
 * The samples of a split in the order of an epoch, some stretch of it at a time.
 *
 * Who trains asks for the positions that the next batch needs (samples_reach), outside of any
 * parallel region; then any thread takes rows and labels by their position.  Of a split that is in
 * memory all positions are there at once.
 */
#ifndef QUERN_TRAIN_SAMPLES_H
#define QUERN_TRAIN_SAMPLES_H

#include <stdint.h>

#include "common/error.h"
#include "train/dataset.h"
#include "train/epoch_order.h"
#include "train/fetch.h"

struct samples {
    struct dataset *dataset; /* not owned */
    enum shuffle shuffle;
    uint64_t seed;
    uint32_t *order; /* [dataset->num_rows]: the sample at each position of the epoch */
    struct fetch
        *fetch; /* of a dataset in parts, not owned: brings rows of other ranks; else NULL */
};

/* At least one row; the dataset must live as long. */
enum status samples_create(struct samples *samples, struct dataset *dataset, enum shuffle shuffle,
                           uint64_t seed, struct error *error);
void samples_destroy(struct samples *samples);

/* Makes the order of an epoch, counted from 1; nothing of it is available yet. */
void samples_begin_epoch(struct samples *samples, uint64_t epoch);

/*
 * Makes positions first .. first + count - 1 of the epoch available, and says by *end that all from
 * first to before *end are.  Positions before first may go away.  Calls of an epoch come with
 * rising first; what lies between the positions asked for need not be read.  Not in a parallel
 * region.
 */
enum status samples_reach(struct samples *samples, uint64_t first, uint64_t count, uint64_t *end,
                          struct error *error);

/* The pixels [dataset->row_nbytes] and the label of the sample at an available position. */
static inline const uint8_t *samples_row(const struct samples *samples, uint64_t position)
{
    if (samples->fetch)
        return fetch_row(samples->fetch, position);
    return dataset_row(samples->dataset, samples->order[position]);
}

static inline uint32_t samples_label(const struct samples *samples, uint64_t position)
{
    return samples->dataset->labels[samples->order[position]];
}

#endif
