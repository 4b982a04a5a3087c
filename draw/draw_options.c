#include "draw/draw_options.h"

#include <inttypes.h>
#include <omp.h>
#include <string.h>

#include "common/options.h"
#include "common/parse.h"
#include "common/text.h"
#include "common/text_list.h"
#include "draw/render.h"

static const char summary[] =
    "Draws handwritten-like digits as PNG files OUT_DIR/SPLIT/DIGIT/000000.png, a tree that\n"
    "quern-ingest reads.  The same options and seed draw the same images on any number of\n"
    "threads; an image does not depend on how many others are drawn.";

static const char epilogue[] =
    "A class of more than 10,000 images is cut into directories: OUT_DIR/train/3/07/071234.png.\n"
    "\n"
    "Exit status: 0 done; 2 usage; 70 internal error; 74 cannot read or write.\n"
    "\n"
    "Examples:\n"
    "  quern-draw digits\n"
    "  quern-draw --classes 0,1,2,3,4,5,6,7,8,9 --train 6000 --valid 1000 ten\n"
    "  quern-draw --size 64x64 --rgb --seed 7 coloured";

/* Values as the command line gives them, before they are checked. */
struct raw_options {
    const char *classes;
    const char *size;
    bool rgb;
    uint64_t num_threads;
};

enum { NUM_SPECS = 12 };

static void list_specs(struct draw_tree *tree, struct raw_options *raw,
                       struct option_spec specs[NUM_SPECS])
{
    const double max_images = (double)DRAW_TREE_MAX_IMAGES;
    const struct option_spec list[NUM_SPECS] = {
        {OPTION_HEADING, .help = "Splits and classes"},
        {OPTION_TEXT, "classes", "A,B,...", .help = "the digits to draw, each of 0 to 9",
         .value = &raw->classes},
        {OPTION_COUNT, "train", "N", .help = "images of each class in train",
         .value = &tree->num_images[SPLIT_TRAIN], .maximum = max_images},
        {OPTION_COUNT, "valid", "N", .help = "images of each class in valid",
         .value = &tree->num_images[SPLIT_VALID], .maximum = max_images},
        {OPTION_COUNT, "test", "N", .help = "images of each class in test",
         .value = &tree->num_images[SPLIT_TEST], .maximum = max_images},
        {OPTION_HEADING, .help = "Images"},
        {OPTION_TEXT, "size", "HxW", .help = "height and width, each 8 to 4096",
         .value = &raw->size},
        {OPTION_FLAG, "rgb",
         .help = "light ink of a random colour on a dark ground of a random colour, instead of "
                 "gray on black",
         .value = &raw->rgb},
        {OPTION_COUNT, "seed", "N", .help = "key of all random numbers", .value = &tree->seed},
        {OPTION_HEADING, .help = "Running"},
        {OPTION_COUNT, "threads", "N", .help = "threads; no image depends on it",
         .value = &raw->num_threads, .minimum = 1, .maximum = 1024,
         .shown_default = "one for each processor"},
        {OPTION_FLAG, "force",
         .help =
             "draw into a directory that is not empty; files of the same names are overwritten, "
             "others stay",
         .value = &tree->force},
    };

    memcpy(specs, list, sizeof(list));
}

static struct program make_program(const struct option_spec *specs, size_t num_specs)
{
    return (struct program){.name = "quern-draw",
                            .usage = "[OPTION...] OUT_DIR",
                            .summary = summary,
                            .epilogue = epilogue,
                            .options = specs,
                            .num_options = num_specs};
}

static bool take_classes(const char *text, struct draw_tree *tree, struct error *error)
{
    struct text_list names = {0};
    bool ok = parse_names("--classes", text, &names, error);

    tree->num_digits = 0;
    for (size_t i = 0; ok && i < names.count; i++) {
        const char *name = names.items[i];
        char escaped[64];

        /* Names given twice are refused before, so ten digits are the most there can be. */
        if (name[0] >= '0' && name[0] <= '9' && name[1] == '\0')
            tree->digits[tree->num_digits++] = (unsigned)(name[0] - '0');
        else
            ok = error_set(
                error, STATUS_USAGE,
                ERROR_AT(.expected = "digits 0 to 9 such as 3,7",
                         .found = TEXT("'%s'", text_escape(escaped, sizeof(escaped), name))),
                "--classes");
    }
    text_list_free(&names);
    return ok;
}

static bool take_size(const char *text, struct draw_tree *tree, struct error *error)
{
    uint64_t height, width;

    if (!parse_size("--size", text, &height, &width, error))
        return false;
    if (height < RENDER_MIN_SIDE || height > RENDER_MAX_SIDE || width < RENDER_MIN_SIDE ||
        width > RENDER_MAX_SIDE)
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = TEXT("height and width from %d to %d",
                                                   RENDER_MIN_SIDE, RENDER_MAX_SIDE),
                                  .found = TEXT("%" PRIu64 "x%" PRIu64, height, width)),
                         "--size");
    tree->image.height = (size_t)height;
    tree->image.width = (size_t)width;
    return true;
}

static bool check_options(const struct raw_options *raw, int num_operands, char **operands,
                          struct draw_tree *tree, struct error *error)
{
    if (num_operands != 1)
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = "OUT_DIR", .found = TEXT("%d", num_operands)),
                         "wrong number of operands");
    if (operands[0][0] == '\0')
        return error_set(error, STATUS_USAGE, NULL, "the name of OUT_DIR is empty");
    tree->root = operands[0];
    tree->image.channels = raw->rgb ? 3 : 1;
    tree->num_threads = (int)raw->num_threads;
    if (!take_classes(raw->classes, tree, error) || !take_size(raw->size, tree, error))
        return false;
    if (draw_tree_count_images(tree) == 0)
        return error_set(error, STATUS_USAGE, NULL,
                         "--train, --valid and --test are all 0: nothing to draw");
    return true;
}

bool draw_options_parse(int argc, char **argv, struct draw_tree *tree, bool *done,
                        struct error *error)
{
    int num_processors = omp_get_num_procs(), first_operand;
    struct raw_options raw = {.classes = "3,7",
                              .size = "28x28",
                              .num_threads =
                                  num_processors < 1024 ? (uint64_t)num_processors : 1024};
    struct option_spec specs[NUM_SPECS];
    struct program program = make_program(specs, NUM_SPECS);
    bool ok;

    *tree = (struct draw_tree){
        .num_images = {[SPLIT_TRAIN] = 2000, [SPLIT_VALID] = 500},
        .seed = 1,
    };
    list_specs(tree, &raw, specs);
    ok = options_parse(&program, argc, argv, &first_operand, done, error);
    if (ok && !*done)
        ok = check_options(&raw, argc - first_operand, argv + first_operand, tree, error);
    return ok;
}

int draw_options_exit_status(const struct error *error)
{
    struct program program = make_program(NULL, 0);

    return options_exit_status(&program, error);
}
