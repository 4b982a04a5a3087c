#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/amount.h"

struct amount_case {
    double value;
    const char *text;
};

static void check(const char *(*format)(char *, size_t, double), const struct amount_case *cases,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char buffer[AMOUNT_SIZE];

        assert_string_equal(format(buffer, sizeof(buffer), cases[i].value), cases[i].text);
    }
}

#define CHECK(format, ...)                                                                         \
    check(format, (const struct amount_case[]){__VA_ARGS__},                                       \
          sizeof((const struct amount_case[]){__VA_ARGS__}) / sizeof(struct amount_case))

static void test_duration_has_the_unit_and_the_digits_that_fit(void **state)
{
    (void)state;
    CHECK(amount_duration, {0, "0.00 ms"}, {0.00031, "0.31 ms"}, {0.000994, "0.99 ms"},
          {0.000999, "1.0 ms"}, {0.00994, "9.9 ms"}, {0.00996, "10 ms"}, {0.25, "250 ms"},
          {0.9994, "999 ms"}, {0.9996, "1.0 s"}, {12.36, "12.4 s"}, {59.94, "59.9 s"},
          {59.96, "1 min 00 s"}, {200, "3 min 20 s"}, {3599.4, "59 min 59 s"},
          {3599.6, "1 h 00 min"}, {7500, "2 h 05 min"}, {86369, "23 h 59 min"}, {86371, "1 d 00 h"},
          {356400, "4 d 03 h"}, {-1, "-"}, {NAN, "-"}, {INFINITY, "-"});
}

static void test_time_left_is_whole_and_not_nothing(void **state)
{
    (void)state;
    CHECK(amount_time_left, {0, "1 s"}, {0.2, "1 s"}, {12.3, "13 s"}, {59.5, "1 min 00 s"},
          {61, "1 min 05 s"}, {599, "10 min"}, {612, "11 min"}, {3700, "1 h 02 min"},
          {90000, "1 d 01 h"}, {NAN, "-"});
}

static void test_rate_has_three_digits_or_groups(void **state)
{
    (void)state;
    CHECK(amount_rate, {0, "0.00"}, {0.254, "0.25"}, {0.996, "1.0"}, {3.44, "3.4"}, {9.96, "10"},
          {4523.4, "4,523"}, {999999.4, "999,999"}, {999999.6, "1.0 M"}, {1.24e6, "1.2 M"},
          {25.4e6, "25 M"}, {3.2e9, "3.2 G"}, {INFINITY, "-"}, {-1, "-"});
}

static void test_nbytes_are_powers_of_a_thousand(void **state)
{
    (void)state;
    CHECK(amount_nbytes, {0, "0 B"}, {512, "512 B"}, {999.6, "1.0 kB"}, {1234567, "1.2 MB"},
          {340e6, "340 MB"}, {2.5e12, "2.5 TB"}, {NAN, "-"});
}

/* No amount is longer than the buffer that the header promises to be enough. */
static void test_amounts_fit_their_buffer(void **state)
{
    (void)state;
    for (double value = 1e-9; value < 1e18; value *= 1.7) {
        char small[AMOUNT_SIZE], large[200];

        assert_string_equal(amount_duration(small, sizeof(small), value),
                            amount_duration(large, sizeof(large), value));
        assert_string_equal(amount_rate(small, sizeof(small), value),
                            amount_rate(large, sizeof(large), value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duration_has_the_unit_and_the_digits_that_fit),
        cmocka_unit_test(test_time_left_is_whole_and_not_nothing),
        cmocka_unit_test(test_rate_has_three_digits_or_groups),
        cmocka_unit_test(test_nbytes_are_powers_of_a_thousand),
        cmocka_unit_test(test_amounts_fit_their_buffer),
    };

    return cmocka_run_group_tests_name("amount", tests, NULL, NULL);
}
