/*
 * Updates of parameters, over ranges that threads share.  The same bits for any instruction set.
 * sgd_step is older and in kernels.h.
 */
#ifndef QUERN_MODEL_OPTIMIZER_KERNELS_H
#define QUERN_MODEL_OPTIMIZER_KERNELS_H

#include <stddef.h>

/* Values whose squares are one sum; a thread's range starts at a multiple of it. */
enum { SUM_SQUARES_BLOCK = 4096 };

/*
 * What a step of Adam is told (Kingma and Ba, "Adam: a method for stochastic optimization", 2015;
 * Loshchilov and Hutter, "Decoupled weight decay regularization", 2019).  The caller computes the
 * corrections for step t = 1, 2, ...
 */
struct adam_factors {
    float beta1, beta2;
    float one_minus_beta1, one_minus_beta2;
    float step_size;               /* learning_rate / (1 - beta1^t) */
    float inverse_root_correction; /* 1 / sqrt(1 - beta2^t) */
    float epsilon;
    float weight_decay; /* Adam's: part of the gradient; 0 is none */
    float shrink;       /* AdamW's: 1 - learning_rate weight_decay; 1 is none */
};

struct optimizer_kernels {
    /*
     * Over [begin, end), in this order, each operation rounded once:
     *     g = weight_decay != 0 ? fma(weight_decay, w, grad) : grad
     *     w = w * shrink, if shrink != 1
     *     m = fma(one_minus_beta1, g - m, m)
     *     v = fma(one_minus_beta2 * g, g, beta2 * v)
     *     w = fma(-step_size, m / fma(sqrt(v), inverse_root_correction, epsilon), w)
     */
    void (*adam_step)(float *parameters, float *first_moment, float *second_moment,
                      const float *grad, const struct adam_factors *factors, size_t begin,
                      size_t end);

    /*
     * sgd_step (kernels.h) with Nesterov's momentum, by PyTorch's rule: g and v as there, then
     * w = fma(-learning_rate, fma(momentum, v, g), w).
     */
    void (*nesterov_step)(float *parameters, float *velocity, const float *grad,
                          float learning_rate, float momentum, float weight_decay, size_t begin,
                          size_t end);

    /* average[i] = fma(rate, values[i] - average[i], average[i]): a moving average */
    void (*average_step)(float *average, const float *values, float rate, size_t begin, size_t end);

    /* x[i] = x[i] * factor */
    void (*scale)(float *x, float factor, size_t begin, size_t end);

    /*
     * sums[i] = the sum of the squares of values 4096 i to 4096 i + 4095 (fewer at the end, count
     * values in all): lane j of 16 is fma(x, x, lane j) over the values 16 k + j from 0, then the
     * lanes meet as in a dot product (kernels.h).
     */
    void (*sum_squares)(const float *values, size_t count, float *sums);
};

#endif
