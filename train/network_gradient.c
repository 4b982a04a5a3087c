#include "train/network_gradient.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "model/kernels/kernels.h"
#include "model/loss.h"
#include "model/network.h"

enum { FLOATS_PER_LINE = MEMORY_ALIGNMENT / sizeof(float) };

/* ---- memory ---- */

static struct pass_size network_gradient_pass_size(const struct network_gradient_settings *settings)
{
    return (struct pass_size){.max_rows = settings->max_rows,
                              .max_slices = settings->max_slices,
                              .num_threads = settings->num_threads,
                              .is_training = true};
}

static size_t network_gradient_max_own(const struct network_gradient_settings *settings)
{
    return settings->max_rows / MODEL_SLICE_ROWS;
}

uint64_t network_gradient_nbytes(const struct model *model,
                                 const struct network_gradient_settings *settings,
                                 uint64_t row_nbytes)
{
    const struct pass_size size = network_gradient_pass_size(settings);
    uint64_t total = pass_nbytes(model, &size);

    memory_add_nbytes(&total, network_gradient_max_own(settings),
                      model->num_slice_parameters * sizeof(float));
    memory_add_nbytes(&total, settings->max_sums, model->num_trained_parameters * sizeof(float));
    if (settings->augment)
        memory_add_nbytes(&total, settings->num_threads * MODEL_SLICE_ROWS, row_nbytes);
    return total;
}

/* count arrays of size floats, zero; *memory is theirs. */
static bool network_gradient_cut(float ***arrays, float **memory, size_t count, size_t size,
                                 struct error *error)
{
    if (!memory_allocate(arrays, count, sizeof(float *), error) ||
        !memory_allocate(memory, count, size * sizeof(float), error))
        return false;
    for (size_t i = 0; i < count; i++)
        (*arrays)[i] = *memory + i * size;
    return true;
}

static bool network_gradient_create_augmented(struct network_gradient *gradient,
                                              struct error *error)
{
    const struct image_shape *image = &gradient->model->spec.image;

    gradient->augment_scratch_nbytes =
        (augment_scratch_nbytes(gradient->augment, image) + MEMORY_ALIGNMENT - 1) /
        MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
    return memory_allocate(&gradient->augmented, gradient->num_threads * MODEL_SLICE_ROWS,
                           image_num_values(image), error) &&
           memory_allocate(&gradient->augment_scratch, gradient->num_threads,
                           gradient->augment_scratch_nbytes, error);
}

bool network_gradient_create(struct network_gradient *gradient, struct model *model,
                             const struct network_gradient_settings *settings, struct error *error)
{
    const struct pass_size size = network_gradient_pass_size(settings);
    bool ok;

    *gradient = (struct network_gradient){.model = model,
                                          .ranks = settings->ranks,
                                          .exchange = settings->exchange,
                                          .samples = settings->samples,
                                          .augment = settings->augment,
                                          .seed = settings->seed,
                                          .num_threads = settings->num_threads};
    ok = pass_create(&gradient->pass, model, &size, error) &&
         network_gradient_cut(&gradient->slice_grads, &gradient->slice_memory,
                              network_gradient_max_own(settings), model->num_slice_parameters,
                              error) &&
         network_gradient_cut(&gradient->sums, &gradient->sum_memory, settings->max_sums,
                              model->num_trained_parameters, error) &&
         memory_allocate(&gradient->class_counts, settings->num_threads * model->spec.num_classes,
                         sizeof(uint64_t), error);
    if (ok && settings->augment)
        ok = network_gradient_create_augmented(gradient, error);
    if (!ok)
        network_gradient_destroy(gradient);
    return ok;
}

void network_gradient_destroy(struct network_gradient *gradient)
{
    pass_destroy(&gradient->pass);
    free(gradient->slice_grads);
    free(gradient->slice_memory);
    free(gradient->sums);
    free(gradient->sum_memory);
    free(gradient->augmented);
    free(gradient->augment_scratch);
    free(gradient->class_counts);
    *gradient = (struct network_gradient){0};
}

/* ---- slices ---- */

/* A slice's rows, as they are or augmented. */
struct network_rows {
    const uint8_t *rows[MODEL_SLICE_ROWS];
    uint32_t labels[MODEL_SLICE_ROWS], samples[MODEL_SLICE_ROWS];
};

