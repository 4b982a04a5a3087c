#include "evaluate/evaluate_options.h"

#include "common/machine.h"
#include "common/options.h"

static const char *const select_names[] = {"last", "best", NULL};
static const char *const verify_names[] = {"full", "quick", NULL};

static const char usage[] = "[OPTION...] CHECKPOINT... STORE.h5\n"
                            "       quern-evaluate [OPTION...] --compare A.h5 B.h5";

static const char summary[] =
    "Evaluates a checkpoint on one split of a store: recall, precision and F1 of each class, the\n"
    "accuracy with its 95 % interval, areas, loss, calibration and the confusion matrix.  "
    "CHECKPOINT\n"
    "is a file, or a RUN_DIR whose newest whole epoch-NNNN.h5 is taken; of several, a table\n"
    "compares them.  With --compare, two evaluations that --output has written are compared.\n"
    "quern-predict classifies other images.";

static const char epilogue[] =
    "Examples:\n"
    "  quern-evaluate run digits.h5\n"
    "  quern-evaluate run digits.h5 --split test --select best\n"
    "  quern-evaluate run/epoch-0005.h5 digits.h5 --split test --output evaluation.h5\n"
    "  quern-evaluate run digits.h5 --report report.html\n"
    "  quern-evaluate linear mlp cnn digits.h5 --split test --report comparison.html\n"
    "  quern-evaluate --compare linear.h5 cnn.h5\n"
    "\n"
    "Exit codes: 0 done, 2 wrong usage, 65 bad input data, 70 internal error, 74 read or write\n"
    "error.";

/* What the table cannot say. */
static bool evaluate_options_check(const struct evaluate_options *options, int num_operands,
                                   char **operands, struct error *error)
{
    bool has_several = !options->is_comparison && num_operands > 2;

    if (options->force && !options->output && !options->report)
        return error_set(error, STATUS_USAGE, NULL, "--force needs --output or --report");
    if (has_several && (options->output || options->num_resamples > 0))
        return error_set(error, STATUS_USAGE, NULL, "%s is for one checkpoint, not for several",
                         options->output ? "--output" : "--bootstrap");
    return options_check_operands(options->is_comparison ? "A.h5 B.h5"
                                  : has_several          ? "CHECKPOINT..."
                                                         : "CHECKPOINT STORE.h5",
                                  num_operands, operands, error);
}

bool evaluate_options_parse(int argc, char **argv, struct evaluate_options *options, bool *done,
                            struct error *error)
{
    int split = SPLIT_VALID, select = MODEL_SELECT_LAST, verify = 0, first_operand;
    uint64_t num_threads = 0; /* not given */
    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Evaluation"},
        {OPTION_FLAG, "compare",
         .help = "compare two evaluation files of the same samples: accuracies, their difference, "
                 "and whether that may be chance",
         .value = &options->is_comparison,
         .excludes = "split output report force verify select bootstrap"},
        {OPTION_CHOICE, "split", .help = "the samples to evaluate", .value = &split,
         .choices = split_names, .given = &options->is_split_given,
         .shown_default = "valid, or the only split there is"},
        {OPTION_TEXT, "output", "FILE",
         "write an evaluation file too: each sample's path, label, prediction and scores",
         &options->output},
        {OPTION_TEXT, "report", "FILE.html",
         "write a page for a browser: figures, curves, mistakes with their pictures, the data, and "
         "the commands that lead to it; of several checkpoints, their comparison",
         &options->report},
        {OPTION_FLAG, "force",
         .help = "let --output and --report replace a file that is none of their own",
         .value = &options->force},
        {OPTION_CHOICE, "verify",
         .help = "check the store's seal over every byte before use, or its fingerprint and the "
                 "images that are read only",
         .value = &verify, .choices = verify_names},
        {OPTION_NBYTES, "memory-limit", "SIZE",
         "bytes (K, M, G, T: powers of 1024) for the images and all that grows with their number, "
         "scores and paths of --output aside; images that do not fit are streamed, with the same "
         "result, and ROC and PR areas that do not fit are left out, which is said",
         &options->memory_limit, .shown_default = "3/4 of this machine's or job's memory"},
        {OPTION_CHOICE, "select",
         .help = "of a RUN_DIR, the newest epoch's checkpoint, or best.h5, which quern-train "
                 "chose by its figures on the valid split",
         .value = &select, .choices = select_names},
        {OPTION_COUNT, "bootstrap", "N",
         "draw the samples again N times and show what the middle 95 % of every figure is",
         &options->num_resamples, 100, 1000000, .shown_default = "no bootstrap"},
        {OPTION_COUNT, "seed", "N", "of the bootstrap's random numbers", &options->seed,
         .needs = "bootstrap"},
        {OPTION_FLAG, "json", .help = "print one JSON object instead of tables",
         .value = &options->json},
        {OPTION_COUNT, "threads", "N", "threads; no result depends on it", &num_threads, 1,
         MACHINE_MAX_THREADS, .shown_default = "OMP_NUM_THREADS, else one for each processor"},
    };
    const struct program program = {.name = "quern-evaluate",
                                    .usage = usage,
                                    .summary = summary,
                                    .epilogue = epilogue,
                                    .options = specs,
                                    .num_options = sizeof(specs) / sizeof(specs[0])};
    char **operands;

    *options = (struct evaluate_options){.seed = 1};
    if (!options_parse(&program, argc, argv, &first_operand, done, error))
        return false;
    operands = argv + first_operand;
    if (!*done && !evaluate_options_check(options, argc - first_operand, operands, error))
        return false;
    options->split = (enum split)split;
    options->select = (enum model_select)select;
    options->is_quick = verify == 1;
    options->num_threads = machine_choose_threads(num_threads).count;
    if (*done)
        return true;
    if (options->is_comparison) {
        options->evaluations[0] = operands[0];
        options->evaluations[1] = operands[1];
    } else {
        options->num_checkpoints = (size_t)(argc - first_operand) - 1;
        options->checkpoints = operands;
        options->store = operands[options->num_checkpoints];
    }
    return true;
}
