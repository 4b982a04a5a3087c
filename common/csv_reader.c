#include "common/csv_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"

static bool csv_is_break(char c)
{
    return c == '\n' || c == '\r';
}

static bool csv_refuse(const struct csv_reader *reader, uint64_t line, const char *what,
                       struct error *error)
{
    return error_set(error, STATUS_DATA, ERROR_AT(.file = reader->name), "line %" PRIu64 ": %s",
                     line, what);
}

/* ---- the separator ---- */

/* Is a separator in the first line, outside of quotes? */
static bool csv_has_separator(const char *at, char separator)
{
    bool is_quoted = false;

    while (csv_is_break(*at))
        at++;
    for (; *at && (is_quoted || !csv_is_break(*at)); at++) {
        if (*at == '"')
            is_quoted = !is_quoted;
        else if (*at == separator && !is_quoted)
            return true;
    }
    return false;
}

static bool csv_ends_with(const char *name, const char *extension)
{
    size_t length = strlen(name), extension_length = strlen(extension);

    return length > extension_length &&
           strcasecmp(name + length - extension_length, extension) == 0;
}

static char csv_choose_separator(const char *name, const char *bytes)
{
    static const char separators[] = "\t,;";

    if ((csv_ends_with(name, ".tsv") || csv_ends_with(name, ".tab")) &&
        csv_has_separator(bytes, '\t'))
        return '\t';
    if (csv_ends_with(name, ".csv") && csv_has_separator(bytes, ','))
        return ',';
    for (const char *separator = separators; *separator; separator++)
        if (csv_has_separator(bytes, *separator))
            return *separator;
    return ',';
}

bool csv_reader_begin(struct csv_reader *reader, const char *name, char *bytes, size_t nbytes,
                      struct error *error)
{
    *reader = (struct csv_reader){name, bytes, bytes + nbytes, ',', 1};
    if (nbytes >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is UTF-16: save it as UTF-8");
    if (memchr(bytes, '\0', nbytes))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is no text");
    if (nbytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        reader->at += 3;
    reader->separator = csv_choose_separator(name, reader->at);
    return true;
}

/* ---- records ---- */

/* Goes on behind the end of a line. */
static void csv_skip_break(struct csv_reader *reader)
{
    reader->at += reader->at[0] == '\r' && reader->at[1] == '\n' ? 2 : 1;
    reader->line++;
}

/* Blanks that are no separators. */
static bool csv_is_blank(const struct csv_reader *reader, char c)
{
    return c == ' ' || (c == '\t' && reader->separator != '\t');
}

/* The reader is at the opening quote; it goes on behind the closing one and blanks. */
static bool csv_read_quoted(struct csv_reader *reader, struct error *error)
{
    char *out = reader->at;
    uint64_t first_line = reader->line;

    reader->at++;
    while (reader->at < reader->end) {
        if (*reader->at == '"') {
            if (reader->at[1] != '"')
                break;
            reader->at++;
        } else if (*reader->at == '\n' || (*reader->at == '\r' && reader->at[1] != '\n')) {
            reader->line++;
        }
        *out++ = *reader->at++;
    }
    if (reader->at == reader->end)
        return csv_refuse(reader, first_line, "quotes that begin here do not end", error);
    *out = '\0';
    reader->at++;
    while (csv_is_blank(reader, *reader->at))
        reader->at++;
    if (reader->at < reader->end && *reader->at != reader->separator && !csv_is_break(*reader->at))
        return csv_refuse(reader, reader->line,
                          "something follows the end of a field in quotes (a quote within is "
                          "doubled)",
                          error);
    return true;
}

/* *blanks: where those behind the field begin, which is its end. */
static char *csv_read_plain(struct csv_reader *reader, char **blanks)
{
    char *field = reader->at;

    while (reader->at < reader->end && *reader->at != reader->separator &&
           !csv_is_break(*reader->at))
        reader->at++;
    *blanks = reader->at;
    while (*blanks > field && csv_is_blank(reader, (*blanks)[-1]))
        (*blanks)--;
    return field;
}

/* Reads a field and leaves the reader at what ends it; *end: where its NUL belongs, or NULL. */
static bool csv_read_field(struct csv_reader *reader, struct csv_record *record, char **end,
                           struct error *error)
{
    char *field;

    if (!memory_grow(&record->fields, &record->capacity, record->count + 1, sizeof(*record->fields),
                     error))
        return false;
    while (csv_is_blank(reader, *reader->at))
        reader->at++;
    *end = NULL;
    if (*reader->at == '"') {
        field = reader->at;
        if (!csv_read_quoted(reader, error))
            return false;
    } else {
        field = csv_read_plain(reader, end);
    }
    record->fields[record->count++] = field;
    return true;
}

bool csv_reader_next(struct csv_reader *reader, struct csv_record *record, struct error *error)
{
    bool is_last = false;

    record->count = 0;
    while (csv_is_blank(reader, *reader->at) || csv_is_break(*reader->at)) {
        if (csv_is_break(*reader->at))
            csv_skip_break(reader);
        else
            reader->at++;
    }
    record->line = reader->line;
    if (reader->at == reader->end)
        return true;
    while (!is_last) {
        char *end, found;

        if (!csv_read_field(reader, record, &end, error))
            return false;
        found = *reader->at;
        is_last = reader->at == reader->end || csv_is_break(found);
        if (is_last && reader->at < reader->end)
            csv_skip_break(reader);
        else if (!is_last)
            reader->at++;
        if (end)
            *end = '\0';
    }
    return true;
}

void csv_record_free(struct csv_record *record)
{
    free(record->fields);
    *record = (struct csv_record){0};
}
