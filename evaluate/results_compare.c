#include <inttypes.h>
#include <math.h>

#include "common/json.h"
#include "common/text.h"
#include "evaluate/cells.h"
#include "evaluate/results.h"
#include "view/terminal/terminal.h"
#include "view/terminal/text_table.h"

/* ---- tables ---- */

static void results_compare_accuracies(FILE *stream, const struct terminal *terminal,
                                       const struct evaluation_pair *pair, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"", TEXT_TABLE_LEFT},
        {"correct", TEXT_TABLE_RIGHT},
        {"accuracy", TEXT_TABLE_RIGHT},
        {"95 % interval", TEXT_TABLE_RIGHT},
    };
    const struct comparison *comparison = &pair->comparison;
    struct text_table table = {.columns = columns, .num_columns = 4};
    char cells[3][CELL_SIZE];

    for (int i = 0; i < 2; i++)
        text_table_add(
            &table,
            (const char *const[]){i == 0 ? "A" : "B",
                                  cell_of_count(cells[0], pair->contents[i].num_correct),
                                  cell_of_figure(cells[1], comparison->accuracies[i], 4),
                                  cell_of_interval(cells[2], comparison->intervals[i], 4)},
            error);
    text_table_add(
        &table,
        (const char *const[]){"B - A",
                              text_format(cells[0], CELL_SIZE, "%" PRId64,
                                          (int64_t)pair->contents[1].num_correct -
                                              (int64_t)pair->contents[0].num_correct),
                              cell_of_figure(cells[1], comparison->difference, 4),
                              cell_of_interval(cells[2], comparison->difference_interval, 4)},
        error);
    if (error_ok(error))
        text_table_print(stream, terminal, &table, error);
    text_table_free(&table);
}

static void results_compare_add_counts(struct text_table *table, const char *name,
                                       const struct comparison_counts *counts, struct error *error)
{
    char cells[4][CELL_SIZE];

    text_table_add(table,
                   (const char *const[]){name, cell_of_count(cells[0], counts->num_both),
                                         cell_of_count(cells[1], counts->num_first_only),
                                         cell_of_count(cells[2], counts->num_second_only),
                                         cell_of_count(cells[3], counts->num_neither)},
                   error);
}

static void results_compare_classes(FILE *stream, const struct terminal *terminal,
                                    const struct evaluation_pair *pair, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"right are", TEXT_TABLE_LEFT}, {"both", TEXT_TABLE_RIGHT},
        {"A alone", TEXT_TABLE_RIGHT},  {"B alone", TEXT_TABLE_RIGHT},
        {"neither", TEXT_TABLE_RIGHT},
    };
    const char *const nothing[5] = {NULL};
    struct text_table table = {.columns = columns, .num_columns = 5};

    for (size_t c = 0; c < pair->classes.count && error_ok(error); c++)
        results_compare_add_counts(&table, pair->classes.items[c], &pair->comparison.classes[c],
                                   error);
    text_table_add(&table, nothing, error);
    results_compare_add_counts(&table, "all", &pair->comparison.all, error);
    if (error_ok(error))
        text_table_print(stream, terminal, &table, error);
    text_table_free(&table);
}

/* ---- the whole ---- */

static void results_compare_describe(FILE *stream, char letter, const char *path,
                                     const struct evaluation_contents *contents)
{
    const struct setting *layers = settings_find(&contents->config, "layers");

    fprintf(stream, "%c  ", letter);
    text_print_escaped(stream, path);
    fputs(": ", stream);
    text_print_escaped(stream, contents->model);
    if (contents->minor_version > 0)
        fprintf(stream, ", epoch %" PRIu64, contents->epoch);
    if (layers && layers->type == SETTING_TEXT) {
        fputs(", ", stream);
        text_print_escaped(stream, layers->text);
    }
    fputc('\n', stream);
}

