#include "ingest/ingest_options.h"

#include <inttypes.h>
#include <string.h>

#include "common/machine.h"
#include "common/options.h"
#include "common/random.h"
#include "common/text.h"
#include "formats/store/store_shard.h"
#include "images/decoder.h"
#include "images/preparation.h"

static const char summary[] =
    "Turns images into one HDF5 store for quern-train and quern-evaluate: PNG and JPEG files in a\n"
    "directory or archive (tar, zip), a WebDataset tar, IDX files or an npz file.\n"
    "SOURCE holds images, at any depth, in {train,valid,test}/CLASS, CLASS/{train,valid,test} or,\n"
    "with --valid-fraction, --test-fraction or --folds, CLASS, itself or in a folder around all\n"
    "else; with --labels, images anywhere.";

static const char epilogue[] =
    "Run again with nothing changed, it says so and does nothing.  The store is written under a\n"
    "temporary name and appears whole or not at all.\n"
    "\n"
    "Shards: jobs with --shard 1/N to --shard N/N write a part each; --merge then gives the bytes\n"
    "that one job would have written.  --write-list and --list spare them walks of their own.\n"
    "\n"
    "Exit status: 0 done; 2 usage; 65 bad input data; 70 internal error; 74 input or output\n"
    "failed; 75 stopped by a signal, nothing was written.\n"
    "\n"
    "Examples:\n"
    "  quern-ingest mnist_sample mnist_sample.h5\n"
    "  quern-ingest --valid-fraction 0.2 --size 64x64 photos photos.h5\n"
    "  quern-ingest --folds 5 --fold 1 --group-by 'patient[0-9]+' scans fold1.h5\n"
    "  quern-ingest --classes 7,3 --dry-run mnist_sample\n"
    "  quern-ingest --write-list photos.list photos\n"
    "  quern-ingest --list photos.list --shard 1/8 photos shard1.h5  # to 8/8\n"
    "  quern-ingest --merge photos.h5 shard*.h5";

/* Values as the command line gives them. */
struct raw_options {
    const char *shard;
    bool has_seed;
    int split_by; /* of split_by_choices */
    bool has_split_by;
    uint64_t size[2]; /* 0x0: not given */
    int layout;       /* of layout_choices */
    bool has_layout;
    int unlabelled;
    int fit; /* of fit_mode_names */
    const char *background;
    const char *range;
    int channels; /* of channel_choices */
    bool has_channels;
    uint64_t compression_level;
    uint64_t num_threads;    /* 0: not given */
    uint64_t num_io_threads; /* 0: not given */
};

enum { SPLIT_BY_PATH, SPLIT_BY_CONTENT };

static const char *const split_by_choices[] = {"path", "content", NULL};
static const char *const channel_choices[] = {"gray", "rgb", NULL};
static const char *const unlabelled_choices[] = {"test", NULL};

/* Each may hold a file and a directory open, and 1,024 open files are a usual limit. */
enum { MAX_IO_THREADS = 256 };

enum { MAX_SPECS = 64 };

