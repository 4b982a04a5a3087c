/* Several runs: one table, curves over each other, and the settings that differ. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/amount.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "show/show.h"
#include "show/show_fields.h"
#include "show/show_runs.h"
#include "view/terminal/text_table.h"

/* ---- names ---- */

/* How much of the beginning all paths share, up to and with a slash. */
static size_t show_runs_shared_length(const struct run_record *runs, size_t count)
{
    size_t shared = 0;

    for (size_t i = 0; runs[0].path[i]; i++) {
        for (size_t k = 1; k < count; k++)
            if (runs[k].path[i] != runs[0].path[i])
                return shared;
        if (runs[0].path[i] == '/')
            shared = i + 1;
    }
    return shared;
}

/* ---- the table ---- */

static const char *show_runs_format_loss(double loss, char text[32])
{
    return isfinite(loss) ? text_format(text, 32, "%.6f", loss) : isnan(loss) ? "-" : "infinite";
}

static bool show_runs_add(struct text_table *table, const struct run_record *run, const char *name,
                          struct error *error)
{
    const struct epoch_record none = {0, NAN, NAN, NAN, NAN};
    const struct epoch_record *last = run->count > 0 ? &run->records[run->count - 1] : &none;
    const struct epoch_record *best = run_record_best(run);
    char epochs[48], accuracies[2][64], losses[3][32], parameters[32], seconds[AMOUNT_SIZE];
    char best_epoch[32] = "-";
    double total = run_state_total_seconds(&run->state);
    uint64_t asked = run->file.path ? run->file.checkpoint.epochs : run->state.num_asked;
    const char *const cells[] = {
        name,
        text_format(epochs, sizeof(epochs), "%" PRIu64 "/%" PRIu64, last->epoch, asked),
        history_format_accuracy(last->valid_accuracy, run->state.num_valid, accuracies[0]),
        show_runs_format_loss(last->valid_loss, losses[0]),
        show_runs_format_loss(last->train_loss, losses[1]),
        best ? text_format(best_epoch, sizeof(best_epoch), "%" PRIu64, best->epoch) : best_epoch,
        best ? history_format_accuracy(best->valid_accuracy, run->state.num_valid, accuracies[1])
             : "-",
        best ? show_runs_format_loss(best->valid_loss, losses[2]) : "-",
        run->file.path ? text_group_digits(parameters, sizeof(parameters), run->num_parameters)
                       : "-",
        total > 0 ? amount_duration(seconds, sizeof(seconds), total) : "-",
        run->is_directory && run->state.last_event[0] ? run_phase_name(run_state_phase(&run->state))
        : run->file.checkpoint.finished               ? "finished"
                                                      : "-",
    };

    return text_table_add(table, cells, error);
}

static bool show_runs_table(FILE *stream, const struct terminal *terminal,
                            const struct run_record *runs, size_t count, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"run", TEXT_TABLE_PATH},           {"epochs", TEXT_TABLE_RIGHT},
        {"accuracy", TEXT_TABLE_RIGHT},     {"valid loss", TEXT_TABLE_RIGHT},
        {"train loss", TEXT_TABLE_RIGHT},   {"best epoch", TEXT_TABLE_RIGHT},
        {"its accuracy", TEXT_TABLE_RIGHT}, {"its valid loss", TEXT_TABLE_RIGHT},
        {"parameters", TEXT_TABLE_RIGHT},   {"time", TEXT_TABLE_RIGHT},
        {"state", TEXT_TABLE_LEFT},
    };
    struct text_table table = {.columns = columns,
                               .num_columns = sizeof(columns) / sizeof(columns[0])};
    size_t shared = show_runs_shared_length(runs, count);
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++)
        ok = show_runs_add(&table, &runs[i], runs[i].path + shared, error);
    if (ok)
        ok = text_table_print(stream, terminal, &table, error);
    text_table_free(&table);
    return ok;
}

/* ---- settings that differ ---- */

/* What makes a run beside its settings, under names that no setting has. */
static void show_runs_add_facts(const struct run_record *run, struct settings *settings)
{
    const struct checkpoint *checkpoint = &run->file.checkpoint;
    const struct image_shape *image = &checkpoint->image;

    settings_add_count(settings, "epochs asked", checkpoint->epochs);
    settings_add_text(
        settings, "images",
        TEXT("%zux%zu%s", image->height, image->width, image->channels == 1 ? "" : " RGB"));
    settings_add_count(settings, "classes", checkpoint->classes.count);
    settings_add_text(settings, "store", TEXT("%.12s", checkpoint->store_fingerprint));
}

/* A run's settings and facts; NULL without memory. */
static struct settings *show_runs_settings(const struct run_record *run, struct error *error)
{
    struct settings *settings = malloc(sizeof(*settings));

    if (!settings) {
        error_set_memory(error, sizeof(*settings));
        return NULL;
    }
    *settings = run->file.checkpoint.config;
    if (run->file.path) /* else there is no checkpoint yet */
        show_runs_add_facts(run, settings);
    return settings;
}

static bool show_runs_list_names(struct settings *const *settings, size_t count,
                                 struct text_list *names, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < settings[i]->count; k++) {
            const char *name = settings[i]->items[k].name;

            if (text_list_find(names, name) == names->count && !text_list_add(names, name, error))
                return false;
        }
    return true;
}

