/*
 * Losses at the ends, where the textbook's formulas lose all digits; with weights and smoothing,
 * against PyTorch and finite differences.  test_model.c checks the plain gradients in the middle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "model/loss.h"

/* The loss of one row; *grad is the derivative by logit 0. */
static double compute_loss(enum model_loss kind, size_t num_classes, const float *logits,
                           uint32_t label, float *grad)
{
    const struct loss loss = {.kind = kind};
    float grad_logits[3];
    double probs[3], sum;

    if (num_classes == 2)
        sum = loss_compute_binary(&kernels_reference, &loss, logits, &label, 1, 1.0, grad_logits);
    else
        sum = loss_compute_softmax(&kernels_reference, &loss, logits, &label, 1, 3, 1.0, probs,
                                   grad_logits);
    *grad = grad_logits[0];
    return sum;
}

static void assert_ratio(double found, double expected)
{
    if (!(fabs(found / expected - 1.0) <= 1e-6))
        fail_msg("%.9g is not %.9g", found, expected);
}

static void test_loss_binary_large_logits_keep_their_digits(void **state)
{
    const float large = 80.0f, huge = FLT_MAX;
    float grad;

    (void)state;
    assert_ratio(compute_loss(LOSS_MAE, 2, &large, 1, &grad), exp(-80.0));
    assert_ratio(grad, -exp(-80.0));
    assert_ratio(compute_loss(LOSS_MAE, 2, &large, 0, &grad), 1.0);
    assert_ratio(grad, exp(-80.0));
    assert_ratio(compute_loss(LOSS_CROSS_ENTROPY, 2, &large, 1, &grad), exp(-80.0));
    assert_ratio(grad, -exp(-80.0));
    assert_ratio(compute_loss(LOSS_CROSS_ENTROPY, 2, &large, 0, &grad), 80.0);
    assert_ratio(grad, 1.0);
    assert_ratio(compute_loss(LOSS_CROSS_ENTROPY, 2, &huge, 0, &grad), (double)FLT_MAX);
    assert_true(compute_loss(LOSS_MAE, 2, &huge, 1, &grad) == 0.0 && grad == 0.0f);
}

static void test_loss_softmax_large_logits_keep_their_digits(void **state)
{
    const float large[] = {80.0f, 0.0f, 0.0f}, huge[] = {FLT_MAX, -FLT_MAX, 0.0f};
    float grad;

    (void)state;
    assert_ratio(compute_loss(LOSS_MAE, 3, large, 0, &grad), 2.0 * exp(-80.0));
    assert_ratio(grad, -2.0 * exp(-80.0));
    assert_ratio(compute_loss(LOSS_MAE, 3, large, 1, &grad), 1.0);
    assert_ratio(grad, exp(-80.0));
    assert_ratio(compute_loss(LOSS_CROSS_ENTROPY, 3, large, 0, &grad), 2.0 * exp(-80.0));
    assert_ratio(grad, -2.0 * exp(-80.0));
    assert_ratio(compute_loss(LOSS_CROSS_ENTROPY, 3, large, 2, &grad), 80.0);
    assert_ratio(grad, 1.0);
    assert_ratio(compute_loss(LOSS_CROSS_ENTROPY, 3, huge, 1, &grad), 2.0 * (double)FLT_MAX);
}

static void test_loss_not_finite_logits_are_not_finite(void **state)
{
    const float nan_logits[] = {NAN, 0.0f, 1.0f}, infinite[] = {INFINITY, INFINITY, -INFINITY};
    float grad;

    (void)state;
    for (int loss = LOSS_MAE; loss <= LOSS_CROSS_ENTROPY; loss++) {
        assert_true(isnan(compute_loss((enum model_loss)loss, 2, nan_logits, 1, &grad)));
        assert_true(isnan(grad));
        assert_true(isnan(compute_loss((enum model_loss)loss, 3, nan_logits, 1, &grad)));
        assert_true(isnan(grad));
        assert_true(isnan(compute_loss((enum model_loss)loss, 3, infinite, 0, &grad)));
    }
    assert_true(compute_loss(LOSS_CROSS_ENTROPY, 2, infinite, 0, &grad) == INFINITY);
}

