#include "model/optimizer.h"

#include <assert.h>
#include <math.h>

#include "model/kernels/math_functions.h"

/* What a step over [begin, end) is told, as optimizer_step is. */
struct optimizer_range {
    const struct optimizer_factors *factors;
    const struct kernels *kernels;
    float *parameters;
    float *const *states;
    const float *grad;
    bool decays;
    size_t begin, end;
};

struct optimizer_type {
    size_t num_states;
    const char *state_names[OPTIMIZER_MAX_STATES];
    void (*step)(const struct optimizer *optimizer, const struct optimizer_range *range);
};

const char *const optimizer_names[] = {"sgd", "adam", "adamw", NULL};

static void optimizer_step_sgd(const struct optimizer *optimizer,
                               const struct optimizer_range *range)
{
    const struct optimizer_factors *factors = range->factors;
    const float decay = range->decays ? factors->weight_decay : 0.0f;

    if (optimizer->nesterov)
        range->kernels->optimizer->nesterov_step(range->parameters, range->states[0], range->grad,
                                                 factors->learning_rate, factors->momentum, decay,
                                                 range->begin, range->end);
    else
        range->kernels->sgd_step(
            range->parameters, optimizer->momentum > 0.0 ? range->states[0] : NULL, range->grad,
            factors->learning_rate, factors->momentum, decay, range->begin, range->end);
}

static void optimizer_step_adam(const struct optimizer *optimizer,
                                const struct optimizer_range *range)
{
    (void)optimizer;
    range->kernels->optimizer->adam_step(
        range->parameters, range->states[0], range->states[1], range->grad,
        range->decays ? &range->factors->adam : &range->factors->adam_bare, range->begin,
        range->end);
}

static const struct optimizer_type optimizer_types[] = {
    [OPTIMIZER_SGD] = {1, {"momentum"}, optimizer_step_sgd},
    [OPTIMIZER_ADAM] = {2, {"first_moment", "second_moment"}, optimizer_step_adam},
    [OPTIMIZER_ADAMW] = {2, {"first_moment", "second_moment"}, optimizer_step_adam},
};

size_t optimizer_num_states(const struct optimizer *optimizer)
{
    if (optimizer->kind == OPTIMIZER_SGD && optimizer->momentum == 0.0)
        return 0;
    return optimizer_types[optimizer->kind].num_states;
}

const char *optimizer_state_name(const struct optimizer *optimizer, size_t index)
{
    assert(index < optimizer_types[optimizer->kind].num_states);
    return optimizer_types[optimizer->kind].state_names[index];
}

struct optimizer_factors optimizer_factors_at(const struct optimizer *optimizer, uint64_t step,
                                              double learning_rate, double momentum)
{
    const double beta1 = momentum, beta2 = optimizer->beta2;
    const double correction1 = 1.0 - math_power(beta1, step + 1);
    const double correction2 = 1.0 - math_power(beta2, step + 1);
    struct optimizer_factors factors = {
        .learning_rate = (float)learning_rate,
        .momentum = (float)momentum,
        .weight_decay = (float)optimizer->weight_decay,
    };

    if (optimizer->kind == OPTIMIZER_SGD)
        return factors;
    factors.adam = (struct adam_factors){
        .beta1 = (float)beta1,
        .beta2 = (float)beta2,
        .one_minus_beta1 = (float)(1.0 - beta1),
        .one_minus_beta2 = (float)(1.0 - beta2),
        .step_size = (float)(learning_rate / correction1),
        .inverse_root_correction = (float)(1.0 / sqrt(correction2)),
        .epsilon = (float)optimizer->epsilon,
        .shrink = 1.0f,
    };
    factors.adam_bare = factors.adam;
    if (optimizer->kind == OPTIMIZER_ADAM)
        factors.adam.weight_decay = factors.weight_decay;
    else
        factors.adam.shrink = (float)(1.0 - learning_rate * optimizer->weight_decay);
    return factors;
}

void optimizer_step(const struct optimizer *optimizer, const struct optimizer_factors *factors,
                    const struct kernels *kernels, float *parameters, float *const *states,
                    const float *grad, bool decays, size_t begin, size_t end)
{
    const struct optimizer_range range = {factors, kernels, parameters, states,
                                          grad,    decays,  begin,      end};

    optimizer_types[optimizer->kind].step(optimizer, &range);
}

double optimizer_grad_norm(const float *sums, size_t num_sums)
{
    double total = 0.0;

    for (size_t i = 0; i < num_sums; i++)
        total += (double)sums[i];
    return sqrt(total);
}

float optimizer_clip_factor(double norm, double max_norm)
{
    const double factor = max_norm / (norm + 1e-6);

    if (!isfinite(norm))
        return NAN;
    return factor < 1.0 ? (float)factor : 1.0f;
}
