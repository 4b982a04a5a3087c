/*
 * exp, log, log1p, sin, cos and powers against the C library's long double: the bounds that
 * math_functions.h states, held over dense sweeps, and the edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "common/random.h"
#include "model/kernels/math_functions.h"

/* |found - expected| in units in the last place of expected as a double. */
static double error_ulp(double found, long double expected)
{
    const double magnitude = fabs((double)expected);
    const double ulp = magnitude < DBL_MIN ? 0x1p-1074 : nextafter(magnitude, INFINITY) - magnitude;

    return (double)(fabsl((long double)found - expected) / (long double)ulp);
}

static void assert_within(const char *name, double x, double found, long double expected,
                          double bound_ulp)
{
    const double error = error_ulp(found, expected);

    if (!(error <= bound_ulp))
        fail_msg("%s(%a) is %a: %.3f ulp off, the bound is %g", name, x, found, error, bound_ulp);
}

/* A double of any exponent from a random pattern; sign bit cleared. */
static double draw_positive(struct random_stream *stream)
{
    const uint64_t bits = (uint64_t)(random_next(stream) & 0x7fffffffu) << 32;
    const uint64_t pattern = bits | random_next(stream);
    double x;

    memcpy(&x, &pattern, sizeof(x));
    return isfinite(x) ? x : 1.0;
}

static void test_exp_sweep_is_within_bound(void **state)
{
    (void)state;
    for (int i = -746000; i <= 709700; i++) {
        const double x = i * 1e-3 + 1e-7 * (i % 10);

        assert_within("exp", x, math_exp(x), expl((long double)x), 1.0);
    }
    for (int i = -1000000; i <= 1000000; i++) {
        const double x = i * 0x1.0001p-20;

        assert_within("exp", x, math_exp(x), expl((long double)x), 1.0);
    }
}

static void test_exp_random_is_within_bound(void **state)
{
    struct random_stream stream = random_stream_begin(3, RANDOM_DRAW, 0);

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        const double x = draw_positive(&stream);

        if (x < 709.7)
            assert_within("exp", x, math_exp(x), expl((long double)x), 1.0);
        if (x < 745.0)
            assert_within("exp", -x, math_exp(-x), expl(-(long double)x), 1.0);
    }
}

static void test_exp_edges_are_exact(void **state)
{
    (void)state;
    assert_true(math_exp(0.0) == 1.0 && math_exp(-0.0) == 1.0);
    assert_true(math_exp(INFINITY) == INFINITY && math_exp(-INFINITY) == 0.0);
    assert_true(isnan(math_exp(NAN)));
    assert_true(math_exp(709.8) == INFINITY && math_exp(1e300) == INFINITY);
    assert_true(isfinite(math_exp(0x1.62e42fefa39efp+9)));
    assert_true(math_exp(-745.0) == 0x1p-1074 && math_exp(-745.2) == 0.0);
    assert_true(math_exp(-1e300) == 0.0);
    assert_true(math_exp(DBL_TRUE_MIN) == 1.0);
}

static void test_log_sweep_is_within_bound(void **state)
{
    (void)state;
    for (int i = 1; i <= 3000000; i++) {
        const double x = i * 1e-6;

        assert_within("log", x, math_log(x), logl((long double)x), 1.0);
    }
    /* Close to 1 the result is as small as the distance. */
    for (int i = 1; i <= 100000; i++) {
        const double above = 1.0 + i * 0x1p-52, below = 1.0 - i * 0x1p-53;

        assert_within("log", above, math_log(above), logl((long double)above), 1.0);
        assert_within("log", below, math_log(below), logl((long double)below), 1.0);
    }
}

static void test_log_random_is_within_bound(void **state)
{
    struct random_stream stream = random_stream_begin(4, RANDOM_DRAW, 0);

    (void)state;
    for (int i = 0; i < 2000000; i++) {
        const double x = i % 2 ? draw_positive(&stream) : draw_positive(&stream) * 0x1p-1022;

        if (x > 0.0)
            assert_within("log", x, math_log(x), logl((long double)x), 1.0);
    }
}

static void test_log_edges_are_exact(void **state)
{
    (void)state;
    assert_true(math_log(1.0) == 0.0);
    assert_true(math_log(0.0) == -INFINITY && math_log(-0.0) == -INFINITY);
    assert_true(math_log(INFINITY) == INFINITY);
    assert_true(isnan(math_log(-1.0)) && isnan(math_log(-INFINITY)) && isnan(math_log(NAN)));
    assert_within("log", DBL_TRUE_MIN, math_log(DBL_TRUE_MIN), logl((long double)DBL_TRUE_MIN),
                  1.0);
    assert_within("log", DBL_MAX, math_log(DBL_MAX), logl((long double)DBL_MAX), 1.0);
}

static void test_log1p_sweep_is_within_bound(void **state)
{
    struct random_stream stream = random_stream_begin(5, RANDOM_DRAW, 0);

    (void)state;
    for (int i = 0; i <= 2000000; i++) {
        const double x = i * 1e-6, any = draw_positive(&stream);
        const double small = math_exp(-i * 1e-3);

        assert_within("log1p", x, math_log1p(x), log1pl((long double)x), 2.0);
        assert_within("log1p", any, math_log1p(any), log1pl((long double)any), 2.0);
        assert_within("log1p", small, math_log1p(small), log1pl((long double)small), 2.0);
    }
}

