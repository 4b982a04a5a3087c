#include "train/train_config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/options.h"
#include "common/text.h"
#include "model/augment.h"
#include "model/loss.h"
#include "model/network.h"
#include "train/train_defaults.h"

/* ---- the network's text ---- */

/* "512,256": dense:512 relu dense:256 relu */
static bool train_config_print_mlp(const char *hidden, FILE *stream, struct error *error)
{
    char part[32];
    uint64_t count;

    while (*hidden) {
        size_t length = strcspn(hidden, ",");

        snprintf(part, sizeof(part), "%.*s", (int)length, hidden);
        if (!options_parse_count("--hidden", part, 1, UINT32_MAX, &count, error))
            return false;
        fprintf(stream, "dense:%" PRIu64 " relu ", count);
        hidden += length + (hidden[length] == ',');
    }
    return true;
}

/* As many pools as the image bears. */
static void train_config_print_cnn(const struct image_shape *image, FILE *stream)
{
    size_t side = image->height < image->width ? image->height : image->width;

    fprintf(stream, "conv:16 relu %sconv:32 relu %sdense:128 relu", side >= 4 ? "pool " : "",
            side >= 8 ? "pool " : "");
}

/* The words of a text with one blank between them: equal networks have equal texts. */
static void train_config_print_words(const char *text, FILE *stream)
{
    const char *separator = "";

    while (*(text += strspn(text, " \t\n\r\v\f"))) {
        size_t length = strcspn(text, " \t\n\r\v\f");

        fprintf(stream, "%s%.*s", separator, (int)length, text);
        separator = " ";
        text += length;
    }
}

static bool train_config_make_layers(struct train_config *config,
                                     const struct train_options *options,
                                     const struct image_shape *image, struct error *error)
{
    size_t length = 0;
    FILE *stream = open_memstream(&config->layers, &length);
    bool ok = true;

    if (!stream)
        return error_set_memory(error, 64);
    if (options->layers)
        train_config_print_words(options->layers, stream);
    else if (options->model == NAMED_AUTO)
        train_defaults_print_network(image, stream);
    else if (options->model == NAMED_CNN)
        train_config_print_cnn(image, stream);
    else
        ok = train_config_print_mlp(options->hidden ? options->hidden : "128", stream, error);
    if (fclose(stream) != 0)
        return error_set_memory(error, 64);
    while (length > 0 && config->layers[length - 1] == ' ')
        config->layers[--length] = '\0';
    return ok;
}

/* ---- weights of classes ---- */

/* A line "CLASS WEIGHT": the weight is what follows the last blank. */
static bool train_config_take_weight(const char *path, char *line, const struct text_list *classes,
                                     double *weights, struct error *error)
{
    char *blank = strrchr(line, ' ') ? strrchr(line, ' ') : strrchr(line, '\t');
    struct error reason = {0};
    size_t class;

    if (!blank)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path, .found = line),
                         "each line is a class, a blank and its weight");
    *blank = '\0';
    class = text_list_find(classes, line);
    if (class == classes->count)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path, .found = line),
                         "the store has no such class");
    if (!isnan(weights[class]))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path, .found = line),
                         "the class is there twice");
    return options_parse_real("the weight", blank + 1, 0.0, 1e30, &weights[class], &reason) ||
           error_set(error, STATUS_DATA, ERROR_AT(.file = path, .found = blank + 1),
                     "the weight of class '%s' is no number from 0 to 1e30", line);
}

static bool train_config_read_weights(const char *path, const struct text_list *classes,
                                      double *weights, struct error *error)
{
    uint8_t *bytes;
    size_t nbytes;
    char *rest, *line;
    bool ok = file_read_whole(path, 1 << 24, &bytes, &nbytes, error);

    if (!ok)
        return false;
    for (size_t c = 0; c < classes->count; c++)
        weights[c] = NAN;
    rest = (char *)bytes;
    while (ok && (line = strsep(&rest, "\n")))
        ok = line[0] == '\0' || train_config_take_weight(path, line, classes, weights, error);
    free(bytes);
    for (size_t c = 0; c < classes->count && ok; c++)
        if (isnan(weights[c]))
            ok =
                error_set(error, STATUS_DATA, ERROR_AT(.file = path, .expected = classes->items[c]),
                          "lacks the weight of a class");
    return ok;
}

