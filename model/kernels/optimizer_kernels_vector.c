/* optimizer_kernels.h by vectors; compiled once for each instruction set, with OPTIMIZER_TABLE the
 * table's name. */
#include "model/kernels/optimizer_kernels.h"

#include <math.h>
#include <stdbool.h>

#include "model/kernels/vector.h"

extern const struct optimizer_kernels OPTIMIZER_TABLE;

enum { LANES = VECTOR_NUM_LANES };

/* struct adam_factors, a vector each */
struct adam_vectors {
    struct vector beta2, one_minus_beta1, one_minus_beta2, negative_step_size;
    struct vector inverse_root_correction, epsilon, weight_decay, shrink;
    bool has_decay, shrinks;
};

/* count parameters; where it is a constant, so is what they take. */
VECTOR_INLINE void adam_update(const struct adam_vectors *f, float *parameters, float *first_moment,
                               float *second_moment, const float *grad, size_t count)
{
    struct vector w = vector_load_at_most(parameters, count),
                  m = vector_load_at_most(first_moment, count);
    struct vector v = vector_load_at_most(second_moment, count),
                  g = vector_load_at_most(grad, count);
    struct vector denominator;

    if (f->has_decay)
        g = vector_fma(f->weight_decay, w, g);
    if (f->shrinks)
        w = vector_multiply(w, f->shrink);
    m = vector_fma(f->one_minus_beta1, vector_subtract(g, m), m);
    v = vector_fma(vector_multiply(f->one_minus_beta2, g), g, vector_multiply(f->beta2, v));
    denominator = vector_fma(vector_square_root(v), f->inverse_root_correction, f->epsilon);
    w = vector_fma(f->negative_step_size, vector_divide(m, denominator), w);
    vector_store_at_most(parameters, w, count);
    vector_store_at_most(first_moment, m, count);
    vector_store_at_most(second_moment, v, count);
}

static void optimizer_adam_step(float *parameters, float *first_moment, float *second_moment,
                                const float *grad, const struct adam_factors *factors, size_t begin,
                                size_t end)
{
    const struct adam_vectors vectors = {
        .beta2 = vector_set1(factors->beta2),
        .one_minus_beta1 = vector_set1(factors->one_minus_beta1),
        .one_minus_beta2 = vector_set1(factors->one_minus_beta2),
        .negative_step_size = vector_set1(-factors->step_size),
        .inverse_root_correction = vector_set1(factors->inverse_root_correction),
        .epsilon = vector_set1(factors->epsilon),
        .weight_decay = vector_set1(factors->weight_decay),
        .shrink = vector_set1(factors->shrink),
        .has_decay = factors->weight_decay != 0.0f,
        .shrinks = factors->shrink != 1.0f,
    };
    size_t i = begin;

    for (; i + LANES <= end; i += LANES)
        adam_update(&vectors, parameters + i, first_moment + i, second_moment + i, grad + i, LANES);
    if (i < end)
        adam_update(&vectors, parameters + i, first_moment + i, second_moment + i, grad + i,
                    end - i);
}

static void optimizer_nesterov_step(float *parameters, float *velocity, const float *grad,
                                    float learning_rate, float momentum, float weight_decay,
                                    size_t begin, size_t end)
{
    const struct vector negative_learning_rate = vector_set1(-learning_rate);
    const struct vector momentums = vector_set1(momentum), decays = vector_set1(weight_decay);

    for (size_t i = begin; i < end; i += LANES) {
        struct vector w = vector_load_at_most(parameters + i, end - i);
        struct vector v = vector_load_at_most(velocity + i, end - i);
        struct vector g = vector_load_at_most(grad + i, end - i);

        if (weight_decay != 0.0f)
            g = vector_fma(decays, w, g);
        v = vector_fma(momentums, v, g);
        w = vector_fma(negative_learning_rate, vector_fma(momentums, v, g), w);
        vector_store_at_most(parameters + i, w, end - i);
        vector_store_at_most(velocity + i, v, end - i);
    }
}

static void optimizer_average_step(float *average, const float *values, float rate, size_t begin,
                                   size_t end)
{
    for (size_t i = begin; i < end; i += LANES) {
        const struct vector old = vector_load_at_most(average + i, end - i);
        const struct vector difference =
            vector_subtract(vector_load_at_most(values + i, end - i), old);

        vector_store_at_most(average + i, vector_fma(vector_set1(rate), difference, old), end - i);
    }
}

static void optimizer_scale(float *x, float factor, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        x[i] *= factor;
}

static void optimizer_sum_squares(const float *values, size_t count, float *sums)
{
    for (size_t begin = 0; begin < count; begin += SUM_SQUARES_BLOCK) {
        const size_t end = count - begin < SUM_SQUARES_BLOCK ? count : begin + SUM_SQUARES_BLOCK;
        struct vector lanes = vector_set1(0.0f);

        for (size_t i = begin; i < end; i += LANES) {
            const struct vector x = vector_load_at_most(values + i, end - i);

            lanes = vector_fma(x, x, lanes);
        }
        *sums++ = vector_sum(lanes);
    }
}

const struct optimizer_kernels OPTIMIZER_TABLE = {
    .adam_step = optimizer_adam_step,
    .nesterov_step = optimizer_nesterov_step,
    .average_step = optimizer_average_step,
    .scale = optimizer_scale,
    .sum_squares = optimizer_sum_squares,
};
