/*
 * Where the threads of a team wait for each other, several times in a mini-batch of microseconds.
 *
 * A waiting thread first looks again and again, which is the fastest where every thread has a
 * processor; then it sleeps, so that where processors are shared the one that is waited for gets
 * one.  (OpenMP's barrier spins for milliseconds: with another program on the same two processors
 * an epoch of 49 batches took half a second instead of half a millisecond.)
 */
#ifndef QUERN_TRAIN_BARRIER_H
#define QUERN_TRAIN_BARRIER_H

#include <stdatomic.h>
#include <stdint.h>

struct barrier {
    unsigned num_threads;
    unsigned num_looks; /* before it sleeps */
    /* In cache lines of their own: all write the one, all wait for the other. */
    _Alignas(64) atomic_uint num_arrived;
    _Alignas(64) _Atomic uint32_t round;
    atomic_uint num_sleepers;
};

/* For num_threads > 0 threads. */
void barrier_init(struct barrier *barrier, unsigned num_threads);

/* Returns when all threads have called it; what any wrote before is seen by all afterwards. */
void barrier_wait(struct barrier *barrier);

#endif
