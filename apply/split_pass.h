/*
 * A pass of a model over the samples of a split, in memory or streamed, by several threads: what it
 * predicts and what it loses.  The unit of work is a slice of MODEL_SLICE_ROWS samples; every
 * figure is the same for any number of threads.
 */
#ifndef QUERN_APPLY_SPLIT_PASS_H
#define QUERN_APPLY_SPLIT_PASS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/progress.h"
#include "formats/store/dataset.h"
#include "model/model.h"

/* The label of a sample of a class that the model does not know: it is left out of every figure,
 * and its prediction, scores and loss are not written. */
#define SPLIT_PASS_NO_LABEL UINT32_MAX

struct split_pass {
    const struct model *model;
    struct dataset *dataset;
    const uint32_t *labels; /* [dataset->num_rows] in the model's class order */
    int num_threads;        /* at most */
    /* The results for each sample; NULL: not wanted. */
    uint32_t *predictions;              /* [dataset->num_rows] */
    float *scores;                      /* [dataset->num_rows - first_score_row][C] */
    uint64_t first_score_row;           /* the row of the first scores: they may be a part */
    double *losses;                     /* [dataset->num_rows]; NAN for a model without a loss */
    struct progress *progress;          /* in samples from progress_first on; NULL: none */
    size_t progress_first;              /* a slice */
    struct model_workspace *workspaces; /* [num_threads], owned: by split_pass_prepare */
};

/* Slices of so many samples; the last may be short. */
size_t split_pass_num_slices(uint64_t num_rows);

/* Bytes of working memory that a pass takes beside the dataset. */
uint64_t split_pass_nbytes(const struct model *model, int num_threads);

/* Allocates the working memory.  Release it with split_pass_release, after a failure too. */
bool split_pass_prepare(struct split_pass *pass, struct error *error);
void split_pass_release(struct split_pass *pass);

/*
 * Evaluates slices begin to end - 1: writes the sum of the losses of each to slice_losses, indexed
 * from the split's first slice (NAN for a model without a loss), and the number of right
 * predictions to *num_correct.  Not for a parallel region.
 */
bool split_pass_run(const struct split_pass *pass, size_t begin, size_t end, double *slice_losses,
                    uint64_t *num_correct, struct error *error);

/* The mean loss of num_rows samples, from the losses of all slices, added in their order. */
double split_pass_mean_loss(const double *slice_losses, uint64_t num_rows);

#endif
