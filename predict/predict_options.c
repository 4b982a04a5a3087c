#include "predict/predict_options.h"

#include "common/machine.h"
#include "common/options.h"
#include "images/decoder.h"

static const char *const select_names[] = {"last", "best", NULL};

static const char usage[] = "[OPTION...] RUN_OR_CHECKPOINT SOURCE...";

static const char summary[] =
    "Classifies images and prints a table with a row for each: path, class, probability, the "
    "score\n"
    "of every class, and what is wrong with an image that cannot be read.  SOURCE is an image, a\n"
    "directory, a .tar, .tar.gz or .zip archive, or - for a list of paths on standard input, one "
    "a\n"
    "line.  RUN_OR_CHECKPOINT is a checkpoint, or a RUN_DIR whose newest whole one is taken.";

static const char epilogue[] =
    "Examples:\n"
    "  quern-predict run photos --csv predictions.csv\n"
    "  quern-predict run digits/test/3/10000.png\n"
    "  find inbox -name '*.png' | quern-predict run - --top 3 --jsonl top3.jsonl\n"
    "\n"
    "Exit codes: 0 done, 2 wrong usage, 65 bad input data (the table is whole even so), 70 "
    "internal\n"
    "error, 74 read or write error, 75 stopped by a signal.";

bool predict_options_parse(int argc, char **argv, struct predict_options *options, bool *done,
                           struct error *error)
{
    uint64_t num_threads = 0; /* not given */
    int first_operand;
    int select = 0;
    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "The model"},
        {OPTION_CHOICE, "select",
         .help =
             "of a RUN_DIR the newest checkpoint, or best.h5, the best epoch on the valid split",
         .value = &select, .choices = select_names},
        {OPTION_HEADING, .help = "The table"},
        {OPTION_TEXT, "csv", "FILE",
         "write it there, as comma-separated values; -: on standard output", &options->csv,
         .shown_default = "on standard output", .excludes = "jsonl output"},
        {OPTION_TEXT, "jsonl", "FILE",
         "write it there, as a JSON object a line; -: on standard output", &options->jsonl,
         .excludes = "output"},
        {OPTION_TEXT, "output", "FILE.h5", "write it there, as an HDF5 file", &options->hdf5},
        {OPTION_COUNT, "top", "K", "the K best classes and their scores instead of every class's",
         &options->num_top, 1, 65536, .shown_default = "", .excludes = "output"},
        {OPTION_FLAG, "force", .help = "replace a file that is no table of this program",
         .value = &options->force},
        {OPTION_HEADING, .help = "Reading"},
        {OPTION_COUNT, "max-pixels", "N", "refuse images of more pixels", &options->max_pixels, 1,
         4294836225.0},
        {OPTION_COUNT, "threads", "N", "threads; no result depends on it", &num_threads, 1,
         MACHINE_MAX_THREADS, .shown_default = "OMP_NUM_THREADS, else one for each processor"},
    };
    const struct program program = {.name = "quern-predict",
                                    .usage = usage,
                                    .summary = summary,
                                    .epilogue = epilogue,
                                    .options = specs,
                                    .num_options = sizeof(specs) / sizeof(specs[0])};

    *options = (struct predict_options){.max_pixels = DECODER_DEFAULT_MAX_PIXELS};
    if (!options_parse(&program, argc, argv, &first_operand, done, error))
        return false;
    if (*done)
        return true;
    if (!options_check_operands("RUN_OR_CHECKPOINT SOURCE...", argc - first_operand,
                                argv + first_operand, error))
        return false;
    if (options->force && !options->csv && !options->jsonl && !options->hdf5)
        return error_set(error, STATUS_USAGE, NULL,
                         "--force needs one of --csv, --jsonl and --output");
    options->num_threads = machine_choose_threads(num_threads).count;
    options->checkpoint = argv[first_operand];
    options->select = (enum model_select)select;
    options->sources = argv + first_operand + 1;
    options->num_sources = (size_t)(argc - first_operand) - 1;
    return true;
}