static void results_compare_test(FILE *stream, const struct comparison *comparison)
{
    const struct mcnemar *test = &comparison->mcnemar;
    char cell[CELL_SIZE];

    fprintf(stream, "%s %s\n", cell_of_count(cell, comparison->num_differing),
            comparison->num_differing == 1 ? "sample has a different prediction"
                                           : "samples have different predictions");
    if (test->is_exact)
        fprintf(stream, "McNemar's test, exact: p = %.2g\n", test->p_value);
    else
        fprintf(stream, "McNemar's test, chi-square %.2f: p = %.2g\n", test->statistic,
                test->p_value);
    fprintf(stream, "(the chance of such a difference between equally good models)\n");
}

bool results_compare_text(FILE *stream, const struct evaluation_pair *pair, struct error *error)
{
    struct terminal terminal;
    char cell[CELL_SIZE];

    terminal_find_text(&terminal);
    for (int i = 0; i < 2; i++)
        results_compare_describe(stream, "AB"[i], pair -> paths[i], &pair -> contents[i]);
    fprintf(stream, "%s sample%s of split ", cell_of_count(cell, pair->comparison.num_samples),
            pair->comparison.num_samples == 1 ? "" : "s");
    text_print_escaped(stream, pair->contents[0].split);
    fputs("\n\n", stream);
    results_compare_accuracies(stream, &terminal, pair, error);
    fputc('\n', stream);
    results_compare_classes(stream, &terminal, pair, error);
    fputc('\n', stream);
    results_compare_test(stream, &pair->comparison);
    return error_ok(error);
}

static void results_compare_json_counts(struct json *json, const struct comparison_counts *counts)
{
    json_count(json, "both_correct", counts->num_both);
    json_count(json, "first_only", counts->num_first_only);
    json_count(json, "second_only", counts->num_second_only);
    json_count(json, "neither_correct", counts->num_neither);
}

static void results_compare_json_file(struct json *json, const struct evaluation_pair *pair,
                                      int which)
{
    const struct evaluation_contents *contents = &pair->contents[which];

    json_begin_object(json, which == 0 ? "first" : "second");
    json_string(json, "evaluation", pair->paths[which]);
    json_string(json, "model", contents->model);
    if (contents->minor_version > 0) {
        json_count(json, "epoch", contents->epoch);
        json_string(json, "checkpoint_digest", contents->checkpoint_digest);
    }
    json_count(json, "correct", contents->num_correct);
    json_real(json, "accuracy", pair->comparison.accuracies[which]);
    results_json_interval(json, "accuracy_interval", pair->comparison.intervals[which]);
    json_end_object(json);
}

void results_compare_json(FILE *stream, const struct evaluation_pair *pair)
{
    const struct comparison *comparison = &pair->comparison;
    struct json json = {.stream = stream};

    json_begin_object(&json, NULL);
    results_compare_json_file(&json, pair, 0);
    results_compare_json_file(&json, pair, 1);
    json_string(&json, "split", pair->contents[0].split);
    json_string(&json, "store_fingerprint", pair->contents[0].store_fingerprint);
    json_count(&json, "total", comparison->num_samples);
    json_real(&json, "difference", comparison->difference);
    results_json_interval(&json, "difference_interval", comparison->difference_interval);
    results_compare_json_counts(&json, &comparison->all);
    json_count(&json, "different_predictions", comparison->num_differing);
    json_begin_object(&json, "mcnemar");
    json_bool(&json, "exact", comparison->mcnemar.is_exact);
    json_real(&json, "chi_square", comparison->mcnemar.statistic);
    json_real(&json, "p_value", comparison->mcnemar.p_value);
    json_end_object(&json);
    json_begin_array(&json, "classes");
    for (size_t c = 0; c < comparison->num_classes; c++) {
        json_begin_object(&json, NULL);
        json_string(&json, "name", pair->classes.items[c]);
        results_compare_json_counts(&json, &comparison->classes[c]);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    fputc('\n', stream);
}
