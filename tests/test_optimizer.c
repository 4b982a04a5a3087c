/*
 * Optimizers against PyTorch, what ranges and flags spare, clipping; and Nesterov's step of every
 * table of kernels against the reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/random.h"
#include "model/optimizer.h"

enum { NUM_STEPS = 6, NUM_FLOATS = 100 };

static float make_grad(int step, int index)
{
    return (float)((step * 7 + index * 3) % 11 - 5) / 8.0f;
}

/*
 * PyTorch 2.15 in float64: parameters 1 and -0.5 in two groups, of which only the first decays;
 * learning rate 0.1, and where it varies 0.1 / (1 + step) and momentum (beta1) 0.95 - step / 100.
 */
static void test_optimizer_step_equals_pytorch(void **state)
{
    static const struct {
        struct optimizer optimizer;
        bool varies;
        double expected[2];
    } CASES[] = {
        {{OPTIMIZER_SGD, 0.0, false, 0.0, 0.0, 0}, false, {1.0250000000000001, -0.5625}},
        {{OPTIMIZER_SGD, 0.9, false, 0.0, 0.0, 0}, false, {1.1208218750000001, -0.6751665}},
        {{OPTIMIZER_SGD, 0.9, true, 0.0, 0.0, 0},
         false,
         {1.1337396874999999, -0.72014985000000009}},
        {{OPTIMIZER_SGD, 0.9, true, 0.0, 0.0, 0}, true, {1.1353304922883334, -0.54041066101466662}},
        {{OPTIMIZER_ADAM, 0.9, false, 0.98, 1e-3, 0},
         false,
         {1.1656099769451709, -0.55495853771979986}},
        {{OPTIMIZER_ADAM, 0.9, false, 0.98, 1e-3, 0},
         true,
         {1.1185618375907851, -0.44717278441267166}},
        {{OPTIMIZER_ADAMW, 0.9, false, 0.98, 1e-3, 0},
         false,
         {1.1656099769451709, -0.55495853771979986}},
        {{OPTIMIZER_ADAMW, 0.9, false, 0.98, 1e-3, 0},
         true,
         {1.1185618375907851, -0.44717278441267166}},
        {{OPTIMIZER_SGD, 0.0, false, 0.0, 0.0, 0.125}, false, {0.95050515653991696, -0.5625}},
        {{OPTIMIZER_SGD, 0.9, false, 0.0, 0.0, 0.125}, false, {0.89085073625183098, -0.6751665}},
        {{OPTIMIZER_SGD, 0.9, true, 0.0, 0.0, 0.125},
         false,
         {0.85021424318962291, -0.72014985000000009}},
        {{OPTIMIZER_SGD, 0.9, true, 0.0, 0.0, 0.125},
         true,
         {1.036882964706664, -0.54041066101466662}},
        {{OPTIMIZER_ADAM, 0.9, false, 0.98, 1e-3, 0.125},
         false,
         {1.0214014748931521, -0.55495853771979986}},
        {{OPTIMIZER_ADAM, 0.9, false, 0.98, 1e-3, 0.125},
         true,
         {1.0826602315487206, -0.44717278441267166}},
        {{OPTIMIZER_ADAMW, 0.9, false, 0.98, 1e-3, 0.125},
         false,
         {1.0837783345168719, -0.55495853771979986}},
        {{OPTIMIZER_ADAMW, 0.9, false, 0.98, 1e-3, 0.125},
         true,
         {1.0862649135758238, -0.44717278441267166}},

    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct optimizer *optimizer = &CASES[i].optimizer;
        float parameters[2] = {1.0f, -0.5f}, memory[2][2] = {{0}}, grad[2];
        float *const states[] = {memory[0], memory[1]};

        for (int step = 0; step < NUM_STEPS; step++) {
            const struct optimizer_factors factors = optimizer_factors_at(
                optimizer, (uint64_t)step, CASES[i].varies ? 0.1 / (1 + step) : 0.1,
                CASES[i].varies ? 0.95 - 0.01 * step : optimizer->momentum);

            grad[0] = make_grad(step, 0);
            grad[1] = make_grad(step, 1);
            optimizer_step(optimizer, &factors, &kernels_reference, parameters, states, grad, true,
                           0, 1);
            optimizer_step(optimizer, &factors, &kernels_reference, parameters, states, grad, false,
                           1, 2);
        }
        for (int k = 0; k < 2; k++)
            if (!(fabs((double)parameters[k] - CASES[i].expected[k]) <= 1e-6))
                fail_msg("case %zu, %s, parameter %d: %.9g, PyTorch has %.9g", i,
                         optimizer_names[optimizer->kind], k, (double)parameters[k],
                         CASES[i].expected[k]);
    }
}

static void fill_random(struct random_stream *stream, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = 2.0f * random_uniform(stream) - 1.0f;
}

