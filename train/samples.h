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
#include "formats/store/dataset.h"
#include "train/epoch_order.h"

struct samples {
    struct dataset *dataset; /* not owned */
    struct epoch_order settings;
    uint64_t epoch;   /* whose order this is; 0: none yet */
    uint32_t *order;  /* [dataset->num_rows]: the sample at each position of the epoch */
    uint32_t *chunks; /* [number of chunks], their sequence */
};

/*
 * At least one row; the dataset must live as long.  If it is streamed, the chunks of the order are
 * its blocks, the shuffle is not SHUFFLE_FULL, and it has slots for the windows of every stretch
 * that is asked for (samples_num_slots).
 */
bool samples_create(struct samples *samples, struct dataset *dataset,
                    const struct epoch_order *settings, struct error *error);
void samples_destroy(struct samples *samples);

/* So many slots are enough for stretches of num_rows positions, of a split of num_samples. */
uint64_t samples_num_slots(const struct epoch_order *settings, uint64_t num_samples,
                           uint64_t num_rows);

/* Makes the order of an epoch, counted from 1. */
void samples_begin_epoch(struct samples *samples, uint64_t epoch);

/*
 * Makes positions first .. first + count - 1 of the epoch available, and says by *end that all from
 * first to before *end are.  Positions before first may go away.  Calls of an epoch come with
 * rising first; what lies between the positions asked for need not be read.  Not in a parallel
 * region.
 */
bool samples_reach(struct samples *samples, uint64_t first, uint64_t count, uint64_t *end,
                   struct error *error);

/* The pixels [dataset->row_nbytes] and the label of the sample at an available position. */
static inline const uint8_t *samples_row(const struct samples *samples, uint64_t position)
{
    return dataset_row(samples->dataset, samples->order[position]);
}

static inline uint32_t samples_label(const struct samples *samples, uint64_t position)
{
    return samples->dataset->labels[samples->order[position]];
}

#endif
