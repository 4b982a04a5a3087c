/*
 * The order in which an epoch visits the samples: a function of the settings, the number of samples
 * and the epoch alone, so that an epoch can be repeated without those before it, and so that it
 * does not matter what of the data is in memory.
 */
#ifndef QUERN_TRAIN_EPOCH_ORDER_H
#define QUERN_TRAIN_EPOCH_ORDER_H

#include <stdint.h>

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

#endif
