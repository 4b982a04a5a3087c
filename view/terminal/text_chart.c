#include "view/terminal/text_chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "view/terminal/terminal_text.h"

enum {
    MAX_COLUMNS = 100,
    DEFAULT_ROWS = 12,
    MIN_PLOT_COLUMNS = 8,
    ROWS_OF_A_TICK = 3,    /* about, along y */
    COLUMNS_OF_A_TICK = 8, /* about, along x */
    MAX_TICKS = 64,
    LABEL_SIZE = 32,
    DOTS_X = 2, /* of a cell of braille */
    DOTS_Y = 4,
    MAX_NAME = 40,
};

/* An axis: what it spans, and where its ticks are. */
struct text_chart_axis {
    double low, high, step;
    double first_tick; /* the lowest multiple of step in the range */
    size_t num_ticks;
};

struct text_chart_plot {
    struct text_chart_axis x, y;
    size_t columns, rows; /* cells */
    size_t label_width;   /* of the ticks along y */
    bool is_braille;
    uint8_t *cells; /* [rows][columns]: dots, or 1 + the line */
    uint8_t *lines; /* [rows][columns]: the line that was drawn last */
};

double text_chart_tick_step(double range, size_t num_steps)
{
    double rough = range / (double)(num_steps ? num_steps : 1);
    double power = pow(10.0, floor(log10(rough))), part = rough / power;

    /* The nearest by ratio: the bounds are the square roots of 1 x 2, 2 x 5 and 5 x 10. */
    return power * (part < 1.4142 ? 1.0 : part < 3.1623 ? 2.0 : part < 7.0711 ? 5.0 : 10.0);
}

/* The range of points, or what was asked for; one that is a point is widened. */
static void text_chart_range(struct text_chart_axis *axis, double low, double high,
                             double points_low, double points_high)
{
    if (!(low < high)) {
        low = points_low;
        high = points_high;
    }
    if (!(low <= high))
        low = 0.0, high = 1.0;
    if (!(high - low > 1e-12 * fmax(fabs(low), fabs(high)))) {
        double margin = low == 0.0 ? 1.0 : 0.1 * fabs(low);

        low -= margin;
        high += margin;
    }
    axis->low = low;
    axis->high = high;
}

/* To whole steps: the lines begin and end at ticks. */
static void text_chart_round_range(struct text_chart_axis *axis, size_t num_steps)
{
    double step = text_chart_tick_step(axis->high - axis->low, num_steps);

    axis->low = step * floor(axis->low / step + 1e-9);
    axis->high = step * ceil(axis->high / step - 1e-9);
}

static void text_chart_place_ticks(struct text_chart_axis *axis, size_t num_steps, double min_step)
{
    double first, last;

    axis->step = fmax(min_step, text_chart_tick_step(axis->high - axis->low, num_steps));
    first = ceil(axis->low / axis->step - 1e-9);
    last = floor(axis->high / axis->step + 1e-9);
    axis->first_tick = first * axis->step;
    axis->num_ticks = last >= first ? (size_t)(last - first) + 1 : 0;
    axis->num_ticks = axis->num_ticks < MAX_TICKS ? axis->num_ticks : MAX_TICKS;
}

static double text_chart_tick(const struct text_chart_axis *axis, size_t index)
{
    double tick = axis->first_tick + (double)index * axis->step;

    return fabs(tick) < 1e-9 * axis->step ? 0.0 : tick;
}

/* With as many digits as the step has. */
static const char *text_chart_label(const struct text_chart_axis *axis, size_t index,
                                    char label[LABEL_SIZE])
{
    double tick = text_chart_tick(axis, index);
    int digits = axis->step >= 1.0 ? 0 : (int)ceil(-log10(axis->step) - 1e-9);

    if (fabs(tick) >= 1e6 || digits > 6)
        return text_format(label, LABEL_SIZE, "%.3g", tick);
    return text_format(label, LABEL_SIZE, "%.*f", digits, tick);
}