static struct pass_slice network_gradient_read(struct network_gradient *gradient,
                                               const struct network_batch *batch, size_t own,
                                               size_t thread, bool with_pixels,
                                               struct network_rows *rows)
{
    const struct image_shape *image = &gradient->model->spec.image;
    size_t row_nbytes = image_num_values(image);
    uint64_t first = (batch->first_own + own) * MODEL_SLICE_ROWS, left = batch->num_rows - first;
    size_t num_rows = left < MODEL_SLICE_ROWS ? (size_t)left : MODEL_SLICE_ROWS;

    for (size_t i = 0; i < num_rows; i++) {
        uint64_t position = batch->first + first + i;

        rows->rows[i] = samples_row(gradient->samples, position);
        rows->labels[i] = samples_label(gradient->samples, position);
        rows->samples[i] = gradient->samples->sequence[position];
        if (gradient->augment && with_pixels) {
            uint8_t *drawn = gradient->augmented + (thread * MODEL_SLICE_ROWS + i) * row_nbytes;

            augment_apply(gradient->augment, gradient->seed, batch->epoch, rows->samples[i], image,
                          rows->rows[i], drawn,
                          gradient->augment_scratch + thread * gradient->augment_scratch_nbytes);
            rows->rows[i] = drawn;
        }
    }
    return (struct pass_slice){.index = own,
                               .thread = thread,
                               .num_rows = num_rows,
                               .rows = rows->rows,
                               .labels = rows->labels,
                               .samples = rows->samples,
                               .seed = gradient->seed,
                               .epoch = batch->epoch};
}

/* 1 over what the mean loss of the batch divides by: its rows, or the weights of their classes. */
static double network_gradient_scale(struct network_gradient *gradient,
                                     const struct network_batch *batch, size_t thread)
{
    const struct model_spec *spec = &gradient->model->spec;
    const struct loss loss = {.kind = spec->loss, .weight = spec->class_weights};
    uint64_t *counts = gradient->class_counts + thread * spec->num_classes;

    if (!spec->class_weights)
        return 1.0 / (double)batch->num_rows;
    memset(counts, 0, spec->num_classes * sizeof(*counts));
    for (uint64_t i = 0; i < batch->num_rows; i++)
        counts[samples_label(gradient->samples, batch->first + i)]++;
    return 1.0 / loss_sum_weights(&loss, counts, spec->num_classes);
}

/* ---- sums over all ranks' slices ---- */

static double *network_gradient_sums_of(const struct network_gradient *gradient, size_t slice)
{
    return gradient->pass.sums + slice * gradient->model->network->sums_size;
}

/* By one thread: all ranks get the sums of all slices. */
static void network_gradient_share_sums(struct network_gradient *gradient, size_t num_slices)
{
    struct ranks *ranks = gradient->ranks;

    for (size_t rank = 0; ranks->count > 1 && rank < ranks->count; rank++) {
        size_t first, count = exchange_slices_of(gradient->exchange, rank, num_slices, &first);

        ranks->blocks[rank] =
            (struct ranks_block){network_gradient_sums_of(gradient, first),
                                 count * gradient->model->network->sums_size * sizeof(double)};
    }
    if (ranks->count > 1)
        ranks_gather_all(ranks, RANKS_STEPS, ranks->blocks);
}

/* Between two stages; all threads. */
static void network_gradient_end_stage(struct network_gradient *gradient,
                                       const struct network_batch *batch, size_t stage,
                                       bool is_forward, struct barrier *barrier)
{
    struct pass *pass = &gradient->pass;

    if (barrier_arrive(barrier)) {
        network_gradient_share_sums(gradient, batch->num_slices);
        if (is_forward)
            pass_end_forward(pass, stage, pass->sums, batch->num_slices, batch->num_rows,
                             gradient->model->parameters);
        else
            pass_end_backward(pass, stage, pass->sums, batch->num_slices, batch->num_rows);
        barrier_release(barrier);
    }
}

/* ---- a batch ---- */

