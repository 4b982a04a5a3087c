#include "model/layer.h"

static void forward_pixels(const struct layer *layer, const struct kernels *kernels,
                           const float *parameters, const uint8_t *const *rows, size_t B,
                           float *outputs)
{
    kernels->distances(rows, B, parameters + layer->offsets[0], layer->num_outputs,
                       layer->num_inputs, layer->distance, outputs);
    for (size_t i = 0; i < B * layer->num_outputs; i++)
        outputs[i] = -outputs[i];
}

static const struct layer_type mean_type = {
    .forward_pixels = forward_pixels,
};

struct layer layer_make_class_means(const struct model_spec *spec)
{
    const struct image_shape *image = &spec->image;

    return (struct layer){
        .type = &mean_type,
        .num_inputs = image_num_values(image),
        .num_outputs = spec->num_classes,
        .distance = spec->distance,
        .num_tensors = 1,
        .tensors = {{.name = "class_means/mean",
                     .rank = image->channels == 1 ? 3 : 4,
                     .shape = {spec->num_classes, image->height, image->width, image->channels}}},
    };
}
