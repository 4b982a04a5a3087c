/*
 * Initial parameters: their distributions, the keys they are drawn by, and what starts as a
 * constant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/init.h"
#include "model/model.h"

enum { NUM_ELEMENTS = 40000 };

struct moments {
    double mean, deviation, largest;
    double fourth; /* mean of the fourth power over the square of the variance */
};

static struct moments measure(const float *values, size_t count)
{
    struct moments moments = {0};
    double squares = 0.0, fourths = 0.0;

    for (size_t i = 0; i < count; i++) {
        const double x = (double)values[i];

        moments.mean += x / (double)count;
        squares += x * x / (double)count;
        fourths += x * x * x * x / (double)count;
        moments.largest = fmax(moments.largest, fabs(x));
    }
    moments.deviation = sqrt(squares);
    moments.fourth = fourths / (squares * squares);
    return moments;
}

/* A weight [200][200] of fan-in 50 and fan-out 100. */
static struct moments fill_and_measure(enum init init, enum tensor_role role)
{
    static float data[NUM_ELEMENTS];
    const struct tensor tensor = {.rank = 2, .shape = {200, 200}, .data = data};

    init_fill(init, 1, 3, &tensor, role, 50, 100, 0.02);
    return measure(data, NUM_ELEMENTS);
}

/* Five standard errors: of a mean 1 / sqrt(N), of a deviation 1 / sqrt(2 N), of a fourth moment
 * sqrt(96 / N). */
static void assert_normal(const struct moments *found, double deviation)
{
    const double error = 5.0 / sqrt(NUM_ELEMENTS);

    assert_true(fabs(found->mean / deviation) < error);
    assert_true(fabs(found->deviation / deviation - 1.0) < error);
    assert_true(fabs(found->fourth - 3.0) < 10.0 * error);
    assert_true(found->largest > 3.5 * deviation);
}

static void test_init_fill_weights_have_their_distribution(void **state)
{
    const struct moments he = fill_and_measure(INIT_HE, ROLE_WEIGHT);
    const struct moments glorot = fill_and_measure(INIT_GLOROT, ROLE_WEIGHT);
    const struct moments normal = fill_and_measure(INIT_NORMAL, ROLE_WEIGHT);
    const struct moments zeros = fill_and_measure(INIT_ZEROS, ROLE_WEIGHT);
    const double error = 5.0 / sqrt(NUM_ELEMENTS);

    (void)state;
    assert_normal(&he, 0.2);
    assert_normal(&normal, 0.02);
    assert_true(fabs(glorot.mean / 0.2) < error);
    assert_true(glorot.largest < 0.2 && glorot.largest > 0.1999);
    assert_true(fabs(glorot.deviation / (0.2 / sqrt(3.0)) - 1.0) < error);
    assert_true(fabs(glorot.fourth - 1.8) < error);
    assert_true(zeros.largest == 0.0);
}

static void test_init_fill_other_roles_are_constant(void **state)
{
    (void)state;
    for (int init = INIT_HE; init <= INIT_ZEROS; init++) {
        const struct moments bias = fill_and_measure((enum init)init, ROLE_BIAS);

        if (init == INIT_NORMAL)
            assert_normal(&bias, 0.02);
        else
            assert_true(bias.largest == 0.0);
        for (int role = ROLE_NORM_WEIGHT; role <= ROLE_RUNNING_VARIANCE; role++) {
            const struct moments found = fill_and_measure((enum init)init, (enum tensor_role)role);
            const double expected = role == ROLE_NORM_WEIGHT || role == ROLE_RUNNING_VARIANCE;

            assert_true(fabs(found.mean - expected) < 1e-9 && found.largest == expected);
        }
    }
}

/* An element is a function of seed, tensor and position: a longer tensor begins with the shorter
 * one, and another seed or tensor shares nothing with it. */
static void test_init_fill_elements_have_their_own_keys(void **state)
{
    float values[4][60];
    const struct tensor tensors[] = {
        {.rank = 1, .shape = {60}, .data = values[0]},
        {.rank = 2, .shape = {5, 8}, .data = values[1]},
        {.rank = 1, .shape = {60}, .data = values[2]},
        {.rank = 1, .shape = {60}, .data = values[3]},
    };

    (void)state;
    for (int init = INIT_HE; init <= INIT_NORMAL; init++) {
        init_fill((enum init)init, 7, 1, &tensors[0], ROLE_WEIGHT, 10, 10, 0.5);
        init_fill((enum init)init, 7, 1, &tensors[1], ROLE_WEIGHT, 10, 10, 0.5);
        init_fill((enum init)init, 8, 1, &tensors[2], ROLE_WEIGHT, 10, 10, 0.5);
        init_fill((enum init)init, 7, 2, &tensors[3], ROLE_WEIGHT, 10, 10, 0.5);
        assert_memory_equal(values[0], values[1], 40 * sizeof(float));
        for (size_t i = 0; i < 60; i++)
            for (size_t k = 0; k < 60; k++) {
                assert_true(i == k || values[0][i] != values[0][k]);
                assert_true(values[0][i] != values[2][k] && values[0][i] != values[3][k]);
            }
    }
}

/* The linear model's parameters come from the same function, by index over all of its tensors. */
static void test_init_draw_normal_gives_the_linear_models_numbers(void **state)
{
    const struct model_spec spec = {.image = {3, 5, 1}, .num_classes = 4};
    struct model model;
    struct error error = {0};
    uint64_t index = 0;

    (void)state;
    assert_true(model_create(&spec, &model, &error));
    model_init_normal(&model, 0.25, 11);
    for (size_t t = 0; t < model.num_tensors; t++)
        for (size_t i = 0; i < tensor_num_elements(&model.tensors[t]); i++, index++)
            assert_true(model.tensors[t].data[i] ==
                        (float)(0.25 * init_draw_normal(11, RANDOM_INITIAL_PARAMETERS, index)));
    assert_int_equal(index, 64);
    model_destroy(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_fill_weights_have_their_distribution),
        cmocka_unit_test(test_init_fill_other_roles_are_constant),
        cmocka_unit_test(test_init_fill_elements_have_their_own_keys),
        cmocka_unit_test(test_init_draw_normal_gives_the_linear_models_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
