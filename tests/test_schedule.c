/*
 * Schedules against PyTorch's, step by step, and what they are between and beyond the steps of a
 * run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "model/schedule.h"

static struct schedule make_schedule(enum schedule_kind kind, uint64_t total, uint64_t warmup)
{
    return (struct schedule){.kind = kind,
                             .learning_rate = 0.3,
                             .momentum = 0.9,
                             .warmup_steps = warmup,
                             .total_steps = total,
                             .step_steps = 7,
                             .gamma = 0.3};
}

/* PyTorch 2.15: ConstantLR, StepLR(7, gamma=0.3), CosineAnnealingLR, OneCycleLR(max_lr=0.3) over
 * total - warmup steps, after LinearLR(start_factor=1 / (warmup + 1)) of their first learning rate.
 */
static void test_schedule_at_equals_pytorch(void **state)
{
    static const struct {
        enum schedule_kind kind;
        uint64_t total, warmup, step;
        double learning_rate, momentum;
    } CASES[] = {
        {SCHEDULE_CONSTANT, 20, 0, 0, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_CONSTANT, 20, 0, 19, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_CONSTANT, 20, 4, 0, 0.059999999999999998, 0.90000000000000002},
        {SCHEDULE_CONSTANT, 20, 4, 3, 0.23999999999999999, 0.90000000000000002},
        {SCHEDULE_CONSTANT, 20, 4, 4, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 0, 0, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 0, 6, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 0, 7, 0.089999999999999997, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 0, 13, 0.089999999999999997, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 0, 14, 0.027, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 0, 29, 0.0024299999999999999, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 5, 0, 0.049999999999999996, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 5, 4, 0.25, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 5, 5, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 5, 11, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 5, 12, 0.089999999999999997, 0.90000000000000002},
        {SCHEDULE_STEP, 30, 5, 29, 0.0080999999999999996, 0.90000000000000002},
        {SCHEDULE_COSINE, 20, 0, 0, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_COSINE, 20, 0, 1, 0.29815325108927065, 0.90000000000000002},
        {SCHEDULE_COSINE, 20, 0, 10, 0.14999999999999999, 0.90000000000000002},
        {SCHEDULE_COSINE, 20, 0, 19, 0.0018467489107293503, 0.90000000000000002},
        {SCHEDULE_COSINE, 1, 0, 0, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_COSINE, 25, 5, 0, 0.049999999999999996, 0.90000000000000002},
        {SCHEDULE_COSINE, 25, 5, 2, 0.14999999999999999, 0.90000000000000002},
        {SCHEDULE_COSINE, 25, 5, 5, 0.29999999999999999, 0.90000000000000002},
        {SCHEDULE_COSINE, 25, 5, 6, 0.29815325108927065, 0.90000000000000002},
        {SCHEDULE_COSINE, 25, 5, 24, 0.0018467489107293503, 0.90000000000000002},
        {SCHEDULE_ONE_CYCLE, 100, 0, 0, 0.012000000000000011, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 100, 0, 1, 0.012844134169772203, 0.94970689785771789},
        {SCHEDULE_ONE_CYCLE, 100, 0, 15, 0.16379600283630011, 0.89729305457072905},
        {SCHEDULE_ONE_CYCLE, 100, 0, 28, 0.2991558658302278, 0.85029310214228204},
        {SCHEDULE_ONE_CYCLE, 100, 0, 29, 0.29999999999999999, 0.84999999999999998},
        {SCHEDULE_ONE_CYCLE, 100, 0, 30, 0.29984896058535726, 0.85005034667293422},
        {SCHEDULE_ONE_CYCLE, 100, 0, 64, 0.15000060000000001, 0.89999999999999991},
        {SCHEDULE_ONE_CYCLE, 100, 0, 98, 0.00015223941464273638, 0.94994965332706571},
        {SCHEDULE_ONE_CYCLE, 100, 0, 99, 1.1999999999999999e-06, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 10, 0, 0, 0.012000000000000011, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 10, 0, 1, 0.156, 0.89999999999999991},
        {SCHEDULE_ONE_CYCLE, 10, 0, 2, 0.29999999999999999, 0.84999999999999998},
        {SCHEDULE_ONE_CYCLE, 10, 0, 3, 0.28514538960404212, 0.85495155660487898},
        {SCHEDULE_ONE_CYCLE, 10, 0, 9, 1.1999999999999999e-06, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 2, 0, 0, 0.24352369618492892, 0.86882550990706331},
        {SCHEDULE_ONE_CYCLE, 2, 0, 1, 1.1999999999999999e-06, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 43, 3, 0, 0.0030000000000000027, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 43, 3, 2, 0.009000000000000008, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 43, 3, 3, 0.012000000000000011, 0.94999999999999996},
        {SCHEDULE_ONE_CYCLE, 43, 3, 14, 0.29999999999999999, 0.84999999999999998},
        {SCHEDULE_ONE_CYCLE, 43, 3, 15, 0.29905683525666044, 0.85031438950533789},
        {SCHEDULE_ONE_CYCLE, 43, 3, 42, 1.1999999999999999e-06, 0.94999999999999996},

    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct schedule schedule =
            make_schedule(CASES[i].kind, CASES[i].total, CASES[i].warmup);
        const struct schedule_values found = schedule_at(&schedule, CASES[i].step);

        if (!(fabs(found.learning_rate - CASES[i].learning_rate) <= 1e-15) ||
            !(fabs(found.momentum - CASES[i].momentum) <= 1e-15))
            fail_msg("%s, step %d of %d (warm-up %d): %.17g, %.17g; PyTorch has %.17g, %.17g",
                     schedule_names[CASES[i].kind], (int)CASES[i].step, (int)CASES[i].total,
                     (int)CASES[i].warmup, found.learning_rate, found.momentum,
                     CASES[i].learning_rate, CASES[i].momentum);
    }
}

