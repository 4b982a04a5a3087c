/*
 * What is said of one thing, line by line: names and texts.
 */
#ifndef QUERN_SHOW_SHOW_FIELDS_H
#define QUERN_SHOW_SHOW_FIELDS_H

#include <stdio.h>

#include "metrics/interval.h"
#include "view/terminal/terminal.h"

/* "  NAME            TEXT", at blanks broken into lines that fit; texts of outside are escaped. */
void show_print_field(FILE *stream, const struct terminal *terminal, const char *name,
                      const char *text);
/* An empty line and a title, which goes on below where it does not fit. */
void show_print_heading(FILE *stream, const struct terminal *terminal, const char *text);

/* "0.6638-0.8688", as quern-evaluate writes it; empty where there is none. */
const char *show_format_interval(const struct interval *interval, char text[48]);

#endif
