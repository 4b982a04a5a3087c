/*
 * The table of predictions: a row for each image, in their order, as CSV (RFC 4180), as JSON lines,
 * or as an HDF5 file ("quern predictions").  A file appears whole or not at all; standard output,
 * a FIFO or a device is written in order.
 */
#ifndef QUERN_PREDICT_TABLE_H
#define QUERN_PREDICT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/predictions.h"

enum table_kind { TABLE_CSV, TABLE_JSONL, TABLE_HDF5 };

struct table_plan {
    enum table_kind kind;
    const char *path; /* NULL: standard output */
    bool is_forced;   /* replaces files of other kinds */
    const struct text_list *classes;
    size_t num_top; /* best classes and their scores in place of every class's score; 0: not */
    bool are_probabilities; /* the scores */
    /* For HDF5 alone. */
    struct predictions_plan predictions;
};

/* What is said of one image. */
struct table_row {
    const char *name;
    const char *reason; /* why there is no prediction; NULL: there is one */
    uint32_t prediction;
    const float *scores; /* [C] */
};

struct table;

/* Refuses a path that holds a file of another kind before anything is computed. */
bool table_open(const struct table_plan *plan, struct table **table, struct error *error);

/*
 * Rows are made in two steps: their text, by any thread, into a stream of the caller's, and their
 * writing, in order.  text is empty for HDF5, which takes the rows themselves.
 */
void table_print_row(const struct table_plan *plan, const struct table_row *row, FILE *text);
bool table_write(struct table *table, const char *text, size_t text_nbytes,
                 const struct table_row *rows, size_t num_rows, struct error *error);

/* Is it a file, which appears whole or not at all? */
bool table_is_whole_or_none(const struct table *table);

/* Ends the table: its file takes its name.  Frees it in any case. */
bool table_commit(struct table *table, struct error *error);
/* Gives the table up: no file is left.  NULL is fine. */
void table_abandon(struct table *table);

/* ---- table_text.c ---- */

/* The first line of a CSV file. */
void table_print_header(const struct table_plan *plan, FILE *text);

#endif
