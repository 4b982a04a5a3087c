#include "train/trainer.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "apply/split_pass.h"
#include "common/memory.h"
#include "common/progress.h"
#include "model/kernels/kernels.h"

enum {
    /* Threads share parameters in cache lines, so that no two write to one. */
    PARAMETERS_PER_LINE = MEMORY_ALIGNMENT / sizeof(float),
    /* As many sums of blocks, in floats, as one thread adds up in less time than it takes to share
     * the work: what they read stays in a level 1 cache. */
    MAX_FLOATS_OF_ONE = 6144,
};

/* ---- making ---- */

/* Which slices of a batch are this rank's. */
static void trainer_shape_batch(const struct trainer *trainer, struct batch_shape *shape)
{
    shape->num_own = shape->num_slices;
    if (trainer->ranks->count > 1)
        shape->num_own =
            exchange_own_slices(&trainer->exchange, shape->num_slices, &shape->first_own);
}

/* What takes batches of both shapes through a network. */
static bool trainer_create_network(struct trainer *trainer, const struct augment *augment,
                                   struct error *error)
{
    const struct batch_shape *shapes = trainer->shapes;
    size_t max_own = shapes[0].num_own > shapes[1].num_own ? shapes[0].num_own : shapes[1].num_own;
    bool is_alone = trainer->ranks->count == 1;
    const struct network_gradient_settings settings = {
        .samples = &trainer->samples,
        .exchange = is_alone ? NULL : &trainer->exchange,
        .ranks = trainer->ranks,
        .augment = augment,
        .seed = trainer->options->seed,
        .num_threads = trainer->options->threads,
        .max_rows = max_own * MODEL_SLICE_ROWS,
        .max_slices = shapes[0].num_slices,
        .max_sums = is_alone ? 1 : exchange_max_own_sums(&trainer->exchange),
    };

    team_create_threads(&trainer->team, trainer->options->threads);
    return network_gradient_create(&trainer->network, trainer->model, &settings, error);
}

/* Divides whole batches, and the epoch's last batch, among ranks and threads. */
static bool trainer_share_batches(struct trainer *trainer, const struct trainer_settings *settings,
                                  struct error *error)
{
    const struct model *model = trainer->model;
    struct batch_shape *shapes = trainer->shapes;
    uint64_t num_rows = trainer->samples.dataset->num_rows, size = trainer->options->batch_size;
    bool is_alone = trainer->ranks->count == 1;
    size_t num_slices[2], own_slices[2];

    shapes[0].num_rows = size < num_rows ? size : num_rows;
    shapes[1].num_rows = (num_rows - 1) % shapes[0].num_rows + 1;
    for (int i = 0; i < 2; i++)
        num_slices[i] = shapes[i].num_slices = split_pass_num_slices(shapes[i].num_rows);
    if (!is_alone &&
        !exchange_create(&trainer->exchange, trainer->ranks, model->kernels,
                         model->num_trained_parameters,
                         settings->update.clip_norm > 0 ? SUM_SQUARES_BLOCK : PARAMETERS_PER_LINE,
                         num_slices, EXCHANGE_GATHER_NBYTES, error))
        return false;
    for (int i = 0; i < 2; i++) {
        trainer_shape_batch(trainer, &shapes[i]);
        own_slices[i] = shapes[i].num_own;
    }
    if (!memory_allocate(&trainer->slice_losses,
                         own_slices[0] > own_slices[1] ? own_slices[0] : own_slices[1],
                         sizeof(double), error))
        return false;
    if (model->network)
        return trainer_create_network(trainer, settings->augment, error);
    if (!team_create(&trainer->team, model, trainer->options->threads, own_slices, is_alone, error))
        return false;
    for (int i = 0; i < 2; i++) {
        shapes[i].block_slices = team_block_slices(&trainer->team, own_slices[i]);
        shapes[i].num_blocks =
            (own_slices[i] + shapes[i].block_slices - 1) / shapes[i].block_slices;
    }
    return true;
}

bool trainer_create(struct trainer *trainer, const struct train_options *options,
                    const struct trainer_settings *settings, struct model *model,
                    struct dataset *train, struct ranks *ranks, struct checkpoint *checkpoint,
                    struct error *error)
{
    bool ok;

