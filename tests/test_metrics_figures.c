#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/figures.h"
#include "tests/support.h"

struct stored_case {
    const char *name;
    size_t num_classes;
    uint64_t num_samples;
    bool are_probabilities;
    const uint32_t *labels, *predictions;
    const float *scores;
    const double *expected;
};

#include "tests/metrics/stored.h"

static struct figures_samples samples_of(const struct stored_case *stored, int num_threads)
{
    return (struct figures_samples){
        .num_classes = stored->num_classes,
        .num_samples = stored->num_samples,
        .labels = stored->labels,
        .predictions = stored->predictions,
        .scores = stored->scores,
        .are_probabilities = stored->are_probabilities,
        .loss = NAN,
        .num_threads = num_threads,
    };
}

static void compute(const struct figures_samples *samples, struct figures *figures)
{
    struct error error = {0};

    assert_ok(figures_compute(samples, figures, &error), &error);
}

static void assert_figure(const char *what, double found, double expected)
{
    if (isnan(expected) || isnan(found)) {
        if (isnan(found) != isnan(expected))
            print_error("%s: %g is not %g\n", what, found, expected);
        assert_true(isnan(found) && isnan(expected));
        return;
    }
    support_assert_close(what, found, expected, 1e-12);
}

static const double *assert_class_figures(const char *what, const double *found,
                                          const double *expected)
{
    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++)
        assert_figure(what, found[i], *expected++);
    return expected;
}

static void check_stored(const struct stored_case *stored)
{
    static const enum figure order[] = {FIGURE_ACCURACY,          FIGURE_BALANCED_ACCURACY,
                                        FIGURE_TOP_K_ACCURACY,    FIGURE_BRIER_SCORE,
                                        FIGURE_CALIBRATION_ERROR, FIGURE_LARGEST_CALIBRATION_ERROR};
    const struct figures_samples samples = samples_of(stored, 1);
    const double *expected = stored->expected;
    struct figures figures;

    compute(&samples, &figures);
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        assert_figure(stored->name, figures.values[order[i]], *expected++);
    assert_figure(stored->name, figures.intervals[FIGURE_ACCURACY].low, *expected++);
    assert_figure(stored->name, figures.intervals[FIGURE_ACCURACY].high, *expected++);
    expected = assert_class_figures(stored->name, figures.macro, expected);
    expected = assert_class_figures(stored->name, figures.weighted, expected);
    for (size_t c = 0; c < stored->num_classes; c++)
        expected = assert_class_figures(stored->name, figures.classes[c].values, expected);
    figures_destroy(&figures);
}

static void test_figures_compute_stored_cases_are_scikit_learns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stored_cases) / sizeof(stored_cases[0]); i++)
        check_stored(&stored_cases[i]);
}

static void test_figures_compute_any_threads_gives_the_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stored_cases) / sizeof(stored_cases[0]); i++) {
        struct figures_samples samples = samples_of(&stored_cases[i], 1);
        struct figures alone, several;

        compute(&samples, &alone);
        for (samples.num_threads = 2; samples.num_threads <= 3; samples.num_threads++) {
            compute(&samples, &several);
            assert_memory_equal(several.classes, alone.classes,
                                samples.num_classes * sizeof(*alone.classes));
            assert_memory_equal(several.values, alone.values, sizeof(alone.values));
            figures_destroy(&several);
        }
        figures_destroy(&alone);
    }
}

static void test_figures_compute_no_scores_has_figures_of_predictions_only(void **state)
{
    struct figures_samples samples = samples_of(&stored_cases[0], 1);
    struct figures figures;

    (void)state;
    samples.scores = NULL;
    samples.loss = 0.5;
    compute(&samples, &figures);
    assert_true(figures.values[FIGURE_ACCURACY] == stored_cases[0].expected[0]);
    assert_true(figures.values[FIGURE_LOSS] == 0.5);
    assert_int_equal(figures.top_k, 0);
    assert_false(figures.has_calibration);
    assert_true(isnan(figures.values[FIGURE_TOP_K_ACCURACY]));
    assert_true(isnan(figures.values[FIGURE_BRIER_SCORE]));
    assert_true(isnan(figures.macro[CLASS_ROC_AREA]));
    figures_destroy(&figures);
}

/* Where memory is short, samples are summarized part by part and areas left out. */
static void test_figures_compute_summaries_alone_has_all_but_areas(void **state)
{
    struct figures_samples samples = samples_of(&stored_cases[0], 1);
    struct score_summary summaries[64];
    struct figures whole, parts;

    (void)state;
    compute(&samples, &whole);
    assert_true(samples.num_samples > 7 && samples.num_samples <= 64);
    scores_summarize(samples.scores, samples.labels, samples.predictions, samples.num_classes, 7,
                     summaries);
    scores_summarize(samples.scores + 7 * samples.num_classes, samples.labels + 7,
                     samples.predictions + 7, samples.num_classes, samples.num_samples - 7,
                     summaries + 7);
    samples.scores = NULL;
    samples.summaries = summaries;
    compute(&samples, &parts);
    assert_true(parts.values[FIGURE_BRIER_SCORE] == whole.values[FIGURE_BRIER_SCORE]);
    assert_memory_equal(&parts.calibration, &whole.calibration, sizeof(whole.calibration));
    assert_int_equal(parts.num_top_k_correct, whole.num_top_k_correct);
    assert_true(isnan(parts.macro[CLASS_ROC_AREA]));
    figures_destroy(&whole);
    figures_destroy(&parts);
}

