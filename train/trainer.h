/*
 * Mini-batch training of one model in memory, in parallel and bit for bit repeatable.
 *
 * A mini-batch is cut into slices of MODEL_SLICE_ROWS samples.  Any thread may compute any slice's
 * gradient; the slices then meet in a fixed binary tree, each thread summing its own range of the
 * parameters and updating it.  So the number of threads decides who computes, never what is added
 * to what.
 */
#ifndef QUERN_TRAIN_TRAINER_H
#define QUERN_TRAIN_TRAINER_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/progress.h"
#include "model/model.h"
#include "train/dataset.h"
#include "train/epoch_order.h"

struct trainer_settings {
    uint64_t batch_size;
    uint64_t accumulate; /* batches whose gradients are added before one step */
    enum shuffle shuffle;
    uint64_t seed;
    float learning_rate;
    float momentum;
    float weight_decay;
    int num_threads;
};

struct trainer {
    struct trainer_settings settings;
    struct model *model;
    const struct dataset *train;
    uint64_t num_steps; /* updates since the start of the run */
    float *velocity;    /* [num_parameters], owned; NULL without momentum */

    size_t max_slices;                  /* of one batch */
    float **slice_grads;                /* [max_slices][num_parameters] */
    double *slice_losses[2];            /* [max_slices], of even and odd batches */
    float *accumulated;                 /* [num_parameters]; NULL when accumulate is 1 */
    uint32_t *order;                    /* [train->num_rows] */
    struct model_workspace *workspaces; /* [num_threads] */
};

enum status trainer_create(struct trainer *trainer, const struct trainer_settings *settings,
                           struct model *model, const struct dataset *train, struct error *error);
void trainer_destroy(struct trainer *trainer);

/*
 * Trains one epoch (counted from 1): every sample once, the last short batch kept, gradients that
 * are still accumulating at the end applied.  Returns the mean loss over the epoch's samples, each
 * taken before its batch's update.  progress may be NULL.
 */
double trainer_run_epoch(struct trainer *trainer, uint64_t epoch, struct progress *progress);

/* The mean loss and the accuracy of the model on a split; NAN for a split without samples. */
struct validation {
    double loss;
    double accuracy;
    uint64_t num_correct;
};

enum status validate(const struct model *model, const struct dataset *dataset, int num_threads,
                     struct validation *validation, struct error *error);

#endif
