/*
 * Metrics: counts in a confusion matrix, and the figures that follow from it.
 */
#ifndef QUERN_EVALUATE_METRICS_H
#define QUERN_EVALUATE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct class_metrics {
    uint64_t num_correct;
    uint64_t num_samples;
    double accuracy; /* NAN for a class without samples */
};

struct metrics {
    size_t num_classes;            /* C */
    uint64_t *confusion;           /* [C][C]: row true class, column predicted class; owned */
    struct class_metrics *classes; /* [C]; owned */
    uint64_t num_correct;
    uint64_t num_samples;
    double accuracy;            /* over all samples; NAN without samples */
    double mean_class_accuracy; /* over the classes with samples; NAN without samples */
};

/* All counts zero.  Free with metrics_destroy, after a failure too. */
bool metrics_create(struct metrics *metrics, size_t num_classes, struct error *error);
void metrics_destroy(struct metrics *metrics);

/* Counts samples; labels and predictions [num_samples] are class indices below C. */
void metrics_count(struct metrics *metrics, const uint32_t *labels, const uint32_t *predictions,
                   uint64_t num_samples);

/* Computes every figure from the confusion matrix. */
void metrics_finish(struct metrics *metrics);

/* Samples of one class taken for another. */
struct confusion {
    uint32_t label;
    uint32_t prediction;
    uint64_t num_samples;
};

/*
 * The most frequent confusions, at most max_entries of them, written to entries: the most samples
 * first, then the lower label, then the lower prediction.  Returns how many there are.
 */
size_t metrics_find_confusions(const struct metrics *metrics, struct confusion *entries,
                               size_t max_entries);

#endif
