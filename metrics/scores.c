#include "metrics/scores.h"

static uint32_t scores_rank(const float *scores, uint32_t label, uint32_t prediction,
                            size_t num_classes)
{
    uint32_t rank = 0;

    if (label == prediction)
        return 0;
    for (uint32_t c = 0; c < num_classes; c++)
        rank += c == prediction || (c != label && (scores[c] > scores[label] ||
                                                   (scores[c] == scores[label] && c < label)));
    return rank;
}

static double scores_squared_error(const float *scores, uint32_t label, size_t num_classes)
{
    double missing = 1 - (double)scores[label], sum = 0;

    if (num_classes == 2) {
        /* Of the second class' score, whichever is the true one: the two may not add up to 1. */
        double error = (double)scores[1] - (label == 1);

        return error * error;
    }
    for (uint32_t c = 0; c < num_classes; c++)
        sum += c == label ? missing * missing : (double)scores[c] * (double)scores[c];
    return sum;
}

void scores_summarize(const float *scores, const uint32_t *labels, const uint32_t *predictions,
                      size_t num_classes, uint64_t num_samples, struct score_summary *summaries)
{
    for (uint64_t i = 0; i < num_samples; i++) {
        const float *row = scores + i * num_classes;

        summaries[i] = (struct score_summary){
            .confidence = row[predictions[i]],
            .rank = scores_rank(row, labels[i], predictions[i], num_classes),
            .squared_error = scores_squared_error(row, labels[i], num_classes),
        };
    }
}