static void test_schedule_at_after_the_end_stays(void **state)
{
    (void)state;
    for (int kind = SCHEDULE_COSINE; kind <= SCHEDULE_ONE_CYCLE; kind++) {
        const struct schedule schedule = make_schedule((enum schedule_kind)kind, 50, 5);
        const struct schedule_values last = schedule_at(&schedule, 49),
                                     after = schedule_at(&schedule, 50),
                                     late = schedule_at(&schedule, UINT64_MAX);

        assert_memory_equal(&last, &after, sizeof(last));
        assert_memory_equal(&last, &late, sizeof(last));
    }
}

/* A run that ends earlier or later has the same steps, where the kind says so. */
static void test_schedule_needs_total_says_what_depends_on_it(void **state)
{
    (void)state;
    for (int kind = SCHEDULE_CONSTANT; kind <= SCHEDULE_ONE_CYCLE; kind++) {
        const struct schedule a = make_schedule((enum schedule_kind)kind, 50, 5),
                              b = make_schedule((enum schedule_kind)kind, 51, 5);
        int num_different = 0;

        for (uint64_t step = 0; step < 50; step++) {
            const struct schedule_values x = schedule_at(&a, step), y = schedule_at(&b, step);

            num_different += memcmp(&x, &y, sizeof(x)) != 0;
        }
        assert_int_equal(num_different > 0, schedule_needs_total((enum schedule_kind)kind));
    }
}

static void test_schedule_has_momentum_says_whether_it_changes(void **state)
{
    (void)state;
    for (int kind = SCHEDULE_CONSTANT; kind <= SCHEDULE_ONE_CYCLE; kind++) {
        const struct schedule schedule = make_schedule((enum schedule_kind)kind, 50, 5);
        bool changes = false;

        for (uint64_t step = 0; step < 50; step++) {
            const double momentum = schedule_at(&schedule, step).momentum;

            changes |= momentum != schedule.momentum;
            assert_true(momentum <= SCHEDULE_ONE_CYCLE_MOMENTUM);
        }
        assert_int_equal(changes, schedule_has_momentum((enum schedule_kind)kind));
    }
}

static void test_schedule_check_warmup_without_rest_is_refused(void **state)
{
    struct schedule schedule = make_schedule(SCHEDULE_COSINE, 10, 10);
    struct error error = {0};

    (void)state;
    assert_false(schedule_check(&schedule, &error));
    assert_int_equal(error.status, STATUS_USAGE);
    assert_string_equal(error.what, "the warm-up leaves the cosine schedule no step");
    error = (struct error){0};
    schedule.warmup_steps = 9;
    assert_true(schedule_check(&schedule, &error));
    schedule = make_schedule(SCHEDULE_STEP, 10, 100);
    assert_true(schedule_check(&schedule, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_at_equals_pytorch),
        cmocka_unit_test(test_schedule_at_after_the_end_stays),
        cmocka_unit_test(test_schedule_needs_total_says_what_depends_on_it),
        cmocka_unit_test(test_schedule_has_momentum_says_whether_it_changes),
        cmocka_unit_test(test_schedule_check_warmup_without_rest_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
