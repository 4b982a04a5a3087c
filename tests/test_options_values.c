#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/options.h"
#include "common/text.h"
#include "common/text_list.h"
#include "tests/support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Parses the command line "x --NAME=TEXT" by a table of that option alone. */
static bool parse_value(struct option_spec spec, const char *text, struct error *error)
{
    const struct program program = {"x", .options = &spec, .num_options = 1};
    char argument[256], *argv[] = {"x", argument, NULL};
    int first_operand;
    bool done;

    text_format(argument, sizeof(argument), "--%s=%s", spec.name, text);
    return options_parse(&program, 2, argv, &first_operand, &done, error);
}

static bool parse_real(const char *name, const char *text, double minimum, double maximum,
                       double *value, struct error *error)
{
    return parse_value((struct option_spec){OPTION_REAL, name, .value = value, .minimum = minimum,
                                            .maximum = maximum},
                       text, error);
}

static bool parse_size(const char *text, uint64_t size[2], struct error *error)
{
    return parse_value(
        (struct option_spec){OPTION_SIZE, "size", .value = size, .minimum = 1, .maximum = 65535},
        text, error);
}

static bool parse_names(const char *text, struct text_list *names, struct error *error)
{
    return parse_value((struct option_spec){OPTION_NAMES, "classes", .value = names}, text, error);
}

static bool parse_nbytes(const char *text, uint64_t *value, struct error *error)
{
    return parse_value((struct option_spec){OPTION_NBYTES, "n", .value = value}, text, error);
}

static void test_count_whole_numbers_in_range_are_taken(void **state)
{
    static const struct {
        const char *text;
        uint64_t expected;
    } cases[] = {{"0", 0},
                 {"7", 7},
                 {"007", 7},
                 {"4294967296", 4294967296},
                 {"18446744073709551615", UINT64_MAX}};
    struct error error = {0};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(options_parse_count("--n", cases[i].text, 0, UINT64_MAX, &value, &error));
        assert_true(value == cases[i].expected);
    }
    assert_true(options_parse_count("--n", "3", 3, 5, &value, &error));
    assert_true(options_parse_count("--n", "5", 3, 5, &value, &error));
}

static void test_count_anything_else_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "+1",
                                      "-1",
                                      " 1",
                                      "1 ",
                                      "1\n",
                                      "1.0",
                                      "1e3",
                                      "0x10",
                                      "1,000",
                                      "1_000",
                                      "one",
                                      "12a",
                                      "a12",
                                      "\xd9\xa3",
                                      "nan",
                                      "inf",
                                      "-",
                                      "18446744073709551616",
                                      "99999999999999999999999999999"};
    uint64_t value = 77;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};

        if (options_parse_count("--n", bad[i], 0, UINT64_MAX, &value, &error) ||
            error.status != STATUS_USAGE)
            fail_msg("'%s' is accepted", bad[i]);
        assert_int_equal(error.status, STATUS_USAGE);
    }
    assert_int_equal(value, 77);
}

static void test_count_out_of_range_says_the_range(void **state)
{
    struct error error = {0};
    uint64_t value;

    (void)state;
    assert_fails(options_parse_count("--batch-size", "2", 3, 5, &value, &error), &error,
                 STATUS_USAGE);
    assert_string_equal(error.what, "--batch-size");
    assert_string_equal(error.expected, "a whole number from 3 to 5");
    assert_string_equal(error.found, "'2'");
    error = (struct error){0};
    assert_fails(options_parse_count("--n", "6", 3, 5, &value, &error), &error, STATUS_USAGE);
    error = (struct error){0};
    assert_fails(options_parse_count("--n", "0", 1, UINT64_MAX, &value, &error), &error,
                 STATUS_USAGE);
    assert_string_equal(error.expected, "a whole number, 1 or more");
}

static void test_real_decimal_numbers_in_range_are_taken(void **state)
{
    static const struct {
        const char *text;
        double expected;
    } cases[] = {{"0", 0},      {"0.1", 0.1},  {"-2", -2},       {"+2", 2},
                 {".5", 0.5},   {"5.", 5},     {"1e-3", 1e-3},   {"1E+3", 1000},
                 {"0e-400", 0}, {"-0.0e9", 0}, {"1e308", 1e308}, {"1e-45", 1e-45}};
    struct error error = {0};
    double value;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(parse_real("r", cases[i].text, -INFINITY, INFINITY, &value, &error));
        assert_true(value == cases[i].expected);
    }
}

static void test_real_anything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",      " ",    " 1",    "1 ",     "nan", "-nan", "inf", "-inf",  "infinity",
        "0x1p3", "0x10", "1e",    "e5",     "1e+", ".",    "-",   "+",     "--1",
        "1.2.3", "1,5",  "1e400", "-1e400", "1f",  "1d3",  "one", "1e5e5", "5 e3"};
    double value = 77;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};

        if (parse_real("r", bad[i], -INFINITY, INFINITY, &value, &error) ||
            error.status != STATUS_USAGE)
            fail_msg("'%s' is accepted", bad[i]);
    }
    assert_true(value == 77);
}

