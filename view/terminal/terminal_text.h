/*
 * Texts of outside (names, paths) cut to columns of a terminal (common/text_width.h).  Control
 * characters are escaped first (common/text.h), so that none reaches a terminal.
 */
#ifndef QUERN_VIEW_TERMINAL_TERMINAL_TEXT_H
#define QUERN_VIEW_TERMINAL_TERMINAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/text_width.h"

/* Room for what terminal_text_cut makes of columns. */
#define TERMINAL_TEXT_SIZE(columns) ((columns)*8 + 8)

/*
 * The text, escaped and cut to columns: what is cut ends in an ellipsis, "..." without is_utf8.  A
 * buffer of TERMINAL_TEXT_SIZE(columns) is large enough for all but marks that go on others;
 * returns the buffer.
 */
const char *terminal_text_cut(char *buffer, size_t size, const char *text, size_t columns,
                              bool is_utf8);
/* The same for paths, whose beginning is cut rather than the name of the file. */
const char *terminal_text_cut_left(char *buffer, size_t size, const char *text, size_t columns,
                                   bool is_utf8);

/* Prints a text that fits, and blanks behind it (before it if is_right) up to columns. */
void terminal_text_print(FILE *stream, const char *text, size_t columns, bool is_right);

/*
 * Prints a text, which holds no control characters, and the end of the line: on lines of width
 * columns, cut at blanks, or within a word that is longer; all but the first begin with indent
 * blanks, which count.  column is where the first line begins.
 */
void terminal_text_wrap(FILE *stream, const char *text, size_t column, size_t indent, size_t width);

#endif
