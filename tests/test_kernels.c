/*
 * Every table of kernels that this CPU can run gives the bits of the reference, and the reference
 * agrees with double precision.  Arrays are allocated to size, so that the address sanitizer sees
 * a step beyond their ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/kernels/kernels.h"
#include "tests/support.h"

enum { MAX_ROWS = 32 };

static const size_t SIZES[] = {1, 15, 16, 17, 33, 784, 1000, 2352};
static const size_t OUTPUTS[] = {1, 3, 10, 37};
static const size_t ROWS[] = {1, 2, 3, 7, 8, 9, 15, 31, 32};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct random_stream stream;

static int restart_stream(void **state)
{
    (void)state;
    stream = random_stream_begin(11, RANDOM_DRAW, 0);
    return 0;
}

static void *allocate(size_t nbytes)
{
    void *block = malloc(nbytes ? nbytes : 1);

    assert_non_null(block);
    return block;
}

/* Uniform on [-1, 1). */
static float draw_float(void)
{
    return 2.0f * random_uniform(&stream) - 1.0f;
}

static float *draw_floats(size_t count)
{
    float *values = allocate(count * sizeof(*values));

    for (size_t i = 0; i < count; i++)
        values[i] = draw_float();
    return values;
}

static float *copy_floats(const float *values, size_t count)
{
    return memcpy(allocate(count * sizeof(*values)), values, count * sizeof(*values));
}

/* MAX_ROWS rows of D pixels, each allocated alone. */
static void draw_rows(const uint8_t *rows[MAX_ROWS], size_t D)
{
    for (size_t b = 0; b < MAX_ROWS; b++) {
        uint8_t *row = allocate(D);

        for (size_t d = 0; d < D; d++)
            row[d] = (uint8_t)random_next(&stream);
        rows[b] = row;
    }
}

static void free_rows(const uint8_t *rows[MAX_ROWS])
{
    for (size_t b = 0; b < MAX_ROWS; b++)
        free((void *)rows[b]);
}

static void assert_same_bits(const char *table, const char *what, const float *found,
                             const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&found[i], &expected[i], sizeof(*found)) != 0)
            fail_msg("%s, %s: value %zu of %zu is %a, the reference says %a", table, what, i, count,
                     (double)found[i], (double)expected[i]);
}

/* ---- dense layer ---- */

typedef void check_shape(const struct kernels *kernels, const uint8_t *const *rows, size_t B,
                         size_t C, size_t D);

/* Calls check for every table and shape. */
static void check_shapes(check_shape *check)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    const uint8_t *rows[MAX_ROWS];

    for (size_t s = 0; s < COUNT(SIZES); s++) {
        draw_rows(rows, SIZES[s]);
        for (size_t o = 0; o < COUNT(OUTPUTS); o++)
            for (size_t r = 0; r < COUNT(ROWS); r++)
                for (size_t t = 0; t < num_tables; t++)
                    check(tables[t], rows, ROWS[r], OUTPUTS[o], SIZES[s]);
        free_rows(rows);
    }
}

static void check_forward(const struct kernels *kernels, const uint8_t *const *rows, size_t B,
                          size_t C, size_t D)
{
    float *weight = draw_floats(C * D), *bias = draw_floats(C);
    float *found = allocate(B * C * sizeof(*found)), *expected = allocate(B * C * sizeof(*found));

    kernels->dense_forward(rows, B, weight, bias, C, D, found);
    kernels_reference.dense_forward(rows, B, weight, bias, C, D, expected);
    assert_same_bits(kernels->name, "logits", found, expected, B * C);
    free(weight);
    free(bias);
    free(found);
    free(expected);
}

static void test_dense_forward_all_shapes_equals_reference(void **state)
{
    (void)state;
    check_shapes(check_forward);
}

static void check_backward(const struct kernels *kernels, const uint8_t *const *rows, size_t B,
                           size_t C, size_t D)
{
    float *grad_logits = draw_floats(B * C);
    float *found = draw_floats(C * D + C), *expected = draw_floats(C * D + C);

    kernels->dense_backward(rows, rows, B, grad_logits, C, D, found, found + C * D);
    kernels_reference.dense_backward(rows, NULL, B, grad_logits, C, D, expected, expected + C * D);
    assert_same_bits(kernels->name, "gradient", found, expected, C * D + C);
    free(grad_logits);
    free(found);
    free(expected);
}

static void test_dense_backward_all_shapes_equals_reference(void **state)
{
    (void)state;
    check_shapes(check_backward);
}

