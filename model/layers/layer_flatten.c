#include <string.h>

#include "model/layers/layer.h"

/* An image to the vector that a dense layer takes, in the order channel, y, x, as PyTorch's: the
 * plan puts it before a dense layer. */

static bool flatten_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                         struct error *error)
{
    (void)arguments;
    layer->output =
        (struct conv_map){.height = 1, .width = 1, .channels = conv_map_size(&layer->input)};
    return layer_no_arguments(layer, num_arguments, error);
}

static void flatten_forward(const struct layer *layer, const struct layer_slice *slice)
{
    const struct conv_map *map = &layer->input;
    size_t H = map->height, W = map->width, C = map->channels;

    for (size_t row = 0; row < slice->num_rows; row++) {
        const float *image = slice->input + row * conv_map_size(map);
        float *vector = slice->output + row * H * W * C;

        for (size_t y = 0; y < H; y++)
            for (size_t x = 0; x < W; x++)
                for (size_t c = 0; c < C; c++)
                    vector[(c * H + y) * W + x] = image[conv_map_at(map, y, x) + c];
    }
}

static void flatten_backward(const struct layer *layer, const struct layer_slice *slice)
{
    const struct conv_map *map = &layer->input;
    size_t H = map->height, W = map->width, C = map->channels;

    for (size_t row = 0; slice->grad_input && row < slice->num_rows; row++) {
        const float *vector = slice->grad_output + row * H * W * C;
        float *image = slice->grad_input + row * conv_map_size(map);

        for (size_t y = 0; y < H; y++)
            for (size_t x = 0; x < W; x++)
                for (size_t c = 0; c < C; c++)
                    image[conv_map_at(map, y, x) + c] = vector[(c * H + y) * W + x];
    }
}

const struct layer_type layer_flatten = {
    .name = "flatten",
    .usage = "flatten",
    .help = "an image to a vector",
    .gives_vector = true,
    .plan = flatten_plan,
    .forward = flatten_forward,
    .backward = flatten_backward,
};
