#include "model/loss.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Rows at a time, for which the functions are computed together. */
enum { BLOCK_ROWS = 32 };

/* ---- two classes, one logit ---- */

/* The logistic function of a logit and what it lacks to 1, each without cancellation. */
struct sigmoid {
    double prob, rest; /* prob + rest = 1 */
};

/* exponential is exp(-|logit|). */
static inline struct sigmoid sigmoid_of(double logit, double exponential)
{
    const double larger = 1.0 / (1.0 + exponential);
    const double smaller = exponential * larger;
    const int is_positive = logit > 0.0;

    return (struct sigmoid){
        .prob = is_positive ? larger : smaller,
        .rest = is_positive ? smaller : larger,
    };
}

/* exponentials [B] = exp(-|logits|); B <= BLOCK_ROWS. */
static void compute_exponentials(const struct kernels *kernels, const float *logits, size_t B,
                                 double *exponentials)
{
    for (size_t b = 0; b < B; b++)
        exponentials[b] = -fabs((double)logits[b]);
    kernels->exp(exponentials, B);
}

/* The losses [B] of a block; labels are seen from the right class: prob is that of the label. */
static void compute_binary_block(const struct kernels *kernels, enum model_loss loss,
                                 const float *logits, const uint32_t *labels, size_t B,
                                 double loss_scale, double *losses, float *grad_logits)
{
    double exponentials[BLOCK_ROWS];

    compute_exponentials(kernels, logits, B, exponentials);
    for (size_t b = 0; b < B; b++) {
        const double sign = 2.0 * labels[b] - 1.0;
        const double logit = sign * logits[b];
        const struct sigmoid sigmoid = sigmoid_of(logit, exponentials[b]);
        const double grad = loss == LOSS_MAE ? -sigmoid.prob * sigmoid.rest : -sigmoid.rest;

        assert(labels[b] < 2);
        losses[b] = loss == LOSS_MAE ? sigmoid.rest : logit > 0.0 ? 0.0 : -logit;
        if (grad_logits)
            grad_logits[b] = (float)(sign * grad * loss_scale);
    }
    if (loss == LOSS_CROSS_ENTROPY) {
        kernels->log1p(exponentials, B);
        for (size_t b = 0; b < B; b++)
            losses[b] += exponentials[b];
    }
}

/* w[label] of struct loss. */
static double loss_weight(const struct loss *loss, size_t label)
{
    return loss->weight ? loss->weight[label] : 1.0;
}

/* True where every row counts 1 and only its label's probability does: the usual case, whose loops
 * need not ask. */
static bool loss_is_plain(const struct loss *loss)
{
    return !loss->weight && loss->smoothing == 0.0;
}

/* What -log p[c] counts in the cross-entropy of a row with this label. */
static double loss_target(const struct loss *loss, size_t c, size_t label, size_t C)
{
    const double part = loss->smoothing / (double)C + (c == label ? 1.0 - loss->smoothing : 0.0);

    return part * loss_weight(loss, c);
}

/* compute_binary_block with weights and smoothing. */
static void compute_weighted_block(const struct kernels *kernels, const struct loss *loss,
                                   const float *logits, const uint32_t *labels, size_t B,
                                   double loss_scale, double *losses, float *grad_logits)
{
    double exponentials[BLOCK_ROWS], log_totals[BLOCK_ROWS];

    compute_exponentials(kernels, logits, B, exponentials);
    memcpy(log_totals, exponentials, B * sizeof(*log_totals));
    kernels->log1p(log_totals, B);
    for (size_t b = 0; b < B; b++) {
        const double logit = logits[b];
        const struct sigmoid sigmoid = sigmoid_of(logit, exponentials[b]);
        double grad;

        assert(labels[b] < 2);
        if (loss->kind == LOSS_MAE) {
            const double weight = loss_weight(loss, labels[b]);

            losses[b] = weight * (labels[b] ? sigmoid.rest : sigmoid.prob);
            grad = (labels[b] ? -weight : weight) * (sigmoid.prob * sigmoid.rest);
        } else {
            const double target0 = loss_target(loss, 0, labels[b], 2);
            const double target1 = loss_target(loss, 1, labels[b], 2);

            losses[b] = (logit > 0.0 ? target0 * logit : -target1 * logit) +
                        (target0 + target1) * log_totals[b];
            grad = target0 * sigmoid.prob - target1 * sigmoid.rest;
        }
        if (grad_logits)
            grad_logits[b] = (float)(grad * loss_scale);
    }
}

