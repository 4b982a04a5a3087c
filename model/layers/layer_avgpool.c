#include "model/layers/layer.h"

/* avgpool: the mean of each channel, over the whole image. */

static bool avgpool_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                         struct error *error)
{
    (void)arguments;
    layer->output = (struct conv_map){.height = 1, .width = 1, .channels = layer->input.channels};
    return layer_no_arguments(layer, num_arguments, error);
}

static void avgpool_forward(const struct layer *layer, const struct layer_slice *slice)
{
    slice->kernels->maps->average_pool_forward(&layer->input, slice->input, slice->num_rows,
                                               slice->output);
}

static void avgpool_backward(const struct layer *layer, const struct layer_slice *slice)
{
    if (slice->grad_input)
        slice->kernels->maps->average_pool_backward(&layer->input, slice->grad_output,
                                                    slice->num_rows, slice->grad_input);
}

const struct layer_type layer_avgpool = {
    .name = "avgpool",
    .usage = "avgpool",
    .help = "the mean of each channel over the image",
    .gives_vector = true,
    .plan = avgpool_plan,
    .forward = avgpool_forward,
    .backward = avgpool_backward,
};
