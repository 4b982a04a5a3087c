/* How figures are made step by step, of samples that may count several times: for files inside
 * metrics/ only. */
#ifndef QUERN_METRICS_FIGURES_INTERNAL_H
#define QUERN_METRICS_FIGURES_INTERNAL_H

#include "metrics/figures.h"

/* No figures yet; classes is allocated. */
bool figures_begin(size_t num_classes, struct figures *figures, struct error *error);

/*
 * What figures_weigh takes of each sample's scores, once: sets samples->summaries where there are
 * scores and no summaries yet.  *summaries: those made here, for the caller to free; else NULL.
 */
bool figures_summarize(struct figures_samples *samples, struct score_summary **summaries,
                       struct error *error);

/*
 * All figures but areas and means of the classes, and no intervals.  Sample i counts weights[i]
 * times; NULL: once.  The loss is the mean of losses [num_samples]; NULL: samples->loss.  What
 * figures held before goes.
 */
void figures_weigh(const struct figures_samples *samples, const uint32_t *weights,
                   const double *losses, struct figures *figures);

/*
 * area_rank of a class' scores.  Two probabilities that add up to 1 say the same, but the larger
 * one is rounded more: both classes are ranked by that of the second.
 */
void figures_rank(const struct figures_samples *samples, size_t class, uint64_t *scratch,
                  uint32_t *ranking);
void figures_set_area(struct figures *figures, size_t class, struct area area);

/* The means of the classes. */
void figures_average(struct figures *figures);

#endif