    *trainer = (struct trainer){
        .options = options, .model = model, .ranks = ranks, .checkpoint = checkpoint};
    ok = samples_create(&trainer->samples, train, &settings->order, error) &&
         update_create(&trainer->update, model, &settings->update, error) &&
         trainer_share_batches(trainer, settings, error);
    if (ok && options->accumulate > 1)
        ok = memory_allocate(&trainer->accumulated, model->num_trained_parameters, sizeof(float),
                             error);
    if (!ok)
        trainer_destroy(trainer);
    return ok;
}

void trainer_destroy(struct trainer *trainer)
{
    team_destroy(&trainer->team);
    free(trainer->slice_losses);
    network_gradient_destroy(&trainer->network);
    update_destroy(&trainer->update);
    free(trainer->accumulated);
    exchange_destroy(&trainer->exchange);
    samples_destroy(&trainer->samples);
    *trainer = (struct trainer){0};
}

/* ---- one batch: which rows, which slices, which blocks ---- */

struct batch {
    const struct batch_shape *shape;
    uint64_t first;         /* in the epoch's order */
    uint64_t end_available; /* samples before this position of the epoch can be read */
    uint64_t step;          /* updates before it */
    bool begins_step;
    bool ends_step; /* its gradient completes a step */
    bool ends_epoch;
};

/* Batch number index, from 0, of an epoch. */
static struct batch trainer_batch(const struct trainer *trainer, uint64_t index,
                                  uint64_t end_available)
{
    uint64_t batch_size = trainer->options->batch_size, accumulate = trainer->options->accumulate;
    uint64_t first = index * batch_size;
    bool ends_epoch = trainer->samples.dataset->num_rows - first <= batch_size;

    return (struct batch){.shape = &trainer->shapes[ends_epoch],
                          .first = first,
                          .step = trainer->checkpoint->step,
                          .end_available = end_available,
                          .begins_step = index % accumulate == 0,
                          .ends_step = (index + 1) % accumulate == 0 || ends_epoch,
                          .ends_epoch = ends_epoch};
}

/* ---- from rows to the gradients of blocks ---- */

/* Slices begin .. end - 1 of those that are this rank's: what a thread computes of a batch. */
struct share {
    size_t begin, end;
};

/*
 * The rows that a thread works on after one of its slices: those of the next, or of its first in
 * the next batch; false if they cannot be read yet.
 */
static bool trainer_find_next_rows(const struct trainer *trainer, const struct batch *batch,
                                   size_t own, const struct share *share,
                                   const uint8_t *rows[MODEL_SLICE_ROWS])
{
    bool is_last = own + 1 == share->end;
    size_t slice = batch->shape->first_own + (is_last ? share->begin : own + 1);
    uint64_t first =
        batch->first + slice * MODEL_SLICE_ROWS + (is_last ? trainer->options->batch_size : 0);

    if (first + MODEL_SLICE_ROWS > batch->end_available)
        return false;
    for (size_t i = 0; i < MODEL_SLICE_ROWS; i++)
        rows[i] = samples_row(&trainer->samples, first + i);
    return true;
}

/* The gradient of one of this rank's slices of the batch's mean loss, and the sum of its losses. */
static void trainer_compute_slice(const struct trainer *trainer, const struct batch *batch,
                                  size_t own, const struct share *share, struct member *member,
                                  float *grad)
{
    uint64_t first = (batch->shape->first_own + own) * MODEL_SLICE_ROWS,
             left = batch->shape->num_rows - first;
    size_t num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS;
    const uint8_t *rows[MODEL_SLICE_ROWS], *next[MODEL_SLICE_ROWS];
    uint32_t labels[MODEL_SLICE_ROWS];
    bool has_next = trainer_find_next_rows(trainer, batch, own, share, next);

    for (size_t i = 0; i < num_rows; i++) {
        rows[i] = samples_row(&trainer->samples, batch->first + first + i);
        labels[i] = samples_label(&trainer->samples, batch->first + first + i);
    }
    trainer->slice_losses[own] =
        model_compute_gradient(trainer->model, rows, has_next ? next : NULL, labels, num_rows,
                               1.0f / (float)batch->shape->num_rows, &member->workspace, grad);
}

/*
 * The sum of a block's slices, in the order of kernels->tree_add: finished subtrees wait, largest
 * first, and the bits of a slice's number say which of them it completes.
 */
