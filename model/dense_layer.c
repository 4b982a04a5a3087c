#include "model/layer.h"

enum { WEIGHT, BIAS, NUM_TENSORS };

static void forward_pixels(const struct layer *layer, const struct kernels *kernels,
                           const float *parameters, const uint8_t *const *rows, size_t B,
                           float *outputs)
{
    kernels->dense_forward(rows, B, parameters + layer->offsets[WEIGHT],
                           parameters + layer->offsets[BIAS], layer->num_outputs, layer->num_inputs,
                           outputs);
}

static void backward_pixels(const struct layer *layer, const struct kernels *kernels,
                            const uint8_t *const *rows, const uint8_t *const *next, size_t B,
                            const float *grad_outputs, float *grad)
{
    kernels->dense_backward(rows, next, B, grad_outputs, layer->num_outputs, layer->num_inputs,
                            grad + layer->offsets[WEIGHT], grad + layer->offsets[BIAS]);
}

static const struct layer_type dense_type = {
    .forward_pixels = forward_pixels,
    .backward_pixels = backward_pixels,
};

struct layer layer_make_linear(size_t num_inputs, size_t num_outputs)
{
    return (struct layer){
        .type = &dense_type,
        .num_inputs = num_inputs,
        .num_outputs = num_outputs,
        .num_tensors = NUM_TENSORS,
        .tensors = {[WEIGHT] = {.name = "linear/weight",
                                .rank = 2,
                                .shape = {num_outputs, num_inputs}},
                    [BIAS] = {.name = "linear/bias", .rank = 1, .shape = {num_outputs}}},
    };
}
