#include "show/show_history.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "metrics/interval.h"
#include "show/show_fields.h"
#include "view/terminal/text_chart.h"
#include "view/terminal/text_table.h"

const char *const history_figure_names[HISTORY_NUM_FIGURES] = {
    [HISTORY_TRAIN_LOSS] = "train loss",
    [HISTORY_VALID_LOSS] = "valid loss",
    [HISTORY_VALID_ACCURACY] = "valid accuracy",
    [HISTORY_LEARNING_RATE] = "learning rate",
};

double history_get(const struct epoch_record *record, enum history_figure figure)
{
    switch (figure) {
    case HISTORY_TRAIN_LOSS:
        return record->train_loss;
    case HISTORY_VALID_LOSS:
        return record->valid_loss;
    case HISTORY_VALID_ACCURACY:
        return record->valid_accuracy;
    default:
        return record->learning_rate;
    }
}

size_t history_count(const struct history *history, enum history_figure figure)
{
    size_t count = 0;

    for (size_t i = 0; i < history->count; i++)
        count += isfinite(history_get(&history->records[i], figure)) != 0;
    return count;
}

/* ---- in words ---- */

static const char *history_format_loss(double loss, char text[32])
{
    return isnan(loss) ? "-" : text_format(text, 32, "%.6f", loss);
}

const char *history_format_record(const struct epoch_record *record, char *text, size_t size)
{
    char figures[3][32];

    return text_format(
        text, size, "%" PRIu64 ": accuracy %s, valid loss %s, train loss %s", record->epoch,
        isnan(record->valid_accuracy) ? "-"
                                      : text_format(figures[2], 32, "%.4f", record->valid_accuracy),
        history_format_loss(record->valid_loss, figures[1]),
        history_format_loss(record->train_loss, figures[0]));
}

const char *history_format_accuracy(double accuracy, uint64_t num_samples, char text[64])
{
    struct interval interval;
    char words[48];

    if (!isfinite(accuracy))
        return "-";
    if (num_samples == 0)
        return text_format(text, 64, "%.4f", accuracy);
    interval =
        interval_of_proportion((uint64_t)llround(accuracy * (double)num_samples), num_samples);
    return text_format(text, 64, "%.4f (%s)", accuracy, show_format_interval(&interval, words));
}

static bool history_add_record(struct text_table *table, const char *name,
                               const struct epoch_record *record, uint64_t num_valid,
                               struct error *error)
{
    char epoch[32], losses[2][32], accuracy[64];
    const char *const cells[] = {
        name, text_format(epoch, sizeof(epoch), "%" PRIu64, record->epoch),
        history_format_loss(record->train_loss, losses[0]),
        history_format_loss(record->valid_loss, losses[1]),
        history_format_accuracy(record->valid_accuracy, num_valid, accuracy)};

    return text_table_add(table, cells, error);
}

bool history_print_records(FILE *stream, const struct terminal *terminal,
                           const struct epoch_record *records, size_t count, enum monitor monitor,
                           uint64_t num_valid, struct error *error)
{
    const struct text_table_column columns[] = {
        {"", TEXT_TABLE_LEFT},
        {"epoch", TEXT_TABLE_RIGHT},
        {"train loss", TEXT_TABLE_RIGHT},
        {"valid loss", TEXT_TABLE_RIGHT},
        {num_valid > 0 ? "accuracy (95 % interval)" : "accuracy", TEXT_TABLE_RIGHT},
    };
    struct text_table table = {.columns = columns, .num_columns = 5};
    const struct epoch_record *best = best_find(records, count, monitor);
    bool ok = true;

    if (count > 0)
        ok = history_add_record(&table, "last", &records[count - 1], num_valid, error);
    if (ok && best)
        ok = history_add_record(&table, "best", best, num_valid, error);
    if (ok && count > 0)
        ok = text_table_print(stream, terminal, &table, error);
    text_table_free(&table);
    return ok;
}

/* ---- charts ---- */

/* Fills points [2 * history->count]: all x, then all y. */
static struct text_chart_line history_line(const struct history *history,
                                           enum history_figure figure, double *points)
{
    double *x = points, *y = points + history->count;

    for (size_t i = 0; i < history->count; i++) {
        x[i] = (double)history->records[i].epoch;
        y[i] = history_get(&history->records[i], figure);
    }
    return (struct text_chart_line){.name = history->name ? history->name
                                                          : history_figure_names[figure],
                                    .x = x,
                                    .y = y,
                                    .count = history->count};
}

bool history_print(FILE *stream, const struct terminal *terminal,
                   const struct history_chart *wanted, const struct history *histories,
                   size_t num_histories, const enum history_figure *figures, size_t num_figures,
                   struct error *error)
{
    struct text_chart chart = {.title = wanted->title,
                               .x_label = "epoch",
                               .x_is_whole = true,
                               .rows = wanted->rows,
                               .columns = wanted->columns};
    size_t num_points = 0, num_finite = 0, used = 0, num_lines = 0;
    struct text_chart_line *lines = NULL;
    double *points = NULL;
    bool ok;

    for (size_t i = 0; i < num_histories; i++) {
        num_points += num_figures * histories[i].count;
        for (size_t k = 0; k < num_figures; k++)
            num_finite += history_count(&histories[i], figures[k]);
    }
    if (num_finite < 2)
        return true;
    ok = memory_allocate(&lines, num_histories * num_figures, sizeof(*lines), error) &&
         memory_allocate(&points, 2 * num_points, sizeof(*points), error);
    for (size_t i = 0; i < num_histories && ok; i++)
        for (size_t k = 0; k < num_figures; k++) {
            if (history_count(&histories[i], figures[k]) == 0)
                continue;
            lines[num_lines++] = history_line(&histories[i], figures[k], points + used);
            used += 2 * histories[i].count;
        }
    chart.lines = lines;
    chart.num_lines = num_lines;
    if (ok)
        fputc('\n', stream);
    ok = ok && text_chart_print(stream, terminal, &chart, error);
    free(points);
    free(lines);
    return ok;
}

bool history_print_run(FILE *stream, const struct terminal *terminal,
                       const struct history_chart *chart, const struct history *history,
                       struct error *error)
{
    static const enum history_figure losses[] = {HISTORY_TRAIN_LOSS, HISTORY_VALID_LOSS};
    static const enum history_figure accuracy[] = {HISTORY_VALID_ACCURACY};
    struct history_chart loss_chart = *chart, accuracy_chart = *chart;

    loss_chart.title = "loss";
    accuracy_chart.title = "accuracy";
    return history_print(stream, terminal, &loss_chart, history, 1, losses, 2, error) &&
           history_print(stream, terminal, &accuracy_chart, history, 1, accuracy, 1, error);
}