static void trainer_compute_block(const struct trainer *trainer, const struct batch *batch,
                                  size_t block, const struct share *share, struct member *member)
{
    const struct kernels *kernels = trainer->model->kernels;
    size_t num_parameters = trainer->model->num_parameters,
           first = block * batch->shape->block_slices;
    size_t left = batch->shape->num_own - first, num_waiting = 0;
    size_t count = left < batch->shape->block_slices ? left : batch->shape->block_slices;
    float *block_grad = trainer->team.block_grads[block];

    for (size_t i = 0; i < count; i++) {
        float *sum = num_waiting == 0 ? block_grad : member->subtrees[num_waiting - 1];
        size_t bits = i + 1 < count ? i : SIZE_MAX; /* the last completes all that wait */

        trainer_compute_slice(trainer, batch, first + i, share, member, sum);
        for (; (bits & 1) && num_waiting > 0; bits >>= 1) {
            float *left_sum = --num_waiting == 0 ? block_grad : member->subtrees[num_waiting - 1];

            kernels->add(left_sum, sum, 0, num_parameters);
            sum = left_sum;
        }
        num_waiting++;
    }
}

/* The calling thread's share of the blocks, into team.block_grads, and the losses of their slices.
 */
static void trainer_compute_blocks(struct trainer *trainer, const struct batch *batch)
{
    size_t thread = (size_t)omp_get_thread_num(), num_threads = (size_t)omp_get_num_threads();
    size_t begin = thread * batch->shape->num_blocks / num_threads;
    size_t end = (thread + 1) * batch->shape->num_blocks / num_threads;
    struct share share = {begin * batch->shape->block_slices, end * batch->shape->block_slices};

    if (share.end > batch->shape->num_own)
        share.end = batch->shape->num_own;
    for (size_t block = begin; block < end; block++)
        trainer_compute_block(trainer, batch, block, &share, &trainer->team.members[thread]);
}

/* ---- from gradients to the step ---- */

/* The calling thread's share of count parameters, in whole cache lines. */
static void trainer_parameter_range(size_t count, size_t *begin, size_t *end)
{
    size_t thread = (size_t)omp_get_thread_num(), num_threads = (size_t)omp_get_num_threads();
    size_t num_lines = (count + PARAMETERS_PER_LINE - 1) / PARAMETERS_PER_LINE;

    *begin = thread * num_lines / num_threads * PARAMETERS_PER_LINE;
    *end = (thread + 1) * num_lines / num_threads * PARAMETERS_PER_LINE;
    if (*end > count)
        *end = count;
}

/* What this rank has of a batch's gradient, once its threads have summed it up. */
struct summed {
    float *grad;           /* from parameter part on */
    size_t part, part_end; /* all parameters, or those that this rank makes the step of */
};

/* The gradient that a step takes, of parameters begin .. end - 1 from the part on. */
static float *trainer_accumulate(const struct trainer *trainer, const struct batch *batch,
                                 const struct summed *summed, size_t begin, size_t end)
{
    float *accumulated = trainer->accumulated ? trainer->accumulated + summed->part : NULL;

    if (!accumulated)
        return summed->grad;
    if (batch->begins_step)
        for (size_t i = begin; i < end; i++)
            accumulated[i] = 0.0f;
    trainer->model->kernels->add(accumulated, summed->grad, begin, end);
    return accumulated;
}

/* For clipping: the sums of squares of the whole gradient, by all threads of all ranks. */
static void trainer_sum_squares(struct trainer *trainer, const struct summed *summed, float *grad,
                                struct barrier *barrier)
{
    size_t thread = (size_t)omp_get_thread_num(), num_threads = (size_t)omp_get_num_threads();
    size_t first = summed->part / SUM_SQUARES_BLOCK;
    size_t num_blocks = (summed->part_end + SUM_SQUARES_BLOCK - 1) / SUM_SQUARES_BLOCK - first;
    size_t begin = thread * num_blocks / num_threads;
    size_t end = (thread + 1) * num_blocks / num_threads;

    barrier_wait(barrier);
    update_sum_blocks(&trainer->update, grad + begin * SUM_SQUARES_BLOCK, first + begin,
                      first + end);
    if (barrier_arrive(barrier)) {
        if (trainer->ranks->count > 1)
            exchange_gather_blocks(&trainer->exchange, trainer->update.block_sums);
        barrier_release(barrier);
    }
}

