#include <string.h>

#include "model/layers/layer.h"

/*
 * res(...): what stands inside is added to its own input.  The plan makes two layers of it: the
 * begin hands its value on, the end adds it.
 */

static bool residual_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                          struct error *error)
{
    (void)arguments;
    layer->output = layer->input;
    return layer_no_arguments(layer, num_arguments, error);
}

static void residual_begin_forward(const struct layer *layer, const struct layer_slice *slice)
{
    (void)layer;
    (void)slice;
}

/* The gradient of the value is that of the inside, which is there, plus that of the sum. */
static void residual_begin_backward(const struct layer *layer, const struct layer_slice *slice)
{
    if (slice->grad_input)
        slice->kernels->add(slice->grad_input, slice->partner, 0,
                            slice->num_rows * conv_map_size(&layer->input));
}

static void residual_end_forward(const struct layer *layer, const struct layer_slice *slice)
{
    size_t count = slice->num_rows * conv_map_size(&layer->input);

    memcpy(slice->output, slice->input, count * sizeof(float));
    slice->kernels->add(slice->output, slice->partner, 0, count);
}

static void residual_end_backward(const struct layer *layer, const struct layer_slice *slice)
{
    if (slice->grad_input)
        memcpy(slice->grad_input, slice->grad_output,
               slice->num_rows * conv_map_size(&layer->input) * sizeof(float));
}

const struct layer_type layer_residual_begin = {
    .name = "res(",
    .usage = "res(...)",
    .help = "adds what stands inside to its own input",
    .is_in_place = true,
    .plan = residual_plan,
    .forward = residual_begin_forward,
    .backward = residual_begin_backward,
};

const struct layer_type layer_residual_end = {
    .name = ")",
    .usage = ")",
    .help = "the end of res(",
    .plan = residual_plan,
    .forward = residual_end_forward,
    .backward = residual_end_backward,
};