static void text_chart_find_ranges(const struct text_chart *chart, struct text_chart_plot *plot)
{
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;

    for (size_t l = 0; l < chart->num_lines; l++) {
        const struct text_chart_line *line = &chart->lines[l];

        for (size_t i = 0; i < line->count; i++) {
            if (!isfinite(line->x[i]) || !isfinite(line->y[i]))
                continue;
            x_low = fmin(x_low, line->x[i]);
            x_high = fmax(x_high, line->x[i]);
            y_low = fmin(y_low, line->y[i]);
            y_high = fmax(y_high, line->y[i]);
        }
    }
    text_chart_range(&plot->x, chart->x_low, chart->x_high, x_low, x_high);
    text_chart_range(&plot->y, chart->y_low, chart->y_high, y_low, y_high);
}

static bool text_chart_plan(const struct terminal *terminal, const struct text_chart *chart,
                            struct text_chart_plot *plot, struct error *error)
{
    size_t columns = terminal->columns < MAX_COLUMNS ? terminal->columns : MAX_COLUMNS;
    char label[LABEL_SIZE];

    columns = chart->columns ? chart->columns : columns;
    plot->rows = chart->rows ? chart->rows : DEFAULT_ROWS;
    /* Lines of dots are told apart by colours, as many as there are. */
    plot->is_braille = terminal->is_utf8 &&
                       (chart->num_lines <= 1 || (terminal->colours != TERMINAL_COLOURS_NONE &&
                                                  chart->num_lines <= COLOURS_NUM_SERIES));
    text_chart_find_ranges(chart, plot);
    if (!(chart->y_low < chart->y_high))
        text_chart_round_range(&plot->y, plot->rows / ROWS_OF_A_TICK);
    text_chart_place_ticks(&plot->y, plot->rows / ROWS_OF_A_TICK, 0.0);
    if (!chart->rows && plot->y.num_ticks > 1) {
        /* As many rows between any two ticks. */
        size_t num_steps = plot->y.num_ticks - 1;

        plot->rows = (DEFAULT_ROWS - 1 + num_steps / 2) / num_steps * num_steps + 1;
    }
    for (size_t i = 0; i < plot->y.num_ticks; i++) {
        size_t width = strlen(text_chart_label(&plot->y, i, label));

        plot->label_width = width > plot->label_width ? width : plot->label_width;
    }
    /* The labels, a blank, the axis; one column is left free at the right. */
    plot->columns = columns > plot->label_width + 3 + MIN_PLOT_COLUMNS
                        ? columns - plot->label_width - 3
                        : MIN_PLOT_COLUMNS;
    text_chart_place_ticks(&plot->x, plot->columns / COLUMNS_OF_A_TICK,
                           chart->x_is_whole ? 1.0 : 0.0);
    return memory_allocate(&plot->cells, plot->columns * plot->rows, 1, error) &&
           memory_allocate(&plot->lines, plot->columns * plot->rows, 1, error);
}

/* ---- lines ---- */

/* Dots of the plot along x and y. */
static size_t text_chart_dots_x(const struct text_chart_plot *plot)
{
    return plot->columns * (plot->is_braille ? DOTS_X : 1);
}

static size_t text_chart_dots_y(const struct text_chart_plot *plot)
{
    return plot->rows * (plot->is_braille ? DOTS_Y : 1);
}

/* Where a value lies on an axis of num_dots: 0 to num_dots - 1 within its range. */
static double text_chart_place(const struct text_chart_axis *axis, double value, size_t num_dots)
{
    return (value - axis->low) / (axis->high - axis->low) * (double)(num_dots - 1);
}

/* The dot at x from the left, y from the bottom, if it is in the plot. */
static void text_chart_dot(struct text_chart_plot *plot, double x, double y, size_t line)
{
    /* Bits of Unicode's braille, from the top left down each column. */
    static const uint8_t bits[DOTS_X][DOTS_Y] = {{0x01, 0x02, 0x04, 0x40},
                                                 {0x08, 0x10, 0x20, 0x80}};
    size_t dots_x = text_chart_dots_x(plot), dots_y = text_chart_dots_y(plot), at_x, at_y, cell;

    if (!(x > -0.5 && x < (double)dots_x - 0.5 && y > -0.5 && y < (double)dots_y - 0.5))
        return;
    at_x = (size_t)lround(x);
    at_y = dots_y - 1 - (size_t)lround(y);
    if (!plot->is_braille) {
        plot->cells[at_y * plot->columns + at_x] = 1;
        plot->lines[at_y * plot->columns + at_x] = (uint8_t)line;
        return;
    }
    cell = at_y / DOTS_Y * plot->columns + at_x / DOTS_X;
    plot->cells[cell] |= bits[at_x % DOTS_X][at_y % DOTS_Y];
    plot->lines[cell] = (uint8_t)line;
}