/* Accumulates the thread's range begin .. end - 1 of the part, and updates it when a step is due.
 */
static void trainer_update_summed(struct trainer *trainer, const struct batch *batch,
                                  const struct summed *summed, size_t begin, size_t end,
                                  struct barrier *barrier)
{
    float *grad = trainer_accumulate(trainer, batch, summed, begin, end);
    struct update_step step;

    if (!batch->ends_step)
        return;
    if (trainer->update.settings.clip_norm > 0)
        trainer_sum_squares(trainer, summed, grad, barrier);
    step = update_begin_step(&trainer->update, batch->step);
    update_range(&trainer->update, &step, grad, summed->part, begin, end);
#pragma omp master
    update_end_step(&trainer->update, &step);
}

/* The same with the other ranks, which add up their sums first.  request: this rank's. */
static void trainer_update_together(struct trainer *trainer, const struct batch *batch,
                                    struct barrier *barrier, struct rank_request request)
{
    struct exchange *exchange = &trainer->exchange;
    struct summed summed;
    size_t begin, end;

    trainer_parameter_range(trainer->model->num_trained_parameters, &begin, &end);
    if (trainer->model->network)
        exchange_pack_sums(exchange, batch->shape->num_slices, trainer->network.sums, begin, end);
    else
        exchange_pack(exchange, batch->shape->num_slices, trainer->team.block_grads, begin, end);
    barrier_wait(barrier);
#pragma omp master
    exchange_run(exchange, batch->shape->num_slices, trainer->slice_losses, request);
    barrier_wait(barrier);
    if (exchange->request.failed)
        return; /* what was sent is no sum */
    exchange_part(exchange, &summed.part, &summed.part_end);
    trainer_parameter_range(summed.part_end - summed.part, &begin, &end);
    summed.grad =
        exchange_finish(exchange, batch->shape->num_slices, summed.part + begin, summed.part + end);
    trainer_update_summed(trainer, batch, &summed, begin, end, barrier);
    if (exchange->is_gathered || !batch->ends_step)
        return;
    barrier_wait(barrier);
#pragma omp master
    exchange_gather_parts(exchange, RANKS_STEPS, trainer->model->parameters);
}

/* ---- batch after batch ---- */

/* What the threads of a rank share while they train batches that can be read. */
struct stretch {
    struct trainer *trainer;
    trainer_request_function *get_request;
    void *context;
    uint64_t end_batch;
    uint64_t end_position; /* all samples before it are available */
    struct barrier barrier;
    struct rank_request request; /* this rank's at the batch at work */
    bool is_paused;
};

/* By one thread, after the update and before any begins the next batch. */
static void trainer_end_batch(struct stretch *stretch, const struct batch *batch)
{
    struct trainer *trainer = stretch->trainer;
    bool is_alone = trainer->ranks->count == 1;
    const double *losses = is_alone ? trainer->slice_losses : trainer->exchange.slice_losses;
    struct rank_request request = is_alone ? stretch->request : trainer->exchange.request;

    trainer->request = request;
    if (request.failed) {
        stretch->is_paused = true;
        return;
    }
    for (size_t slice = 0; slice < batch->shape->num_slices; slice++)
        trainer->checkpoint->loss_sum += losses[slice];
    trainer->checkpoint->batch++;
    trainer->checkpoint->step += batch->ends_step;
    trainer->has_diverged = !isfinite(trainer->checkpoint->loss_sum);
    stretch->is_paused = trainer->has_diverged || (batch->ends_step && !batch->ends_epoch &&
                                                   (request.stop_signal || request.save));
}

static void trainer_ask(struct stretch *stretch, const struct batch *batch)
{
    stretch->request =
        stretch->get_request
            ? stretch->get_request(stretch->context, batch->first + batch->shape->num_rows)
            : (struct rank_request){0};
}

/* Of the only rank: sums up parameters begin .. end - 1 and updates them. */
static void trainer_update_alone(struct trainer *trainer, const struct batch *batch, size_t begin,
                                 size_t end, struct barrier *barrier)
{
    struct summed summed = {.part_end = trainer->model->num_trained_parameters};

    if (trainer->model->network) {
        summed.grad = trainer->network.sums[0];
    } else {
        summed.grad = trainer->team.block_grads[0];
        trainer->model->kernels->tree_add(trainer->team.block_grads, batch->shape->num_blocks,
                                          begin, end);
    }
    trainer_update_summed(trainer, batch, &summed, begin, end, barrier);
}

