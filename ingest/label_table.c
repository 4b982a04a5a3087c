#include "ingest/label_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/csv_reader.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "images/decoder.h"
#include "images/sources/labelling.h"
#include "ingest/tree.h"

/* Rows of which one thing is wrong, the first few by their lines. */
struct label_complaint {
    uint64_t count;
    char lines[700]; /* "line 3 'a.png', line 9 'b.png'" */
};

enum { MAX_LINES_SHOWN = 5 };

static void label_complain(struct label_complaint *complaint, uint64_t line, const char *text)
{
    size_t used = strlen(complaint->lines);
    char escaped[100];

    if (complaint->count++ >= MAX_LINES_SHOWN)
        return;
    text_format(complaint->lines + used, sizeof(complaint->lines) - used,
                "%sline %" PRIu64 "%s%s%s", used > 0 ? ", " : "", line, text ? " '" : "",
                text ? text_escape(escaped, sizeof(escaped), text) : "", text ? "'" : "");
}

/* one and many end the sentence that begins with the number; advice may be empty. */
static bool label_refuse(const struct label_table *table, const struct label_complaint *complaint,
                         const char *one, const char *many, const char *advice, struct error *error)
{
    char number[32];

    return complaint->count == 0 ||
           error_set(error, STATUS_DATA, ERROR_AT(.file = table->name), "%s %s: %s%s%s",
                     text_group_digits(number, sizeof(number), complaint->count),
                     complaint->count == 1 ? one : many, complaint->lines,
                     complaint->count > MAX_LINES_SHOWN ? ", ..." : "", advice);
}

/* ---- columns ---- */

enum { COLUMN_PATH, COLUMN_LABEL, COLUMN_SPLIT, NUM_COLUMNS };

/* By these names a first line is known as a header; of several columns the one named first here is
 * taken. */
static const char *const path_names[] = {
    "path",       "file",       "filename",   "file_name", "filepath", "file_path", "image",
    "image_path", "image_name", "image_file", "image_id",  "img",      "id",        NULL};
static const char *const label_names[] = {"label",    "class",  "class_name", "classname",
                                          "category", "target", NULL};
static const char *const split_names_of_columns[] = {"split", "set", "subset", NULL};

static const char *const *const column_names[NUM_COLUMNS] = {path_names, label_names,
                                                             split_names_of_columns};

/* Which fields of a record are the columns; SIZE_MAX: none. */
struct label_columns {
    size_t at[NUM_COLUMNS];
    size_t count; /* of fields in every record */
    bool has_header;
};

static size_t label_find_column(const struct csv_record *record, const char *const *names)
{
    for (; *names; names++)
        for (size_t i = 0; i < record->count; i++)
            if (strcasecmp(record->fields[i], *names) == 0)
                return i;
    return SIZE_MAX;
}

/*
 * Finds the columns by the first record.  A header of two columns needs to name one of them, where
 * its first field is not the name of an image.
 */
static bool label_find_columns(struct label_table *table, const struct csv_record *first,
                               struct label_columns *columns, struct error *error)
{
    size_t *at = columns->at;

    for (int c = 0; c < NUM_COLUMNS; c++)
        at[c] = label_find_column(first, column_names[c]);
    columns->count = first->count;
    if (first->count < 2)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = table->name),
                         "has one column: expected path,label or path,label,split, with commas or "
                         "tabs between them");
    columns->has_header = (at[COLUMN_PATH] != SIZE_MAX || at[COLUMN_LABEL] != SIZE_MAX) &&
                          !decoder_has_extension(first->fields[0]);
    if (!columns->has_header) {
        at[COLUMN_PATH] = 0;
        at[COLUMN_LABEL] = 1;
        at[COLUMN_SPLIT] = first->count > 2 ? 2 : SIZE_MAX;
        return true;
    }
    if (first->count == 2 && at[COLUMN_PATH] == SIZE_MAX)
        at[COLUMN_PATH] = 1 - at[COLUMN_LABEL];
    if (first->count == 2 && at[COLUMN_LABEL] == SIZE_MAX)
        at[COLUMN_LABEL] = 1 - at[COLUMN_PATH];
    return (at[COLUMN_PATH] != SIZE_MAX && at[COLUMN_LABEL] != SIZE_MAX) ||
           error_set(error, STATUS_DATA, ERROR_AT(.file = table->name),
                     "line %" PRIu64 ": no column is called %s: name it so", first->line,
                     at[COLUMN_PATH] == SIZE_MAX ? "path (or file, filename, image, id)"
                                                 : "label (or class, category, target)");
}

static bool label_is_column(const struct label_columns *columns, size_t field)
{
    return field == columns->at[COLUMN_PATH] || field == columns->at[COLUMN_LABEL] ||
           field == columns->at[COLUMN_SPLIT];
}

static bool label_list_ignored_columns(struct label_table *table, const struct csv_record *first,
                                       const struct label_columns *columns, struct error *error)
{
    bool ok = true;

    for (size_t i = 0; i < first->count && ok; i++)
        if (!label_is_column(columns, i))
            ok = text_list_add(&table->ignored_columns,
                               columns->has_header ? first->fields[i] : TEXT("column %zu", i + 1),
                               error);
    return ok;
}

