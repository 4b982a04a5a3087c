/* Texts in columns of a terminal: names of outside, tables, bars, charts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"
#include "view/terminal/terminal_text.h"
#include "view/terminal/text_bars.h"
#include "view/terminal/text_chart.h"
#include "view/terminal/text_table.h"

static void assert_cut(const char *text, size_t columns, bool is_utf8, const char *expected)
{
    char buffer[TERMINAL_TEXT_SIZE(80)];

    assert_string_equal(terminal_text_cut(buffer, sizeof(buffer), text, columns, is_utf8),
                        expected);
    assert_true(text_width(buffer) <= columns);
}

static void test_width_wide_and_combining_characters(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("\u6570\u5b57"), 4);
    assert_int_equal(text_width("e\u0301"), 1);
    assert_int_equal(text_width("\U0001f642"), 2);
    assert_int_equal(text_width("\u00e9\u2026"), 2);
    assert_int_equal(text_width("\xff\xfe"), 2);
}

static void test_cut_within_columns(void **state)
{
    (void)state;
    assert_cut("seven", 5, true, "seven");
    assert_cut("sevens", 5, true, "seve\u2026");
    assert_cut("seven sevens", 8, false, "seven...");
    assert_cut("\u6570\u5b57\u4e03", 5, true, "\u6570\u5b57\u2026");
    assert_cut("\u6570\u5b57\u4e03", 4, true, "\u6570\u2026"); /* half of one is no character */
    assert_cut("sevens", 1, true, "\u2026");
    assert_cut("sevens", 0, true, "");
}

static void test_cut_escapes_what_drives_terminals(void **state)
{
    (void)state;
    assert_cut("\033[31m", 20, true, "\\x1b[31m");
    assert_cut("a\nb\xc2\x9b", 20, true, "a\\nb\\xc2\\x9b");
}

static void test_cut_left_keeps_the_end(void **state)
{
    char buffer[TERMINAL_TEXT_SIZE(80)];

    (void)state;
    assert_string_equal(
        terminal_text_cut_left(buffer, sizeof(buffer), "train/3/1234.png", 10, true),
        "\u2026/1234.png");
    assert_string_equal(terminal_text_cut_left(buffer, sizeof(buffer), "1234.png", 10, true),
                        "1234.png");
}

/* ---- tables ---- */

static const struct terminal of_40 = {.is_utf8 = true, .columns = 40};

static char *print_table(size_t columns)
{
    static const struct text_table_column titles[] = {{"run", TEXT_TABLE_PATH},
                                                      {"what it is", TEXT_TABLE_LEFT},
                                                      {"loss", TEXT_TABLE_RIGHT},
                                                      {"accuracy", TEXT_TABLE_RIGHT}};
    struct text_table table = {titles, 4, {0}};
    struct terminal terminal = of_40;
    struct error error = {0};
    size_t nbytes;
    char *text;
    FILE *stream = open_memstream(&text, &nbytes);

    terminal.columns = columns;
    assert_ok(text_table_add(
                  &table, (const char *[]){"runs/of/today/a", "linear", "0.1", "99.10 %"}, &error),
              &error);
    assert_ok(
        text_table_add(&table, (const char *[]){"b", "\u6570\u5b57 \033", "12.25", NULL}, &error),
        &error);
    assert_ok(text_table_print(stream, &terminal, &table, &error), &error);
    text_table_free(&table);
    fclose(stream);
    return text;
}

static void test_table_aligned_and_cut(void **state)
{
    char *text = print_table(80);

    (void)state;
    assert_string_equal(text, "run              what it is   loss  accuracy\n"
                              "runs/of/today/a  linear        0.1   99.10 %\n"
                              "b                \u6570\u5b57 \\x1b   12.25\n");
    free(text);
    text = print_table(40);
    assert_string_equal(text, "run          what it is   loss  accuracy\n"
                              "\u2026of/today/a  linear        0.1   99.10 %\n"
                              "b            \u6570\u5b57 \\x1b   12.25\n");
    free(text);
}

