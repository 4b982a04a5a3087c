#include <inttypes.h>
#include <math.h>

#include "common/json.h"
#include "common/text.h"
#include "evaluate/report.h"
#include "evaluate/table.h"

enum { NARROW_WIDTH = 60 };

struct compare_text {
    const struct evaluation_pair *pair;
    int max_name;
};

/* ---- accuracies ---- */

/* Rows: A, B, and the difference. */
static const char *report_compare_row_name(const void *context, size_t row,
                                           char cell[TABLE_CELL_SIZE])
{
    (void)context;
    (void)cell;
    return row == 0 ? "A" : row == 1 ? "B" : "B - A";
}

static const char *report_compare_row_correct(const void *context, size_t row,
                                              char cell[TABLE_CELL_SIZE])
{
    const struct evaluation_pair *pair = ((const struct compare_text *)context)->pair;
    uint64_t first = pair->contents[0].num_correct, second = pair->contents[1].num_correct;

    if (row < 2)
        return table_format_count(cell, row == 0 ? first : second);
    if (second >= first)
        return table_format_count(cell, second - first);
    cell[0] = '-';
    text_group_digits(cell + 1, TABLE_CELL_SIZE - 1, first - second);
    return cell;
}

static const char *report_compare_row_accuracy(const void *context, size_t row,
                                               char cell[TABLE_CELL_SIZE])
{
    const struct comparison *comparison = &((const struct compare_text *)context)->pair->comparison;

    return table_format_real(cell, row < 2 ? comparison->accuracies[row] : comparison->difference,
                             4);
}

static const char *report_compare_row_interval(const void *context, size_t row,
                                               char cell[TABLE_CELL_SIZE])
{
    const struct comparison *comparison = &((const struct compare_text *)context)->pair->comparison;

    return table_format_interval(
        cell, row < 2 ? comparison->intervals[row] : comparison->difference_interval, 4);
}

static void report_compare_accuracies(FILE *stream, const struct compare_text *text, int width,
                                      struct table_notes *notes)
{
    static const struct table_column columns[] = {
        {"", 0, report_compare_row_name},
        {"correct", 1, report_compare_row_correct},
        {"accuracy", 0, report_compare_row_accuracy},
        {"95 % interval", 0, report_compare_row_interval},
    };
    const struct table table = {columns, sizeof(columns) / sizeof(columns[0]), text, 3, 0};

    table_print(stream, &table, width, notes);
}

/* ---- which samples ---- */

/* The last row is all classes. */
static const struct comparison_counts *report_compare_counts(const void *context, size_t row)
{
    const struct comparison *comparison = &((const struct compare_text *)context)->pair->comparison;

    return row < comparison->num_classes ? &comparison->classes[row] : &comparison->all;
}

static const char *report_compare_class(const void *context, size_t row, char cell[TABLE_CELL_SIZE])
{
    const struct compare_text *text = context;

    if (row == text->pair->classes.count)
        return "all";
    return table_format_name(cell, text->pair->classes.items[row], text->max_name);
}

#define REPORT_COMPARE_COUNT(name)                                                                 \
    static const char *report_compare_##name(const void *context, size_t row,                      \
                                             char cell[TABLE_CELL_SIZE])                           \
    {                                                                                              \
        return table_format_count(cell, report_compare_counts(context, row)->num_##name);          \
    }

REPORT_COMPARE_COUNT(both)
REPORT_COMPARE_COUNT(first_only)
REPORT_COMPARE_COUNT(second_only)
REPORT_COMPARE_COUNT(neither)

static void report_compare_classes(FILE *stream, const struct compare_text *text, int width,
                                   struct table_notes *notes)
{
    static const struct table_column columns[] = {
        {"right are", 0, report_compare_class},    {"both", 1, report_compare_both},
        {"A alone", 0, report_compare_first_only}, {"B alone", 0, report_compare_second_only},
        {"neither", 2, report_compare_neither},
    };
    const struct table table = {columns, sizeof(columns) / sizeof(columns[0]), text,
                                text->pair->classes.count + 1, 1};

    table_print(stream, &table, width, notes);
}

/* ---- the whole ---- */

static void report_compare_describe(FILE *stream, char letter, const char *path,
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

static void report_compare_test(FILE *stream, const struct comparison *comparison)
{
    const struct mcnemar *test = &comparison->mcnemar;
    char cell[TABLE_CELL_SIZE];

    fprintf(stream, "%s samples have different predictions\n",
            table_format_count(cell, comparison->num_differing));
    if (test->is_exact)
        fprintf(stream, "McNemar's test, exact: p = %.2g\n", test->p_value);
    else
        fprintf(stream, "McNemar's test, chi-square %.2f: p = %.2g\n", test->statistic,
                test->p_value);
    fprintf(stream, "(the chance of such a difference between equally good models)\n");
}

void report_compare_text(FILE *stream, const struct evaluation_pair *pair)
{
    int width = table_width(stream);
    const struct compare_text text = {pair, width < NARROW_WIDTH ? 12 : 24};
    struct table_notes notes = {0};
    char cell[TABLE_CELL_SIZE];

    for (int i = 0; i < 2; i++)
        report_compare_describe(stream, "AB"[i], pair -> paths[i], &pair -> contents[i]);
    fprintf(stream, "%s samples of split ", table_format_count(cell, pair->comparison.num_samples));
    text_print_escaped(stream, pair->contents[0].split);
    fputs("\n\n", stream);
    report_compare_accuracies(stream, &text, width, &notes);
    fputc('\n', stream);
    report_compare_classes(stream, &text, width, &notes);
    fputc('\n', stream);
    report_compare_test(stream, &pair->comparison);
}

static void report_compare_json_counts(struct json *json, const struct comparison_counts *counts)
{
    json_count(json, "both_correct", counts->num_both);
    json_count(json, "first_only", counts->num_first_only);
    json_count(json, "second_only", counts->num_second_only);
    json_count(json, "neither_correct", counts->num_neither);
}

static void report_compare_json_file(struct json *json, const struct evaluation_pair *pair,
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
    report_json_interval(json, "accuracy_interval", pair->comparison.intervals[which]);
    json_end_object(json);
}

void report_compare_json(FILE *stream, const struct evaluation_pair *pair)
{
    const struct comparison *comparison = &pair->comparison;
    struct json json = {.stream = stream};

    json_begin_object(&json, NULL);
    report_compare_json_file(&json, pair, 0);
    report_compare_json_file(&json, pair, 1);
    json_string(&json, "split", pair->contents[0].split);
    json_string(&json, "store_fingerprint", pair->contents[0].store_fingerprint);
    json_count(&json, "total", comparison->num_samples);
    json_real(&json, "difference", comparison->difference);
    report_json_interval(&json, "difference_interval", comparison->difference_interval);
    report_compare_json_counts(&json, &comparison->all);
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
        report_compare_json_counts(&json, &comparison->classes[c]);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    fputc('\n', stream);
}
