/*
 * The layers of a model: each type is a table of functions, and model.c knows layers only through
 * it.  A layer owns nothing: its parameters lie in the model's flat buffer, and its gradient in
 * one like it, at the same offsets.
 */
#ifndef QUERN_MODEL_LAYER_H
#define QUERN_MODEL_LAYER_H

#include <stddef.h>
#include <stdint.h>

#include "common/tensor.h"
#include "model/kernels/kernels.h"
#include "model/model.h"

enum { LAYER_MAX_TENSORS = 2 };

struct layer_type {
    /* outputs [B][num_outputs] of B rows of pixels */
    void (*forward_pixels)(const struct layer *layer, const struct kernels *kernels,
                           const float *parameters, const uint8_t *const *rows, size_t B,
                           float *outputs);
    /* Writes the layer's part of grad from grad_outputs [B][num_outputs], and fetches the rows that
     * come next.  NULL for a layer that is not trained by gradients. */
    void (*backward_pixels)(const struct layer *layer, const struct kernels *kernels,
                            const uint8_t *const *rows, const uint8_t *const *next, size_t B,
                            const float *grad_outputs, float *grad);
};

struct layer {
    const struct layer_type *type;
    size_t num_inputs;
    size_t num_outputs;
    enum model_distance distance; /* of class means */
    size_t num_tensors;
    struct tensor tensors[LAYER_MAX_TENSORS]; /* names and shapes; data is unused */
    size_t offsets[LAYER_MAX_TENSORS];        /* in floats from the start of the flat buffer */
};

/* outputs = inputs weight' + bias, with tensors "linear/weight" and "linear/bias". */
struct layer layer_make_linear(size_t num_inputs, size_t num_outputs);

/* outputs = negative distances to the class means, tensor "class_means/mean". */
struct layer layer_make_class_means(const struct model_spec *spec);

#endif
