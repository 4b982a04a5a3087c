/*
 * What the figures need of the scores of one sample, in place of a score for each class.
 */
#ifndef QUERN_METRICS_SCORES_H
#define QUERN_METRICS_SCORES_H

#include <stddef.h>
#include <stdint.h>

struct score_summary {
    float confidence;     /* score of the predicted class */
    uint32_t rank;        /* of the true class, from 0: how many classes come before it */
    double squared_error; /* of probabilities, for the Brier score */
};

/*
 * Of scores [num_samples][num_classes].  The predicted class has rank 0; the others are ranked by
 * falling scores, of equal ones the lower class first.  The squared error is (1 - p)^2 of the true
 * class' p where there are two classes, else that and the p^2 of all others.
 */
void scores_summarize(const float *scores, const uint32_t *labels, const uint32_t *predictions,
                      size_t num_classes, uint64_t num_samples, struct score_summary *summaries);

#endif
