/*
 * The frame of a report: one HTML file that asks no network for anything, in which no script and no
 * style runs but the style sheet of report/style.h, by a policy that the page itself states.
 */
#ifndef QUERN_REPORT_PAGE_H
#define QUERN_REPORT_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "metrics/interval.h"

enum { PAGE_TEXT_SIZE = 64 };

/* Everything up to and with <main>'s sections' place: head, and a header with over (a word above)
 * and title. */
void page_begin(FILE *stream, const char *over, const char *title);
/* The end of the header, and <main>. */
void page_begin_main(FILE *stream);
void page_end(FILE *stream);

/* id is unique, and what the list of contents links to. */
void page_begin_section(FILE *stream, const char *id, const char *title);
void page_end_section(FILE *stream);

/* A table that scrolls sideways by itself where it is wider than the page.  The caption is short,
 * so that it is no wider than the table; note, a sentence or two above it, may be NULL. */
void page_begin_table(FILE *stream, const char *class, const char *caption, const char *note);
void page_end_table(FILE *stream);

/* A row of a table of names and values: both are escaped. */
void page_row(FILE *stream, const char *name, const char *value);

/* ---- numbers as texts ---- */

/* "97.83 %", "100 %"; a dash for what is not defined. */
const char *page_percent(char buffer[PAGE_TEXT_SIZE], double share);
/* "0.978"; a dash likewise. */
const char *page_real(char buffer[PAGE_TEXT_SIZE], double value, int num_decimals);
/* "12,396" */
const char *page_count(char buffer[PAGE_TEXT_SIZE], uint64_t count);
/* "97.1 to 98.4 %"; empty for none. */
const char *page_range(char buffer[PAGE_TEXT_SIZE], struct interval interval);
/* "sample" of one, "samples" of others. */
const char *page_plural(uint64_t count, const char *one, const char *others);

/* "<td class=n>97.83 %</td>", and with the interval in a second line's small print. */
void page_cell(FILE *stream, const char *text);
void page_percent_cell(FILE *stream, double share, struct interval interval);

#endif
