/*
 * The checkpoint ("quern checkpoint"): parameters, optimizer state, configuration, progress and
 * history of a training run as HDF5.  FORMAT.md is the specification.  Equal contents give equal
 * bytes.
 */
#ifndef QUERN_FORMATS_CHECKPOINT_H
#define QUERN_FORMATS_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "common/text_list.h"
#include "formats/checkpoint/settings.h"

enum { CHECKPOINT_MAX_TENSORS = 1024, CHECKPOINT_MAX_PREPARATION = 256 };

/* Figures of one epoch.  NAN where a figure is not defined: nearest-mean has no loss, a store
 * without a valid split no valid figures. */
struct epoch_record {
    uint64_t epoch; /* from 1 */
    double train_loss;
    double valid_loss;
    double valid_accuracy;
    double learning_rate;
};

struct checkpoint {
    struct settings config;
    struct text_list classes;
    struct image_shape image;
    char store_fingerprint[65];
    /* How the store's images were made, "name=value" with blanks between, in order of names; empty:
     * not recorded. */
    char preparation[CHECKPOINT_MAX_PREPARATION];
    /* progress */
    uint64_t epoch;  /* epochs done */
    uint64_t step;   /* updates done since the start of the run */
    uint64_t epochs; /* asked for */
    bool finished;
    uint64_t batch;  /* of the epoch after, whose updates are done too; 0 between epochs */
    double loss_sum; /* over the samples of those batches */
    /* history */
    size_t num_records;
    struct epoch_record *records;
    /* tensors; state holds the optimizer's, named "momentum/LAYER/weight" and so on */
    size_t num_parameters;
    struct tensor parameters[CHECKPOINT_MAX_TENSORS];
    size_t num_states;
    struct tensor states[CHECKPOINT_MAX_TENSORS];
    /* reading: false for a file that another program has rewritten, which leaves only the CRC-32 of
     * each tensor to tell damage by */
    bool is_sealed;
};

/*
 * Writes atomically: path holds the whole checkpoint or what it held before.  STATUS_DATA, before
 * anything is written, for what checkpoint_read refuses, and for a path that is a file of another
 * kind, unless is_forced.
 */
bool checkpoint_write(const char *path, const struct checkpoint *checkpoint, bool is_forced,
                      struct error *error);

/*
 * Reads and checks a whole checkpoint: format, version, types, shapes, the CRC-32 of every tensor.
 * On success it owns its memory; free it with checkpoint_free.
 */
bool checkpoint_read(const char *path, struct checkpoint *checkpoint, struct error *error);

/*
 * Of a file that checkpoint_read refused (STATUS_DATA): whether an older one may stand in for it,
 * because its bytes are not those that were written, or have no seal to say so.  What a whole seal
 * vouches for is no damage: HDF5 had no memory, or the file is of another kind or a newer version.
 */
bool checkpoint_is_damaged(const char *path);

/*
 * SHA-256 over all that checkpoint_read gives: with it a file without a seal, whose other parts
 * have no checksum, cannot change unseen, and an evaluation names the checkpoint that it is of.
 * FORMAT.md specifies the bytes.
 */
void checkpoint_compute_digest(const struct checkpoint *checkpoint, char digest[65]);

/* Frees what checkpoint_read allocated; not for a checkpoint that borrows its tensors. */
void checkpoint_free(struct checkpoint *checkpoint);

/* NULL if there is none of that name. */
const struct tensor *checkpoint_parameter(const struct checkpoint *checkpoint, const char *name);

#endif
