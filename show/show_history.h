/*
 * The course of training, losses and accuracies over epochs: in words and as charts.
 */
#ifndef QUERN_SHOW_SHOW_HISTORY_H
#define QUERN_SHOW_SHOW_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "apply/best.h"
#include "common/error.h"
#include "formats/checkpoint/checkpoint.h"
#include "view/terminal/terminal.h"

/* A figure of an epoch. */
enum history_figure {
    HISTORY_TRAIN_LOSS,
    HISTORY_VALID_LOSS,
    HISTORY_VALID_ACCURACY,
    HISTORY_LEARNING_RATE,
    HISTORY_NUM_FIGURES,
};

/* "train loss", ... */
extern const char *const history_figure_names[HISTORY_NUM_FIGURES];

double history_get(const struct epoch_record *record, enum history_figure figure);

/* "7: accuracy 0.9812, valid loss 0.039373, train loss 0.034500" */
const char *history_format_record(const struct epoch_record *record, char *text, size_t size);

/* Of so many samples: "0.9720 [0.9639, 0.9784]", with its 95 % interval; 0: not known how many. */
const char *history_format_accuracy(double accuracy, uint64_t num_samples, char text[64]);
/* A table of the last epoch and the best one.  num_valid: samples of the valid split, or 0. */
bool history_print_records(FILE *stream, const struct terminal *terminal,
                           const struct epoch_record *records, size_t count, enum monitor monitor,
                           uint64_t num_valid, struct error *error);

/* Records of one run, or of one of several. */
struct history {
    const char *name; /* of the run, in legends of charts over several; NULL: one run alone */
    size_t count;
    const struct epoch_record *records;
};

/* How large a chart is. */
struct history_chart {
    const char *title;
    size_t rows;    /* of the plot */
    size_t columns; /* of the whole; 0: the terminal's */
};

/* How many finite values a figure has. */
size_t history_count(const struct history *history, enum history_figure figure);

/*
 * An empty line, and a chart of figures [num_figures] of one run or of one figure of several.
 * Prints nothing where fewer than two points are finite.
 */
bool history_print(FILE *stream, const struct terminal *terminal, const struct history_chart *chart,
                   const struct history *histories, size_t num_histories,
                   const enum history_figure *figures, size_t num_figures, struct error *error);

/* The charts of one run: loss, and accuracy where there is one. */
bool history_print_run(FILE *stream, const struct terminal *terminal,
                       const struct history_chart *chart, const struct history *history,
                       struct error *error);

#endif
