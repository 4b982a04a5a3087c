/*
 * exp and log1p of every table of kernels give the bits of the reference, which is
 * model/math_functions.h, for any count and for the numbers at which something changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/kernels/kernels.h"

enum { MAX_COUNT = 40, NUM_ROUNDS = 2000 };

static bool is_same(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

/* Both functions of all tables on x [count], in memory of just this size. */
static void check(const double *x, size_t count)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    double *found = malloc(count * sizeof(*found)), *expected = malloc(count * sizeof(*found));

    assert_non_null(found);
    assert_non_null(expected);
    for (size_t t = 0; t < num_tables; t++) {
        for (int is_log = 0; is_log < 2; is_log++) {
            memcpy(found, x, count * sizeof(*found));
            memcpy(expected, x, count * sizeof(*found));
            (is_log ? tables[t]->log1p : tables[t]->exp)(found, count);
            (is_log ? kernels_reference.log1p : kernels_reference.exp)(expected, count);
            for (size_t i = 0; i < count; i++)
                if (!is_same(found[i], expected[i]))
                    fail_msg("%s, %s(%a), %zu of %zu, is %a, the reference says %a",
                             tables[t]->name, is_log ? "log1p" : "exp", x[i], i, count, found[i],
                             expected[i]);
        }
    }
    free(found);
    free(expected);
}

static void test_math_edges_equal_reference(void **state)
{
    static const double EDGES[] = {
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        INFINITY,
        -INFINITY,
        NAN,
        DBL_MAX,
        709.,
        709.782,
        709.79,
        710.0,
        711.,
        -708.4,
        -745.13,
        -745.14,
        -746.0,
        -747.0,
        1e-5,
        DBL_MIN,
        DBL_MIN / 4,
        DBL_EPSILON,
        0x1p53,
        0x1.6a09e667f3bccp-2,
        0.41421356237309515,
        -DBL_MAX,
    };

    (void)state;
    check(EDGES, sizeof(EDGES) / sizeof(EDGES[0]));
    for (size_t i = 0; i < sizeof(EDGES) / sizeof(EDGES[0]); i++)
        check(&EDGES[i], 1);
}

static void test_math_any_count_equals_reference(void **state)
{
    struct random_stream stream = random_stream_begin(5, RANDOM_DRAW, 0);
    double x[MAX_COUNT];

    (void)state;
    for (size_t round = 0; round < NUM_ROUNDS; round++) {
        const double scale = round % 3 == 0 ? 750.0 : round % 3 == 1 ? 20.0 : 1e-3;

        for (size_t i = 0; i < MAX_COUNT; i++)
            x[i] = (2.0 * random_next(&stream) * 0x1p-32 - 1.0) * scale;
        check(x, 1 + round % MAX_COUNT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_math_edges_equal_reference),
        cmocka_unit_test(test_math_any_count_equals_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
