/* Axes, texts and charts of pages. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base64.h"
#include "view/svg/axis.h"
#include "view/svg/chart.h"
#include "view/svg/markup.h"

/* ---- axes ---- */

/* The labels of all ticks with blanks between them. */
static const char *labels_of(const struct axis *axis)
{
    static char labels[512];
    char label[AXIS_TEXT_SIZE];

    labels[0] = '\0';
    for (size_t i = 0; i < axis->num_ticks; i++) {
        strncat(labels, i ? " " : "", sizeof(labels) - strlen(labels) - 1);
        strncat(labels, axis_format_tick(axis, axis->ticks[i], label),
                sizeof(labels) - strlen(labels) - 1);
    }
    return labels;
}

static void test_axis_plan_linear_has_nice_ticks(void **state)
{
    static const struct {
        double low, high;
        size_t max_ticks;
        const char *labels;
    } cases[] = {
        {0, 1, 5, "0.0 0.2 0.4 0.6 0.8 1.0"},
        {0, 0.97, 5, "0.0 0.2 0.4 0.6 0.8 1.0"},
        {0.021, 0.204, 5, "0.00 0.05 0.10 0.15 0.20 0.25"},
        {-3.1, 4.2, 5, "-4 -2 0 2 4 6"},
        {0, 12396, 5, "0 5,000 10,000 15,000"},
        {0.0001, 0.0009, 4, "0.0000 0.0002 0.0004 0.0006 0.0008 0.0010"},
        {1e-7, 9e-7, 5, "0.0000000 2e-07 4e-07 6e-07 8e-07 1e-06"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct axis axis;

        axis_plan_linear(&axis, cases[i].low, cases[i].high, cases[i].max_ticks);
        assert_string_equal(labels_of(&axis), cases[i].labels);
        assert_true(axis.low <= cases[i].low && axis.high >= cases[i].high);
        assert_true(axis.ticks[0] >= axis.low - 1e-12);
    }
}

static void test_axis_plan_linear_of_odd_bounds_has_an_extent(void **state)
{
    static const double odd[] = {0, 5, -5, 1e300, 1e-300, NAN, INFINITY, -INFINITY};

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        for (size_t j = 0; j < sizeof(odd) / sizeof(odd[0]); j++) {
            struct axis axis;

            axis_plan_linear(&axis, odd[i], odd[j], 5);
            assert_true(axis.low < axis.high);
            assert_true(isfinite(axis.low) && isfinite(axis.high));
            assert_true(axis.num_ticks <= AXIS_MAX_TICKS);
            axis_plan_exact(&axis, odd[i], odd[j], 5, true);
            assert_true(axis.low < axis.high && axis.num_ticks <= AXIS_MAX_TICKS);
            axis_plan_logarithmic(&axis, odd[i], odd[j], 5);
            assert_true(axis.low < axis.high && axis.num_ticks <= AXIS_MAX_TICKS);
        }
    }
}

static void test_axis_plan_counts_has_whole_ticks(void **state)
{
    struct axis axis;

    (void)state;
    axis_plan_counts(&axis, 0, 2, 6);
    assert_string_equal(labels_of(&axis), "0 1 2");
    axis_plan_exact(&axis, 1, 3, 6, true);
    assert_string_equal(labels_of(&axis), "1 2 3");
    axis_plan_exact(&axis, 1, 20, 6, true);
    assert_string_equal(labels_of(&axis), "5 10 15 20");
}

static void test_axis_plan_logarithmic_has_powers(void **state)
{
    struct axis axis;

    (void)state;
    axis_plan_logarithmic(&axis, 0.7, 1200, 6);
    assert_string_equal(labels_of(&axis), "1 10 100 1000");
    assert_true(fabs(axis_place(&axis, 0.7)) < 1e-12);
    assert_true(fabs(axis_place(&axis, sqrt(0.7 * 1200)) - 0.5) < 1e-12);
    axis_plan_logarithmic(&axis, 1, 30, 6);
    assert_string_equal(labels_of(&axis), "1 2 5 10 20");
    axis_plan_logarithmic(&axis, 1e-12, 1, 4);
    assert_true(axis.num_ticks >= 3 && axis.num_ticks <= 6);
}

