#include "tests/support.h"

#include <math.h>
#include <string.h>

#include "common/json_reader.h"

static void test_json_is_object_takes_whole_objects_alone(void **state)
{
    static const char *const whole[] = {
        "{}",
        " {\"a\": [1, -2.5e+3, true, false, null, \"\\u00e9\\n\"], \"b\": {}} \r\n",
        "{\"a\":[[],[{}]]}",
    };
    static const char *const broken[] = {
        "",
        "{",
        "[]",
        "{} x",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":+1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"",
        "{\"event\":\"epoch\",\"epo",
        "{\"a\":nul}",
        "{'a':1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        assert_true(json_is_object(whole[i]));
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        if (json_is_object(broken[i]))
            fail_msg("taken for whole: %s", broken[i]);
}

static void test_json_is_object_refuses_what_is_too_deep(void **state)
{
    char text[20000] = "{\"a\":";

    (void)state;
    memset(text + 5, '[', 9000);
    memset(text + 9005, ']', 9000);
    text[18005] = '}';
    assert_false(json_is_object(text));
}

static void test_json_find_sees_members_of_the_object_itself(void **state)
{
    const char *text =
        "{\"config\":{\"epoch\":1,\"x\":\"}\"},\"epoch\":7,\"epoch\":8,\"list\":[3,\"b\"]}";
    const char *item;
    uint64_t count = 0;
    char word[8];

    (void)state;
    assert_true(json_is_object(text));
    assert_true(json_get_count(json_find(text, "epoch"), &count));
    assert_int_equal(count, 7);
    assert_null(json_find(text, "x"));
    assert_null(json_find("{}", "x"));
    item = json_first_item(json_find(text, "list"));
    assert_true(json_get_count(item, &count));
    assert_int_equal(count, 3);
    item = json_next_item(item);
    assert_true(json_get_text(item, word, sizeof(word)));
    assert_string_equal(word, "b");
    assert_null(json_next_item(item));
    assert_null(json_first_item(json_find(text, "epoch")));
}

static void test_json_get_leaves_values_of_other_types(void **state)
{
    uint64_t count = 5;
    double real = 0.5;
    char text[8] = "as is";

    (void)state;
    assert_false(json_get_count("1.5", &count));
    assert_false(json_get_count("-1", &count));
    assert_false(json_get_count("18446744073709551616", &count));
    assert_false(json_get_count("\"1\"", &count));
    assert_false(json_get_count(NULL, &count));
    assert_int_equal(count, 5);
    assert_false(json_get_real("true", &real));
    assert_false(json_get_real(NULL, &real));
    assert_true(real == 0.5);
    assert_true(json_get_real("null", &real));
    assert_true(isnan(real));
    assert_true(json_get_real("-2.5e-1}", &real));
    assert_true(real == -0.25);
    assert_false(json_get_text("1", text, sizeof(text)));
    assert_string_equal(text, "as is");
    assert_true(json_get_count("18446744073709551615,", &count));
    assert_true(count == UINT64_MAX);
}

static void test_json_get_text_resolves_escapes_and_cuts_whole_characters(void **state)
{
    char text[64], small[4];

    (void)state;
    assert_true(json_get_text("\"a\\n\\\"\\\\\\/\\u00e9\\uD83D\\uDE00\\ud800\\u0000\"", text,
                              sizeof(text)));
    assert_string_equal(text, "a\n\"\\/\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd");
    assert_true(json_get_text("\"ab\\u00e9c\"", small, sizeof(small)));
    assert_string_equal(small, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_is_object_takes_whole_objects_alone),
        cmocka_unit_test(test_json_is_object_refuses_what_is_too_deep),
        cmocka_unit_test(test_json_find_sees_members_of_the_object_itself),
        cmocka_unit_test(test_json_get_leaves_values_of_other_types),
        cmocka_unit_test(test_json_get_text_resolves_escapes_and_cuts_whole_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
