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

/* How the slices of whole batches, and those of the epoch's last batch, are summed over ranks. */
static enum status join_ranks(struct trainer *trainer, uint64_t largest_batch, uint64_t num_rows,
                              struct error *error)
{
    uint64_t rest = num_rows % largest_batch;
    const size_t num_slices[2] = {num_slices_of(largest_batch),
                                  num_slices_of(rest > 0 ? rest : largest_batch)};
    enum status status;

    trainer->max_slices = num_slices[0];
    if (trainer->ranks->count == 1)
        return STATUS_OK;
    status =
        exchange_create(&trainer->exchange, trainer->ranks, trainer->model->kernels,
                        trainer->model->num_parameters, num_slices, EXCHANGE_GATHER_NBYTES, error);
    if (status != STATUS_OK)
        return status;
    trainer->max_slices = exchange_max_own_slices(&trainer->exchange);
    if (!trainer->samples.dataset->is_part)
        return STATUS_OK;
    trainer->samples.fetch = &trainer->fetch;
    return fetch_create(&trainer->fetch, trainer->ranks, trainer->samples.dataset,
                        &trainer->exchange, largest_batch, error);
}

enum status trainer_create(struct trainer *trainer, const struct trainer_settings *settings,
                           struct model *model, struct dataset *train, struct ranks *ranks,
                           struct error *error)
{
    uint64_t largest_batch =
        settings->batch_size < train->num_rows ? settings->batch_size : train->num_rows;
    size_t num_parameters = model->num_parameters;
    enum status status;

    *trainer = (struct trainer){.settings = *settings, .model = model, .ranks = ranks};
    status = samples_create(&trainer->samples, train, &settings->order, error);
    if (status == STATUS_OK)
        status = join_ranks(trainer, largest_batch, train->num_rows, error);
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
    fetch_destroy(&trainer->fetch);
    exchange_destroy(&trainer->exchange);
    samples_destroy(&trainer->samples);
    *trainer = (struct trainer){0};
}

/* One mini-batch of an epoch. */
struct batch {
    uint64_t first; /* in the epoch's order */
    uint64_t num_rows;
    size_t num_slices;
    size_t first_own; /* slice of this rank, the first of num_own */
    size_t num_own;
    double *slice_losses; /* [num_own] */
    bool ends_step;       /* its gradient completes a step */
    bool begins_step;
};

static struct batch batch_of(const struct trainer *trainer, uint64_t batch_index,
                             uint64_t num_batches)
{
    uint64_t batch_size = trainer->settings.batch_size, accumulate = trainer->settings.accumulate;
    uint64_t first = batch_index * batch_size, left = num_rows_of(trainer) - first;
    uint64_t num_rows = left < batch_size ? left : batch_size;
    struct batch batch = {.first = first,
                          .num_rows = num_rows,
                          .num_slices = num_slices_of(num_rows),
                          .slice_losses = trainer->slice_losses[batch_index % 2],
                          .begins_step = batch_index % accumulate == 0,
                          .ends_step = (batch_index + 1) % accumulate == 0 ||
                                       batch_index + 1 == num_batches};

    batch.num_own = batch.num_slices;
    if (trainer->ranks->count > 1)
        batch.num_own = exchange_own_slices(&trainer->exchange, batch.num_slices, &batch.first_own);
    return batch;
}

/* The gradient of one of this rank's slices of the batch's mean loss, and the sum of its losses. */
static void compute_slice(const struct trainer *trainer, const struct batch *batch, size_t own,
                          struct model_workspace *workspace)
{
    uint64_t first = (batch->first_own + own) * MODEL_SLICE_ROWS, left = batch->num_rows - first;
    size_t num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS;
    const uint8_t *rows[MODEL_SLICE_ROWS];
    uint32_t labels[MODEL_SLICE_ROWS];

