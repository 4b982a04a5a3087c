/* Steps of all parameters: which decay, by which ranges, what clipping and averages make of them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/random.h"
#include "model/network.h"
#include "tests/support.h"
#include "train/update.h"

struct fixture {
    struct model model;
    struct update update;
    float *grad;
};

/* Every element of every tensor is 1. */
static void fixture_create(struct fixture *f, enum model_kind kind,
                           const struct update_settings *settings)
{
    const struct model_spec spec = {.kind = kind,
                                    .loss = LOSS_CROSS_ENTROPY,
                                    .image = {9, 8, 1},
                                    .num_classes = 3,
                                    .layers = "conv:5 norm relu pool dense:33 norm",
                                    .input = model_input_unit()};
    struct error error = {0};

    assert_ok(model_create(&spec, &f->model, &error), &error);
    for (size_t i = 0; i < f->model.num_tensors; i++)
        for (size_t k = 0; k < tensor_num_elements(&f->model.tensors[i]); k++)
            f->model.tensors[i].data[k] = 1.0f;
    assert_ok(update_create(&f->update, &f->model, settings, &error), &error);
    f->grad = calloc(f->model.num_trained_parameters, sizeof(float));
    assert_non_null(f->grad);
}

static void fixture_destroy(struct fixture *f)
{
    free(f->grad);
    update_destroy(&f->update);
    model_destroy(&f->model);
}

static void fixture_draw_gradient(struct fixture *f, uint64_t index)
{
    struct random_stream stream = random_stream_begin(3, RANDOM_DRAW, index);

    for (size_t i = 0; i < f->model.num_trained_parameters; i++)
        f->grad[i] = random_uniform(&stream) - 0.5f;
}

