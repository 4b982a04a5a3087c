#include "predict/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "formats/file/file_kind.h"

struct table {
    struct table_plan plan;
    struct predictions_writer *writer; /* of HDF5 */
    /* Of text: what is written to, and for a regular file the names it has now and then. */
    int descriptor;
    char *temporary_path, *final_path;
};

static const char *table_name(const struct table *table)
{
    return table->plan.path ? table->plan.path : "standard output";
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
    if (!file_kind_check_output(path, FILE_KIND_TABLE, table->plan.is_forced, error))
        return false;
    table->final_path = file_resolve(path, error);
    if (!table->final_path)
        return false;
    table->descriptor = file_create_temporary(table->final_path, &table->temporary_path, error);
    return table->descriptor >= 0;
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
    ok = ok && file_write(table->descriptor, table_name(table), text, nbytes, error);
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
    *table = (struct table){.plan = *plan, .descriptor = -1};
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
        return file_write(table->descriptor, table_name(table), text, text_nbytes, error);
    for (size_t i = 0; i < num_rows; i++)
        if (!predictions_append(table->writer, rows[i].name, rows[i].prediction, rows[i].scores,
                                rows[i].reason))
            return false;
    return true;
}

bool table_commit(struct table *table, struct error *error)
{
    bool ok = true;

    if (table->writer) {
        ok = predictions_commit(table->writer, error);
        table->writer = NULL;
    } else if (table->temporary_path) {
        ok = file_commit_temporary(&table->descriptor, &table->temporary_path, table->final_path,
                                   table_name(table), error);
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
    if (table->temporary_path)
        unlink(table->temporary_path);
    free(table->temporary_path);
    free(table->final_path);
    free(table);
}
