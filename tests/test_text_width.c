#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/text_width.h"

static void test_width_counts_columns_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("\xc3\xa9t\xc3\xa9"), 3);        /* letters with accents */
    assert_int_equal(text_width("e\xcc\x81"), 1);                /* an accent of its own */
    assert_int_equal(text_width("\xe7\x8c\xab\xe7\x8a\xac"), 4); /* cat and dog, in Chinese */
    assert_int_equal(text_width("\xea\xb3\xa0"), 2);             /* Korean */
    assert_int_equal(text_width("\xf0\x9f\x90\xb1"), 2);         /* the face of a cat */
    assert_int_equal(text_width("a\xff"
                                "b\xc3"),
                     4); /* stray bytes */
}

static void test_fit_ends_before_the_letter_that_is_too_wide(void **state)
{
    (void)state;
    assert_int_equal(text_width_fit("abc", 2), 2);
    assert_int_equal(text_width_fit("abc", 9), 3);
    assert_int_equal(text_width_fit("\xe7\x8c\xab\xe7\x8a\xac", 3), 3);
    assert_int_equal(text_width_fit("e\xcc\x81x", 1), 3);
    assert_int_equal(text_width_fit("abc", 0), 0);
}

static void test_cut_shows_that_it_cut_and_fits(void **state)
{
    static const char *const texts[] = {"quern", "\xe7\x8c\xab\xe7\x8a\xac\xe7\x8c\xab",
                                        "e\xcc\x81t\xc3\xa9 \xf0\x9f\x90\xb1 abc"};
    char buffer[64], small[6];

    (void)state;
    assert_string_equal(text_width_cut(buffer, sizeof(buffer), "class names", 11), "class names");
    assert_string_equal(text_width_cut(buffer, sizeof(buffer), "class names", 8), "class...");
    assert_string_equal(text_width_cut(buffer, sizeof(buffer), "class names", 2), "cl");
    assert_string_equal(text_width_cut(small, sizeof(small), "class names", 20), "cl...");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t columns = 0; columns < 14; columns++)
            assert_true(text_width(text_width_cut(buffer, sizeof(buffer), texts[i], columns)) <=
                        columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width_counts_columns_not_bytes),
        cmocka_unit_test(test_fit_ends_before_the_letter_that_is_too_wide),
        cmocka_unit_test(test_cut_shows_that_it_cut_and_fits),
    };

    return cmocka_run_group_tests_name("text_width", tests, NULL, NULL);
}
