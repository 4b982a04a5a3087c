#include "draw/draw_options.h"

#include <inttypes.h>
#include <string.h>

#include "common/machine.h"
#include "common/options.h"
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
    struct text_list classes;
    uint64_t size[2];
    bool rgb;
    uint64_t num_threads; /* 0: not given */
};

enum { NUM_SPECS = 12 };

static void draw_options_list(struct draw_tree *tree, struct raw_options *raw,
                              struct option_spec specs[NUM_SPECS])
{
    const double max_images = (double)DRAW_TREE_MAX_IMAGES;
    const struct option_spec list[NUM_SPECS] = {
        {OPTION_HEADING, .help = "Splits and classes"},
        {OPTION_NAMES, "classes", "A,B,...", .help = "the digits to draw, each of 0 to 9",
         .value = &raw->classes, .shown_default = "3,7"},
        {OPTION_COUNT, "train", "N", .help = "images of each class in train",
         .value = &tree->num_images[SPLIT_TRAIN], .maximum = max_images},
        {OPTION_COUNT, "valid", "N", .help = "images of each class in valid",
         .value = &tree->num_images[SPLIT_VALID], .maximum = max_images},
        {OPTION_COUNT, "test", "N", .help = "images of each class in test",
         .value = &tree->num_images[SPLIT_TEST], .maximum = max_images},
        {OPTION_HEADING, .help = "Images"},
        {OPTION_SIZE, "size", "HxW", .help = "height and width, each 8 to 4096", .value = raw->size,
         .minimum = RENDER_MIN_SIDE, .maximum = RENDER_MAX_SIDE},
        {OPTION_FLAG, "rgb",
         .help = "light ink of a random colour on a dark ground of a random colour, instead of "
                 "gray on black",
         .value = &raw->rgb},
        {OPTION_COUNT, "seed", "N", .help = "key of all random numbers", .value = &tree->seed},
        {OPTION_HEADING, .help = "Running"},
        {OPTION_COUNT, "threads", "N", .help = "threads; no image depends on it",
         .value = &raw->num_threads, .minimum = 1, .maximum = MACHINE_MAX_THREADS,
         .shown_default = "OMP_NUM_THREADS, else one for each processor"},
        {OPTION_FLAG, "force",
         .help =
             "draw into a directory that is not empty; files of the same names are overwritten, "
             "others stay",
         .value = &tree->force},
    };

    memcpy(specs, list, sizeof(list));
}

static bool draw_options_take_digits(const struct text_list *names, struct draw_tree *tree,
                                     struct error *error)
{
    tree->num_digits = 0;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        char escaped[64];

        if (name[0] < '0' || name[0] > '9' || name[1] != '\0')
            return error_set(
                error, STATUS_USAGE,
                ERROR_AT(.expected = "digits 0 to 9 such as 3,7",
                         .found = TEXT("'%s'", text_escape(escaped, sizeof(escaped), name))),
                "--classes");
        /* Names given twice are refused before, so ten digits are the most there can be. */
        tree->digits[tree->num_digits++] = (unsigned)(name[0] - '0');
    }
    return true;
}

static bool draw_options_check(const struct raw_options *raw, int num_operands, char **operands,
                               struct draw_tree *tree, struct error *error)
{
    if (!options_check_operands("OUT_DIR", num_operands, operands, error) ||
        !draw_options_take_digits(&raw->classes, tree, error))
        return false;
    tree->root = operands[0];
    tree->image = (struct image_shape){.height = (size_t)raw->size[0],
                                       .width = (size_t)raw->size[1],
                                       .channels = raw->rgb ? 3 : 1};
    tree->num_threads = machine_choose_threads(raw->num_threads).count;
    if (draw_tree_count_images(tree) == 0)
        return error_set(error, STATUS_USAGE, NULL,
                         "--train, --valid and --test are all 0: nothing to draw");
    return true;
}

bool draw_options_parse(int argc, char **argv, struct draw_tree *tree, bool *done,
                        struct error *error)
{
    struct raw_options raw = {.size = {28, 28}};
    struct option_spec specs[NUM_SPECS];
    const struct program program = {.name = "quern-draw",
                                    .usage = "[OPTION...] OUT_DIR",
                                    .summary = summary,
                                    .epilogue = epilogue,
                                    .options = specs,
                                    .num_options = NUM_SPECS};
    int first_operand;
    bool ok;

    *tree = (struct draw_tree){
        .num_images = {[SPLIT_TRAIN] = 2000, [SPLIT_VALID] = 500},
        .seed = 1,
    };
    draw_options_list(tree, &raw, specs);
    ok = text_list_add(&raw.classes, "3", error) && text_list_add(&raw.classes, "7", error) &&
         options_parse(&program, argc, argv, &first_operand, done, error);
    if (ok && !*done)
        ok = draw_options_check(&raw, argc - first_operand, argv + first_operand, tree, error);
    text_list_free(&raw.classes);
    return ok;
}
