#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "model/kernels/kernels.h"
#include "model/loss.h"
#include "model/model.h"
#include "model/network.h"
#include "model/pass.h"

/* The tensors of the linear model. */
enum { WEIGHT, BIAS };

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
    const float *parameters = model->parameters;
    float *grad_bias = grad + (model->tensors[BIAS].data - parameters);
    double loss_sum;

    assert(model->spec.kind == MODEL_LINEAR);
    model_forward(model, rows, num_rows, workspace);
    loss_sum = model_loss(model, workspace->logits, labels, num_rows, loss_scale, workspace->probs,
                          workspace->grad_logits);
    model->kernels->dense_backward(rows, next, num_rows, workspace->grad_logits, model->num_logits,
                                   model->num_inputs, grad, grad_bias);

    for (size_t i = 0; i < model->num_tensors; i++) {
        size_t begin =
            (size_t)(model->tensors[i].data - parameters) + tensor_num_elements(&model->tensors[i]);
        size_t end = i + 1 < model->num_tensors ? (size_t)(model->tensors[i + 1].data - parameters)
                                                : model->num_parameters;

        memset(grad + begin, 0, (end - begin) * sizeof(*grad));
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