/* Threads' own slices, forward through a stage; after the last stage also back through it. */
static void network_gradient_forward(struct network_gradient *gradient,
                                     const struct network_batch *batch, size_t stage, size_t thread,
                                     size_t num_threads, double *slice_losses)
{
    size_t begin = thread * batch->num_own / num_threads;
    size_t end = (thread + 1) * batch->num_own / num_threads;
    bool is_last = stage + 1 == pass_num_stages(gradient->model);
    double scale = is_last ? network_gradient_scale(gradient, batch, thread) : 0.0;

    for (size_t own = begin; own < end; own++) {
        struct network_rows rows;
        struct pass_slice slice =
            network_gradient_read(gradient, batch, own, thread, stage == 0, &rows);
        double *sums = network_gradient_sums_of(gradient, batch->first_own + own);

        pass_forward(&gradient->pass, stage, &slice, sums);
        if (!is_last)
            continue;
        slice_losses[own] = pass_loss(&gradient->pass, &slice, scale);
        pass_backward(&gradient->pass, stage, &slice, gradient->slice_grads[own], sums);
    }
}

static void network_gradient_backward(struct network_gradient *gradient,
                                      const struct network_batch *batch, size_t stage,
                                      size_t thread, size_t num_threads)
{
    size_t begin = thread * batch->num_own / num_threads;
    size_t end = (thread + 1) * batch->num_own / num_threads;

    for (size_t own = begin; own < end; own++) {
        struct network_rows rows;
        struct pass_slice slice = network_gradient_read(gradient, batch, own, thread, false, &rows);

        pass_backward(&gradient->pass, stage, &slice, gradient->slice_grads[own],
                      network_gradient_sums_of(gradient, batch->first_own + own));
    }
}

/* Subtree index of this rank's: its slices, among the rank's own. */
static void network_gradient_subtree(const struct network_gradient *gradient,
                                     const struct network_batch *batch, size_t index, size_t *begin,
                                     size_t *end)
{
    *begin = 0;
    *end = batch->num_own;
    if (gradient->exchange)
        exchange_own_sum(gradient->exchange, batch->num_slices, index, begin, end);
}

static void network_gradient_add_up(struct network_gradient *gradient,
                                    const struct network_batch *batch, size_t thread,
                                    size_t num_threads)
{
    const struct model *model = gradient->model;
    size_t num_sums =
        gradient->exchange ? exchange_num_own_sums(gradient->exchange, batch->num_slices) : 1;
    size_t num_lines = model->num_slice_parameters / FLOATS_PER_LINE;
    size_t first = thread * num_lines / num_threads * FLOATS_PER_LINE;
    size_t last = (thread + 1) * num_lines / num_threads * FLOATS_PER_LINE;
    uint64_t rows_before = (uint64_t)batch->first_own * MODEL_SLICE_ROWS;
    uint64_t own_rows = batch->num_own * (uint64_t)MODEL_SLICE_ROWS;

    if (rows_before + own_rows > batch->num_rows)
        own_rows = batch->num_rows - rows_before;
    for (size_t i = 0; i < num_sums; i++) {
        size_t begin, end;

        network_gradient_subtree(gradient, batch, i, &begin, &end);
        pass_gradient_tiles(&gradient->pass, begin, end, (size_t)own_rows, thread, num_threads,
                            gradient->sums[i]);
        if (first == last)
            continue;
        model->kernels->tree_add(gradient->slice_grads + begin, end - begin, first, last);
        memcpy(gradient->sums[i] + first, gradient->slice_grads[begin] + first,
               (last - first) * sizeof(float));
    }
}

void network_gradient_compute(struct network_gradient *gradient, const struct network_batch *batch,
                              struct barrier *barrier, double *slice_losses)
{
    size_t thread = (size_t)omp_get_thread_num(), num_threads = (size_t)omp_get_num_threads();
    size_t last = pass_num_stages(gradient->model) - 1;

    model_pack(gradient->model, true, thread, num_threads);
    barrier_wait(barrier);
    for (size_t stage = 0; stage <= last; stage++) {
        network_gradient_forward(gradient, batch, stage, thread, num_threads, slice_losses);
        if (stage < last)
            network_gradient_end_stage(gradient, batch, stage, true, barrier);
    }
    for (size_t stage = last; stage > 0; stage--) {
        network_gradient_end_stage(gradient, batch, stage, false, barrier);
        network_gradient_backward(gradient, batch, stage - 1, thread, num_threads);
    }
    barrier_wait(barrier);
    network_gradient_add_up(gradient, batch, thread, num_threads);
}

void network_gradient_skip(struct network_gradient *gradient, size_t num_slices)
{
    size_t last = pass_num_stages(gradient->model) - 1;

    for (size_t i = 0; i < 2 * last; i++)
        network_gradient_share_sums(gradient, num_slices);
}
