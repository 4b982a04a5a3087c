/*
 * The evaluation file ("quern evaluation"): what a checkpoint does on one split of a store.
 * FORMAT.md is the specification.
 */
#ifndef QUERN_FORMATS_EVALUATION_H
#define QUERN_FORMATS_EVALUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"

struct evaluation {
    const char *model; /* "linear" */
    const char *split;
    const char *store_fingerprint;
    const char *scores_meaning; /* "probability", "negative mean absolute difference", ... */
    const struct text_list *classes;
    uint64_t num_samples;
    uint64_t num_unknown; /* samples left out, of classes that the model does not know */
    uint64_t num_correct;
    double accuracy;
    double mean_class_accuracy;
    double loss;                   /* NAN for a model without one */
    const uint64_t *confusion;     /* [C][C]: row true class, column predicted class */
    const struct text_list *paths; /* num_samples */
    const uint32_t *labels;        /* num_samples */
    const uint32_t *predictions;   /* num_samples */
    const float *scores;           /* [num_samples][C] */
};

/*
 * Writes atomically: path holds the whole evaluation or what it held before.  STATUS_DATA for a
 * path that is a file of another kind, unless is_forced.
 */
bool evaluation_write(const char *path, const struct evaluation *evaluation, bool is_forced,
                      struct error *error);

#endif
