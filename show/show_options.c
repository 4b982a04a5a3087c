#include "show/show_options.h"

#include "common/machine.h"
#include "common/options.h"
#include "common/text.h"
#include "model/augment.h"
#include "view/raster.h"

static const char *const verify_names[] = {"full", "quick", NULL};

static const char usage[] = "[OPTION...] FILE.h5|RUN_DIR...";

static const char summary[] =
    "Shows what is in a file of quern: in the terminal, as text where standard output is a file\n"
    "or a pipe, and as a picture with --png.  Without an option that says what, it is a summary.";

static const char epilogue[] =
    "Examples:\n"
    "  quern-show digits.h5\n"
    "  quern-show digits.h5 --image train/3001\n"
    "  quern-show digits.h5 --image train/3001 --pixels --png pixels.png\n"
    "  quern-show digits.h5 --mean\n"
    "  quern-show digits.h5 --grid 4x8 --class 7 --augmented digits --epoch 3\n"
    "  quern-show --function sigmoid\n"
    "  quern-show run\n"
    "  quern-show run --follow\n"
    "  quern-show run --weights --png weights.png\n"
    "  quern-show run-a run-b run-c\n"
    "  quern-show evaluation.h5 --mistakes\n"
    "  quern-show --diff a.h5 b.h5\n"
    "\n"
    "The environment: NO_COLOR, TERM, COLORTERM, COLUMNS and the locale are respected;\n"
    "QUERN_COLOUR and QUERN_GRAPHICS take the words of --colour and --graphics.\n"
    "\n"
    "Exit codes: 0 done, 1 different (--diff alone), 2 wrong usage, 65 bad input data,\n"
    "70 internal error, 74 read or write error.";

/* What the options ask for; that they do not exclude each other the table has checked. */
struct show_asked {
    bool pixels, mean, grid, scale, seed, weights, mistakes, follow, diff;
};

static enum show_view_name show_options_view(const struct show_options *options,
                                             const struct show_asked *asked)
{
    if (options->function)
        return SHOW_FUNCTION;
    if (asked->pixels)
        return SHOW_PIXELS;
    if (asked->mean)
        return SHOW_MEAN;
    if (asked->grid)
        return SHOW_GRID;
    if (asked->weights)
        return SHOW_WEIGHTS;
    if (asked->mistakes)
        return SHOW_MISTAKES;
    if (asked->follow)
        return SHOW_FOLLOW;
    if (asked->diff)
        return SHOW_DIFF;
    return options->image ? SHOW_IMAGE : SHOW_SUMMARY;
}

/* What the table cannot say: options that go with one of several. */
static bool show_options_check(const struct show_options *options, const struct show_asked *asked,
                               struct error *error)
{
    bool is_picture = (options->view >= SHOW_IMAGE && options->view <= SHOW_GRID) ||
                      options->view == SHOW_WEIGHTS || options->view == SHOW_MISTAKES;

    if (options->png && !is_picture)
        return error_set(error, STATUS_USAGE, NULL,
                         "--png needs what becomes a picture: --image, --pixels, --mean, --grid, "
                         "--weights or --mistakes");
    if (asked->scale && (!is_picture || asked->pixels))
        return error_set(error, STATUS_USAGE, NULL,
                         "--scale needs a picture: --image, --mean, --grid, --weights or "
                         "--mistakes");
    if (options->count > 0 && !asked->weights && !asked->mistakes)
        return error_set(error, STATUS_USAGE, NULL, "--count needs --weights or --mistakes");
    if ((options->is_split_given || options->class_name) && !asked->mean && !asked->grid)
        return error_set(error, STATUS_USAGE, NULL, "%s needs --grid or --mean",
                         options->class_name ? "--class" : "--split");
    if (options->augment && !asked->grid && !options->image)
        return error_set(error, STATUS_USAGE, NULL, "--augmented needs --grid or --image");
    if (asked->seed && !asked->grid && !options->augment)
        return error_set(error, STATUS_USAGE, NULL, "--seed needs --grid or --augmented");
    if (options->function && options->num_operands > 0)
        return error_set(error, STATUS_USAGE, ERROR_AT(.found = options->operands[0]),
                         "--function takes no file");
    return true;
}

