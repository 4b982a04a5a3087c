#include <math.h>

#include "common/options.h"
#include "common/random.h"
#include "model/layers/layer.h"

/*
 * dropout:P: in training each input is 0 with probability P, and else divided by 1 - P.  Which, is
 * a function of the seed, the epoch, the sample, the layer and the element: backward asks again.
 */

static bool dropout_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                         struct error *error)
{
    layer->output = layer->input;
    if (num_arguments != 1)
        return error_set(error, STATUS_USAGE, NULL,
                         "needs one number, the probability: dropout:0.3");
    if (!options_parse_real("the probability", arguments[0], 0.0, 1.0, &layer->rate, error))
        return false;
    return layer->rate < 1.0 ||
           error_set(error, STATUS_USAGE, NULL, "would leave nothing: the probability is below 1");
}

/* One row's inside, from x to y, by the row's own stream of numbers. */
static void dropout_row(const struct layer *layer, const struct layer_slice *slice, size_t row,
                        const float *x, float *y)
{
    const struct conv_map *map = &layer->input;
    const uint32_t threshold = (uint32_t)(layer->rate * 0x1p32);
    const float factor = (float)(1.0 / (1.0 - layer->rate));
    struct random_stream stream = random_stream_begin(
        slice->seed, RANDOM_DROPOUT, (slice->epoch & 0xffffff) << 32 | slice->samples[row]);

    stream.counter[1] = (uint32_t)layer->dropout_index;
    for (size_t line = 0; line < map->height; line++) {
        size_t first = conv_map_at(map, line, 0);

        for (size_t i = first; i < first + map->width * map->channels; i++)
            y[i] = random_next(&stream) < threshold ? 0.0f : x[i] * factor;
    }
}

static void dropout_rows(const struct layer *layer, const struct layer_slice *slice, const float *x,
                         float *y)
{
    size_t size = conv_map_size(&layer->input);

    for (size_t row = 0; row < slice->num_rows; row++)
        dropout_row(layer, slice, row, x + row * size, y + row * size);
}

static void dropout_forward(const struct layer *layer, const struct layer_slice *slice)
{
    size_t count = slice->num_rows * conv_map_size(&layer->input);

    if (slice->is_training)
        dropout_rows(layer, slice, slice->input, slice->output);
    else if (slice->output != slice->input)
        for (size_t i = 0; i < count; i++)
            slice->output[i] = slice->input[i];
}

static void dropout_backward(const struct layer *layer, const struct layer_slice *slice)
{
    if (slice->grad_input)
        dropout_rows(layer, slice, slice->grad_output, slice->grad_input);
}

const struct layer_type layer_dropout = {
    .name = "dropout",
    .usage = "dropout:P",
    .help = "in training, inputs become 0 with probability P",
    .is_in_place = true,
    .plan = dropout_plan,
    .forward = dropout_forward,
    .backward = dropout_backward,
};
