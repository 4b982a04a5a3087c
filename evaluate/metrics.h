/*
 * Metrics: counts of true and predicted classes, and the figures that follow from them.
 *
 * The confusion matrix of 65,536 classes would take 32 GiB: only the cells that hold samples are
 * kept, of which there are no more than samples.
 */
#ifndef QUERN_EVALUATE_METRICS_H
#define QUERN_EVALUATE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* A cell of the confusion matrix: samples of one class that were taken for one class. */
struct confusion {
    uint32_t label;
    uint32_t prediction;
    uint64_t num_samples;
};

struct class_metrics {
    uint64_t num_correct;
    uint64_t num_samples;
    double accuracy; /* NAN for a class without samples */
};

struct metrics {
    size_t num_classes;            /* C */
    size_t num_cells;              /* that hold samples */
    struct confusion *cells;       /* [num_cells] by label, then by prediction; owned */
    struct class_metrics *classes; /* [C]; owned */
    uint64_t num_correct;
    uint64_t num_samples;
    double accuracy;            /* over all samples; NAN without samples */
    double mean_class_accuracy; /* over the classes with samples; NAN without samples */
};

/*
 * Counts samples and computes every figure; labels and predictions [num_samples] are class indices
 * below num_classes.  Free with metrics_destroy, after a failure too.
 */
bool metrics_compute(size_t num_classes, const uint32_t *labels, const uint32_t *predictions,
                     uint64_t num_samples, struct metrics *metrics, struct error *error);
void metrics_destroy(struct metrics *metrics);

/* Bytes that metrics_compute takes at most, its working memory counted. */
uint64_t metrics_nbytes(size_t num_classes, uint64_t num_samples);

/*
 * Writes the counts of the confusion matrix' row of label to row [C].  Returns the first cell after
 * it; first_cell is that of the row before, or 0.
 */
size_t metrics_fill_row(const struct metrics *metrics, uint32_t label, size_t first_cell,
                        uint64_t *row);

/*
 * The most frequent confusions of one class for another, at most max_entries of them, written to
 * entries: the most samples first, then the lower label, then the lower prediction.  Returns how
 * many there are.
 */
size_t metrics_find_confusions(const struct metrics *metrics, struct confusion *entries,
                               size_t max_entries);

#endif
