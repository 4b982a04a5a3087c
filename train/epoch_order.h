/*
 * The order in which an epoch visits the samples: a permutation that is a function of (seed,
 * epoch) alone, so that an epoch can be repeated without those before it.
 */
#ifndef QUERN_TRAIN_EPOCH_ORDER_H
#define QUERN_TRAIN_EPOCH_ORDER_H

#include <stdint.h>

enum shuffle { SHUFFLE_FULL, SHUFFLE_NONE };

/* The names in options and files, NULL at the end: "full", "none". */
extern const char *const shuffle_names[];

/*
 * Writes order [num_samples], num_samples < 2^32.  SHUFFLE_FULL: a uniformly drawn permutation
 * (Fisher and Yates' shuffle, from the end down); SHUFFLE_NONE: 0, 1, 2, ...
 */
void epoch_order_fill(enum shuffle shuffle, uint64_t seed, uint64_t epoch, uint32_t *order,
                      uint32_t num_samples);

#endif
