/* Batch normalization's loops: the bits of the reference by every table, halos left alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/random.h"
#include "model/kernels/kernels.h"
#include "tests/support.h"

static const struct conv_map maps[] = {{1, 1, 1, 0},  {1, 1, 37, 0}, {1, 7, 3, 2}, {3, 5, 15, 1},
                                       {4, 4, 16, 0}, {2, 3, 17, 1}, {5, 1, 64, 3}};
static const size_t row_counts[] = {1, 2, 31, 32};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct random_stream stream;

/* Uniform on [-1, 1), allocated to size. */
static float *draw(size_t count)
{
    float *values = malloc(count * sizeof(*values));

    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = 2.0f * random_uniform(&stream) - 1.0f;
    return values;
}

static float *copy(const float *values, size_t count)
{
    return memcpy(draw(count), values, count * sizeof(*values));
}

/* Calls check with every map, number of rows and table. */
static void for_all(void (*check)(const struct norm_kernels *norm, const struct conv_map *map,
                                  size_t num_rows))
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    size_t num_tables = kernels_list(tables);

    stream = random_stream_begin(12, RANDOM_DRAW, 0);
    for (size_t t = 0; t < num_tables; t++)
        for (size_t m = 0; m < COUNT(maps); m++)
            for (size_t r = 0; r < COUNT(row_counts); r++)
                check(tables[t]->norm, &maps[m], row_counts[r]);
}

static void check_sums(const struct norm_kernels *norm, const struct conv_map *map, size_t num_rows)
{
    size_t count = num_rows * conv_map_size(map), C = map->channels;
    float *x = draw(count), *y = draw(count);
    double *found = malloc(2 * C * sizeof(*found)), *expected = malloc(2 * C * sizeof(*expected));

    norm->sums(map, x, y, num_rows, found, found + C);
    norm_reference.sums(map, x, y, num_rows, expected, expected + C);
    assert_memory_equal(found, expected, 2 * C * sizeof(*found));
    free(x);
    free(y);
    free(found);
    free(expected);
}

static void test_norm_sums_agree_with_reference(void **state)
{
    (void)state;
    for_all(check_sums);
}

static void test_norm_sums_are_of_the_inside(void **state)
{
    /* Two rows of 1 x 2 pixels of one channel, a halo of 1 that counts nothing. */
    const struct conv_map map = {1, 2, 1, 1};
    float x[24], y[24];
    double first, second;

    (void)state;
    for (size_t i = 0; i < 24; i++)
        x[i] = y[i] = 100.0f;
    x[5] = 1, x[6] = 2, x[17] = 3, x[18] = 4;
    y[5] = 5, y[6] = 6, y[17] = 7, y[18] = -8;
    norm_reference.sums(&map, x, y, 2, &first, &second);
    assert_true(first == 1 + 2 + 3 + 4);
    assert_true(second == 1 * 5 + 2 * 6 + 3 * 7 - 4 * 8);
}

/* One of two functions that write a map; halos hold what they held. */
static void check_written(const struct norm_kernels *norm, const struct conv_map *map,
                          size_t num_rows, bool is_gradient)
{
    size_t size = conv_map_size(map), count = num_rows * size, C = map->channels;
    float *x = draw(count), *y = draw(count), *of = draw(3 * C), *found = draw(count);
    float *before = copy(found, count), *expected = copy(found, count);

    if (is_gradient) {
        norm->gradient(map, x, y, of, of + C, of + 2 * C, num_rows, found);
        norm_reference.gradient(map, x, y, of, of + C, of + 2 * C, num_rows, expected);
    } else {
        norm->apply(map, x, of, of + C, num_rows, found);
        norm_reference.apply(map, x, of, of + C, num_rows, expected);
    }
    assert_memory_equal(found, expected, count * sizeof(*found));
    for (size_t row = 0; row < num_rows; row++) {
        for (size_t line = 0; line < map->height; line++) {
            size_t at = row * size + conv_map_at(map, line, 0);

            for (size_t i = at; i < at + map->width * C; i++) {
                size_t c = (i - at) % C;

                assert_true(found[i] ==
                            (is_gradient ? fmaf(x[i], of[c], fmaf(y[i], of[C + c], of[2 * C + c]))
                                         : fmaf(x[i], of[c], of[C + c])));
                found[i] = before[i];
            }
        }
    }
    assert_memory_equal(found, before, count * sizeof(*found));
    free(x);
    free(y);
    free(of);
    free(found);
    free(before);
    free(expected);
}

static void check_apply(const struct norm_kernels *norm, const struct conv_map *map,
                        size_t num_rows)
{
    check_written(norm, map, num_rows, false);
}

static void check_gradient(const struct norm_kernels *norm, const struct conv_map *map,
                           size_t num_rows)
{
    check_written(norm, map, num_rows, true);
}

static void test_norm_apply_agrees_with_reference(void **state)
{
    (void)state;
    for_all(check_apply);
}

static void test_norm_gradient_agrees_with_reference(void **state)
{
    (void)state;
    for_all(check_gradient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm_sums_agree_with_reference),
        cmocka_unit_test(test_norm_sums_are_of_the_inside),
        cmocka_unit_test(test_norm_apply_agrees_with_reference),
        cmocka_unit_test(test_norm_gradient_agrees_with_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
