/*
 * Mini-batch training of one model, in parallel and bit for bit repeatable.
 *
 * A mini-batch is cut into slices of MODEL_SLICE_ROWS samples.  Any thread may compute any slice's
 * gradient; the slices then meet in a fixed binary tree, each thread summing its own range of the
 * parameters and updating it.  So the number of threads decides who computes, never what is added
 * to what.  Ranks share the slices of a batch in the same way (train/exchange.h), and threads share
 * those of their rank.
 */
#ifndef QUERN_TRAIN_TRAINER_H
#define QUERN_TRAIN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/model.h"
#include "train/ranks/exchange.h"
#include "train/ranks/ranks.h"
#include "train/samples.h"
#include "train/team.h"

struct trainer_settings {
    uint64_t batch_size;
    uint64_t accumulate; /* batches whose gradients are added before one step */
    struct epoch_order order;
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
    float *velocity;  /* [num_parameters], owned; NULL without momentum.  Of several ranks each has
                       * its part up to date, until trainer_gather_velocity */
    struct wish wish; /* of all ranks, why the epoch paused */

    struct ranks *ranks;
    struct exchange exchange; /* of more ranks than one */
    double *slice_losses[2];  /* [max_slices], of even and odd batches */
    float *accumulated;       /* [num_parameters]; NULL when accumulate is 1 */
    struct team team;
};

/* The model, the dataset and the ranks must live as long. */
bool trainer_create(struct trainer *trainer, const struct trainer_settings *settings,
                    struct model *model, struct dataset *train, struct ranks *ranks,
                    struct error *error);
void trainer_destroy(struct trainer *trainer);

/* Asked by one thread of each rank at every batch: what this rank wishes.  context is the
 * caller's. */
typedef struct wish trainer_wish_function(void *context, uint64_t num_samples_done);

/*
 * Trains an epoch (counted from 1), from batch trainer->batch on: every sample once, the last short
 * batch kept, gradients that are still accumulating at the end applied.  *is_complete is set when
 * the epoch is, and not when any rank's get_wish (which may be NULL) wished for something: then it
 * pauses after the next update, trainer->wish is what, batch and loss_sum tell how far it came, and
 * calling again goes on to the same bits.  It fails when samples cannot be read.  Collective: all
 * ranks pause, end or fail alike.
 */
bool trainer_run_epoch(struct trainer *trainer, uint64_t epoch, trainer_wish_function *get_wish,
                       void *context, bool *is_complete, struct error *error);

/* Collective: makes velocity whole on every rank. */
void trainer_gather_velocity(struct trainer *trainer);

/*
 * Ends a complete epoch: the mean loss over its samples, each taken before its batch's update.  The
 * next call of trainer_run_epoch starts an epoch.
 */
double trainer_end_epoch(struct trainer *trainer);

/* The mean loss and the accuracy of the model on a split; NAN for a split without samples.
 * Collective: ranks share the slices, and all have the result. */
struct validation {
    double loss;
    double accuracy;
    uint64_t num_correct;
};

bool validate(const struct model *model, struct dataset *dataset, struct ranks *ranks,
              int num_threads, struct validation *validation, struct error *error);

#endif
