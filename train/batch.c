#include "train/batch.h"

#include <omp.h>

#include "model/kernels/kernels.h"

struct batch batch_of(const struct trainer *trainer, uint64_t batch_index, uint64_t num_batches,
                      uint64_t end_available)
{
    uint64_t batch_size = trainer->settings.batch_size, accumulate = trainer->settings.accumulate;
    uint64_t first = batch_index * batch_size, left = trainer->samples.dataset->num_rows - first;
    uint64_t num_rows = left < batch_size ? left : batch_size;
    struct batch batch = {.first = first,
                          .num_rows = num_rows,
                          .num_slices = batch_num_slices(num_rows),
                          .block_grads = trainer->team.block_grads[batch_index % 2],
                          .slice_losses = trainer->slice_losses[batch_index % 2],
                          .end_available = end_available,
                          .begins_step = batch_index % accumulate == 0,
                          .ends_step = (batch_index + 1) % accumulate == 0 ||
                                       batch_index + 1 == num_batches};

    batch.num_own = batch.num_slices;
    if (trainer->ranks->count > 1)
        batch.num_own = exchange_own_slices(&trainer->exchange, batch.num_slices, &batch.first_own);
    batch.block_slices = team_block_slices(&trainer->team, batch.num_own);
    batch.num_blocks = (batch.num_own + batch.block_slices - 1) / batch.block_slices;
    return batch;
}

/* Slices begin .. end - 1 of those that are this rank's: what a member computes of a batch. */
struct share {
    size_t begin, end;
};

/*
 * The rows that the member works on after one of its slices: those of the next, or of its first in
 * the next batch; false if they cannot be read yet.
 */
static bool find_next_rows(const struct trainer *trainer, const struct batch *batch, size_t own,
                           const struct share *share, const uint8_t *rows[MODEL_SLICE_ROWS])
{
    bool is_last = own + 1 == share->end;
    size_t slice = batch->first_own + (is_last ? share->begin : own + 1);
    uint64_t first =
        batch->first + slice * MODEL_SLICE_ROWS + (is_last ? trainer->settings.batch_size : 0);

    if (first + MODEL_SLICE_ROWS > batch->end_available)
        return false;
    for (size_t i = 0; i < MODEL_SLICE_ROWS; i++)
        rows[i] = samples_row(&trainer->samples, first + i);
    return true;
}

/* The gradient of one of this rank's slices of the batch's mean loss, and the sum of its losses. */
static void compute_slice(const struct trainer *trainer, const struct batch *batch, size_t own,
                          const struct share *share, struct member *member, float *grad)
{
    uint64_t first = (batch->first_own + own) * MODEL_SLICE_ROWS, left = batch->num_rows - first;
    size_t num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS;
    const uint8_t *rows[MODEL_SLICE_ROWS], *next[MODEL_SLICE_ROWS];
    uint32_t labels[MODEL_SLICE_ROWS];
    bool has_next = find_next_rows(trainer, batch, own, share, next);

    for (size_t i = 0; i < num_rows; i++) {
        rows[i] = samples_row(&trainer->samples, batch->first + first + i);
        labels[i] = samples_label(&trainer->samples, batch->first + first + i);
    }
    batch->slice_losses[own] =
        model_compute_gradient(&member->model, rows, has_next ? next : NULL, labels, num_rows,
                               1.0f / (float)batch->num_rows, &member->workspace, grad);
}

/*
 * The sum of a block's slices, in their tree.  As tree_add does it: finished subtrees wait, largest
 * first, and the bits of a slice's number say which of them it completes.
 */
static void compute_block(const struct trainer *trainer, const struct batch *batch, size_t block,
                          const struct share *share, struct member *member)
{
    const struct kernels *kernels = trainer->model->kernels;
    size_t num_parameters = trainer->model->num_parameters, first = block * batch->block_slices;
    size_t left = batch->num_own - first, num_waiting = 0;
    size_t count = left < batch->block_slices ? left : batch->block_slices;

    for (size_t i = 0; i < count; i++) {
        float *sum =
            num_waiting == 0 ? batch->block_grads[block] : member->subtrees[num_waiting - 1];
        size_t bits = i + 1 < count ? i : SIZE_MAX; /* the last completes all that wait */

        compute_slice(trainer, batch, first + i, share, member, sum);
        for (; (bits & 1) && num_waiting > 0; bits >>= 1) {
            float *left_sum =
                --num_waiting == 0 ? batch->block_grads[block] : member->subtrees[num_waiting - 1];

            kernels->add(left_sum, sum, 0, num_parameters);
            sum = left_sum;
        }
        num_waiting++;
    }
}

void batch_compute_blocks(const struct trainer *trainer, const struct batch *batch,
                          struct member *member)
{
    size_t thread = (size_t)omp_get_thread_num(), num_threads = (size_t)omp_get_num_threads();
    size_t begin = thread * batch->num_blocks / num_threads;
    size_t end = (thread + 1) * batch->num_blocks / num_threads;
    struct share share = {begin * batch->block_slices, end * batch->block_slices};

    if (share.end > batch->num_own)
        share.end = batch->num_own;
    for (size_t block = begin; block < end; block++)
        compute_block(trainer, batch, block, &share, member);
}
