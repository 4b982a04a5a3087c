/*
 * Two classifiers on the same samples: is one better, or luckier?
 */
#ifndef QUERN_METRICS_COMPARISON_H
#define QUERN_METRICS_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "metrics/interval.h"

/* Samples by which of the two is right. */
struct comparison_counts {
    uint64_t num_both;
    uint64_t num_first_only;
    uint64_t num_second_only;
    uint64_t num_neither;
};

/* Below so many samples that one of the two alone gets right, the test is exact. */
enum { COMPARISON_EXACT_BELOW = 1000 };

/* McNemar's test (McNemar, "Note on the sampling error of the difference between correlated
 * proportions or percentages", Psychometrika 12, 1947), two-sided. */
struct mcnemar {
    bool is_exact;    /* binomial; else chi-square with one degree of freedom */
    double statistic; /* chi-square with continuity correction; NAN if exact */
    double p_value;   /* the chance of a difference as large between equally good ones */
};

struct mcnemar comparison_test(uint64_t num_first_only, uint64_t num_second_only);

struct comparison {
    size_t num_classes;
    uint64_t num_samples;
    uint64_t num_differing; /* samples with two different predictions, both wrong ones too */
    struct comparison_counts all;
    struct comparison_counts *classes; /* [num_classes] of each true class; owned */
    double accuracies[2];              /* NAN without samples */
    struct interval intervals[2];
    double difference; /* second - first */
    struct interval difference_interval;
    struct mcnemar mcnemar;
};

/* Free with comparison_destroy, after a failure too. */
bool comparison_compute(size_t num_classes, const uint32_t *labels, const uint32_t *first,
                        const uint32_t *second, uint64_t num_samples, struct comparison *comparison,
                        struct error *error);
void comparison_destroy(struct comparison *comparison);

#endif
