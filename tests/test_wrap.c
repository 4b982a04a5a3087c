#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/wrap.h"

static void assert_wraps(bool is_command, const char *line, size_t indent, size_t columns,
                         const char *expected)
{
    char *printed = NULL;
    size_t nbytes = 0;
    FILE *stream = open_memstream(&printed, &nbytes);

    assert_non_null(stream);
    if (is_command)
        wrap_print_command_columns(stream, line, indent, columns);
    else
        wrap_print_columns(stream, line, indent, columns);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(printed, expected);
    free(printed);
}

static void test_wrap_print_no_terminal_keeps_the_line(void **state)
{
    (void)state;
    assert_wraps(false, "quern: some words  and more", 2, 0, "quern: some words  and more\n");
    assert_wraps(true, "  quern 'some words'", 2, 0, "  quern 'some words'\n");
    assert_wraps(false, "", 2, 0, "\n");
}

static void test_wrap_print_narrow_breaks_between_words(void **state)
{
    (void)state;
    assert_wraps(false, "one two three", 2, 14, "one two three\n");
    assert_wraps(false, "one two three", 2, 13, "one two\n  three\n");
    assert_wraps(false, "  one two three", 4, 10, "  one two\n    three\n");
    assert_wraps(false, "", 2, 10, "\n");
}

static void test_wrap_print_wide_letters_count_their_columns(void **state)
{
    (void)state;
    assert_wraps(false, "\u732b\u732b \u732b\u732b", 0, 10, "\u732b\u732b \u732b\u732b\n");
    assert_wraps(false, "\u732b\u732b \u732b\u732b", 0, 9, "\u732b\u732b\n\u732b\u732b\n");
    assert_wraps(false, "\u00fc\u00fc\u00fc \u00fc\u00fc\u00fc", 0, 8,
                 "\u00fc\u00fc\u00fc \u00fc\u00fc\u00fc\n");
}

static void test_wrap_print_long_word_stays_whole(void **state)
{
    (void)state;
    assert_wraps(false, "q: /a/long/path/to: no", 2, 10, "q:\n  /a/long/path/to:\n  no\n");
}

static void test_wrap_print_command_breaks_between_arguments(void **state)
{
    (void)state;
    assert_wraps(true, "  q --size 8x8 'my photos' x.h5", 4, 18,
                 "  q --size 8x8 \\\n    'my photos' \\\n    x.h5\n");
    /* Quoted is the blank, and the apostrophe between the quotes is not. */
    assert_wraps(true, "q 'a'\\''b c' d", 2, 11, "q \\\n  'a'\\''b c' \\\n  d\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap_print_no_terminal_keeps_the_line),
        cmocka_unit_test(test_wrap_print_narrow_breaks_between_words),
        cmocka_unit_test(test_wrap_print_wide_letters_count_their_columns),
        cmocka_unit_test(test_wrap_print_long_word_stays_whole),
        cmocka_unit_test(test_wrap_print_command_breaks_between_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