/* ---- rows ---- */

static bool label_add_row(struct label_table *table, const struct csv_record *record,
                          const struct label_columns *columns, struct error *error)
{
    struct label_row row = {.line = record->line};

    if (record->count != columns->count)
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = table->name, .expected = TEXT("%zu", columns->count),
                                  .found = TEXT("%zu", record->count)),
                         "line %" PRIu64 ": wrong number of fields", record->line);
    row.path = record->fields[columns->at[COLUMN_PATH]];
    row.label = record->fields[columns->at[COLUMN_LABEL]];
    if (columns->at[COLUMN_SPLIT] != SIZE_MAX)
        row.split = record->fields[columns->at[COLUMN_SPLIT]];
    if (!memory_grow(&table->rows, &table->capacity, table->count + 1, sizeof(row), error))
        return false;
    table->rows[table->count++] = row;
    return true;
}

static bool label_read_rows(struct label_table *table, struct csv_reader *reader,
                            struct csv_record *record, struct label_columns *columns,
                            struct error *error)
{
    bool ok = csv_reader_next(reader, record, error);

    if (ok && record->count == 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = table->name), "is empty");
    ok = ok && label_find_columns(table, record, columns, error) &&
         label_list_ignored_columns(table, record, columns, error);
    if (ok && !columns->has_header)
        ok = label_add_row(table, record, columns, error);
    while (ok) {
        ok = csv_reader_next(reader, record, error);
        if (!ok || record->count == 0)
            break;
        ok = label_add_row(table, record, columns, error);
    }
    if (ok && table->count == 0)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = table->name),
                       "has a header and no rows");
    return ok;
}

/* Without a header, a third column is one of splits if most of its values are names of splits: then
 * the others are mistakes, by which images of test would come into train. */
static bool label_check_splits(struct label_table *table, bool has_header, struct error *error)
{
    struct label_complaint unknown = {0};

    if (!table->rows[0].split)
        return true;
    for (size_t i = 0; i < table->count; i++)
        if (!layout_is_split(table->rows[i].split))
            label_complain(&unknown, table->rows[i].line, table->rows[i].split);
    if (has_header || unknown.count < table->count - unknown.count)
        return label_refuse(table, &unknown, "row has no known split", "rows have no known split",
                            has_header ? ": it is train, valid or test"
                                       : ": it is train, valid or test, as most of column 3 are",
                            error);
    for (size_t i = 0; i < table->count && unknown.count > 0; i++)
        table->rows[i].split = NULL;
    return unknown.count == 0 || text_list_add(&table->ignored_columns, "column 3", error);
}

static bool label_check_rows(const struct label_table *table, struct error *error)
{
    struct label_complaint no_path = {0}, no_label = {0}, no_text = {0};

    for (size_t i = 0; i < table->count; i++) {
        const struct label_row *row = &table->rows[i];

        if (row->path[0] == '\0')
            label_complain(&no_path, row->line, NULL);
        else if (row->label[0] == '\0')
            label_complain(&no_label, row->line, row->path);
        else if (!text_is_utf8(row->label, strlen(row->label)))
            label_complain(&no_text, row->line, row->label);
    }
    return label_refuse(table, &no_path, "row has no path", "rows have no path", "", error) &&
           label_refuse(table, &no_label, "row has no label", "rows have no label", "", error) &&
           label_refuse(table, &no_text, "label is not UTF-8", "labels are not UTF-8",
                        ": save the table as UTF-8", error);
}

bool label_table_parse(const char *name, char *bytes, size_t nbytes, struct label_table *table,
                       struct error *error)
{
    struct csv_reader reader;
    struct csv_record record = {0};
    struct label_columns columns = {0};
    bool ok;

    *table = (struct label_table){.name = name, .bytes = bytes};
    ok = csv_reader_begin(&reader, name, bytes, nbytes, error) &&
         label_read_rows(table, &reader, &record, &columns, error) &&
         label_check_rows(table, error) && label_check_splits(table, columns.has_header, error);
    csv_record_free(&record);
    return ok;
}

bool label_table_read(const char *path, struct label_table *table, struct error *error)
{
    uint8_t *bytes;
    size_t nbytes;

    *table = (struct label_table){0};
    return file_read_whole(path, UINT64_MAX, &bytes, &nbytes, error) &&
           label_table_parse(path, (char *)bytes, nbytes, table, error);
}

void label_table_free(struct label_table *table)
{
    free(table->bytes);
    free(table->rows);
    text_list_free(&table->ignored_columns);
    *table = (struct label_table){0};
}

/* ---- the images of rows ---- */

