/*
 * Compiled once for each instruction set, as the kernels are: LIMITS_TABLE is the name of the
 * table, LIMITS_NAME the name people know it by.
 */
#include "bench/kernels_limits.h"

#include "model/kernels/vector.h"

/* As many sums as the kernels keep in registers. */
enum { NUM_SUMS = VECTOR_BLOCK_ROWS, NUM_LANES = VECTOR_NUM_LANES };

VECTOR_INLINE void clear_sums(struct vector sums[NUM_SUMS])
{
    VECTOR_UNROLL
    for (size_t i = 0; i < NUM_SUMS; i++)
        sums[i] = vector_set1(0.0f);
}

VECTOR_INLINE void store_sums(struct vector sums[NUM_SUMS], float *sink)
{
    VECTOR_UNROLL
    for (size_t i = 1; i < NUM_SUMS; i++)
        sums[0] = vector_add(sums[0], sums[i]);
    vector_store(sink, sums[0]);
}

static void run_fma(size_t num_rounds, float *sink)
{
    const struct vector a = vector_load(sink), b = vector_load(sink + NUM_LANES);
    struct vector sums[NUM_SUMS];

    clear_sums(sums);
    for (size_t round = 0; round < num_rounds; round++) {
        VECTOR_UNROLL
        for (size_t i = 0; i < NUM_SUMS; i++)
            sums[i] = vector_fma(a, b, sums[i]);
    }
    store_sums(sums, sink);
}

static void run_read(const float *values, size_t count, float *sink)
{
    struct vector sums[NUM_SUMS];

    clear_sums(sums);
    for (size_t k = 0; k < count; k += NUM_SUMS * NUM_LANES) {
        VECTOR_UNROLL
        for (size_t i = 0; i < NUM_SUMS; i++)
            sums[i] = vector_add(sums[i], vector_load(values + k + i * NUM_LANES));
    }
    store_sums(sums, sink);
}

static void run_linear(const uint8_t *pixels, size_t count, float *sink)
{
    struct vector sums[NUM_SUMS];

    for (size_t pass = 0; pass < 2; pass++) {
        const struct vector factor = vector_load(sink + pass * NUM_LANES);

        clear_sums(sums);
        for (size_t k = 0; k < count; k += NUM_SUMS * NUM_LANES) {
            VECTOR_UNROLL
            for (size_t i = 0; i < NUM_SUMS; i++)
                sums[i] =
                    vector_fma(vector_load_pixels(pixels + k + i * NUM_LANES), factor, sums[i]);
        }
        store_sums(sums, sink + pass * NUM_LANES);
    }
}

const struct limits LIMITS_TABLE = {
    .name = LIMITS_NAME,
    .flops_per_fma = 2 * (size_t)NUM_SUMS * NUM_LANES,
    .fma = run_fma,
    .read = run_read,
    .linear = run_linear,
};
