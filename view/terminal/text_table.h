/*
 * Tables of text: columns aligned by their width on the terminal.  A table that is too wide has the
 * longest texts cut; if that is not enough, columns that do not fit go on below, each part with the
 * first column again: nothing is left out.
 */
#ifndef QUERN_VIEW_TERMINAL_TEXT_TABLE_H
#define QUERN_VIEW_TERMINAL_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"
#include "common/text_list.h"
#include "view/terminal/terminal.h"

enum text_table_align {
    TEXT_TABLE_LEFT,  /* text, which may be cut at its end */
    TEXT_TABLE_PATH,  /* text, which may be cut at its beginning */
    TEXT_TABLE_RIGHT, /* numbers, which are never cut */
};

struct text_table_column {
    const char *title;
    enum text_table_align align;
};

/* {0} but for the columns at first. */
struct text_table {
    const struct text_table_column *columns;
    size_t num_columns;
    struct text_list cells; /* row by row */
};

/* Appends a row of num_columns texts, which are copied; NULL is an empty cell. */
bool text_table_add(struct text_table *table, const char *const *cells, struct error *error);
bool text_table_print(FILE *stream, const struct terminal *terminal, const struct text_table *table,
                      struct error *error);
void text_table_free(struct text_table *table);

#endif
