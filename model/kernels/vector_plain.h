/*
 * An array, for processors without a fused multiply-add: it is computed in double precision.
 * See vector.h.
 */
#ifndef QUERN_MODEL_VECTOR_PLAIN_H
#define QUERN_MODEL_VECTOR_PLAIN_H

#include <math.h>

#include "model/kernels/emulated_fma.h"

enum {
    VECTOR_BLOCK_ROWS = 2,
    VECTOR_BLOCK_OUTPUTS = 1,
    VECTOR_BLOCK_COLUMNS = 1,
    VECTOR_TILE_ROWS = 2,
    VECTOR_TILE_VECTORS = 1,
    VECTOR_TILE_K = 1, /* unrolled along k, gcc 12 makes wrong last bits (tests/test_gemm) */
};

/* Tiles of 1 to VECTOR_TILE_ROWS rows and 1 to VECTOR_TILE_VECTORS vectors; see tile_vector.c. */
#define VECTOR_TILE_SIZES 2

struct vector {
    float lanes[16];
};

VECTOR_INLINE struct vector vector_set1(float x)
{
    struct vector result;

    for (size_t j = 0; j < 16; j++)
        result.lanes[j] = x;
    return result;
}

VECTOR_INLINE struct vector vector_load(const float *source)
{
    struct vector result;

    memcpy(result.lanes, source, sizeof(result.lanes));
    return result;
}

VECTOR_INLINE void vector_store(float *destination, struct vector a)
{
    memcpy(destination, a.lanes, sizeof(a.lanes));
}

VECTOR_INLINE struct vector vector_load_pixels(const uint8_t *source)
{
    struct vector result;

    for (size_t j = 0; j < 16; j++)
        result.lanes[j] = source[j];
    return result;
}

VECTOR_INLINE struct vector vector_add(struct vector a, struct vector b)
{
    for (size_t j = 0; j < 16; j++)
        a.lanes[j] += b.lanes[j];
    return a;
}

VECTOR_INLINE struct vector vector_subtract(struct vector a, struct vector b)
{
    for (size_t j = 0; j < 16; j++)
        a.lanes[j] -= b.lanes[j];
    return a;
}

VECTOR_INLINE struct vector vector_multiply(struct vector a, struct vector b)
{
    for (size_t j = 0; j < 16; j++)
        a.lanes[j] *= b.lanes[j];
    return a;
}

VECTOR_INLINE struct vector vector_fma(struct vector a, struct vector b, struct vector c)
{
    VECTOR_UNROLL
    for (size_t j = 0; j < 16; j += 2)
        emulated_fma_pair(&a.lanes[j], &b.lanes[j], &c.lanes[j]);
    return c;
}

VECTOR_INLINE struct vector vector_absolute(struct vector a)
{
    for (size_t j = 0; j < 16; j++)
        a.lanes[j] = __builtin_fabsf(a.lanes[j]);
    return a;
}

VECTOR_INLINE struct vector vector_divide(struct vector a, struct vector b)
{
    for (size_t j = 0; j < 16; j++)
        a.lanes[j] /= b.lanes[j];
    return a;
}

VECTOR_INLINE struct vector vector_square_root(struct vector a)
{
    for (size_t j = 0; j < 16; j++)
        a.lanes[j] = sqrtf(a.lanes[j]);
    return a;
}

VECTOR_INLINE struct vector vector_relu(struct vector a)
{
    for (size_t j = 0; j < 16; j++)
        a.lanes[j] = a.lanes[j] < 0.0f ? 0.0f : a.lanes[j];
    return a;
}

VECTOR_INLINE struct vector vector_choose_greater(struct vector a, struct vector b, struct vector c,
                                                  struct vector d)
{
    for (size_t j = 0; j < 16; j++)
        c.lanes[j] = a.lanes[j] > b.lanes[j] ? c.lanes[j] : d.lanes[j];
    return c;
}

VECTOR_INLINE struct vector vector_choose_equal(struct vector a, struct vector b, struct vector c,
                                                struct vector d)
{
    for (size_t j = 0; j < 16; j++)
        c.lanes[j] = a.lanes[j] == b.lanes[j] ? c.lanes[j] : d.lanes[j];
    return c;
}

VECTOR_INLINE void vector_store_pixels(uint8_t *destination, struct vector a)
{
    for (size_t j = 0; j < 16; j++)
        destination[j] = (uint8_t)a.lanes[j];
}

VECTOR_INLINE float vector_sum(struct vector a)
{
    for (size_t half = 8; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++)
            a.lanes[j] += a.lanes[j + half];
    return a.lanes[0];
}

#endif