static bool train_config_make_weights(struct train_config *config,
                                      const struct train_options *options,
                                      const struct store *store, struct error *error)
{
    const struct text_list *classes = store_classes(store);
    const uint32_t *labels = store_labels(store, SPLIT_TRAIN);
    uint64_t *counts = NULL, num_rows = store_num_rows(store, SPLIT_TRAIN);
    double sum = 0.0;
    bool ok;

    if (!options->class_weights)
        return true;
    ok = memory_allocate(&config->class_weights, classes->count, sizeof(double), error) &&
         memory_allocate(&counts, classes->count, sizeof(*counts), error);
    for (uint64_t i = 0; i < num_rows && ok; i++)
        counts[labels[i]]++;
    if (ok && strcmp(options->class_weights, "balanced") == 0)
        loss_balance_weights(counts, classes->count, config->class_weights);
    else
        ok = ok && train_config_read_weights(options->class_weights, classes, config->class_weights,
                                             error);
    for (size_t c = 0; c < classes->count && ok; c++)
        sum += (double)counts[c] * config->class_weights[c];
    if (ok && sum <= 0)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = options->class_weights),
                       "no class that has samples has a weight above 0");
    /* A learning rate means the same with weights and without. */
    for (size_t c = 0; c < classes->count && ok; c++)
        config->class_weights[c] *= (double)num_rows / sum;
    free(counts);
    return ok;
}

/* ---- the input's scale ---- */

/* Adds up pixels and their squares, whole numbers, for each channel. */
static bool train_config_sum_pixels(struct store *store, int num_threads, uint64_t *sums,
                                    uint64_t *squares, struct error *error)
{
    const struct image_shape *image = store_image_shape(store);
    uint64_t num_rows = store_num_rows(store, SPLIT_TRAIN), chunk = store_chunk_rows(store);
    size_t num_values = image_num_values(image), C = image->channels;
    uint8_t *pixels = NULL;
    bool ok = memory_allocate(&pixels, chunk, num_values, error);

    for (uint64_t first = 0; first < num_rows && ok; first += chunk) {
        uint64_t count = num_rows - first < chunk ? num_rows - first : chunk;

        ok = store_read_pixels(store, SPLIT_TRAIN, first, count, num_threads, pixels, error);
        for (size_t i = 0; ok && i < count * num_values; i += C) {
            for (size_t c = 0; c < C; c++) {
                sums[c] += pixels[i + c];
                squares[c] += (uint64_t)pixels[i + c] * pixels[i + c];
            }
        }
    }
    free(pixels);
    return ok;
}

/* (pixel - mean) / deviation; a channel that is constant keeps its scale. */
static bool train_config_make_input(struct train_config *config,
                                    const struct train_options *options, struct store *store,
                                    struct error *error)
{
    const struct image_shape *image = store_image_shape(store);
    uint64_t sums[MODEL_MAX_CHANNELS] = {0}, squares[MODEL_MAX_CHANNELS] = {0};
    double count =
        (double)store_num_rows(store, SPLIT_TRAIN) * (double)image->height * (double)image->width;

    config->input = options->takes_input ? options->taken_input : model_input_unit();
    if (options->takes_input)
        return true;
    if (options->input != INPUT_STANDARD)
        return true;
    if (!train_config_sum_pixels(store, (int)options->threads, sums, squares, error))
        return false;
    for (size_t c = 0; c < image->channels && count > 0; c++) {
        double mean = (double)sums[c] / count;
        double deviation = sqrt((double)squares[c] / count - mean * mean);

        if (!(deviation >= 1.0 / 255))
            deviation = 255;
        config->input.scale[c] = (float)(1.0 / deviation);
        config->input.offset[c] = (float)(-mean / deviation);
    }
    return true;
}

/* ---- all ---- */

bool train_config_make(struct train_config *config, const struct train_options *options,
                       struct store *store, struct error *error)
{
    *config = (struct train_config){0};
    return train_config_make_weights(config, options, store, error) &&
           train_config_make_input(config, options, store, error) &&
           (!train_options_is_network(options) ||
            train_config_make_layers(config, options, store_image_shape(store), error));
}

void train_config_free(struct train_config *config)
{
    free(config->layers);
    free(config->class_weights);
    *config = (struct train_config){0};
}

