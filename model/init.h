/*
 * How parameters start.  An element is a function of (seed, index of its tensor, its index in the
 * tensor) alone, so that layers of other sizes elsewhere in the model do not change it.
 */
#ifndef QUERN_MODEL_INIT_H
#define QUERN_MODEL_INIT_H

#include <stddef.h>
#include <stdint.h>

#include "common/random.h"
#include "common/tensor.h"

enum init {
    /* Weights normal with variance 2 / fan_in, biases 0 (He et al., "Delving deep into rectifiers",
     * 2015; PyTorch's kaiming_normal_). */
    INIT_HE,
    /* Weights uniform between +-sqrt(6 / (fan_in + fan_out)), biases 0 (Glorot and Bengio,
     * "Understanding the difficulty of training deep feedforward neural networks", 2010; PyTorch's
     * xavier_uniform_). */
    INIT_GLOROT,
    /* Weights and biases normal with a given standard deviation. */
    INIT_NORMAL,
    /* Weights and biases 0. */
    INIT_ZEROS,
};

/* "he", "glorot", "normal", "zeros", NULL at the end. */
extern const char *const init_names[];

/* What a tensor is for: how it starts, whether weight decay is for it, whether steps change it. */
enum tensor_role {
    ROLE_WEIGHT,
    ROLE_BIAS,
    ROLE_NORM_WEIGHT, /* starts as 1, whatever the init */
    ROLE_NORM_BIAS,   /* 0 */
    /* From here on: no step changes them. */
    ROLE_RUNNING_MEAN,     /* 0 */
    ROLE_RUNNING_VARIANCE, /* 1 */
};

/*
 * Fills tensor->data.  tensor_index < 2^16 counts the tensors of the model; the tensor has fewer
 * than 2^40 elements.  fan_in and fan_out: the inputs that one output sees, and the outputs that
 * one input reaches (kernel height and width counted); standard_deviation is for INIT_NORMAL.
 */
void init_fill(enum init init, uint64_t seed, size_t tensor_index, const struct tensor *tensor,
               enum tensor_role role, size_t fan_in, size_t fan_out, double standard_deviation);

/* A standard normal number: a function of (seed, purpose, index) alone. */
double init_draw_normal(uint64_t seed, enum random_purpose purpose, uint64_t index);

#endif
