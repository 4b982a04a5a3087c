#include "train/train_config.h"

#include <string.h>

#include "apply/model_file.h"
#include "common/checksum.h"
#include "common/text.h"

struct model_spec train_config_model_spec(const struct train_options *options,
                                          const struct store *store)
{
    return (struct model_spec){.kind = (enum model_kind)options->model,
                               .distance = (enum model_distance)options->distance,
                               .loss = (enum model_loss)options->loss,
                               .image = *store_image_shape(store),
                               .num_classes = store_classes(store)->count};
}

struct epoch_order train_config_order(const struct train_options *options,
                                      const struct store *store)
{
    return (struct epoch_order){.shuffle = options->shuffle,
                                .seed = options->seed,
                                .chunk_rows = (uint32_t)store_chunk_rows(store),
                                .window = (uint32_t)options->shuffle_window};
}

static bool train_config_init_from_checkpoint(const char *path, const struct store *store,
                                              struct model *model, struct error *error)
{
    struct checkpoint checkpoint;
    bool ok = checkpoint_read(path, &checkpoint, error);

    if (!ok)
        return ok;
    if (!text_list_equal(&checkpoint.classes, store_classes(store)))
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = path, .dataset = "/classes"),
                       "not the classes of the store, in the same order");
    ok = ok && model_file_copy_parameters(path, &checkpoint, model, error);
    checkpoint_free(&checkpoint);
    return ok;
}

bool train_config_init_model(const struct train_options *options, const struct store *store,
                             struct model *model, struct error *error)
{
    if (!model_has_gradient(model))
        return true;
    if (options->init_from)
        return train_config_init_from_checkpoint(options->init_from, store, model, error);
    if (options->init == INIT_NORMAL)
        model_init_normal(model, options->init_std, options->seed);
    return true;
}

static void train_config_add_initial_parameters(struct settings *config, const struct model *model)
{
    struct sha256 hash;
    char digest[65];

    sha256_begin(&hash);
    for (size_t i = 0; i < model->num_tensors; i++)
        sha256_add(&hash, model->tensors[i].data,
                   tensor_num_elements(&model->tensors[i]) * sizeof(float));
    sha256_finish(&hash, digest);
    settings_add_text(config, "init_sha256", digest);
}

static void train_config_fill_settings(const struct train_options *options,
                                       const struct store *store, const struct model *model,
                                       struct settings *config)
{
    settings_add_text(config, "model", model_kind_names[options->model]);
    if (!model_has_gradient(model)) {
        settings_add_text(config, "distance", model_distance_names[options->distance]);
        return;
    }
    settings_add_text(config, "loss", model_loss_names[options->loss]);
    settings_add_text(config, "optimizer", "sgd");
    settings_add_real(config, "learning_rate", options->learning_rate);
    settings_add_real(config, "momentum", options->momentum);
    settings_add_real(config, "weight_decay", options->weight_decay);
    settings_add_count(config, "batch_size", options->batch_size);
    settings_add_count(config, "accumulate", options->accumulate);
    settings_add_text(config, "shuffle", shuffle_names[options->shuffle]);
    if (options->shuffle == SHUFFLE_WINDOW) {
        settings_add_count(config, "shuffle_window", options->shuffle_window);
        settings_add_count(config, "shuffle_chunk_rows", store_chunk_rows(store));
    }
    settings_add_count(config, "seed", options->seed);
    settings_add_count(config, "slice_rows", MODEL_SLICE_ROWS);
    if (options->init_from) {
        settings_add_text(config, "init", "checkpoint");
        train_config_add_initial_parameters(config, model);
    } else {
        settings_add_text(config, "init", options->init == INIT_NORMAL ? "normal" : "zeros");
        if (options->init == INIT_NORMAL)
            settings_add_real(config, "init_std", options->init_std);
    }
}

bool train_config_fill(const struct train_options *options, const struct store *store,
                       const struct model *model, struct checkpoint *checkpoint,
                       struct error *error)
{
    *checkpoint = (struct checkpoint){.image = *store_image_shape(store),
                                      .epochs = model_has_gradient(model) ? options->epochs : 1};
    snprintf(checkpoint->store_fingerprint, sizeof(checkpoint->store_fingerprint), "%s",
             store_fingerprint(store));
    train_config_fill_settings(options, store, model, &checkpoint->config);
    return text_list_copy(&checkpoint->classes, store_classes(store), error);
}
