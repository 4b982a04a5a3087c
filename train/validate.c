#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "common/memory.h"
#include "train/trainer.h"

enum status validate(const struct model *model, const struct dataset *dataset, int num_threads,
                     struct validation *validation, struct error *error)
{
    size_t num_slices = (size_t)((dataset->num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS);
    struct model_workspace *workspaces = NULL;
    double *slice_losses = NULL, loss_sum = 0;
    uint64_t num_correct = 0;
    enum status status;

    *validation = (struct validation){.loss = NAN, .accuracy = NAN};
    if (dataset->num_rows == 0)
        return STATUS_OK;
    status = memory_allocate(&slice_losses, num_slices, sizeof(*slice_losses), error);
    if (status == STATUS_OK)
        status = memory_allocate(&workspaces, (size_t)num_threads, sizeof(*workspaces), error);
    for (int i = 0; i < num_threads && status == STATUS_OK; i++)
        status = model_workspace_create(model, &workspaces[i], error);
    if (status != STATUS_OK)
        goto out;

#pragma omp parallel for num_threads(num_threads) schedule(static) reduction(+ : num_correct)
    for (size_t slice = 0; slice < num_slices; slice++) {
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
    return status;
}