static void test_axis_format_tick_of_percent_multiplies(void **state)
{
    struct axis axis;

    (void)state;
    axis_plan_linear(&axis, 0.9, 0.98, 5);
    axis.label_factor = 100;
    assert_string_equal(labels_of(&axis), "90 92 94 96 98");
    axis_plan_linear(&axis, 0.982, 0.9875, 5);
    axis.label_factor = 100;
    assert_string_equal(labels_of(&axis), "98.2 98.4 98.6 98.8");
}

/* ---- texts ---- */

/* What write prints of text: free() it. */
static char *printed(void (*write)(FILE *stream, const char *text), const char *text)
{
    char *result = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&result, &length);

    write(stream, text);
    fclose(stream);
    return result;
}

static void assert_markup(const char *text, const char *expected)
{
    char *result = printed(markup_text, text);

    assert_string_equal(result, expected);
    free(result);
}

static void test_markup_text_escapes_what_would_be_markup(void **state)
{
    (void)state;
    assert_markup("<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    assert_markup("\" onload=\"x", "&quot; onload=&quot;x");
    assert_markup("a & b &lt;", "a &amp; b &amp;lt;");
    assert_markup("naïve 数字 ½", "naïve 数字 ½");
}

static void test_markup_text_shows_what_is_hidden(void **state)
{
    (void)state;
    assert_markup("a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f");
    assert_markup("\x1b[31mred", "\\x1b[31mred");
    assert_markup("bad\xff\xc3", "bad\\xff\\xc3");
    assert_markup("\xc2\x9b", "\\xc2\\x9b");                  /* CSI of ISO 6429 */
    assert_markup("gpj.\xe2\x80\xae", "gpj.\\xe2\\x80\\xae"); /* right to left from here */
    assert_markup("\xef\xbb\xbf", "\\xef\\xbb\\xbf");         /* a byte order mark */
}

static void write_cut(FILE *stream, const char *text)
{
    markup_text_cut(stream, text, 5);
}

static void test_markup_text_cut_keeps_to_characters(void **state)
{
    static const char *const cases[][2] = {
        {"12345", "12345"},
        {"123456", "1234…"},
        {"ééééé", "ééééé"},
        {"éééééé", "éééé…"},
        {"<<<<<<", "&lt;&lt;&lt;&lt;…"},
        {"", ""},
        {"a\xff\xff\xff", "a\\xff…"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *result = printed(write_cut, cases[i][0]);

        assert_string_equal(result, cases[i][1]);
        free(result);
    }
}

static void write_coordinate(FILE *stream, const char *number)
{
    markup_coordinate(stream, strtod(number, NULL));
}

static void test_markup_coordinate_is_short(void **state)
{
    static const char *const cases[][2] = {
        {"0", "0"},     {"-0.001", "0"}, {"12", "12"}, {"1.5", "1.5"}, {"-1.25", "-1.25"},
        {"0.999", "1"}, {"nan", "0"},    {"inf", "0"}, {"1e300", "0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *result = printed(write_coordinate, cases[i][0]);

        assert_string_equal(result, cases[i][1]);
        free(result);
    }
}

static void write_base64(FILE *stream, const char *text)
{
    base64_write(stream, text, strlen(text));
}

/* Those of RFC 4648, section 10. */
static void test_base64_write_of_the_standard_s_cases(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *result = printed(write_base64, cases[i][0]);

        assert_string_equal(result, cases[i][1]);
        assert_int_equal(strlen(result), base64_length(strlen(cases[i][0])));
        free(result);
    }
}

/* ---- charts ---- */

static char *chart_of(const struct chart *chart)
{
    char *result = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&result, &length);

    chart_write(stream, chart);
    fclose(stream);
    return result;
}