    for (size_t i = 0; i < num_rows; i++) {
        rows[i] = samples_row(&trainer->samples, batch->first + first + i);
        labels[i] = samples_label(&trainer->samples, batch->first + first + i);
    }
    batch->slice_losses[own] =
        model_compute_gradient(trainer->model, rows, labels, num_rows,
                               1.0f / (float)batch->num_rows, workspace, trainer->slice_grads[own]);
}

/*
 * Takes the summed gradient of parameters begin .. end - 1 of those from part on, where grad
 * starts, and updates them when a step is due.
 */
static void update_range(const struct trainer *trainer, const struct batch *batch, float *grad,
                         size_t part, size_t begin, size_t end)
{
    const struct trainer_settings *settings = &trainer->settings;
    const struct kernels *kernels = trainer->model->kernels;
    float *velocity = trainer->velocity ? trainer->velocity + part : NULL;

    if (trainer->accumulated) {
        float *accumulated = trainer->accumulated + part;

        if (batch->begins_step)
            for (size_t i = begin; i < end; i++)
                accumulated[i] = 0.0f;
        kernels->add(accumulated, grad, begin, end);
        grad = accumulated;
    }
    if (batch->ends_step)
        kernels->sgd_step(trainer->model->parameters + part, velocity, grad,
                          settings->learning_rate, settings->momentum, settings->weight_decay,
                          begin, end);
}

/* A thread's share of count parameters, in whole cache lines. */
static void parameter_range(size_t count, size_t *begin, size_t *end)
{
    size_t thread = (size_t)omp_get_thread_num(), num_threads = (size_t)omp_get_num_threads();
    size_t num_lines = (count + PARAMETERS_PER_LINE - 1) / PARAMETERS_PER_LINE;

    *begin = thread * num_lines / num_threads * PARAMETERS_PER_LINE;
    *end = (thread + 1) * num_lines / num_threads * PARAMETERS_PER_LINE;
    if (*end > count)
        *end = count;
}

/* After all slices: sums and updates, by all threads of the only rank. */
static void update_alone(const struct trainer *trainer, const struct batch *batch)
{
    size_t begin, end;

    parameter_range(trainer->model->num_parameters, &begin, &end);
    trainer->model->kernels->tree_add(trainer->slice_grads, batch->num_slices, begin, end);
    update_range(trainer, batch, trainer->slice_grads[0], 0, begin, end);
}

/* The same by all threads of all ranks.  wish: this rank's. */
static void update_together(struct trainer *trainer, const struct batch *batch, struct wish wish)
{
    struct exchange *exchange = &trainer->exchange;
    size_t part, part_end, begin, end;
    float *grad;

    parameter_range(trainer->model->num_parameters, &begin, &end);
    exchange_pack(exchange, batch->num_slices, trainer->slice_grads, begin, end);
#pragma omp barrier
#pragma omp master
    exchange_run(exchange, batch->num_slices, batch->slice_losses, wish);
#pragma omp barrier
    if (exchange->wish.failed)
        return; /* what was sent is no sum */
    exchange_part(exchange, &part, &part_end);
    parameter_range(part_end - part, &begin, &end);
    grad = exchange_finish(exchange, batch->num_slices, part + begin, part + end);
    update_range(trainer, batch, grad, part, begin, end);
    if (exchange->is_gathered || !batch->ends_step)
        return;
#pragma omp barrier
#pragma omp master
    exchange_gather_parts(exchange, RANKS_STEPS, trainer->model->parameters);
}

/* One thread's, after the update.  Returns whether to pause here. */
static bool end_batch(struct trainer *trainer, const struct batch *batch, uint64_t num_batches)
{
    const double *losses =
        trainer->ranks->count > 1 ? trainer->exchange.slice_losses : batch->slice_losses;

    for (size_t slice = 0; slice < batch->num_slices; slice++)
        trainer->loss_sum += losses[slice];
    trainer->batch++;
    trainer->num_steps += batch->ends_step;
    return batch->ends_step && trainer->batch < num_batches &&
           (trainer->wish.stop_signal || trainer->wish.save);
}

struct wish_source {
    trainer_wish_function *get;
    void *context;
};

