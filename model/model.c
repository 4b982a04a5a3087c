#include "model/model.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "model/init.h"
#include "model/kernels/kernels.h"
#include "model/loss.h"
#include "model/network.h"

const char *const model_kind_names[] = {"linear", "nearest-mean", "network", NULL};
const char *const model_distance_names[] = {"l1", "l2", NULL};
const char *const model_loss_names[] = {"mae", "cross-entropy", NULL};

/* Tensors start on multiples of a cache line, which is also the widest vector. */
enum { TENSOR_ALIGNMENT = MEMORY_ALIGNMENT / sizeof(float) };

/* The tensors of the linear model; nearest-mean has one. */
enum { WEIGHT, BIAS };

static size_t model_padded(size_t num_elements)
{
    return (num_elements + TENSOR_ALIGNMENT - 1) / TENSOR_ALIGNMENT * TENSOR_ALIGNMENT;
}

/* ---- making ---- */

static bool model_check_spec(const struct model_spec *spec, struct error *error)
{
    const struct image_shape *image = &spec->image;
    size_t size;

    if (spec->kind != MODEL_LINEAR && spec->kind != MODEL_NEAREST_MEAN &&
        spec->kind != MODEL_NETWORK)
        return error_set(error, STATUS_USAGE, NULL, "there is no model of this kind");
    if (spec->kind != MODEL_NEAREST_MEAN && spec->loss != LOSS_MAE &&
        spec->loss != LOSS_CROSS_ENTROPY)
        return error_set(error, STATUS_USAGE, NULL, "there is no such loss");
    if (spec->kind == MODEL_NEAREST_MEAN && spec->distance != DISTANCE_L1 &&
        spec->distance != DISTANCE_L2)
        return error_set(error, STATUS_USAGE, NULL, "there is no such distance");
    if (spec->num_classes < 2)
        return error_set(error, STATUS_USAGE, NULL, "a model needs two classes or more");
    if (image->height == 0 || image->width == 0 || (image->channels != 1 && image->channels != 3))
        return error_set(error, STATUS_USAGE, NULL,
                         "a model needs images of one pixel or more and of 1 or 3 channels");
    if (__builtin_mul_overflow(image->height, image->width, &size) ||
        __builtin_mul_overflow(size, image->channels, &size) ||
        __builtin_mul_overflow(size, spec->num_classes, &size) ||
        size > SIZE_MAX / sizeof(float) / 2)
        return error_set(error, STATUS_USAGE, NULL, "the model is too large");
    return true;
}

struct model_input model_input_unit(void)
{
    struct model_input input = {0};

    for (int i = 0; i < MODEL_MAX_CHANNELS; i++)
        input.scale[i] = 1.0f / 255.0f;
    return input;
}

static bool model_add_tensors(struct model *model, const struct tensor *tensors, size_t count,
                              struct error *error)
{
    if (!memory_allocate(&model->tensors, count, sizeof(*tensors), error))
        return false;
    for (size_t i = 0; i < count; i++) {
        model->tensors[i] = tensors[i];
        model->num_parameters += model_padded(tensor_num_elements(&tensors[i]));
    }
    model->num_tensors = count;
    model->num_slice_parameters = model->num_trained_parameters = model->num_parameters;
    return true;
}

static bool model_describe_linear(struct model *model, struct error *error)
{
    const struct tensor tensors[] = {
        [WEIGHT] = {.name = "linear/weight",
                    .rank = 2,
                    .shape = {model->num_logits, model->num_inputs}},
        [BIAS] = {.name = "linear/bias", .rank = 1, .shape = {model->num_logits}}};

    return model_add_tensors(model, tensors, 2, error);
}

static bool model_describe_means(struct model *model, struct error *error)
{
    const struct image_shape *image = &model->spec.image;
    const struct tensor mean = {
        .name = "class_means/mean",
        .rank = image->channels == 1 ? 3 : 4,
        .shape = {model->num_logits, image->height, image->width, image->channels}};

    return model_add_tensors(model, &mean, 1, error);
}