bool show_options_parse(int argc, char **argv, struct show_options *options, bool *done,
                        struct error *error)
{
    struct show_asked asked = {0};
    int split = SPLIT_TRAIN, verify = 0, first_operand;
    uint64_t num_threads = 0; /* not given */
    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Of a store"},
        {OPTION_TEXT, "image", "SPLIT/ROW|PATH", "one image: train/3001, or its path in the store",
         &options->image, .excludes = "mean grid function"},
        {OPTION_FLAG, "pixels", .help = "its pixels as numbers, on a ground as dark as they say",
         .value = &asked.pixels, .needs = "image"},
        {OPTION_TEXT, "rows", "FIRST:END", "these rows of --pixels, END left out", &options->rows,
         .shown_default = "those with most in them, where all do not fit", .needs = "pixels"},
        {OPTION_TEXT, "columns", "FIRST:END", "these columns of --pixels", &options->columns,
         .shown_default = "", .needs = "pixels"},
        {OPTION_FLAG, "mean", .help = "the mean image of each class", .value = &asked.mean,
         .excludes = "grid function"},
        {OPTION_SIZE, "grid", "ROWSxCOLUMNS", "samples, drawn at random by --seed", options->grid,
         1, 1000, .shown_default = "", .given = &asked.grid, .excludes = "function"},
        {OPTION_CHOICE, "split", .help = "the split of --mean and --grid", .value = &split,
         .choices = split_names, .given = &options->is_split_given,
         .shown_default = "the first there is"},
        {OPTION_TEXT, "class", "NAME", "this class alone, in --mean and --grid",
         &options->class_name},
        {OPTION_TEXT, "augmented", "TEXT",
         "images of --grid or --image as quern-train --augment TEXT sees them: \"digits\", "
         "\"photos\", \"rotate:12 shift:2.5\"",
         &options->augment, .choices = augment_beginnings},
        {OPTION_COUNT, "seed", "N", "which samples --grid draws, and the run's of --augmented",
         &options->seed, .given = &asked.seed},
        {OPTION_COUNT, "epoch", "N", "the epoch of --augmented", &options->epoch, 1, 1 << 24,
         .needs = "augmented"},
        {OPTION_HEADING, .help = "Of a checkpoint, a RUN_DIR or an evaluation"},
        {OPTION_FLAG, "weights",
         .help = "the weights that read pixels: of the linear model, first filters or units, or "
                 "the class means",
         .value = &asked.weights, .excludes = "image mean grid function mistakes follow diff"},
        {OPTION_FLAG, "follow",
         .help = "a RUN_DIR while quern-train is at work there, or before it begins",
         .value = &asked.follow, .excludes = "image mean grid function mistakes diff"},
        {OPTION_FLAG, "mistakes",
         .help = "of an evaluation, the samples taken for another class, the worst first",
         .value = &asked.mistakes, .excludes = "image mean grid function diff"},
        {OPTION_TEXT, "store", "STORE.h5", "where the pictures of --mistakes are", &options->store,
         .shown_default = "a store of the evaluation's fingerprint beside it, or here",
         .needs = "mistakes"},
        {OPTION_COUNT, "count", "N", "how many --weights or --mistakes at most", &options->count, 1,
         1000000, .shown_default = "64 weights, 9 mistakes"},
        {OPTION_HEADING, .help = "Of two files"},
        {OPTION_FLAG, "diff",
         .help = "the first difference between two files of one kind, or the newest checkpoints of "
                 "two RUN_DIRs; ends with 1 if there is one",
         .value = &asked.diff, .excludes = "image mean grid function"},
        {OPTION_HEADING, .help = "Functions"},
        {OPTION_TEXT, "function", "NAME",
         "a chart of an activation or a loss, without a file; the name \"list\" lists them",
         &options->function, .choices = show_function_names},
        {OPTION_HEADING, .help = "Output"},
        {OPTION_TEXT, "png", "FILE.png", "write the picture to a file, not to the terminal",
         &options->png},
        {OPTION_FLAG, "force", .help = "let --png replace a file that is no PNG",
         .value = &options->force, .needs = "png"},
        {OPTION_COUNT, "scale", "N", "draw each pixel as NxN, as far as that fits", &options->scale,
         1, 100, .shown_default = "what fits well", .given = &asked.scale},
        {OPTION_CHOICE, "colour", .help = "colours of the terminal",
         .value = &options->terminal.colour, .choices = terminal_colour_choices},
        {OPTION_CHOICE, "graphics", .help = "how pictures are drawn",
         .value = &options->terminal.graphics, .choices = terminal_graphics_choices},
        {OPTION_CHOICE, "verify",
         .help = "check the file's seal over every byte before use, or of a store its fingerprint "
                 "and what is read only",
         .value = &verify, .choices = verify_names},
        {OPTION_COUNT, "threads", "N", "threads; no result depends on it", &num_threads, 1,
         MACHINE_MAX_THREADS, .shown_default = "OMP_NUM_THREADS, else one for each processor"},
    };
    const struct program program = {.name = "quern-show",
                                    .usage = usage,
                                    .summary = summary,
                                    .epilogue = epilogue,
                                    .options = specs,
                                    .num_options = sizeof(specs) / sizeof(specs[0])};

    *options = (struct show_options){.seed = 1, .epoch = 1};
    if (!options_parse(&program, argc, argv, &first_operand, done, error))
        return false;
    if (*done)
        return true;
    options->operands = argv + first_operand;
    options->num_operands = (size_t)(argc - first_operand);
    options->split = (enum split)split;
    options->is_quick = verify == 1;
    options->num_threads = machine_choose_threads(num_threads).count;
    options->view = show_options_view(options, &asked);
    return show_options_check(options, &asked, error);
}
