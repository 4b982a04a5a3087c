#include "view/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"

/* One image of weights in the tensor: value (channel, y, x) is at the sum of each times its step.
 */
struct weights_layout {
    size_t height, width, channels;
    size_t channel_step, y_step, x_step;
    size_t nvalues; /* of one image */
};

/* ---- which weights ---- */

/* A parameter, or its average where there is one. */
static const struct tensor *weights_find(const struct checkpoint *checkpoint, const char *name,
                                         bool *is_average)
{
    char average[TENSOR_MAX_NAME];

    text_format(average, sizeof(average), "average/%s", name);
    for (size_t i = 0; i < checkpoint->num_states; i++) {
        if (strcmp(checkpoint->states[i].name, average) == 0) {
            *is_average = true;
            return &checkpoint->states[i];
        }
    }
    *is_average = false;
    return checkpoint_parameter(checkpoint, name);
}

static bool weights_is_of_images(const struct tensor *tensor, const struct image_shape *image)
{
    return tensor && tensor->rank == 2 && tensor->shape[1] == image_num_values(image);
}

/* Pixels of stores are interleaved, and the linear model reads them so; a dense layer takes an
 * image channel by channel. */
static struct weights_layout weights_layout_of(const struct image_shape *image, bool is_planar)
{
    size_t channels = image->channels, area = image->height * image->width;

    return (struct weights_layout){
        .height = image->height,
        .width = image->width,
        .channels = channels,
        .channel_step = is_planar ? area : 1,
        .y_step = is_planar ? image->width : image->width * channels,
        .x_step = is_planar ? 1 : channels,
        .nvalues = area * channels,
    };
}

static const struct tensor *weights_find_dense(const struct checkpoint *checkpoint,
                                               struct weights_view *view,
                                               struct weights_layout *layout)
{
    static const char *const names[] = {"linear/weight", "dense1/weight", "output/weight"};
    static const enum weights_kind kinds[] = {WEIGHTS_OUTPUTS, WEIGHTS_UNITS, WEIGHTS_OUTPUTS};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct tensor *tensor = weights_find(checkpoint, names[i], &view->is_average);

        if (tensor && !weights_is_of_images(tensor, &checkpoint->image))
            return NULL;
        if (tensor) {
            view->kind = kinds[i];
            *layout = weights_layout_of(&checkpoint->image, i > 0);
            return tensor;
        }
    }
    return NULL;
}

/* The tensor whose rows are images, and how they lie in it; NULL: there is none. */
static const struct tensor *weights_choose(const struct checkpoint *checkpoint,
                                           struct weights_view *view, struct weights_layout *layout)
{
    const struct tensor *tensor = weights_find(checkpoint, "class_means/mean", &view->is_average);
    size_t channels = checkpoint->image.channels;

    if (tensor) {
        *layout = weights_layout_of(&checkpoint->image, false);
        view->kind = WEIGHTS_MEANS;
        return tensor->shape[0] > 0 &&
                       tensor_num_elements(tensor) / tensor->shape[0] == layout->nvalues
                   ? tensor
                   : NULL;
    }
    tensor = weights_find(checkpoint, "conv1/weight", &view->is_average);
    if (!tensor)
        return weights_find_dense(checkpoint, view, layout);
    if (tensor->rank != 4 || tensor->shape[1] != channels)
        return NULL;
    *layout = weights_layout_of(&(struct image_shape){tensor->shape[2], tensor->shape[3], channels},
                                true);
    view->kind = WEIGHTS_FILTERS;
    return tensor;
}

/* ---- pictures ---- */

static float weights_largest(const float *values, size_t count)
{
    float largest = 0;

    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]) && fabsf(values[i]) > largest)
            largest = fabsf(values[i]);
    return largest;
}

