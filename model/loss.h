/*
 * Losses and probabilities from logits, computed in double precision row by row.  Labels are
 * below the number of classes.  Logits that are not finite give values that are not finite.
 *
 * mae is 1 - p(label), cross-entropy is -log p(label); binary p(1) is the logistic function of
 * the one logit, otherwise p is the softmax of C logits.
 */
#ifndef QUERN_MODEL_LOSS_H
#define QUERN_MODEL_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "model/kernels/kernels.h"

enum model_loss { LOSS_MAE, LOSS_CROSS_ENTROPY };

/*
 * What is computed of a row with label y, in PyTorch's rule: for mae w[y] (1 - p[y]); for
 * cross-entropy, with smoothing s,
 *     (1 - s) w[y] (-log p[y]) + s / C (sum over the classes of w[c] (-log p[c])).
 */
struct loss {
    enum model_loss kind;
    double smoothing;     /* 0 to 1; cross-entropy only */
    const double *weight; /* w [C], each 0 or more; NULL: all are 1.  Not owned */
};

/*
 * Returns the sum of the losses of logits [B] in order of rows, and writes d(loss * loss_scale) /
 * d(logits) to grad_logits [B], rounded to float once; NULL leaves it out.
 */
double loss_compute_binary(const struct kernels *kernels, const struct loss *loss,
                           const float *logits, const uint32_t *labels, size_t B, double loss_scale,
                           float *grad_logits);

/* The same for logits and grad_logits [B][C]; probs [B][C] is scratch. */
double loss_compute_softmax(const struct kernels *kernels, const struct loss *loss,
                            const float *logits, const uint32_t *labels, size_t B, size_t C,
                            double loss_scale, double *probs, float *grad_logits);

/*
 * With weights, the mean over a batch divides by the sum of w[y] over its labels: loss_scale is 1
 * over that.  From how many samples of each class [C] it has, which are whole numbers that any
 * thread or rank may count in any order: count[0] w[0] + count[1] w[1] + ..., from 0.  Without
 * weights the sum of the counts.
 */
double loss_sum_weights(const struct loss *loss, const uint64_t *counts, size_t C);

/* Weights [C] that let classes count alike: total / (classes that have samples * counts[c]), 0 for
 * a class without samples.  The mean weight of a sample is 1. */
void loss_balance_weights(const uint64_t *counts, size_t C, double *weight);

/* Probabilities [B][2] of logits [B]. */
void loss_binary_probs(const struct kernels *kernels, const float *logits, size_t B, float *probs);

/* Probabilities [B][C] of logits [B][C]; scratch is [B][C]. */
void loss_softmax_probs(const struct kernels *kernels, const float *logits, size_t B, size_t C,
                        double *scratch, float *probs);

#endif
