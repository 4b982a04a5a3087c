/*
 * Mini-batch training of one model, in parallel and bit for bit repeatable.
 *
 * A mini-batch is cut into slices of MODEL_SLICE_ROWS samples.  Any thread may compute any slice's
 * gradient; the slices then meet in a fixed binary tree, each thread summing its own range of the
 * parameters and updating it.  So the number of threads decides who computes, never what is added
 * to what.  Ranks share the slices of a batch in the same way (train/ranks/exchange.h), and threads
 * share those of their rank (train/team.h).
 *
 * The trainer knows a model as one flat array of parameters, beside which stand arrays of the same
 * length: the gradient, and what the optimizer keeps (its states).
 */
#ifndef QUERN_TRAIN_TRAINER_H
#define QUERN_TRAIN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/checkpoint/checkpoint.h"
#include "model/model.h"
#include "train/network_gradient.h"
#include "train/ranks/exchange.h"
#include "train/ranks/ranks.h"
#include "train/samples.h"
#include "train/team.h"
#include "train/train_options.h"
#include "train/update.h"

struct trainer_settings {
    struct epoch_order order;
    struct update_settings update;
    const struct augment *augment; /* NULL: none; as long as the trainer */
};

/* How the slices of a batch are shared: those of this rank, in blocks for its threads. */
struct batch_shape {
    uint64_t num_rows;
    size_t num_slices;
    size_t first_own; /* the first of this rank's slices */
    size_t num_own;   /* how many they are */
    size_t block_slices, num_blocks;
};

struct trainer {
    const struct train_options *options; /* batch size, accumulation, optimizer, threads */
    struct model *model;
    struct ranks *ranks;
    struct samples samples;
    /* How far the run is: step, batch and loss_sum are the trainer's to advance. */
    struct checkpoint *checkpoint;
    /* Of several ranks each has its part of states and average up to date, until
     * trainer_gather_states. */
    struct update update;
    float *accumulated; /* [num_trained_parameters]: gradients that await a step; or NULL */

    /* Why the last trainer_run_epoch returned before the end: what the ranks want, or that the sum
     * of the losses is no longer a number. */
    struct rank_request request;
    bool has_diverged;

    struct exchange exchange; /* of more ranks than one */
    double *slice_losses;     /* [slices of this rank] of the batch at work */
    struct team team;
    struct batch_shape shapes[2];    /* of whole batches, and of the epoch's last */
    struct network_gradient network; /* of a network */
    uint64_t epoch;                  /* at work */
};

/*
 * Options, model, dataset, ranks and checkpoint must live as long.  The checkpoint says where to
 * start: its step, batch and loss_sum.
 */
bool trainer_create(struct trainer *trainer, const struct train_options *options,
                    const struct trainer_settings *settings, struct model *model,
                    struct dataset *train, struct ranks *ranks, struct checkpoint *checkpoint,
                    struct error *error);
void trainer_destroy(struct trainer *trainer);

/* Called by one thread of each rank at every batch: what this rank wants of all.  context is the
 * caller's. */
typedef struct rank_request trainer_request_function(void *context, uint64_t num_samples_done);

/*
 * Trains an epoch (counted from 1), from batch checkpoint->batch on: every sample once, the last
 * short batch kept, gradients that are still accumulating at the end applied.  *is_complete is set
 * when the epoch is.  It is not when a rank's get_request (which may be NULL) wanted something:
 * then the epoch pauses after the next update, and calling again goes on to the same bits.  Nor is
 * it when the losses have diverged, which ends the epoch after that batch.  It fails when samples
 * cannot be read.  Collective: all ranks pause, end or fail alike.
 */
bool trainer_run_epoch(struct trainer *trainer, uint64_t epoch,
                       trainer_request_function *get_request, void *context, bool *is_complete,
                       struct error *error);

/* Collective: makes the optimizer's states and the average whole on every rank. */
void trainer_gather_states(struct trainer *trainer);

/* Exchanges the model's parameters and their average, if there is one. */
void trainer_swap_average(struct trainer *trainer);

/* The learning rate of the last step. */
double trainer_learning_rate(const struct trainer *trainer);

/*
 * Ends a complete epoch: the mean loss over its samples, each taken before its batch's update.  The
 * next call of trainer_run_epoch starts an epoch.
 */
double trainer_end_epoch(struct trainer *trainer);

/*
 * The mean loss and the accuracy of a model on a split; NAN for a split without samples.
 * Collective: ranks share the slices, and all have the result.
 */
struct validation {
    double loss;
    double accuracy;
    uint64_t num_correct;
};

bool trainer_validate(const struct model *model, struct dataset *dataset, struct ranks *ranks,
                      int num_threads, struct validation *validation, struct error *error);

#endif