/* A step by ranges of num_lines cache lines, the later first; of parts as ranks have them. */
static void fixture_step(struct fixture *f, uint64_t number, size_t part_size, size_t num_lines)
{
    size_t count = f->model.num_trained_parameters, length = 16 * num_lines;
    struct update_step step = update_begin_step(&f->update, number);

    for (size_t part = 0; part < count; part += part_size) {
        size_t part_end = part + part_size < count ? part + part_size : count;

        for (size_t begin = (part_end - part - 1) / length * length;; begin -= length) {
            size_t end = begin + length < part_end - part ? begin + length : part_end - part;

            update_range(&f->update, &step, f->grad + part, part, begin, end);
            if (begin == 0)
                break;
        }
    }
    update_end_step(&f->update, &step);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void test_update_range_biases_and_norms_of_networks_do_not_decay(void **state)
{
    const struct update_settings settings = {.optimizer = {.weight_decay = 0.5},
                                             .schedule = {.learning_rate = 0.5}};
    struct fixture f;
    size_t num_decayed = 0;

    (void)state;
    fixture_create(&f, MODEL_NETWORK, &settings);
    fixture_step(&f, 0, SIZE_MAX / 2, 1);
    for (size_t i = 0; i < f.model.num_tensors; i++) {
        const struct tensor *tensor = &f.model.tensors[i];
        bool decays = ends_with(tensor->name, "/weight") && strncmp(tensor->name, "norm", 4) != 0;

        num_decayed += decays;
        for (size_t k = 0; k < tensor_num_elements(tensor); k++)
            if (tensor->data[k] != (decays ? 0.75f : 1.0f))
                fail_msg("%s[%zu] is %g", tensor->name, k, (double)tensor->data[k]);
    }
    assert_int_equal(num_decayed, 3); /* conv1, dense1, output */
    fixture_destroy(&f);
}

static void test_update_range_the_linear_model_decays_as_a_whole(void **state)
{
    const struct update_settings settings = {.optimizer = {.weight_decay = 0.5},
                                             .schedule = {.learning_rate = 0.5}};
    struct fixture f;

    (void)state;
    fixture_create(&f, MODEL_LINEAR, &settings);
    fixture_step(&f, 0, SIZE_MAX / 2, 1);
    for (size_t i = 0; i < f.model.num_tensors; i++)
        for (size_t k = 0; k < tensor_num_elements(&f.model.tensors[i]); k++)
            assert_true(f.model.tensors[i].data[k] == 0.75f);
    fixture_destroy(&f);
}

/* Padding between tensors stays zero, or ranks and files would differ in it. */
static void assert_padding_is_zero(const struct model *model, const float *values)
{
    uint8_t *is_used = calloc(model->num_parameters, 1);

    assert_non_null(is_used);
    for (size_t i = 0; i < model->num_tensors; i++)
        memset(is_used + (model->tensors[i].data - model->parameters), 1,
               tensor_num_elements(&model->tensors[i]));
    for (size_t i = 0; i < model->num_parameters; i++)
        assert_true(is_used[i] || values[i] == 0.0f);
    free(is_used);
}

static void test_update_range_any_ranges_and_parts_same_bits(void **state)
{
    const struct update_settings settings = {.optimizer = {.kind = OPTIMIZER_ADAMW,
                                                           .momentum = 0.9,
                                                           .beta2 = 0.99,
                                                           .epsilon = 1e-8,
                                                           .weight_decay = 0.1},
                                             .schedule = {.learning_rate = 0.01, .momentum = 0.9},
                                             .clip_norm = 0.5,
                                             .average = 0.9};
    const size_t part_sizes[] = {SIZE_MAX / 2, SUM_SQUARES_BLOCK, 16, 48};
    struct fixture whole, parts;

    (void)state;
    for (size_t p = 0; p < 4; p++) {
        fixture_create(&whole, MODEL_NETWORK, &settings);
        fixture_create(&parts, MODEL_NETWORK, &settings);
        for (uint64_t step = 0; step < 3; step++) {
            size_t count = update_num_blocks(&parts.update);

            fixture_draw_gradient(&whole, step);
            fixture_draw_gradient(&parts, step);
            update_sum_blocks(&whole.update, whole.grad, 0, count);
            for (size_t block = count; block-- > 0;)
                update_sum_blocks(&parts.update, parts.grad + block * SUM_SQUARES_BLOCK, block,
                                  block + 1);
            fixture_step(&whole, step, SIZE_MAX / 2, SIZE_MAX / 64);
            fixture_step(&parts, step, part_sizes[p], 1 + p);
        }
        assert_memory_equal(whole.model.parameters, parts.model.parameters,
                            whole.model.num_parameters * sizeof(float));
        assert_memory_equal(whole.update.average, parts.update.average,
                            whole.model.num_parameters * sizeof(float));
        for (size_t i = 0; i < whole.update.num_states; i++)
            assert_memory_equal(whole.update.states[i], parts.update.states[i],
                                whole.model.num_trained_parameters * sizeof(float));
        fixture_destroy(&whole);
        fixture_destroy(&parts);
    }
}

static void test_update_range_clipped_gradient_has_the_norm(void **state)
{
    const struct update_settings settings = {.schedule = {.learning_rate = 1.0}, .clip_norm = 0.25};
    struct fixture f;
    float *before;
    double sum = 0.0;

    (void)state;
    fixture_create(&f, MODEL_NETWORK, &settings);
    fixture_draw_gradient(&f, 0);
    before = malloc(f.model.num_parameters * sizeof(float));
    memcpy(before, f.model.parameters, f.model.num_parameters * sizeof(float));
    update_sum_blocks(&f.update, f.grad, 0, update_num_blocks(&f.update));
    fixture_step(&f, 0, SIZE_MAX / 2, 3);
    for (size_t i = 0; i < f.model.num_trained_parameters; i++) {
        double step = (double)before[i] - (double)f.model.parameters[i];

        sum += step * step;
    }
    assert_true(fabs(sqrt(sum) - 0.25) < 1e-4);
    free(before);
    fixture_destroy(&f);
}

/* Of the parameters 1 and what a step leaves, the average keeps min(D, (1 + step) / (10 + step)).
 */
static void test_update_average_first_steps_forget_soon(void **state)
{
    const struct update_settings settings = {.schedule = {.learning_rate = 1.0}, .average = 0.5};
    const double kept[] = {0.1,      2.0 / 11, 0.25, 4.0 / 13, 5.0 / 14, 0.4,
                           7.0 / 16, 8.0 / 17, 0.5,  0.5,      0.5};
    struct fixture f;
    double expected = 1.0;

    (void)state;
    fixture_create(&f, MODEL_NETWORK, &settings);
    for (size_t step = 0; step < sizeof(kept) / sizeof(kept[0]); step++) {
        const struct tensor *running = &f.model.tensors[4]; /* norm1/running_mean: no gradient */

        assert_string_equal(running->name, "norm1/running_mean");
        for (size_t i = 0; i < f.model.num_trained_parameters; i++)
            f.grad[i] = -1.0f;
        running->data[0] += 1.0f;
        fixture_step(&f, step, SIZE_MAX / 2, 2);
        expected = kept[step] * expected + (1 - kept[step]) * (double)(2 + step);
        assert_true(fabs((double)f.update.average[0] - expected) < 1e-4);
        assert_true(fabs((double)f.update.average[running->data - f.model.parameters] - expected) <
                    1e-4);
    }
    fixture_destroy(&f);
}

static void test_update_range_padding_stays_zero(void **state)
{
    const struct update_settings settings = {.optimizer = {.kind = OPTIMIZER_ADAM,
                                                           .momentum = 0.9,
                                                           .beta2 = 0.99,
                                                           .epsilon = 1e-8,
                                                           .weight_decay = 0.1},
                                             .schedule = {.learning_rate = 0.01, .momentum = 0.9},
                                             .average = 0.9};
    struct fixture f;

    (void)state;
    fixture_create(&f, MODEL_NETWORK, &settings);
    fixture_step(&f, 0, SIZE_MAX / 2, 2);
    assert_padding_is_zero(&f.model, f.model.parameters);
    assert_padding_is_zero(&f.model, f.update.average);
    fixture_destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_range_biases_and_norms_of_networks_do_not_decay),
        cmocka_unit_test(test_update_range_the_linear_model_decays_as_a_whole),
        cmocka_unit_test(test_update_range_any_ranges_and_parts_same_bits),
        cmocka_unit_test(test_update_range_clipped_gradient_has_the_norm),
        cmocka_unit_test(test_update_average_first_steps_forget_soon),
        cmocka_unit_test(test_update_range_padding_stays_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
