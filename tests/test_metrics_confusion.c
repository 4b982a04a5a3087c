#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics/confusion.h"
#include "tests/support.h"

static void count_samples(struct confusion *confusion, size_t num_classes, const uint32_t *labels,
                          const uint32_t *predictions, uint64_t num_samples)
{
    struct error error = {0};

    assert_true(confusion_count(num_classes, labels, predictions, num_samples, confusion, &error));
}

static void assert_matrix(const struct confusion *confusion, const uint64_t *expected)
{
    uint64_t row[8];
    size_t cell = 0;

    for (size_t label = 0; label < confusion->num_classes; label++) {
        cell = confusion_fill_row(confusion, (uint32_t)label, cell, row);
        assert_memory_equal(row, expected + label * confusion->num_classes,
                            confusion->num_classes * sizeof(*row));
    }
    assert_int_equal(cell, confusion->num_cells);
}

static void test_confusion_count_two_classes_matches_counts_by_hand(void **state)
{
    const uint32_t labels[] = {0, 0, 0, 0, 1, 1};
    const uint32_t predictions[] = {0, 0, 0, 1, 1, 0};
    struct confusion confusion;

    (void)state;
    count_samples(&confusion, 2, labels, predictions, 6);
    assert_matrix(&confusion, (uint64_t[]){3, 1, 1, 1});
    confusion_destroy(&confusion);
}

static void test_confusion_count_no_samples_has_no_cells(void **state)
{
    struct confusion confusion;

    (void)state;
    count_samples(&confusion, 2, NULL, NULL, 0);
    assert_int_equal(confusion.num_cells, 0);
    assert_matrix(&confusion, (uint64_t[]){0, 0, 0, 0});
    confusion_destroy(&confusion);
}

static void test_confusion_count_many_classes_take_memory_for_their_samples_only(void **state)
{
    enum { NUM_CLASSES = 65536, NUM_SAMPLES = 1000 };
    uint32_t labels[NUM_SAMPLES], predictions[NUM_SAMPLES];
    struct confusion confusion;

    (void)state;
    for (uint32_t i = 0; i < NUM_SAMPLES; i++) {
        labels[i] = (i * 40503u) % NUM_CLASSES;
        predictions[i] = i % 4 ? labels[i] : NUM_CLASSES - 1 - labels[i];
    }
    assert_true(confusion_nbytes(NUM_CLASSES, NUM_SAMPLES) < 8 << 20);
    /* The whole matrix would take 32 GiB. */
    support_limit_memory(512 << 20);
    count_samples(&confusion, NUM_CLASSES, labels, predictions, NUM_SAMPLES);
    support_limit_memory(0);
    assert_int_equal(confusion.num_cells, NUM_SAMPLES);
    confusion_destroy(&confusion);
}

static void assert_confusion(const struct confusion_cell *entry, uint32_t label,
                             uint32_t prediction, uint64_t num_samples)
{
    assert_int_equal(entry->label, label);
    assert_int_equal(entry->prediction, prediction);
    assert_int_equal(entry->num_samples, num_samples);
}

static void test_confusion_find_frequent_many_keeps_the_most_frequent(void **state)
{
    /* Off the diagonal: 0->1 once, 0->2 twice, 1->2 three times, 2->0 twice. */
    const uint32_t labels[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2};
    const uint32_t predictions[] = {0, 1, 2, 2, 2, 2, 2, 0, 0, 2, 2, 2};
    struct confusion confusion;
    struct confusion_cell entries[4];

    (void)state;
    count_samples(&confusion, 3, labels, predictions, 12);
    assert_matrix(&confusion, (uint64_t[]){1, 1, 2, 0, 0, 3, 2, 0, 3});
    assert_int_equal(confusion_find_frequent(&confusion, entries, 4), 4);
    assert_confusion(&entries[0], 1, 2, 3);
    assert_confusion(&entries[1], 0, 2, 2);
    assert_confusion(&entries[2], 2, 0, 2);
    assert_confusion(&entries[3], 0, 1, 1);
    assert_int_equal(confusion_find_frequent(&confusion, entries, 2), 2);
    assert_confusion(&entries[0], 1, 2, 3);
    assert_confusion(&entries[1], 0, 2, 2);
    confusion_destroy(&confusion);
}

static void test_confusion_find_frequent_all_correct_finds_none(void **state)
{
    const uint32_t labels[] = {0, 1};
    struct confusion confusion;
    struct confusion_cell entries[2];

    (void)state;
    count_samples(&confusion, 2, labels, labels, 2);
    assert_int_equal(confusion_find_frequent(&confusion, entries, 2), 0);
    confusion_destroy(&confusion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confusion_count_two_classes_matches_counts_by_hand),
        cmocka_unit_test(test_confusion_count_no_samples_has_no_cells),
        cmocka_unit_test(test_confusion_count_many_classes_take_memory_for_their_samples_only),
        cmocka_unit_test(test_confusion_find_frequent_many_keeps_the_most_frequent),
        cmocka_unit_test(test_confusion_find_frequent_all_correct_finds_none),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
