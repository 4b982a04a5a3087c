#include "train/train_options.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "common/parse.h"
#include "common/text.h"
#include "model/model.h"

static const char *const init_names[] = {"normal", "zeros", NULL};
static const char *const verify_names[] = {"full", "quick", NULL};
static const char *const optimizer_names[] = {"sgd", NULL};

/* Which of the options that only some models understand were given. */
struct given {
    bool distance, loss, optimizer, learning_rate, momentum, weight_decay, init, init_std;
    bool init_from, shuffle, batch_size, accumulate, epochs, seed, checkpoint_every,
        checkpoint_seconds;
};

static bool refuse_meaningless(const struct train_options *options, const struct given *given,
                               struct error *error)
{
    bool is_fitted = options->model == MODEL_NEAREST_MEAN;
    const struct {
        const char *name;
        bool is_refused;
        const char *reason;
    } rules[] = {
        {"--distance", given->distance && !is_fitted, "is for --model nearest-mean"},
        {"--loss", given->loss && is_fitted, NULL},
        {"--optimizer", given->optimizer && is_fitted, NULL},
        {"--learning-rate", given->learning_rate && is_fitted, NULL},
        {"--momentum", given->momentum && is_fitted, NULL},
        {"--weight-decay", given->weight_decay && is_fitted, NULL},
        {"--init", given->init && is_fitted, NULL},
        {"--init-std", given->init_std && is_fitted, NULL},
        {"--init-from", given->init_from && is_fitted, NULL},
        {"--shuffle", given->shuffle && is_fitted, NULL},
        {"--batch-size", given->batch_size && is_fitted, NULL},
        {"--accumulate", given->accumulate && is_fitted, NULL},
        {"--epochs", given->epochs && is_fitted, NULL},
        {"--seed", given->seed && is_fitted, NULL},
        {"--checkpoint-every", given->checkpoint_every && is_fitted, NULL},
        {"--checkpoint-seconds", given->checkpoint_seconds && is_fitted, NULL},
        {"--init", given->init && options->init_from, "has no meaning beside --init-from"},
        {"--init-std", given->init_std && (options->init_from || options->init == INIT_ZEROS),
         "is for --init normal"},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].is_refused)
            return error_set(
                error, STATUS_USAGE, NULL, "%s %s", rules[i].name,
                rules[i].reason ? rules[i].reason
                                : "has no meaning for --model nearest-mean, which is fitted in one "
                                  "pass over the samples");
    return true;
}

static bool take_operands(struct train_options *options, int argc, char **argv, int first,
                          struct error *error)
{
    if (argc - first < 1)
        return error_set(error, STATUS_USAGE, NULL, "STORE.h5 is missing");
    if (argc - first > 1)
        return error_set(error, STATUS_USAGE, NULL, "one STORE.h5 only, but there is also '%s'",
                         argv[first + 1]);
    options->store_path = argv[first];
    if (!options->output)
        return error_set(error, STATUS_USAGE, NULL, "--output RUN_DIR is missing");
    if (options->output[0] == '\0')
        return error_set(error, STATUS_USAGE, NULL, "--output is empty");
    if (options->init_std == 0)
        return error_set(error, STATUS_USAGE, NULL, "--init-std 0 is --init zeros");
    if (options->learning_rate == 0)
        return error_set(error, STATUS_USAGE, NULL, "--learning-rate 0 would learn nothing");
    return true;
}

/* Options that the table leaves as text. */
struct texts {
    const char *shuffle, *memory_limit;
};

static bool take_texts(struct train_options *options, const struct texts *texts,
                       struct error *error)
{
    const char *shuffle = texts->shuffle;

    options->shuffle_window = 1;
    if (strcmp(shuffle, "full") == 0)
        options->shuffle = SHUFFLE_FULL;
    else if (strcmp(shuffle, "none") == 0)
        options->shuffle = SHUFFLE_NONE;
    else if (strncmp(shuffle, "window:", 7) == 0)
        options->shuffle = SHUFFLE_WINDOW;
    else
        return error_set(
            error, STATUS_USAGE,
            ERROR_AT(.expected = "full, none or window:N", .found = TEXT("'%s'", shuffle)),
            "--shuffle");
    if (options->shuffle == SHUFFLE_WINDOW &&
        !parse_count("--shuffle window:N", shuffle + 7, 1, INT32_MAX, &options->shuffle_window,
                     error))
        return error_ok(error);
    return texts->memory_limit ? parse_nbytes("--memory-limit", texts->memory_limit, 1,
                                              &options->memory_limit, error)
                               : true;
}

