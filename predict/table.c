#include "predict/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "formats/file/atomic_file.h"

struct table {
    struct table_plan plan;
    struct predictions_writer *writer; /* of HDF5 */
    int descriptor;                    /* of text that is written in order */
    struct atomic_file output;         /* of text that appears as a file; else without a path */
};

static const char *table_name(const struct table *table)
{
    return table->plan.path ? table->plan.path : ERROR_STDOUT;
}

static bool table_open_text(struct table *table, struct error *error)
{
    const char *path = table->plan.path;
    struct stat info;

    if (!path) {
        table->descriptor = STDOUT_FILENO;
        return true;
    }
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        table->descriptor = file_open_writing(path, error);
        return table->descriptor >= 0;
    }
    return atomic_file_begin(&table->output, path, FILE_KIND_TABLE, table->plan.is_forced, error);
}

static bool table_write_text(const struct table *table, const char *text, size_t nbytes,
                             struct error *error)
{
    return file_write(table->output.path ? table->output.descriptor : table->descriptor,
                      table_name(table), text, nbytes, error);
}

static bool table_write_header(struct table *table, struct error *error)
{
    char *text = NULL;
    size_t nbytes = 0;
    FILE *stream = open_memstream(&text, &nbytes);
    bool ok = stream || error_set_memory(error, BUFSIZ);

    if (ok) {
        table_print_header(&table->plan, stream);
        ok = fclose(stream) == 0 || error_set_memory(error, nbytes);
    }
    ok = ok && table_write_text(table, text, nbytes, error);
    free(text);
    return ok;
}

bool table_open(const struct table_plan *plan, struct table **result, struct error *error)
{
    struct table *table = calloc(1, sizeof(*table));
    bool ok = table || error_set_memory(error, sizeof(*table));

    *result = NULL;
    if (!ok)
        return false;
    *table = (struct table){.plan = *plan, .descriptor = -1, .output = {.descriptor = -1}};
    if (plan->kind == TABLE_HDF5)
        ok = predictions_create(plan->path, &plan->predictions, plan->is_forced, &table->writer,
                                error);
    else
        ok = table_open_text(table, error) &&
             (plan->kind != TABLE_CSV || table_write_header(table, error));
    if (ok)
        *result = table;
    else
        table_abandon(table);
    return ok;
}

bool table_write(struct table *table, const char *text, size_t text_nbytes,
                 const struct table_row *rows, size_t num_rows, struct error *error)
{
    if (table->plan.kind != TABLE_HDF5)
        return table_write_text(table, text, text_nbytes, error);
    for (size_t i = 0; i < num_rows; i++)
        if (!predictions_append(table->writer, rows[i].name, rows[i].prediction, rows[i].scores,
                                rows[i].reason))
            return false;
    return true;
}

bool table_is_whole_or_none(const struct table *table)
{
    return table->writer || table->output.path;
}

bool table_commit(struct table *table, struct error *error)
{
    bool ok = true;

    if (table->writer) {
        ok = predictions_commit(table->writer, error);
        table->writer = NULL;
    } else if (table->output.path) {
        ok = atomic_file_commit_unsealed(&table->output, error);
    } else if (table->plan.path) {
        ok = file_close_written(&table->descriptor, table_name(table), error);
    }
    table_abandon(table);
    return ok;
}

void table_abandon(struct table *table)
{
    if (!table)
        return;
    predictions_abandon(table->writer);
    if (table->plan.path)
        file_close(&table->descriptor);
    atomic_file_abandon(&table->output);
    free(table);
}