/* The first path of the scan that is not before the first length bytes of path. */
static size_t label_find_first(const struct scan *scan, const char *path, size_t length)
{
    size_t low = 0, high = scan->num_images;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strncmp(scan->paths[middle], path, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The image of a path: of the path itself, or of the only one that is called so but for its
 * extension.  SIZE_MAX: there is none, or there are several. */
static size_t label_find_exactly(const struct scan *scan, const char *path)
{
    size_t length = strlen(path), found = SIZE_MAX;
    size_t first = label_find_first(scan, path, length + 1);

    if (first < scan->num_images && strcmp(scan->paths[first], path) == 0)
        return first;
    for (size_t i = label_find_first(scan, path, length); i < scan->num_images; i++) {
        const char *rest = scan->paths[i] + length;

        if (strncmp(scan->paths[i], path, length) != 0 || (unsigned char)rest[0] > '.')
            break;
        if (rest[0] != '.' || strpbrk(rest + 1, "./"))
            continue;
        if (found != SIZE_MAX)
            return SIZE_MAX;
        found = i;
    }
    return found;
}

/* Finds a path as tables have it: also with "./", with backslashes, and in an archive with the
 * directory around all else. */
static size_t label_find_image(const struct scan *scan, const char *path)
{
    size_t found, root_length = scan->root ? strlen(scan->root) : 0;
    char clean[4096];

    while (path[0] == '.' && path[1] == '/')
        path += 2;
    found = label_find_exactly(scan, path);
    if (found == SIZE_MAX && strchr(path, '\\') && strlen(path) < sizeof(clean)) {
        path = text_format(clean, sizeof(clean), "%s", path);
        for (char *slash = clean; (slash = strchr(slash, '\\')); slash++)
            *slash = '/';
        found = label_find_exactly(scan, path);
    }
    if (found == SIZE_MAX && root_length > 0 && strncmp(path, scan->root, root_length) == 0 &&
        path[root_length] == '/')
        found = label_find_exactly(scan, path + root_length + 1);
    return found;
}

/* ---- applying ---- */

/* "val" and "Valid" are one split. */
static bool label_is_same_split(const char *one, const char *other)
{
    enum split first, second;

    return layout_find_split(one, strlen(one), &first) &&
           layout_find_split(other, strlen(other), &second) && first == second;
}

/* A row and the one before it of the same image. */
static bool label_check_repeated(struct label_table *table, const struct label_row *row,
                                 const struct label_row *before, const char *path,
                                 struct error *error)
{
    bool is_label = strcmp(row->label, before->label) != 0;
    const char *this = is_label ? row->label : row->split;
    const char *other = is_label ? before->label : before->split;

    if (!is_label && (!row->split || label_is_same_split(row->split, before->split))) {
        table->num_repeated++;
        return true;
    }
    return error_set(error, STATUS_DATA, ERROR_AT(.file = table->name),
                     "lines %" PRIu64 " and %" PRIu64 " give '%s' two %s, '%s' and '%s'",
                     before->line, row->line, path, is_label ? "labels" : "splits", other, this);
}

/* What to do about paths that are not in the source, if one of them is there in another folder. */
static const char *label_advise(const struct scan *scan, const char *path, char advice[700])
{
    const char *base = strrchr(path, '/');
    size_t length;

    base = base ? base + 1 : path;
    length = strlen(base);
    advice[0] = '\0';
    for (size_t i = 0; i < scan->num_images && length > 0; i++) {
        const char *slash = strrchr(scan->paths[i], '/');
        const char *name = slash ? slash + 1 : scan->paths[i];
        char escaped[300];

        if (strncmp(name, base, length) == 0 && (name[length] == '\0' || name[length] == '.'))
            return text_format(advice, 700, " (paths are relative to the source, which holds '%s')",
                               text_escape(escaped, sizeof(escaped), scan->paths[i]));
    }
    return advice;
}

static bool label_place_rows(struct label_table *table, struct scan *scan, size_t *rows_of,
                             struct error *error)
{
    struct label_complaint missing = {0};
    const char *first_missing = NULL;
    char advice[700];
    bool ok = true;

    for (size_t i = 0; i < table->count && ok; i++) {
        const struct label_row *row = &table->rows[i];
        size_t image = label_find_image(scan, row->path);

        if (image == SIZE_MAX) {
            first_missing = first_missing ? first_missing : row->path;
            label_complain(&missing, row->line, row->path);
        } else if (rows_of[image] > 0) {
            ok = label_check_repeated(table, row, &table->rows[rows_of[image] - 1],
                                      scan->paths[image], error);
        } else {
            rows_of[image] = i + 1;
            ok = labelling_set(scan->labelling, image, row->label, row->split, error);
        }
    }
    return ok &&
           (missing.count == 0 ||
            label_refuse(table, &missing, "path names no image of the source, or more than one",
                         "paths name no image of the source, or more than one",
                         label_advise(scan, first_missing, advice), error));
}

bool label_table_apply(struct label_table *table, struct scan *scan, struct error *error)
{
    size_t *rows_of; /* [images], the index of the row + 1, or 0 */
    bool ok;

    table->num_repeated = 0;
    labelling_free(scan->labelling);
    scan->labelling = NULL;
    if (!memory_allocate(&rows_of, scan->num_images, sizeof(*rows_of), error))
        return false;
    ok = labelling_create(scan->num_images, &scan->labelling, error) &&
         label_place_rows(table, scan, rows_of, error);
    free(rows_of);
    return ok;
}
