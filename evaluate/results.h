/*
 * Results on a stream, for people (text) and for programs (one JSON object on one line).
 */
#ifndef QUERN_EVALUATE_RESULTS_H
#define QUERN_EVALUATE_RESULTS_H

#include <stdio.h>

#include "apply/model_file.h"
#include "common/json.h"
#include "evaluate/evaluation_pair.h"
#include "evaluate/split_evaluation.h"
#include "metrics/interval.h"

/*
 * The figures of a split.  The text fits the terminal; it shows the whole confusion matrix up to 20
 * classes, and the ten most frequent confusions beyond.
 */
bool results_split_text(FILE *stream, const struct model_file *file,
                        const struct split_evaluation *result, struct error *error);
bool results_split_json(FILE *stream, const struct model_file *file,
                        const struct split_evaluation *result, struct error *error);

/* A checkpoint and its figures, of several on one split: a line of a table. */
struct results_line {
    const struct model_file *file;
    const struct split_evaluation *result;
};

bool results_runs_text(FILE *stream, const struct results_line *lines, size_t count,
                       struct error *error);

/* Two evaluations beside each other. */
bool results_compare_text(FILE *stream, const struct evaluation_pair *pair, struct error *error);
void results_compare_json(FILE *stream, const struct evaluation_pair *pair);

/* [low, high], or null where there is none. */
void results_json_interval(struct json *json, const char *key, struct interval interval);

#endif