static struct wish ask(const struct wish_source *source, uint64_t num_samples_done)
{
    return source->get ? source->get(source->context, num_samples_done) : (struct wish){0};
}

/* Trains batches from trainer->batch to before end_index, whose samples are all available; false
 * when a rank wished to pause before. */
static bool run_batches(struct trainer *trainer, uint64_t end_index, uint64_t num_batches,
                        const struct wish_source *source)
{
    const struct trainer_settings *settings = &trainer->settings;
    uint64_t first_batch = trainer->batch;
    bool is_alone = trainer->ranks->count == 1, is_paused = false;
    /* More threads than slices would only wait for each other. */
    size_t max_threads = trainer->max_slices > 0 ? trainer->max_slices : 1;
    int num_threads =
        (size_t)settings->num_threads < max_threads ? settings->num_threads : (int)max_threads;

#pragma omp parallel num_threads(num_threads)
    {
        struct model_workspace *workspace = &trainer->workspaces[omp_get_thread_num()];
        struct wish wish = {0};

        for (uint64_t index = first_batch; index < end_index && !is_paused; index++) {
            struct batch batch = batch_of(trainer, index, num_batches);

#pragma omp for schedule(static)
            for (size_t own = 0; own < batch.num_own; own++)
                compute_slice(trainer, &batch, own, workspace);
                /* Here all wait: every slice is done. */
#pragma omp master
            wish = ask(source, batch.first + batch.num_rows);
            if (is_alone)
                update_alone(trainer, &batch);
            else
                update_together(trainer, &batch, wish);
#pragma omp master
            {
                /* The next batch writes to the other of the two loss arrays. */
                trainer->wish = is_alone ? wish : trainer->exchange.wish;
                is_paused = trainer->wish.failed || end_batch(trainer, &batch, num_batches);
            }
#pragma omp barrier
        }
    }
    return !is_paused;
}

/* A rank without samples goes with the others as far as to the next exchange, so that they learn.
 */
static void tell_failure(struct trainer *trainer, const struct batch *batch)
{
    if (trainer->ranks->count > 1)
        exchange_run(&trainer->exchange, batch->num_slices, trainer->slice_losses[0],
                     (struct wish){.failed = 1});
}

enum status trainer_run_epoch(struct trainer *trainer, uint64_t epoch,
                              trainer_wish_function *get_wish, void *context, bool *is_complete,
                              struct error *error)
{
    const struct wish_source source = {get_wish, context};
    uint64_t batch_size = trainer->settings.batch_size, num_rows = num_rows_of(trainer);
    uint64_t num_batches = (num_rows + batch_size - 1) / batch_size;
    bool is_paused = false;

    trainer->wish = (struct wish){0};
    samples_begin_epoch(&trainer->samples, epoch);
    while (trainer->batch < num_batches && !is_paused) {
        struct batch batch = batch_of(trainer, trainer->batch, num_batches);
        uint64_t end;

        if (samples_reach(&trainer->samples, batch.first, batch.num_rows, &end, error) !=
            STATUS_OK) {
            tell_failure(trainer, &batch);
            return ranks_agree(trainer->ranks, error->status, error);
        }
        /* Only the epoch's last batch may be short. */
        is_paused = !run_batches(trainer, end == num_rows ? num_batches : end / batch_size,
                                 num_batches, &source);
    }
    *is_complete = !is_paused;
    if (trainer->wish.failed)
        return ranks_agree(trainer->ranks, STATUS_OK, error);
    return STATUS_OK;
}

void trainer_gather_velocity(struct trainer *trainer)
{
    if (trainer->velocity && trainer->ranks->count > 1)
        exchange_gather_parts(&trainer->exchange, RANKS_OTHERS, trainer->velocity);
}

double trainer_end_epoch(struct trainer *trainer)
{
    double loss = trainer->loss_sum / (double)num_rows_of(trainer);

    trainer->batch = 0;
    trainer->loss_sum = 0;
    return loss;
}
