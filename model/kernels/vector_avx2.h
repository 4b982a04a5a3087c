/* Two registers of AVX2 with FMA; see vector.h. */
#ifndef QUERN_MODEL_VECTOR_AVX2_H
#define QUERN_MODEL_VECTOR_AVX2_H

#include <immintrin.h>

/* How many rows, outputs and vectors the 16 registers can keep in flight. */
enum {
    VECTOR_BLOCK_ROWS = 4,
    VECTOR_BLOCK_OUTPUTS = 2,
    VECTOR_BLOCK_COLUMNS = 4,
    VECTOR_TILE_ROWS = 6,
    VECTOR_TILE_VECTORS = 1,
    VECTOR_TILE_K = 4,
};

/* Tiles of 1 to VECTOR_TILE_ROWS rows and 1 to VECTOR_TILE_VECTORS vectors; see tile_vector.c. */
#define VECTOR_TILE_SIZES 6

struct vector {
    __m256 lower, upper;
};

VECTOR_INLINE struct vector vector_set1(float x)
{
    return (struct vector){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}

VECTOR_INLINE struct vector vector_load(const float *source)
{
    return (struct vector){_mm256_loadu_ps(source), _mm256_loadu_ps(source + 8)};
}

VECTOR_INLINE void vector_store(float *destination, struct vector a)
{
    _mm256_storeu_ps(destination, a.lower);
    _mm256_storeu_ps(destination + 8, a.upper);
}

VECTOR_INLINE __m256 vector_load_eight_pixels(const uint8_t *source)
{
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)source);

    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

VECTOR_INLINE struct vector vector_load_pixels(const uint8_t *source)
{
    return (struct vector){vector_load_eight_pixels(source), vector_load_eight_pixels(source + 8)};
}

VECTOR_INLINE struct vector vector_add(struct vector a, struct vector b)
{
    return (struct vector){_mm256_add_ps(a.lower, b.lower), _mm256_add_ps(a.upper, b.upper)};
}

VECTOR_INLINE struct vector vector_subtract(struct vector a, struct vector b)
{
    return (struct vector){_mm256_sub_ps(a.lower, b.lower), _mm256_sub_ps(a.upper, b.upper)};
}

VECTOR_INLINE struct vector vector_multiply(struct vector a, struct vector b)
{
    return (struct vector){_mm256_mul_ps(a.lower, b.lower), _mm256_mul_ps(a.upper, b.upper)};
}

VECTOR_INLINE struct vector vector_fma(struct vector a, struct vector b, struct vector c)
{
    return (struct vector){_mm256_fmadd_ps(a.lower, b.lower, c.lower),
                           _mm256_fmadd_ps(a.upper, b.upper, c.upper)};
}

VECTOR_INLINE struct vector vector_absolute(struct vector a)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);

    return (struct vector){_mm256_andnot_ps(sign, a.lower), _mm256_andnot_ps(sign, a.upper)};
}

VECTOR_INLINE struct vector vector_divide(struct vector a, struct vector b)
{
    return (struct vector){_mm256_div_ps(a.lower, b.lower), _mm256_div_ps(a.upper, b.upper)};
}

VECTOR_INLINE struct vector vector_square_root(struct vector a)
{
    return (struct vector){_mm256_sqrt_ps(a.lower), _mm256_sqrt_ps(a.upper)};
}

VECTOR_INLINE struct vector vector_relu(struct vector a)
{
    const __m256 zero = _mm256_setzero_ps();

    return (struct vector){_mm256_max_ps(zero, a.lower), _mm256_max_ps(zero, a.upper)};
}

VECTOR_INLINE struct vector vector_choose_greater(struct vector a, struct vector b, struct vector c,
                                                  struct vector d)
{
    const __m256 lower = _mm256_cmp_ps(a.lower, b.lower, _CMP_GT_OQ);
    const __m256 upper = _mm256_cmp_ps(a.upper, b.upper, _CMP_GT_OQ);

    return (struct vector){_mm256_blendv_ps(d.lower, c.lower, lower),
                           _mm256_blendv_ps(d.upper, c.upper, upper)};
}

VECTOR_INLINE struct vector vector_choose_equal(struct vector a, struct vector b, struct vector c,
                                                struct vector d)
{
    const __m256 lower = _mm256_cmp_ps(a.lower, b.lower, _CMP_EQ_OQ);
    const __m256 upper = _mm256_cmp_ps(a.upper, b.upper, _CMP_EQ_OQ);

    return (struct vector){_mm256_blendv_ps(d.lower, c.lower, lower),
                           _mm256_blendv_ps(d.upper, c.upper, upper)};
}

VECTOR_INLINE __m128i vector_eight_words(__m256 a)
{
    const __m256i integers = _mm256_cvttps_epi32(a);

    return _mm_packs_epi32(_mm256_castsi256_si128(integers), _mm256_extracti128_si256(integers, 1));
}

VECTOR_INLINE void vector_store_pixels(uint8_t *destination, struct vector a)
{
    _mm_storeu_si128((__m128i *)destination,
                     _mm_packus_epi16(vector_eight_words(a.lower), vector_eight_words(a.upper)));
}

VECTOR_INLINE float vector_sum(struct vector a)
{
    const __m256 eight = _mm256_add_ps(a.lower, a.upper);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));

    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#endif
