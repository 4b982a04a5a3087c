#include "train/update.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "model/kernels/kernels.h"
#include "model/network.h"

/* ---- making ---- */

size_t update_num_blocks(const struct update *update)
{
    return (update->model->num_trained_parameters + SUM_SQUARES_BLOCK - 1) / SUM_SQUARES_BLOCK;
}

uint64_t update_nbytes(const struct model *model, const struct update_settings *settings)
{
    uint64_t num_arrays = optimizer_num_states(&settings->optimizer) + (settings->average > 0);

    return num_arrays * model->num_parameters * sizeof(float);
}

static void update_add_run(struct update *update, size_t begin, size_t end, bool decays)
{
    struct update_run *last = update->num_runs ? &update->runs[update->num_runs - 1] : NULL;

    if (last && last->decays == decays && last->end == begin)
        last->end = end;
    else
        update->runs[update->num_runs++] = (struct update_run){begin, end, decays};
}

struct update_tensor {
    size_t offset;
    bool decays, is_frozen;
};

static int update_compare_tensors(const void *a, const void *b)
{
    const struct update_tensor *left = a, *right = b;

    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Of a network, weights decay, but biases and norms do not, and what is frozen is in no run; the
 * linear model decays as a whole. */
static bool update_find_runs(struct update *update, struct error *error)
{
    const struct model *model = update->model;
    const struct network *network = model->network;
    struct update_tensor *tensors = NULL;
    size_t count = 0;

    if (!memory_allocate(&update->runs, model->num_tensors + 1, sizeof(*update->runs), error))
        return false;
    if (!network) {
        update_add_run(update, 0, model->num_parameters, true);
        return true;
    }
    if (!memory_allocate(&tensors, model->num_tensors, sizeof(*tensors), error))
        return false;
    for (size_t i = 0; i < network->num_layers; i++)
        for (size_t k = 0; k < network->layers[i].num_tensors; k++)
            tensors[count++] =
                (struct update_tensor){.offset = network->layers[i].tensors[k].offset,
                                       .decays = network->layers[i].tensors[k].role == ROLE_WEIGHT,
                                       .is_frozen = network->layers[i].is_frozen};
    qsort(tensors, count, sizeof(*tensors), update_compare_tensors);
    for (size_t i = 0; i < count && tensors[i].offset < model->num_trained_parameters; i++) {
        size_t end = i + 1 < count ? tensors[i + 1].offset : model->num_trained_parameters;

        if (end > model->num_trained_parameters)
            end = model->num_trained_parameters;
        if (tensors[i].is_frozen)
            update->has_frozen = true;
        else
            update_add_run(update, tensors[i].offset, end, tensors[i].decays);
    }
    free(tensors);
    return true;
}

bool update_create(struct update *update, struct model *model,
                   const struct update_settings *settings, struct error *error)
{
    bool ok;

    *update = (struct update){.settings = *settings,
                              .model = model,
                              .num_states = optimizer_num_states(&settings->optimizer)};
    ok = update_find_runs(update, error);
    for (size_t i = 0; i < update->num_states && ok; i++)
        ok = memory_allocate(&update->states[i], model->num_trained_parameters, sizeof(float),
                             error);
    if (ok && settings->clip_norm > 0)
        ok = memory_allocate(&update->block_sums, update_num_blocks(update), sizeof(float), error);
    if (ok && settings->average > 0) {
        ok = memory_allocate(&update->average, model->num_parameters, sizeof(float), error);
        if (ok)
            memcpy(update->average, model->parameters, model->num_parameters * sizeof(float));
    }
    if (!ok)
        update_destroy(update);
    return ok;
}

void update_destroy(struct update *update)
{
    for (size_t i = 0; i < OPTIMIZER_MAX_STATES; i++)
        free(update->states[i]);
    free(update->average);
    free(update->block_sums);
    free(update->runs);
    *update = (struct update){0};
}

/* ---- a step ---- */

/* Sets what of grad, which starts with parameter first, is of frozen layers to 0. */
static void update_clear_frozen(const struct update *update, float *grad, size_t first, size_t last)
{
    size_t cleared = first;

    for (size_t i = 0; i <= update->num_runs && cleared < last; i++) {
        size_t begin = i < update->num_runs ? update->runs[i].begin : last;

        if (begin > last)
            begin = last;
        if (begin > cleared)
            memset(grad + (cleared - first), 0, (begin - cleared) * sizeof(*grad));
        if (i < update->num_runs && update->runs[i].end > cleared)
            cleared = update->runs[i].end;
    }
}

void update_sum_blocks(struct update *update, float *grad, size_t begin, size_t end)
{
    size_t first = begin * SUM_SQUARES_BLOCK, last = end * SUM_SQUARES_BLOCK;

    if (last > update->model->num_trained_parameters)
        last = update->model->num_trained_parameters;
    if (update->has_frozen && first < last)
        update_clear_frozen(update, grad, first, last);
    if (first < last)
        update->model->kernels->optimizer->sum_squares(grad, last - first,
                                                       update->block_sums + begin);
}

struct update_step update_begin_step(const struct update *update, uint64_t step)
{
    const struct update_settings *settings = &update->settings;
    const struct schedule_values values = schedule_at(&settings->schedule, step);
    /* The first steps are far from where training leads: they are soon forgotten. */
    double decay = (double)(1 + step) / (double)(10 + step);

    if (decay > settings->average)
        decay = settings->average;
    return (struct update_step){
        .factors =
            optimizer_factors_at(&settings->optimizer, step, values.learning_rate, values.momentum),
        .learning_rate = values.learning_rate,
        .clip_factor = settings->clip_norm > 0
                           ? optimizer_clip_factor(
                                 optimizer_grad_norm(update->block_sums, update_num_blocks(update)),
                                 settings->clip_norm)
                           : 1.0f,
        .average_rate = (float)(1.0 - decay)};
}

void update_range(const struct update *update, const struct update_step *step, float *grad,
                  size_t part, size_t begin, size_t end)
{
    const struct kernels *kernels = update->model->kernels;
    float *parameters = update->model->parameters + part, *states[OPTIMIZER_MAX_STATES] = {NULL};

    for (size_t i = 0; i < update->num_states; i++)
        states[i] = update->states[i] + part;
    if (step->clip_factor != 1.0f)
        kernels->optimizer->scale(grad, step->clip_factor, begin, end);
    for (size_t i = 0; i < update->num_runs; i++) {
        const struct update_run *run = &update->runs[i];
        size_t first = run->begin > part + begin ? run->begin - part : begin;
        size_t last = run->end < part + end ? run->end : part + end;

        if (last > part + first)
            optimizer_step(&update->settings.optimizer, &step->factors, kernels, parameters, states,
                           grad, run->decays, first, last - part);
    }
    if (update->average)
        kernels->optimizer->average_step(update->average + part, parameters, step->average_rate,
                                         begin, end);
}

void update_end_step(const struct update *update, const struct update_step *step)
{
    const struct model *model = update->model;

    if (update->average)
        model->kernels->optimizer->average_step(update->average, model->parameters,
                                                step->average_rate, model->num_trained_parameters,
                                                model->num_parameters);
}
