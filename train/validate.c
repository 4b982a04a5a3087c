#include <math.h>
#include <stdlib.h>

#include "apply/split_pass.h"
#include "common/memory.h"
#include "train/trainer.h"

/* Collective: each rank has the losses of its slices; all then have all. */
static void validate_gather_losses(struct ranks *ranks, double *slice_losses, size_t num_slices)
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

bool validate(const struct model *model, struct dataset *dataset, struct ranks *ranks,
              int num_threads, struct validation *validation, struct error *error)
{
    struct split_pass pass = {
        .model = model, .dataset = dataset, .labels = dataset->labels, .num_threads = num_threads};
    size_t num_slices = split_pass_num_slices(dataset->num_rows);
    size_t begin = ranks->index * num_slices / ranks->count;
    size_t end = (ranks->index + 1) * num_slices / ranks->count;
    double *slice_losses = NULL;
    uint64_t num_correct = 0;
    bool ok;

    *validation = (struct validation){.loss = NAN, .accuracy = NAN};
    if (dataset->num_rows == 0)
        return true;
    if (memory_allocate(&slice_losses, num_slices, sizeof(*slice_losses), error))
        split_pass_prepare(&pass, error);
    ok = ranks_agree(ranks, error);
    if (ok) {
        split_pass_run(&pass, begin, end, slice_losses, &num_correct, error);
        ok = ranks_agree(ranks, error);
    }
    if (ok) {
        validate_gather_losses(ranks, slice_losses, num_slices);
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
