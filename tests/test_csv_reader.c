/* Tables of text: RFC 4180 and what people write besides. */
#include <stdlib.h>
#include <string.h>

#include "common/csv_reader.h"
#include "tests/support.h"

/* Reads all of a text and gives it back with '|' behind a field and its line number behind a
 * record: "1:a|b|;2:...". */
static char *read_all(const char *name, const char *text, struct error *error)
{
    static char out[1024];
    char *bytes = strdup(text);
    struct csv_reader reader;
    struct csv_record record = {0};
    size_t used = 0;

    out[0] = '\0';
    if (csv_reader_begin(&reader, name, bytes, strlen(text), error)) {
        while (csv_reader_next(&reader, &record, error) && record.count > 0) {
            used += (size_t)snprintf(out + used, sizeof(out) - used, "%d:", (int)record.line);
            for (size_t i = 0; i < record.count; i++)
                used += (size_t)snprintf(out + used, sizeof(out) - used, "%s|", record.fields[i]);
        }
    }
    csv_record_free(&record);
    free(bytes);
    return out;
}

static void assert_reads(const char *name, const char *text, const char *expected)
{
    struct error error = {0};
    const char *found = read_all(name, text, &error);

    assert_ok(error_ok(&error), &error);
    assert_string_equal(found, expected);
}

static void assert_refuses(const char *text, const char *what)
{
    struct error error = {0};

    read_all("a.csv", text, &error);
    assert_int_equal(error.status, STATUS_DATA);
    assert_non_null(strstr(error.what, what));
}

static void test_csv_reader_plain_fields_are_split(void **state)
{
    (void)state;
    assert_reads("a.csv", "a,b\nc,d\n", "1:a|b|2:c|d|");
    assert_reads("a.csv", "a,b\r\nc,d", "1:a|b|2:c|d|");
    assert_reads("a.csv", "a,b\rc,d\r", "1:a|b|2:c|d|");
    assert_reads("a.csv",
                 "\xef\xbb\xbf"
                 "a,b\n",
                 "1:a|b|");
    assert_reads("a.csv", "\n\n  \na,\n,b\n\n", "4:a||5:|b|");
    assert_reads("a.csv", " a , b c \n", "1:a|b c|");
    assert_reads("a.csv", "", "");
}

static void test_csv_reader_quoted_fields_hold_anything(void **state)
{
    (void)state;
    assert_reads("a.csv", "\"a,b\",\"c\"\"d\"\n", "1:a,b|c\"d|");
    assert_reads("a.csv", "\"a\nb\",c\nd,e\n", "1:a\nb|c|3:d|e|");
    assert_reads("a.csv", "\"a\r\nb\" , \" c \"\r\nd,e", "1:a\r\nb| c |3:d|e|");
    assert_reads("a.csv", "\"\",x\n", "1:|x|");
    assert_reads("a.csv", "5\" disk,x\n", "1:5\" disk|x|");
}

static void test_csv_reader_separator_is_found(void **state)
{
    (void)state;
    assert_reads("a.tsv", "a,b\tc\nd\te\n", "1:a,b|c|2:d|e|");
    assert_reads("a.csv", "a,b\tc\n", "1:a|b\tc|");
    assert_reads("a.txt", "a\tb\n", "1:a|b|");
    assert_reads("a.csv", "a\tb\n", "1:a|b|");
    assert_reads("a.csv", "a;b\nc,d;e\n", "1:a|b|2:c,d|e|");
    assert_reads("a.csv", "\"a;b\",c\n", "1:a;b|c|");
    assert_reads("a.tsv", "a\t\tb \n", "1:a||b|");
}

static void test_csv_reader_damage_is_refused_with_its_line(void **state)
{
    struct error error = {0};
    char utf16[] = "\xff\xfe"
                   "a\0,\0";
    struct csv_reader reader;

    (void)state;
    assert_refuses("a,b\n\"c,d\ne,f\n", "line 2: quotes that begin here do not end");
    assert_refuses("a,b\n\"c\"d,e\n", "line 2: something follows");
    assert_false(csv_reader_begin(&reader, "a.csv", utf16, 6, &error));
    assert_non_null(strstr(error.what, "UTF-16"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_reader_plain_fields_are_split),
        cmocka_unit_test(test_csv_reader_quoted_fields_hold_anything),
        cmocka_unit_test(test_csv_reader_separator_is_found),
        cmocka_unit_test(test_csv_reader_damage_is_refused_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
