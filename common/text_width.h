/*
 * How many columns of a terminal a text takes: letters of East Asia and pictures take two, marks
 * that join the letter before them none.  Text is UTF-8; a byte that is no part of it, and a
 * control character, counts as one column.
 */
#ifndef QUERN_COMMON_TEXT_WIDTH_H
#define QUERN_COMMON_TEXT_WIDTH_H

#include <stddef.h>

/* Columns of a text. */
size_t text_width(const char *text);

/* The bytes of the longest beginning of text that takes no more than max_columns. */
size_t text_width_fit(const char *text, size_t max_columns);

/*
 * Copies text; where it takes more than max_columns, or does not fit into the buffer, it is cut
 * between letters and ends with "..." if three columns are there.  Returns the buffer.
 */
const char *text_width_cut(char *buffer, size_t size, const char *text, size_t max_columns);

/*
 * What a terminal that descriptor is open on has for columns: as it says now, else COLUMNS, else
 * 80; 0 where descriptor is no terminal.
 */
size_t text_width_of_terminal(int descriptor);

#endif
