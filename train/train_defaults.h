/*
 * What a run takes where the command line says nothing: functions of what it does say, of the
 * store's shapes and of its numbers of samples and classes alone, so that the same command is the
 * same run on every machine.  docs/networks.md has the table.
 */
#ifndef QUERN_TRAIN_TRAIN_DEFAULTS_H
#define QUERN_TRAIN_TRAIN_DEFAULTS_H

#include <stdio.h>

#include "common/error.h"
#include "common/tensor.h"
#include "formats/store/store.h"
#include "train/train_options.h"

/*
 * Fills in all that was not given: of the lesson, by the store, or, with --init-from and without a
 * model, from that checkpoint.  STATUS_USAGE when what was given does not go together.
 */
bool train_defaults_resolve(struct train_options *options, const struct store *store,
                            struct error *error);

/* Epochs for so many training samples. */
uint64_t train_defaults_epochs(uint64_t num_samples);

/*
 * The text of --model auto: convolutions with norms, and pools between them until the shorter side
 * has 4 to 7 pixels, then the mean over what is left.  Large images are first taken in larger
 * steps.
 */
void train_defaults_print_network(const struct image_shape *image, FILE *stream);

/* What was chosen, as it would stand on a command line, in one line. */
void train_defaults_print(const struct train_options *options, const char *layers, FILE *stream);

#endif
