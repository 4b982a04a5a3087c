/* Four registers of NEON on aarch64, where fma is part of the base; see vector.h. */
#ifndef QUERN_MODEL_VECTOR_NEON_H
#define QUERN_MODEL_VECTOR_NEON_H

#include <arm_neon.h>

/* How many rows, outputs and vectors the 32 registers can keep in flight. */
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
    float32x4_t a, b, c, d;
};

VECTOR_INLINE struct vector vector_set1(float x)
{
    const float32x4_t four = vdupq_n_f32(x);

    return (struct vector){four, four, four, four};
}

VECTOR_INLINE struct vector vector_load(const float *source)
{
    return (struct vector){vld1q_f32(source), vld1q_f32(source + 4), vld1q_f32(source + 8),
                           vld1q_f32(source + 12)};
}

VECTOR_INLINE void vector_store(float *destination, struct vector x)
{
    vst1q_f32(destination, x.a);
    vst1q_f32(destination + 4, x.b);
    vst1q_f32(destination + 8, x.c);
    vst1q_f32(destination + 12, x.d);
}

VECTOR_INLINE struct vector vector_load_pixels(const uint8_t *source)
{
    const uint8x16_t bytes = vld1q_u8(source);
    const uint16x8_t lower = vmovl_u8(vget_low_u8(bytes));
    const uint16x8_t upper = vmovl_u8(vget_high_u8(bytes));

    return (struct vector){vcvtq_f32_u32(vmovl_u16(vget_low_u16(lower))),
                           vcvtq_f32_u32(vmovl_u16(vget_high_u16(lower))),
                           vcvtq_f32_u32(vmovl_u16(vget_low_u16(upper))),
                           vcvtq_f32_u32(vmovl_u16(vget_high_u16(upper)))};
}

VECTOR_INLINE struct vector vector_add(struct vector x, struct vector y)
{
    return (struct vector){vaddq_f32(x.a, y.a), vaddq_f32(x.b, y.b), vaddq_f32(x.c, y.c),
                           vaddq_f32(x.d, y.d)};
}

VECTOR_INLINE struct vector vector_subtract(struct vector x, struct vector y)
{
    return (struct vector){vsubq_f32(x.a, y.a), vsubq_f32(x.b, y.b), vsubq_f32(x.c, y.c),
                           vsubq_f32(x.d, y.d)};
}

VECTOR_INLINE struct vector vector_multiply(struct vector x, struct vector y)
{
    return (struct vector){vmulq_f32(x.a, y.a), vmulq_f32(x.b, y.b), vmulq_f32(x.c, y.c),
                           vmulq_f32(x.d, y.d)};
}

VECTOR_INLINE struct vector vector_fma(struct vector x, struct vector y, struct vector z)
{
    return (struct vector){vfmaq_f32(z.a, x.a, y.a), vfmaq_f32(z.b, x.b, y.b),
                           vfmaq_f32(z.c, x.c, y.c), vfmaq_f32(z.d, x.d, y.d)};
}

VECTOR_INLINE struct vector vector_absolute(struct vector x)
{
    return (struct vector){vabsq_f32(x.a), vabsq_f32(x.b), vabsq_f32(x.c), vabsq_f32(x.d)};
}

VECTOR_INLINE struct vector vector_divide(struct vector x, struct vector y)
{
    return (struct vector){vdivq_f32(x.a, y.a), vdivq_f32(x.b, y.b), vdivq_f32(x.c, y.c),
                           vdivq_f32(x.d, y.d)};
}

VECTOR_INLINE struct vector vector_square_root(struct vector x)
{
    return (struct vector){vsqrtq_f32(x.a), vsqrtq_f32(x.b), vsqrtq_f32(x.c), vsqrtq_f32(x.d)};
}

/* Not vmaxq_f32, which makes +0 of -0. */
VECTOR_INLINE float32x4_t vector_relu_four(float32x4_t x)
{
    return vbslq_f32(vcltzq_f32(x), vdupq_n_f32(0.0f), x);
}

VECTOR_INLINE struct vector vector_relu(struct vector x)
{
    return (struct vector){vector_relu_four(x.a), vector_relu_four(x.b), vector_relu_four(x.c),
                           vector_relu_four(x.d)};
}

VECTOR_INLINE struct vector vector_choose_greater(struct vector x, struct vector y, struct vector z,
                                                  struct vector w)
{
    return (struct vector){
        vbslq_f32(vcgtq_f32(x.a, y.a), z.a, w.a), vbslq_f32(vcgtq_f32(x.b, y.b), z.b, w.b),
        vbslq_f32(vcgtq_f32(x.c, y.c), z.c, w.c), vbslq_f32(vcgtq_f32(x.d, y.d), z.d, w.d)};
}

VECTOR_INLINE struct vector vector_choose_equal(struct vector x, struct vector y, struct vector z,
                                                struct vector w)
{
    return (struct vector){
        vbslq_f32(vceqq_f32(x.a, y.a), z.a, w.a), vbslq_f32(vceqq_f32(x.b, y.b), z.b, w.b),
        vbslq_f32(vceqq_f32(x.c, y.c), z.c, w.c), vbslq_f32(vceqq_f32(x.d, y.d), z.d, w.d)};
}

VECTOR_INLINE uint16x8_t vector_eight_words(float32x4_t x, float32x4_t y)
{
    return vcombine_u16(vmovn_u32(vcvtq_u32_f32(x)), vmovn_u32(vcvtq_u32_f32(y)));
}

VECTOR_INLINE void vector_store_pixels(uint8_t *destination, struct vector x)
{
    vst1q_u8(destination, vcombine_u8(vmovn_u16(vector_eight_words(x.a, x.b)),
                                      vmovn_u16(vector_eight_words(x.c, x.d))));
}

VECTOR_INLINE float vector_sum(struct vector x)
{
    const float32x4_t four = vaddq_f32(vaddq_f32(x.a, x.c), vaddq_f32(x.b, x.d));
    const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));

    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

#endif