double loss_compute_binary(const struct kernels *kernels, const struct loss *loss,
                           const float *logits, const uint32_t *labels, size_t B, double loss_scale,
                           float *grad_logits)
{
    const bool is_plain = loss_is_plain(loss);
    double losses[BLOCK_ROWS], sum = 0.0;

    for (size_t first = 0; first < B; first += BLOCK_ROWS) {
        const size_t count = B - first < BLOCK_ROWS ? B - first : BLOCK_ROWS;
        float *grad = grad_logits ? grad_logits + first : NULL;

        if (is_plain)
            compute_binary_block(kernels, loss->kind, logits + first, labels + first, count,
                                 loss_scale, losses, grad);
        else
            compute_weighted_block(kernels, loss, logits + first, labels + first, count, loss_scale,
                                   losses, grad);
        for (size_t b = 0; b < count; b++)
            sum += losses[b];
    }
    return sum;
}

void loss_binary_probs(const struct kernels *kernels, const float *logits, size_t B, float *probs)
{
    double exponentials[BLOCK_ROWS];

    for (size_t first = 0; first < B; first += BLOCK_ROWS) {
        const size_t count = B - first < BLOCK_ROWS ? B - first : BLOCK_ROWS;

        compute_exponentials(kernels, logits + first, count, exponentials);
        for (size_t b = 0; b < count; b++) {
            const struct sigmoid sigmoid = sigmoid_of(logits[first + b], exponentials[b]);

            probs[2 * (first + b)] = (float)sigmoid.rest;
            probs[2 * (first + b) + 1] = (float)sigmoid.prob;
        }
    }
}

/* ---- C classes, C logits ---- */

static size_t find_largest(const float *logits, size_t C)
{
    size_t largest = 0;

    for (size_t c = 1; c < C; c++)
        if (logits[c] > logits[largest])
            largest = c;
    return largest;
}

struct softmax {
    size_t largest; /* index of the largest logit */
    double others;  /* the sum over all but it of exp(logit - largest logit) */
};

/* exponentials [B][C] = exp(logit - largest logit of the row). */
static void compute_softmax_exponentials(const struct kernels *kernels, const float *logits,
                                         size_t B, size_t C, double *exponentials)
{
    for (size_t b = 0; b < B; b++) {
        const float *logit = logits + b * C;
        const double largest = logit[find_largest(logit, C)];

        for (size_t c = 0; c < C; c++)
            exponentials[b * C + c] = (double)logit[c] - largest;
    }
    kernels->exp(exponentials, B * C);
}

/* probs [C] = softmax of logits [C], from their exponentials in its place. */
static struct softmax compute_softmax(const float *logits, size_t C, double *probs)
{
    struct softmax softmax = {.largest = find_largest(logits, C)};
    double total;

    for (size_t c = 0; c < C; c++)
        if (c != softmax.largest)
            softmax.others += probs[c];
    total = probs[softmax.largest] + softmax.others;
    for (size_t c = 0; c < C; c++)
        probs[c] /= total;
    return softmax;
}

/* 1 - probs[label], as a sum of the others where the difference would lose digits. */
static double compute_rest(const double *probs, size_t C, size_t label)
{
    double rest = 0.0;

    if (probs[label] < 0.5)
        return 1.0 - probs[label];
    for (size_t c = 0; c < C; c++)
        if (c != label)
            rest += probs[c];
    return rest;
}

/* The loss of a row whose softmax is there, and its gradient [C]; log_total is the logarithm of the
 * sum of exp(logit - largest logit). */
