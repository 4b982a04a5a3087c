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
#include "model/model.h"

/*
 * Returns the sum of the losses of logits [B] in order of rows, and writes d(loss * loss_scale) /
 * d(logits) to grad_logits [B], rounded to float once; NULL leaves it out.
 */
double loss_compute_binary(const struct kernels *kernels, enum model_loss loss, const float *logits,
                           const uint32_t *labels, size_t B, double loss_scale, float *grad_logits);

/* The same for logits and grad_logits [B][C]; probs [B][C] is scratch. */
double loss_compute_softmax(const struct kernels *kernels, enum model_loss loss,
                            const float *logits, const uint32_t *labels, size_t B, size_t C,
                            double loss_scale, double *probs, float *grad_logits);

/* Probabilities [B][2] of logits [B]. */
void loss_binary_probs(const struct kernels *kernels, const float *logits, size_t B, float *probs);

/* Probabilities [B][C] of logits [B][C]; scratch is [B][C]. */
void loss_softmax_probs(const struct kernels *kernels, const float *logits, size_t B, size_t C,
                        double *scratch, float *probs);

#endif
