/*
 * Tables of text that fit a width: the least important columns are left out where they do not.
 */
#ifndef QUERN_EVALUATE_TABLE_H
#define QUERN_EVALUATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "metrics/interval.h"

enum { TABLE_CELL_SIZE = 160, TABLE_USUAL_WIDTH = 80 };

struct table_column {
    const char *title;
    int dispensable; /* the highest is left out first; 0: never */
    /* Returns the text of a row's cell, which may be in cell. */
    const char *(*format)(const void *context, size_t row, char cell[TABLE_CELL_SIZE]);
};

/* The first column stands at the left of its place, the others at the right. */
struct table {
    const struct table_column *columns;
    size_t num_columns;
    const void *context;
    size_t num_rows;
    size_t num_footers; /* of the rows, the last, set apart by an empty line */
};

/* What a reader must be told of the tables so far. */
struct table_notes {
    bool has_undefined; /* a cell is "-" */
    bool has_left_out;
};

/* Columns of the terminal, or TABLE_USUAL_WIDTH of what is none. */
int table_width(FILE *stream);

/* The least that is left is printed whatever the width. */
void table_print(FILE *stream, const struct table *table, int width, struct table_notes *notes);

/* ---- cells ---- */

/* Characters of UTF-8, taken as one column each. */
int table_count_columns(const char *text);
/* A name that is safe to print, at most max_columns wide. */
const char *table_format_name(char cell[TABLE_CELL_SIZE], const char *name, int max_columns);
/* "12,396" */
const char *table_format_count(char cell[TABLE_CELL_SIZE], uint64_t count);
/* "0.9722"; "-" for NAN. */
const char *table_format_real(char cell[TABLE_CELL_SIZE], double value, int num_decimals);
/* "0.9641-0.9785", "-0.0021 to 0.0103" where an end is negative; "" for none. */
const char *table_format_interval(char cell[TABLE_CELL_SIZE], struct interval interval,
                                  int num_decimals);
/* Pads text to width columns, blanks before it or, for a negative width, behind it. */
void table_print_cell(FILE *stream, int width, const char *text);

#endif
