#include <inttypes.h>

#include "common/file.h"
#include "common/text.h"
#include "evaluate/report.h"
#include "evaluate/table.h"

/* Several checkpoints on the samples of one split, a line each. */
struct report_runs {
    const struct report_line *lines;
    int max_name;
};

static const struct figures *report_runs_figures(const void *context, size_t row)
{
    const struct report_runs *runs = context;

    return &runs->lines[row].result->figures;
}

static const char *report_runs_name(const void *context, size_t row, char cell[TABLE_CELL_SIZE])
{
    const struct report_runs *runs = context;
    const char *path = runs->lines[row].file->path;

    /* The end of a path tells runs apart. */
    while (table_count_columns(path) > runs->max_name && *path)
        path += text_utf8_length(path) ? text_utf8_length(path) : 1;
    return table_format_name(cell, path, runs->max_name);
}

static const char *report_runs_epoch(const void *context, size_t row, char cell[TABLE_CELL_SIZE])
{
    const struct report_runs *runs = context;

    return table_format_count(cell, runs->lines[row].file->checkpoint.epoch);
}

static const char *report_runs_accuracy(const void *context, size_t row,
                                        char cell[TABLE_CELL_SIZE])
{
    return table_format_real(cell, report_runs_figures(context, row)->values[FIGURE_ACCURACY], 4);
}

static const char *report_runs_interval(const void *context, size_t row,
                                        char cell[TABLE_CELL_SIZE])
{
    return table_format_interval(cell,
                                 report_runs_figures(context, row)->intervals[FIGURE_ACCURACY], 4);
}

static const char *report_runs_balanced(const void *context, size_t row,
                                        char cell[TABLE_CELL_SIZE])
{
    return table_format_real(cell,
                             report_runs_figures(context, row)->values[FIGURE_BALANCED_ACCURACY],
                             4);
}

static const char *report_runs_loss(const void *context, size_t row, char cell[TABLE_CELL_SIZE])
{
    return table_format_real(cell, report_runs_figures(context, row)->values[FIGURE_LOSS], 6);
}

void report_runs_text(FILE *stream, const struct report_line *lines, size_t count)
{
    static const struct table_column columns[] = {
        {"checkpoint", 0, report_runs_name},     {"epoch", 4, report_runs_epoch},
        {"accuracy", 0, report_runs_accuracy},   {"95 % interval", 2, report_runs_interval},
        {"balanced", 3, report_runs_balanced},   {"loss", 1, report_runs_loss},
    };
    int width = table_width(stream);
    const struct report_runs runs = {lines, width >= TABLE_USUAL_WIDTH ? 24 : 16};
    const struct table table = {columns, sizeof(columns) / sizeof(columns[0]), &runs, count, 0};
    struct table_notes notes = {false, false};
    char cell[TABLE_CELL_SIZE];

    fprintf(stream, "samples     %s of split %s, store ",
            table_format_count(cell, lines[0].result->num_samples),
            split_names[lines[0].result->split]);
    text_print_escaped(stream, lines[0].result->store_path);
    fputs("\n\n", stream);
    table_print(stream, &table, width, &notes);
    if (notes.has_left_out)
        fputs("\nA wider terminal shows more columns.\n", stream);
}
