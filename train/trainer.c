#include "train/trainer.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "model/kernels/kernels.h"
#include "train/barrier.h"
#include "train/batch.h"

/* Threads share parameters in cache lines, so that no two write to one. */
enum { PARAMETERS_PER_LINE = MEMORY_ALIGNMENT / sizeof(float) };

static uint64_t num_rows_of(const struct trainer *trainer)
{
    return trainer->samples.dataset->num_rows;
}

/*
 * How the slices of whole batches, and those of the epoch's last batch, are summed over ranks.
 * own_slices: how many of each are this rank's.
 */
static bool join_ranks(struct trainer *trainer, uint64_t largest_batch, uint64_t num_rows,
                       size_t own_slices[2], struct error *error)
{
    uint64_t rest = num_rows % largest_batch;
    const size_t num_slices[2] = {batch_num_slices(largest_batch),
                                  batch_num_slices(rest > 0 ? rest : largest_batch)};
    size_t first;
    bool ok;

    own_slices[0] = num_slices[0];
    own_slices[1] = num_slices[1];
    if (trainer->ranks->count == 1)
        return true;
    ok = exchange_create(&trainer->exchange, trainer->ranks, trainer->model->kernels,
                         trainer->model->num_parameters, num_slices, EXCHANGE_GATHER_NBYTES, error);
    for (int i = 0; i < 2 && ok; i++)
        own_slices[i] = exchange_own_slices(&trainer->exchange, num_slices[i], &first);
    return ok;
}

bool trainer_create(struct trainer *trainer, const struct trainer_settings *settings,
                    struct model *model, struct dataset *train, struct ranks *ranks,
                    struct error *error)
{
    uint64_t largest_batch =
        settings->batch_size < train->num_rows ? settings->batch_size : train->num_rows;
    size_t num_parameters = model->num_parameters, own_slices[2], max_slices = 0;
    bool ok;

    *trainer = (struct trainer){.settings = *settings, .model = model, .ranks = ranks};
    ok = samples_create(&trainer->samples, train, &settings->order, error);
    if (ok)
        ok = join_ranks(trainer, largest_batch, train->num_rows, own_slices, error);
    if (ok)
        max_slices = own_slices[0] > own_slices[1] ? own_slices[0] : own_slices[1];
    for (int i = 0; i < 2 && ok; i++)
        ok = memory_allocate(&trainer->slice_losses[i], max_slices, sizeof(double), error);
    if (ok && settings->momentum != 0)
        ok = memory_allocate(&trainer->velocity, num_parameters, sizeof(float), error);
    if (ok && settings->accumulate > 1)
        ok = memory_allocate(&trainer->accumulated, num_parameters, sizeof(float), error);
    if (ok)
        ok = team_create(&trainer->team, model, trainer->velocity, trainer->accumulated,
                         (size_t)settings->num_threads, own_slices, ranks->count == 1, error);
    if (!ok)
        trainer_destroy(trainer);
    return ok;
}

void trainer_destroy(struct trainer *trainer)
{
    team_destroy(&trainer->team);
    free(trainer->slice_losses[0]);
    free(trainer->slice_losses[1]);
    free(trainer->velocity);
    free(trainer->accumulated);
    exchange_destroy(&trainer->exchange);
    samples_destroy(&trainer->samples);
    *trainer = (struct trainer){0};
}

/*
 * Takes the summed gradient of parameters begin .. end - 1 of those from part on, where grad
 * starts, and updates them when a step is due.
 */
