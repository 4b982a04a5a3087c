/*
 * Line charts of braille dots with axes, for the terminal and for files.  Letters of ASCII where
 * the locale has no others, and where several lines could not be told apart without colours.
 */
#ifndef QUERN_VIEW_TERMINAL_TEXT_CHART_H
#define QUERN_VIEW_TERMINAL_TEXT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"
#include "view/terminal/terminal.h"

struct text_chart_line {
    const char *name;    /* in the legend; escaped and cut */
    const double *x, *y; /* [count]; a point that is not finite is a gap */
    size_t count;
};

struct text_chart {
    const char *title;   /* may be NULL */
    const char *x_label; /* below the axis; may be NULL */
    const struct text_chart_line *lines;
    size_t num_lines;
    size_t columns; /* of the whole chart; 0: the terminal's, at most 100 */
    size_t rows;    /* of the plot; 0: 12 */
    /* The axes' ranges; low == high: from the points. */
    double x_low, x_high, y_low, y_high;
    bool x_is_whole; /* x counts something: no ticks between whole numbers */
};

bool text_chart_print(FILE *stream, const struct terminal *terminal, const struct text_chart *chart,
                      struct error *error);

/* The step of about num_steps ticks over a range: 1, 2 or 5 times a power of ten. */
double text_chart_tick_step(double range, size_t num_steps);

#endif
