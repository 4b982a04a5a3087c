#include "model/layers/layer.h"

/* pool: the largest of each 2 x 2 inputs; a last odd row or column is left out. */

static bool pool_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                      struct error *error)
{
    const struct conv_map *input = &layer->input;

    (void)arguments;
    if (!layer_no_arguments(layer, num_arguments, error))
        return false;
    if (input->height < 2 || input->width < 2)
        return error_set(error, STATUS_USAGE, NULL, "needs an input of 2x2 or more, not %zux%zu",
                         input->height, input->width);
    layer->output = (struct conv_map){
        .height = input->height / 2, .width = input->width / 2, .channels = input->channels};
    layer->notes_size = conv_map_size(&layer->output);
    return true;
}

static void pool_forward(const struct layer *layer, const struct layer_slice *slice)
{
    slice->kernels->maps->max_pool_forward(&layer->input, &layer->output, slice->input,
                                           slice->num_rows, slice->output,
                                           slice->is_training ? slice->notes : NULL);
}

static void pool_backward(const struct layer *layer, const struct layer_slice *slice)
{
    /* The largest input is positive where the output is. */
    if (slice->grad_input)
        slice->kernels->maps->max_pool_backward(
            &layer->output, &layer->input, slice->grad_output, slice->notes, slice->num_rows,
            &layer->output, layer->input_is_relu ? slice->output : NULL, slice->grad_input);
}

const struct layer_type layer_pool = {
    .name = "pool",
    .usage = "pool",
    .help = "the largest of each 2x2 inputs",
    .has_mask = true,
    .plan = pool_plan,
    .forward = pool_forward,
    .backward = pool_backward,
};