/* A sum of n floats, each below 1, is within n^2 / 2 roundings of 2^-24; few are that far off. */
static void test_dense_reference_is_close_to_double(void **state)
{
    enum { B = 9, C = 3, D = 1000 };
    const uint8_t *rows[MAX_ROWS];
    float *weight = draw_floats(C * D), *bias = draw_floats(C), *grad_logits = draw_floats(B * C);
    float logits[B * C], *grad_weight = draw_floats(C * D), grad_bias[C];

    (void)state;
    draw_rows(rows, D);
    kernels_reference.dense_forward(rows, B, weight, bias, C, D, logits);
    kernels_reference.dense_backward(rows, NULL, B, grad_logits, C, D, grad_weight, grad_bias);

    for (size_t c = 0; c < C; c++) {
        double bias_sum = 0.0;

        for (size_t b = 0; b < B; b++) {
            double logit = bias[c];

            for (size_t d = 0; d < D; d++)
                logit += rows[b][d] / 255.0 * weight[c * D + d];
            support_assert_close("logit", logits[b * C + c], logit, 1e-5);
            bias_sum += grad_logits[b * C + c];
        }
        support_assert_close("bias gradient", grad_bias[c], bias_sum, 1e-6);
        for (size_t d = 0; d < D; d++) {
            double sum = 0.0;

            for (size_t b = 0; b < B; b++)
                sum += rows[b][d] / 255.0 * grad_logits[b * C + c];
            support_assert_close("weight gradient", grad_weight[c * D + d], sum, 1e-6);
        }
    }
    free_rows(rows);
    free(weight);
    free(bias);
    free(grad_logits);
    free(grad_weight);
}

/* ---- distances ---- */

static void check_distances(const struct kernels *kernels, const uint8_t *const *rows, size_t B,
                            size_t C, size_t D)
{
    float *mean = draw_floats(C * D);
    float *found = allocate(B * C * sizeof(*found)), *expected = allocate(B * C * sizeof(*found));

    for (int distance = DISTANCE_L1; distance <= DISTANCE_L2; distance++) {
        kernels->distances(rows, B, mean, C, D, (enum model_distance)distance, found);
        kernels_reference.distances(rows, B, mean, C, D, (enum model_distance)distance, expected);
        assert_same_bits(kernels->name, "distances", found, expected, B * C);
    }
    free(mean);
    free(found);
    free(expected);
}

static void test_distances_all_shapes_equals_reference(void **state)
{
    (void)state;
    check_shapes(check_distances);
}

/* Beyond 4096 inputs the lanes start anew: once exactly there, and in the middle of a row. */
static void test_distances_many_inputs_equals_reference_and_double(void **state)
{
    static const size_t LARGE[] = {4095, 4096, 4097, 8192, 3 * 224 * 224};
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t s = 0; s < COUNT(LARGE); s++) {
        const size_t D = LARGE[s];
        const uint8_t *rows[MAX_ROWS];
        float *mean = draw_floats(D), found[2];
        double l1 = 0.0, l2 = 0.0;

        draw_rows(rows, D);
        for (size_t t = 0; t < num_tables; t++)
            check_distances(tables[t], rows, 3, 1, D);
        for (size_t d = 0; d < D; d++) {
            l1 += fabs(rows[0][d] / 255.0 - mean[d]);
            l2 += (rows[0][d] / 255.0 - mean[d]) * (rows[0][d] / 255.0 - mean[d]);
        }
        kernels_reference.distances(rows, 1, mean, 1, D, DISTANCE_L1, &found[0]);
        kernels_reference.distances(rows, 1, mean, 1, D, DISTANCE_L2, &found[1]);
        support_assert_close("L1", found[0], l1 / (double)D, 1e-6);
        support_assert_close("L2", found[1], sqrt(l2 / (double)D), 1e-6);
        free_rows(rows);
        free(mean);
    }
}

/* ---- over ranges of floats ---- */

enum { NUM_FLOATS = 100 };

/* Ranges with whole vectors, with rests, and with nothing in them. */
static const size_t RANGES[][2] = {{0, 100}, {0, 96}, {3, 20}, {16, 17}, {5, 5}, {1, 49}};

static void check_tree_add(const struct kernels *kernels, size_t num_slices, const size_t range[2])
{
    float *found[40], *expected[40];

    for (size_t i = 0; i < num_slices; i++) {
        found[i] = draw_floats(NUM_FLOATS);
        expected[i] = copy_floats(found[i], NUM_FLOATS);
    }
    kernels->tree_add(found, num_slices, range[0], range[1]);
    kernels_reference.tree_add(expected, num_slices, range[0], range[1]);
    assert_same_bits(kernels->name, "tree", found[0], expected[0], NUM_FLOATS);
    for (size_t i = 0; i < num_slices; i++) {
        free(found[i]);
        free(expected[i]);
    }
}

