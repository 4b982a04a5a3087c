#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/bootstrap.h"
#include "metrics/comparison.h"
#include "metrics/interval.h"
#include "tests/support.h"

static void assert_interval(const char *what, struct interval found, double low, double high,
                            double tolerance)
{
    support_assert_close(what, found.low, low, tolerance);
    support_assert_close(what, found.high, high, tolerance);
}

/* ---- proportions ---- */

static void test_interval_of_proportion_is_wilsons(void **state)
{
    (void)state;
    /* Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I. */
    assert_interval("81/263", interval_of_proportion(81, 263), 0.2553, 0.3662, 5e-5);
    assert_interval("15/148", interval_of_proportion(15, 148), 0.0624, 0.1605, 5e-5);
    assert_interval("0/20", interval_of_proportion(0, 20), 0, 0.1611, 5e-5);
    assert_interval("1/29", interval_of_proportion(1, 29), 0.0061, 0.1718, 5e-5);
    assert_true(interval_of_proportion(0, 20).low == 0);
    assert_true(interval_of_proportion(7, 7).high == 1);
    assert_true(isnan(interval_of_proportion(0, 0).low));
}

static void test_interval_of_mean_one_proportion_is_its_own(void **state)
{
    const uint64_t hits[] = {81, 0}, samples[] = {263, 0};
    struct interval one = interval_of_proportion(81, 263);

    (void)state;
    assert_interval("one", interval_of_mean(hits, samples, 1), one.low, one.high, 1e-15);
    /* A class without samples has no part in it. */
    assert_interval("and none", interval_of_mean(hits, samples, 2), one.low, one.high, 1e-15);
    assert_true(isnan(interval_of_mean(hits + 1, samples + 1, 1).low));
}

static void test_interval_of_mean_all_right_is_not_certain(void **state)
{
    const uint64_t hits[] = {5, 7}, samples[] = {5, 7};
    struct interval interval = interval_of_mean(hits, samples, 2);

    (void)state;
    assert_true(interval.high == 1);
    assert_true(interval.low > 0.6 && interval.low < 0.85);
}

static void test_interval_of_difference_is_newcombes(void **state)
{
    (void)state;
    /* Newcombe, Statistics in Medicine 17, 1998, pages 2635-2650, table III: method 10. */
    assert_interval("36, 12, 2, 0", interval_of_difference(36, 12, 2, 0), 0.0569, 0.3404, 5e-5);
    assert_interval("none", interval_of_difference(0, 0, 0, 54), -0.0664, 0.0664, 5e-5);
    assert_interval("the other way", interval_of_difference(36, 2, 12, 0), -0.3404, -0.0569, 5e-5);
    /* A positive correlation, which is corrected; by the formula of tests/metrics/check.py. */
    assert_interval("20, 12, 2, 16", interval_of_difference(20, 12, 2, 16), 0.056156424841748,
                    0.3292069954001405, 1e-12);
    assert_true(isnan(interval_of_difference(0, 0, 0, 0).high));
}

/* ---- McNemar's test ---- */

static void test_comparison_test_few_is_exact(void **state)
{
    struct mcnemar test = comparison_test(1, 9);

    (void)state;
    assert_true(test.is_exact);
    assert_true(isnan(test.statistic));
    /* 2 * (1 + 10) / 1024 */
    assert_true(test.p_value == 22.0 / 1024);
    assert_true(comparison_test(9, 1).p_value == 22.0 / 1024);
    assert_true(comparison_test(0, 0).p_value == 1);
    assert_true(comparison_test(5, 5).p_value == 1);
    /* By scipy.stats.binomtest(430, 990).pvalue. */
    support_assert_close("430 to 560", comparison_test(430, 560).p_value, 4.0365304219335986e-05,
                         1e-15);
}

static void test_comparison_test_many_is_chi_square(void **state)
{
    struct mcnemar test = comparison_test(600, 500);

    (void)state;
    assert_false(test.is_exact);
    support_assert_close("statistic", test.statistic, 99.0 * 99.0 / 1100, 1e-12);
    /* By scipy.stats.chi2.sf(8.91, 1). */
    support_assert_close("p", test.p_value, 0.0028361326556546836, 1e-15);
    assert_true(comparison_test(500, 500).p_value == 1);
}

static void test_comparison_compute_counts_who_is_right(void **state)
{
    const uint32_t labels[] = {0, 0, 0, 1, 1, 1}, first[] = {0, 0, 1, 1, 0, 2},
                   second[] = {0, 1, 0, 1, 0, 0};
    struct comparison comparison;
    struct error error = {0};

    (void)state;
    assert_ok(comparison_compute(3, labels, first, second, 6, &comparison, &error), &error);
    assert_int_equal(comparison.all.num_both, 2);
    assert_int_equal(comparison.all.num_first_only, 1);
    assert_int_equal(comparison.all.num_second_only, 1);
    assert_int_equal(comparison.all.num_neither, 2);
    assert_int_equal(comparison.num_differing, 3);
    assert_int_equal(comparison.classes[0].num_first_only, 1);
    assert_int_equal(comparison.classes[1].num_neither, 2);
    assert_int_equal(comparison.classes[2].num_both, 0);
    assert_true(comparison.difference == 0);
    assert_true(comparison.accuracies[1] == 0.5);
    comparison_destroy(&comparison);
}

