/*
 * A run as its views take it: its checkpoint, its log, and the epochs of both.
 */
#ifndef QUERN_SHOW_RUN_RECORD_H
#define QUERN_SHOW_RUN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/model_file.h"
#include "apply/run_state.h"
#include "common/error.h"
#include "show/show_history.h"

/* A run, by its directory or by one of its checkpoints. */
struct run_record {
    const char *path; /* as it was given */
    bool is_directory;
    struct run_state state; /* of a directory */
    struct model_file file; /* the newest whole checkpoint, without a model; its path is NULL where
                               there is none yet */
    uint64_t num_parameters;
    /* Of the checkpoint, and what the log has of epochs after it; owned. */
    size_t count;
    struct epoch_record *records;
};

/*
 * Reads a checkpoint, or a directory: its log and its newest checkpoint.  STATUS_DATA for a
 * directory that holds neither, or no whole one.  keeps_tensors: else the checkpoint's tensors are
 * counted and given up, so that many runs can be read.  Close with run_record_close, after a
 * failure too.
 */
bool run_record_read(const char *path, bool keeps_tensors, struct run_record *run,
                     struct error *error);
void run_record_close(struct run_record *run);

/* The best epoch by what the run monitors; NULL: none has a figure. */
const struct epoch_record *run_record_best(const struct run_record *run);

#endif