static void test_log1p_edges_are_exact(void **state)
{
    (void)state;
    assert_true(math_log1p(0.0) == 0.0);
    assert_true(math_log1p(0x1p-1074) == 0x1p-1074 && math_log1p(0x1p-60) == 0x1p-60);
    assert_true(math_log1p(INFINITY) == INFINITY);
    assert_true(isnan(math_log1p(NAN)));
}

static void assert_sine_within(double x)
{
    assert_within("sin", x, math_sin(x), sinl((long double)x), 1.0);
    assert_within("cos", x, math_cos(x), cosl((long double)x), 1.0);
}

static void test_sine_sweep_is_within_bound(void **state)
{
    struct random_stream stream = random_stream_begin(6, RANDOM_DRAW, 0);

    (void)state;
    for (int i = -1024000; i <= 1024000; i++)
        assert_sine_within(i * 1e-3);
    for (int i = 0; i < 1000000; i++) {
        const double x = draw_positive(&stream);

        if (x <= 1024.0)
            assert_sine_within(i % 2 ? x : -x);
    }
}

/* The doubles around each multiple of a quarter of pi, where a result is as small as what rounding
 * leaves of the argument, or the choice of the quadrant changes. */
static void test_sine_near_multiples_of_pi_is_within_bound(void **state)
{
    (void)state;
    for (int k = -1303; k <= 1303; k++) {
        const double middle = (double)(k * 0.78539816339744830961566084581988L);
        double above = middle, below = middle;

        for (int i = 0; i < 20; i++) {
            assert_sine_within(above);
            assert_sine_within(below);
            above = nextafter(above, INFINITY);
            below = nextafter(below, -INFINITY);
        }
    }
}

static void test_sine_edges_are_exact(void **state)
{
    (void)state;
    assert_true(math_sin(0.0) == 0.0 && math_cos(0.0) == 1.0);
    assert_true(math_sin(-0.0) == 0.0 && math_cos(-0.0) == 1.0);
    assert_true(math_sin(0x1p-1074) == 0x1p-1074 && math_cos(0x1p-1074) == 1.0);
    assert_true(math_cos(0x1.921fb54442d18p+1) == -1.0);
    assert_true(isfinite(math_sin(1024.0)) && isfinite(math_cos(-1024.0)));
    assert_true(isnan(math_sin(1025.0)) && isnan(math_cos(-1025.0)));
    assert_true(isnan(math_sin(INFINITY)) && isnan(math_cos(-INFINITY)));
    assert_true(isnan(math_sin(NAN)) && isnan(math_cos(NAN)));
}

static void test_power_is_within_bound(void **state)
{
    static const double BASES[] = {0.85, 0.9, 0.999, 0.9999, 1.0, 1.5, 0.0};

    (void)state;
    for (size_t i = 0; i < sizeof(BASES) / sizeof(BASES[0]); i++)
        for (uint64_t exponent = 0; exponent < 1000; exponent++) {
            const long double expected = powl((long double)BASES[i], (long double)exponent);
            const double found = math_power(BASES[i], exponent);

            if (!(fabsl((long double)found - expected) <=
                  expected * (long double)exponent * 0x1p-52L))
                fail_msg("%g^%d is %.17g", BASES[i], (int)exponent, found);
        }
    assert_true(math_power(0.9, UINT64_MAX) == 0.0);
}

/*
 * A checksum of the bits over a sweep: checkpoints depend on them, so they may never change, not
 * even for the better, and are the same on every processor and compiler.
 */
static void test_math_known_bits_stay(void **state)
{
    enum { COUNT = 3000 };
    static double values[3 * COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        values[3 * i] = math_exp((i - COUNT / 2) * 0x1.01p-6);
        values[3 * i + 1] = math_log((i + 1) * 0x1.01p-10);
        values[3 * i + 2] = math_log1p(i * 0x1.01p-10);
    }
    assert_int_equal(random_hash(0, values, sizeof(values)), 0x648ce9137944883bu);
    for (int i = 0; i < COUNT; i++) {
        values[2 * i] = math_sin((i - COUNT / 2) * 0x1.01p-4);
        values[2 * i + 1] = math_cos((i - COUNT / 2) * 0x1.01p-4);
    }
    assert_int_equal(random_hash(0, values, 2 * COUNT * sizeof(*values)), 0xd4ff81470fd3911cu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp_sweep_is_within_bound),
        cmocka_unit_test(test_exp_random_is_within_bound),
        cmocka_unit_test(test_exp_edges_are_exact),
        cmocka_unit_test(test_log_sweep_is_within_bound),
        cmocka_unit_test(test_log_random_is_within_bound),
        cmocka_unit_test(test_log_edges_are_exact),
        cmocka_unit_test(test_log1p_sweep_is_within_bound),
        cmocka_unit_test(test_log1p_edges_are_exact),
        cmocka_unit_test(test_sine_sweep_is_within_bound),
        cmocka_unit_test(test_sine_near_multiples_of_pi_is_within_bound),
        cmocka_unit_test(test_sine_edges_are_exact),
        cmocka_unit_test(test_power_is_within_bound),
        cmocka_unit_test(test_math_known_bits_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
