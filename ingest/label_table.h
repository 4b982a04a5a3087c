/*
 * Labels that come as a table (--labels): a CSV or TSV file with a row for each image, its path and
 * its class, and its split if there is a column of splits.  docs/data.md tells of columns and
 * paths.
 */
#ifndef QUERN_INGEST_LABEL_TABLE_H
#define QUERN_INGEST_LABEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/sources/scan.h"

/* One row; the texts lie in the table's bytes. */
struct label_row {
    const char *path, *label;
    const char *split; /* NULL: the table has no column of splits */
    uint64_t line;
};

struct label_table {
    const char *name; /* of the file */
    char *bytes;
    struct label_row *rows;
    size_t count, capacity;
    struct text_list ignored_columns;
    uint64_t num_repeated; /* rows that say again what another one says of its image */
};

/*
 * Reads a table.  STATUS_DATA, with the numbers of lines, for what is no table, for rows without a
 * path or label, and for words that are no split.  Free with label_table_free in any case.
 */
bool label_table_read(const char *path, struct label_table *table, struct error *error);
/* The same for the bytes of a file, which have a NUL behind them; takes bytes. */
bool label_table_parse(const char *name, char *bytes, size_t nbytes, struct label_table *table,
                       struct error *error);

/*
 * Gives the images of a scan their labels: scan->labelling.  STATUS_DATA for rows whose image is
 * not in the source, and for two rows that contradict each other.
 */
bool label_table_apply(struct label_table *table, struct scan *scan, struct error *error);

void label_table_free(struct label_table *table);

#endif
