#include "train/train_options.h"

#include <string.h>

#include "common/machine.h"
#include "common/options.h"
#include "common/text.h"
#include "model/model.h"

static const char *const init_names[] = {"normal", "zeros", NULL};
static const char *const verify_names[] = {"full", "quick", NULL};
static const char *const optimizer_names[] = {"sgd", NULL};

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

bool train_options_parse(struct train_options *options, int argc, char **argv, bool *done,
                         struct error *error)
{
    const char *shuffle = "full";
    uint64_t num_threads = 0; /* not given */
    struct machine_threads threads;
    int first_operand;
    bool ok;

    *options = (struct train_options){.model = MODEL_LINEAR,
                                      .learning_rate = 1.0,
                                      .init_std = 1.0,
                                      .batch_size = 256,
                                      .accumulate = 1,
                                      .epochs = 20,
                                      .seed = 1,
                                      .checkpoint_every = 1};

    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "output", "RUN_DIR",
         "directory for the checkpoints and log.jsonl, made if new", &options->output,
         .is_required = true},
        {OPTION_COUNT, "checkpoint-every", "N", "write a checkpoint after every N epochs",
         &options->checkpoint_every, 1, 1e9, .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "checkpoint-seconds", "S",
         "inside long epochs, save to RUN_DIR/interrupted.h5 every S seconds",
         &options->checkpoint_seconds, 1, 1e9, .shown_default = "never",
         .excludes = NEEDS_GRADIENT},
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
         .choices = model_distance_names, .needs = "model=nearest-mean"},
        {OPTION_CHOICE, "loss", NULL,
         "mae: mean of 1 - p(true class), the lesson's mnist_loss; or cross-entropy",
         &options->loss, .choices = model_loss_names, .excludes = NEEDS_GRADIENT},
        {OPTION_CHOICE, "init", NULL, "initial parameters", &options->init, .choices = init_names,
         .excludes = NEEDS_GRADIENT " init-from"},
        {OPTION_REAL, "init-std", "S", "standard deviation of --init normal", &options->init_std,
         1e-45, 1e6, .excludes = NEEDS_GRADIENT " init-from init=zeros"},
        {OPTION_TEXT, "init-from", "CHECKPOINT", "initial parameters from this checkpoint",
         &options->init_from, .excludes = NEEDS_GRADIENT},
        {OPTION_HEADING, .help = "Optimization"},
        {OPTION_COUNT, "epochs", "N", "epochs in all", &options->epochs, 1, 1e9,
         .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "batch-size", "N", "samples of a mini-batch; the last short one is kept",
         &options->batch_size, 1, 4294967295.0, .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "accumulate", "K", "add the gradients of K mini-batches before each update",
         &options->accumulate, 1, 1e9, .excludes = NEEDS_GRADIENT},
        {OPTION_TEXT, "shuffle", "full|none|window:N",
         "order of the samples: a new permutation each epoch; as stored; or chunks of the store "
         "permuted, then samples inside each N of them, for data larger than memory",
         &shuffle, .excludes = NEEDS_GRADIENT},
        {OPTION_CHOICE, "optimizer", NULL, "stochastic gradient descent", &options->optimizer,
         .choices = optimizer_names, .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "learning-rate", "R", "step size", &options->learning_rate, 1e-45, 1e6,
         .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "momentum", "M", "share of the last update that is kept, below 1",
         &options->momentum, 0, 0.999999, .excludes = NEEDS_GRADIENT},
        {OPTION_REAL, "weight-decay", "W", "this times each parameter is added to its gradient",
         &options->weight_decay, 0, 1e6, .excludes = NEEDS_GRADIENT},
        {OPTION_COUNT, "seed", "N", "of the initial parameters and the order of the samples",
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
    return train_options_take_shuffle(options, shuffle, error);
}