/* Returns how many there are. */
static size_t ingest_options_list(struct ingest_options *options, struct raw_options *raw,
                                  struct option_spec specs[MAX_SPECS])
{
    const struct option_spec list[] = {
        {OPTION_HEADING, .help = "Splits and classes"},
        {OPTION_REAL, "valid-fraction", "F",
         .help =
             "make a valid split of the images of SOURCE/CLASS, or of train/: this part of each "
             "class, rounded, chosen by hashes of the paths, so that adding files moves at most "
             "one other of a class",
         .value = &options->split.valid_fraction, .maximum = 0.999999, .shown_default = "",
         .given = &options->split.has_valid, .excludes = "merge folds"},
        {OPTION_REAL, "test-fraction", "F", .help = "make a test split, too, in the same way",
         .value = &options->split.test_fraction, .maximum = 0.999999, .shown_default = "",
         .given = &options->split.has_test, .excludes = "merge"},
        {OPTION_COUNT, "folds", "K",
         .help = "share out the images of each class to K folds, of which one is valid and the "
                 "others are train",
         .value = &options->split.num_folds, .minimum = 2, .maximum = SPLIT_MAX_FOLDS,
         .shown_default = "", .needs = "fold", .excludes = "merge"},
        {OPTION_COUNT, "fold", "I", .help = "the fold that is valid, 1 to K",
         .value = &options->split.fold, .minimum = 1, .maximum = SPLIT_MAX_FOLDS,
         .shown_default = "", .needs = "folds"},
        {OPTION_TEXT, "group-by", "REGEX",
         .help = "keep images of one group in one split: those in whose paths the first "
                 "parentheses of this POSIX extended regular expression, or all of it, match the "
                 "same text, such as 'patient([0-9]+)'",
         .value = &options->split.group_by, .shown_default = "",
         .excludes = "merge split-by=content"},
        {OPTION_CHOICE, "split-by",
         .help = "what is hashed; content keeps images of equal pixels in one split, and decodes "
                 "all twice",
         .value = &raw->split_by, .choices = split_by_choices, .given = &raw->has_split_by,
         .excludes = "merge write-list"},
        {OPTION_COUNT, "seed", "N", .help = "key of those hashes", .value = &options->split.seed,
         .given = &raw->has_seed, .excludes = "merge"},
        {OPTION_FLAG, "deduplicate",
         .help =
             "keep the first, by path, of images of equal pixels, and none of those that lie in "
             "several classes; decodes all twice",
         .value = &options->deduplicate, .excludes = "merge write-list"},
        {OPTION_NAMES, "classes", "A,B,...",
         .help = "these classes in this order, labels 0, 1, ...; directories of other classes are "
                 "left out and named; a backslash makes a comma part of a name",
         .value = &options->classes, .shown_default = "all, in natural order",
         .excludes = "merge write-list"},
        {OPTION_CHOICE, "layout",
         .help =
             "what the directories of SOURCE stand for: splits, with classes in them or in those "
             "of classes; or classes, whatever their names",
         .value = &raw->layout, .choices = layout_choices, .given = &raw->has_layout,
         .shown_default = "by their names, where they leave no question", .excludes = "merge"},
        {OPTION_CHOICE, "unlabelled",
         .help = "keep the images in this split's directory, wherever they lie in it, as a split "
                 "without labels",
         .value = &raw->unlabelled, .choices = unlabelled_choices, .shown_default = "",
         .given = &options->has_unlabelled, .excludes = "merge shard"},
        {OPTION_TEXT, "names-charset", "NAME",
         .help = "names in an archive that are not marked as UTF-8 are in this character set of "
                 "iconv, such as GBK, CP932 or CP866",
         .value = &options->names_charset, .shown_default = "taken as UTF-8",
         .excludes = "merge write-list"},
        {OPTION_TEXT, "labels", "FILE",
         .help =
             "take classes from this table, CSV or TSV, of path,label or path,label,split, with "
             "a header or without, and not from directories; paths are relative to SOURCE",
         .value = &options->labels, .shown_default = "", .excludes = "merge layout unlabelled"},
        {OPTION_HEADING, .help = "Images"},
        {OPTION_CHOICE, "channels", .help = "convert to gray or to RGB", .value = &raw->channels,
         .choices = channel_choices, .shown_default = "gray when all images are gray",
         .given = &raw->has_channels, .excludes = "merge write-list"},
        {OPTION_SIZE, "size", "HxW",
         .help = "resize to this height and width, each axis by area average when it shrinks and "
                 "bilinear when it grows",
         .value = raw->size, .minimum = 1, .maximum = 65535,
         .shown_default = "all images must be of one size", .excludes = "merge write-list"},
        {OPTION_CHOICE, "fit",
         .help = "how: stretch each axis by itself; pad, all of the image in the middle of the "
                 "background; crop, the middle of the image, as large as covers (for photographs)",
         .value = &raw->fit, .choices = fit_mode_names, .needs = "size"},
        {OPTION_TEXT, "background", "COLOR",
         .help = "put images that are not opaque throughout on white, black or RRGGBB; also what "
                 "--fit pad pads with",
         .value = &raw->background, .shown_default = "such images stop the run; pad with black",
         .excludes = "merge write-list"},
        {OPTION_TEXT, "range", "LOW:HIGH",
         .help = "of 16-bit images, values from LOW to HIGH become 0 to 255; auto: the least and "
                 "the most of all images; 8-bit images stay as they are",
         .value = &raw->range,
         .shown_default = "0:65535, unless that leaves fewer than 64 of 256 values",
         .excludes = "merge write-list"},
        {OPTION_COUNT, "max-pixels", "N", .help = "refuse images of more pixels",
         .value = &options->max_pixels, .minimum = 1, .maximum = 0x1p40,
         .excludes = "merge write-list"},
        {OPTION_FLAG, "skip-bad",
         .help = "leave out files that are no readable image and record them in /rejects, instead "
                 "of writing nothing",
         .value = &options->skip_bad, .excludes = "merge write-list"},
        {OPTION_HEADING, .help = "Shards"},
        {OPTION_TEXT, "shard", "I/N",
         .help = "write part I, 1 to N, of N: a shard, for --merge; all of them with the same "
                 "options",
         .value = &raw->shard, .shown_default = "", .excludes = "merge write-list"},
        {OPTION_FLAG, "merge",
         .help = "make the store of all its shards, in any order, by copying compressed chunks",
         .value = &options->merge},
        {OPTION_TEXT, "write-list", "FILE",
         .help = "write the list of the files of SOURCE, for --list, and no store",
         .value = &options->write_list, .shown_default = "", .excludes = "merge list"},
        {OPTION_TEXT, "list", "FILE",
         .help = "take the files of SOURCE from this list, instead of walking through its "
                 "directories",
         .value = &options->list, .shown_default = "", .excludes = "merge"},
        {OPTION_HEADING, .help = "Running"},
        {OPTION_FLAG, "dry-run",
         .help = "decode all images, print what was found and what is odd about it, and the "
                 "command to go on with, and write nothing",
         .value = &options->dry_run, .excludes = "merge write-list verify force"},
        {OPTION_FLAG, "verify",
         .help = "compare an existing store with the contents of all files, not with their sizes "
                 "and times",
         .value = &options->verify, .excludes = "merge write-list force"},
        {OPTION_FLAG, "force", .help = "write the store whatever is there",
         .value = &options->force},
        {OPTION_COUNT, "compression-level", "N", .help = "zlib level, 1 fast to 9 small",
         .value = &raw->compression_level, .minimum = 1, .maximum = 9,
         .excludes = "merge write-list"},
        {OPTION_COUNT, "threads", "N", .help = "threads; the store does not depend on it",
         .value = &raw->num_threads, .minimum = 1, .maximum = MACHINE_MAX_THREADS,
         .shown_default = "OMP_NUM_THREADS, else one for each processor"},
        {OPTION_COUNT, "io-threads", "N",
         .help = "threads that read and decode files; more than processors where files are far "
                 "away, as on a network file system; the store does not depend on it",
         .value = &raw->num_io_threads, .minimum = 1, .maximum = MAX_IO_THREADS,
         .shown_default = "as many as --threads", .excludes = "merge write-list"},
        {OPTION_TEXT, "spool-dir", "DIR",
         .help = "where the images of a compressed tar are copied to, in a file without a name, "
                 "while they are read",
         .value = &options->spool_dir, .shown_default = "the directory of the store",
         .excludes = "merge write-list"},
        {OPTION_NBYTES, "memory-limit", "SIZE",
         .help = "use at most this much memory, such as 4G: fewer files are decoded at once, or "
                 "the store is refused before anything is written",
         .value = &options->memory_limit, .shown_default = "3/4 of this machine's or job's memory",
         .excludes = "write-list"},
    };

