#include "model/loss.h"

#include <assert.h>
#include <math.h>

#include "model/math_functions.h"

/* ---- two classes, one logit ---- */

/* The logistic function of a logit and what it lacks to 1, each without cancellation. */
struct sigmoid {
    double exponential; /* exp(-|logit|) */
    double prob, rest;  /* prob + rest = 1 */
};

static inline struct sigmoid sigmoid_of(double logit)
{
    const double exponential = math_exp(-fabs(logit));
    const double larger = 1.0 / (1.0 + exponential);
    const double smaller = exponential * larger;
    const int is_positive = logit > 0.0;

    return (struct sigmoid){
        .exponential = exponential,
        .prob = is_positive ? larger : smaller,
        .rest = is_positive ? smaller : larger,
    };
}

double loss_compute_binary(enum model_loss loss, const float *logits, const uint32_t *labels,
                           size_t B, double loss_scale, float *grad_logits)
{
    double sum = 0.0;

    for (size_t b = 0; b < B; b++) {
        /* Seen from the label: prob is that of the right class. */
        const double sign = 2.0 * labels[b] - 1.0;
        const double logit = sign * logits[b];
        const struct sigmoid sigmoid = sigmoid_of(logit);
        double grad;

        assert(labels[b] < 2);
        if (loss == LOSS_MAE) {
            sum += sigmoid.rest;
            grad = -sigmoid.prob * sigmoid.rest;
        } else {
            sum += (logit > 0.0 ? 0.0 : -logit) + math_log1p(sigmoid.exponential);
            grad = -sigmoid.rest;
        }
        if (grad_logits)
            grad_logits[b] = (float)(sign * grad * loss_scale);
    }
    return sum;
}

void loss_binary_probs(const float *logits, size_t B, float *probs)
{
    for (size_t b = 0; b < B; b++) {
        const struct sigmoid sigmoid = sigmoid_of(logits[b]);

        probs[2 * b] = (float)sigmoid.rest;
        probs[2 * b + 1] = (float)sigmoid.prob;
    }
}

/* ---- C classes, C logits ---- */

struct softmax {
    size_t largest; /* index of the largest logit */
    double others;  /* the sum over all but it of exp(logit - largest logit) */
};

/* probs [C] = softmax of logits [C]. */
static struct softmax compute_softmax(const float *logits, size_t C, double *probs)
{
    struct softmax softmax = {0};
    double total;

    for (size_t c = 1; c < C; c++)
        if (logits[c] > logits[softmax.largest])
            softmax.largest = c;
    for (size_t c = 0; c < C; c++) {
        probs[c] = math_exp((double)logits[c] - (double)logits[softmax.largest]);
        if (c != softmax.largest)
            softmax.others += probs[c];
    }
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

double loss_compute_softmax(enum model_loss loss, const float *logits, const uint32_t *labels,
                            size_t B, size_t C, double loss_scale, double *probs,
                            float *grad_logits)
{
    double sum = 0.0;

    for (size_t b = 0; b < B; b++) {
        const float *logit = logits + b * C;
        const size_t label = labels[b];
        const struct softmax softmax = compute_softmax(logit, C, probs);
        const double rest = compute_rest(probs, C, label);
        double factor = loss_scale;

        assert(label < C);
        if (loss == LOSS_MAE) {
            sum += rest;
            factor *= probs[label];
        } else {
            sum += ((double)logit[softmax.largest] - (double)logit[label]) +
                   math_log1p(softmax.others);
        }
        for (size_t c = 0; grad_logits && c < C; c++)
            grad_logits[b * C + c] = (float)(factor * (c == label ? -rest : probs[c]));
    }
    return sum;
}

void loss_softmax_probs(const float *logits, size_t B, size_t C, double *row_probs, float *probs)
{
    for (size_t b = 0; b < B; b++) {
        compute_softmax(logits + b * C, C, row_probs);
        for (size_t c = 0; c < C; c++)
            probs[b * C + c] = (float)row_probs[c];
    }
}