static void test_tree_add_any_number_equals_reference(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t num_slices = 1; num_slices <= 40; num_slices++)
            for (size_t r = 0; r < COUNT(RANGES); r++)
                check_tree_add(tables[t], num_slices, RANGES[r]);
}

/* 2^24 + 1 rounds to 2^24: the order shows.  Pairs first: (2^24 + 1) + (1 + 1) = 2^24 + 2. */
static void test_tree_add_reference_adds_pairs_first(void **state)
{
    float values[] = {0x1p24f, 1.0f, 1.0f, 1.0f};
    float *slices[] = {&values[0], &values[1], &values[2], &values[3]};

    (void)state;
    kernels_reference.tree_add(slices, 4, 0, 1);
    assert_true(values[0] == 0x1p24f + 2.0f);
}

static void test_add_any_range_equals_reference(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t i = 0; i < num_tables * COUNT(RANGES); i++) {
        const struct kernels *kernels = tables[i / COUNT(RANGES)];
        const size_t *range = RANGES[i % COUNT(RANGES)];
        float *source = draw_floats(NUM_FLOATS), *found = draw_floats(NUM_FLOATS);
        float *expected = copy_floats(found, NUM_FLOATS);

        kernels->add(found, source, range[0], range[1]);
        kernels_reference.add(expected, source, range[0], range[1]);
        assert_same_bits(kernels->name, "add", found, expected, NUM_FLOATS);
        free(source);
        free(found);
        free(expected);
    }
}

static void check_sgd_step(const struct kernels *kernels, const size_t range[2], float momentum,
                           float weight_decay)
{
    float *grad = draw_floats(NUM_FLOATS);
    float *found = draw_floats(NUM_FLOATS), *velocity = draw_floats(NUM_FLOATS);
    float *expected = copy_floats(found, NUM_FLOATS);
    float *expected_velocity = copy_floats(velocity, NUM_FLOATS);
    const int has_velocity = momentum != 0.0f;

    kernels->sgd_step(found, has_velocity ? velocity : NULL, grad, 0.1f, momentum, weight_decay,
                      range[0], range[1]);
    kernels_reference.sgd_step(expected, has_velocity ? expected_velocity : NULL, grad, 0.1f,
                               momentum, weight_decay, range[0], range[1]);
    assert_same_bits(kernels->name, "parameters", found, expected, NUM_FLOATS);
    assert_same_bits(kernels->name, "velocity", velocity, expected_velocity, NUM_FLOATS);
    free(grad);
    free(found);
    free(velocity);
    free(expected);
    free(expected_velocity);
}

static void test_sgd_step_any_setting_equals_reference(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t r = 0; r < COUNT(RANGES); r++)
            for (int setting = 0; setting < 4; setting++)
                check_sgd_step(tables[t], RANGES[r], setting & 1 ? 0.9f : 0.0f,
                               setting & 2 ? 1e-2f : 0.0f);
}

/* Three steps worked out by hand from PyTorch's rule, in numbers that floats hold exactly. */
static void test_sgd_step_reference_follows_pytorch(void **state)
{
    const float grad = 1.0f;
    float parameter = 1.0f, velocity = 0.0f;

    (void)state;
    kernels_reference.sgd_step(&parameter, NULL, &grad, 0.25f, 0.5f, 0.0f, 0, 1);
    assert_true(parameter == 0.75f);
    kernels_reference.sgd_step(&parameter, &velocity, &grad, 0.5f, 0.5f, 0.0f, 0, 1);
    assert_true(velocity == 1.0f && parameter == 0.25f);
    kernels_reference.sgd_step(&parameter, &velocity, &grad, 0.5f, 0.5f, 2.0f, 0, 1);
    assert_true(velocity == 2.0f && parameter == -0.75f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_dense_forward_all_shapes_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_dense_backward_all_shapes_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_dense_reference_is_close_to_double, restart_stream),
        cmocka_unit_test_setup(test_distances_all_shapes_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_distances_many_inputs_equals_reference_and_double,
                               restart_stream),
        cmocka_unit_test_setup(test_tree_add_any_number_equals_reference, restart_stream),
        cmocka_unit_test(test_tree_add_reference_adds_pairs_first),
        cmocka_unit_test_setup(test_add_any_range_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_sgd_step_any_setting_equals_reference, restart_stream),
        cmocka_unit_test(test_sgd_step_reference_follows_pytorch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
