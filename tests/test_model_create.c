/*
 * How models are made: names, shapes and places of tensors, refusals, and initial parameters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "tests/support.h"

enum { MAX_CLASSES = 10 };

/* 5x4 gray: 20 inputs, which is no multiple of a vector. */
static struct model_spec linear_spec(size_t num_classes, enum model_loss loss)
{
    return (struct model_spec){
        .kind = MODEL_LINEAR, .loss = loss, .image = {5, 4, 1}, .num_classes = num_classes};
}

/* ---- making ---- */

static void assert_tensor(const struct tensor *tensor, const char *name, size_t rank,
                          const size_t *shape)
{
    assert_string_equal(tensor->name, name);
    assert_int_equal(tensor->rank, rank);
    assert_memory_equal(tensor->shape, shape, rank * sizeof(*shape));
    assert_int_equal((uintptr_t)tensor->data % 64, 0);
}

static void test_create_tensors_have_names_and_shapes(void **state)
{
    struct model_spec spec = linear_spec(10, LOSS_MAE);
    struct model model;
    struct error error = {0};

    (void)state;
    assert_true(model_create(&spec, &model, &error));
    assert_int_equal(model.num_tensors, 2);
    assert_tensor(&model.tensors[0], "linear/weight", 2, (size_t[]){10, 20});
    assert_tensor(&model.tensors[1], "linear/bias", 1, (size_t[]){10});
    assert_ptr_equal(model.tensors[0].data, model.parameters);
    assert_int_equal(model.num_parameters, 208 + 16);
    assert_true(model_has_gradient(&model));
    model_destroy(&model);

    spec.kind = MODEL_NEAREST_MEAN;
    assert_true(model_create(&spec, &model, &error));
    assert_int_equal(model.num_tensors, 1);
    assert_tensor(&model.tensors[0], "class_means/mean", 3, (size_t[]){10, 5, 4});
    model_destroy(&model);

    spec.image.channels = 3;
    assert_true(model_create(&spec, &model, &error));
    assert_tensor(&model.tensors[0], "class_means/mean", 4, (size_t[]){10, 5, 4, 3});
    model_destroy(&model);
}

static void assert_refused(struct model_spec spec)
{
    struct model model;
    struct error error = {0};

    assert_fails(model_create(&spec, &model, &error), &error, STATUS_USAGE);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_null(model.parameters);
    assert_null(model.tensors);
}

static void test_create_impossible_spec_is_refused(void **state)
{
    struct model_spec spec;

    (void)state;
    assert_refused(linear_spec(0, LOSS_MAE));
    assert_refused(linear_spec(1, LOSS_MAE));
    assert_refused(linear_spec(2, (enum model_loss)7));
    assert_refused(linear_spec(SIZE_MAX / 20, LOSS_MAE));
    for (int i = 0; i < 6; i++) {
        spec = linear_spec(2, LOSS_MAE);
        spec.image.height = i == 0 ? 0 : i == 1 ? SIZE_MAX / 2 : 5;
        spec.image.width = i == 2 ? 0 : 4;
        spec.image.channels = i == 3 ? 2 : 1;
        spec.kind = i == 4 ? (enum model_kind)5 : i == 5 ? MODEL_NEAREST_MEAN : MODEL_LINEAR;
        spec.distance = i == 5 ? (enum model_distance)5 : DISTANCE_L1;
        assert_refused(spec);
    }
}

static void test_create_unknown_cpu_is_refused(void **state)
{
    (void)state;
    setenv("QUERN_CPU", "abacus", 1);
    assert_refused(linear_spec(2, LOSS_MAE));
    unsetenv("QUERN_CPU");
}

/* ---- initial parameters ---- */

static void create_large(size_t height, struct model *model)
{
    const struct model_spec spec = {.kind = MODEL_LINEAR,
                                    .loss = LOSS_MAE,
                                    .image = {height, 100, 1},
                                    .num_classes = MAX_CLASSES};
    struct error error = {0};

    assert_true(model_create(&spec, model, &error));
}

/* The moments of n = 100,000 draws, each within five of its own standard deviations. */
static void test_init_normal_moments_are_normal(void **state)
{
    static const double DEVIATION = 0.1;
    double sum = 0.0, square = 0.0, fourth = 0.0, n;
    struct model model;

    (void)state;
    create_large(100, &model);
    model_init_normal(&model, DEVIATION, 42);
    n = (double)tensor_num_elements(&model.tensors[0]);
    for (size_t i = 0; i < tensor_num_elements(&model.tensors[0]); i++) {
        const double value = model.tensors[0].data[i] / DEVIATION;

        sum += value;
        square += value * value;
        fourth += value * value * value * value;
    }
    support_assert_close("mean", sum / n, 0.0, 5.0 * sqrt(1.0 / n));
    support_assert_close("variance", square / n, 1.0, 5.0 * sqrt(2.0 / n));
    support_assert_close("fourth moment", fourth / n, 3.0, 5.0 * sqrt(96.0 / n));
    for (size_t i = 0; i < MAX_CLASSES; i++)
        assert_true(model.tensors[1].data[i] != 0.0f);
    for (size_t i = model.num_parameters - 6; i < model.num_parameters; i++)
        assert_true(model.parameters[i] == 0.0f);
    model_destroy(&model);
}

/* The same value at the same place of the flat list, whatever the model; another for each seed. */
static void test_init_normal_depends_on_seed_and_index_alone(void **state)
{
    struct model small, large;
    size_t num_equal = 0, num_small;

    (void)state;
    create_large(1, &small);
    create_large(3, &large);
    model_init_normal(&small, 1.0, 7);
    model_init_normal(&large, 1.0, 7);
    num_small = tensor_num_elements(&small.tensors[0]);
    assert_memory_equal(small.tensors[0].data, large.tensors[0].data, num_small * sizeof(float));
    assert_memory_equal(small.tensors[1].data, large.tensors[0].data + num_small,
                        MAX_CLASSES * sizeof(float));
    model_init_normal(&large, 1.0, 8);
    for (size_t i = 0; i < num_small; i++)
        num_equal += small.parameters[i] == large.parameters[i];
    assert_in_range(num_equal, 0, 2);
    model_destroy(&small);
    model_destroy(&large);
}

/* Checkpoints depend on these bits: they may never change. */
static void test_init_normal_known_values_stay(void **state)
{
    static const float KNOWN[] = {-0x1.09a9cep-1f, -0x1.019a64p+0f, -0x1.83527ep-2f,
                                  0x1.627028p-2f,  0x1.3fa3aap-2f,  0x1.8b90a4p+0f,
                                  -0x1.b416bap+1f, 0x1.c3644ep-1f};
    struct model model;

    (void)state;
    create_large(1, &model);
    model_init_normal(&model, 1.0, 42);
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(*KNOWN); i++)
        if (model.parameters[i] != KNOWN[i])
            fail_msg("element %zu is %a, was %a", i, (double)model.parameters[i], (double)KNOWN[i]);
    model_destroy(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_tensors_have_names_and_shapes),
        cmocka_unit_test(test_create_impossible_spec_is_refused),
        cmocka_unit_test(test_create_unknown_cpu_is_refused),
        cmocka_unit_test(test_init_normal_moments_are_normal),
        cmocka_unit_test(test_init_normal_depends_on_seed_and_index_alone),
        cmocka_unit_test(test_init_normal_known_values_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
