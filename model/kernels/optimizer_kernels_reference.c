/* optimizer_kernels.h in plain loops. */
#include <math.h>

#include "model/kernels/kernels.h"

static void optimizer_adam_step(float *parameters, float *first_moment, float *second_moment,
                                const float *grad, const struct adam_factors *factors, size_t begin,
                                size_t end)
{
    for (size_t i = begin; i < end; i++) {
        float w = parameters[i], m = first_moment[i], v = second_moment[i], g = grad[i];

        if (factors->weight_decay != 0.0f)
            g = fmaf(factors->weight_decay, w, g);
        if (factors->shrink != 1.0f)
            w *= factors->shrink;
        m = fmaf(factors->one_minus_beta1, g - m, m);
        v = fmaf(factors->one_minus_beta2 * g, g, factors->beta2 * v);
        parameters[i] =
            fmaf(-factors->step_size,
                 m / fmaf(sqrtf(v), factors->inverse_root_correction, factors->epsilon), w);
        first_moment[i] = m;
        second_moment[i] = v;
    }
}

static void optimizer_nesterov_step(float *parameters, float *velocity, const float *grad,
                                    float learning_rate, float momentum, float weight_decay,
                                    size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        float g = grad[i];

        if (weight_decay != 0.0f)
            g = fmaf(weight_decay, parameters[i], g);
        velocity[i] = fmaf(momentum, velocity[i], g);
        parameters[i] = fmaf(-learning_rate, fmaf(momentum, velocity[i], g), parameters[i]);
    }
}

static void optimizer_average_step(float *average, const float *values, float rate, size_t begin,
                                   size_t end)
{
    for (size_t i = begin; i < end; i++)
        average[i] = fmaf(rate, values[i] - average[i], average[i]);
}

static void optimizer_scale(float *x, float factor, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        x[i] *= factor;
}

static void optimizer_sum_squares(const float *values, size_t count, float *sums)
{
    for (size_t begin = 0; begin < count; begin += SUM_SQUARES_BLOCK) {
        float lanes[KERNELS_NUM_LANES] = {0};

        for (size_t i = begin; i < count && i < begin + SUM_SQUARES_BLOCK; i++)
            lanes[i % KERNELS_NUM_LANES] = fmaf(values[i], values[i], lanes[i % KERNELS_NUM_LANES]);
        for (size_t half = KERNELS_NUM_LANES / 2; half > 0; half /= 2)
            for (size_t j = 0; j < half; j++)
                lanes[j] += lanes[j + half];
        *sums++ = lanes[0];
    }
}

const struct optimizer_kernels optimizer_reference = {
    .adam_step = optimizer_adam_step,
    .nesterov_step = optimizer_nesterov_step,
    .average_step = optimizer_average_step,
    .scale = optimizer_scale,
    .sum_squares = optimizer_sum_squares,
};