/* Dots from one point to the next, one for each along the longer side. */
static void text_chart_stroke(struct text_chart_plot *plot, const double from[2],
                              const double to[2], size_t line)
{
    double length = fmax(fabs(to[0] - from[0]), fabs(to[1] - from[1]));
    /* What lies far out of the plot is cut by it: no more dots than twice around it are seen. */
    double limit = 64.0 * (double)(text_chart_dots_x(plot) + text_chart_dots_y(plot));
    size_t num_steps = (size_t)ceil(fmin(length, limit));

    for (size_t s = 0; s <= num_steps; s++) {
        double part = num_steps ? (double)s / (double)num_steps : 0.0;

        text_chart_dot(plot, from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1]),
                       line);
    }
}

static void text_chart_draw_line(const struct text_chart_line *line, size_t index,
                                 struct text_chart_plot *plot)
{
    double before[2] = {0};
    bool has_before = false;

    for (size_t i = 0; i < line->count; i++) {
        double at[2] = {text_chart_place(&plot->x, line->x[i], text_chart_dots_x(plot)),
                        text_chart_place(&plot->y, line->y[i], text_chart_dots_y(plot))};
        bool is_point = isfinite(at[0]) && isfinite(at[1]);

        if (is_point)
            text_chart_stroke(plot, has_before ? before : at, at, index);
        memcpy(before, at, sizeof(before));
        has_before = is_point;
    }
}

/* ---- printing ---- */

