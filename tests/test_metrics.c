#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evaluate/metrics.h"
#include "tests/support.h"

static void count_samples(struct metrics *metrics, size_t num_classes, const uint32_t *labels,
                          const uint32_t *predictions, uint64_t num_samples)
{
    struct error error = {0};

    assert_true(metrics_compute(num_classes, labels, predictions, num_samples, metrics, &error));
}

static void assert_matrix(const struct metrics *metrics, const uint64_t *expected)
{
    uint64_t row[8];
    size_t cell = 0;

    for (size_t label = 0; label < metrics->num_classes; label++) {
        cell = metrics_fill_row(metrics, (uint32_t)label, cell, row);
        assert_memory_equal(row, expected + label * metrics->num_classes,
                            metrics->num_classes * sizeof(*row));
    }
    assert_int_equal(cell, metrics->num_cells);
}

static void test_metrics_compute_two_classes_matches_figures_by_hand(void **state)
{
    const uint32_t labels[] = {0, 0, 0, 0, 1, 1};
    const uint32_t predictions[] = {0, 0, 0, 1, 1, 0};
    const uint64_t confusion[] = {3, 1, 1, 1};
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 2, labels, predictions, 6);
    assert_matrix(&metrics, confusion);
    assert_int_equal(metrics.classes[0].num_correct, 3);
    assert_int_equal(metrics.classes[0].num_samples, 4);
    assert_true(metrics.classes[0].accuracy == 0.75);
    assert_true(metrics.classes[1].accuracy == 0.5);
    /* Over the classes and over the samples are two figures when the classes differ in size. */
    assert_true(metrics.mean_class_accuracy == 0.625);
    assert_int_equal(metrics.num_correct, 4);
    assert_int_equal(metrics.num_samples, 6);
    assert_true(metrics.accuracy == 4.0 / 6.0);
    metrics_destroy(&metrics);
}

static void test_metrics_compute_class_without_samples_stays_out_of_the_mean(void **state)
{
    const uint32_t labels[] = {0, 0, 2, 2};
    const uint32_t predictions[] = {0, 1, 2, 2};
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 3, labels, predictions, 4);
    assert_int_equal(metrics.classes[1].num_samples, 0);
    assert_true(isnan(metrics.classes[1].accuracy));
    assert_true(metrics.mean_class_accuracy == 0.75);
    assert_true(metrics.accuracy == 0.75);
    metrics_destroy(&metrics);
}

static void test_metrics_compute_one_class_is_its_own_mean(void **state)
{
    const uint32_t zeros[] = {0, 0, 0};
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 1, zeros, zeros, 3);
    assert_matrix(&metrics, (uint64_t[]){3});
    assert_true(metrics.mean_class_accuracy == 1.0);
    assert_true(metrics.accuracy == 1.0);
    metrics_destroy(&metrics);
}

static void test_metrics_compute_no_samples_has_no_figures(void **state)
{
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 2, NULL, NULL, 0);
    assert_int_equal(metrics.num_samples, 0);
    assert_true(isnan(metrics.accuracy));
    assert_true(isnan(metrics.mean_class_accuracy));
    metrics_destroy(&metrics);
}

static void test_metrics_compute_many_classes_take_memory_for_their_samples_only(void **state)
{
    enum { NUM_CLASSES = 65536, NUM_SAMPLES = 1000 };
    uint32_t labels[NUM_SAMPLES], predictions[NUM_SAMPLES];
    struct metrics metrics;

    (void)state;
    for (uint32_t i = 0; i < NUM_SAMPLES; i++) {
        labels[i] = (i * 40503u) % NUM_CLASSES;
        predictions[i] = i % 4 ? labels[i] : NUM_CLASSES - 1 - labels[i];
    }
    assert_true(metrics_nbytes(NUM_CLASSES, NUM_SAMPLES) < 8 << 20);
    /* The whole matrix would take 32 GiB. */
    support_limit_memory(512 << 20);
    count_samples(&metrics, NUM_CLASSES, labels, predictions, NUM_SAMPLES);
    support_limit_memory(0);
    assert_int_equal(metrics.num_correct, 750);
    assert_int_equal(metrics.num_cells, NUM_SAMPLES);
    assert_true(metrics.accuracy == 0.75);
    metrics_destroy(&metrics);
}

static void assert_confusion(const struct confusion *entry, uint32_t label, uint32_t prediction,
                             uint64_t num_samples)
{
    assert_int_equal(entry->label, label);
    assert_int_equal(entry->prediction, prediction);
    assert_int_equal(entry->num_samples, num_samples);
}

static void test_metrics_find_confusions_many_keeps_the_most_frequent(void **state)
{
    /* Off the diagonal: 0->1 once, 0->2 twice, 1->2 three times, 2->0 twice. */
    const uint32_t labels[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2};
    const uint32_t predictions[] = {0, 1, 2, 2, 2, 2, 2, 0, 0, 2, 2, 2};
    struct metrics metrics;
    struct confusion entries[4];

    (void)state;
    count_samples(&metrics, 3, labels, predictions, 12);
    assert_matrix(&metrics, (uint64_t[]){1, 1, 2, 0, 0, 3, 2, 0, 3});
    assert_int_equal(metrics_find_confusions(&metrics, entries, 4), 4);
    assert_confusion(&entries[0], 1, 2, 3);
    assert_confusion(&entries[1], 0, 2, 2);
    assert_confusion(&entries[2], 2, 0, 2);
    assert_confusion(&entries[3], 0, 1, 1);
    assert_int_equal(metrics_find_confusions(&metrics, entries, 2), 2);
    assert_confusion(&entries[0], 1, 2, 3);
    assert_confusion(&entries[1], 0, 2, 2);
    metrics_destroy(&metrics);
}

static void test_metrics_find_confusions_all_correct_finds_none(void **state)
{
    const uint32_t labels[] = {0, 1};
    struct metrics metrics;
    struct confusion entries[2];

    (void)state;
    count_samples(&metrics, 2, labels, labels, 2);
    assert_int_equal(metrics_find_confusions(&metrics, entries, 2), 0);
    metrics_destroy(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_compute_two_classes_matches_figures_by_hand),
        cmocka_unit_test(test_metrics_compute_class_without_samples_stays_out_of_the_mean),
        cmocka_unit_test(test_metrics_compute_one_class_is_its_own_mean),
        cmocka_unit_test(test_metrics_compute_no_samples_has_no_figures),
        cmocka_unit_test(test_metrics_compute_many_classes_take_memory_for_their_samples_only),
        cmocka_unit_test(test_metrics_find_confusions_many_keeps_the_most_frequent),
        cmocka_unit_test(test_metrics_find_confusions_all_correct_finds_none),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
