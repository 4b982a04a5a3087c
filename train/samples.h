/*
 * The samples of the training split in the order of an epoch, some stretch of it at a time.
 *
 * The order is a function of its settings, the number of samples and the epoch alone, so that an
 * epoch can be repeated without those before it, and so that it does not matter what of the data is
 * in memory.
 *
 * Training asks for the positions that the next batch needs (samples_reach), outside of any
 * parallel region; then any thread takes rows and labels by their position.  Of a split that is in
 * memory all positions are there at once.
 */
#ifndef QUERN_TRAIN_SAMPLES_H
#define QUERN_TRAIN_SAMPLES_H

#include <stdint.h>

#include "common/error.h"
#include "formats/store/dataset.h"

/* ---- the order ---- */

enum shuffle { SHUFFLE_FULL, SHUFFLE_NONE, SHUFFLE_WINDOW };

/* The names in options and files, NULL at the end: "full", "none", "window". */
extern const char *const shuffle_names[];

struct epoch_order {
    enum shuffle shuffle;
    uint64_t seed;
    /* Chunk c is samples c * chunk_rows and on; the last may have fewer.  Both are at least 1. */
    uint32_t chunk_rows;
    uint32_t window; /* chunks of a window */
};

/* How many chunks num_samples > 0 samples are. */
uint32_t epoch_order_num_chunks(const struct epoch_order *order, uint32_t num_samples);

/*
 * Writes samples [num_samples], num_samples > 0: the sample at each position of the epoch.
 *
 * SHUFFLE_FULL: a uniformly drawn permutation (Fisher and Yates' shuffle, from the end down);
 * SHUFFLE_NONE: 0, 1, 2, ...; SHUFFLE_WINDOW: the chunks are permuted in that way, then, window by
 * window, the samples of each `window` consecutive chunks of the permuted sequence.
 *
 * chunks [number of chunks] gets the sequence of the chunks of SHUFFLE_WINDOW, and 0, 1, 2, ... for
 * the others.
 */
void epoch_order_fill(const struct epoch_order *order, uint64_t epoch, uint32_t *samples,
                      uint32_t num_samples, uint32_t *chunks);

/* The place in chunks of the chunk at a position, and the first position of the chunk at a place
 * (num_samples for the place after the last); not for SHUFFLE_FULL. */
uint32_t epoch_order_place(const struct epoch_order *order, const uint32_t *chunks,
                           uint32_t num_samples, uint32_t position);
uint64_t epoch_order_position(const struct epoch_order *order, const uint32_t *chunks,
                              uint32_t num_samples, uint32_t place);

/* ---- the samples ---- */

struct samples {
    struct dataset *dataset; /* not owned */
    struct epoch_order order;
    uint64_t epoch;     /* the one that sequence and chunks are of; 0: none yet */
    uint32_t *sequence; /* [dataset->num_rows]: the sample at each position of the epoch */
    uint32_t *chunks;   /* [number of chunks], their sequence */
};

/*
 * At least one row; the dataset must live as long.  If it is streamed, the chunks of the order are
 * its blocks, the shuffle is not SHUFFLE_FULL, and it has slots for the windows of every stretch
 * that is asked for (samples_num_slots).
 */
bool samples_create(struct samples *samples, struct dataset *dataset,
                    const struct epoch_order *order, struct error *error);
void samples_destroy(struct samples *samples);

/* So many slots are enough for stretches of num_rows positions, of a split of num_samples. */
uint64_t samples_num_slots(const struct epoch_order *order, uint64_t num_samples,
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
    return dataset_row(samples->dataset, samples->sequence[position]);
}

static inline uint32_t samples_label(const struct samples *samples, uint64_t position)
{
    return samples->dataset->labels[samples->sequence[position]];
}

#endif