static double compute_softmax_row(enum model_loss loss, const float *logit, const double *prob,
                                  size_t label, size_t C, const struct softmax *softmax,
                                  double log_total, double loss_scale, float *grad)
{
    const double rest = compute_rest(prob, C, label);
    const double factor = loss == LOSS_MAE ? loss_scale * prob[label] : loss_scale;

    for (size_t c = 0; grad && c < C; c++)
        grad[c] = (float)(factor * (c == label ? -rest : prob[c]));
    if (loss == LOSS_MAE)
        return rest;
    return ((double)logit[softmax->largest] - (double)logit[label]) + log_total;
}

/* The same with weights and smoothing.  (1 - p[c]) t[c] is what class c's own term gives to its
 * gradient, and p[c] t[k] what the term of another class k gives. */
static double compute_weighted_row(const struct loss *loss, const float *logit, const double *prob,
                                   size_t label, size_t C, const struct softmax *softmax,
                                   double log_total, double loss_scale, float *grad)
{
    const double largest = logit[softmax->largest];
    double total = 0.0, sum = 0.0;

    if (loss->kind == LOSS_MAE) {
        const double weight = loss_weight(loss, label);

        return weight * compute_softmax_row(LOSS_MAE, logit, prob, label, C, softmax, log_total,
                                            weight * loss_scale, grad);
    }
    for (size_t c = 0; c < C; c++) {
        const double target = loss_target(loss, c, label, C);

        total += target;
        sum += target * ((largest - (double)logit[c]) + log_total);
    }
    for (size_t c = 0; grad && c < C; c++) {
        const double target = loss_target(loss, c, label, C);

        grad[c] =
            (float)(loss_scale * ((total - target) * prob[c] - target * compute_rest(prob, C, c)));
    }
    return sum;
}

double loss_compute_softmax(const struct kernels *kernels, const struct loss *loss,
                            const float *logits, const uint32_t *labels, size_t B, size_t C,
                            double loss_scale, double *probs, float *grad_logits)
{
    const bool is_plain = loss_is_plain(loss);
    double sum = 0.0;

    compute_softmax_exponentials(kernels, logits, B, C, probs);
    for (size_t b = 0; b < B; b++) {
        const float *logit = logits + b * C;
        float *grad = grad_logits ? grad_logits + b * C : NULL;
        const struct softmax softmax = compute_softmax(logit, C, probs + b * C);
        double log_total = softmax.others;

        assert(labels[b] < C);
        if (loss->kind == LOSS_CROSS_ENTROPY)
            kernels->log1p(&log_total, 1);
        if (is_plain)
            sum += compute_softmax_row(loss->kind, logit, probs + b * C, labels[b], C, &softmax,
                                       log_total, loss_scale, grad);
        else
            sum += compute_weighted_row(loss, logit, probs + b * C, labels[b], C, &softmax,
                                        log_total, loss_scale, grad);
    }
    return sum;
}

void loss_softmax_probs(const struct kernels *kernels, const float *logits, size_t B, size_t C,
                        double *scratch, float *probs)
{
    compute_softmax_exponentials(kernels, logits, B, C, scratch);
    for (size_t b = 0; b < B; b++)
        compute_softmax(logits + b * C, C, scratch + b * C);
    for (size_t i = 0; i < B * C; i++)
        probs[i] = (float)scratch[i];
}

/* ---- weights ---- */

double loss_sum_weights(const struct loss *loss, const uint64_t *counts, size_t C)
{
    double sum = 0.0;

    for (size_t c = 0; c < C; c++)
        sum += (double)counts[c] * loss_weight(loss, c);
    return sum;
}

void loss_balance_weights(const uint64_t *counts, size_t C, double *weight)
{
    uint64_t total = 0, num_present = 0;

    for (size_t c = 0; c < C; c++) {
        total += counts[c];
        num_present += counts[c] > 0;
    }
    for (size_t c = 0; c < C; c++)
        weight[c] = counts[c] > 0 ? (double)total / ((double)num_present * (double)counts[c]) : 0.0;
}
