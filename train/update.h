/*
 * Updates: what a step makes of the gradient of all parameters.  By ranges, so that threads and
 * ranks share the work; every function of a step's number is computed by each of them alike.
 */
#ifndef QUERN_TRAIN_UPDATE_H
#define QUERN_TRAIN_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/model.h"
#include "model/optimizer.h"
#include "model/schedule.h"

struct update_settings {
    struct optimizer optimizer;
    struct schedule schedule;
    double clip_norm; /* the largest norm of a gradient; 0: any */
    double average;   /* of the moving average of parameters; 0: there is none */
};

/* Neighbouring parameters that weight decay is, or is not, for. */
struct update_run {
    size_t begin, end;
    bool decays;
};

struct update {
    struct update_settings settings;
    struct model *model;
    size_t num_states;
    float *states[OPTIMIZER_MAX_STATES]; /* [num_trained_parameters], owned */
    float *average;                      /* [num_parameters], owned; NULL without */
    float *block_sums;                   /* [blocks of the gradient], for clipping */
    struct update_run *runs;
    size_t num_runs;
    bool has_frozen; /* parameters between the runs, which no step changes */
};

/* Updates that the model's memory takes beside its parameters. */
uint64_t update_nbytes(const struct model *model, const struct update_settings *settings);
/* The average, where there is one, starts from the parameters as they are. */
bool update_create(struct update *update, struct model *model,
                   const struct update_settings *settings, struct error *error);
void update_destroy(struct update *update);

/* How many blocks of SUM_SQUARES_BLOCK floats the gradient has. */
size_t update_num_blocks(const struct update *update);
/* Clipping: the sums of squares of blocks begin .. end - 1; grad starts with block begin.  What is
 * frozen counts as 0, and is set so. */
void update_sum_blocks(struct update *update, float *grad, size_t begin, size_t end);

/* All that a step says of itself; the same on every thread and rank. */
struct update_step {
    struct optimizer_factors factors;
    double learning_rate;
    float clip_factor; /* once all blocks have their sums */
    float average_rate;
};

struct update_step update_begin_step(const struct update *update, uint64_t step);

/*
 * Updates parameters begin .. end - 1 of those from part on, where grad starts; grad may be
 * changed.  begin and end are counted from part.
 */
void update_range(const struct update *update, const struct update_step *step, float *grad,
                  size_t part, size_t begin, size_t end);

/* By one thread of each rank, after a step: what no gradient changes, in the average. */
void update_end_step(const struct update *update, const struct update_step *step);

#endif
