#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "common/memory.h"
#include "train/trainer.h"

/* Collective: each rank has the losses of its slices; all then have all. */
static void gather_losses(struct ranks *ranks, double *slice_losses, size_t num_slices)
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

/* Makes slices from slice on available, until before *end. */
static bool reach_slice(struct dataset *dataset, size_t slice, size_t *end, struct error *error)
{
    uint64_t first = slice * MODEL_SLICE_ROWS, available;
    uint64_t in_block = first & (((uint64_t)1 << dataset->block_shift) - 1);
    bool ok = dataset_reach(dataset, first - in_block, &available, error);

    /* Only the last slice may be short. */
    if (ok)
        *end = (size_t)(available / MODEL_SLICE_ROWS +
                        (available == dataset->num_rows && available % MODEL_SLICE_ROWS != 0));
    return ok;
}

/* Writes the losses of slices begin .. end - 1 and returns how many predictions are right. */
static uint64_t evaluate_slices(const struct model *model, const struct dataset *dataset,
                                size_t begin, size_t end, int num_threads,
                                struct model_workspace *workspaces, double *slice_losses)
{
    uint64_t num_correct = 0;

#pragma omp parallel for num_threads(num_threads) schedule(static) reduction(+ : num_correct)
    for (size_t slice = begin; slice < end; slice++) {
        uint64_t first = slice * MODEL_SLICE_ROWS, left = dataset->num_rows - first;
        size_t num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS;
        const uint8_t *rows[MODEL_SLICE_ROWS];
        uint32_t predictions[MODEL_SLICE_ROWS];

        for (size_t i = 0; i < num_rows; i++)
            rows[i] = dataset_row(dataset, first + i);
        model_evaluate(model, rows, dataset->labels + first, num_rows,
                       &workspaces[omp_get_thread_num()], predictions, NULL, &slice_losses[slice]);
        for (size_t i = 0; i < num_rows; i++)
            num_correct += predictions[i] == dataset->labels[first + i];
    }
    return num_correct;
}

bool validate(const struct model *model, struct dataset *dataset, struct ranks *ranks,
              int num_threads, struct validation *validation, struct error *error)
{
    size_t num_slices = (size_t)((dataset->num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS);
    size_t begin = ranks->index * num_slices / ranks->count;
    size_t end = (ranks->index + 1) * num_slices / ranks->count;
    struct model_workspace *workspaces = NULL;
    double *slice_losses = NULL, loss_sum = 0;
    uint64_t num_correct = 0;
    bool ok;

    *validation = (struct validation){.loss = NAN, .accuracy = NAN};
    if (dataset->num_rows == 0)
        return true;
    ok = memory_allocate(&slice_losses, num_slices, sizeof(*slice_losses), error);
    if (ok)
        ok = memory_allocate(&workspaces, (size_t)num_threads, sizeof(*workspaces), error);
    for (int i = 0; i < num_threads && ok; i++)
        ok = model_workspace_create(model, &workspaces[i], error);
    ok = ranks_agree(ranks, error);
    if (!ok)
        goto out;

    for (size_t slice = begin; slice < end && ok;) {
        size_t stretch_end;

        ok = reach_slice(dataset, slice, &stretch_end, error);
        if (!ok)
            break;
        if (stretch_end > end)
            stretch_end = end;
        num_correct += evaluate_slices(model, dataset, slice, stretch_end, num_threads, workspaces,
                                       slice_losses);
        slice = stretch_end;
    }
    ok = ranks_agree(ranks, error);
    if (!ok)
        goto out;
    gather_losses(ranks, slice_losses, num_slices);
    ranks_add(ranks, &num_correct, 1);
    for (size_t slice = 0; slice < num_slices; slice++)
        loss_sum += slice_losses[slice];
    *validation = (struct validation){.loss = loss_sum / (double)dataset->num_rows,
                                      .accuracy = (double)num_correct / (double)dataset->num_rows,
                                      .num_correct = num_correct};
out:
    for (int i = 0; workspaces && i < num_threads; i++)
        model_workspace_destroy(&workspaces[i]);
    free(workspaces);
    free(slice_losses);
    return ok;
}