static bool model_describe_network(struct model *model, struct error *error)
{
    struct network *network;
    size_t count = 0;

    if (!memory_allocate(&model->network, 1, sizeof(*model->network), error))
        return false;
    network = model->network;
    if (!network_plan(network, model->spec.layers, &model->spec.image, model->num_logits, error))
        return false;
    model->spec.layers = NULL; /* the caller's */
    for (size_t i = 0; i < network->num_layers; i++)
        count += network->layers[i].num_tensors;
    if (!memory_allocate(&model->tensors, count, sizeof(*model->tensors), error))
        return false;
    for (size_t i = 0; i < network->num_layers; i++)
        for (size_t k = 0; k < network->layers[i].num_tensors; k++)
            model->tensors[model->num_tensors++] = network->layers[i].tensors[k].tensor;
    model->num_slice_parameters = network->num_slice_parameters;
    model->num_trained_parameters = network->num_trained_parameters;
    model->num_parameters = network->num_parameters;
    return true;
}

bool model_describe(const struct model_spec *spec, struct model *model, struct error *error)
{
    bool ok;

    *model = (struct model){.spec = *spec};
    ok = model_check_spec(spec, error) && kernels_choose(&model->kernels, error);
    if (ok) {
        model->num_inputs = image_num_values(&spec->image);
        model->num_logits =
            spec->num_classes == 2 && spec->kind != MODEL_NEAREST_MEAN ? 1 : spec->num_classes;
        ok = spec->kind == MODEL_LINEAR         ? model_describe_linear(model, error)
             : spec->kind == MODEL_NEAREST_MEAN ? model_describe_means(model, error)
                                                : model_describe_network(model, error);
    }
    if (!ok)
        model_destroy(model);
    return ok;
}

/* Gives each tensor its place in the flat buffer. */
static void model_place_tensors(struct model *model)
{
    const struct network *network = model->network;
    float *data = model->parameters;
    size_t index = 0;

    for (size_t i = 0; !network && i < model->num_tensors; i++) {
        model->tensors[i].data = data;
        data += model_padded(tensor_num_elements(&model->tensors[i]));
    }
    for (size_t i = 0; network && i < network->num_layers; i++)
        for (size_t k = 0; k < network->layers[i].num_tensors; k++)
            model->tensors[index++].data = data + network->layers[i].tensors[k].offset;
}

static size_t model_packed_size(const struct model *model, bool is_trained)
{
    if (!model->network)
        return 0;
    return model->network->packed_size + (is_trained ? model->network->packed_backward_size : 0);
}

uint64_t model_memory_nbytes(const struct model *model, bool is_trained)
{
    return ((uint64_t)model->num_parameters + model_packed_size(model, is_trained)) * sizeof(float);
}

bool model_allocate(struct model *model, bool is_trained, struct error *error)
{
    bool ok = memory_allocate(&model->parameters, model->num_parameters, sizeof(*model->parameters),
                              error);

    if (ok && model->network)
        ok = memory_allocate(&model->packed, model_packed_size(model, is_trained),
                             sizeof(*model->packed), error);
    if (ok)
        model_place_tensors(model);
    return ok;
}

bool model_create(const struct model_spec *spec, struct model *model, struct error *error)
{
    bool ok = model_describe(spec, model, error) && model_allocate(model, true, error);

    if (!ok)
        model_destroy(model);
    return ok;
}

void model_destroy(struct model *model)
{
    if (model->network)
        network_free(model->network);
    free(model->network);
    free(model->tensors);
    free(model->parameters);
    free(model->packed);
    *model = (struct model){0};
}

bool model_has_gradient(const struct model *model)
{
    return model->spec.kind != MODEL_NEAREST_MEAN;
}

/* ---- parameters ---- */

void model_init_normal(struct model *model, double standard_deviation, uint64_t seed)
{
    uint64_t index = 0;

    for (size_t i = 0; i < model->num_tensors; i++) {
        const size_t num_elements = tensor_num_elements(&model->tensors[i]);

        for (size_t k = 0; k < num_elements; k++)
            model->tensors[i].data[k] =
                (float)(standard_deviation *
                        init_draw_normal(seed, RANDOM_INITIAL_PARAMETERS, index++));
    }
}

void model_fit_class_means(struct model *model, const float *class_means)
{
    assert(model->spec.kind == MODEL_NEAREST_MEAN);
    memcpy(model->tensors[0].data, class_means,
           tensor_num_elements(&model->tensors[0]) * sizeof(*class_means));
}

void model_pack(const struct model *model, bool with_backward, size_t thread, size_t num_threads)
{
    const struct network *network = model->network;

    for (size_t i = 0; network && i < network->num_layers; i++) {
        const struct layer *layer = &network->layers[i];

        if (layer->type->pack)
            layer->type->pack(layer, model->kernels, model->parameters, model->packed,
                              with_backward, thread, num_threads);
    }
}
