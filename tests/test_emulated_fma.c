/* The emulated fused multiply-add against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/random.h"
#include "model/kernels/emulated_fma.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static float float_from_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

static void assert_emulated_fma(float a, float b, float c)
{
    /* Lane 1 is the mirror image. */
    const float as[2] = {a, -a}, bs[2] = {b, b}, cs[2] = {c, -c};
    float found[2];

    memcpy(found, cs, sizeof(found));
    emulated_fma_pair(as, bs, found);
    for (size_t j = 0; j < 2; j++) {
        const float expected = fmaf(as[j], bs[j], cs[j]);

        if (isnan(found[j]) && isnan(expected))
            continue;
        if (memcmp(&found[j], &expected, sizeof(expected)) != 0)
            fail_msg("fma(%a, %a, %a) is %a, not %a", (double)as[j], (double)bs[j], (double)cs[j],
                     (double)expected, (double)found[j]);
    }
}

static void test_emulated_fma_edges_equal_fmaf(void **state)
{
    static const float EDGES[] = {
        0.0f,
        1.0f,
        0x1.000002p0f,
        0x1.fffffep-1f,
        0x1.8p0f,
        3.0f,
        0x1p-149f,
        0x1p-148f,
        0x1p-126f,
        0x1.fffffcp-127f,
        0x1p-75f,
        0x1p-74f,
        0x1.000002p-75f,
        0x1p-63f,
        0x1p24f,
        0x1.fffffep23f,
        0x1p63f,
        0x1p64f,
        0x1.fffffep127f,
        0x1p127f,
        0x1p103f,
        0x1p102f,
        INFINITY,
        NAN,
    };

    (void)state;
    for (size_t i = 0; i < 8 * COUNT(EDGES) * COUNT(EDGES) * COUNT(EDGES); i++) {
        const size_t a = i / 8 % COUNT(EDGES), b = i / 8 / COUNT(EDGES) % COUNT(EDGES);
        const size_t c = i / 8 / COUNT(EDGES) / COUNT(EDGES);

        assert_emulated_fma(i & 1 ? -EDGES[a] : EDGES[a], i & 2 ? -EDGES[b] : EDGES[b],
                            i & 4 ? -EDGES[c] : EDGES[c]);
    }
}

static void test_emulated_fma_random_equals_fmaf(void **state)
{
    struct random_stream stream = random_stream_begin(2, RANDOM_DRAW, 0);

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        const float a = float_from_bits(random_next(&stream));
        const float b = float_from_bits(random_next(&stream));

        assert_emulated_fma(a, b, float_from_bits(random_next(&stream)));
        /* Cancels the product but for its rounding error. */
        assert_emulated_fma(a, b, -a * b);
        /* Few bits: products fall on the ties of sums that are far larger or smaller. */
        assert_emulated_fma(float_from_bits(random_next(&stream) & 0xff8e0001u),
                            float_from_bits(random_next(&stream) & 0xff800003u),
                            float_from_bits(random_next(&stream) & 0xff800001u));
    }
}

/* A tie of the float is broken by a product far below the last bit of the double. */
static void test_emulated_fma_double_rounding_equals_fmaf(void **state)
{
    (void)state;
    for (int exponent = -149; exponent < 60; exponent++) {
        const float tiny = ldexpf(1.0f, exponent);

        assert_emulated_fma(0x1.000002p0f, 0x1.000002p-24f, 1.0f);
        assert_emulated_fma(tiny, tiny, 0x1.000002p0f);
        assert_emulated_fma(0x1.000002p12f, 0x1p-36f + tiny, 0x1.000002p0f);
        assert_emulated_fma(0x1.000001p0f * 0x1p-12f, -0x1.fffffep-13f, tiny);
        assert_emulated_fma(0x1.8p-75f, 0x1p-75f, tiny);
        assert_emulated_fma(0x1.8p-75f, -0x1.000002p-75f, tiny);
    }
}

/* The second takes what the first has rounded, as a factor or as the addend, with no memory between
 * the two that would make a compiler keep the rounding. */
static void test_emulated_fma_of_an_emulated_fma_is_rounded_twice(void **state)
{
    struct random_stream stream = random_stream_begin(9, RANDOM_DRAW, 0);

    (void)state;
    for (int i = 0; i < 100000; i++) {
        float x[4][2], factor[2], addend[2];

        for (size_t k = 0; k < 8; k++)
            x[k / 2][k % 2] = 2.0f * random_uniform(&stream) - 1.0f;
        memcpy(factor, x[2], sizeof(factor));
        emulated_fma_pair(x[0], x[1], factor);
        memcpy(addend, x[3], sizeof(addend));
        emulated_fma_pair(x[1], factor, addend);
        for (size_t j = 0; j < 2; j++)
            assert_true(addend[j] == fmaf(x[1][j], fmaf(x[0][j], x[1][j], x[2][j]), x[3][j]));

        memcpy(addend, x[2], sizeof(addend));
        emulated_fma_pair(x[0], x[1], addend);
        emulated_fma_pair(x[1], x[3], addend);
        for (size_t j = 0; j < 2; j++)
            assert_true(addend[j] == fmaf(x[1][j], x[3][j], fmaf(x[0][j], x[1][j], x[2][j])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emulated_fma_edges_equal_fmaf),
        cmocka_unit_test(test_emulated_fma_random_equals_fmaf),
        cmocka_unit_test(test_emulated_fma_double_rounding_equals_fmaf),
        cmocka_unit_test(test_emulated_fma_of_an_emulated_fma_is_rounded_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
