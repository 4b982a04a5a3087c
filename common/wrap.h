/*
 * Long lines for people: on a terminal they go on below between words, which the terminal itself
 * would break; elsewhere, in a pipe or a file, a line stays one line.
 */
#ifndef QUERN_COMMON_WRAP_H
#define QUERN_COMMON_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints line, which holds no control characters, and ends it.  What does not fit begins at column
 * indent of the next line.  A word longer than a line, such as a path, is printed whole.
 */
void wrap_print(FILE *stream, const char *line, size_t indent);

/* wrap_print of what printf makes of format. */
void wrap_format(FILE *stream, size_t indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same as wrap_print for a command, which can be copied: lines end between its arguments, with
 * a backslash. */
void wrap_print_command(FILE *stream, const char *line, size_t indent);

/* What both print to a terminal of so many columns, 0 for what is none. */
void wrap_print_columns(FILE *stream, const char *line, size_t indent, size_t columns);
void wrap_print_command_columns(FILE *stream, const char *line, size_t indent, size_t columns);

#endif
