#include "model/model.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "model/kernels/kernels.h"
#include "model/kernels/math_functions.h"
#include "model/layer.h"
#include "model/loss.h"

const char *const model_kind_names[] = {"linear", "nearest-mean", NULL};
const char *const model_distance_names[] = {"l1", "l2", NULL};
const char *const model_loss_names[] = {"mae", "cross-entropy", NULL};

/* Tensors start on multiples of a cache line, which is also the widest vector. */
enum { TENSOR_ALIGNMENT = MEMORY_ALIGNMENT / sizeof(float) };

static size_t padded(size_t num_elements)
{
    return (num_elements + TENSOR_ALIGNMENT - 1) / TENSOR_ALIGNMENT * TENSOR_ALIGNMENT;
}

/* ---- making ---- */

static bool check_spec(const struct model_spec *spec, struct error *error)
{
    const struct image_shape *image = &spec->image;
    size_t size;

    if (spec->kind != MODEL_LINEAR && spec->kind != MODEL_NEAREST_MEAN)
        return error_set(error, STATUS_USAGE, NULL, "there is no model of this kind");
    if (spec->kind == MODEL_LINEAR && spec->loss != LOSS_MAE && spec->loss != LOSS_CROSS_ENTROPY)
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

/* Appends a layer and gives its tensors their places. */
static void add_layer(struct model *model, struct layer layer)
{
    assert(model->num_layers < MODEL_MAX_LAYERS);
    assert(model->num_tensors + layer.num_tensors <= MODEL_MAX_TENSORS);
    for (size_t i = 0; i < layer.num_tensors; i++) {
        layer.offsets[i] = model->num_parameters;
        model->num_parameters += padded(tensor_num_elements(&layer.tensors[i]));
        model->tensors[model->num_tensors++] = layer.tensors[i];
    }
    model->layers[model->num_layers++] = layer;
}

static void place_tensors(struct model *model)
{
    float *data = model->parameters;

    for (size_t i = 0; i < model->num_tensors; i++) {
        model->tensors[i].data = data;
        data += padded(tensor_num_elements(&model->tensors[i]));
    }
}

bool model_describe(const struct model_spec *spec, struct model *model, struct error *error)
{
    bool ok;

    *model = (struct model){.spec = *spec};
    ok = check_spec(spec, error);
    if (ok)
        ok = kernels_choose(&model->kernels, error);
    if (ok)
        ok = memory_allocate(&model->layers, MODEL_MAX_LAYERS, sizeof(*model->layers), error);
    if (!ok)
        goto out;

    model->num_inputs = image_num_values(&spec->image);
    if (spec->kind == MODEL_LINEAR) {
        model->num_logits = spec->num_classes == 2 ? 1 : spec->num_classes;
        add_layer(model, layer_make_linear(model->num_inputs, model->num_logits));
    } else {
        model->num_logits = spec->num_classes;
        add_layer(model, layer_make_class_means(spec));
    }
out:
    if (!ok)
        model_destroy(model);
    return ok;
}

bool model_allocate(struct model *model, struct error *error)
{
    bool ok = memory_allocate(&model->parameters, model->num_parameters, sizeof(*model->parameters),
                              error);

    if (ok)
        place_tensors(model);
    return ok;
}

bool model_create(const struct model_spec *spec, struct model *model, struct error *error)
{
    bool ok = model_describe(spec, model, error);

    if (ok)
        ok = model_allocate(model, error);
    if (!ok)
        model_destroy(model);
    return ok;
}

void model_destroy(struct model *model)
{
    free(model->layers);
    free(model->parameters);
    *model = (struct model){0};
}

int model_has_gradient(const struct model *model)
{
    for (size_t i = 0; i < model->num_layers; i++)
        if (!model->layers[i].type->backward_pixels)
            return false;
    return true;
}

/* ---- parameters ---- */

/* Standard normal, by the polar method (Marsaglia and Bray, "A convenient method for generating
 * normal variables", SIAM Review, 1964). */
static double draw_normal(uint64_t seed, uint64_t index)
{
    struct random_stream stream = random_stream_begin(seed, RANDOM_INITIAL_PARAMETERS, index);
    double u, v, square;

    do {
        /* Odd multiples of 2^-32 between -1 and 1: symmetric, and never zero. */
        u = (2.0 * random_next(&stream) + 1.0) * 0x1p-32 - 1.0;
        v = (2.0 * random_next(&stream) + 1.0) * 0x1p-32 - 1.0;
        square = u * u + v * v;
    } while (square >= 1.0);
    return u * sqrt(-2.0 * math_log(square) / square);
}

void model_init_normal(struct model *model, double standard_deviation, uint64_t seed)
{
    uint64_t index = 0;

    for (size_t i = 0; i < model->num_tensors; i++) {
        const size_t num_elements = tensor_num_elements(&model->tensors[i]);

        for (size_t k = 0; k < num_elements; k++)
            model->tensors[i].data[k] = (float)(standard_deviation * draw_normal(seed, index++));
    }
}

void model_fit_class_means(struct model *model, const float *class_means)
{
    assert(model->spec.kind == MODEL_NEAREST_MEAN);
    memcpy(model->tensors[0].data, class_means,
           tensor_num_elements(&model->tensors[0]) * sizeof(*class_means));
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
    ok = memory_allocate(&workspace->logits, num_values, sizeof(*workspace->logits), error);
    if (ok)
        ok = memory_allocate(&workspace->grad_logits, num_values, sizeof(*workspace->grad_logits),
                             error);
    if (ok)
        ok = memory_allocate(&workspace->probs, num_values, sizeof(*workspace->probs), error);
    if (!ok)
        model_workspace_destroy(workspace);
    return ok;
}

void model_workspace_destroy(struct model_workspace *workspace)
{
    free(workspace->logits);
    free(workspace->grad_logits);
    free(workspace->probs);
    *workspace = (struct model_workspace){0};
}

/* ---- forward and backward ---- */

static void forward(const struct model *model, const uint8_t *const *rows, size_t B, float *logits)
{
    const struct layer *layer = &model->layers[0];

    assert(B <= MODEL_SLICE_ROWS);
    layer->type->forward_pixels(layer, model->kernels, model->parameters, rows, B, logits);
}

static void backward(const struct model *model, const uint8_t *const *rows,
                     const uint8_t *const *next, size_t B, const float *grad_logits, float *grad)
{
    const struct layer *layer = &model->layers[0];

    layer->type->backward_pixels(layer, model->kernels, rows, next, B, grad_logits, grad);
}

static double compute_loss(const struct model *model, const uint32_t *labels, size_t B,
                           double loss_scale, const struct model_workspace *workspace,
                           float *grad_logits)
{
    const struct loss loss = {.kind = model->spec.loss};

    if (model->num_logits == 1)
        return loss_compute_binary(model->kernels, &loss, workspace->logits, labels, B, loss_scale,
                                   grad_logits);
    return loss_compute_softmax(model->kernels, &loss, workspace->logits, labels, B,
                                model->num_logits, loss_scale, workspace->probs, grad_logits);
}

double model_compute_gradient(const struct model *model, const uint8_t *const *rows,
                              const uint8_t *const *next, const uint32_t *labels, size_t num_rows,
                              float loss_scale, struct model_workspace *workspace, float *grad)
{
    double loss_sum;
    float *tensor_grad = grad;

    assert(model_has_gradient(model));
    forward(model, rows, num_rows, workspace->logits);
    loss_sum = compute_loss(model, labels, num_rows, loss_scale, workspace, workspace->grad_logits);
    backward(model, rows, next, num_rows, workspace->grad_logits, grad);

    for (size_t i = 0; i < model->num_tensors; i++) {
        const size_t num_elements = tensor_num_elements(&model->tensors[i]);
        const size_t num_padded = padded(num_elements);

        memset(tensor_grad + num_elements, 0, (num_padded - num_elements) * sizeof(*grad));
        tensor_grad += num_padded;
    }
    return loss_sum;
}

/* ---- predictions ---- */

/* The lowest index of the largest value; nan is never the largest, 0 if all are nan. */
static uint32_t find_largest(const float *values, size_t count)
{
    size_t largest = 0;

    for (size_t i = 1; i < count; i++)
        if (values[i] > values[largest] || (isnan(values[largest]) && !isnan(values[i])))
            largest = i;
    return (uint32_t)largest;
}

static void predict(const struct model *model, const float *logits, size_t B, uint32_t *predictions)
{
    const size_t C = model->num_logits;

    for (size_t b = 0; b < B; b++)
        predictions[b] = C == 1 ? logits[b] > 0.0f : find_largest(logits + b * C, C);
}

static void compute_scores(const struct model *model, const struct model_workspace *workspace,
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
    forward(model, rows, num_rows, workspace->logits);
    if (predictions)
        predict(model, workspace->logits, num_rows, predictions);
    if (scores)
        compute_scores(model, workspace, num_rows, scores);
    if (loss_sum)
        *loss_sum = model->spec.kind == MODEL_NEAREST_MEAN
                        ? (double)NAN
                        : compute_loss(model, labels, num_rows, 1.0, workspace, NULL);
}

const char *model_scores_meaning(const struct model *model)
{
    if (model->spec.kind == MODEL_LINEAR)
        return "probability";
    return model->spec.distance == DISTANCE_L1 ? "negative mean absolute difference"
                                               : "negative root mean square difference";
}