static void trainer_compute_network(struct trainer *trainer, const struct batch *batch,
                                    struct barrier *barrier)
{
    const struct network_batch network_batch = {.epoch = trainer->epoch,
                                                .first = batch->first,
                                                .num_rows = batch->shape->num_rows,
                                                .num_slices = batch->shape->num_slices,
                                                .first_own = batch->shape->first_own,
                                                .num_own = batch->shape->num_own};

    network_gradient_compute(&trainer->network, &network_batch, barrier, trainer->slice_losses);
}

/*
 * One batch, by all threads of this rank.  Nobody reads gradients, losses or the request of a batch
 * before all threads have written theirs, and nobody begins the next batch before the step is made.
 */
static void trainer_run_batch(struct stretch *stretch, const struct batch *batch)
{
    struct trainer *trainer = stretch->trainer;
    struct barrier *barrier = &stretch->barrier;
    size_t num_parameters = trainer->model->num_trained_parameters, begin, end;
    bool is_alone = trainer->ranks->count == 1, is_network = trainer->model->network != NULL;

    if (is_network)
        trainer_compute_network(trainer, batch, barrier);
    else
        trainer_compute_blocks(trainer, batch);
#pragma omp master
    trainer_ask(stretch, batch);
    if (is_alone && !is_network && trainer->update.settings.clip_norm == 0 &&
        batch->shape->num_blocks * num_parameters <= MAX_FLOATS_OF_ONE) {
        if (barrier_arrive(barrier)) {
            trainer_update_alone(trainer, batch, 0, num_parameters, barrier);
            trainer_end_batch(stretch, batch);
            barrier_release(barrier);
        }
        return;
    }
    barrier_wait(barrier);
    if (is_alone) {
        trainer_parameter_range(num_parameters, &begin, &end);
        trainer_update_alone(trainer, batch, begin, end, barrier);
    } else {
        trainer_update_together(trainer, batch, barrier, stretch->request);
    }
#pragma omp master
    trainer_end_batch(stretch, batch);
    barrier_wait(barrier);
}

/* Trains the batches from checkpoint->batch on whose samples all come before end_position, which is
 * how far they are available; false when the epoch is to pause or has failed. */
static bool trainer_run_batches(struct stretch *stretch, uint64_t end_position)
{
    struct trainer *trainer = stretch->trainer;
    uint64_t num_rows = trainer->samples.dataset->num_rows,
             first_batch = trainer->checkpoint->batch;

    /* Only the epoch's last batch may be short. */
    uint64_t batch_size = trainer->options->batch_size;
    uint64_t end_batch = end_position / batch_size;

    if (end_position == num_rows)
        end_batch = (num_rows + batch_size - 1) / batch_size;
#pragma omp parallel num_threads((int)trainer->team.num_members)
    {
#pragma omp single
        barrier_init(&stretch->barrier, (unsigned)omp_get_num_threads());
        for (uint64_t index = first_batch; index < end_batch && !stretch->is_paused; index++) {
            struct batch batch = trainer_batch(trainer, index, end_position);

            trainer_run_batch(stretch, &batch);
        }
    }
    return !stretch->is_paused;
}

/* A rank that cannot read its samples goes with the others to their next exchange, where they learn
 * of it. */
static void trainer_tell_failure(struct trainer *trainer, const struct batch *batch)
{
    if (trainer->ranks->count == 1)
        return;
    if (trainer->model->network)
        network_gradient_skip(&trainer->network, batch->shape->num_slices);
    exchange_run(&trainer->exchange, batch->shape->num_slices, trainer->slice_losses,
                 (struct rank_request){.failed = 1});
}

bool trainer_run_epoch(struct trainer *trainer, uint64_t epoch,
                       trainer_request_function *get_request, void *context, bool *is_complete,
                       struct error *error)
{
    struct stretch stretch = {.trainer = trainer, .get_request = get_request, .context = context};
    uint64_t num_rows = trainer->samples.dataset->num_rows;

