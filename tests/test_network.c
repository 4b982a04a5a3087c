#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/random.h"
#include "model/network.h"
#include "model/pass.h"
#include "tests/support.h"

/* ---- a batch through a network ---- */

enum { MAX_ROWS = 80, SEED = 7, EPOCH = 3 };

struct fixture {
    struct model model;
    struct pass pass;
    size_t num_rows, num_slices;
    uint8_t *pixels;
    const uint8_t *rows[MAX_ROWS];
    uint32_t labels[MAX_ROWS], samples[MAX_ROWS];
    float *grad; /* flat */
    float *slice_grads[3];
};

/* Of every trained parameter something, around the 1 of a norm's weight, away from 0 elsewhere. */
static void fixture_init_parameters(struct model *model)
{
    struct random_stream stream = random_stream_begin(SEED, RANDOM_DRAW, 1);
    size_t index = 0;

    for (size_t i = 0; i < model->network->num_layers; i++) {
        const struct layer *layer = &model->network->layers[i];

        for (size_t k = 0; k < layer->num_tensors; k++, index++) {
            const struct tensor *tensor = &model->tensors[index];
            bool is_one = layer->tensors[k].role == ROLE_NORM_WEIGHT ||
                          layer->tensors[k].role == ROLE_RUNNING_VARIANCE;

            for (size_t e = 0; e < tensor_num_elements(tensor); e++)
                tensor->data[e] = (is_one ? 1.0f : 0.0f) + random_uniform(&stream) - 0.5f;
        }
    }
}

