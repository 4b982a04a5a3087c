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
#include "train/update.h"

/* What the options and the store together say; owned by the run. */
struct train_config {
    char *layers;          /* the text of the network; NULL for another model */
    double *class_weights; /* [number of classes], of mean 1 over the samples; NULL: all 1 */
    struct model_input input;
};

/* Reads the pixels of the training split for --input standard. */
bool train_config_make(struct train_config *config, const struct train_options *options,
                       struct store *store, struct error *error);
void train_config_free(struct train_config *config);

struct model_spec train_config_model_spec(const struct train_options *options,
                                          const struct train_config *config,
                                          const struct store *store);

struct epoch_order train_config_order(const struct train_options *options,
                                      const struct store *store);

/* Updates of a run over num_rows samples. */
struct update_settings train_config_update(const struct train_options *options, uint64_t num_rows);

/*
 * Fills everything of a checkpoint that does not change during a run.  The model must hold its
 * initial parameters: with --init-from, the configuration names them by their SHA-256.
 */
bool train_config_fill(const struct train_options *options, const struct train_config *config,
                       struct store *store, const struct model *model,
                       struct checkpoint *checkpoint, struct error *error);

#endif
