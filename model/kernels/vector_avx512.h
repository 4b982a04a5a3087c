/* One register of AVX-512F; see vector.h. */
#ifndef QUERN_MODEL_VECTOR_AVX512_H
#define QUERN_MODEL_VECTOR_AVX512_H

#include <immintrin.h>

/* How many rows, outputs and vectors the 32 registers can keep in flight. */
enum {
    VECTOR_BLOCK_ROWS = 8,
    VECTOR_BLOCK_OUTPUTS = 5,
    VECTOR_BLOCK_COLUMNS = 8,
};

struct vector {
    __m512 lanes;
};

VECTOR_INLINE struct vector vector_set1(float x)
{
    return (struct vector){_mm512_set1_ps(x)};
}

VECTOR_INLINE struct vector vector_load(const float *source)
{
    return (struct vector){_mm512_loadu_ps(source)};
}

VECTOR_INLINE void vector_store(float *destination, struct vector a)
{
    _mm512_storeu_ps(destination, a.lanes);
}

VECTOR_INLINE struct vector vector_load_pixels(const uint8_t *source)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)source);

    return (struct vector){_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes))};
}

VECTOR_INLINE struct vector vector_add(struct vector a, struct vector b)
{
    return (struct vector){_mm512_add_ps(a.lanes, b.lanes)};
}

VECTOR_INLINE struct vector vector_subtract(struct vector a, struct vector b)
{
    return (struct vector){_mm512_sub_ps(a.lanes, b.lanes)};
}

VECTOR_INLINE struct vector vector_multiply(struct vector a, struct vector b)
{
    return (struct vector){_mm512_mul_ps(a.lanes, b.lanes)};
}

VECTOR_INLINE struct vector vector_fma(struct vector a, struct vector b, struct vector c)
{
    return (struct vector){_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes)};
}

VECTOR_INLINE struct vector vector_absolute(struct vector a)
{
    return (struct vector){_mm512_abs_ps(a.lanes)};
}

VECTOR_INLINE float vector_sum(struct vector a)
{
    const __m256 upper = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a.lanes), 1));
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.lanes), upper);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));

    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#endif