    _Static_assert(sizeof(list) <= MAX_SPECS * sizeof(*specs), "MAX_SPECS is too few");
    memcpy(specs, list, sizeof(list));
    return sizeof(list) / sizeof(*list);
}

static int ingest_options_limit_io_threads(int num_threads)
{
    return num_threads < MAX_IO_THREADS ? num_threads : MAX_IO_THREADS;
}

struct ingest_options ingest_options_default(void)
{
    int num_threads = machine_choose_threads(0).count;

    return (struct ingest_options){.split = {.seed = 1},
                                   .max_pixels = DECODER_DEFAULT_MAX_PIXELS,
                                   .compression_level = 1,
                                   .num_threads = num_threads,
                                   .num_io_threads = ingest_options_limit_io_threads(num_threads)};
}

/* "2/4" */
static bool ingest_options_parse_shard(const char *text, struct ingest_options *options,
                                       struct error *error)
{
    size_t length = strcspn(text, "/");
    uint64_t index, count;

    if (text[length] != '\0' && text_to_count(TEXT("%.*s", (int)length, text), &index) &&
        text_to_count(text + length + 1, &count) && count <= STORE_MAX_SHARDS && index >= 1 &&
        index <= count) {
        options->shard_index = index;
        options->num_shards = count;
        return true;
    }
    return error_set(
        error, STATUS_USAGE,
        ERROR_AT(.expected = TEXT("I/N such as 2/4, I from 1 to N, N at most %d", STORE_MAX_SHARDS),
                 .found = TEXT("'%s'", text)),
        "--shard");
}

