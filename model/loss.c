#include "model/loss.h"

#include <assert.h>
#include <math.h>

/* Rows at a time, for which the functions are computed together. */
enum { BLOCK_ROWS = MODEL_SLICE_ROWS };

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

double loss_compute_binary(const struct kernels *kernels, enum model_loss loss, const float *logits,
                           const uint32_t *labels, size_t B, double loss_scale, float *grad_logits)
{
    double losses[BLOCK_ROWS], sum = 0.0;

    for (size_t first = 0; first < B; first += BLOCK_ROWS) {
        const size_t count = B - first < BLOCK_ROWS ? B - first : BLOCK_ROWS;

        compute_binary_block(kernels, loss, logits + first, labels + first, count, loss_scale,
                             losses, grad_logits ? grad_logits + first : NULL);
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

double loss_compute_softmax(const struct kernels *kernels, enum model_loss loss,
                            const float *logits, const uint32_t *labels, size_t B, size_t C,
                            double loss_scale, double *probs, float *grad_logits)
{
    double sum = 0.0;

    compute_softmax_exponentials(kernels, logits, B, C, probs);
    for (size_t b = 0; b < B; b++) {
        const float *logit = logits + b * C;
        double *prob = probs + b * C;
        const size_t label = labels[b];
        const struct softmax softmax = compute_softmax(logit, C, prob);
        const double rest = compute_rest(prob, C, label);
        double factor = loss_scale;

        assert(label < C);
        if (loss == LOSS_MAE) {
            sum += rest;
            factor *= prob[label];
        } else {
            double log_total = softmax.others;

            kernels->log1p(&log_total, 1);
            sum += ((double)logit[softmax.largest] - (double)logit[label]) + log_total;
        }
        for (size_t c = 0; grad_logits && c < C; c++)
            grad_logits[b * C + c] = (float)(factor * (c == label ? -rest : prob[c]));
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
