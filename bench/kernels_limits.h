/*
 * What the core can do at most, for each instruction set: loops that do one thing and nothing else.
 */
#ifndef QUERN_BENCH_KERNELS_LIMITS_H
#define QUERN_BENCH_KERNELS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct limits {
    const char *name;     /* as in struct kernels */
    size_t flops_per_fma; /* floating point operations in a round of fma */

    /* num_rounds times fma on vectors in registers, each of which waits for itself alone. */
    void (*fma)(size_t num_rounds, float *sink);

    /* Loads values [count], count a multiple of 128, and adds them up. */
    void (*read)(const float *values, size_t count, float *sink);

    /*
     * The conversions and multiply-adds of a linear step on pixels [count], count a multiple of
     * 128, and nothing else: twice, once for the dot product and once for the gradient, each
     * pixel is loaded, made a float, multiplied and added.  No weights are loaded, no gradient is
     * stored, no loss is computed.
     */
    void (*linear)(const uint8_t *pixels, size_t count, float *sink);
};

enum { LIMITS_SINK_FLOATS = 32 };

/* The limits with the name of a table of kernels; NULL for another name. */
const struct limits *limits_find(const char *name);

#endif