static void test_figures_compute_no_samples_has_no_figures(void **state)
{
    const struct figures_samples samples = {.num_classes = 3, .loss = NAN, .num_threads = 1};
    struct figures figures;

    (void)state;
    compute(&samples, &figures);
    for (size_t i = 0; i < NUM_FIGURES; i++)
        assert_true(isnan(figures.values[i]));
    assert_true(isnan(figures.intervals[FIGURE_ACCURACY].low));
    assert_true(isnan(figures.intervals[FIGURE_BALANCED_ACCURACY].high));
    figures_destroy(&figures);
}

static void test_figures_compute_many_classes_take_memory_for_their_samples_only(void **state)
{
    enum { NUM_CLASSES = 65536, NUM_SAMPLES = 1000 };
    static uint32_t labels[NUM_SAMPLES], predictions[NUM_SAMPLES];
    const struct figures_samples samples = {.num_classes = NUM_CLASSES,
                                            .num_samples = NUM_SAMPLES,
                                            .labels = labels,
                                            .predictions = predictions,
                                            .loss = NAN,
                                            .num_threads = 1};
    struct figures figures;

    (void)state;
    for (uint32_t i = 0; i < NUM_SAMPLES; i++) {
        labels[i] = (i * 40503u) % NUM_CLASSES;
        predictions[i] = i % 4 ? labels[i] : NUM_CLASSES - 1 - labels[i];
    }
    assert_true(figures_nbytes(NUM_CLASSES, NUM_SAMPLES, false) < 32 << 20);
    support_limit_memory(64 << 20);
    compute(&samples, &figures);
    support_limit_memory(0);
    assert_true(figures.values[FIGURE_ACCURACY] == 0.75);
    figures_destroy(&figures);
}

static void test_calibration_add_edges_belong_to_the_bin_below(void **state)
{
    struct calibration calibration = {0};

    (void)state;
    calibration_add(&calibration, 0.0f, false, 1);
    calibration_add(&calibration, 0.2f, true, 1); /* as a float, a little above 3 / 15 */
    calibration_add(&calibration, nextafterf(0.2f, 0), true, 1);
    calibration_add(&calibration, 1.0f, true, 2);
    calibration_add(&calibration, 1.5f, true, 1);
    calibration_add(&calibration, -1.0f, true, 1);
    assert_int_equal(calibration.bins[0].num_samples, 2);
    assert_int_equal(calibration.bins[2].num_samples, 1);
    assert_int_equal(calibration.bins[3].num_samples, 1);
    assert_int_equal(calibration.bins[CALIBRATION_NUM_BINS - 1].num_samples, 3);
    assert_int_equal(calibration.bins[CALIBRATION_NUM_BINS - 1].num_correct, 3);
}

/* A sample that counts twice is two samples. */
static void test_area_measure_weights_are_repeated_samples(void **state)
{
    enum { COUNT = 6, REPEATED = 9 };
    const float scores[COUNT] = {0.5f, -1, 0.5f, 2, -0.0f, 0};
    const uint32_t labels[COUNT] = {1, 0, 0, 1, 1, 0}, weights[COUNT] = {2, 1, 3, 0, 2, 1};
    float repeated_scores[REPEATED];
    uint32_t repeated_labels[REPEATED], ranking[COUNT], repeated_ranking[REPEATED], count = 0;
    uint64_t scratch[2 * REPEATED];
    struct area weighted, repeated;

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++)
        for (uint32_t k = 0; k < weights[i]; k++) {
            repeated_scores[count] = scores[i];
            repeated_labels[count++] = labels[i];
        }
    assert_int_equal(count, REPEATED);
    area_rank(scores, 1, false, COUNT, scratch, ranking);
    area_rank(repeated_scores, 1, false, REPEATED, scratch, repeated_ranking);
    for (uint32_t class = 0; class < 2; class ++) {
        weighted = area_measure(ranking, labels, weights, COUNT, class);
        repeated = area_measure(repeated_ranking, repeated_labels, NULL, REPEATED, class);
        assert_true(weighted.roc == repeated.roc);
        assert_true(weighted.average_precision == repeated.average_precision);
    }
    /* 0 and -0 are one score. */
    assert_int_equal(ranking[3], 4 | AREA_NEW_SCORE);
    assert_int_equal(ranking[4], 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_compute_stored_cases_are_scikit_learns),
        cmocka_unit_test(test_figures_compute_any_threads_gives_the_same_bits),
        cmocka_unit_test(test_figures_compute_no_scores_has_figures_of_predictions_only),
        cmocka_unit_test(test_figures_compute_summaries_alone_has_all_but_areas),
        cmocka_unit_test(test_figures_compute_no_samples_has_no_figures),
        cmocka_unit_test(test_figures_compute_many_classes_take_memory_for_their_samples_only),
        cmocka_unit_test(test_calibration_add_edges_belong_to_the_bin_below),
        cmocka_unit_test(test_area_measure_weights_are_repeated_samples),
    };

    return cmocka_run_group_tests_name("metrics_figures", tests, NULL, NULL);
}
