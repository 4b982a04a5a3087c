/*
 * 95 % confidence intervals of proportions and of what is made of proportions.  docs/metrics.md
 * has the formulas.
 */
#ifndef QUERN_METRICS_INTERVAL_H
#define QUERN_METRICS_INTERVAL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* NAN both where there is none. */
struct interval {
    double low;
    double high;
};

#define INTERVAL_NONE ((struct interval){.low = NAN, .high = NAN})

/* Of a proportion: Wilson's score interval, without continuity correction (Wilson, "Probable
 * inference, the law of succession, and statistical inference", JASA 22, 1927).  None of no
 * samples. */
struct interval interval_of_proportion(uint64_t num_hits, uint64_t num_samples);

/*
 * Of the mean of count proportions of different samples, each of the same weight: the stratified
 * Wilson interval (Yan, Su, "Stratified Wilson and Newcombe confidence intervals for multiple
 * binomial proportions", Statistics in Biopharmaceutical Research 2, 2010), with variances that are
 * never 0.  Those of no samples are left out.
 */
struct interval interval_of_mean(const uint64_t *num_hits, const uint64_t *num_samples,
                                 size_t count);

/*
 * Of the difference of two proportions of the same samples, first - second: Newcombe's method 10
 * (Newcombe, "Improved confidence intervals for the difference between binomial proportions based
 * on paired data", Statistics in Medicine 17, 1998).  The samples are counted by where they hit.
 */
struct interval interval_of_difference(uint64_t num_both, uint64_t num_first_only,
                                       uint64_t num_second_only, uint64_t num_neither);

#endif
