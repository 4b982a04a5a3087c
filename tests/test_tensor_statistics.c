#include "tests/support.h"

#include <math.h>

#include "show/tensor_statistics.h"

static void test_tensor_statistics_of_finite_values(void **state)
{
    float values[] = {1, 0, -3, 4, -0.0f, 1};
    const struct tensor tensor = {"a", 2, {2, 3}, values};
    struct tensor_statistics statistics = tensor_statistics_of(&tensor);
    char shape[100];

    (void)state;
    assert_int_equal(statistics.num_values, 6);
    assert_int_equal(statistics.num_zeros, 2);
    assert_int_equal(statistics.num_nans + statistics.num_infinite, 0);
    assert_true(statistics.least == -3 && statistics.largest == 4);
    support_assert_close("mean", statistics.mean, 0.5, 1e-15);
    support_assert_close("deviation", statistics.deviation, sqrt(25.5 / 6), 1e-15);
    assert_string_equal(tensor_format_shape(shape, &tensor), "2x3");
}

static void test_tensor_statistics_leave_out_what_is_not_finite_and_count_it(void **state)
{
    float values[] = {NAN, 2, INFINITY, -INFINITY, 4, NAN, NAN};
    const struct tensor tensor = {"a", 1, {7}, values};
    struct tensor_statistics statistics = tensor_statistics_of(&tensor);

    (void)state;
    assert_int_equal(statistics.num_nans, 3);
    assert_int_equal(statistics.num_infinite, 2);
    assert_true(statistics.least == 2 && statistics.largest == 4);
    assert_true(statistics.mean == 3 && statistics.deviation == 1);
}

static void test_tensor_statistics_of_nothing_are_not_numbers(void **state)
{
    float values[] = {NAN};
    struct tensor_statistics empty = tensor_statistics_of(&(struct tensor){"a", 2, {0, 3}, values});
    struct tensor_statistics broken = tensor_statistics_of(&(struct tensor){"a", 1, {1}, values});

    (void)state;
    assert_int_equal(empty.num_values, 0);
    assert_true(isnan(empty.least) && isnan(empty.mean) && isnan(empty.deviation));
    assert_true(isnan(broken.largest) && isnan(broken.mean));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_statistics_of_finite_values),
        cmocka_unit_test(test_tensor_statistics_leave_out_what_is_not_finite_and_count_it),
        cmocka_unit_test(test_tensor_statistics_of_nothing_are_not_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
