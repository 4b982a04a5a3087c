/* Which epoch is the best, and when a run has waited long enough for a better one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apply/best.h"

static const struct epoch_record records[] = {
    {.epoch = 1, .valid_loss = 0.5, .valid_accuracy = 0.7},
    {.epoch = 2, .valid_loss = 0.3, .valid_accuracy = 0.8},
    {.epoch = 3, .valid_loss = 0.3, .valid_accuracy = 0.9},
    {.epoch = 4, .valid_loss = 0.4, .valid_accuracy = 0.9},
};

static void test_best_find_first_of_equals(void **state)
{
    (void)state;
    assert_int_equal(best_find(records, 4, MONITOR_VALID_LOSS)->epoch, 2);
    assert_int_equal(best_find(records, 4, MONITOR_VALID_ACCURACY)->epoch, 3);
    assert_int_equal(best_find(records, 1, MONITOR_VALID_ACCURACY)->epoch, 1);
}

static void test_best_find_without_figures_finds_none(void **state)
{
    const struct epoch_record none = {.epoch = 1, .valid_loss = NAN, .valid_accuracy = NAN};

    (void)state;
    assert_null(best_find(&none, 1, MONITOR_VALID_LOSS));
    assert_null(best_find(records, 0, MONITOR_VALID_LOSS));
    assert_false(best_is_past(&none, 1, MONITOR_VALID_LOSS, 1));
}

static void test_best_before_last_only_where_the_last_is_worse(void **state)
{
    const struct epoch_record diverged[] = {{.epoch = 1, .valid_loss = 0.5},
                                            {.epoch = 2, .valid_loss = NAN}};

    (void)state;
    assert_int_equal(best_before_last(records, 4, MONITOR_VALID_LOSS)->epoch, 2);
    assert_null(best_before_last(records, 4, MONITOR_VALID_ACCURACY)); /* as good */
    assert_null(best_before_last(records, 3, MONITOR_VALID_LOSS));
    assert_null(best_before_last(records, 2, MONITOR_VALID_LOSS));
    assert_null(best_before_last(records, 0, MONITOR_VALID_LOSS));
    assert_int_equal(best_before_last(diverged, 2, MONITOR_VALID_LOSS)->epoch, 1);
}

static void test_best_is_past_counts_epochs_since_the_best(void **state)
{
    (void)state;
    assert_false(best_is_past(records, 2, MONITOR_VALID_LOSS, 1));
    assert_true(best_is_past(records, 3, MONITOR_VALID_LOSS, 1));
    assert_false(best_is_past(records, 3, MONITOR_VALID_LOSS, 2));
    assert_true(best_is_past(records, 4, MONITOR_VALID_LOSS, 2));
    assert_false(best_is_past(records, 4, MONITOR_VALID_LOSS, 0));
    assert_false(best_is_past(records, 3, MONITOR_VALID_ACCURACY, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_find_first_of_equals),
        cmocka_unit_test(test_best_find_without_figures_finds_none),
        cmocka_unit_test(test_best_before_last_only_where_the_last_is_worse),
        cmocka_unit_test(test_best_is_past_counts_epochs_since_the_best),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
