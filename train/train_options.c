#include "train/train_options.h"

#include <math.h>
#include <string.h>

#include "common/machine.h"
#include "common/options.h"
#include "common/text.h"
#include "model/model.h"
#include "model/optimizer.h"
#include "model/schedule.h"

static const char *const named_model_names[] = {"linear", "nearest-mean", "mlp",
                                                "cnn",    "auto",         NULL};
static const char *const recipe_names[] = {"default", "lesson", NULL};
static const char *const verify_names[] = {"full", "quick", NULL};
static const char *const input_names[] = {"unit", "standard", NULL};

static bool train_options_take_shuffle(struct train_options *options, const char *text,
                                       struct error *error)
{
    options->shuffle_window = 1;
    if (strcmp(text, "full") == 0)
        options->shuffle = SHUFFLE_FULL;
    else if (strcmp(text, "none") == 0)
        options->shuffle = SHUFFLE_NONE;
    else if (strncmp(text, "window:", 7) == 0)
        options->shuffle = SHUFFLE_WINDOW;
    else
        return error_set(
            error, STATUS_USAGE,
            ERROR_AT(.expected = "full, none or window:N", .found = TEXT("'%s'", text)),
            "--shuffle");
    return options->shuffle != SHUFFLE_WINDOW ||
           options_parse_count("--shuffle window:N", text + 7, 1, INT32_MAX,
                               &options->shuffle_window, error);
}

/* What --model nearest-mean, which is fitted in one pass over the samples, has no use for. */
#define NEEDS_GRADIENT "model=nearest-mean"

/* The help of --recipe lesson shows the lesson's defaults. */
#define LESSON(otherwise, lesson) (is_lesson ? (lesson) : (otherwise))

bool train_options_is_network(const struct train_options *options)
{
    return options->layers || options->model >= NAMED_MLP;
}

bool train_options_check(const struct train_options *options, struct error *error)
{
    if (options->input == INPUT_STANDARD && !train_options_is_network(options))
        return error_set(error, STATUS_USAGE, NULL,
                         "--input standard is for networks; a network without hidden layers is "
                         "--layers with blanks only");
    if (!train_options_is_network(options) &&
        (options->init == INIT_HE || options->init == INIT_GLOROT))
        return error_set(error, STATUS_USAGE, NULL,
                         "--init he and glorot are for networks; the linear model starts from "
                         "normal or zeros");
    if (options->optimizer == OPTIMIZER_SGD && options->nesterov && options->momentum == 0)
        return error_set(error, STATUS_USAGE, NULL, "--nesterov needs --momentum");
    if (options->schedule == SCHEDULE_ONE_CYCLE && options->optimizer == OPTIMIZER_SGD &&
        options->momentum == 0)
        return error_set(error, STATUS_USAGE, NULL,
                         "--schedule one-cycle changes the momentum, but --momentum is 0");
    if (options->label_smoothing > 0 && options->loss != LOSS_CROSS_ENTROPY)
        return error_set(error, STATUS_USAGE, NULL, "--label-smoothing needs --loss cross-entropy");
    return true;
}

/* "all", or the newest N. */
static bool train_options_take_keep(struct train_options *options, const char *text,
                                    struct error *error)
{
    options->chooses_keep = text == NULL;
    if (!text || strcmp(text, "all") == 0)
        return true;
    return options_parse_count("--keep", text, 1, 1000000000, &options->keep, error);
}

/* The defaults that the table shows and checks against depend on the recipe. */
static int train_options_find_recipe(int argc, char **argv)
{
    int recipe = RECIPE_DEFAULT;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--recipe=lesson") == 0 ||
            (i + 1 < argc && strcmp(argv[i], "--recipe") == 0 &&
             strcmp(argv[i + 1], "lesson") == 0))
            recipe = RECIPE_LESSON;
    return recipe;
}

bool train_options_parse(struct train_options *options, int argc, char **argv, bool *done,
                         struct error *error)
{
    const char *shuffle = "full", *augment = NULL, *keep = NULL;
    struct train_options_given *given = &options->given;
    bool is_lesson = train_options_find_recipe(argc, argv) == RECIPE_LESSON;
    uint64_t num_threads = 0; /* not given */
    struct machine_threads threads;
    int first_operand;
    bool ok;

