/*
 * Views of training: a checkpoint, a run's directory, several of them, a run that goes on.
 */
#ifndef QUERN_SHOW_SHOW_RUNS_H
#define QUERN_SHOW_SHOW_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "apply/model_file.h"
#include "apply/run_state.h"
#include "common/error.h"
#include "show/show_history.h"
#include "view/terminal/terminal.h"

/* ---- show_checkpoint.c ---- */

uint64_t show_count_parameters(const struct checkpoint *checkpoint);

/* num_valid: samples of the valid split, or 0 where that is not known. */
bool show_print_checkpoint(FILE *stream, const struct terminal *terminal, const char *path,
                           const struct checkpoint *checkpoint, uint64_t num_valid,
                           struct error *error);

/* ---- run_record.c ---- */

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

/* ---- show_run.c: a directory ---- */

bool show_print_run(FILE *stream, const struct terminal *terminal, const struct run_record *run,
                    struct error *error);

/* "running, epoch 7 of 18"; what a run's log and lock say. */
const char *show_format_phase(const struct run_state *state, char *text, size_t size);
/* "about 37 s left, 3.4 s an epoch, 17,800 samples/s"; empty before the first epoch. */
const char *show_format_speed(const struct run_state *state, char *text, size_t size);

/* ---- show_runs.c: several runs ---- */

enum { SHOW_MAX_RUNS = 50 };

bool show_compare_runs(FILE *stream, const struct terminal *terminal, const char *const *paths,
                       size_t count, struct error *error);

/* ---- show_follow.c ---- */

struct terminal_wish;

/*
 * Shows a run while it goes on, from before its directory exists until it ends or a signal comes:
 * on a terminal in place, else a dated line for each epoch.
 */
bool show_follow_run(FILE *stream, const struct terminal_wish *wish, const char *directory,
                     struct error *error);

#endif
