#include "apply/split_pass.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/progress.h"
#include "model/pass.h"

size_t split_pass_num_slices(uint64_t num_rows)
{
    return (size_t)((num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS);
}

uint64_t split_pass_nbytes(const struct model *model, int num_threads)
{
    /* logits, grad_logits and probs of struct model_workspace */
    const uint64_t logit_nbytes = 2 * sizeof(float) + sizeof(double);
    const struct pass_size size = {.max_rows = MODEL_SLICE_ROWS, .max_slices = 1, .num_threads = 1};
    uint64_t total = (uint64_t)num_threads * MODEL_SLICE_ROWS * model->num_logits * logit_nbytes;

    memory_add_nbytes(&total, (uint64_t)num_threads, pass_nbytes(model, &size));
    return total;
}

/* Makes samples from the first of slice on available, all of slices slice to *end - 1. */
static bool split_pass_reach(struct dataset *dataset, size_t slice, size_t *end,
                             struct error *error)
{
    uint64_t first = (uint64_t)slice * MODEL_SLICE_ROWS, available;
    uint64_t in_block = first & (((uint64_t)1 << dataset->block_shift) - 1);

    if (!dataset_reach(dataset, first - in_block, &available, error))
        return false;
    /* Only the split's last slice may be short. */
    *end = available == dataset->num_rows ? split_pass_num_slices(available)
                                          : (size_t)(available / MODEL_SLICE_ROWS);
    return true;
}

/*
 * What model_evaluate wrote of the first num_known rows of a slice belongs to these rows of it;
 * places [num_known] rise.
 */
static void split_pass_spread(const struct split_pass *pass, const size_t *places, size_t num_known,
                              uint32_t *predictions, float *scores)
{
    size_t num_classes = pass->model->spec.num_classes;

    for (size_t i = num_known; i-- > 0;) {
        predictions[places[i]] = predictions[i];
        if (scores)
            memmove(scores + places[i] * num_classes, scores + i * num_classes,
                    num_classes * sizeof(*scores));
    }
}

/* The losses of the rows that the workspace holds logits of, each to its place. */
static void split_pass_write_losses(const struct split_pass *pass,
                                    const struct model_workspace *workspace, const uint32_t *labels,
                                    const size_t *places, size_t num_known, double *losses)
{
    const struct model *model = pass->model;

    for (size_t i = 0; i < num_known; i++)
        losses[places[i]] = model_has_gradient(model)
                                ? model_loss(model, workspace->logits + i * model->num_logits,
                                             &labels[i], 1, 1.0, workspace->probs, NULL)
                                : (double)NAN;
}

/* Returns the number of right predictions. */
static uint64_t split_pass_evaluate_slice(const struct split_pass *pass, size_t slice,
                                          struct model_workspace *workspace, double *loss)
{
    const struct dataset *dataset = pass->dataset;
    uint64_t first = (uint64_t)slice * MODEL_SLICE_ROWS, num_left = dataset->num_rows - first;
    size_t num_rows = num_left < MODEL_SLICE_ROWS ? (size_t)num_left : MODEL_SLICE_ROWS;
    size_t places[MODEL_SLICE_ROWS], num_known = 0;
    const uint8_t *rows[MODEL_SLICE_ROWS] = {0};
    uint32_t labels[MODEL_SLICE_ROWS], own_predictions[MODEL_SLICE_ROWS];
    uint32_t *predictions = pass->predictions ? pass->predictions + first : own_predictions;
    float *scores = pass->scores ? pass->scores + (first - pass->first_score_row) *
                                                      pass->model->spec.num_classes
                                 : NULL;
    uint64_t num_correct = 0;

    for (size_t i = 0; i < num_rows; i++) {
        if (pass->labels[first + i] == SPLIT_PASS_NO_LABEL)
            continue;
        rows[num_known] = dataset_row(dataset, first + i);
        labels[num_known] = pass->labels[first + i];
        places[num_known++] = i;
    }
    *loss = 0;
    if (num_known == 0)
        return 0;
    model_evaluate(pass->model, rows, labels, num_known, workspace, predictions, scores, loss);
    for (size_t i = 0; i < num_known; i++)
        num_correct += predictions[i] == labels[i];
    if (pass->losses)
        split_pass_write_losses(pass, workspace, labels, places, num_known, pass->losses + first);
    if (num_known < num_rows)
        split_pass_spread(pass, places, num_known, predictions, scores);
    return num_correct;
}

bool split_pass_prepare(struct split_pass *pass, struct error *error)
{
    size_t num_threads = (size_t)pass->num_threads;
    bool ok = memory_allocate(&pass->workspaces, num_threads, sizeof(*pass->workspaces), error);

    for (size_t t = 0; t < num_threads && ok; t++)
        ok = model_workspace_create(pass->model, &pass->workspaces[t], error);
    return ok;
}

void split_pass_release(struct split_pass *pass)
{
    for (int t = 0; pass->workspaces && t < pass->num_threads; t++)
        model_workspace_destroy(&pass->workspaces[t]);
    free(pass->workspaces);
    pass->workspaces = NULL;
}

/* Each thread has neighbouring slices, and the first of them is as far as the others. */
static void split_pass_show(const struct split_pass *pass, size_t first, size_t slice,
                            size_t reached)
{
    size_t done = first + (slice + 1 - first) * (size_t)omp_get_num_threads();

    if (!pass->progress || omp_get_thread_num() != 0)
        return;
    done = done < reached ? done : reached;
    progress_update(pass->progress, (uint64_t)(done - pass->progress_first) * MODEL_SLICE_ROWS);
}

bool split_pass_run(const struct split_pass *pass, size_t begin, size_t end, double *slice_losses,
                    uint64_t *num_correct, struct error *error)
{
    uint64_t sum = 0;

    for (size_t first = begin, reached; first < end; first = reached) {
        if (!split_pass_reach(pass->dataset, first, &reached, error))
            return false;
        reached = reached < end ? reached : end;
        /* OpenMP may deliver fewer threads than workspaces, and never more. */
#pragma omp parallel for num_threads(pass->num_threads) schedule(static) reduction(+ : sum)
        for (size_t slice = first; slice < reached; slice++) {
            sum += split_pass_evaluate_slice(pass, slice, &pass->workspaces[omp_get_thread_num()],
                                             &slice_losses[slice]);
            split_pass_show(pass, first, slice, reached);
        }
    }
    *num_correct = sum;
    return true;
}

double split_pass_mean_loss(const double *slice_losses, uint64_t num_rows)
{
    double sum = 0;

    for (size_t slice = 0; slice < split_pass_num_slices(num_rows); slice++)
        sum += slice_losses[slice];
    return sum / (double)num_rows;
}
