/*
 * What of the samples a run holds in memory, and what it streams, so that all that grows with their
 * number stays below a limit.
 */
#ifndef QUERN_TRAIN_MEMORY_PLAN_H
#define QUERN_TRAIN_MEMORY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/dataset.h"
#include "formats/store/store.h"
#include "model/model.h"
#include "train/samples.h"
#include "train/train_options.h"

/* Bytes of a model and of what trains and evaluates it on one of num_ranks ranks, before they are
 * taken. */
uint64_t memory_plan_model_nbytes(const struct train_options *options, const struct store *store,
                                  const struct model *model, size_t num_ranks);

struct memory_needs {
    struct store *store;
    uint64_t limit;
    bool is_limit_given; /* by the user, for messages */
    bool is_fitted;      /* the model takes the samples as stored, in one pass */
    struct epoch_order order;
    uint64_t batch_size;
    uint64_t model_nbytes; /* of the model and what trains it */
    uint64_t num_holders;  /* ranks of a node, which share what all of them need at a time */
    int num_threads;
};

struct memory_plan {
    struct dataset_plan train, valid;
    uint32_t window; /* chunks of a stretch of the training split: of --shuffle none it is chosen */
};

/*
 * Both splits whole if they fit, or the validation split streamed, or the training split, or both.
 * STATUS_USAGE with advice if the order or the limit does not allow it.
 */
bool memory_plan_make(const struct memory_needs *needs, struct memory_plan *plan,
                      struct error *error);

#endif
