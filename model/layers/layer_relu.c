#include "model/layers/layer.h"

/* relu: negative inputs become zero.  The layers around it often do its work on their way. */

static bool relu_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                      struct error *error)
{
    (void)arguments;
    layer->output = layer->input;
    return layer_no_arguments(layer, num_arguments, error);
}

static void relu_forward(const struct layer *layer, const struct layer_slice *slice)
{
    if (!layer->is_fused)
        slice->kernels->maps->relu_forward(
            slice->input, 0, slice->num_rows * conv_map_size(&layer->input), slice->output);
}

static void relu_backward(const struct layer *layer, const struct layer_slice *slice)
{
    if (slice->grad_input && !layer->is_fused_backward)
        slice->kernels->maps->relu_backward(slice->output, slice->grad_output, 0,
                                            slice->num_rows * conv_map_size(&layer->input),
                                            slice->grad_input);
}

const struct layer_type layer_relu = {
    .name = "relu",
    .usage = "relu",
    .help = "negative inputs become 0",
    .is_in_place = true,
    .plan = relu_plan,
    .forward = relu_forward,
    .backward = relu_backward,
};
