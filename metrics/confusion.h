/*
 * The confusion matrix: how many samples of each class were taken for each class.
 *
 * The matrix of 65,536 classes would take 32 GiB: only the cells that hold samples are kept, of
 * which there are no more than samples.
 */
#ifndef QUERN_METRICS_CONFUSION_H
#define QUERN_METRICS_CONFUSION_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Samples of one class that were taken for one class. */
struct confusion_cell {
    uint32_t label;
    uint32_t prediction;
    uint64_t num_samples;
};

struct confusion {
    size_t num_classes;           /* C */
    size_t num_cells;             /* that hold samples */
    struct confusion_cell *cells; /* [num_cells] by label, then by prediction; owned */
};

/*
 * Counts samples; labels and predictions [num_samples] are class indices below num_classes.  Free
 * with confusion_destroy, after a failure too.
 */
bool confusion_count(size_t num_classes, const uint32_t *labels, const uint32_t *predictions,
                     uint64_t num_samples, struct confusion *confusion, struct error *error);
void confusion_destroy(struct confusion *confusion);

/* Bytes that confusion_count takes at most, its working memory counted. */
uint64_t confusion_nbytes(size_t num_classes, uint64_t num_samples);

/*
 * Writes the counts of the row of label to row [C].  Returns the first cell after it; first_cell is
 * that of the row before, or 0.
 */
size_t confusion_fill_row(const struct confusion *confusion, uint32_t label, size_t first_cell,
                          uint64_t *row);

/*
 * The most frequent confusions of one class for another, at most max_entries of them, written to
 * entries: the most samples first, then the lower label, then the lower prediction.  Returns how
 * many there are.
 */
size_t confusion_find_frequent(const struct confusion *confusion, struct confusion_cell *entries,
                               size_t max_entries);

#endif