/* Of 24 columns nothing is left out: the other columns come below. */
static void test_table_too_wide_goes_on_below(void **state)
{
    char *text = print_table(24);

    (void)state;
    assert_non_null(strstr(text, "12.25"));
    assert_non_null(strstr(text, "99.10 %"));
    assert_non_null(strstr(text, "\n\nrun"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(text_width(line) <= 24);
    free(text);
}

/* ---- bars ---- */

static void test_bars_in_eighths_of_the_longest(void **state)
{
    const struct text_bar bars[] = {{"a", 16, "16"}, {"\u6570", 8.5, "8"}, {"c", 0, "0"}};
    struct terminal terminal = {.is_utf8 = true, .columns = 16};
    size_t nbytes;
    char *text;
    FILE *stream = open_memstream(&text, &nbytes);

    (void)state;
    text_bars_print(stream, &terminal, bars, 3, 16.0);
    terminal.is_utf8 = false;
    text_bars_print(stream, &terminal, bars, 3, 16.0);
    fclose(stream);
    assert_string_equal(text, "a   \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588  16\n"
                              "\u6570  \u2588\u2588\u2588\u2588\u258e      8\n"
                              "c              0\n"
                              "a   ########  16\n"
                              "\u6570  ####       8\n"
                              "c              0\n");
    free(text);
}

/* ---- charts ---- */

static char *print_chart(const struct text_chart *chart, const struct terminal *terminal)
{
    struct error error = {0};
    size_t nbytes;
    char *text;
    FILE *stream = open_memstream(&text, &nbytes);

    assert_ok(text_chart_print(stream, terminal, chart, &error), &error);
    fclose(stream);
    return text;
}

/* A straight line from corner to corner, in letters. */
static void test_chart_ascii(void **state)
{
    const double x[] = {0, 10}, y[] = {0, 10};
    const struct text_chart_line line = {"line", x, y, 2};
    const struct text_chart chart = {.lines = &line, .num_lines = 1, .columns = 20, .rows = 6};
    char *text = print_chart(&chart, &(struct terminal){.columns = 80});

    (void)state;
    assert_string_equal(text, "10 +             **\n"
                              "   |          ***\n"
                              " 5 +       ***\n"
                              "   |     **\n"
                              "   |  ***\n"
                              " 0 +**\n"
                              "   ++-------------+\n"
                              "    0            10\n");
    free(text);
}

/* One dot of braille for a point that stands alone; gaps and infinities are not drawn. */
static void test_chart_braille_points_and_gaps(void **state)
{
    const double x[] = {0, 5, 10, NAN}, y[] = {0, NAN, 1, INFINITY};
    const struct text_chart_line line = {"line", x, y, 4};
    const struct text_chart chart = {.lines = &line, .num_lines = 1, .columns = 15, .rows = 2};
    char *text = print_chart(&chart, &of_40), *dots = text;
    size_t num_cells = 0;

    (void)state;
    while ((dots = strstr(dots, "\xe2\xa0")) || (dots = NULL))
        dots += 3, num_cells++;
    assert_non_null(strstr(text, "\u2840\n")); /* the lowest dot at the left */
    assert_non_null(strstr(text, "\u2808\n")); /* the highest at the right */
    assert_int_equal(num_cells, 1);            /* U+2840 is E2 A1 80 */
    free(text);
}

static void test_chart_nothing_to_draw_and_one_point(void **state)
{
    const double x[] = {3}, y[] = {1e-3};
    const struct text_chart_line line = {"line", x, y, 1}, none = {"none", x, y, 0};
    struct text_chart chart = {.lines = &line, .num_lines = 1};
    char *text = print_chart(&chart, &of_40);

    (void)state;
    assert_non_null(strstr(text, "0.001"));
    free(text);
    chart.lines = &none;
    text = print_chart(&chart, &of_40);
    assert_non_null(strstr(text, "1.0 "));
    free(text);
}

static void test_chart_lines_without_colours_have_letters_and_fit(void **state)
{
    const double x[] = {1, 2, 3}, a[] = {1, 2, 3}, b[] = {-3000000, 2, 1e7};
    const struct text_chart_line lines[] = {{"train", x, a, 3}, {"valid \033", x, b, 3}};
    const struct text_chart chart = {
        .title = "loss", .x_label = "epoch", .lines = lines, .num_lines = 2};
    char *text = print_chart(&chart, &of_40);

    (void)state;
    assert_non_null(strstr(text, "** train"));
    assert_non_null(strstr(text, "oo valid \\x1b"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(text_width(line) <= 40);
    free(text);
}

static void test_chart_tick_step_is_round(void **state)
{
    (void)state;
    support_assert_close("step", text_chart_tick_step(1.0, 4), 0.2, 1e-12);
    support_assert_close("step", text_chart_tick_step(8.0, 6), 1.0, 1e-12);
    support_assert_close("step", text_chart_tick_step(0.03, 4), 0.01, 1e-12);
    support_assert_close("step", text_chart_tick_step(1500.0, 4), 500.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width_wide_and_combining_characters),
        cmocka_unit_test(test_cut_within_columns),
        cmocka_unit_test(test_cut_escapes_what_drives_terminals),
        cmocka_unit_test(test_cut_left_keeps_the_end),
        cmocka_unit_test(test_table_aligned_and_cut),
        cmocka_unit_test(test_table_too_wide_goes_on_below),
        cmocka_unit_test(test_bars_in_eighths_of_the_longest),
        cmocka_unit_test(test_chart_ascii),
        cmocka_unit_test(test_chart_braille_points_and_gaps),
        cmocka_unit_test(test_chart_nothing_to_draw_and_one_point),
        cmocka_unit_test(test_chart_lines_without_colours_have_letters_and_fit),
        cmocka_unit_test(test_chart_tick_step_is_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
