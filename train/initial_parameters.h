/*
 * The parameters that a run starts from: drawn, zero, or another checkpoint's.
 */
#ifndef QUERN_TRAIN_INITIAL_PARAMETERS_H
#define QUERN_TRAIN_INITIAL_PARAMETERS_H

#include "common/error.h"
#include "formats/store/store.h"
#include "model/model.h"
#include "train/train_options.h"

/*
 * --init-from without --model and --layers: takes the model from that checkpoint's configuration,
 * and without --input the scale of its input.
 */
bool initial_parameters_take_model(struct train_options *options, struct error *error);

/*
 * Gives the model its initial parameters.  With --new-classes those of its last layer are drawn,
 * and the others taken; without, the checkpoint's classes must be the store's.
 */
bool initial_parameters_fill(const struct train_options *options, const struct store *store,
                             struct model *model, struct error *error);

#endif