/* sgd without nesterov is kernels->sgd_step, bit for bit, and writes no state that it has not. */
static void test_optimizer_sgd_is_sgd_step(void **state)
{
    struct random_stream stream = random_stream_begin(1, RANDOM_DRAW, 0);

    (void)state;
    for (int setting = 0; setting < 4; setting++) {
        const struct optimizer optimizer = {.kind = OPTIMIZER_SGD,
                                            .momentum = setting & 1 ? 0.9 : 0.0,
                                            .weight_decay = setting & 2 ? 0.01 : 0.0};
        const struct optimizer_factors factors =
            optimizer_factors_at(&optimizer, 3, 0.3, optimizer.momentum);
        float grad[NUM_FLOATS], velocity[NUM_FLOATS], parameters[NUM_FLOATS];
        float expected[NUM_FLOATS], expected_velocity[NUM_FLOATS];
        float *const states[] = {velocity};

        fill_random(&stream, grad, NUM_FLOATS);
        fill_random(&stream, velocity, NUM_FLOATS);
        fill_random(&stream, parameters, NUM_FLOATS);
        memcpy(expected, parameters, sizeof(expected));
        memcpy(expected_velocity, velocity, sizeof(velocity));
        assert_int_equal(optimizer_num_states(&optimizer), setting & 1);
        optimizer_step(&optimizer, &factors, &kernels_reference, parameters,
                       setting & 1 ? states : NULL, grad, true, 3, NUM_FLOATS - 1);
        kernels_reference.sgd_step(expected, setting & 1 ? expected_velocity : NULL, grad, 0.3f,
                                   setting & 1 ? 0.9f : 0.0f, setting & 2 ? 0.01f : 0.0f, 3,
                                   NUM_FLOATS - 1);
        assert_memory_equal(parameters, expected, sizeof(expected));
        assert_memory_equal(velocity, expected_velocity, sizeof(velocity));
    }
}

static void test_optimizer_states_have_names(void **state)
{
    const struct optimizer sgd = {.kind = OPTIMIZER_SGD, .momentum = 0.5};
    const struct optimizer adam = {.kind = OPTIMIZER_ADAM, .momentum = 0.0};
    const struct optimizer adamw = {.kind = OPTIMIZER_ADAMW, .momentum = 0.9};

    (void)state;
    assert_int_equal(optimizer_num_states(&sgd), 1);
    assert_string_equal(optimizer_state_name(&sgd, 0), "momentum");
    assert_int_equal(optimizer_num_states(&adam), 2);
    assert_int_equal(optimizer_num_states(&adamw), 2);
    assert_string_equal(optimizer_state_name(&adam, 0), "first_moment");
    assert_string_equal(optimizer_state_name(&adamw, 1), "second_moment");
}

static void test_nesterov_step_any_range_equals_reference(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    struct random_stream stream = random_stream_begin(2, RANDOM_DRAW, 0);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t end = 0; end <= NUM_FLOATS; end++) {
            const size_t begin = end / 3;
            const float decay = end % 2 ? 0.01f : 0.0f;
            float grad[NUM_FLOATS], found[2][NUM_FLOATS], expected[2][NUM_FLOATS];

            fill_random(&stream, grad, NUM_FLOATS);
            fill_random(&stream, found[0], NUM_FLOATS);
            fill_random(&stream, found[1], NUM_FLOATS);
            memcpy(expected, found, sizeof(found));
            tables[t]->optimizer->nesterov_step(found[0], found[1], grad, 0.1f, 0.9f, decay, begin,
                                                end);
            kernels_reference.optimizer->nesterov_step(expected[0], expected[1], grad, 0.1f, 0.9f,
                                                       decay, begin, end);
            if (memcmp(found, expected, sizeof(found)) != 0)
                fail_msg("%s: %zu to %zu is not the reference's", tables[t]->name, begin, end);
        }
}

/* torch.nn.utils.clip_grad_norm_ of the gradient (5, 12). */
static void test_optimizer_clip_follows_pytorch(void **state)
{
    const float sums[] = {25.0f, 0.0f, 144.0f};
    const double norm = optimizer_grad_norm(sums, 3);

    (void)state;
    assert_true(norm == 13.0);
    assert_true(optimizer_clip_factor(norm, 1.0) == (float)0.07692307100591762);
    assert_true(optimizer_clip_factor(norm, 100.0) == 1.0f);
    assert_true(optimizer_clip_factor(norm, 13.0) == (float)0.9999999230769291);
    assert_true(optimizer_clip_factor(0.0, 1e-9) < 1e-2f); /* PyTorch's, too: max / 1e-6 */
    assert_true(isnan(optimizer_clip_factor(INFINITY, 1.0)));
    assert_true(isnan(optimizer_clip_factor(NAN, 1.0)));
}

/* In order from the first, in double: 2^54 hides ones that come after it, not those before. */
static void test_optimizer_grad_norm_adds_blocks_in_order(void **state)
{
    float sums[9] = {0x1p54f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};

    (void)state;
    assert_true(optimizer_grad_norm(sums, 9) == 0x1p27);
    sums[0] = 1.0f;
    sums[8] = 0x1p53f;
    assert_true(optimizer_grad_norm(sums, 9) == sqrt(0x1p53 + 8.0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizer_step_equals_pytorch),
        cmocka_unit_test(test_optimizer_sgd_is_sgd_step),
        cmocka_unit_test(test_optimizer_states_have_names),
        cmocka_unit_test(test_nesterov_step_any_range_equals_reference),
        cmocka_unit_test(test_optimizer_clip_follows_pytorch),
        cmocka_unit_test(test_optimizer_grad_norm_adds_blocks_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
