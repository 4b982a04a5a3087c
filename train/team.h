/*
 * The threads of a process that train together: the memory that each has to itself, and where they
 * wait for each other.
 *
 * The slices of a mini-batch are cut into blocks of 2^k neighbours: subtrees of the tree in which
 * all slices meet.  A thread adds up a block alone, slice by slice, while it is in its cache; the
 * other threads see the block's sum only.  How many threads there are decides about blocks, and
 * which of them come decides who adds up which block; neither decides what is added to what.
 */
#ifndef QUERN_TRAIN_TEAM_H
#define QUERN_TRAIN_TEAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/model.h"

/* ---- waiting ---- */

/*
 * Where threads wait for each other, several times in a mini-batch of microseconds.
 *
 * A waiting thread first looks again and again, which is the fastest where every thread has a
 * processor; then it sleeps, so that the thread it waits for gets a processor where there are too
 * few.  (OpenMP's barrier spins for milliseconds: with another program on the same two processors
 * an epoch of 49 batches took half a second instead of half a millisecond.)
 */
struct barrier {
    unsigned num_threads;
    unsigned num_looks; /* before a waiting thread sleeps */
    /* Each in a cache line of its own: every thread writes the first and waits for the second. */
    _Alignas(64) atomic_uint num_arrived;
    _Alignas(64) _Atomic uint32_t round;
    atomic_uint num_sleepers;
};

/* For num_threads > 0 threads. */
void barrier_init(struct barrier *barrier, unsigned num_threads);

/*
 * True at once for the thread that comes last, which must call barrier_release; the others return
 * false when it has.  What any thread wrote before it came is seen by the last, and what the last
 * writes before it releases them is seen by all.
 */
bool barrier_arrive(struct barrier *barrier);
void barrier_release(struct barrier *barrier);

/* Returns when all threads have called it. */
void barrier_wait(struct barrier *barrier);

/* ---- memory ---- */

/* What one thread has to itself. */
struct member {
    struct model_workspace workspace;
    float **subtrees; /* [depth of a block][num_parameters]: sums that wait for their neighbour */
    float *memory;    /* owned: that of subtrees */
};

struct team {
    size_t num_members; /* no more than there are slices, because others would only wait */
    bool adds_blocks;
    size_t max_blocks;
    float *block_memory;    /* owned: that of block_grads */
    float **block_grads;    /* [max_blocks][num_parameters] */
    struct member *members; /* [num_members] */
};

/*
 * For batches of num_slices[0] or num_slices[1] slices of this process.  adds_blocks: a block is as
 * long as a fair share allows; otherwise, as several ranks need the gradient of every slice, each
 * block is one slice.
 */
bool team_create(struct team *team, const struct model *model, size_t max_threads,
                 const size_t num_slices[2], bool adds_blocks, struct error *error);
/* For a network, whose gradient has memory of its own: threads alone. */
void team_create_threads(struct team *team, size_t num_threads);
void team_destroy(struct team *team);

/* How many slices a block has in a batch of num_slices: 2^k. */
size_t team_block_slices(const struct team *team, size_t num_slices);

#endif
