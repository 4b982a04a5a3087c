/*
 * Texts of outside (names, paths) in columns: how many a text takes on a terminal, and texts cut to
 * so many.  Control characters are escaped first (common/text.h), so that none reaches a terminal.
 */
#ifndef QUERN_VIEW_TERMINAL_TEXT_WIDTH_H
#define QUERN_VIEW_TERMINAL_TEXT_WIDTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Columns of UTF-8 text: 2 of wide characters (East Asian, emoji), 0 of those that go on the one
 * before.  A byte that is no UTF-8 counts 1.
 */
size_t text_width(const char *text);

/* Bytes of the longest beginning of a text that takes no more than columns. */
size_t text_width_prefix(const char *text, size_t columns);

/* Room for what text_width_cut makes of columns. */
#define TEXT_WIDTH_SIZE(columns) ((columns)*8 + 8)

/*
 * The text, escaped and cut to columns: what is cut ends in an ellipsis, "..." without is_utf8.  A
 * buffer of TEXT_WIDTH_SIZE(columns) is large enough for all but marks that go on others; returns
 * the buffer.
 */
const char *text_width_cut(char *buffer, size_t size, const char *text, size_t columns,
                           bool is_utf8);
/* The same for paths, whose beginning is cut rather than the name of the file. */
const char *text_width_cut_left(char *buffer, size_t size, const char *text, size_t columns,
                                bool is_utf8);

/* Prints a text that fits, and blanks behind it (before it if is_right) up to columns. */
void text_width_print(FILE *stream, const char *text, size_t columns, bool is_right);

#endif