/* What the table cannot say: that one of several options is needed. */
static bool ingest_options_check_split(const struct raw_options *raw,
                                       const struct ingest_options *options, struct error *error)
{
    const struct split_rules *split = &options->split;
    const char *needy = split->group_by     ? "--group-by"
                        : raw->has_split_by ? "--split-by"
                        : raw->has_seed     ? "--seed"
                                            : NULL;

    if (needy && !split_is_wanted(split))
        return error_set(error, STATUS_USAGE, NULL,
                         "%s needs --valid-fraction, --test-fraction or --folds", needy);
    if (split->fold > split->num_folds)
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = TEXT("1 to %" PRIu64, split->num_folds),
                                  .found = TEXT("%" PRIu64, split->fold)),
                         "--fold");
    if (split->valid_fraction + split->test_fraction >= 1)
        return error_set(
            error, STATUS_USAGE,
            ERROR_AT(.found = TEXT("%g and %g", split->valid_fraction, split->test_fraction)),
            "--valid-fraction and --test-fraction leave nothing for train");
    return !split->group_by || split_check_group_by(split->group_by, error);
}

static bool ingest_options_parse_rule(const struct raw_options *raw, struct ingest_options *options,
                                      struct error *error)
{
    if (raw->background && !preparation_parse_background(raw->background, &options->rule))
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = "white, black, or RRGGBB such as ff8000",
                                  .found = TEXT("'%s'", raw->background)),
                         "--background");
    options->finds_range = raw->range && strcmp(raw->range, "auto") == 0;
    if (raw->range && !options->finds_range && !preparation_parse_range(raw->range, &options->rule))
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = "auto, or LOW:HIGH such as 0:4095, LOW below HIGH, "
                                              "HIGH at most 65535",
                                  .found = TEXT("'%s'", raw->range)),
                         "--range");
    if (options->finds_range && options->num_shards > 0)
        return error_set(error, STATUS_USAGE, NULL,
                         "--range auto looks at all images, but a shard at its own only: give all "
                         "shards the same --range LOW:HIGH");
    return true;
}

static bool ingest_options_take(const struct raw_options *raw, struct ingest_options *options,
                                struct error *error)
{
    if (raw->has_channels)
        options->channels = raw->channels == 0 ? 1 : 3;
    if (raw->has_layout)
        options->layout = raw->layout == 0 ? LAYOUT_SPLITS : LAYOUT_CLASSES;
    options->split.by_content = raw->split_by == SPLIT_BY_CONTENT;
    options->height = raw->size[0];
    options->width = raw->size[1];
    options->fit = (enum fit_mode)raw->fit;
    options->compression_level = (int)raw->compression_level;
    options->num_threads = machine_choose_threads(raw->num_threads).count;
    options->num_io_threads = raw->num_io_threads
                                  ? (int)raw->num_io_threads
                                  : ingest_options_limit_io_threads(options->num_threads);
    return ingest_options_check_split(raw, options, error) &&
           (!raw->shard || ingest_options_parse_shard(raw->shard, options, error)) &&
           ingest_options_parse_rule(raw, options, error);
}

static bool ingest_options_take_operands(struct ingest_options *options, int count, char **operands,
                                         struct error *error)
{
    const char *names = options->merge        ? "STORE.h5 SHARD.h5..."
                        : options->write_list ? "SOURCE"
                        : options->dry_run    ? "SOURCE [STORE.h5]"
                                              : "SOURCE STORE.h5";

    if (!options_check_operands(names, count, operands, error))
        return false;
    if (options->merge) {
        options->store = operands[0];
        options->shards = operands + 1;
        options->num_shards_to_merge = (size_t)count - 1;
        return true;
    }
    options->source = operands[0];
    options->store = count == 2 ? operands[1] : NULL;
    return true;
}

bool ingest_options_parse(struct ingest_options *options, int argc, char **argv, bool *done,
                          struct error *error)
{
    struct raw_options raw = {0};
    struct option_spec specs[MAX_SPECS] = {0};
    struct program program = {.name = "quern-ingest",
                              .usage =
                                  "[OPTION...] SOURCE STORE.h5\n"
                                  "       quern-ingest --dry-run [OPTION...] SOURCE\n"
                                  "       quern-ingest --write-list FILE [OPTION...] SOURCE\n"
                                  "       quern-ingest --shard I/N [OPTION...] SOURCE SHARD.h5\n"
                                  "       quern-ingest --merge [OPTION...] STORE.h5 SHARD.h5...",
                              .summary = summary,
                              .epilogue = epilogue,
                              .options = specs};
    int first_operand;
    bool ok;