    *options = (struct train_options){.model = is_lesson ? NAMED_LINEAR : NAMED_AUTO,
                                      .recipe = is_lesson ? RECIPE_LESSON : RECIPE_DEFAULT,
                                      .optimizer = is_lesson ? OPTIMIZER_SGD : OPTIMIZER_ADAMW,
                                      .learning_rate = NAN,
                                      .momentum = NAN,
                                      .beta2 = 0.999,
                                      .epsilon = 1e-8,
                                      .gamma = 0.1,
                                      .init_std = 1.0,
                                      .batch_size = 256,
                                      .accumulate = 1,
                                      .epochs = 20,
                                      .seed = 1,
                                      .checkpoint_every = 1};

    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", "RUN_DIR",
         "directory for the checkpoints and log.jsonl, made if new", &options->output},
        {OPTION_COUNT, "checkpoint-every", "N", "write a checkpoint after every N epochs",
         &options->checkpoint_every, 1, 1e9, .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "checkpoint-seconds", "S",
         "inside long epochs, save to RUN_DIR/interrupted.h5 every S seconds",
         &options->checkpoint_seconds, 1, 1e9, .shown_default = "never",
         .excludes = NEEDS_GRADIENT},
        {OPTION_TEXT, "keep", "N|all", "keep the newest N checkpoints only, and best.h5", &keep,
         .shown_default = "all, but 3 where all would take more than 1 GB"},
        {OPTION_CHOICE, "monitor", NULL, "what makes an epoch the best, kept as RUN_DIR/best.h5",
         &options->monitor, .choices = monitor_names, .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "patience", "N", "stop after N epochs without a better one",
         &options->patience, 1, 1e9, .shown_default = "train all epochs",
         .excludes = NEEDS_GRADIENT " find-lr"},
        {OPTION_FLAG, "resume", NULL,
         "go on from the newest whole checkpoint of the same configuration and store, if any; to "
         "more --epochs than before where the schedule is constant",
         &options->resume},
        {OPTION_FLAG, "force", NULL,
         "start anew in a RUN_DIR that holds another run or a finished one, removing its "
         "checkpoints",
         &options->force},
        {OPTION_FLAG, "dry-run", NULL, "check everything, say what would be done, and stop",
         &options->dry_run},
        {OPTION_HEADING, .help = "Model"},
        {OPTION_CHOICE, "recipe", NULL,
         "where all that is not given comes from: chosen by the store's images and their number, "
         "or the settings of the fast.ai lesson (linear, mae, sgd)",
         &options->recipe, .choices = recipe_names},
        {OPTION_CHOICE, "model", NULL,
         "what to train; auto is a convolutional network that fits the images; mlp and cnn are "
         "names for --layers \"dense:128 relu\" (or what --hidden says) and \"conv:16 relu pool "
         "conv:32 relu pool dense:128 relu\"",
         &options->model, .choices = named_model_names, .given = &given->model},
        {OPTION_TEXT, "layers", "TEXT",
         "a network of dense:N, conv:N[:K][:sS], relu, leaky:S, pool, avgpool, norm, dropout:P and "
         "res( ... ); the layer that gives the classes follows by itself",
         &options->layers, .shown_default = "", .excludes = "model hidden"},
        {OPTION_TEXT, "hidden", "N,N...", "outputs of the hidden layers of --model mlp",
         &options->hidden, .shown_default = "128", .needs = "model=mlp"},
        {OPTION_CHOICE, "distance", NULL, "of nearest-mean", &options->distance,
         .choices = model_distance_names, .needs = "model=nearest-mean"},
        {OPTION_CHOICE, "loss", NULL,
         "mae: mean of 1 - p(true class), the lesson's mnist_loss; or cross-entropy",
         &options->loss, .choices = model_loss_names,
         .shown_default = LESSON("cross-entropy", "mae for linear, else cross-entropy"),
         .given = &given->loss, .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "label-smoothing", "S", "share of the target that all classes have alike",
         &options->label_smoothing, 0, 0.999999, .excludes = NEEDS_GRADIENT},
        {OPTION_TEXT, "class-weights", "balanced|FILE",
         "weight of each class in the loss: as if classes had as many samples as each other, or "
         "from a file with a line \"CLASS WEIGHT\" for each class",
         &options->class_weights, .shown_default = "all alike", .excludes = NEEDS_GRADIENT},
        {OPTION_CHOICE, "input", NULL,
         "of a network: pixels / 255, or that less the mean and over the standard deviation of "
         "each "
         "channel of the training images",
         &options->input, .choices = input_names, .given = &given->input,
         .shown_default = LESSON("standard", "unit"), .excludes = NEEDS_GRADIENT},
        {OPTION_CHOICE, "init", NULL, "initial parameters", &options->init, .choices = init_names,
         .shown_default = LESSON("zeros for linear, else he", "normal for linear, else he"),
         .given = &given->init, .excludes = NEEDS_GRADIENT " init-from"},
        {OPTION_REAL, "init-std", "S", "standard deviation of --init normal", &options->init_std,
         1e-45, 1e6, .given = &given->init_std, .excludes = NEEDS_GRADIENT " init-from init=zeros"},
        {OPTION_TEXT, "init-from", "CHECKPOINT|RUN_DIR",
         "initial parameters, and the layers unless they are given, from this checkpoint or the "
         "newest of this run",
         &options->init_from, .excludes = NEEDS_GRADIENT},
        {OPTION_FLAG, "new-classes", NULL,
         "of --init-from take all layers but the last, which starts anew for this store's classes",
         &options->new_classes, .needs = "init-from", .excludes = NEEDS_GRADIENT},
        {OPTION_TEXT, "freeze", "LAYER,LAYER...",
         "layers of a network, by the names that --dry-run prints, whose parameters stay as they "
         "start",
         &options->freeze, .excludes = NEEDS_GRADIENT " find-lr"},
        {OPTION_HEADING, .help = "Optimization"},
        {OPTION_COUNT, "epochs", "N", "epochs in all", &options->epochs, 1, 1e9,
         .given = &given->epochs,
         .shown_default = LESSON("5 to 100, by the number of images", "20"),
         .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "batch-size", "N", "samples of a mini-batch; the last short one is kept",
         &options->batch_size, 1, 4294967295.0, .given = &given->batch_size,
         .shown_default = LESSON("64", "256"), .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "accumulate", "K", "add the gradients of K mini-batches before each update",
         &options->accumulate, 1, 1e9, .excludes = NEEDS_GRADIENT},
        {OPTION_TEXT, "shuffle", "full|none|window:N",
         "order of the samples: a new permutation each epoch; as stored; or chunks of the store "
         "permuted, then samples inside each N of them, for data larger than memory",
         &shuffle, .excludes = NEEDS_GRADIENT},
        {OPTION_FLAG, "find-lr", NULL,
         "instead of training, try learning rates from small to large, print the losses and "
         "suggest "
         "one; needs no --output",
         &options->find_lr, .excludes = NEEDS_GRADIENT " learning-rate schedule dry-run resume"},
        {OPTION_TEXT, "augment", "TEXT",
         "draw the training images anew for each epoch: rotate:DEGREES shift:PIXELS scale:F "
         "shear:F "
         "elastic:PIXELS:SPACING flip crop:PIXELS brightness:F contrast:F erase:P "
         "fill:zero|edge|reflect, or digits or photos",
         &augment, .choices = augment_beginnings, .shown_default = "none",
         .excludes = NEEDS_GRADIENT},
        {OPTION_CHOICE, "optimizer", NULL, "what makes a step of a gradient", &options->optimizer,
         .choices = optimizer_names, .given = &given->optimizer, .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "learning-rate", "R", "step size, the largest of the schedule",
         &options->learning_rate, 1e-45, 1e6,
         .shown_default = LESSON("adam(w): .01 with norms or linear, else .001; sgd: .1, else .02",
                                 "1 for linear, .05 for networks, .001 for adam and adamw"),
         .given = &given->learning_rate, .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "momentum", "M",
         "share of the last update that is kept, below 1; of adam and adamw: beta1",
         &options->momentum, 0, 0.999999,
         .shown_default = LESSON(".9", "0 for linear by sgd, else .9"), .given = &given->momentum,
         .excludes = NEEDS_GRADIENT},
        {OPTION_FLAG, "nesterov", NULL, "look ahead along the momentum", &options->nesterov,
         .needs = "optimizer=sgd", .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "beta2", "B", "of adam and adamw, below 1", &options->beta2, 0, 0.9999999,
         .given = &given->beta2, .excludes = NEEDS_GRADIENT " optimizer=sgd"},
        {OPTION_REAL, "epsilon", "E", "of adam and adamw", &options->epsilon, 1e-30, 1,
         .given = &given->epsilon, .excludes = NEEDS_GRADIENT " optimizer=sgd"},
        {OPTION_REAL, "weight-decay", "W",
         "this times each parameter is added to its gradient; of adamw: this times the learning "
         "rate times the parameter is taken off it; biases and norms of networks are spared",
         &options->weight_decay, 0, 1e6, .given = &given->weight_decay,
         .shown_default = LESSON(".01 of adamw, else 0", "0"), .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "clip-norm", "N", "scale gradients down to this norm", &options->clip_norm, 0,
         1e30, .shown_default = "any norm", .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "average", "D",
         "evaluate and save beside the parameters their moving average, of which each step keeps D",
         &options->average, 0, 0.9999999, .shown_default = "none", .excludes = NEEDS_GRADIENT},
        {OPTION_CHOICE, "schedule", NULL, "of the learning rate", &options->schedule,
         .choices = schedule_names, .given = &given->schedule,
         .shown_default = LESSON("one-cycle; cosine with --warmup or --momentum 0", "constant"),
         .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "warmup", "EPOCHS",
         "epochs in which the learning rate rises to the schedule's", &options->warmup, 0, 1e9,
         .given = &given->warmup, .excludes = NEEDS_GRADIENT " schedule=one-cycle"},
        {OPTION_REAL, "step-epochs", "EPOCHS", "of --schedule step: epochs of one learning rate",
         &options->step_epochs, 0, 1e9, .shown_default = "a third of all",
         .needs = "schedule=step"},
        {OPTION_REAL, "gamma", "G", "of --schedule step: what the learning rate is multiplied by",
         &options->gamma, 1e-30, 1, .needs = "schedule=step"},
        {OPTION_COUNT, "seed", "N",
         "of the initial parameters, the order of the samples, dropout and augmentation",
         &options->seed, .excludes = NEEDS_GRADIENT},
        {OPTION_HEADING, .help = "Input"},
        {OPTION_CHOICE, "verify", NULL,
         "check the store's seal over every byte before use, or its fingerprint and the images "
         "that are read only",
         &options->verify, .choices = verify_names},
        {OPTION_HEADING, .help = "Machine"},
        {OPTION_NBYTES, "memory-limit", "SIZE",
         "bytes (K, M, G, T: powers of 1024) for the images and all that grows with their number; "
         "what does not fit is streamed, with the same result",
         &options->memory_limit, .shown_default = "3/4 of this machine's or job's memory"},
        {OPTION_COUNT, "threads", "N",
         "threads of each rank; no result depends on it; ranks that run on the same processors "
         "share them by default",
         &num_threads, 1, MACHINE_MAX_THREADS,
         .shown_default = "OMP_NUM_THREADS, else one for each processor"},
    };

    const struct program program = {
        .name = "quern-train",
        .usage = "[OPTION...] STORE.h5 --output RUN_DIR",
        .summary =
            "Trains a classifier on a store made by quern-ingest and writes a checkpoint\n"
            "RUN_DIR/epoch-NNNN.h5 after each epoch.  Most runs need only --output: the rest is\n"
            "chosen by the images and their number, and printed.  The same configuration, seed\n"
            "and store give the same bytes, on any number of threads, resumed or not.",
        .epilogue =
            "Exit status: 0 done, 2 wrong arguments, 65 bad input data, 70 internal error,\n"
            "74 cannot read or write, 75 saved and stopped by a signal: --resume goes on.\n"
            "\n"
            "Examples:\n"
            "  quern-train store.h5 --output run\n"
            "  quern-train store.h5 --output lesson --recipe lesson\n"
            "  quern-train store.h5 --output means --model nearest-mean --distance l1\n"
            "  quern-train store.h5 --output cnn --model cnn --epochs 10\n"
            "  quern-train store.h5 --output net --layers \"conv:16 relu pool dense:64 relu\"",
        .options = specs,
        .num_options = sizeof(specs) / sizeof(specs[0]),
    };
    ok = options_parse(&program, argc, argv, &first_operand, done, error);
    if (!ok || *done)
        return ok;
    threads = machine_choose_threads(num_threads);
    options->threads = (uint64_t)threads.count;
    options->has_threads = threads.is_asked_for;
    text_format(options->threads_rule, sizeof(options->threads_rule), "%s", threads.rule);
    if (!options_check_operands("STORE.h5", argc - first_operand, argv + first_operand, error))
        return false;
    options->store_path = argv[first_operand];
    if (!options->output && !options->find_lr)
        return error_set(error, STATUS_USAGE, NULL, "--output RUN_DIR is missing");
    return train_options_take_keep(options, keep, error) &&
           train_options_take_shuffle(options, shuffle, error) &&
           (!augment || augment_parse(augment, &options->augment, error));
}
