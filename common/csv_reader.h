/*
 * Tables of text with one record a line: CSV as RFC 4180 has it, and the same with tabs or
 * semicolons between the fields.
 *
 * A field in double quotes may hold separators, line breaks and doubled quotes; a quote elsewhere
 * in a field is itself.  Blanks around a field that has no quotes do not belong to it.  Lines end
 * in LF, CRLF or CR; empty ones are skipped, and so is a byte order mark.
 */
#ifndef QUERN_COMMON_CSV_READER_H
#define QUERN_COMMON_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct csv_reader {
    const char *name; /* for messages */
    char *at, *end;   /* what is left; *end is NUL */
    char separator;
    uint64_t line; /* of what is left, from 1 */
};

struct csv_record {
    char **fields; /* they lie in the reader's bytes */
    size_t count, capacity;
    uint64_t line; /* in which it begins */
};

/*
 * Reads bytes [nbytes], which have a NUL behind them and are changed.  The separator is the tab or
 * the comma as the extension .tsv, .tab or .csv says, if the first line has one; otherwise the
 * first of tab, comma and semicolon that it has; a comma if it has none.  STATUS_DATA for what is
 * no text.
 */
bool csv_reader_begin(struct csv_reader *reader, const char *name, char *bytes, size_t nbytes,
                      struct error *error);

/*
 * Reads the next record; none is left when its count is 0.  STATUS_DATA with the line for quotes
 * that do not end, or that something follows.
 */
bool csv_reader_next(struct csv_reader *reader, struct csv_record *record, struct error *error);
void csv_record_free(struct csv_record *record);

#endif
