#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/text.h"
#include "common/text_list.h"

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* Every pair of an ordered list, both ways round: also tests that the order is transitive. */
static void test_compare_natural_ordered_names_compare_by_position(void **state)
{
    static const char *const ordered[] = {"",
                                          " 3",
                                          "-1",
                                          "0",
                                          "00",
                                          "0a",
                                          "01",
                                          "1",
                                          "1a",
                                          "2",
                                          "2.9",
                                          "2.10",
                                          "10",
                                          "10a",
                                          "010b",
                                          "99999999999999999999",
                                          "100000000000000000000",
                                          "A",
                                          "a",
                                          "a1b2",
                                          "a1b10",
                                          "a02b1",
                                          "ab",
                                          "img9",
                                          "img10",
                                          "img010b",
                                          "img11",
                                          "\xc3\xa9"};
    const size_t count = sizeof(ordered) / sizeof(ordered[0]);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int order = sign(text_compare_natural(ordered[i], ordered[k]));

            if (order != (i > k) - (i < k))
                fail_msg("'%s' and '%s' compare as %d", ordered[i], ordered[k], order);
        }
}

static void test_is_utf8_well_formed_is_accepted(void **state)
{
    static const char *const good[] = {
        "",
        "plain",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",     /* U+D7FF, before the surrogates */
        "\xee\x80\x80",     /* U+E000, after them */
        "\xef\xbf\xbf",     /* U+FFFF */
        "\xf0\x90\x80\x80", /* U+10000 */
        "\xf4\x8f\xbf\xbf", /* U+10FFFF */
        "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!text_is_utf8(good[i], strlen(good[i])))
            fail_msg("case %zu is refused", i);
    assert_true(text_is_utf8("a\0b", 3));
}

static void test_is_utf8_malformed_is_refused(void **state)
{
    static const char *const bad[] = {
        "\x80", /* a continuation alone */
        "\xbf"
        "a",
        "\xc0\x80", /* overlong NUL */
        "\xc1\xbf", /* overlong */
        "\xc2",     /* cut */
        "\xc2"
        "a",
        "\xe0\x9f\xbf", /* overlong */
        "\xe2\x82",     /* cut */
        "\xe2\x28\xa1",
        "\xed\xa0\x80",     /* surrogate U+D800 */
        "\xed\xbf\xbf",     /* surrogate U+DFFF */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xf0\x9f\x98",     /* cut */
        "\xf4\x90\x80\x80", /* U+110000 */
        "\xf5\x80\x80\x80",
        "\xfe",
        "\xff",
        "good\xffgood",
        "caf\xe9", /* Latin-1 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (text_is_utf8(bad[i], strlen(bad[i])))
            fail_msg("case %zu is accepted", i);
    assert_false(text_is_utf8("\xc3\xa9", 1));
}

static void assert_escapes(const char *text, const char *expected)
{
    char buffer[200], *printed = NULL;
    size_t nbytes = 0;
    FILE *stream = open_memstream(&printed, &nbytes);

    assert_non_null(stream);
    text_print_escaped(stream, text);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(printed, expected);
    free(printed);
    assert_string_equal(text_escape(buffer, sizeof(buffer), text), expected);
}

static void test_escape_plain_text_is_unchanged(void **state)
{
    (void)state;
    assert_escapes("", "");
    assert_escapes("train/3/a b 'c' \"d\".png", "train/3/a b 'c' \"d\".png");
    assert_escapes("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
                   "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void test_escape_control_characters_are_named(void **state)
{
    (void)state;
    assert_escapes("a\nb\tc\rd\\e", "a\\nb\\tc\\x0dd\\\\e");
    assert_escapes("\x01\x1b[2J\x7f", "\\x01\\x1b[2J\\x7f");
}

/* U+009B starts a terminal's command as ESC [ does, and a byte 0x9b does so where the terminal
 * is not in UTF-8. */
static void test_escape_c1_controls_and_broken_utf8_are_named(void **state)
{
    (void)state;
    assert_escapes("\xc2\x9b"
                   "2J",
                   "\\xc2\\x9b2J");
    assert_escapes("\xc2\x80\xc2\xa0", "\\xc2\\x80\xc2\xa0");
    assert_escapes("caf\xe9", "caf\\xe9");
    assert_escapes("\x9b"
                   "2J\xe2\x82",
                   "\\x9b2J\\xe2\\x82");
}

/* A name with U+202E is shown as another: "gnp.exe" as "exe.png". */
static void test_escape_turns_of_direction_are_named(void **state)
{
    (void)state;
    assert_escapes("a\xe2\x80\xae"
                   "b",
                   "a\\xe2\\x80\\xaeb");
    assert_escapes("\xe2\x80\xaa\xe2\x81\xa6", "\\xe2\\x80\\xaa\\xe2\\x81\\xa6");
    assert_escapes("\xe2\x81\xa9", "\\xe2\\x81\\xa9");
    /* Their neighbours do no such thing. */
    assert_escapes("\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5", "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5");
    assert_escapes("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d");
}

static void test_escape_line_of_escaped_names_is_unchanged(void **state)
{
    char buffer[80];

    (void)state;
    assert_string_equal(
        text_escape_line(buffer, sizeof(buffer), "skipped a\\x1b[31m\\\\b, and \x1b[31m\n"),
        "skipped a\\x1b[31m\\\\b, and \\x1b[31m\\n");
    assert_string_equal(text_escape_line(buffer, 4, "a\\\\b"), "a\\\\");
}

static void test_escape_full_buffer_is_cut_between_characters(void **state)
{
    char buffer[6];

    (void)state;
    assert_string_equal(text_escape(buffer, 6, "abcdefgh"), "abcde");
    assert_string_equal(text_escape(buffer, 6, "abcd\nx"), "abcd");
    assert_string_equal(text_escape(buffer, 6, "\x01\x02"), "\\x01");
    assert_string_equal(text_escape(buffer, 6, "abcd\xc3\xa9"), "abcd");
    assert_string_equal(text_escape(buffer, 1, "abc"), "");
}

static void test_format_text_is_cut_to_the_buffer(void **state)
{
    char buffer[6];

    (void)state;
    assert_ptr_equal(text_format(buffer, sizeof(buffer), "%d-%s", 12, "abcdef"), buffer);
    assert_string_equal(buffer, "12-ab");
    assert_string_equal(TEXT("%dx%d", 28, 32), "28x32");
}

static void test_group_digits_every_length_has_commas_in_place(void **state)
{
    char buffer[27];

    (void)state;
    assert_string_equal(text_group_digits(buffer, sizeof(buffer), 0), "0");
    assert_string_equal(text_group_digits(buffer, sizeof(buffer), 999), "999");
    assert_string_equal(text_group_digits(buffer, sizeof(buffer), 1000), "1,000");
    assert_string_equal(text_group_digits(buffer, sizeof(buffer), 12396), "12,396");
    assert_string_equal(text_group_digits(buffer, sizeof(buffer), 123456), "123,456");
    assert_string_equal(text_group_digits(buffer, sizeof(buffer), UINT64_MAX),
                        "18,446,744,073,709,551,615");
}

static void test_list_add_many_finds_and_copies_each(void **state)
{
    struct text_list list = {0}, copy = {0};
    struct error error = {0};
    char name[16];

    (void)state;
    assert_int_equal(text_list_find(&list, "0"), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_true(text_list_add(&list, name, &error));
    }
    assert_int_equal(list.count, 100);
    assert_int_equal(text_list_find(&list, "42"), 42);
    assert_int_equal(text_list_find(&list, "100"), 100);
    assert_true(text_list_copy(&copy, &list, &error));
    assert_true(text_list_equal(&list, &copy));
    assert_ptr_not_equal(list.items[7], copy.items[7]);
    copy.items[99][0] = 'x';
    assert_false(text_list_equal(&list, &copy));
    assert_true(text_list_add(&list, "more", &error));
    assert_false(text_list_equal(&list, &copy));
    text_list_free(&copy);
    text_list_free(&list);
    assert_int_equal(list.count, 0);
    assert_null(list.items);
}

static void test_print_argument_is_what_a_shell_takes(void **state)
{
    static const char *const cases[][2] = {
        {"plain-1.h5", "plain-1.h5"},
        {"", "''"},
        {"a b", "'a b'"},
        {"it's $(x) `y` \"z\" \\", "'it'\\''s $(x) `y` \"z\" \\'"},
        {"über", "'über'"},
        {"a\nb'\\\xff", "$'a\\x0ab\\x27\\x5c\\xff'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *printed = NULL;
        size_t length = 0;
        FILE *stream = open_memstream(&printed, &length);

        text_print_argument(stream, cases[i][0]);
        fclose(stream);
        assert_string_equal(printed, cases[i][1]);
        free(printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_natural_ordered_names_compare_by_position),
        cmocka_unit_test(test_is_utf8_well_formed_is_accepted),
        cmocka_unit_test(test_is_utf8_malformed_is_refused),
        cmocka_unit_test(test_escape_plain_text_is_unchanged),
        cmocka_unit_test(test_escape_control_characters_are_named),
        cmocka_unit_test(test_escape_c1_controls_and_broken_utf8_are_named),
        cmocka_unit_test(test_escape_turns_of_direction_are_named),
        cmocka_unit_test(test_escape_line_of_escaped_names_is_unchanged),
        cmocka_unit_test(test_escape_full_buffer_is_cut_between_characters),
        cmocka_unit_test(test_format_text_is_cut_to_the_buffer),
        cmocka_unit_test(test_group_digits_every_length_has_commas_in_place),
        cmocka_unit_test(test_print_argument_is_what_a_shell_takes),
        cmocka_unit_test(test_list_add_many_finds_and_copies_each),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
