#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/error.h"
#include "tests/support.h"

static void assert_prints(const struct error *error, const char *expected)
{
    char *printed = NULL;
    size_t nbytes = 0;
    FILE *stream = open_memstream(&printed, &nbytes);

    assert_non_null(stream);
    error_print(error, "quern-test", stream);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(printed, expected);
    free(printed);
}

static void test_error_set_full_context_prints_every_part(void **state)
{
    struct error error = {0};
    uint64_t row = 17;

    (void)state;
    assert_fails(error_set(&error, STATUS_DATA,
                           ERROR_AT(.file = "s.h5", .dataset = "/train/labels", .row = &row,
                                    .expected = "0 to 1", .found = "9"),
                           "label %d is too large", 9),
                 &error, STATUS_DATA);
    assert_int_equal(error.status, STATUS_DATA);
    assert_prints(&error, "quern-test: s.h5: /train/labels, row 17: label 9 is too large: "
                          "expected 0 to 1, found 9\n");
}

static void test_error_print_parts_missing_leaves_no_gap(void **state)
{
    static const struct {
        struct error error;
        const char *expected;
    } cases[] = {
        {{.what = "no luck"}, "quern-test: no luck\n"},
        {{.what = "no luck", .file = "a"}, "quern-test: a: no luck\n"},
        {{.what = "no luck", .dataset = "/x"}, "quern-test: /x: no luck\n"},
        {{.what = "no luck", .has_row = true, .row = 0}, "quern-test: row 0: no luck\n"},
        {{.what = "size", .expected = "1"}, "quern-test: size: expected 1\n"},
        {{.what = "size", .found = "2"}, "quern-test: size: found 2\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_prints(&cases[i].error, cases[i].expected);
}

static void test_error_set_second_time_keeps_first(void **state)
{
    struct error error = {0};

    (void)state;
    error_set(&error, STATUS_DATA, ERROR_AT(.file = "first"), "cause");
    assert_false(error_set(&error, STATUS_IO, ERROR_AT(.file = "second"), "cannot close"));
    errno = ENOSPC;
    assert_false(error_set_errno(&error, "third", "cannot write"));
    assert_false(error_set_memory(&error, 5));
    assert_int_equal(error.status, STATUS_DATA);
    assert_prints(&error, "quern-test: first: cause\n");
}

static void test_error_set_errno_names_file_and_cause(void **state)
{
    struct error error = {0};
    char expected[200];

    (void)state;
    errno = ENOENT;
    assert_fails(error_set_errno(&error, "missing.png", "cannot open"), &error, STATUS_IO);
    snprintf(expected, sizeof(expected), "quern-test: missing.png: cannot open: %s\n",
             strerror(ENOENT));
    assert_prints(&error, expected);
}

static void test_error_set_memory_says_how_much(void **state)
{
    struct error error = {0};

    (void)state;
    assert_fails(error_set_memory(&error, 123456), &error, STATUS_INTERNAL);
    assert_prints(&error, "quern-test: no memory for 123456 bytes\n");
}

static void test_error_print_control_characters_are_escaped(void **state)
{
    struct error error = {0};

    (void)state;
    error_set(&error, STATUS_DATA, ERROR_AT(.file = "a\nb\033[2J", .found = "\t"), "bad\rname");
    assert_prints(&error, "quern-test: a\\nb\\x1b[2J: bad\\x0dname: found \\t\n");
}

static void test_error_set_long_text_is_cut(void **state)
{
    struct error error = {0};
    char text[5000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&error, STATUS_DATA,
              ERROR_AT(.file = text, .dataset = text, .expected = text, .found = text), "%s", text);
    assert_int_equal(strlen(error.what), sizeof(error.what) - 1);
    assert_int_equal(strlen(error.file), sizeof(error.file) - 1);
    assert_int_equal(strlen(error.dataset), sizeof(error.dataset) - 1);
    assert_int_equal(strlen(error.expected), sizeof(error.expected) - 1);
    assert_int_equal(strlen(error.found), sizeof(error.found) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_set_full_context_prints_every_part),
        cmocka_unit_test(test_error_print_parts_missing_leaves_no_gap),
        cmocka_unit_test(test_error_set_second_time_keeps_first),
        cmocka_unit_test(test_error_set_errno_names_file_and_cause),
        cmocka_unit_test(test_error_set_memory_says_how_much),
        cmocka_unit_test(test_error_print_control_characters_are_escaped),
        cmocka_unit_test(test_error_set_long_text_is_cut),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
