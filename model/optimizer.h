/*
 * Optimizers: from a gradient to a step.  A table says each one's name and the state it keeps for
 * each parameter; the loops are kernels, so the bits are the same everywhere.
 *
 * States are float arrays that lie as the flat parameters do, zero before the first step.  Threads
 * and ranks may share a step by ranges.
 */
#ifndef QUERN_MODEL_OPTIMIZER_H
#define QUERN_MODEL_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/kernels/kernels.h"

enum optimizer_kind {
    /* Stochastic gradient descent by PyTorch's rule, dampening 0; weight decay is part of the
     * gradient. */
    OPTIMIZER_SGD,
    /* Kingma and Ba, "Adam: a method for stochastic optimization", 2015; weight decay is part of
     * the gradient. */
    OPTIMIZER_ADAM,
    /* Loshchilov and Hutter, "Decoupled weight decay regularization", 2019: weights shrink by
     * learning_rate weight_decay, and no moment hears of it. */
    OPTIMIZER_ADAMW,
};

enum { OPTIMIZER_MAX_STATES = 2 };

/* "sgd", "adam", "adamw", NULL at the end. */
extern const char *const optimizer_names[];

struct optimizer {
    enum optimizer_kind kind;
    double momentum;     /* of sgd (0: there is no state), beta1 of Adam; below 1 */
    bool nesterov;       /* sgd with momentum: the step looks ahead along the velocity */
    double beta2;        /* Adam */
    double epsilon;      /* Adam */
    double weight_decay; /* 0: none */
};

/* How many states it keeps, and their names in checkpoints: "momentum"; "first_moment" and
 * "second_moment". */
size_t optimizer_num_states(const struct optimizer *optimizer);
const char *optimizer_state_name(const struct optimizer *optimizer, size_t index);

/* What one step is told, computed once for all ranges. */
struct optimizer_factors {
    float learning_rate, momentum, weight_decay;
    struct adam_factors adam;      /* of parameters that decay */
    struct adam_factors adam_bare; /* of the others */
};

/*
 * step counts from 0 over the whole run: Adam's t is step + 1.  learning_rate and momentum are the
 * schedule's for the step (the optimizer's own momentum says no more than whether there is any).
 */
struct optimizer_factors optimizer_factors_at(const struct optimizer *optimizer, uint64_t step,
                                              double learning_rate, double momentum);

/*
 * One step over [begin, end) of parameters, states [optimizer_num_states] and grad.  decays:
 * whether weight decay is for this range; biases and norms are spared by saying false.
 */
void optimizer_step(const struct optimizer *optimizer, const struct optimizer_factors *factors,
                    const struct kernels *kernels, float *parameters, float *const *states,
                    const float *grad, bool decays, size_t begin, size_t end);

/*
 * Clipping by the norm of the whole gradient.  sums [num_sums] are kernels->optimizer->sum_squares'
 * of blocks of SUM_SQUARES_BLOCK floats of the flat gradient; they are added in order of the
 * blocks, in double, whoever computed them.  Returns the root of the sum.
 */
double optimizer_grad_norm(const float *sums, size_t num_sums);

/*
 * What a gradient of this norm is multiplied by (kernels->optimizer->scale), so that its norm is at
 * most max_norm: min(1, max_norm / (norm + 1e-6)), PyTorch's rule.  1 asks for no multiplication;
 * nan for a norm that is not finite, whose gradient no factor can mend.
 */
float optimizer_clip_factor(double norm, double max_norm);

#endif
