/* One register of AVX-512F; see vector.h. */
#ifndef QUERN_MODEL_VECTOR_AVX512_H
#define QUERN_MODEL_VECTOR_AVX512_H

#include <immintrin.h>

/* How many rows, outputs and vectors the 32 registers can keep in flight. */
enum {
    VECTOR_BLOCK_ROWS = 8,
    VECTOR_BLOCK_OUTPUTS = 5,
    VECTOR_BLOCK_COLUMNS = 8,
    VECTOR_TILE_ROWS = 14,
    VECTOR_TILE_VECTORS = 2,
    VECTOR_TILE_K = 4,
};

/* Tiles of 1 to VECTOR_TILE_ROWS rows and 1 to VECTOR_TILE_VECTORS vectors; see tile_vector.c. */
#define VECTOR_TILE_SIZES 28

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

#define VECTOR_HAS_FIRST

VECTOR_INLINE struct vector vector_load_first(const float *source, size_t count)
{
    return (struct vector){_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), source)};
}

VECTOR_INLINE void vector_store_first(float *destination, struct vector a, size_t count)
{
    _mm512_mask_storeu_ps(destination, (__mmask16)((1u << count) - 1), a.lanes);
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

VECTOR_INLINE struct vector vector_divide(struct vector a, struct vector b)
{
    return (struct vector){_mm512_div_ps(a.lanes, b.lanes)};
}

VECTOR_INLINE struct vector vector_square_root(struct vector a)
{
    return (struct vector){_mm512_sqrt_ps(a.lanes)};
}

VECTOR_INLINE struct vector vector_relu(struct vector a)
{
    return (struct vector){_mm512_max_ps(_mm512_setzero_ps(), a.lanes)};
}

VECTOR_INLINE struct vector vector_choose_greater(struct vector a, struct vector b, struct vector c,
                                                  struct vector d)
{
    const __mmask16 greater = _mm512_cmp_ps_mask(a.lanes, b.lanes, _CMP_GT_OQ);

    return (struct vector){_mm512_mask_blend_ps(greater, d.lanes, c.lanes)};
}

#define VECTOR_HAS_TRANSPOSE

/* Pairs of lanes, then pairs of pairs, then quarters of registers change places. */
VECTOR_INLINE void vector_transpose(const float *source, size_t source_stride, float *destination,
                                    size_t destination_stride)
{
    __m512 a[16], b[16];

    VECTOR_UNROLL
    for (size_t i = 0; i < 16; i++)
        a[i] = _mm512_loadu_ps(source + i * source_stride);
    VECTOR_UNROLL
    for (size_t i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    /* a[4 g + j] is columns j, j + 4, j + 8, j + 12 of rows 4 g to 4 g + 3. */
    VECTOR_UNROLL
    for (size_t i = 0; i < 16; i += 4) {
        VECTOR_UNROLL
        for (size_t j = 0; j < 2; j++) {
            const __m512d x = _mm512_castps_pd(b[i + j]), y = _mm512_castps_pd(b[i + j + 2]);

            a[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
            a[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
        }
    }
    VECTOR_UNROLL
    for (size_t j = 0; j < 4; j++) {
        const __m512 first = _mm512_shuffle_f32x4(a[j], a[j + 4], 0x44);
        const __m512 second = _mm512_shuffle_f32x4(a[j], a[j + 4], 0xee);
        const __m512 third = _mm512_shuffle_f32x4(a[j + 8], a[j + 12], 0x44);
        const __m512 fourth = _mm512_shuffle_f32x4(a[j + 8], a[j + 12], 0xee);

        b[j] = _mm512_shuffle_f32x4(first, third, 0x88);
        b[j + 4] = _mm512_shuffle_f32x4(first, third, 0xdd);
        b[j + 8] = _mm512_shuffle_f32x4(second, fourth, 0x88);
        b[j + 12] = _mm512_shuffle_f32x4(second, fourth, 0xdd);
    }
    VECTOR_UNROLL
    for (size_t i = 0; i < 16; i++)
        _mm512_storeu_ps(destination + i * destination_stride, b[i]);
}

VECTOR_INLINE struct vector vector_choose_equal(struct vector a, struct vector b, struct vector c,
                                                struct vector d)
{
    const __mmask16 equal = _mm512_cmp_ps_mask(a.lanes, b.lanes, _CMP_EQ_OQ);

    return (struct vector){_mm512_mask_blend_ps(equal, d.lanes, c.lanes)};
}

VECTOR_INLINE void vector_store_pixels(uint8_t *destination, struct vector a)
{
    _mm_storeu_si128((__m128i *)destination, _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(a.lanes)));
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
