/*
 * Horizontal bars: a name, a bar in eighths of a cell, a text.
 */
#ifndef QUERN_VIEW_TERMINAL_TEXT_BARS_H
#define QUERN_VIEW_TERMINAL_TEXT_BARS_H

#include <stddef.h>
#include <stdio.h>

#include "view/terminal/terminal.h"

struct text_bar {
    const char *name; /* of outside: escaped and cut */
    double value;     /* 0 or more */
    const char *text; /* behind the bar: "6,131  49.5 %" */
};

/* All bars have one scale: the longest is of highest (0: of the largest value).  They take the
 * terminal's width, 100 columns at most. */
void text_bars_print(FILE *stream, const struct terminal *terminal, const struct text_bar *bars,
                     size_t count, double highest);

#endif