static bool show_runs_differ(struct settings *const *settings, size_t count, const char *name)
{
    char first[SETTING_MAX_TEXT], other[SETTING_MAX_TEXT];

    setting_format(settings_find(settings[0], name), first, sizeof(first));
    for (size_t i = 1; i < count; i++)
        if (strcmp(first, setting_format(settings_find(settings[i], name), other, sizeof(other))) !=
            0)
            return true;
    return false;
}

static bool show_runs_fill_settings(struct settings *const *settings, const struct run_record *runs,
                                    size_t count, const struct text_list *names,
                                    struct text_table *table, struct error *error)
{
    size_t shared = show_runs_shared_length(runs, count), num_cells = names->count + 1;
    char(*values)[160] = NULL;
    const char **cells = NULL;
    bool ok = memory_allocate(&values, num_cells, sizeof(*values), error) &&
              memory_allocate(&cells, num_cells, sizeof(*cells), error);

    for (size_t i = 0; i < count && ok; i++) {
        cells[0] = runs[i].path + shared;
        for (size_t k = 0; k < names->count; k++)
            cells[k + 1] = setting_format(settings_find(settings[i], names->items[k]), values[k],
                                          sizeof(values[k]));
        ok = text_table_add(table, cells, error);
    }
    free(cells);
    free(values);
    return ok;
}

/* The table of those names whose values are not all alike: a row a run, a column a setting. */
static bool show_runs_print_settings(FILE *stream, const struct terminal *terminal,
                                     struct settings *const *settings,
                                     const struct run_record *runs, size_t count,
                                     const struct text_list *names, struct error *error)
{
    struct text_table_column *columns = NULL;
    struct text_table table = {.num_columns = names->count + 1};
    bool ok = memory_allocate(&columns, names->count + 1, sizeof(*columns), error);

    show_print_heading(stream, terminal, "settings that differ");
    if (ok && names->count == 0)
        fprintf(stream, "  none: configuration, images and store are the same\n");
    if (ok && names->count > 0) {
        columns[0] = (struct text_table_column){"run", TEXT_TABLE_PATH};
        for (size_t i = 0; i < names->count; i++)
            columns[i + 1] = (struct text_table_column){names->items[i], TEXT_TABLE_LEFT};
        table.columns = columns;
        ok = show_runs_fill_settings(settings, runs, count, names, &table, error);
        if (ok)
            ok = text_table_print(stream, terminal, &table, error);
    }
    text_table_free(&table);
    free(columns);
    return ok;
}

static bool show_runs_settings_that_differ(FILE *stream, const struct terminal *terminal,
                                           const struct run_record *runs, size_t count,
                                           struct error *error)
{
    struct settings *settings[SHOW_MAX_RUNS] = {NULL};
    struct text_list names = {0}, differing = {0};
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++) {
        settings[i] = show_runs_settings(&runs[i], error);
        ok = settings[i] != NULL;
    }
    ok = ok && show_runs_list_names(settings, count, &names, error);
    for (size_t i = 0; i < names.count && ok; i++)
        if (show_runs_differ(settings, count, names.items[i]))
            ok = text_list_add(&differing, names.items[i], error);
    ok = ok && show_runs_print_settings(stream, terminal, settings, runs, count, &differing, error);
    text_list_free(&differing);
    text_list_free(&names);
    for (size_t i = 0; i < count; i++)
        free(settings[i]);
    return ok;
}

/* ---- curves ---- */

static bool show_runs_charts(FILE *stream, const struct terminal *terminal,
                             const struct run_record *runs, size_t count, struct error *error)
{
    static const enum history_figure figures[] = {HISTORY_VALID_ACCURACY, HISTORY_VALID_LOSS,
                                                  HISTORY_TRAIN_LOSS};
    struct history histories[SHOW_MAX_RUNS];
    size_t shared = show_runs_shared_length(runs, count);
    bool ok = true;

    for (size_t i = 0; i < count; i++)
        histories[i] = (struct history){
            .name = runs[i].path + shared, .count = runs[i].count, .records = runs[i].records};
    for (size_t k = 0; k < 3 && ok; k++) {
        const struct history_chart chart = {.title = history_figure_names[figures[k]], .rows = 12};

        ok = history_print(stream, terminal, &chart, histories, count, &figures[k], 1, error);
    }
    return ok;
}

bool show_compare_runs(FILE *stream, const struct terminal *terminal, const char *const *paths,
                       size_t count, struct error *error)
{
    struct run_record *runs = NULL;
    bool ok;

    if (count > SHOW_MAX_RUNS)
        return error_set(error, STATUS_USAGE, NULL, "at most %d runs can be compared, not %zu",
                         SHOW_MAX_RUNS, count);
    ok = memory_allocate(&runs, count, sizeof(*runs), error);
    for (size_t i = 0; i < count && ok; i++) {
        ok = run_record_read(paths[i], false, &runs[i], error);
        for (size_t k = 0; k < runs[i].file.skipped.count; k++) {
            char escaped[2048];

            progress_message("quern-show", "warning: skipped %s",
                             text_escape(escaped, sizeof(escaped), runs[i].file.skipped.items[k]));
        }
    }
    ok = ok && show_runs_table(stream, terminal, runs, count, error) &&
         show_runs_settings_that_differ(stream, terminal, runs, count, error) &&
         show_runs_charts(stream, terminal, runs, count, error);
    for (size_t i = 0; runs && i < count; i++)
        if (runs[i].path)
            run_record_close(&runs[i]);
    free(runs);
    return ok;
}

bool show_runs(const struct show *show, struct error *error)
{
    return show_compare_runs(stdout, &show->terminal, (const char *const *)show->options->operands,
                             show->options->num_operands, error);
}
