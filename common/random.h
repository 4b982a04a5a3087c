/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011).  A number is a pure function of (seed, purpose, index,
 * position): there is no state to save, to share or to race on.  All functions are thread-safe.
 */
#ifndef QUERN_COMMON_RANDOM_H
#define QUERN_COMMON_RANDOM_H

#include <stdint.h>

/* What a number is for.  Streams of different purposes never meet; the values are part of the
 * numeric contract and never change. */
enum random_purpose {
    RANDOM_AUGMENT = 'A',
    RANDOM_BOOTSTRAP = 'B', /* by resample */
    RANDOM_DRAW = 'D',
    RANDOM_INITIAL_PARAMETERS = 'I', /* of the linear model, by index over all its tensors */
    RANDOM_EPOCH_ORDER = 'O',
    RANDOM_DROPOUT = 'P',
    RANDOM_SHOW = 'S', /* which samples are looked at */
    RANDOM_INITIAL_TENSOR = 'T', /* of networks, by tensor and element */
};

/* One block: four words from a 128-bit counter and a 64-bit key. */
void random_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/*
 * A stream: the numbers of one (seed, purpose, index), read one after another.  purpose and the
 * upper half of the index share a counter word: index < 2^56.
 */
struct random_stream {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    unsigned num_used;
};

struct random_stream random_stream_begin(uint64_t seed, enum random_purpose purpose,
                                         uint64_t index);
uint32_t random_next(struct random_stream *stream);

/* Uniform on 0 .. bound - 1 without bias (Lemire, "Fast random integer generation in an
 * interval", 2019); bound > 0. */
uint32_t random_below(struct random_stream *stream, uint32_t bound);

/*
 * Puts values [count] in a uniformly drawn order (Fisher and Yates' shuffle): for i = count, ..., 2
 * values i - 1 and random_below(i) are exchanged.
 */
void random_shuffle(struct random_stream *stream, uint32_t *values, uint32_t count);

/* Uniform on [0, 1), a multiple of 2^-24, exact in float32. */
float random_uniform(struct random_stream *stream);

/* A 64-bit hash of bytes, keyed by seed: FNV-1a, finished by one Philox block. */
uint64_t random_hash(uint64_t seed, const void *bytes, uint64_t nbytes);

#endif