/* ---- weights and smoothing ---- */

enum { NUM_ROWS = 5, NUM_CLASSES = 3 };

static const double WEIGHT[NUM_CLASSES] = {0.5, 2.0, 1.25};
static const uint32_t LABELS[NUM_ROWS] = {0, 2, 1, 1, 0};
static const float LOGITS[NUM_ROWS * NUM_CLASSES] = {
    0.25f, -1.5f, 2.0f, 3.0f, 0.5f,  -0.75f, 1.0f, 1.0f,
    -2.0f, 0.0f,  4.0f, 0.5f, -1.0f, 0.125f, 6.0f,
};

/* The sum over the rows, their classes modulo 2 for the binary loss of logits [NUM_ROWS]. */
static double compute_sum(const struct loss *loss, size_t C, const float *logits, double loss_scale,
                          float *grad)
{
    double probs[NUM_ROWS * NUM_CLASSES];
    uint32_t labels[NUM_ROWS];

    for (size_t b = 0; b < NUM_ROWS; b++)
        labels[b] = LABELS[b] % (uint32_t)C;
    if (C == 2)
        return loss_compute_binary(&kernels_reference, loss, logits, labels, NUM_ROWS, loss_scale,
                                   grad);
    return loss_compute_softmax(&kernels_reference, loss, logits, labels, NUM_ROWS, C, loss_scale,
                                probs, grad);
}

/* The mean that PyTorch gives: over the sum of the labels' weights. */
static double compute_mean(const struct loss *loss, size_t C)
{
    uint64_t counts[NUM_CLASSES] = {0};

    for (size_t b = 0; b < NUM_ROWS; b++)
        counts[LABELS[b] % C]++;
    return compute_sum(loss, C, LOGITS, 1.0, NULL) / loss_sum_weights(loss, counts, C);
}

/* torch.nn.functional.cross_entropy(logits, labels, weight=, label_smoothing=) of PyTorch 2.15, in
 * float64; two classes with logits (0, z). */
static void test_loss_weights_and_smoothing_equal_pytorch(void **state)
{
    static const struct {
        size_t C;
        double smoothing;
        const double *weight;
        double expected;
    } CASES[] = {
        {2, 0, NULL, 0.43538900893168347},   {2, 0, WEIGHT, 0.24577192113714191},
        {2, 0.1, NULL, 0.49288900893168347}, {2, 0.1, WEIGHT, 0.30703438912930087},
        {2, 0.3, NULL, 0.60788900893168352}, {2, 0.3, WEIGHT, 0.42955932511361866},
        {2, 1, NULL, 1.0103890089316834},    {2, 1, WEIGHT, 0.85839660105873117},
        {3, 0, NULL, 2.7109677739089575},    {3, 0, WEIGHT, 1.730060126702653},
        {3, 0.1, NULL, 2.6934677739089574},  {3, 0.1, WEIGHT, 1.8071508914232834},
        {3, 0.3, NULL, 2.6584677739089573},  {3, 0.3, WEIGHT, 1.9613324208645442},
        {3, 1, NULL, 2.5359677739089568},    {3, 1, WEIGHT, 2.5009677739089571},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct loss loss = {LOSS_CROSS_ENTROPY, CASES[i].smoothing, CASES[i].weight};

        assert_ratio(compute_mean(&loss, CASES[i].C), CASES[i].expected);
    }
}

