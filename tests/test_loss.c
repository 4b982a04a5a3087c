/*
 * Losses at the ends, where the textbook's formulas lose all digits; test_model.c checks gradients
 * in the middle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "model/loss.h"

/* The loss of one row; *grad is the derivative by logit 0. */
static double compute_loss(enum model_loss loss, size_t num_classes, const float *logits,
                           uint32_t label, float *grad)
{
    float grad_logits[3];
    double probs[3], sum;

    if (num_classes == 2)
        sum = loss_compute_binary(&kernels_reference, loss, logits, &label, 1, 1.0, grad_logits);
    else
        sum = loss_compute_softmax(&kernels_reference, loss, logits, &label, 1, 3, 1.0, probs,
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_binary_large_logits_keep_their_digits),
        cmocka_unit_test(test_loss_softmax_large_logits_keep_their_digits),
        cmocka_unit_test(test_loss_not_finite_logits_are_not_finite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