    *options = ingest_options_default();
    raw.compression_level = (uint64_t)options->compression_level;
    program.num_options = ingest_options_list(options, &raw, specs);
    ok = options_parse(&program, argc, argv, &first_operand, done, error);
    if (!ok || *done)
        return ok;
    options->given = argv + 1;
    options->num_given = first_operand - 1;
    return ingest_options_take_operands(options, argc - first_operand, argv + first_operand,
                                        error) &&
           ingest_options_take(&raw, options, error);
}

void ingest_options_free(struct ingest_options *options)
{
    text_list_free(&options->classes);
}

/* Names can be long and many, so the line holds a digest of them; the store holds the names. */
static uint64_t ingest_options_hash_names(const struct text_list *names)
{
    uint64_t hash = names->count;

    for (size_t i = 0; i < names->count; i++)
        hash = random_hash(hash, names->items[i], strlen(names->items[i]));
    return hash;
}

static void ingest_options_describe_split(const struct split_rules *split, char *buffer,
                                          size_t size)
{
    const char *valid = split->has_valid ? TEXT("%.17g", split->valid_fraction) : "none";
    const char *test = split->has_test ? TEXT(" test-fraction=%.17g", split->test_fraction) : "";
    const char *folds = split->num_folds > 0 ? TEXT(" folds=%" PRIu64 " fold=%" PRIu64,
                                                    split->num_folds, split->fold)
                                             : "";
    const char *group_by = split->group_by
                               ? TEXT(" group-by=%016" PRIx64,
                                      random_hash(0, split->group_by, strlen(split->group_by)))
                               : "";
    size_t length = strlen(buffer);

    text_format(buffer + length, size - length, " valid-fraction=%s", valid);
    length = strlen(buffer);
    if (split_is_wanted(split))
        text_format(buffer + length, size - length, "%s%s seed=%" PRIu64 " split-by=%s%s", test,
                    folds, split->seed, split->by_content ? "content" : "path", group_by);
}

/* Adds what is not as it was when there was no choice, so that older stores have the same line. */
static void ingest_options_describe_rule(const struct ingest_options *options, char *buffer,
                                         size_t size)
{
    const struct samples_rule *rule = &options->rule;
    const uint8_t *color = rule->background;

    if (options->fit != FIT_STRETCH)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " fit=%s",
                    fit_mode_names[options->fit]);
    if (rule->has_background)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " background=%02x%02x%02x",
                    color[0], color[1], color[2]);
    if (options->finds_range)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " range=auto");
    else if (rule->has_range)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " range=%u:%u", rule->low,
                    rule->high);
}

/* How names are taken; what is not given is not named: stores of before stay up to date. */
static void ingest_options_describe_names(const struct ingest_options *options, char *buffer,
                                          size_t size)
{
    if (options->layout != LAYOUT_UNDECIDED)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " layout=%s",
                    layout_choices[options->layout - 1]);
    if (options->has_unlabelled)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " unlabelled=test");
    if (options->names_charset)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " names-charset=%.40s",
                    options->names_charset);
}

const char *ingest_options_describe(const struct ingest_options *options, char *buffer, size_t size)
{
    const char *size_text =
        options->height ? TEXT("%" PRIu64 "x%" PRIu64, options->height, options->width) : "as-is";
    const char *classes = options->classes.count
                              ? TEXT("%016" PRIx64, ingest_options_hash_names(&options->classes))
                              : "all";

    text_format(buffer, size,
                "channels=%s size=%s classes=%s max-pixels=%" PRIu64
                " skip-bad=%s compression-level=%d",
                options->channels == INGEST_CHANNELS_AUTO ? "auto"
                : options->channels == 1                  ? "gray"
                                                          : "rgb",
                size_text, classes, options->max_pixels, options->skip_bad ? "yes" : "no",
                options->compression_level);
    ingest_options_describe_split(&options->split, buffer, size);
    if (options->deduplicate)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " deduplicate=yes");
    ingest_options_describe_rule(options, buffer, size);
    ingest_options_describe_names(options, buffer, size);
    return buffer;
}