static void test_loss_weighted_gradient_equals_differences(void **state)
{
    enum { NUM_STEPS = 1 << 10 };
    const double loss_scale = 0.375, distance = 1.0 / NUM_STEPS;

    (void)state;
    for (int i = 0; i < 8; i++) {
        const enum model_loss kind = i & 1 ? LOSS_CROSS_ENTROPY : LOSS_MAE;
        const size_t C = i & 2 ? NUM_CLASSES : 2, num_logits = C == 2 ? 1 : C;
        const struct loss loss = {kind, i & 1 ? 0.3 : 0.0, i & 4 ? WEIGHT : NULL};
        float grad[NUM_ROWS * NUM_CLASSES];

        compute_sum(&loss, C, LOGITS, loss_scale, grad);
        for (size_t k = 0; k < NUM_ROWS * num_logits; k++) {
            float above[NUM_ROWS * NUM_CLASSES], below[NUM_ROWS * NUM_CLASSES];
            double difference;

            memcpy(above, LOGITS, sizeof(above));
            memcpy(below, LOGITS, sizeof(below));
            above[k] += (float)distance; /* exact: logits are multiples of 1/8 */
            below[k] -= (float)distance;
            difference = (compute_sum(&loss, C, above, 1.0, NULL) -
                          compute_sum(&loss, C, below, 1.0, NULL)) /
                         (2.0 * distance);
            if (!(fabs((double)grad[k] - loss_scale * difference) <= 1e-6))
                fail_msg("case %d, logit %zu: gradient %g, differences say %g", i, k,
                         (double)grad[k], loss_scale * difference);
        }
    }
}

/* Weights that are all 1 take another way than no weights, to the same numbers. */
static void test_loss_weights_of_one_change_nothing(void **state)
{
    static const double ONES[NUM_CLASSES] = {1.0, 1.0, 1.0};

    (void)state;
    for (int i = 0; i < 4; i++) {
        const enum model_loss kind = i & 1 ? LOSS_CROSS_ENTROPY : LOSS_MAE;
        const size_t C = i & 2 ? NUM_CLASSES : 2, num_logits = C == 2 ? 1 : C;
        const struct loss plain = {.kind = kind}, weighted = {.kind = kind, .weight = ONES};
        float expected[NUM_ROWS * NUM_CLASSES], found[NUM_ROWS * NUM_CLASSES];

        assert_ratio(compute_sum(&weighted, C, LOGITS, 0.2, found),
                     compute_sum(&plain, C, LOGITS, 0.2, expected));
        for (size_t k = 0; k < NUM_ROWS * num_logits; k++)
            assert_ratio((double)found[k], (double)expected[k]);
    }
}

/* A class that is sure of itself: 1 - p is far below what 1 - p in double could say. */
static void test_loss_weighted_large_logits_keep_their_digits(void **state)
{
    const struct loss loss = {.kind = LOSS_CROSS_ENTROPY, .weight = WEIGHT};
    const float logits[] = {80.0f, 0.0f, 0.0f};
    const uint32_t label = 0;
    float grad[3];
    double probs[3];

    (void)state;
    assert_ratio(
        loss_compute_softmax(&kernels_reference, &loss, logits, &label, 1, 3, 1.0, probs, grad),
        0.5 * 2.0 * exp(-80.0));
    assert_ratio((double)grad[0], -0.5 * 2.0 * exp(-80.0));
    assert_ratio((double)grad[1], 0.5 * exp(-80.0));
    assert_ratio(loss_compute_binary(&kernels_reference, &loss, (const float[]){-80.0f}, &label, 1,
                                     1.0, grad),
                 0.5 * exp(-80.0));
    assert_ratio((double)grad[0], 0.5 * exp(-80.0));
}

static void test_loss_balanced_weights_count_classes_alike(void **state)
{
    static const uint64_t COUNTS[] = {10, 0, 30, 5};
    double weight[4];
    const struct loss loss = {.weight = weight};

    (void)state;
    loss_balance_weights(COUNTS, 4, weight);
    assert_true(weight[0] == 1.5 && weight[1] == 0.0 && weight[2] == 0.5 && weight[3] == 3.0);
    assert_true(loss_sum_weights(&loss, COUNTS, 4) == 45.0);
    assert_true(loss_sum_weights(&(struct loss){0}, COUNTS, 4) == 45.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_binary_large_logits_keep_their_digits),
        cmocka_unit_test(test_loss_softmax_large_logits_keep_their_digits),
        cmocka_unit_test(test_loss_not_finite_logits_are_not_finite),
        cmocka_unit_test(test_loss_weights_and_smoothing_equal_pytorch),
        cmocka_unit_test(test_loss_weighted_gradient_equals_differences),
        cmocka_unit_test(test_loss_weights_of_one_change_nothing),
        cmocka_unit_test(test_loss_weighted_large_logits_keep_their_digits),
        cmocka_unit_test(test_loss_balanced_weights_count_classes_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