static char text_chart_letter(const struct text_chart *chart, size_t line)
{
    static const char few[] = "*o+x#%@&=";
    static const char many[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    if (chart->num_lines < sizeof(few))
        return few[line];
    return many[line % (sizeof(many) - 1)];
}

static void text_chart_print_cell(FILE *stream, const struct terminal *terminal,
                                  const struct text_chart *chart,
                                  const struct text_chart_plot *plot, size_t cell)
{
    uint8_t dots = plot->cells[cell];

    if (dots == 0) {
        fputc(' ', stream);
        return;
    }
    terminal_set_ink(terminal, stream, colour_series(plot->lines[cell]));
    if (plot->is_braille) /* U+2800 and the dots */
        fprintf(stream, "\xe2%c%c", 0xa0 | dots >> 6, 0x80 | (dots & 0x3f));
    else
        fputc(text_chart_letter(chart, plot->lines[cell]), stream);
    terminal_set_plain(terminal, stream);
}

static void text_chart_print_row(FILE *stream, const struct terminal *terminal,
                                 const struct text_chart *chart, const struct text_chart_plot *plot,
                                 size_t row)
{
    size_t end = plot->columns;
    char label[LABEL_SIZE] = "";
    bool is_tick = false;

    for (size_t i = 0; i < plot->y.num_ticks && !is_tick; i++) {
        double y = text_chart_place(&plot->y, text_chart_tick(&plot->y, i), plot->rows);

        is_tick = plot->rows - 1 - (size_t)lround(y) == row;
        if (is_tick)
            text_chart_label(&plot->y, i, label);
    }
    fprintf(stream, "%*s ", (int)plot->label_width, label);
    if (terminal->is_utf8)
        fputs(is_tick ? "\u2524" : "\u2502", stream);
    else
        fputs(is_tick ? "+" : "|", stream);
    while (end > 0 && plot->cells[row * plot->columns + end - 1] == 0)
        end--;
    for (size_t x = 0; x < end; x++)
        text_chart_print_cell(stream, terminal, chart, plot, row * plot->columns + x);
    fputc('\n', stream);
}

/* In the middle of the axis, or as near to it as the chart is wide. */
static void text_chart_print_x_label(FILE *stream, const struct terminal *terminal,
                                     const char *label, const struct text_chart_plot *plot)
{
    char text[TERMINAL_TEXT_SIZE(MAX_COLUMNS)];
    size_t margin = plot->label_width + 2, start, length;
    size_t room = margin + plot->columns < MAX_COLUMNS ? margin + plot->columns : MAX_COLUMNS;

    terminal_text_cut(text, sizeof(text), label, room, terminal->is_utf8);
    length = text_width(text);
    start = plot->columns > length ? margin + (plot->columns - length) / 2 : room - length;
    fprintf(stream, "%*s%s\n", (int)start, "", text);
}

/* The line below the plot and the labels below it. */
static void text_chart_print_x_axis(FILE *stream, const struct terminal *terminal,
                                    const struct text_chart *chart,
                                    const struct text_chart_plot *plot)
{
    bool is_tick[MAX_COLUMNS * 4] = {false};
    char label[LABEL_SIZE];
    size_t margin = plot->label_width + 2, used = 0, start;

    for (size_t i = 0; i < plot->x.num_ticks; i++) {
        double x = text_chart_place(&plot->x, text_chart_tick(&plot->x, i), plot->columns);

        is_tick[(size_t)lround(x) % (MAX_COLUMNS * 4)] = true;
    }
    fprintf(stream, "%*s", (int)margin - 1, "");
    fputs(terminal->is_utf8 ? "\u2514" : "+", stream);
    for (size_t x = 0; x < plot->columns; x++)
        fputs(terminal->is_utf8 ? (is_tick[x % (MAX_COLUMNS * 4)] ? "\u252c" : "\u2500")
                                : (is_tick[x % (MAX_COLUMNS * 4)] ? "+" : "-"),
              stream);
    fputc('\n', stream);
    for (size_t i = 0; i < plot->x.num_ticks; i++) {
        double x = text_chart_place(&plot->x, text_chart_tick(&plot->x, i), plot->columns);
        size_t length = strlen(text_chart_label(&plot->x, i, label));

        start = margin + (size_t)lround(x);
        start -= start >= length / 2 ? length / 2 : start;
        if (start + length > margin + plot->columns + 1)
            start = margin + plot->columns + 1 - length;
        if (used > 0 && start <= used)
            continue;
        fprintf(stream, "%*s%s", (int)(start - used), "", label);
        used = start + length;
    }
    fputc('\n', stream);
    if (chart->x_label)
        text_chart_print_x_label(stream, terminal, chart->x_label, plot);
}

static void text_chart_print_legend(FILE *stream, const struct terminal *terminal,
                                    const struct text_chart *chart,
                                    const struct text_chart_plot *plot)
{
    size_t column = 0;

    for (size_t l = 0; l < chart->num_lines; l++) {
        char name[TERMINAL_TEXT_SIZE(MAX_NAME)];
        size_t width;

        terminal_text_cut(name, sizeof(name), chart->lines[l].name ? chart->lines[l].name : "",
                          MAX_NAME, terminal->is_utf8);
        width = text_width(name) + 3;
        if (column > 0 && column + 3 + width > terminal->columns) {
            fputc('\n', stream);
            column = 0;
        }
        fprintf(stream, "%s", column > 0 ? "   " : "");
        column += width + (column > 0 ? 3 : 0);
        terminal_set_ink(terminal, stream, colour_series(l));
        if (plot->is_braille)
            fputs("\u2501\u2501", stream);
        else
            fprintf(stream, "%c%c", text_chart_letter(chart, l), text_chart_letter(chart, l));
        terminal_set_plain(terminal, stream);
        fprintf(stream, " %s", name);
    }
    fputc('\n', stream);
}

bool text_chart_print(FILE *stream, const struct terminal *terminal, const struct text_chart *chart,
                      struct error *error)
{
    struct text_chart_plot plot = {0};
    bool ok = text_chart_plan(terminal, chart, &plot, error);

    if (ok) {
        for (size_t l = 0; l < chart->num_lines; l++)
            text_chart_draw_line(&chart->lines[l], l, &plot);
        if (chart->title)
            fprintf(stream, "%s\n", chart->title);
        if (chart->num_lines > 1)
            text_chart_print_legend(stream, terminal, chart, &plot);
        for (size_t row = 0; row < plot.rows; row++)
            text_chart_print_row(stream, terminal, chart, &plot, row);
        text_chart_print_x_axis(stream, terminal, chart, &plot);
    }
    free(plot.cells);
    free(plot.lines);
    return ok;
}
