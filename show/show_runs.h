/*
 * Views of training: a checkpoint, a run's directory, several of them, a run that goes on.
 */
#ifndef QUERN_SHOW_SHOW_RUNS_H
#define QUERN_SHOW_SHOW_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "apply/run_state.h"
#include "common/error.h"
#include "formats/checkpoint/checkpoint.h"
#include "show/run_record.h"
#include "view/terminal/terminal.h"

/* ---- show_checkpoint.c ---- */

uint64_t show_count_parameters(const struct checkpoint *checkpoint);

/* num_valid: samples of the valid split, or 0 where that is not known. */
bool show_print_checkpoint(FILE *stream, const struct terminal *terminal, const char *path,
                           const struct checkpoint *checkpoint, uint64_t num_valid,
                           struct error *error);

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
