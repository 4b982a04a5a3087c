/*
 * Updates of parameters: every table of kernels that this CPU can run gives the bits of the
 * reference, and the reference follows the papers in double precision.
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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { N = 100 };

/* Ranges with whole vectors, with rests, and with nothing in them. */
static const size_t RANGES[][2] = {{0, 100}, {0, 96}, {3, 20}, {16, 17}, {5, 5}, {1, 49}};

static struct random_stream stream;

static int restart_stream(void **state)
{
    (void)state;
    stream = random_stream_begin(15, RANDOM_DRAW, 0);
    return 0;
}

static float *draw_floats(size_t count)
{
    float *values = malloc(count * sizeof(*values));

    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = 2.0f * random_uniform(&stream) - 1.0f;
    return values;
}

static void assert_same_bits(const char *table, const char *what, const float *found,
                             const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&found[i], &expected[i], sizeof(*found)) != 0)
            fail_msg("%s, %s: value %zu of %zu is %a, the reference says %a", table, what, i, count,
                     (double)found[i], (double)expected[i]);
}

static struct adam_factors make_factors(double learning_rate, double decay, bool decoupled,
                                        double correction1, double correction2)
{
    return (struct adam_factors){
        .beta1 = 0.9f,
        .beta2 = 0.999f,
        .one_minus_beta1 = 0.1f,
        .one_minus_beta2 = 0.001f,
        .step_size = (float)(learning_rate / correction1),
        .inverse_root_correction = (float)(1.0 / sqrt(correction2)),
        .epsilon = 1e-8f,
        .weight_decay = decoupled ? 0.0f : (float)decay,
        .shrink = decoupled ? (float)(1.0 - learning_rate * decay) : 1.0f,
    };
}

/* Parameters, two moments and a gradient. */
struct state {
    float *values[4];
};

static struct state draw_state(void)
{
    struct state state;

    for (size_t i = 0; i < 4; i++)
        state.values[i] = draw_floats(N);
    for (size_t i = 0; i < N; i++)
        state.values[2][i] = fabsf(state.values[2][i]);
    return state;
}

static struct state copy_state(const struct state *from)
{
    struct state state;

    for (size_t i = 0; i < 4; i++)
        state.values[i] = memcpy(draw_floats(N), from->values[i], N * sizeof(float));
    return state;
}

static void free_state(struct state *state)
{
    for (size_t i = 0; i < 4; i++)
        free(state->values[i]);
}

static void adam_step(const struct optimizer_kernels *kernels, struct state *state,
                      const struct adam_factors *factors, const size_t range[2])
{
    kernels->adam_step(state->values[0], state->values[1], state->values[2], state->values[3],
                       factors, range[0], range[1]);
}

static void test_adam_step_any_setting_equals_reference(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t r = 0; r < COUNT(RANGES); r++)
            for (int setting = 0; setting < 3; setting++) {
                const struct adam_factors factors =
                    make_factors(1e-2, setting ? 0.1 : 0.0, setting == 2, 0.1, 0.001);
                struct state found = draw_state(), expected = copy_state(&found);

                adam_step(tables[t]->optimizer, &found, &factors, RANGES[r]);
                adam_step(&optimizer_reference, &expected, &factors, RANGES[r]);
                for (size_t i = 0; i < 4; i++)
                    assert_same_bits(tables[t]->name, "adam", found.values[i], expected.values[i],
                                     N);
                free_state(&found);
                free_state(&expected);
            }
}

/* Twenty steps beside the formulas of the papers in double. */
static void test_adam_step_reference_follows_papers(void **state)
{
    static const size_t range[2] = {0, N};

    (void)state;
    for (int setting = 0; setting < 3; setting++) {
        const double rate = 0.01, decay = setting ? 0.1 : 0.0;
        struct state found = draw_state();
        double w[N], m[N] = {0}, v[N] = {0};

        for (size_t i = 0; i < N; i++) {
            w[i] = found.values[0][i];
            found.values[1][i] = found.values[2][i] = 0.0f;
        }
        for (int step = 1; step <= 20; step++) {
            const double correction1 = 1.0 - pow(0.9, step), correction2 = 1.0 - pow(0.999, step);
            const struct adam_factors factors =
                make_factors(rate, decay, setting == 2, correction1, correction2);

            adam_step(&optimizer_reference, &found, &factors, range);
            for (size_t i = 0; i < N; i++) {
                const double g = found.values[3][i] + (setting == 1 ? decay * w[i] : 0.0);

                if (setting == 2)
                    w[i] -= rate * decay * w[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                w[i] -= rate * (m[i] / correction1) / (sqrt(v[i] / correction2) + 1e-8);
            }
        }
        for (size_t i = 0; i < N; i++)
            if (fabs(found.values[0][i] - w[i]) > 2e-6)
                fail_msg("setting %d: %.9g, not %.9g", setting, (double)found.values[0][i], w[i]);
        free_state(&found);
    }
}

static void test_average_step_and_scale_any_range_equals_reference(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t r = 0; r < COUNT(RANGES); r++) {
            struct state found = draw_state(), expected = copy_state(&found);
            const size_t begin = RANGES[r][0], end = RANGES[r][1];

            tables[t]->optimizer->average_step(found.values[0], found.values[1], 0.1f, begin, end);
            optimizer_reference.average_step(expected.values[0], expected.values[1], 0.1f, begin,
                                             end);
            tables[t]->optimizer->scale(found.values[2], 0.3f, begin, end);
            optimizer_reference.scale(expected.values[2], 0.3f, begin, end);
            for (size_t i = 0; i < 4; i++)
                assert_same_bits(tables[t]->name, "ranges", found.values[i], expected.values[i], N);
            free_state(&found);
            free_state(&expected);
        }
}

static void test_sum_squares_any_count_equals_reference_and_double(void **state)
{
    static const size_t COUNTS[] = {1, 15, 16, 17, 4095, 4096, 4097, 10000};
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t i = 0; i < COUNT(COUNTS); i++) {
            const size_t count = COUNTS[i], blocks = (count - 1) / SUM_SQUARES_BLOCK + 1;
            float *values = draw_floats(count), found[3] = {0}, expected[3] = {0};
            double sum = 0.0, exact = 0.0;

            tables[t]->optimizer->sum_squares(values, count, found);
            optimizer_reference.sum_squares(values, count, expected);
            assert_same_bits(tables[t]->name, "squares", found, expected, 3);
            for (size_t k = 0; k < blocks; k++)
                sum += found[k];
            for (size_t k = 0; k < count; k++)
                exact += (double)values[k] * values[k];
            assert_true(fabs(sum - exact) <= 1e-6 * exact);
            free(values);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_adam_step_any_setting_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_adam_step_reference_follows_papers, restart_stream),
        cmocka_unit_test_setup(test_average_step_and_scale_any_range_equals_reference,
                               restart_stream),
        cmocka_unit_test_setup(test_sum_squares_any_count_equals_reference_and_double,
                               restart_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
