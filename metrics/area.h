/*
 * Areas under the curves of one class against the rest, made by its scores: ROC (the chance that a
 * sample of the class has a higher score than one of another class, ties counting half) and
 * precision over recall, as average precision (the sum of precision times the step of recall over
 * the distinct scores, from the highest, without interpolation).
 */
#ifndef QUERN_METRICS_AREA_H
#define QUERN_METRICS_AREA_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* NAN: roc of a class that no sample or every sample has, average precision of one that none has.
 */
struct area {
    double roc;
    double average_precision;
};

/* More cannot be ranked. */
#define AREA_MAX_SAMPLES ((uint64_t)INT32_MAX)
/* In a ranking, beside the index of the sample: its score is not that of the sample before. */
#define AREA_NEW_SCORE 0x80000000u

/*
 * Writes to ranking [num_samples] the samples' indices in order of falling scores (or rising ones),
 * of equal scores in rising order of the samples.  scores [num_samples] are stride floats apart and
 * no NAN.  scratch [2 * num_samples] is working memory.
 */
void area_rank(const float *scores, size_t stride, bool is_rising, uint32_t num_samples,
               uint64_t *scratch, uint32_t *ranking);

/*
 * The areas of a class, from the ranking of its scores and the labels [num_samples].  Sample i
 * counts weights[i] times; NULL: once.
 */
struct area area_measure(const uint32_t *ranking, const uint32_t *labels, const uint32_t *weights,
                         uint32_t num_samples, uint32_t class);

#endif
