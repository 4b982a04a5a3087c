/*
 * The library of quern's file formats: reading a checkpoint, which quern-train writes.
 *
 * The whole file is read and checked when it is opened.  All that the functions return lives as
 * long as the checkpoint.  docs/networks.md tells what the parameters of each layer mean.
 */
#ifndef QUERN_CHECKPOINT_H
#define QUERN_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quern/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct quern_checkpoint;

/* QUERN_IO if it cannot be opened, QUERN_DATA if it is no checkpoint, or damaged. */
bool quern_checkpoint_open(const char *path, struct quern_checkpoint **checkpoint,
                           struct quern_error *error);

/* NULL is fine. */
void quern_checkpoint_close(struct quern_checkpoint *checkpoint);

/* Epochs done, and updates of the parameters since the start of the run. */
uint64_t quern_checkpoint_epoch(const struct quern_checkpoint *checkpoint);
uint64_t quern_checkpoint_step(const struct quern_checkpoint *checkpoint);

size_t quern_checkpoint_num_classes(const struct quern_checkpoint *checkpoint);

/* The name of the class of an output; NULL where there is no such class. */
const char *quern_checkpoint_class(const struct quern_checkpoint *checkpoint, size_t label);

/* Of the store that it was trained on. */
const char *quern_checkpoint_store_fingerprint(const struct quern_checkpoint *checkpoint);

/*
 * A setting of the run by its name in /config, such as "model" or "learning_rate", as text, cut to
 * size bytes with the 0 at its end.  False where there is none of that name.
 */
bool quern_checkpoint_setting(const struct quern_checkpoint *checkpoint, const char *name,
                              char *text, size_t size);

/* ---- parameters ---- */

/* Of an array of float32, row-major. */
struct quern_tensor {
    const char *name; /* "linear/weight", "conv1/bias" */
    size_t rank;
    const size_t *shape; /* [rank] */
    const float *values;
};

size_t quern_checkpoint_num_parameters(const struct quern_checkpoint *checkpoint);

/* Those at index, counted from 0; false beyond the last. */
bool quern_checkpoint_parameter(const struct quern_checkpoint *checkpoint, size_t index,
                                struct quern_tensor *tensor);

/* ---- history ---- */

/* Figures of one epoch; NAN where one is not defined. */
struct quern_epoch {
    uint64_t epoch; /* from 1 */
    double train_loss;
    double valid_loss;
    double valid_accuracy;
    double learning_rate;
};

size_t quern_checkpoint_num_epochs(const struct quern_checkpoint *checkpoint);

/* The record at index, counted from 0; false beyond the last. */
bool quern_checkpoint_history(const struct quern_checkpoint *checkpoint, size_t index,
                              struct quern_epoch *epoch);

#ifdef __cplusplus
}
#endif

#endif
