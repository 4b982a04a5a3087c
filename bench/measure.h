/*
 * Timing of calls that take from a nanosecond to a second.  A machine that does other work too
 * makes times longer, never shorter, so that there are two figures: the median of many repeats
 * and the best of them.  What is to be compared is measured in turns, so that both sides meet the
 * same disturbances.
 */
#ifndef QUERN_BENCH_MEASURE_H
#define QUERN_BENCH_MEASURE_H

#include <stddef.h>

/* Work to be timed: function is called with context, again and again. */
struct work {
    void (*function)(void *context);
    void *context;
};

/* Seconds a call. */
struct timing {
    double median, best;
};

enum { MEASURE_MAX_WORKS = 8, MEASURE_MAX_REPEATS = 1000 };

/*
 * Writes timings [count], count <= MEASURE_MAX_WORKS.  Each of num_repeats <= MEASURE_MAX_REPEATS
 * repeats calls each work as often as takes about a millisecond, at least once.
 */
void measure(const struct work *works, size_t count, size_t num_repeats, struct timing *timings);

#endif
