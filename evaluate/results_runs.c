#include <string.h>

#include "common/text.h"
#include "evaluate/cells.h"
#include "evaluate/results.h"
#include "view/terminal/terminal.h"
#include "view/terminal/text_table.h"

/* A row of the table: a checkpoint and its first figures. */
static void results_runs_add(struct text_table *table, const struct results_line *line,
                             struct error *error)
{
    const struct figures *figures = &line->result->figures;
    char cells[6][CELL_SIZE];

    text_table_add(table,
                   (const char *const[]){
                       line->file->path, cell_of_count(cells[0], line->file->checkpoint.epoch),
                       cell_of_figure(cells[1], figures->values[FIGURE_ACCURACY], 4),
                       cell_of_interval(cells[2], figures->intervals[FIGURE_ACCURACY], 4),
                       cell_of_figure(cells[3], figures->values[FIGURE_BALANCED_ACCURACY], 4),
                       cell_of_figure(cells[4], figures->values[FIGURE_LOSS], 6),
                       cell_of_count(cells[5], line->result->num_samples)},
                   error);
}

/* Were all evaluated on the same samples?  A checkpoint is on those of classes that it knows. */
static bool results_runs_is_same(const struct results_line *lines, size_t count)
{
    const struct split_evaluation *first = lines[0].result;

    for (size_t i = 1; i < count; i++)
        if (lines[i].result->num_samples != first->num_samples ||
            memcmp(lines[i].result->rows, first->rows, first->num_samples * sizeof(*first->rows)) !=
                0)
            return false;
    return true;
}

bool results_runs_text(FILE *stream, const struct results_line *lines, size_t count,
                       struct error *error)
{
    static const struct text_table_column columns[] = {
        {"checkpoint", TEXT_TABLE_PATH}, {"epoch", TEXT_TABLE_RIGHT},
        {"accuracy", TEXT_TABLE_RIGHT},  {"95 % interval", TEXT_TABLE_RIGHT},
        {"balanced", TEXT_TABLE_RIGHT},  {"loss", TEXT_TABLE_RIGHT},
        {"samples", TEXT_TABLE_RIGHT},
    };
    const struct split_evaluation *first = lines[0].result;
    bool is_same = results_runs_is_same(lines, count);
    /* The last column is for samples that differ. */
    struct text_table table = {.columns = columns,
                               .num_columns = sizeof(columns) / sizeof(columns[0]) - is_same};
    struct terminal terminal;
    char cell[CELL_SIZE];
    bool ok = true;

    terminal_find_text(&terminal);
    for (size_t i = 0; i < count && ok; i++)
        results_runs_add(&table, &lines[i], error);
    ok = ok && error_ok(error);
    if (ok) {
        fprintf(stream, "samples     %s of split %s, store ",
                cell_of_count(cell, first->num_samples + (is_same ? 0 : first->num_unknown)),
                split_names[first->split]);
        text_print_escaped(stream, first->store_path);
        fputs(is_same ? "\n\n" : "; each checkpoint on those of classes that it knows\n\n", stream);
        ok = text_table_print(stream, &terminal, &table, error);
    }
    text_table_free(&table);
    return ok;
}
