#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evaluate/metrics.h"

static void count_samples(struct metrics *metrics, size_t num_classes, const uint32_t *labels,
                          const uint32_t *predictions, uint64_t num_samples)
{
    struct error error = {0};

    assert_true(metrics_create(metrics, num_classes, &error));
    metrics_count(metrics, labels, predictions, num_samples);
    metrics_finish(metrics);
}

static void test_metrics_finish_two_classes_matches_figures_by_hand(void **state)
{
    const uint32_t labels[] = {0, 0, 0, 0, 1, 1};
    const uint32_t predictions[] = {0, 0, 0, 1, 1, 0};
    const uint64_t confusion[] = {3, 1, 1, 1};
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 2, labels, predictions, 6);
    assert_memory_equal(metrics.confusion, confusion, sizeof(confusion));
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

static void test_metrics_finish_class_without_samples_stays_out_of_the_mean(void **state)
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

static void test_metrics_finish_one_class_is_its_own_mean(void **state)
{
    const uint32_t zeros[] = {0, 0, 0};
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 1, zeros, zeros, 3);
    assert_int_equal(metrics.confusion[0], 3);
    assert_true(metrics.mean_class_accuracy == 1.0);
    assert_true(metrics.accuracy == 1.0);
    metrics_destroy(&metrics);
}

static void test_metrics_finish_no_samples_has_no_figures(void **state)
{
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 2, NULL, NULL, 0);
    assert_int_equal(metrics.num_samples, 0);
    assert_true(isnan(metrics.accuracy));
    assert_true(isnan(metrics.mean_class_accuracy));
    metrics_destroy(&metrics);
}

static void test_metrics_finish_called_again_counts_nothing_twice(void **state)
{
    const uint32_t labels[] = {0, 1};
    const uint32_t predictions[] = {0, 0};
    struct metrics metrics;

    (void)state;
    count_samples(&metrics, 2, labels, predictions, 2);
    metrics_count(&metrics, labels, predictions, 2);
    metrics_finish(&metrics);
    assert_int_equal(metrics.num_samples, 4);
    assert_int_equal(metrics.num_correct, 2);
    assert_int_equal(metrics.classes[0].num_samples, 2);
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
        cmocka_unit_test(test_metrics_finish_two_classes_matches_figures_by_hand),
        cmocka_unit_test(test_metrics_finish_class_without_samples_stays_out_of_the_mean),
        cmocka_unit_test(test_metrics_finish_one_class_is_its_own_mean),
        cmocka_unit_test(test_metrics_finish_no_samples_has_no_figures),
        cmocka_unit_test(test_metrics_finish_called_again_counts_nothing_twice),
        cmocka_unit_test(test_metrics_find_confusions_many_keeps_the_most_frequent),
        cmocka_unit_test(test_metrics_find_confusions_all_correct_finds_none),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
