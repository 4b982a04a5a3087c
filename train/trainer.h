/*
 * Mini-batch training of one model, in parallel and bit for bit repeatable.
 *
 * A mini-batch is cut into slices of MODEL_SLICE_ROWS samples.  Any thread may compute any slice's
 * gradient; the slices then meet in a fixed binary tree, each thread summing its own range of the
 * parameters and updating it.  So the number of threads decides who computes, never what is added
 * to what.
 */
#ifndef QUERN_TRAIN_TRAINER_H
#define QUERN_TRAIN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/model.h"
#include "train/samples.h"

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
    struct samples samples;
    uint64_t num_steps; /* updates since the start of the run */
    uint64_t batch;     /* of the epoch at work: how many are done */
    double loss_sum;    /* over the samples of those batches */
    float *velocity;    /* [num_parameters], owned; NULL without momentum */

    size_t max_slices;                  /* of one batch */
    float **slice_grads;                /* [max_slices][num_parameters] */
    double *slice_losses[2];            /* [max_slices], of even and odd batches */
    float *accumulated;                 /* [num_parameters]; NULL when accumulate is 1 */
    struct model_workspace *workspaces; /* [num_threads] */
};

enum status trainer_create(struct trainer *trainer, const struct trainer_settings *settings,
                           struct model *model, struct dataset *train, struct error *error);
void trainer_destroy(struct trainer *trainer);

/* Asked by one thread after every update: whether to pause there.  context is the caller's. */
typedef bool trainer_pause_function(void *context, uint64_t num_samples_done);

/*
 * Trains an epoch (counted from 1), from batch trainer->batch on: every sample once, the last short
 * batch kept, gradients that are still accumulating at the end applied.  *is_complete is set when
 * the epoch is, and not when should_pause (which may be NULL) said so; then batch and loss_sum tell
 * how far it came, and calling again goes on to the same bits.  It fails when samples cannot be
 * read.
 */
enum status trainer_run_epoch(struct trainer *trainer, uint64_t epoch,
                              trainer_pause_function *should_pause, void *context,
                              bool *is_complete, struct error *error);

/*
 * Ends a complete epoch: the mean loss over its samples, each taken before its batch's update.  The
 * next call of trainer_run_epoch starts an epoch.
 */
double trainer_end_epoch(struct trainer *trainer);

/* The mean loss and the accuracy of the model on a split; NAN for a split without samples. */
struct validation {
    double loss;
    double accuracy;
    uint64_t num_correct;
};

enum status validate(const struct model *model, const struct dataset *dataset, int num_threads,
                     struct validation *validation, struct error *error);

#endif
