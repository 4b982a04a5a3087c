/*
 * quern-evaluate on checkpoints: evaluates one or several of them on a split of a store, and writes
 * what was asked for: tables or JSON, an evaluation file, a report.
 */
#ifndef QUERN_EVALUATE_EVALUATE_RUNS_H
#define QUERN_EVALUATE_EVALUATE_RUNS_H

#include <stdbool.h>

#include "common/error.h"
#include "evaluate/evaluate_options.h"

/* Results go to stdout, notes to stderr; program is for messages.  Outputs are checked before
 * anything is evaluated. */
bool evaluate_runs(const struct evaluate_options *options, const char *program,
                   struct error *error);

#endif