static void fixture_create(struct fixture *f, const char *text, struct image_shape image,
                           size_t num_classes, size_t num_rows, size_t num_threads)
{
    struct model_spec spec = {.kind = MODEL_NETWORK,
                              .loss = LOSS_CROSS_ENTROPY,
                              .image = image,
                              .num_classes = num_classes,
                              .layers = text,
                              .input = model_input_unit()};
    struct pass_size size = {
        .max_rows = num_rows, .max_slices = 3, .num_threads = num_threads, .is_training = true};
    struct random_stream stream = random_stream_begin(1, RANDOM_DRAW, 0);
    struct error error = {0};
    size_t num_values = image_num_values(&image);

    *f = (struct fixture){.num_rows = num_rows,
                          .num_slices = (num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS};
    assert_ok(model_create(&spec, &f->model, &error), &error);
    assert_ok(pass_create(&f->pass, &f->model, &size, &error), &error);
    fixture_init_parameters(&f->model);
    f->pixels = malloc(num_rows * num_values);
    for (size_t i = 0; i < num_rows * num_values; i++)
        f->pixels[i] = (uint8_t)random_below(&stream, 256);
    for (size_t i = 0; i < num_rows; i++) {
        f->rows[i] = f->pixels + i * num_values;
        f->labels[i] = random_below(&stream, (uint32_t)num_classes);
        f->samples[i] = (uint32_t)(1000 + i);
    }
    f->grad = calloc(f->model.num_parameters, sizeof(float));
    for (size_t i = 0; i < f->num_slices; i++)
        f->slice_grads[i] = calloc(f->model.num_slice_parameters + 16, sizeof(float));
}

static void fixture_destroy(struct fixture *f)
{
    pass_destroy(&f->pass);
    model_destroy(&f->model);
    free(f->pixels);
    free(f->grad);
    for (size_t i = 0; i < 3; i++)
        free(f->slice_grads[i]);
}

static struct pass_slice fixture_slice(const struct fixture *f, size_t index)
{
    size_t first = index * MODEL_SLICE_ROWS, left = f->num_rows - first;

    return (struct pass_slice){.index = index,
                               .num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS,
                               .rows = f->rows + first,
                               .labels = f->labels + first,
                               .samples = f->samples + first,
                               .seed = SEED,
                               .epoch = EPOCH};
}

/* The mean loss of the batch; with the gradient, in f->grad, if asked for. */
static double fixture_run(struct fixture *f, bool with_gradient)
{
    size_t last = pass_num_stages(&f->model) - 1, size = f->model.network->sums_size;
    double loss = 0.0;

    model_pack(&f->model, true, 0, 1);
    for (size_t stage = 0; stage <= last; stage++) {
        for (size_t s = 0; s < f->num_slices; s++) {
            struct pass_slice slice = fixture_slice(f, s);

            pass_forward(&f->pass, stage, &slice, f->pass.sums + s * size);
            if (stage == last)
                loss += pass_loss(&f->pass, &slice, 1.0 / (double)f->num_rows);
            if (stage == last && with_gradient)
                pass_backward(&f->pass, stage, &slice, f->slice_grads[s], f->pass.sums + s * size);
        }
        if (stage < last)
            pass_end_forward(&f->pass, stage, f->pass.sums, f->num_slices, f->num_rows,
                             f->model.parameters);
    }
    for (size_t stage = last; with_gradient && stage > 0; stage--) {
        pass_end_backward(&f->pass, stage, f->pass.sums, f->num_slices, f->num_rows);
        for (size_t s = 0; s < f->num_slices; s++) {
            struct pass_slice slice = fixture_slice(f, s);

            pass_backward(&f->pass, stage - 1, &slice, f->slice_grads[s], f->pass.sums + s * size);
        }
    }
    if (with_gradient) {
        pass_gradient_tiles(&f->pass, 0, f->num_slices, f->num_rows, 0, 1, f->grad);
        f->model.kernels->tree_add(f->slice_grads, f->num_slices, 0, f->model.num_slice_parameters);
        memcpy(f->grad, f->slice_grads[0], f->model.num_slice_parameters * sizeof(float));
    }
    return loss / (double)f->num_rows;
}

/* ---- gradients against finite differences ---- */

static void check_gradient(const char *text, struct image_shape image, size_t num_classes,
                           size_t num_rows, float step)
{
    struct fixture f;
    double worst = 0.0;

    fixture_create(&f, text, image, num_classes, num_rows, 1);
    fixture_run(&f, true);
    for (size_t i = 0; i < f.model.num_tensors; i++) {
        const struct tensor *tensor = &f.model.tensors[i];
        size_t num_elements = tensor_num_elements(tensor);
        size_t offset = (size_t)(tensor->data - f.model.parameters);

        if (offset >= f.model.num_trained_parameters)
            continue;
        for (size_t k = 0; k < num_elements; k += 1 + num_elements / 23) {
            float saved = tensor->data[k];
            double above, below, difference;

            tensor->data[k] = saved + step;
            above = fixture_run(&f, false);
            tensor->data[k] = saved - step;
            below = fixture_run(&f, false);
            tensor->data[k] = saved;
            difference = (above - below) / (2 * (double)step);
            if (fabs(difference - (double)f.grad[offset + k]) > worst)
                worst = fabs(difference - (double)f.grad[offset + k]);
            if (fabs(difference - (double)f.grad[offset + k]) > 2e-3 * (1 + fabs(difference)))
                fail_msg("%s: %s[%zu]: %g by differences, %g by the pass", text, tensor->name, k,
                         difference, (double)f.grad[offset + k]);
        }
    }
    print_message("%s: worst %g\n", text, worst);
    fixture_destroy(&f);
}

static void test_pass_gradient_agrees_with_finite_differences(void **state)
{
    const struct image_shape gray = {6, 7, 1}, rgb = {8, 6, 3};

    (void)state;
    check_gradient("", gray, 2, 5, 0x1p-7f);
    check_gradient("", rgb, 4, 5, 0x1p-7f);
    check_gradient("dense:9", gray, 3, 40, 0x1p-7f);
    check_gradient("dense:9 dense:5", rgb, 2, 70, 0x1p-7f);
    check_gradient("conv:4", gray, 3, 5, 0x1p-7f);
    check_gradient("conv:4 conv:3:5 conv:2:1", rgb, 3, 35, 0x1p-7f);
    check_gradient("conv:4:3:s2 conv:3:3:s2", rgb, 3, 5, 0x1p-7f);
    check_gradient("conv:3 avgpool", rgb, 3, 33, 0x1p-7f);
    check_gradient("norm dense:5 norm", gray, 3, 70, 0x1p-7f);
    check_gradient("conv:3 norm conv:4 norm avgpool", rgb, 3, 40, 0x1p-7f);
    check_gradient("conv:4 res(conv:5 conv:4) conv:2", gray, 3, 5, 0x1p-7f);
    check_gradient("conv:4 res(norm conv:4 res(conv:4)) dense:3", rgb, 3, 40, 0x1p-7f);
    check_gradient("dense:6 res(dense:6)", gray, 3, 1, 0x1p-7f);
    check_gradient("conv:6 dropout:0.4 dense:8 dropout:0.2", rgb, 3, 40, 0x1p-7f);
}

/* Piecewise linear layers have corners, which a difference may step over: it is a
 * small one. */
static void test_pass_gradient_with_corners_agrees_with_finite_differences(void **state)
{
    const struct image_shape gray = {6, 7, 1}, rgb = {8, 6, 3};

    (void)state;
    check_gradient("dense:9 relu", gray, 3, 3, 0x1p-12f);
    check_gradient("dense:9 leaky:0.2", gray, 3, 3, 0x1p-12f);
    check_gradient("conv:4 leaky:0.1 res(leaky:0.3 conv:4)", gray, 3, 1, 0x1p-13f);
    check_gradient("conv:4 relu pool conv:5 relu dense:6 relu", rgb, 3, 2, 0x1p-12f);
    check_gradient("conv:4 pool relu conv:3 pool", rgb, 3, 2, 0x1p-12f);
    check_gradient("conv:4 relu res(relu conv:4 relu) relu", gray, 3, 2, 0x1p-12f);
}

/* ---- evaluation and running averages ---- */

/* Each logit of one row, of a network whose parameters are fixture_init_parameters'. */
static void evaluate_row(const char *text, float scores[3])
{
    const uint32_t label = 0;
    struct model_workspace workspace;
    struct error error = {0};
    struct fixture f;

    fixture_create(&f, text, (struct image_shape){5, 4, 1}, 3, 1, 1);
    assert_ok(model_workspace_create(&f.model, &workspace, &error), &error);
    model_pack(&f.model, false, 0, 1);
    model_evaluate(&f.model, f.rows, &label, 1, &workspace, NULL, scores, NULL);
    model_workspace_destroy(&workspace);
    fixture_destroy(&f);
}

static void test_model_evaluate_dropout_changes_nothing(void **state)
{
    float without[3], with[3];

    (void)state;
    evaluate_row("conv:3 res(relu conv:3)", without);
    evaluate_row("conv:3 dropout:0.9 res(dropout:0.5 relu conv:3 dropout:0.5) dropout:0.9", with);
    assert_memory_equal(without, with, sizeof(with));
}

/* Rounding leaves a constant channel a little more or less than no variance. */
static void test_pass_end_forward_no_variance_is_negative(void **state)
{
    struct fixture f;
    bool was_rounded = false;

    (void)state;
    fixture_create(&f, "norm", (struct image_shape){3, 5, 1}, 3, 70, 1);
    for (int value = 0; value < 256; value++) {
        float *variance = &f.model.tensors[3].data[0];

        assert_string_equal(f.model.tensors[3].name, "norm1/running_var");
        memset(f.pixels, value, 70 * 15);
        *variance = 0.0f;
        fixture_run(&f, false);
        assert_true(*variance >= 0.0f && *variance < 1e-10f);
        was_rounded |= *variance > 0.0f;
    }
    assert_true(was_rounded);
    fixture_destroy(&f);
}

/* ---- tiles ---- */

static void test_pass_gradient_tiles_any_threads_write_every_tile_once(void **state)
{
    const struct image_shape image = {13, 11, 1};
    struct fixture f;
    float *expected, *found;

    (void)state;
    fixture_create(&f, "dense:200 relu dense:33 relu dense:500", image, 3, 70, 7);
    fixture_run(&f, true);
    expected = malloc(f.model.num_parameters * sizeof(float));
    found = malloc(f.model.num_parameters * sizeof(float));
    memset(expected, 0xff, f.model.num_parameters * sizeof(float)); /* nan */
    pass_gradient_tiles(&f.pass, 0, 3, 70, 0, 1, expected);
    for (size_t i = 0; i < f.model.num_tensors; i++) {
        const struct tensor *tensor = &f.model.tensors[i];

        if (tensor->rank == 2)
            for (size_t k = 0; k < tensor_num_elements(tensor); k++)
                assert_true(isfinite(expected[tensor->data - f.model.parameters + k]));
    }
    for (size_t num_threads = 2; num_threads <= 7; num_threads++) {
        memset(found, 0xff, f.model.num_parameters * sizeof(float));
        for (size_t thread = num_threads; thread-- > 0;) {
            size_t num_written = 0;

            memcpy(f.grad, found, f.model.num_parameters * sizeof(float));
            pass_gradient_tiles(&f.pass, 0, 3, 70, thread, num_threads, found);
            for (size_t i = 0; i < f.model.num_parameters; i++) {
                bool is_new = memcmp(&f.grad[i], &found[i], sizeof(float)) != 0;

                num_written += is_new;
                if (is_new && !isnan(f.grad[i]))
                    fail_msg("thread %zu of %zu writes what another has", thread, num_threads);
            }
            assert_true(num_written > 0);
        }
        assert_memory_equal(found, expected, f.model.num_parameters * sizeof(float));
    }
    free(expected);
    free(found);
    fixture_destroy(&f);
}

/* ---- texts ---- */

static void assert_refused(const char *text, struct image_shape image, const char *part)
{
    struct network network;
    struct error error = {0};

    assert_fails(network_plan(&network, text, &image, 3, &error), &error, STATUS_USAGE);
    if (!strstr(error.what, part))
        fail_msg("'%s': '%s' does not say '%s'", text, error.what, part);
}

static void test_network_plan_text_that_cannot_be_is_refused_by_name(void **state)
{
    const struct image_shape image = {8, 8, 1};

    (void)state;
    assert_refused("pool pool pool pool", image, "layer 4 of the network, 'pool'");
    assert_refused("dense:1000000000000", image, "layer 1 of the network, 'dense:1000000000000'");
    assert_refused("dense:0", image, "dense:0");
    assert_refused("dense", image, "needs one number");
    assert_refused("conv", image, "needs the number of channels");
    assert_refused("conv:8:4", image, "odd side");
    assert_refused("conv:8:3:s0", image, "stride");
    assert_refused("dense:8 conv:4", image, "needs an image");
    assert_refused("relu:3", image, "nothing behind a colon");
    assert_refused("dropout:1", image, "below 1");
    assert_refused("leaky", image, "the slope");
    assert_refused("leaky:1", image, "between 0 and 1");
    assert_refused("denes:8", image, "there is no such layer");
    assert_refused("res(conv:2", image, "without its )");
    assert_refused("conv:2 )", image, "without its res(");
    assert_refused("res( )", image, "nothing inside");
    assert_refused("conv:2 res(conv:3)", image, "another shape");
    assert_refused("res(conv:1 avgpool)", (struct image_shape){1, 1, 1}, "a vector");
    assert_refused("res(dense:3)", (struct image_shape){1, 1, 3}, "a vector");
    assert_refused("conv:2:3:s1:3:x", image, "conv:2:3:s1:3:x");
    assert_refused("conv:2:3:5", image, "conv:2:3:5");
    assert_refused("conv:2:s1:s2", image, "conv:2:s1:s2");
}

/* A text may claim any size: what it would take is a large number, not what is left of it in 64
 * bits. */
static void test_pass_nbytes_no_size_wraps_around(void **state)
{
    const struct image_shape image = {65535, 65535, 3};
    struct model_spec spec = {.kind = MODEL_NETWORK,
                              .loss = LOSS_CROSS_ENTROPY,
                              .image = image,
                              .num_classes = 4,
                              .layers = "conv:1048576:1 relu conv:1048576:1 avgpool"};
    struct pass_size size = {
        .max_rows = UINT32_MAX, .max_slices = UINT32_MAX / 32, .num_threads = 1024};
    struct model model;
    struct error error = {0};

    (void)state;
    assert_ok(model_describe(&spec, &model, &error), &error);
    for (int is_training = 0; is_training < 2; is_training++) {
        size.is_training = is_training;
        for (size.num_threads = 1; size.num_threads < 1 << 20; size.num_threads *= 2)
            assert_true(pass_nbytes(&model, &size) >= (uint64_t)1 << 58);
    }
    model_destroy(&model);
}

static void test_network_plan_names_are_by_type_and_order(void **state)
{
    const struct image_shape image = {8, 8, 3};
    const char *const names[] = {"conv1/weight", "conv1/bias",         "norm1/weight",
                                 "norm1/bias",   "norm1/running_mean", "norm1/running_var",
                                 "conv2/weight", "conv2/bias",         "dense1/weight",
                                 "dense1/bias",  "output/weight",      "output/bias"};
    struct model_spec spec = {.kind = MODEL_NETWORK,
                              .loss = LOSS_CROSS_ENTROPY,
                              .image = image,
                              .num_classes = 4,
                              .layers = "conv:5 norm relu conv:6:1 pool dense:7"};
    struct model model;
    struct error error = {0};

    (void)state;
    assert_ok(model_create(&spec, &model, &error), &error);
    assert_int_equal(model.num_tensors, sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < model.num_tensors; i++)
        assert_string_equal(model.tensors[i].name, names[i]);
    assert_int_equal(model.tensors[0].shape[1], 3);
    assert_int_equal(model.tensors[8].shape[1], 6 * 4 * 4);
    model_destroy(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass_gradient_agrees_with_finite_differences),
        cmocka_unit_test(test_pass_gradient_with_corners_agrees_with_finite_differences),
        cmocka_unit_test(test_model_evaluate_dropout_changes_nothing),
        cmocka_unit_test(test_pass_end_forward_no_variance_is_negative),
        cmocka_unit_test(test_pass_gradient_tiles_any_threads_write_every_tile_once),
        cmocka_unit_test(test_network_plan_text_that_cannot_be_is_refused_by_name),
        cmocka_unit_test(test_pass_nbytes_no_size_wraps_around),
        cmocka_unit_test(test_network_plan_names_are_by_type_and_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
