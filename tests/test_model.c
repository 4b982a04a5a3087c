/*
 * What models compute, against definitions written out here in double precision: gradients against
 * central differences of the loss, probabilities, predictions and distances.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "model/kernels/kernels.h"
#include "model/model.h"
#include "tests/support.h"

enum { NUM_ROWS = 7, MAX_INPUTS = 60, MAX_CLASSES = 10 };

/* A model with a workspace, and random labelled rows to show it. */
struct fixture {
    struct model model;
    struct model_workspace workspace;
    uint8_t pixels[NUM_ROWS][MAX_INPUTS];
    const uint8_t *rows[NUM_ROWS];
    uint32_t labels[NUM_ROWS];
    float *grad;
};

static void fixture_open(struct fixture *fixture, const struct model_spec *spec)
{
    struct random_stream stream = random_stream_begin(5, RANDOM_DRAW, 0);
    struct error error = {0};

    assert_true(model_create(spec, &fixture->model, &error));
    assert_true(model_workspace_create(&fixture->model, &fixture->workspace, &error));
    assert_true(memory_allocate(&fixture->grad, fixture->model.num_parameters,
                                sizeof(*fixture->grad), &error));
    assert_true(fixture->model.num_inputs <= MAX_INPUTS);
    for (size_t b = 0; b < NUM_ROWS; b++) {
        for (size_t d = 0; d < MAX_INPUTS; d++)
            fixture->pixels[b][d] = (uint8_t)random_next(&stream);
        fixture->rows[b] = fixture->pixels[b];
        fixture->labels[b] = random_below(&stream, (uint32_t)spec->num_classes);
    }
}

static void fixture_close(struct fixture *fixture)
{
    free(fixture->grad);
    model_workspace_destroy(&fixture->workspace);
    model_destroy(&fixture->model);
}

/* 5x4 gray: 20 inputs, which is no multiple of a vector. */
static struct model_spec linear_spec(size_t num_classes, enum model_loss loss)
{
    return (struct model_spec){
        .kind = MODEL_LINEAR, .loss = loss, .image = {5, 4, 1}, .num_classes = num_classes};
}

/* ---- the linear model in double precision, straight from the definitions ---- */

/* Probabilities of one row under weights [logits][D] and biases [logits] in double. */
static void define_probs(const struct model *model, const double *weight, const double *bias,
                         const uint8_t *row, double probs[MAX_CLASSES])
{
    double total = 0.0;

    for (size_t c = 0; c < model->num_logits; c++) {
        double logit = bias[c];

        for (size_t d = 0; d < model->num_inputs; d++)
            logit += row[d] / 255.0 * weight[c * model->num_inputs + d];
        probs[c] = exp(logit);
        total += probs[c];
    }
    if (model->num_logits == 1) {
        probs[1] = probs[0] / (1.0 + probs[0]);
        probs[0] = 1.0 - probs[1];
        return;
    }
    for (size_t c = 0; c < model->num_logits; c++)
        probs[c] /= total;
}

static double define_loss(const struct fixture *fixture, const double *weight, const double *bias)
{
    double sum = 0.0;

    for (size_t b = 0; b < NUM_ROWS; b++) {
        double probs[MAX_CLASSES];

        define_probs(&fixture->model, weight, bias, fixture->rows[b], probs);
        sum += fixture->model.spec.loss == LOSS_MAE ? 1.0 - probs[fixture->labels[b]]
                                                    : -log(probs[fixture->labels[b]]);
    }
    return sum;
}

static void copy_parameters(const struct model *model, double weight[MAX_CLASSES * MAX_INPUTS],
                            double bias[MAX_CLASSES])
{
    for (size_t i = 0; i < model->num_logits * model->num_inputs; i++)
        weight[i] = model->tensors[0].data[i];
    for (size_t i = 0; i < model->num_logits; i++)
        bias[i] = model->tensors[1].data[i];
}

/* ---- gradients ---- */

/*
 * Central differences with step 1e-4 are off by 1e-8 times a third derivative below 1; the
 * gradient itself is a float sum of numbers below 1.
 */
static void check_gradient(size_t num_classes, enum model_loss loss)
{
    static const double STEP = 1e-4, TOLERANCE = 5e-7;
    const struct model_spec spec = linear_spec(num_classes, loss);
    const float loss_scale = 1.0f / NUM_ROWS;
    double weight[MAX_CLASSES * MAX_INPUTS], bias[MAX_CLASSES], found;
    struct fixture fixture;

    fixture_open(&fixture, &spec);
    model_init_normal(&fixture.model, 0.5, 3);
    copy_parameters(&fixture.model, weight, bias);
    found = model_compute_gradient(&fixture.model, fixture.rows, NULL, fixture.labels, NUM_ROWS,
                                   loss_scale, &fixture.workspace, fixture.grad);
    support_assert_close("loss", found, define_loss(&fixture, weight, bias), 1e-5);

    for (size_t t = 0; t < fixture.model.num_tensors; t++) {
        const struct tensor *tensor = &fixture.model.tensors[t];
        const float *grad = fixture.grad + (tensor->data - fixture.model.parameters);

        for (size_t i = 0; i < tensor_num_elements(tensor); i++) {
            double *value = t == 0 ? &weight[i] : &bias[i];
            const double original = *value;
            double difference;

            *value = original + STEP;
            difference = define_loss(&fixture, weight, bias);
            *value = original - STEP;
            difference -= define_loss(&fixture, weight, bias);
            *value = original;
            support_assert_close(tensor->name, grad[i], difference / (2.0 * STEP) * loss_scale,
                                 TOLERANCE);
        }
    }
    fixture_close(&fixture);
}