static size_t count(const char *text, const char *part)
{
    size_t number = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        number++;
    return number;
}

static struct chart make_chart(const struct chart_series *series, size_t num_series)
{
    struct chart chart = {.id = "c",
                          .title = "T",
                          .description = "D",
                          .x_label = "x",
                          .y_label = "y",
                          .x_name = "x",
                          .y_name = "y",
                          .series = series,
                          .num_series = num_series,
                          .x_marked = NAN};

    axis_plan_exact(&chart.x_axis, 0, 10, 5, false);
    axis_plan_exact(&chart.y_axis, 0, 1, 5, false);
    return chart;
}

static void test_chart_write_leaves_out_what_is_no_number(void **state)
{
    const double x[] = {0, 1, 2, 3, 4}, y[] = {0.5, NAN, 0.25, INFINITY, 0.75};
    const struct chart_series series = {
        .name = "a<b", .mark = CHART_LINE, .count = 5, .x = x, .y = y};
    const struct chart chart = make_chart(&series, 1);
    char *text = chart_of(&chart);

    (void)state;
    assert_int_equal(count(text, "<g class=\"pt\">"), 3);
    assert_int_equal(count(text, "<title>a&lt;b: y 0.25, x 2</title>"), 1);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    assert_null(strstr(text, "a<b"));
    assert_non_null(strstr(text, "role=\"img\" aria-labelledby=\"c-t c-d\""));
    free(text);
}

static void test_chart_write_of_many_points_is_bounded(void **state)
{
    enum { MANY = 100000 };
    double *x = malloc(MANY * sizeof(*x)), *y = malloc(MANY * sizeof(*y));
    const struct chart_series series = {
        .name = "a", .mark = CHART_LINE, .count = MANY, .x = x, .y = y};
    const struct chart chart = make_chart(&series, 1);
    char *text;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        x[i] = 10.0 * (double)i / MANY;
        y[i] = 0.5;
    }
    x[MANY - 1] = 10;
    text = chart_of(&chart);
    assert_true(strlen(text) < 200000);
    assert_non_null(strstr(text, "x 10</title>")); /* the last is there in any case */
    free(text);
    free(y);
    free(x);
}

static void test_chart_write_legend_tells_series_apart_without_colour(void **state)
{
    struct chart_series series[4];
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    (void)state;
    for (size_t i = 0; i < 4; i++)
        series[i] = (struct chart_series){.name = "a", .mark = CHART_LINE, .style = i};
    chart_write_legend(stream, series, 4);
    fclose(stream);
    assert_int_equal(count(text, "<li>"), 4);
    assert_int_equal(count(text, "<circle"), 1);
    assert_int_equal(count(text, "stroke-dasharray"), 2);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axis_plan_linear_has_nice_ticks),
        cmocka_unit_test(test_axis_plan_linear_of_odd_bounds_has_an_extent),
        cmocka_unit_test(test_axis_plan_counts_has_whole_ticks),
        cmocka_unit_test(test_axis_plan_logarithmic_has_powers),
        cmocka_unit_test(test_axis_format_tick_of_percent_multiplies),
        cmocka_unit_test(test_markup_text_escapes_what_would_be_markup),
        cmocka_unit_test(test_markup_text_shows_what_is_hidden),
        cmocka_unit_test(test_markup_text_cut_keeps_to_characters),
        cmocka_unit_test(test_markup_coordinate_is_short),
        cmocka_unit_test(test_base64_write_of_the_standard_s_cases),
        cmocka_unit_test(test_chart_write_leaves_out_what_is_no_number),
        cmocka_unit_test(test_chart_write_of_many_points_is_bounded),
        cmocka_unit_test(test_chart_write_legend_tells_series_apart_without_colour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