struct model_spec train_config_model_spec(const struct train_options *options,
                                          const struct train_config *config,
                                          const struct store *store)
{
    enum model_kind kind = train_options_is_network(options)      ? MODEL_NETWORK
                           : options->model == NAMED_NEAREST_MEAN ? MODEL_NEAREST_MEAN
                                                                  : MODEL_LINEAR;

    return (struct model_spec){.kind = kind,
                               .distance = (enum model_distance)options->distance,
                               .loss = (enum model_loss)options->loss,
                               .label_smoothing = options->label_smoothing,
                               .class_weights = config->class_weights,
                               .image = *store_image_shape(store),
                               .num_classes = store_classes(store)->count,
                               .layers = config->layers,
                               .input = config->input};
}

/* Epochs as steps; at least one of what is more than none. */
static uint64_t train_config_steps(double epochs, uint64_t epoch_steps)
{
    double steps = epochs * (double)epoch_steps + 0.5;

    return epochs > 0 && steps < 1 ? 1 : (uint64_t)steps;
}

struct update_settings train_config_update(const struct train_options *options, uint64_t num_rows)
{
    uint64_t batches = (num_rows + options->batch_size - 1) / options->batch_size;
    uint64_t epoch_steps = (batches + options->accumulate - 1) / options->accumulate;
    double step_epochs =
        options->step_epochs > 0 ? options->step_epochs : (double)options->epochs / 3;

    return (struct update_settings){
        .optimizer = {.kind = (enum optimizer_kind)options->optimizer,
                      .momentum = options->momentum,
                      .nesterov = options->nesterov,
                      .beta2 = options->beta2,
                      .epsilon = options->epsilon,
                      .weight_decay = options->weight_decay},
        .schedule = {.kind = (enum schedule_kind)options->schedule,
                     .learning_rate = options->learning_rate,
                     .momentum = options->momentum,
                     .warmup_steps = train_config_steps(options->warmup, epoch_steps),
                     .total_steps = options->epochs * epoch_steps,
                     .step_steps = train_config_steps(step_epochs, epoch_steps),
                     .gamma = options->gamma},
        .clip_norm = options->clip_norm,
        .average = options->average};
}

struct epoch_order train_config_order(const struct train_options *options,
                                      const struct store *store)
{
    return (struct epoch_order){.shuffle = options->shuffle,
                                .seed = options->seed,
                                .chunk_rows = (uint32_t)store_chunk_rows(store),
                                .window = (uint32_t)options->shuffle_window};
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

/* A file by what it says, not by its name. */
static void train_config_add_weights(const struct train_options *options,
                                     const struct train_config *train_config, size_t num_classes,
                                     struct settings *config)
{
    struct sha256 hash;
    char digest[65];

    sha256_begin(&hash);
    sha256_add(&hash, train_config->class_weights, num_classes * sizeof(double));
    sha256_finish(&hash, digest);
    settings_add_text(config, "class_weights",
                      strcmp(options->class_weights, "balanced") == 0 ? "balanced" : digest);
}

/* Settings that are there only where they do something, so that equal runs have equal
 * configurations. */
static void train_config_add_model(const struct train_options *options,
                                   const struct train_config *train_config,
                                   const struct model *model, struct settings *config)
{
    if (model->network) {
        settings_add_text(config, "layers", train_config->layers);
        settings_add_text(config, "input", options->input == INPUT_STANDARD ? "standard" : "unit");
        for (size_t c = 0; c < model->spec.image.channels && options->input == INPUT_STANDARD;
             c++) {
            settings_add_real(config, TEXT("input_scale_%zu", c), model->spec.input.scale[c]);
            settings_add_real(config, TEXT("input_offset_%zu", c), model->spec.input.offset[c]);
        }
    }
    settings_add_text(config, "loss", model_loss_names[options->loss]);
    if (options->label_smoothing > 0)
        settings_add_real(config, "label_smoothing", options->label_smoothing);
    if (train_config->class_weights)
        train_config_add_weights(options, train_config, model->spec.num_classes, config);
}

static void train_config_add_optimizer(const struct train_options *options,
                                       const struct update_settings *update,
                                       struct settings *config)
{
    const struct schedule *schedule = &update->schedule;

    settings_add_text(config, "optimizer", optimizer_names[options->optimizer]);
    settings_add_real(config, "learning_rate", options->learning_rate);
    settings_add_real(config, "momentum", options->momentum);
    if (options->nesterov)
        settings_add_text(config, "nesterov", "yes");
    if (options->optimizer != OPTIMIZER_SGD) {
        settings_add_real(config, "beta2", options->beta2);
        settings_add_real(config, "epsilon", options->epsilon);
    }
    settings_add_real(config, "weight_decay", options->weight_decay);
    if (options->clip_norm > 0)
        settings_add_real(config, "clip_norm", options->clip_norm);
    if (options->average > 0)
        settings_add_real(config, "average", options->average);
    if (schedule->kind != SCHEDULE_CONSTANT)
        settings_add_text(config, "schedule", schedule_names[schedule->kind]);
    if (schedule->kind == SCHEDULE_STEP) {
        settings_add_count(config, "step_steps", schedule->step_steps);
        settings_add_real(config, "gamma", schedule->gamma);
    }
    if (schedule->warmup_steps > 0)
        settings_add_count(config, "warmup_steps", schedule->warmup_steps);
    if (schedule_needs_total(schedule->kind))
        settings_add_count(config, "epochs", options->epochs);
}

/* The names of all frozen layers, in the order of the network. */
static void train_config_add_frozen(const struct network *network, struct settings *config)
{
    char text[SETTING_MAX_TEXT] = "";
    size_t used = 0;

    for (size_t i = 0; i < network->num_layers && used < sizeof(text); i++)
        if (network->layers[i].is_frozen)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? "," : "",
                                     network->layers[i].name);
    settings_add_text(config, "freeze", text);
}

