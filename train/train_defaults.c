#include "train/train_defaults.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "train/initial_parameters.h"

enum {
    BATCH_SIZE = 64,
    LESSON_BATCH_SIZE = 256,
    LESSON_EPOCHS = 20,
    MIN_EPOCHS = 5,
    MAX_EPOCHS = 100,
    /* Epochs are this over the root of the number of samples: few images are seen more often, but
     * many are more steps in all. */
    EPOCHS_TIMES_ROOT = 2000,
    LARGE_SIDE = 96, /* from here on the first convolution takes every second pixel, */
    HUGE_SIDE = 192, /* and from here on every fourth */
    MAX_LAST_SIDE = 7,
    FIRST_CHANNELS = 16,
    SMALL_SIDE = 16, /* images of fewer pixels a side begin with more channels: they cost little */
    MAX_CHANNELS = 64,
};

/* ---- the network that fits ---- */

void train_defaults_print_network(const struct image_shape *image, FILE *stream)
{
    size_t side = image->height < image->width ? image->height : image->width, stride = 1;
    size_t channels = side < SMALL_SIDE ? 2 * FIRST_CHANNELS : FIRST_CHANNELS;

    if (side >= LARGE_SIDE)
        stride = side >= HUGE_SIDE ? 4 : 2;
    if (stride > 1)
        fprintf(stream, "conv:%zu:5:s%zu norm relu ", channels, stride);
    else
        fprintf(stream, "conv:%zu norm relu ", channels);
    side = (side + stride - 1) / stride;
    do {
        if (side > MAX_LAST_SIDE) {
            fputs("pool ", stream);
            side /= 2;
        }
        channels = channels < MAX_CHANNELS ? 2 * channels : MAX_CHANNELS;
        fprintf(stream, "conv:%zu norm relu ", channels);
    } while (side > MAX_LAST_SIDE);
    fputs("avgpool", stream);
}

uint64_t train_defaults_epochs(uint64_t num_samples)
{
    double epochs = ceil(EPOCHS_TIMES_ROOT / sqrt((double)(num_samples ? num_samples : 1)));

    if (epochs < MIN_EPOCHS)
        return MIN_EPOCHS;
    return epochs > MAX_EPOCHS ? MAX_EPOCHS : (uint64_t)epochs;
}

/* ---- the two recipes ---- */

/* What the lesson takes for the linear model; for a network what is usual. */
static void train_defaults_set_lesson(struct train_options *options)
{
    const struct train_options_given *given = &options->given;
    bool is_network = train_options_is_network(options);
    bool is_sgd = options->optimizer == OPTIMIZER_SGD;

    if (!given->loss)
        options->loss = is_network ? LOSS_CROSS_ENTROPY : LOSS_MAE;
    if (!given->init)
        options->init = is_network ? INIT_HE : INIT_NORMAL;
    if (!given->learning_rate)
        options->learning_rate = !is_sgd ? 0.001 : is_network ? 0.05 : 1.0;
    if (!given->momentum)
        options->momentum = is_sgd && !is_network ? 0.0 : 0.9;
    if (!given->epochs)
        options->epochs = LESSON_EPOCHS;
    if (!given->batch_size)
        options->batch_size = LESSON_BATCH_SIZE;
}

/* Norms bear learning rates that plain networks do not. */
static bool train_defaults_has_norm(const struct train_options *options)
{
    return options->layers ? strstr(options->layers, "norm") != NULL : options->model == NAMED_AUTO;
}

static double train_defaults_learning_rate(const struct train_options *options)
{
    bool is_fast = !train_options_is_network(options) || train_defaults_has_norm(options);

    if (options->optimizer == OPTIMIZER_SGD)
        return is_fast ? 0.1 : 0.02;
    return is_fast ? 0.01 : 0.001;
}

static void train_defaults_set(struct train_options *options, uint64_t num_samples)
{
    const struct train_options_given *given = &options->given;
    bool is_network = train_options_is_network(options);

    if (!given->loss)
        options->loss = LOSS_CROSS_ENTROPY;
    if (!given->input && is_network)
        options->input = INPUT_STANDARD;
    if (!given->init)
        options->init = given->init_std ? INIT_NORMAL : is_network ? INIT_HE : INIT_ZEROS;
    if (!given->learning_rate)
        options->learning_rate = train_defaults_learning_rate(options);
    if (!given->momentum)
        options->momentum = 0.9;
    if (!given->weight_decay && options->optimizer == OPTIMIZER_ADAMW)
        options->weight_decay = 0.01;
    /* one-cycle has a warm-up of its own, and changes the momentum */
    if (!given->schedule)
        options->schedule = given->warmup || (given->momentum && options->momentum == 0)
                                ? SCHEDULE_COSINE
                                : SCHEDULE_ONE_CYCLE;
    if (!given->epochs)
        options->epochs = train_defaults_epochs(num_samples);
    if (!given->batch_size)
        options->batch_size = BATCH_SIZE;
}

bool train_defaults_resolve(struct train_options *options, const struct store *store,
                            struct error *error)
{
    bool is_lesson = options->recipe == RECIPE_LESSON;

    if (options->init_from && !is_lesson && !initial_parameters_take_model(options, error))
        return false;
    if (is_lesson)
        train_defaults_set_lesson(options);
    else
        train_defaults_set(options, store_num_rows(store, SPLIT_TRAIN));
    return train_options_check(options, error);
}

void train_defaults_print(const struct train_options *options, const char *layers, FILE *stream)
{
    const struct train_options_given *given = &options->given;

    if (!given->model && layers && !options->layers)
        fprintf(stream, " --layers \"%s\"", layers);
    if (!given->loss)
        fprintf(stream, " --loss %s", model_loss_names[options->loss]);
    if (!given->input && layers && !options->takes_input)
        fprintf(stream, " --input %s", options->input == INPUT_STANDARD ? "standard" : "unit");
    if (!given->optimizer)
        fprintf(stream, " --optimizer %s", optimizer_names[options->optimizer]);
    if (!given->learning_rate)
        fprintf(stream, " --learning-rate %g", options->learning_rate);
    if (!given->weight_decay && options->weight_decay > 0)
        fprintf(stream, " --weight-decay %g", options->weight_decay);
    if (!given->schedule)
        fprintf(stream, " --schedule %s", schedule_names[options->schedule]);
    if (!given->batch_size)
        fprintf(stream, " --batch-size %" PRIu64, options->batch_size);
    if (!given->epochs)
        fprintf(stream, " --epochs %" PRIu64, options->epochs);
}