static void test_compute_gradient_mae_equals_differences(void **state)
{
    (void)state;
    check_gradient(2, LOSS_MAE);
    check_gradient(3, LOSS_MAE);
    check_gradient(10, LOSS_MAE);
}

static void test_compute_gradient_cross_entropy_equals_differences(void **state)
{
    (void)state;
    check_gradient(2, LOSS_CROSS_ENTROPY);
    check_gradient(3, LOSS_CROSS_ENTROPY);
    check_gradient(10, LOSS_CROSS_ENTROPY);
}

static void test_compute_gradient_old_contents_are_overwritten(void **state)
{
    const struct model_spec spec = linear_spec(3, LOSS_CROSS_ENTROPY);
    struct fixture fixture;
    size_t num_padding = 0;

    (void)state;
    fixture_open(&fixture, &spec);
    for (size_t i = 0; i < fixture.model.num_parameters; i++)
        fixture.grad[i] = NAN;
    model_compute_gradient(&fixture.model, fixture.rows, NULL, fixture.labels, NUM_ROWS, 1.0f,
                           &fixture.workspace, fixture.grad);
    for (size_t i = 0; i < fixture.model.num_parameters; i++) {
        const int is_padding = (i >= 60 && i < 64) || i >= 67;

        assert_true(isfinite(fixture.grad[i]));
        if (is_padding)
            assert_true(fixture.grad[i] == 0.0f);
        num_padding += is_padding;
    }
    assert_int_equal(num_padding, 4 + 13);
    fixture_close(&fixture);
}

static void test_compute_gradient_any_kernels_give_equal_bits(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    const struct model_spec spec = linear_spec(10, LOSS_MAE);
    float expected[320];
    struct fixture fixture;

    (void)state;
    for (size_t t = 0; t < num_tables; t++) {
        setenv("QUERN_CPU", tables[t]->name, 1);
        fixture_open(&fixture, &spec);
        unsetenv("QUERN_CPU");
        assert_ptr_equal(fixture.model.kernels, tables[t]);
        assert_true(fixture.model.num_parameters <= sizeof(expected) / sizeof(*expected));
        model_init_normal(&fixture.model, 1.0, 1);
        model_compute_gradient(&fixture.model, fixture.rows, NULL, fixture.labels, NUM_ROWS, 1.0f,
                               &fixture.workspace, fixture.grad);
        if (t == 0)
            memcpy(expected, fixture.grad, fixture.model.num_parameters * sizeof(*expected));
        assert_memory_equal(fixture.grad, expected,
                            fixture.model.num_parameters * sizeof(*expected));
        fixture_close(&fixture);
    }
}

/* ---- predictions and scores ---- */

static void check_scores(size_t num_classes)
{
    const struct model_spec spec = linear_spec(num_classes, LOSS_CROSS_ENTROPY);
    double weight[MAX_CLASSES * MAX_INPUTS], bias[MAX_CLASSES], loss_sum, expected_loss;
    float scores[NUM_ROWS * MAX_CLASSES];
    uint32_t predictions[NUM_ROWS];
    struct fixture fixture;

    fixture_open(&fixture, &spec);
    model_init_normal(&fixture.model, 1.0, 8);
    copy_parameters(&fixture.model, weight, bias);
    model_evaluate(&fixture.model, fixture.rows, fixture.labels, NUM_ROWS, &fixture.workspace,
                   predictions, scores, &loss_sum);
    for (size_t b = 0; b < NUM_ROWS; b++) {
        double probs[MAX_CLASSES];
        uint32_t largest = 0;

        define_probs(&fixture.model, weight, bias, fixture.rows[b], probs);
        for (uint32_t c = 0; c < num_classes; c++) {
            support_assert_close("probability", scores[b * num_classes + c], probs[c], 1e-6);
            if (probs[c] > probs[largest])
                largest = c;
        }
        assert_int_equal(predictions[b], largest);
    }
    expected_loss = model_compute_gradient(&fixture.model, fixture.rows, NULL, fixture.labels,
                                           NUM_ROWS, 1.0f, &fixture.workspace, fixture.grad);
    assert_true(loss_sum == expected_loss);
    assert_string_equal(model_scores_meaning(&fixture.model), "probability");
    fixture_close(&fixture);
}

static void test_evaluate_linear_equals_definition(void **state)
{
    (void)state;
    check_scores(2);
    check_scores(3);
    check_scores(10);
}

