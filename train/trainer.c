#include "train/trainer.h"

#include <omp.h>
#include <stdlib.h>

#include "common/memory.h"
#include "model/kernels.h"

/* Threads share parameters in cache lines, so that no two write to one. */
enum { PARAMETERS_PER_LINE = MEMORY_ALIGNMENT / sizeof(float) };

static size_t num_slices_of(uint64_t num_rows)
{
    return (size_t)((num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS);
}

static uint64_t num_rows_of(const struct trainer *trainer)
{
    return trainer->samples.dataset->num_rows;
}

enum status trainer_create(struct trainer *trainer, const struct trainer_settings *settings,
                           struct model *model, struct dataset *train, struct error *error)
{
    uint64_t largest_batch =
        settings->batch_size < train->num_rows ? settings->batch_size : train->num_rows;
    size_t num_parameters = model->num_parameters;
    enum status status;

    *trainer = (struct trainer){
        .settings = *settings, .model = model, .max_slices = num_slices_of(largest_batch)};
    status = samples_create(&trainer->samples, train, settings->shuffle, settings->seed, error);
    if (status == STATUS_OK)
        status =
            memory_allocate(&trainer->slice_grads, trainer->max_slices, sizeof(float *), error);
    for (size_t i = 0; i < trainer->max_slices && status == STATUS_OK; i++)
        status = memory_allocate(&trainer->slice_grads[i], num_parameters, sizeof(float), error);
    for (int i = 0; i < 2 && status == STATUS_OK; i++)
        status =
            memory_allocate(&trainer->slice_losses[i], trainer->max_slices, sizeof(double), error);
    if (status == STATUS_OK && settings->momentum != 0)
        status = memory_allocate(&trainer->velocity, num_parameters, sizeof(float), error);
    if (status == STATUS_OK && settings->accumulate > 1)
        status = memory_allocate(&trainer->accumulated, num_parameters, sizeof(float), error);
    if (status == STATUS_OK)
        status = memory_allocate(&trainer->workspaces, (size_t)settings->num_threads,
                                 sizeof(*trainer->workspaces), error);
    for (int i = 0; i < settings->num_threads && status == STATUS_OK; i++)
        status = model_workspace_create(model, &trainer->workspaces[i], error);
    if (status != STATUS_OK)
        trainer_destroy(trainer);
    return status;
}

void trainer_destroy(struct trainer *trainer)
{
    for (size_t i = 0; trainer->slice_grads && i < trainer->max_slices; i++)
        free(trainer->slice_grads[i]);
    for (int i = 0; trainer->workspaces && i < trainer->settings.num_threads; i++)
        model_workspace_destroy(&trainer->workspaces[i]);
    free(trainer->slice_grads);
    free(trainer->slice_losses[0]);
    free(trainer->slice_losses[1]);
    free(trainer->velocity);
    free(trainer->accumulated);
    free(trainer->workspaces);
    samples_destroy(&trainer->samples);
    *trainer = (struct trainer){0};
}

/* One mini-batch of an epoch. */
struct batch {
    uint64_t first; /* in the epoch's order */
    uint64_t num_rows;
    size_t num_slices;
    double *slice_losses;
    bool ends_step; /* its gradient completes a step */
    bool begins_step;
};

static struct batch batch_of(const struct trainer *trainer, uint64_t batch_index,
                             uint64_t num_batches)
{
    uint64_t batch_size = trainer->settings.batch_size, accumulate = trainer->settings.accumulate;
    uint64_t first = batch_index * batch_size, left = num_rows_of(trainer) - first;
    uint64_t num_rows = left < batch_size ? left : batch_size;

    return (struct batch){.first = first,
                          .num_rows = num_rows,
                          .num_slices = num_slices_of(num_rows),
                          .slice_losses = trainer->slice_losses[batch_index % 2],
                          .begins_step = batch_index % accumulate == 0,
                          .ends_step = (batch_index + 1) % accumulate == 0 ||
                                       batch_index + 1 == num_batches};
}

/* The gradient of one slice of the batch's mean loss, and the sum of its losses. */
static void compute_slice(const struct trainer *trainer, const struct batch *batch, size_t slice,
                          struct model_workspace *workspace)
{
    uint64_t first = slice * MODEL_SLICE_ROWS, left = batch->num_rows - first;
    size_t num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS;
    const uint8_t *rows[MODEL_SLICE_ROWS];
    uint32_t labels[MODEL_SLICE_ROWS];

    for (size_t i = 0; i < num_rows; i++) {
        rows[i] = samples_row(&trainer->samples, batch->first + first + i);
        labels[i] = samples_label(&trainer->samples, batch->first + first + i);
    }
    batch->slice_losses[slice] = model_compute_gradient(trainer->model, rows, labels, num_rows,
                                                        1.0f / (float)batch->num_rows, workspace,
                                                        trainer->slice_grads[slice]);
}

/* Sums the slices over parameters begin .. end - 1 and, when a step is due, updates them. */
static void update_range(const struct trainer *trainer, const struct batch *batch, size_t begin,
                         size_t end)
{
    const struct trainer_settings *settings = &trainer->settings;
    const struct kernels *kernels = trainer->model->kernels;
    float *grad = trainer->slice_grads[0];

    kernels->tree_add(trainer->slice_grads, batch->num_slices, begin, end);
    if (trainer->accumulated) {
        if (batch->begins_step)
            for (size_t i = begin; i < end; i++)
                trainer->accumulated[i] = 0.0f;
        kernels->add(trainer->accumulated, grad, begin, end);
        grad = trainer->accumulated;
    }
    if (batch->ends_step)
        kernels->sgd_step(trainer->model->parameters, trainer->velocity, grad,
                          settings->learning_rate, settings->momentum, settings->weight_decay,
                          begin, end);
}

/* Thread's share of the parameters, in whole cache lines. */
static void parameter_range(const struct trainer *trainer, size_t thread, size_t num_threads,
                            size_t *begin, size_t *end)
{
    size_t num_parameters = trainer->model->num_parameters;
    size_t num_lines = (num_parameters + PARAMETERS_PER_LINE - 1) / PARAMETERS_PER_LINE;

    *begin = thread * num_lines / num_threads * PARAMETERS_PER_LINE;
    *end = (thread + 1) * num_lines / num_threads * PARAMETERS_PER_LINE;
    if (*end > num_parameters)
        *end = num_parameters;
}

/* Trains batches from trainer->batch to before end, whose samples are all available; false when
 * should_pause said so before. */
static bool run_batches(struct trainer *trainer, uint64_t end_batch, uint64_t num_batches,
                        trainer_pause_function *should_pause, void *context)
{
    const struct trainer_settings *settings = &trainer->settings;
    uint64_t first_batch = trainer->batch;
    /* More threads than slices would only wait for each other. */
    int num_threads = (size_t)settings->num_threads < trainer->max_slices
                          ? settings->num_threads
                          : (int)trainer->max_slices;
    bool is_paused = false;

#pragma omp parallel num_threads(num_threads)
    {
        size_t thread = (size_t)omp_get_thread_num(), begin, end;
        struct model_workspace *workspace = &trainer->workspaces[thread];

        parameter_range(trainer, thread, (size_t)omp_get_num_threads(), &begin, &end);
        for (uint64_t index = first_batch; index < end_batch && !is_paused; index++) {
            struct batch batch = batch_of(trainer, index, num_batches);

#pragma omp for schedule(static)
            for (size_t slice = 0; slice < batch.num_slices; slice++)
                compute_slice(trainer, &batch, slice, workspace);
            /* Here all wait: every slice is done. */
            update_range(trainer, &batch, begin, end);
            if (thread == 0) {
                /* The next batch writes to the other of the two loss arrays. */
                for (size_t slice = 0; slice < batch.num_slices; slice++)
                    trainer->loss_sum += batch.slice_losses[slice];
                trainer->batch = index + 1;
                if (batch.ends_step) {
                    trainer->num_steps++;
                    is_paused = should_pause && index + 1 < num_batches &&
                                should_pause(context, batch.first + batch.num_rows);
                }
            }
#pragma omp barrier
        }
    }
    return !is_paused;
}

enum status trainer_run_epoch(struct trainer *trainer, uint64_t epoch,
                              trainer_pause_function *should_pause, void *context,
                              bool *is_complete, struct error *error)
{
    uint64_t batch_size = trainer->settings.batch_size, num_rows = num_rows_of(trainer);
    uint64_t num_batches = (num_rows + batch_size - 1) / batch_size;
    bool is_paused = false;

    samples_begin_epoch(&trainer->samples, epoch);
    while (trainer->batch < num_batches && !is_paused) {
        struct batch batch = batch_of(trainer, trainer->batch, num_batches);
        uint64_t end;

        if (samples_reach(&trainer->samples, batch.first, batch.num_rows, &end, error) != STATUS_OK)
            return error->status;
        /* Only the epoch's last batch may be short. */
        is_paused = !run_batches(trainer, end == num_rows ? num_batches : end / batch_size,
                                 num_batches, should_pause, context);
    }
    *is_complete = !is_paused;
    return STATUS_OK;
}

double trainer_end_epoch(struct trainer *trainer)
{
    double loss = trainer->loss_sum / (double)num_rows_of(trainer);

    trainer->batch = 0;
    trainer->loss_sum = 0;
    return loss;
}
