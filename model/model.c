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
#include "model/pass.h"

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

/* ---- workspace ---- */

bool model_workspace_create(const struct model *model, struct model_workspace *workspace,
                            struct error *error)
{
    bool ok;
    size_t num_values;

    *workspace = (struct model_workspace){0};
    if (__builtin_mul_overflow(model->num_logits, (size_t)MODEL_SLICE_ROWS, &num_values))
        return error_set_memory(error, UINT64_MAX);
    ok = memory_allocate(&workspace->logits, num_values, sizeof(*workspace->logits), error) &&
         memory_allocate(&workspace->grad_logits, num_values, sizeof(*workspace->grad_logits),
                         error) &&
         memory_allocate(&workspace->probs, num_values, sizeof(*workspace->probs), error);
    if (ok && model->network)
        ok = memory_allocate(&workspace->pass, 1, sizeof(*workspace->pass), error) &&
             pass_create(workspace->pass, model,
                         &(struct pass_size){
                             .max_rows = MODEL_SLICE_ROWS, .max_slices = 1, .num_threads = 1},
                         error);
    if (!ok)
        model_workspace_destroy(workspace);
    return ok;
}

void model_workspace_destroy(struct model_workspace *workspace)
{
    free(workspace->logits);
    free(workspace->grad_logits);
    free(workspace->probs);
    if (workspace->pass)
        pass_destroy(workspace->pass);
    free(workspace->pass);
    *workspace = (struct model_workspace){0};
}

/* ---- forward and backward ---- */

static void model_forward_network(const struct model *model, const uint8_t *const *rows, size_t B,
                                  struct model_workspace *workspace)
{
    const struct pass_slice slice = {.num_rows = B, .rows = rows};

    for (size_t stage = 0; stage < pass_num_stages(model); stage++)
        pass_forward(workspace->pass, stage, &slice, NULL);
    memcpy(workspace->logits, pass_logits(workspace->pass, &slice),
           B * model->num_logits * sizeof(float));
}

static void model_forward(const struct model *model, const uint8_t *const *rows, size_t B,
                          struct model_workspace *workspace)
{
    const struct kernels *kernels = model->kernels;
    float *logits = workspace->logits;

    assert(B <= MODEL_SLICE_ROWS);
    switch (model->spec.kind) {
    case MODEL_LINEAR:
        kernels->dense_forward(rows, B, model->tensors[WEIGHT].data, model->tensors[BIAS].data,
                               model->num_logits, model->num_inputs, logits);
        break;
    case MODEL_NEAREST_MEAN:
        kernels->distances(rows, B, model->tensors[0].data, model->num_logits, model->num_inputs,
                           model->spec.distance, logits);
        for (size_t i = 0; i < B * model->num_logits; i++)
            logits[i] = -logits[i];
        break;
    case MODEL_NETWORK:
        model_forward_network(model, rows, B, workspace);
        break;
    }
}

double model_loss(const struct model *model, const float *logits, const uint32_t *labels,
                  size_t num_rows, double loss_scale, double *probs, float *grad_logits)
{
    const struct loss loss = {.kind = model->spec.loss,
                              .smoothing = grad_logits ? model->spec.label_smoothing : 0.0,
                              .weight = grad_logits ? model->spec.class_weights : NULL};

    if (model->num_logits == 1)
        return loss_compute_binary(model->kernels, &loss, logits, labels, num_rows, loss_scale,
                                   grad_logits);
    return loss_compute_softmax(model->kernels, &loss, logits, labels, num_rows, model->num_logits,
                                loss_scale, probs, grad_logits);
}

double model_compute_gradient(const struct model *model, const uint8_t *const *rows,
                              const uint8_t *const *next, const uint32_t *labels, size_t num_rows,
                              float loss_scale, struct model_workspace *workspace, float *grad)
{
    float *grad_bias = grad + model_padded(tensor_num_elements(&model->tensors[WEIGHT]));
    float *tensor_grad = grad;
    double loss_sum;

    assert(model->spec.kind == MODEL_LINEAR);
    model_forward(model, rows, num_rows, workspace);
    loss_sum = model_loss(model, workspace->logits, labels, num_rows, loss_scale, workspace->probs,
                          workspace->grad_logits);
    model->kernels->dense_backward(rows, next, num_rows, workspace->grad_logits, model->num_logits,
                                   model->num_inputs, grad, grad_bias);

    for (size_t i = 0; i < model->num_tensors; i++) {
        const size_t num_elements = tensor_num_elements(&model->tensors[i]);
        const size_t num_padded = model_padded(num_elements);

        memset(tensor_grad + num_elements, 0, (num_padded - num_elements) * sizeof(*grad));
        tensor_grad += num_padded;
    }
    return loss_sum;
}

/* ---- predictions ---- */

/* The lowest index of the largest value; nan is never the largest, 0 if all are nan. */
static uint32_t model_find_largest(const float *values, size_t count)
{
    size_t largest = 0;

    for (size_t i = 1; i < count; i++)
        if (values[i] > values[largest] || (isnan(values[largest]) && !isnan(values[i])))
            largest = i;
    return (uint32_t)largest;
}

static void model_predict(const struct model *model, const float *logits, size_t B,
                          uint32_t *predictions)
{
    const size_t C = model->num_logits;

    for (size_t b = 0; b < B; b++)
        predictions[b] = C == 1 ? logits[b] > 0.0f : model_find_largest(logits + b * C, C);
}

static void model_compute_scores(const struct model *model, const struct model_workspace *workspace,
                                 size_t B, float *scores)
{
    if (model->spec.kind == MODEL_NEAREST_MEAN)
        memcpy(scores, workspace->logits, B * model->num_logits * sizeof(*scores));
    else if (model->num_logits == 1)
        loss_binary_probs(model->kernels, workspace->logits, B, scores);
    else
        loss_softmax_probs(model->kernels, workspace->logits, B, model->num_logits,
                           workspace->probs, scores);
}

void model_evaluate(const struct model *model, const uint8_t *const *rows, const uint32_t *labels,
                    size_t num_rows, struct model_workspace *workspace, uint32_t *predictions,
                    float *scores, double *loss_sum)
{
    model_forward(model, rows, num_rows, workspace);
    if (predictions)
        model_predict(model, workspace->logits, num_rows, predictions);
    if (scores)
        model_compute_scores(model, workspace, num_rows, scores);
    if (loss_sum)
        *loss_sum = model->spec.kind == MODEL_NEAREST_MEAN
                        ? (double)NAN
                        : model_loss(model, workspace->logits, labels, num_rows, 1.0,
                                     workspace->probs, NULL);
}

const char *model_scores_meaning(const struct model *model)
{
    if (model->spec.kind != MODEL_NEAREST_MEAN)
        return "probability";
    return model->spec.distance == DISTANCE_L1 ? "negative mean absolute difference"
                                               : "negative root mean square difference";
}
