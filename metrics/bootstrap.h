/*
 * Bootstrap intervals of any figure: the samples are drawn again with replacement, as many as there
 * are, and the figure computed of each such set (Efron, Tibshirani, "An introduction to the
 * bootstrap", 1993).  The interval holds the middle 95 % of what came out.
 */
#ifndef QUERN_METRICS_BOOTSTRAP_H
#define QUERN_METRICS_BOOTSTRAP_H

#include "metrics/figures.h"

/* Intervals in the places that the figures have in struct figures. */
struct bootstrap_class {
    struct interval intervals[NUM_CLASS_FIGURES];
};

struct bootstrap {
    uint64_t num_resamples;
    uint64_t seed;
    struct interval values[NUM_FIGURES];
    struct interval macro[NUM_CLASS_FIGURES];
    struct interval weighted[NUM_CLASS_FIGURES];
    struct bootstrap_class *classes; /* [num_classes]; owned */
};

/*
 * Resample r draws by random numbers of (seed, r) alone: the intervals are the same for any number
 * of threads.  losses [num_samples] are the samples' own, NULL for none; samples->loss is not used.
 * Resamples in which a figure is not defined are left out of its interval.  Free with
 * bootstrap_destroy, after a failure too.
 */
bool bootstrap_compute(const struct figures_samples *samples, const double *losses,
                       uint64_t num_resamples, uint64_t seed, struct bootstrap *bootstrap,
                       struct error *error);
void bootstrap_destroy(struct bootstrap *bootstrap);

/* Bytes that bootstrap_compute takes at most. */
uint64_t bootstrap_nbytes(const struct figures_samples *samples, uint64_t num_resamples);

#endif