    trainer->request = (struct rank_request){0};
    trainer->epoch = epoch;
    samples_begin_epoch(&trainer->samples, epoch);
    while (trainer->checkpoint->batch * trainer->options->batch_size < num_rows &&
           !stretch.is_paused) {
        struct batch batch = trainer_batch(trainer, trainer->checkpoint->batch, 0);
        uint64_t end;

        if (!samples_reach(&trainer->samples, batch.first, batch.shape->num_rows, &end, error)) {
            trainer_tell_failure(trainer, &batch);
            return ranks_agree(trainer->ranks, error);
        }
        trainer_run_batches(&stretch, end);
    }
    *is_complete = !stretch.is_paused;
    return !trainer->request.failed || ranks_agree(trainer->ranks, error);
}

void trainer_gather_states(struct trainer *trainer)
{
    const struct update *update = &trainer->update;

    if (!trainer->ranks || trainer->ranks->count == 1)
        return;
    for (size_t i = 0; i < update->num_states; i++)
        exchange_gather_parts(&trainer->exchange, RANKS_OTHERS, update->states[i]);
    if (update->average)
        exchange_gather_parts(&trainer->exchange, RANKS_OTHERS, update->average);
}

double trainer_end_epoch(struct trainer *trainer)
{
    struct checkpoint *checkpoint = trainer->checkpoint;
    double loss = checkpoint->loss_sum / (double)trainer->samples.dataset->num_rows;

    checkpoint->batch = 0;
    checkpoint->loss_sum = 0;
    return loss;
}

void trainer_swap_average(struct trainer *trainer)
{
    float *parameters = trainer->model ? trainer->model->parameters : NULL;
    float *average = trainer->update.average;

    for (size_t i = 0; average && i < trainer->model->num_parameters; i++) {
        float value = parameters[i];

        parameters[i] = average[i];
        average[i] = value;
    }
}

double trainer_learning_rate(const struct trainer *trainer)
{
    uint64_t step = trainer->checkpoint->step;

    return schedule_at(&trainer->update.settings.schedule, step > 0 ? step - 1 : 0).learning_rate;
}

/* ---- validation ---- */

/* Each rank has the losses of its slices; then all have all. */
static void trainer_gather_losses(struct ranks *ranks, double *slice_losses, size_t num_slices)
{
    if (ranks->count == 1)
        return;
    for (size_t rank = 0; rank < ranks->count; rank++) {
        size_t begin = rank * num_slices / ranks->count;
        size_t end = (rank + 1) * num_slices / ranks->count;

        ranks->blocks[rank] =
            (struct ranks_block){slice_losses + begin, (end - begin) * sizeof(*slice_losses)};
    }
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
}

bool trainer_validate(const struct model *model, struct dataset *dataset, struct ranks *ranks,
                      int num_threads, struct validation *validation, struct error *error)
{
    size_t num_slices = split_pass_num_slices(dataset->num_rows);
    size_t begin = ranks->index * num_slices / ranks->count;
    size_t end = (ranks->index + 1) * num_slices / ranks->count;
    struct progress progress =
        progress_begin(NULL, "validate", "samples", (uint64_t)(end - begin) * MODEL_SLICE_ROWS);
    struct split_pass pass = {.model = model,
                              .dataset = dataset,
                              .labels = dataset->labels,
                              .num_threads = num_threads,
                              .progress = &progress,
                              .progress_first = begin};
    double *slice_losses = NULL;
    uint64_t num_correct = 0;
    bool ok;

    *validation = (struct validation){.loss = NAN, .accuracy = NAN};
    if (dataset->num_rows == 0)
        return true;
    if (memory_allocate(&slice_losses, num_slices, sizeof(*slice_losses), error))
        split_pass_prepare(&pass, error);
    /* Ranks that share a streamed split wait for each other inside the pass: all begin, or none. */
    ok = ranks_agree(ranks, error);
    if (ok) {
        split_pass_run(&pass, begin, end, slice_losses, &num_correct, error);
        progress_clear(&progress);
        ok = ranks_agree(ranks, error);
    }
    if (ok) {
        trainer_gather_losses(ranks, slice_losses, num_slices);
        ranks_add(ranks, &num_correct, 1);
        *validation =
            (struct validation){.loss = split_pass_mean_loss(slice_losses, dataset->num_rows),
                                .accuracy = (double)num_correct / (double)dataset->num_rows,
                                .num_correct = num_correct};
    }
    split_pass_release(&pass);
    free(slice_losses);
    return ok;
}
