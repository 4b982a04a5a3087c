#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"

/* A document under construction; each test has one. */
struct document {
    struct json json;
    char *text;
    size_t nbytes;
};

static void document_begin(struct document *document)
{
    *document = (struct document){0};
    document->json.stream = open_memstream(&document->text, &document->nbytes);
    assert_non_null(document->json.stream);
}

static void document_assert(struct document *document, const char *expected)
{
    assert_int_equal(fclose(document->json.stream), 0);
    assert_string_equal(document->text, expected);
    free(document->text);
}

static void test_nested_values_have_commas_between_them_only(void **state)
{
    struct document document;
    struct json *json = &document.json;

    (void)state;
    document_begin(&document);
    json_begin_object(json, NULL);
    json_string(json, "model", "linear");
    json_count(json, "total", UINT64_MAX);
    json_begin_array(json, "confusion");
    for (int i = 0; i < 2; i++) {
        json_begin_array(json, NULL);
        json_count(json, NULL, 1);
        json_count(json, NULL, 2);
        json_end_array(json);
    }
    json_end_array(json);
    json_begin_object(json, "empty");
    json_end_object(json);
    json_begin_array(json, "none");
    json_end_array(json);
    json_bool(json, "yes", true);
    json_bool(json, "no", false);
    json_null(json, "nothing");
    json_end_object(json);
    document_assert(&document, "{\"model\":\"linear\",\"total\":18446744073709551615,"
                               "\"confusion\":[[1,2],[1,2]],\"empty\":{},\"none\":[],"
                               "\"yes\":true,\"no\":false,\"nothing\":null}");
}

static void assert_string(const char *value, const char *expected)
{
    struct document document;

    document_begin(&document);
    json_string(&document.json, NULL, value);
    document_assert(&document, expected);
}

static void test_string_special_characters_are_escaped(void **state)
{
    (void)state;
    assert_string("", "\"\"");
    assert_string("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    assert_string("\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\"");
    assert_string("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
                  "\"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

static void test_string_bytes_that_are_not_utf8_are_replaced(void **state)
{
    (void)state;
    assert_string("caf\xe9", "\"caf\\ufffd\"");
    assert_string("\xc0\x80"
                  "a",
                  "\"\\ufffd\\ufffda\"");
    assert_string("\xe2\x82", "\"\\ufffd\\ufffd\"");
    assert_string("\xff\"", "\"\\ufffd\\\"\"");
}

static void test_string_key_is_escaped_too(void **state)
{
    struct document document;

    (void)state;
    document_begin(&document);
    json_begin_object(&document.json, NULL);
    json_count(&document.json, "a\"\n", 1);
    json_end_object(&document.json);
    document_assert(&document, "{\"a\\\"\\u000a\":1}");
}

static void assert_real(double value, const char *expected)
{
    struct document document;

    document_begin(&document);
    json_real(&document.json, NULL, value);
    document_assert(&document, expected);
}

static void test_real_numbers_are_short_and_exact(void **state)
{
    (void)state;
    assert_real(0, "0");
    assert_real(100, "100");
    assert_real(-2.5, "-2.5");
    assert_real(0.1, "0.1");
    assert_real(0.1 + 0.2, "0.30000000000000004");
    assert_real(1.0 / 3, "0.3333333333333333");
    assert_real(2.0 / 3, "0.6666666666666666");
    assert_real(1e300, "1e+300");
    assert_real(DBL_MAX, "1.7976931348623157e+308");
}

static void test_real_many_numbers_read_back_the_same(void **state)
{
    uint64_t bits = 1;
    int num_tried = 0;

    (void)state;
    while (num_tried < 20000) {
        char *text = NULL;
        size_t nbytes;
        struct json json = {.stream = open_memstream(&text, &nbytes)};
        double value;

        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&value, &bits, sizeof(value));
        json_real(&json, NULL, value);
        fclose(json.stream);
        if (isfinite(value) && strtod(text, NULL) != value)
            fail_msg("%a is written as %s", value, text);
        num_tried++;
        free(text);
    }
}

static void assert_float(float value, const char *expected)
{
    struct document document;

    document_begin(&document);
    json_float(&document.json, NULL, value);
    document_assert(&document, expected);
}

static void test_float_numbers_are_short_and_exact(void **state)
{
    (void)state;
    assert_float(0.1f, "0.1");
    assert_float(1.0f / 3, "0.33333334");
    assert_float(16777216.0f, "16777216");
    assert_float(0.12391811609268188f, "0.123918116");
    assert_float(FLT_MAX, "3.4028235e+38");
}

static void test_real_not_finite_is_null(void **state)
{
    struct document document;
    struct json *json = &document.json;

    (void)state;
    document_begin(&document);
    json_begin_array(json, NULL);
    json_real(json, NULL, NAN);
    json_real(json, NULL, INFINITY);
    json_float(json, NULL, -INFINITY);
    json_real(json, NULL, 1);
    json_end_array(json);
    document_assert(&document, "[null,null,null,1]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested_values_have_commas_between_them_only),
        cmocka_unit_test(test_string_special_characters_are_escaped),
        cmocka_unit_test(test_string_bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(test_string_key_is_escaped_too),
        cmocka_unit_test(test_real_numbers_are_short_and_exact),
        cmocka_unit_test(test_real_many_numbers_read_back_the_same),
        cmocka_unit_test(test_float_numbers_are_short_and_exact),
        cmocka_unit_test(test_real_not_finite_is_null),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