static uint32_t predict_bias(size_t num_classes, const float *biases)
{
    const struct model_spec spec = linear_spec(num_classes, LOSS_MAE);
    struct fixture fixture;
    uint32_t prediction;

    fixture_open(&fixture, &spec);
    memcpy(fixture.model.tensors[1].data, biases, fixture.model.num_logits * sizeof(*biases));
    model_evaluate(&fixture.model, fixture.rows, NULL, 1, &fixture.workspace, &prediction, NULL,
                   NULL);
    fixture_close(&fixture);
    return prediction;
}

static void test_evaluate_ties_and_nan_predict_the_lower_index(void **state)
{
    (void)state;
    assert_int_equal(predict_bias(2, (float[]){0.0f}), 0);
    assert_int_equal(predict_bias(2, (float[]){FLT_TRUE_MIN}), 1);
    assert_int_equal(predict_bias(2, (float[]){NAN}), 0);
    assert_int_equal(predict_bias(3, (float[]){1.0f, 2.0f, 2.0f}), 1);
    assert_int_equal(predict_bias(3, (float[]){NAN, -2.0f, -1.0f}), 2);
    assert_int_equal(predict_bias(3, (float[]){NAN, -INFINITY, NAN}), 1);
    assert_int_equal(predict_bias(3, (float[]){1.0f, NAN, 0.0f}), 0);
    assert_int_equal(predict_bias(3, (float[]){NAN, NAN, NAN}), 0);
}

/* ---- nearest mean ---- */

static void check_nearest_mean(enum model_distance distance, struct image_shape image)
{
    const struct model_spec spec = {
        .kind = MODEL_NEAREST_MEAN, .distance = distance, .image = image, .num_classes = 3};
    struct random_stream stream = random_stream_begin(6, RANDOM_DRAW, 0);
    float mean[3 * MAX_INPUTS], scores[NUM_ROWS * 3];
    uint32_t predictions[NUM_ROWS];
    struct fixture fixture;
    double loss_sum;

    for (size_t i = 0; i < 3 * MAX_INPUTS; i++)
        mean[i] = random_uniform(&stream);
    fixture_open(&fixture, &spec);
    model_fit_class_means(&fixture.model, mean);
    model_evaluate(&fixture.model, fixture.rows, fixture.labels, NUM_ROWS, &fixture.workspace,
                   predictions, scores, &loss_sum);
    for (size_t b = 0; b < NUM_ROWS; b++) {
        const size_t D = fixture.model.num_inputs;
        double nearest = INFINITY;
        uint32_t expected = 0;

        for (uint32_t c = 0; c < 3; c++) {
            double sum = 0.0;

            for (size_t d = 0; d < D; d++) {
                const double difference = fixture.rows[b][d] / 255.0 - mean[c * D + d];

                sum += distance == DISTANCE_L1 ? fabs(difference) : difference * difference;
            }
            sum = distance == DISTANCE_L1 ? sum / (double)D : sqrt(sum / (double)D);
            support_assert_close("distance", scores[b * 3 + c], -sum, 1e-6);
            if (sum < nearest) {
                nearest = sum;
                expected = c;
            }
        }
        assert_int_equal(predictions[b], expected);
    }
    assert_true(isnan(loss_sum));
    assert_false(model_has_gradient(&fixture.model));
    fixture_close(&fixture);
}

static void test_evaluate_nearest_mean_equals_definition(void **state)
{
    (void)state;
    check_nearest_mean(DISTANCE_L1, (struct image_shape){5, 4, 1});
    check_nearest_mean(DISTANCE_L2, (struct image_shape){5, 4, 1});
    check_nearest_mean(DISTANCE_L1, (struct image_shape){2, 8, 3});
    check_nearest_mean(DISTANCE_L2, (struct image_shape){5, 4, 3});
}

/* Two classes too have two scores. */
static void test_evaluate_nearest_mean_two_classes_has_two_scores(void **state)
{
    const struct model_spec spec = {
        .kind = MODEL_NEAREST_MEAN, .distance = DISTANCE_L2, .image = {1, 1, 1}, .num_classes = 2};
    const uint8_t white = 255;
    const uint8_t *row = &white;
    struct fixture fixture;
    float scores[2];
    uint32_t prediction;

    (void)state;
    fixture_open(&fixture, &spec);
    model_fit_class_means(&fixture.model, (float[]){0.25f, 0.75f});
    model_evaluate(&fixture.model, &row, NULL, 1, &fixture.workspace, &prediction, scores, NULL);
    assert_true(scores[0] == -0.75f && scores[1] == -0.25f);
    assert_int_equal(prediction, 1);
    assert_string_equal(model_scores_meaning(&fixture.model),
                        "negative root mean square difference");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compute_gradient_mae_equals_differences),
        cmocka_unit_test(test_compute_gradient_cross_entropy_equals_differences),
        cmocka_unit_test(test_compute_gradient_old_contents_are_overwritten),
        cmocka_unit_test(test_compute_gradient_any_kernels_give_equal_bits),
        cmocka_unit_test(test_evaluate_linear_equals_definition),
        cmocka_unit_test(test_evaluate_ties_and_nan_predict_the_lower_index),
        cmocka_unit_test(test_evaluate_nearest_mean_equals_definition),
        cmocka_unit_test(test_evaluate_nearest_mean_two_classes_has_two_scores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