static void train_config_fill_settings(const struct train_options *options,
                                       const struct train_config *train_config,
                                       const struct store *store, const struct model *model,
                                       struct settings *config)
{
    const struct update_settings update =
        train_config_update(options, store_num_rows(store, SPLIT_TRAIN));

    settings_add_text(config, "model", model_kind_names[model->spec.kind]);
    if (!model_has_gradient(model)) {
        settings_add_text(config, "distance", model_distance_names[options->distance]);
        return;
    }
    train_config_add_model(options, train_config, model, config);
    train_config_add_optimizer(options, &update, config);
    settings_add_count(config, "batch_size", options->batch_size);
    settings_add_count(config, "accumulate", options->accumulate);
    settings_add_text(config, "shuffle", shuffle_names[options->shuffle]);
    if (options->shuffle == SHUFFLE_WINDOW) {
        settings_add_count(config, "shuffle_window", options->shuffle_window);
        settings_add_count(config, "shuffle_chunk_rows", store_chunk_rows(store));
    }
    if (!augment_is_nothing(&options->augment)) {
        char text[AUGMENT_TEXT_SIZE];

        augment_print(&options->augment, text);
        settings_add_text(config, "augment", text);
    }
    if (options->freeze)
        train_config_add_frozen(model->network, config);
    /* What is best is no part of a checkpoint, until it ends the run; but a run keeps to one. */
    if (options->monitor != MONITOR_VALID_LOSS || options->patience > 0)
        settings_add_text(config, "monitor", monitor_names[options->monitor]);
    if (options->patience > 0)
        settings_add_count(config, "patience", options->patience);
    settings_add_count(config, "seed", options->seed);
    settings_add_count(config, "slice_rows", MODEL_SLICE_ROWS);
    if (options->init_from) {
        settings_add_text(config, "init", "checkpoint");
        if (options->new_classes)
            settings_add_text(config, "new_classes", "yes");
        train_config_add_initial_parameters(config, model);
    } else {
        settings_add_text(config, "init", init_names[options->init]);
        if (options->init == INIT_NORMAL)
            settings_add_real(config, "init_std", options->init_std);
    }
}

bool train_config_fill(const struct train_options *options, const struct train_config *config,
                       struct store *store, const struct model *model,
                       struct checkpoint *checkpoint, struct error *error)
{
    *checkpoint = (struct checkpoint){.image = *store_image_shape(store),
                                      .epochs = model_has_gradient(model) ? options->epochs : 1};
    snprintf(checkpoint->store_fingerprint, sizeof(checkpoint->store_fingerprint), "%s",
             store_fingerprint(store));
    train_config_fill_settings(options, config, store, model, &checkpoint->config);
    return store_read_preparation(store, checkpoint->preparation, sizeof(checkpoint->preparation),
                                  error) &&
           text_list_copy(&checkpoint->classes, store_classes(store), error);
}