static void test_real_out_of_range_says_the_range(void **state)
{
    struct error error = {0};
    double value;

    (void)state;
    assert_fails(parse_real("momentum", "1.5", 0, 1, &value, &error), &error, STATUS_USAGE);
    assert_string_equal(error.what, "--momentum");
    assert_string_equal(error.expected, "a number from 0 to 1");
    assert_string_equal(error.found, "'1.5'");
    error = (struct error){0};
    assert_fails(parse_real("r", "-0.1", 0, INFINITY, &value, &error), &error, STATUS_USAGE);
    assert_string_equal(error.expected, "a number, 0 or more");
}

static void test_real_that_single_precision_would_make_zero_is_refused(void **state)
{
    static const char *const bad[] = {"1e-46", "-1e-46", "5e-324", "1e-400", "0.0001e-50"};
    double value = 77;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};

        assert_fails(parse_real("r", bad[i], -INFINITY, INFINITY, &value, &error), &error,
                     STATUS_USAGE);
        assert_string_equal(error.expected, "a number that is not 0 in single precision");
    }
    assert_true(value == 77);
}

static void test_size_height_and_width_are_taken(void **state)
{
    struct error error = {0};
    uint64_t size[2];

    (void)state;
    assert_true(parse_size("28x32", size, &error));
    assert_int_equal(size[0], 28);
    assert_int_equal(size[1], 32);
    assert_true(parse_size("1x65535", size, &error));
    assert_int_equal(size[1], 65535);
}

static void test_size_anything_else_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "28",
                                      "x",
                                      "28x",
                                      "x28",
                                      "0x28",
                                      "28x0",
                                      "28X28",
                                      "28x28x3",
                                      "-1x28",
                                      "28x-1",
                                      "28 x28",
                                      "28x 28",
                                      "65536x1",
                                      "1x65536",
                                      "2.5x3",
                                      "28*28",
                                      "axb",
                                      "999999999999999999999x1",
                                      "1x999999999999999999999"};
    uint64_t size[2];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};

        if (parse_size(bad[i], size, &error) || error.status != STATUS_USAGE)
            fail_msg("'%s' is accepted", bad[i]);
        assert_string_equal(error.what, "--size");
    }
}

static void assert_names(const char *text, size_t count, const char *const *expected)
{
    struct text_list names = {0};
    struct error error = {0};

    assert_true(parse_names(text, &names, &error));
    assert_int_equal(names.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(names.items[i], expected[i]);
    text_list_free(&names);
}

static void test_names_order_and_escapes_are_kept(void **state)
{
    (void)state;
    assert_names("7,3", 2, (const char *[]){"7", "3"});
    assert_names("seven", 1, (const char *[]){"seven"});
    assert_names(" a ,b c", 2, (const char *[]){" a ", "b c"});
    assert_names("a\\,b,c", 2, (const char *[]){"a,b", "c"});
    assert_names("a\\\\,b", 2, (const char *[]){"a\\", "b"});
    assert_names("a\\", 1, (const char *[]){"a\\"});
}

static void test_names_empty_or_twice_is_refused(void **state)
{
    static const char *const bad[] = {"", ",", "7,", ",3", "7,,3", "7,3,7", "a\\,b,a\\,b"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct text_list names = {0};
        struct error error = {0};

        if (parse_names(bad[i], &names, &error) || error.status != STATUS_USAGE)
            fail_msg("'%s' is accepted", bad[i]);
        assert_string_equal(error.what, "--classes");
        text_list_free(&names);
    }
}

static void test_nbytes_digits_and_one_unit_are_taken(void **state)
{
    static const struct {
        const char *text;
        uint64_t expected;
    } cases[] = {{"1", 1},
                 {"20M", 20971520},
                 {"3K", 3072},
                 {"4G", 4294967296},
                 {"2T", 2199023255552},
                 {"16777215T", 16777215ull << 40},
                 {"18446744073709551615", UINT64_MAX}};
    struct error error = {0};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(parse_nbytes(cases[i].text, &value, &error));
        assert_true(value == cases[i].expected);
    }
}

static void test_nbytes_anything_else_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "M",
                                      "0",
                                      "0M",
                                      "1.5G",
                                      "12MB",
                                      "12 M",
                                      "-1M",
                                      "+1M",
                                      "0x1M",
                                      "1e3M",
                                      "1KM",
                                      "1m",
                                      "1P",
                                      "16777216T",
                                      "18446744073709551616",
                                      "99999999999999999999K"};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};

        if (parse_nbytes(bad[i], &value, &error) || error.status != STATUS_USAGE)
            fail_msg("'%s' was taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count_whole_numbers_in_range_are_taken),
        cmocka_unit_test(test_count_anything_else_is_refused),
        cmocka_unit_test(test_count_out_of_range_says_the_range),
        cmocka_unit_test(test_real_decimal_numbers_in_range_are_taken),
        cmocka_unit_test(test_real_anything_else_is_refused),
        cmocka_unit_test(test_real_out_of_range_says_the_range),
        cmocka_unit_test(test_real_that_single_precision_would_make_zero_is_refused),
        cmocka_unit_test(test_size_height_and_width_are_taken),
        cmocka_unit_test(test_size_anything_else_is_refused),
        cmocka_unit_test(test_names_order_and_escapes_are_kept),
        cmocka_unit_test(test_names_empty_or_twice_is_refused),
        cmocka_unit_test(test_nbytes_digits_and_one_unit_are_taken),
        cmocka_unit_test(test_nbytes_anything_else_is_refused),
    };

    return cmocka_run_group_tests_name("options_values", tests, NULL, NULL);
}