/* A value as the level of a channel: of means 0 to 1, of weights -scale to scale. */
static uint8_t weights_level(const struct weights_view *view, float value)
{
    float t = view->kind == WEIGHTS_MEANS ? value : 0.5f + 0.5f * value / view->scale;

    return t <= 0 ? 0 : t >= 1 ? 255 : (uint8_t)(255 * t + 0.5f);
}

static bool weights_draw_rgb(const struct weights_view *view, const struct weights_layout *layout,
                             const float *values, struct raster *picture, struct error *error)
{
    if (!raster_create(picture, layout->width, layout->height, colour_black, error))
        return false;
    for (size_t y = 0; y < layout->height; y++)
        for (size_t x = 0; x < layout->width; x++) {
            const float *at = values + y * layout->y_step + x * layout->x_step;
            uint8_t *pixel = picture->pixels + (y * layout->width + x) * RASTER_CHANNELS;
            bool is_finite = true;

            for (size_t c = 0; c < RASTER_CHANNELS; c++) {
                is_finite = is_finite && isfinite(at[c * layout->channel_step]);
                pixel[c] = weights_level(view, at[c * layout->channel_step]);
            }
            if (!is_finite)
                memcpy(pixel,
                       (const uint8_t[]){colour_missing.red, colour_missing.green,
                                         colour_missing.blue},
                       RASTER_CHANNELS);
        }
    return true;
}

static bool weights_draw_one(const struct weights_view *view, const struct weights_layout *layout,
                             const float *values, struct raster *picture, struct error *error)
{
    bool is_mean = view->kind == WEIGHTS_MEANS;

    if (view->is_rgb)
        return weights_draw_rgb(view, layout, values, picture, error);
    return raster_from_values(picture, values, layout->width, layout->height,
                              is_mean || view->is_gray ? COLOUR_MAP_GRAY : COLOUR_MAP_DIVERGING,
                              is_mean ? 0 : -view->scale, is_mean ? 1 : view->scale, error);
}

/* What one picture is of.  A model of two classes has one output, for the second of them. */
static bool weights_add_caption(const struct checkpoint *checkpoint, struct weights_view *view,
                                size_t index, struct error *error)
{
    const struct text_list *classes = &checkpoint->classes;
    bool is_class = view->kind == WEIGHTS_MEANS || view->kind == WEIGHTS_OUTPUTS;

    if (is_class && view->total == 1 && classes->count == 2)
        return text_list_add(&view->captions, classes->items[1], error);
    if (is_class && view->total == classes->count)
        return text_list_add(&view->captions, classes->items[index], error);
    return text_list_add(&view->captions, TEXT("%zu", index + 1), error);
}

bool weights_draw(const struct checkpoint *checkpoint, size_t max_count, bool is_gray,
                  struct weights_view *view, struct error *error)
{
    struct weights_layout layout;
    const struct tensor *tensor;

    *view = (struct weights_view){.is_gray = is_gray};
    tensor = weights_choose(checkpoint, view, &layout);
    if (!tensor || layout.nvalues == 0 || tensor->shape[0] == 0) {
        view->kind = WEIGHTS_NONE;
        return true;
    }
    memcpy(view->tensor_name, tensor->name, sizeof(view->tensor_name));
    view->is_rgb = layout.channels == RASTER_CHANNELS;
    view->total = tensor->shape[0];
    if (!memory_allocate(&view->pictures, view->total < max_count ? view->total : max_count,
                         sizeof(*view->pictures), error))
        return false;
    view->scale = weights_largest(tensor->data, tensor_num_elements(tensor));
    if (view->scale == 0)
        view->scale = 1;
    while (view->count < view->total && view->count < max_count) {
        size_t index = view->count++;

        if (!weights_draw_one(view, &layout, tensor->data + index * layout.nvalues,
                              &view->pictures[index], error) ||
            !weights_add_caption(checkpoint, view, index, error))
            return false;
    }
    return true;
}

void weights_free(struct weights_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        raster_free(&view->pictures[i]);
    free(view->pictures);
    text_list_free(&view->captions);
    *view = (struct weights_view){0};
}