static void update_range(const struct trainer *trainer, const struct batch *batch,
                         const struct member *member, float *grad, size_t part, size_t begin,
                         size_t end)
{
    const struct trainer_settings *settings = &trainer->settings;
    const struct kernels *kernels = trainer->model->kernels;
    float *velocity = member->velocity ? member->velocity + part : NULL;

    if (member->accumulated) {
        float *accumulated = member->accumulated + part;

        if (batch->begins_step)
            for (size_t i = begin; i < end; i++)
                accumulated[i] = 0.0f;
        kernels->add(accumulated, grad, begin, end);
        grad = accumulated;
    }
    if (batch->ends_step)
        kernels->sgd_step(member->model.parameters + part, velocity, grad, settings->learning_rate,
                          settings->momentum, settings->weight_decay, begin, end);
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

/* After all blocks: sums and updates, by all members of the only rank. */
static void update_alone(const struct trainer *trainer, const struct batch *batch,
                         const struct member *member)
{
    const struct kernels *kernels = trainer->model->kernels;
    size_t num_parameters = trainer->model->num_parameters, begin = 0, end = num_parameters;
    float **grads = batch->block_grads;

    if (trainer->team.is_replicated) {
        /* The others add them up too. */
        grads = member->copies;
        for (size_t i = 0; i < batch->num_blocks; i++)
            memcpy(grads[i], batch->block_grads[i], num_parameters * sizeof(float));
    } else {
        parameter_range(num_parameters, &begin, &end);
    }
    kernels->tree_add(grads, batch->num_blocks, begin, end);
    update_range(trainer, batch, member, grads[0], 0, begin, end);
}

/* The same by all members of all ranks.  wish: this rank's. */
static void update_together(struct trainer *trainer, const struct batch *batch,
                            const struct member *member, struct barrier *barrier, struct wish wish)
{
    struct exchange *exchange = &trainer->exchange;
    size_t part, part_end, begin, end;
    float *grad;

    parameter_range(trainer->model->num_parameters, &begin, &end);
    exchange_pack(exchange, batch->num_slices, batch->block_grads, begin, end);
    barrier_wait(barrier);
#pragma omp master
    exchange_run(exchange, batch->num_slices, batch->slice_losses, wish);
    barrier_wait(barrier);
    if (exchange->wish.failed)
        return; /* what was sent is no sum */
    exchange_part(exchange, &part, &part_end);
    parameter_range(part_end - part, &begin, &end);
    grad = exchange_finish(exchange, batch->num_slices, part + begin, part + end);
    update_range(trainer, batch, member, grad, part, begin, end);
    if (exchange->is_gathered || !batch->ends_step)
        return;
    barrier_wait(barrier);
#pragma omp master
    exchange_gather_parts(exchange, RANKS_STEPS, trainer->model->parameters);
}

/* One thread's, after the update. */
static void end_batch(struct trainer *trainer, const struct batch *batch, struct wish wish)
{
    const double *losses =
        trainer->ranks->count > 1 ? trainer->exchange.slice_losses : batch->slice_losses;

    trainer->wish = wish;
    if (wish.failed)
        return;
    for (size_t slice = 0; slice < batch->num_slices; slice++)
        trainer->loss_sum += losses[slice];
    trainer->batch++;
    trainer->num_steps += batch->ends_step;
}

struct wish_source {
    trainer_wish_function *get;
    void *context;
};

static struct wish ask(const struct wish_source *source, uint64_t num_samples_done)
{
    return source->get ? source->get(source->context, num_samples_done) : (struct wish){0};
}

/* What all members of a rank share while they train. */
struct stretch {
    struct trainer *trainer;
    const struct wish_source *source;
    uint64_t first_batch, end_batch;
    uint64_t end_position; /* all samples before it are available */
    uint64_t num_batches;  /* of the epoch */
    struct barrier barrier;
    struct wish wishes[2]; /* this rank's at even and odd batches */
    bool is_paused;
};

/*
 * What one member does.  Between two barriers nobody writes what another reads: gradients of
 * blocks, losses and wishes are those of even and odd batches in turn, and if parameters are not
 * replicated, nobody goes on before all have made their part of the step.
 */
static void train_stretch(struct stretch *stretch, struct member *member)
{
    struct trainer *trainer = stretch->trainer;
    bool is_alone = trainer->ranks->count == 1, is_paused = false;

    team_begin(&trainer->team, member);
    barrier_wait(&stretch->barrier);
    for (uint64_t index = stretch->first_batch; index < stretch->end_batch && !is_paused; index++) {
        struct batch batch = batch_of(trainer, index, stretch->num_batches, stretch->end_position);
        struct wish *wish = &stretch->wishes[index % 2];

        batch_compute_blocks(trainer, &batch, member);
#pragma omp master
        *wish = ask(stretch->source, batch.first + batch.num_rows);
        barrier_wait(&stretch->barrier);
        if (is_alone) {
            update_alone(trainer, &batch, member);
        } else {
            update_together(trainer, &batch, member, &stretch->barrier, *wish);
            wish = &trainer->exchange.wish;
        }
        is_paused = wish->failed || (batch.ends_step && index + 1 < stretch->num_batches &&
                                     (wish->stop_signal || wish->save));
#pragma omp master
        {
            end_batch(trainer, &batch, *wish);
            stretch->is_paused = is_paused;
        }
        if (!trainer->team.is_replicated)
            barrier_wait(&stretch->barrier);
    }
}

/* Trains the batches from trainer->batch on whose samples all come before end_position, to where
 * they are available; false when a rank wished to pause before. */
static bool run_batches(struct trainer *trainer, uint64_t end_position, uint64_t num_batches,
                        const struct wish_source *source)
{
    uint64_t batch_size = trainer->settings.batch_size;
    /* Only the epoch's last batch may be short. */
    uint64_t end_batch =
        end_position == num_rows_of(trainer) ? num_batches : end_position / batch_size;
    struct stretch stretch = {.trainer = trainer,
                              .source = source,
                              .first_batch = trainer->batch,
                              .end_batch = end_batch,
                              .end_position = end_position,
                              .num_batches = num_batches};

#pragma omp parallel num_threads((int)trainer->team.num_members)
    {
#pragma omp single
        barrier_init(&stretch.barrier, (unsigned)omp_get_num_threads());
        train_stretch(&stretch, &trainer->team.members[omp_get_thread_num()]);
    }
    return !stretch.is_paused;
}

/* A rank without samples goes with the others as far as to the next exchange, so that they learn.
 */
static void tell_failure(struct trainer *trainer, const struct batch *batch)
{
    if (trainer->ranks->count > 1)
        exchange_run(&trainer->exchange, batch->num_slices, trainer->slice_losses[0],
                     (struct wish){.failed = 1});
}

bool trainer_run_epoch(struct trainer *trainer, uint64_t epoch, trainer_wish_function *get_wish,
                       void *context, bool *is_complete, struct error *error)
{
    const struct wish_source source = {get_wish, context};
    uint64_t batch_size = trainer->settings.batch_size, num_rows = num_rows_of(trainer);
    uint64_t num_batches = (num_rows + batch_size - 1) / batch_size;
    bool is_paused = false;

    trainer->wish = (struct wish){0};
    samples_begin_epoch(&trainer->samples, epoch);
    while (trainer->batch < num_batches && !is_paused) {
        struct batch batch = batch_of(trainer, trainer->batch, num_batches, 0);
        uint64_t end;

        if (!samples_reach(&trainer->samples, batch.first, batch.num_rows, &end, error)) {
            tell_failure(trainer, &batch);
            return ranks_agree(trainer->ranks, error);
        }
        is_paused = !run_batches(trainer, end, num_batches, &source);
    }
    *is_complete = !is_paused;
    if (trainer->wish.failed)
        return ranks_agree(trainer->ranks, error);
    return true;
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
