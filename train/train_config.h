/*
 * What a run is: the settings that influence its result, as they stand in a checkpoint's /config.
 */
#ifndef QUERN_TRAIN_TRAIN_CONFIG_H
#define QUERN_TRAIN_TRAIN_CONFIG_H

#include "common/error.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/store/store.h"
#include "model/model.h"
#include "train/samples.h"
#include "train/train_options.h"

struct model_spec train_config_model_spec(const struct train_options *options,
                                          const struct store *store);

struct epoch_order train_config_order(const struct train_options *options,
                                      const struct store *store);

/* Gives the model its initial parameters: drawn, zero, or another checkpoint's. */
bool train_config_init_model(const struct train_options *options, const struct store *store,
                             struct model *model, struct error *error);

/*
 * Fills everything of a checkpoint that does not change during a run.  The model must hold its
 * initial parameters: with --init-from, the configuration names them by their SHA-256.
 */
bool train_config_fill(const struct train_options *options, const struct store *store,
                       const struct model *model, struct checkpoint *checkpoint,
                       struct error *error);

#endif