bool train_options_parse(struct train_options *options, struct program *program, int argc,
                         char **argv, bool *done, struct error *error)
{
    struct given given = {0};
    struct texts texts = {.shuffle = "full"};
    int first_operand;
    bool ok;

    *options = (struct train_options){.model = MODEL_LINEAR,
                                      .learning_rate = 1.0,
                                      .init_std = 1.0,
                                      .batch_size = 256,
                                      .accumulate = 1,
                                      .epochs = 20,
                                      .seed = 1,
                                      .checkpoint_every = 1,
                                      .threads = (uint64_t)omp_get_num_procs()};

    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", "RUN_DIR", "folder for the checkpoints and log.jsonl, made if new",
         &options->output},
        {OPTION_COUNT, "checkpoint-every", "N", "write a checkpoint after every N epochs",
         &options->checkpoint_every, 1, 1e9, .given = &given.checkpoint_every},
        {OPTION_COUNT, "checkpoint-seconds", "S",
         "inside long epochs, save to RUN_DIR/interrupted.h5 every S seconds",
         &options->checkpoint_seconds, 1, 1e9, .shown_default = "never",
         .given = &given.checkpoint_seconds},
        {OPTION_COUNT, "keep", "N", "keep the newest N checkpoints only", &options->keep, 1, 1e9,
         .shown_default = "all"},
        {OPTION_FLAG, "resume", NULL,
         "go on from the newest whole checkpoint of the same configuration and store, if any",
         &options->resume},
        {OPTION_FLAG, "force", NULL,
         "start anew in a RUN_DIR that holds another run or a finished one, removing its "
         "checkpoints",
         &options->force},
        {OPTION_FLAG, "dry-run", NULL, "check everything, say what would be done, and stop",
         &options->dry_run},
        {OPTION_HEADING, .help = "Model"},
        {OPTION_CHOICE, "model", NULL, "what to train", &options->model,
         .choices = model_kind_names},
        {OPTION_CHOICE, "distance", NULL, "of nearest-mean", &options->distance,
         .choices = model_distance_names, .given = &given.distance},
        {OPTION_CHOICE, "loss", NULL,
         "mae: mean of 1 - p(true class), the lesson's mnist_loss; or cross-entropy",
         &options->loss, .choices = model_loss_names, .given = &given.loss},
        {OPTION_CHOICE, "init", NULL, "initial parameters", &options->init, .choices = init_names,
         .given = &given.init},
        {OPTION_REAL, "init-std", "S", "standard deviation of --init normal", &options->init_std, 0,
         1e6, .given = &given.init_std},
        {OPTION_TEXT, "init-from", "CHECKPOINT", "initial parameters from this checkpoint",
         &options->init_from, .given = &given.init_from},
        {OPTION_HEADING, .help = "Optimization"},
        {OPTION_COUNT, "epochs", "N", "epochs in all", &options->epochs, 1, 1e9,
         .given = &given.epochs},
        {OPTION_COUNT, "batch-size", "N", "samples of a mini-batch; the last short one is kept",
         &options->batch_size, 1, 4294967295.0, .given = &given.batch_size},
        {OPTION_COUNT, "accumulate", "K", "add the gradients of K mini-batches before each update",
         &options->accumulate, 1, 1e9, .given = &given.accumulate},
        {OPTION_TEXT, "shuffle", "full|none|window:N",
         "order of the samples: a new permutation each epoch; as stored; or chunks of the store "
         "permuted, then samples inside each N of them, for data larger than memory",
         &texts.shuffle, .given = &given.shuffle},
        {OPTION_CHOICE, "optimizer", NULL, "stochastic gradient descent", &options->optimizer,
         .choices = optimizer_names, .given = &given.optimizer},
        {OPTION_REAL, "learning-rate", "R", "step size", &options->learning_rate, 0, 1e6,
         .given = &given.learning_rate},
        {OPTION_REAL, "momentum", "M", "share of the last update that is kept, below 1",
         &options->momentum, 0, 0.999999, .given = &given.momentum},
        {OPTION_REAL, "weight-decay", "W", "this times each parameter is added to its gradient",
         &options->weight_decay, 0, 1e6, .given = &given.weight_decay},
        {OPTION_COUNT, "seed", "N", "of the initial parameters and the order of the samples",
         &options->seed, .given = &given.seed},
        {OPTION_HEADING, .help = "Input"},
        {OPTION_CHOICE, "verify", NULL,
         "check the store's seal over every byte before use, or its fingerprint and the images "
         "that are read only",
         &options->verify, .choices = verify_names},
        {OPTION_HEADING, .help = "Machine"},
        {OPTION_TEXT, "memory-limit", "SIZE",
         "bytes (K, M, G, T: powers of 1024) for the images and all that grows with their number; "
         "what does not fit is streamed, with the same result",
         &texts.memory_limit, .shown_default = "3/4 of this machine's or job's memory"},
        {OPTION_COUNT, "threads", "N",
         "threads of each rank; no result depends on it; ranks that run on the same processors "
         "share them by default",
         &options->threads, 1, 1024, .given = &options->has_threads},
    };

    *program = (struct program){
        .name = "quern-train",
        .usage = "[OPTION...] STORE.h5 --output RUN_DIR",
        .summary =
            "Trains a classifier on a store made by quern-ingest and writes a checkpoint\n"
            "RUN_DIR/epoch-NNNN.h5 after each epoch.  The same configuration, seed and store\n"
            "give the same bytes, on any number of threads, resumed or not.",
        .epilogue =
            "Exit status: 0 done, 2 wrong arguments, 65 bad input data, 70 internal error,\n"
            "74 cannot read or write, 75 saved and stopped by a signal: --resume goes on.\n"
            "\n"
            "Examples:\n"
            "  quern-train store.h5 --output run --loss mae --learning-rate 1 --epochs 20\n"
            "  quern-train store.h5 --output means --model nearest-mean --distance l1",
        .options = specs,
        .num_options = sizeof(specs) / sizeof(specs[0]),
    };
    ok = options_parse(program, argc, argv, &first_operand, done, error);
    program->options = NULL; /* the table goes with this function */
    program->num_options = 0;
    if (!ok || *done)
        return ok;
    ok = take_operands(options, argc, argv, first_operand, error);
    if (ok)
        ok = take_texts(options, &texts, error);
    if (ok)
        ok = refuse_meaningless(options, &given, error);
    return ok;
}