/* ---- bootstrap ---- */

enum { NUM_SAMPLES = 400, NUM_CLASSES = 3, NUM_RESAMPLES = 500 };

static uint32_t labels[NUM_SAMPLES], predictions[NUM_SAMPLES];
static float scores[NUM_SAMPLES * NUM_CLASSES];
static double losses[NUM_SAMPLES];

static const struct figures_samples samples = {.num_classes = NUM_CLASSES,
                                               .num_samples = NUM_SAMPLES,
                                               .labels = labels,
                                               .predictions = predictions,
                                               .scores = scores,
                                               .are_probabilities = true,
                                               .num_threads = 1};

/* Every fifth sample is wrong; class 2 has a single sample. */
static int make_samples(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < NUM_SAMPLES; i++) {
        labels[i] = i == 7 ? 2 : i % 2;
        predictions[i] = i % 5 ? labels[i] : 1 - i % 2;
        for (uint32_t c = 0; c < NUM_CLASSES; c++)
            scores[i * NUM_CLASSES + c] =
                c == predictions[i] ? 0.5f + (float)(i % 37) / 100 : 0.125f;
        losses[i] = i % 5 ? 0.25 : 2;
    }
    return 0;
}

static void test_bootstrap_compute_any_threads_gives_the_same_bits(void **state)
{
    struct figures_samples by_three = samples;
    struct bootstrap alone, several;
    struct error error = {0};

    (void)state;
    by_three.num_threads = 3;
    assert_ok(bootstrap_compute(&samples, losses, NUM_RESAMPLES, 1, &alone, &error), &error);
    assert_ok(bootstrap_compute(&by_three, losses, NUM_RESAMPLES, 1, &several, &error), &error);
    assert_memory_equal(alone.values, several.values, sizeof(alone.values));
    assert_memory_equal(alone.macro, several.macro, sizeof(alone.macro));
    assert_memory_equal(alone.classes, several.classes, NUM_CLASSES * sizeof(*alone.classes));
    bootstrap_destroy(&several);
    assert_ok(bootstrap_compute(&samples, losses, NUM_RESAMPLES, 2, &several, &error), &error);
    assert_memory_not_equal(alone.values, several.values, sizeof(alone.values));
    bootstrap_destroy(&several);
    bootstrap_destroy(&alone);
}

static void test_bootstrap_compute_accuracy_is_near_wilsons(void **state)
{
    struct interval wilson = interval_of_proportion(NUM_SAMPLES / 5 * 4, NUM_SAMPLES);
    struct bootstrap bootstrap;
    struct error error = {0};

    (void)state;
    assert_ok(bootstrap_compute(&samples, losses, NUM_RESAMPLES, 1, &bootstrap, &error), &error);
    assert_interval("accuracy", bootstrap.values[FIGURE_ACCURACY], wilson.low, wilson.high, 0.015);
    /* A loss of 0.25 or 2 has the accuracy's share of each. */
    support_assert_close("loss", bootstrap.values[FIGURE_LOSS].low,
                         2 - 1.75 * bootstrap.values[FIGURE_ACCURACY].high, 1e-9);
    assert_false(isnan(bootstrap.values[FIGURE_CALIBRATION_ERROR].low));
    assert_false(isnan(bootstrap.macro[CLASS_ROC_AREA].low));
    /* Defined in those resamples that have the one sample. */
    assert_true(bootstrap.classes[2].intervals[CLASS_RECALL].low == 1);
    bootstrap_destroy(&bootstrap);
}

static void test_bootstrap_compute_no_losses_has_no_interval_of_the_loss(void **state)
{
    struct bootstrap bootstrap;
    struct error error = {0};

    (void)state;
    assert_ok(bootstrap_compute(&samples, NULL, 100, 1, &bootstrap, &error), &error);
    assert_true(isnan(bootstrap.values[FIGURE_LOSS].low));
    assert_false(isnan(bootstrap.values[FIGURE_ACCURACY].low));
    bootstrap_destroy(&bootstrap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval_of_proportion_is_wilsons),
        cmocka_unit_test(test_interval_of_mean_one_proportion_is_its_own),
        cmocka_unit_test(test_interval_of_mean_all_right_is_not_certain),
        cmocka_unit_test(test_interval_of_difference_is_newcombes),
        cmocka_unit_test(test_comparison_test_few_is_exact),
        cmocka_unit_test(test_comparison_test_many_is_chi_square),
        cmocka_unit_test(test_comparison_compute_counts_who_is_right),
        cmocka_unit_test(test_bootstrap_compute_any_threads_gives_the_same_bits),
        cmocka_unit_test(test_bootstrap_compute_accuracy_is_near_wilsons),
        cmocka_unit_test(test_bootstrap_compute_no_losses_has_no_interval_of_the_loss),
    };

    return cmocka_run_group_tests_name("metrics_intervals", tests, make_samples, NULL);
}
