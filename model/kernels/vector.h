/*
 * Sixteen float lanes, in as many registers as the instruction set needs.  One of four headers
 * gives the type struct vector and the operations
 *     vector_set1, vector_load, vector_store, vector_load_pixels (16 uint8, as floats),
 *     vector_add, vector_subtract, vector_multiply, vector_fma (a b + c, rounded once),
 *     vector_absolute, vector_sum (lane j += lane j + 8, then + 4, + 2, + 1),
 *     vector_divide, vector_square_root (rounded once), vector_relu (a < 0 ? 0 : a),
 *     vector_choose_greater (a > b ? c : d), vector_choose_equal,
 *     vector_store_pixels (whole numbers from 0 to 255, as uint8);
 * here is what they have in common.  For the *_vector.c only.
 */
#ifndef QUERN_MODEL_VECTOR_H
#define QUERN_MODEL_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VECTOR_INLINE static inline __attribute__((always_inline))

/* Asks for a loop of constant length to be unrolled, so that its vectors stay in registers. */
#ifdef __clang__
#define VECTOR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VECTOR_UNROLL _Pragma("GCC unroll 16")
#endif

enum { VECTOR_NUM_LANES = 16 };

#if defined(__AVX512F__)
#include "model/kernels/vector_avx512.h"
#elif defined(__AVX2__) && defined(__FMA__)
#include "model/kernels/vector_avx2.h"
#elif defined(__aarch64__)
#include "model/kernels/vector_neon.h"
#else
#include "model/kernels/vector_plain.h"
#endif

/* The first count < 16 lanes are loaded, the others are zero. */
VECTOR_INLINE struct vector vector_load_first_pixels(const uint8_t *source, size_t count)
{
    uint8_t lanes[VECTOR_NUM_LANES] = {0};

    memcpy(lanes, source, count);
    return vector_load_pixels(lanes);
}

VECTOR_INLINE void vector_store_first_pixels(uint8_t *destination, struct vector vector,
                                             size_t count)
{
    uint8_t lanes[VECTOR_NUM_LANES];

    vector_store_pixels(lanes, vector);
    memcpy(destination, lanes, count);
}

/* The same of floats, and a store of the first count < 16 lanes, where the set has no masks. */
#ifndef VECTOR_HAS_FIRST
VECTOR_INLINE struct vector vector_load_first(const float *source, size_t count)
{
    float lanes[VECTOR_NUM_LANES] = {0};

    memcpy(lanes, source, count * sizeof(*source));
    return vector_load(lanes);
}

VECTOR_INLINE void vector_store_first(float *destination, struct vector vector, size_t count)
{
    float lanes[VECTOR_NUM_LANES];

    vector_store(lanes, vector);
    memcpy(destination, lanes, count * sizeof(*destination));
}
#endif

/* The first count lanes, or all where count is larger. */
VECTOR_INLINE struct vector vector_load_at_most(const float *source, size_t count)
{
    return count >= VECTOR_NUM_LANES ? vector_load(source) : vector_load_first(source, count);
}

VECTOR_INLINE void vector_store_at_most(float *destination, struct vector values, size_t count)
{
    if (count >= VECTOR_NUM_LANES)
        vector_store(destination, values);
    else
        vector_store_first(destination, values, count);
}

/* destination[j][i] = source[i][j] for i, j < 16; rows lie strides apart. */
#ifndef VECTOR_HAS_TRANSPOSE
VECTOR_INLINE void vector_transpose(const float *source, size_t source_stride, float *destination,
                                    size_t destination_stride)
{
    for (size_t j = 0; j < VECTOR_NUM_LANES; j++)
        for (size_t i = 0; i < VECTOR_NUM_LANES; i++)
            destination[j * destination_stride + i] = source[i * source_stride + j];
}
#endif

#endif
