#include "evaluate/evaluate_options.h"

#include <omp.h>

#include "common/parse.h"

/* What is written by the option table and checked afterwards. */
struct raw_options {
    const char *memory_limit;
    int verify;
    bool is_verify_given;
    int split;
    bool is_split_given;
    const char *output;
    bool json;
    bool image;
    uint64_t max_pixels;
    bool is_max_pixels_given;
    uint64_t num_threads;
};

static const char *const verify_names[] = {"full", "quick", NULL};

static const char usage[] = "[OPTION...] CHECKPOINT STORE.h5\n"
                            "       quern-evaluate [OPTION...] CHECKPOINT --image FILE.png...";

static const char summary[] =
    "Evaluates a checkpoint on one split of a store: the accuracy of each class, their mean, the\n"
    "accuracy over all samples, the loss and the confusion matrix.  With --image, classifies "
    "single\n"
    "PNG files.  CHECKPOINT is a file, or a run folder whose newest whole epoch-NNNN.h5 is taken.";

static const char epilogue[] =
    "Examples:\n"
    "  quern-evaluate run digits.h5\n"
    "  quern-evaluate run/epoch-0005.h5 digits.h5 --split test --output evaluation.h5\n"
    "  quern-evaluate run --image digits/train/3/10000.png\n"
    "\n"
    "Exit codes: 0 done, 2 wrong usage, 65 bad input data, 70 internal error, 74 read or write\n"
    "error.";

static bool check_operands(int count, char **operands, const struct raw_options *raw,
                           struct evaluate_options *options, struct error *error)
{
    if (count == 0)
        return error_set(error, STATUS_USAGE, NULL, "no CHECKPOINT given");
    options->checkpoint = operands[0];
    if (raw->image) {
        if (count == 1)
            return error_set(error, STATUS_USAGE, NULL, "--image needs one FILE.png or more");
        options->images = operands + 1;
        options->num_images = (size_t)count - 1;
        return true;
    }
    if (count == 1)
        return error_set(error, STATUS_USAGE, NULL, "no STORE given");
    if (count > 2)
        return error_set(error, STATUS_USAGE, NULL, "one STORE at a time, '%s' is one too many",
                         operands[2]);
    options->store = operands[1];
    return true;
}

/* An option that would do nothing is refused. */
static bool check_combination(const struct raw_options *raw, struct error *error)
{
    if (raw->image && raw->is_split_given)
        return error_set(error, STATUS_USAGE, NULL, "--split does not go with --image");
    if (raw->image && raw->output)
        return error_set(error, STATUS_USAGE, NULL, "--output does not go with --image");
    if (raw->image && raw->is_verify_given)
        return error_set(error, STATUS_USAGE, NULL, "--verify does not go with --image");
    if (raw->image && raw->memory_limit)
        return error_set(error, STATUS_USAGE, NULL, "--memory-limit does not go with --image");
    if (raw->output && raw->output[0] == '\0')
        return error_set(error, STATUS_USAGE, NULL, "--output needs a file name");
    if (!raw->image && raw->is_max_pixels_given)
        return error_set(error, STATUS_USAGE, NULL, "--max-pixels goes with --image only");
    return true;
}

bool evaluate_options_parse(int argc, char **argv, struct evaluate_options *options,
                            struct program *program, bool *done, struct error *error)
{
    struct raw_options raw = {
        .split = SPLIT_VALID,
        .max_pixels = 16777216,
        .num_threads = (uint64_t)omp_get_num_procs(),
    };
    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Evaluation of a store"},
        {OPTION_CHOICE, "split", .help = "the samples to evaluate", .value = &raw.split,
         .choices = split_names, .given = &raw.is_split_given},
        {OPTION_TEXT, "output", "FILE",
         "write an evaluation file too: each sample's path, label, prediction and scores",
         .value = &raw.output},
        {OPTION_CHOICE, "verify",
         .help = "check the store's seal over every byte before use, or its fingerprint and the "
                 "images that are read only",
         .value = &raw.verify, .choices = verify_names, .given = &raw.is_verify_given},
        {OPTION_TEXT, "memory-limit", "SIZE",
         "bytes (K, M, G, T: powers of 1024) for the images and all that grows with their number, "
         "scores and paths aside; what does not fit is streamed, with the same result",
         .value = &raw.memory_limit, .shown_default = "3/4 of this machine's or job's memory"},
        {OPTION_HEADING, .help = "Single images"},
        {OPTION_FLAG, "image", .help = "classify the PNG files after CHECKPOINT",
         .value = &raw.image},
        {OPTION_COUNT, "max-pixels", "N", "refuse images of more pixels", .value = &raw.max_pixels,
         .minimum = 1, .maximum = 4294836225.0, .given = &raw.is_max_pixels_given},
        {OPTION_HEADING, .help = "Either"},
        {OPTION_FLAG, "json", .help = "print one JSON object instead of tables",
         .value = &raw.json},
        {OPTION_COUNT, "threads", "N", "threads to work with", .value = &raw.num_threads,
         .minimum = 1, .maximum = 1024, .shown_default = "all processors"},
    };
    int first_operand = argc;
    bool ok;

    *options = (struct evaluate_options){0};
    *program = (struct program){
        .name = "quern-evaluate", .usage = usage, .summary = summary, .epilogue = epilogue};
    program->options = specs;
    program->num_options = sizeof(specs) / sizeof(specs[0]);
    ok = options_parse(program, argc, argv, &first_operand, done, error);
    /* The table ends with this call. */
    program->options = NULL;
    program->num_options = 0;
    if (!ok || *done)
        return ok;
    ok = check_combination(&raw, error);
    if (ok)
        ok = check_operands(argc - first_operand, argv + first_operand, &raw, options, error);
    if (ok && raw.memory_limit)
        ok = parse_nbytes("--memory-limit", raw.memory_limit, 1, &options->memory_limit, error);
    options->split = (enum split)raw.split;
    options->output = raw.output;
    options->json = raw.json;
    options->is_quick = raw.verify == 1;
    options->max_pixels = raw.max_pixels;
    options->num_threads = (int)raw.num_threads;
    return ok;
}
