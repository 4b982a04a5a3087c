/*
 * A training run from store to last checkpoint.
 */
#ifndef QUERN_TRAIN_TRAIN_H
#define QUERN_TRAIN_TRAIN_H

#include "common/error.h"
#include "train/ranks/ranks.h"
#include "train/train_options.h"

/*
 * Trains as the options say: lines for people on stdout, progress and notes on stderr, checkpoints
 * and the log in options->output, all by rank 0.  command is argv, for the log.  Collective: all
 * ranks return the same status and error.
 */
bool train_run(const struct train_options *options, const char *program, char **command,
               struct ranks *ranks, struct error *error);

#endif
