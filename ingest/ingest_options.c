#include "ingest/ingest_options.h"

#include <inttypes.h>
#include <omp.h>
#include <string.h>

#include "common/options.h"
#include "common/parse.h"
#include "common/random.h"
#include "common/text.h"
#include "formats/store/store_shard.h"

static const char summary[] =
    "Turns a folder or archive (tar, zip) of PNG images into one HDF5 store for quern-train and\n"
    "quern-evaluate.\n"
    "SOURCE holds {train,valid|validation|val,test|testing}/CLASS/**.png, or, with\n"
    "--valid-fraction, CLASS/**.png.";

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
    "  quern-ingest --classes 7,3 --dry-run mnist_sample\n"
    "  quern-ingest --write-list photos.list photos\n"
    "  quern-ingest --list photos.list --shard 1/8 photos shard1.h5    (to 8/8, shard8.h5)\n"
    "  quern-ingest --merge photos.h5 shard*.h5";

/* Values as the command line gives them, before they are checked together. */
struct raw_options {
    const char *size;
    const char *classes;
    int channels_choice;
    uint64_t compression_level;
    uint64_t num_threads;
    uint64_t num_io_threads;
    bool has_io_threads;
    const char *shard;
    bool has_seed;
    bool has_channels;
    bool shapes_store; /* an option that shards were made with is given */
};

static const char *const channel_choices[] = {"gray", "rgb", NULL};

/* Each may hold a file and a folder open, and 1,024 open files are a usual limit. */
enum { MAX_IO_THREADS = 256 };

enum { NUM_SPECS = 22 };

static void list_specs(struct ingest_options *options, struct raw_options *raw,
                       struct option_spec specs[NUM_SPECS])
{
    const struct option_spec list[NUM_SPECS] = {
        {OPTION_HEADING, .help = "Splits and classes"},
        {OPTION_REAL, "valid-fraction", "F",
         .help = "split SOURCE/CLASS/**.png: each file falls into valid with this chance, 0 to "
                 "below 1, by a hash of its path, so that adding files moves no other",
         .value = &options->valid_fraction, .maximum = 1, .shown_default = "",
         .given = &options->is_split_by_hash},
        {OPTION_COUNT, "seed", "N", .help = "key of that hash", .value = &options->seed,
         .given = &raw->has_seed},
        {OPTION_TEXT, "classes", "A,B,...",
         .help = "these classes in this order, labels 0, 1, ...; folders of other classes are "
                 "left out and named; a backslash makes a comma part of a name",
         .value = &raw->classes, .shown_default = "all, in natural order",
         .given = &raw->shapes_store},
        {OPTION_HEADING, .help = "Images"},
        {OPTION_CHOICE, "channels", .help = "convert to gray or to RGB",
         .value = &raw->channels_choice, .choices = channel_choices,
         .shown_default = "gray when all images are gray", .given = &raw->has_channels},
        {OPTION_TEXT, "size", "HxW",
         .help = "resize to this height and width, each axis by area average when it shrinks and "
                 "bilinear when it grows",
         .value = &raw->size, .shown_default = "all images must be of one size",
         .given = &raw->shapes_store},
        {OPTION_COUNT, "max-pixels", "N", .help = "refuse images of more pixels",
         .value = &options->max_pixels, .minimum = 1, .maximum = 0x1p40,
         .given = &raw->shapes_store},
        {OPTION_FLAG, "skip-bad",
         .help = "leave out files that are no readable PNG and record them in /rejects, instead "
                 "of writing nothing",
         .value = &options->skip_bad, .given = &raw->shapes_store},
        {OPTION_HEADING, .help = "Shards"},
        {OPTION_TEXT, "shard", "I/N",
         .help = "write part I, 1 to N, of N: a shard, for --merge; all of them with the same "
                 "options",
         .value = &raw->shard, .shown_default = ""},
        {OPTION_FLAG, "merge",
         .help = "make the store of all its shards, in any order, by copying compressed chunks",
         .value = &options->merge},
        {OPTION_TEXT, "write-list", "FILE",
         .help = "write the list of the files of SOURCE, for --list, and no store",
         .value = &options->write_list, .shown_default = ""},
        {OPTION_TEXT, "list", "FILE",
         .help = "take the files of SOURCE from this list, instead of walking through its folders",
         .value = &options->list, .shown_default = ""},
        {OPTION_HEADING, .help = "Running"},
        {OPTION_FLAG, "dry-run", .help = "print what was found and stop",
         .value = &options->dry_run},
        {OPTION_FLAG, "verify",
         .help = "compare an existing store with the contents of all files, not with their sizes "
                 "and times",
         .value = &options->verify},
        {OPTION_FLAG, "force", .help = "write the store whatever is there",
         .value = &options->force},
        {OPTION_COUNT, "compression-level", "N", .help = "zlib level, 1 fast to 9 small",
         .value = &raw->compression_level, .minimum = 1, .maximum = 9, .given = &raw->shapes_store},
        {OPTION_COUNT, "threads", "N", .help = "threads; the store does not depend on it",
         .value = &raw->num_threads, .minimum = 1, .maximum = 1024,
         .shown_default = "one for each processor"},
        {OPTION_COUNT, "io-threads", "N",
         .help = "threads that read and decode files; more than processors where files are far "
                 "away, as on a network file system; the store does not depend on it",
         .value = &raw->num_io_threads, .minimum = 1, .maximum = MAX_IO_THREADS,
         .shown_default = "as many as --threads", .given = &raw->has_io_threads},
    };

    memcpy(specs, list, sizeof(list));
}

static struct program make_program(const struct option_spec *specs, size_t num_specs)
{
    return (struct program){.name = "quern-ingest",
                            .usage = "[OPTION...] SOURCE STORE.h5\n"
                                     "       quern-ingest --write-list FILE [OPTION...] SOURCE\n"
                                     "       quern-ingest --shard I/N [OPTION...] SOURCE SHARD.h5\n"
                                     "       quern-ingest --merge [OPTION...] STORE.h5 SHARD.h5...",
                            .summary = summary,
                            .epilogue = epilogue,
                            .options = specs,
                            .num_options = num_specs};
}

struct ingest_options ingest_options_default(void)
{
    int num_processors = omp_get_num_procs();
    int num_threads = num_processors < 1024 ? num_processors : 1024;

    return (struct ingest_options){.seed = 1,
                                   .max_pixels = 16777216,
                                   .compression_level = 1,
                                   .num_threads = num_threads,
                                   .num_io_threads =
                                       num_threads < MAX_IO_THREADS ? num_threads : MAX_IO_THREADS};
}

/* "2/4" */
static bool parse_shard(const char *text, struct ingest_options *options, struct error *error)
{
    const char *separator = strchr(text, '/');
    char number[8];
    struct error ignored = {0};

    if (separator && (size_t)(separator - text) < sizeof(number)) {
        snprintf(number, sizeof(number), "%.*s", (int)(separator - text), text);
        if (parse_count("--shard", separator + 1, 1, STORE_MAX_SHARDS, &options->num_shards,
                        &ignored) &&
            parse_count("--shard", number, 1, options->num_shards, &options->shard_index, &ignored))
            return true;
    }
    return error_set(
        error, STATUS_USAGE,
        ERROR_AT(.expected = TEXT("I/N such as 2/4, I from 1 to N, N at most %d", STORE_MAX_SHARDS),
                 .found = TEXT("'%s'", text)),
        "--shard");
}

static bool check_merge(const struct ingest_options *options, const struct raw_options *raw,
                        struct error *error)
{
    if (raw->shard)
        return error_set(error, STATUS_USAGE, NULL,
                         "--shard writes a shard, --merge reads all of them: leave out one");
    if (options->list || options->write_list)
        return error_set(error, STATUS_USAGE, NULL,
                         "--merge reads no source: leave out --list and --write-list");
    if (raw->shapes_store || raw->has_seed || raw->has_channels || options->is_split_by_hash)
        return error_set(error, STATUS_USAGE, NULL,
                         "--merge takes what the shards were made with: leave out the options of "
                         "splits, classes, images and compression");
    if (options->dry_run || options->verify || raw->has_io_threads)
        return error_set(error, STATUS_USAGE, NULL,
                         "--merge reads no source: leave out --dry-run, --verify, --io-threads");
    return true;
}

static bool check_write_list(const struct ingest_options *options, const struct raw_options *raw,
                             struct error *error)
{
    if (options->list || raw->shard)
        return error_set(error, STATUS_USAGE, NULL,
                         "--write-list walks through all of SOURCE: leave out --list and --shard");
    if (raw->shapes_store || raw->has_channels || raw->has_io_threads)
        return error_set(error, STATUS_USAGE, NULL,
                         "--write-list lists files of all classes and opens none: leave out the "
                         "options of classes, images and compression");
    if (options->dry_run || options->verify)
        return error_set(error, STATUS_USAGE, NULL,
                         "--write-list writes no store: leave out --dry-run and --verify");
    return true;
}

/* What the options mean together. */
static bool check_options(struct ingest_options *options, const struct raw_options *raw,
                          struct error *error)
{
    if (options->merge && !check_merge(options, raw, error))
        return error_ok(error);
    if (options->write_list && !options->merge && !check_write_list(options, raw, error))
        return error_ok(error);
    if (options->is_split_by_hash && options->valid_fraction >= 1)
        return error_set(
            error, STATUS_USAGE,
            ERROR_AT(.expected = "0 to below 1", .found = TEXT("%g", options->valid_fraction)),
            "--valid-fraction");
    if (raw->has_seed && !options->is_split_by_hash)
        return error_set(error, STATUS_USAGE, NULL, "--seed does nothing without --valid-fraction");
    if (options->dry_run && (options->verify || options->force))
        return error_set(error, STATUS_USAGE, NULL,
                         "--dry-run writes no store: leave out --verify and --force");
    if (options->dry_run && raw->has_io_threads)
        return error_set(error, STATUS_USAGE, NULL,
                         "--dry-run reads no images: leave out --io-threads");
    if (options->verify && options->force)
        return error_set(error, STATUS_USAGE, NULL, "--force compares nothing: leave out --verify");
    options->channels =
        raw->has_channels ? (raw->channels_choice == 0 ? 1 : 3) : INGEST_CHANNELS_AUTO;
    options->compression_level = (int)raw->compression_level;
    options->num_threads = (int)raw->num_threads;
    options->num_io_threads = raw->has_io_threads                     ? (int)raw->num_io_threads
                              : options->num_threads < MAX_IO_THREADS ? options->num_threads
                                                                      : MAX_IO_THREADS;
    if (raw->size && !parse_size("--size", raw->size, &options->height, &options->width, error))
        return error_ok(error);
    if (raw->shard && !parse_shard(raw->shard, options, error))
        return error_ok(error);
    if (raw->classes)
        return parse_names("--classes", raw->classes, &options->classes, error);
    return true;
}

static bool take_operands(struct ingest_options *options, int count, char **operands,
                          struct error *error)
{
    int smallest = options->dry_run || options->write_list ? 1 : 2;
    int largest = options->write_list ? 1 : 2;

    if (options->merge) {
        if (count < 2)
            return error_set(
                error, STATUS_USAGE,
                ERROR_AT(.expected = "STORE.h5 SHARD.h5...", .found = TEXT("%d", count)),
                "too few operands");
        options->store = operands[0];
        options->shards = operands + 1;
        options->num_shards_to_merge = (size_t)count - 1;
        return true;
    }
    if (count < smallest || count > largest)
        return error_set(error, STATUS_USAGE,
                         ERROR_AT(.expected = smallest == 1 ? "SOURCE" : "SOURCE STORE.h5",
                                  .found = TEXT("%d", count)),
                         "wrong number of operands");
    options->source = operands[0];
    options->store = count == 2 ? operands[1] : NULL;
    return true;
}

bool ingest_options_parse(struct ingest_options *options, int argc, char **argv, bool *done,
                          struct error *error)
{
    struct raw_options raw = {0};
    struct option_spec specs[NUM_SPECS] = {0};
    struct program program = make_program(specs, NUM_SPECS);
    int first_operand;
    bool ok;

    *options = ingest_options_default();
    raw.compression_level = (uint64_t)options->compression_level;
    raw.num_threads = (uint64_t)options->num_threads;
    list_specs(options, &raw, specs);
    ok = options_parse(&program, argc, argv, &first_operand, done, error);
    if (ok && !*done)
        ok = take_operands(options, argc - first_operand, argv + first_operand, error);
    if (ok && !*done)
        ok = check_options(options, &raw, error);
    return ok;
}

void ingest_options_free(struct ingest_options *options)
{
    text_list_free(&options->classes);
}

int ingest_options_exit_status(const struct error *error)
{
    struct program program = make_program(NULL, 0);

    return options_exit_status(&program, error);
}

/* Names can be long and many, so the line holds a digest of them; the store holds the names. */
static uint64_t hash_names(const struct text_list *names)
{
    uint64_t hash = names->count;

    for (size_t i = 0; i < names->count; i++)
        hash = random_hash(hash, names->items[i], strlen(names->items[i]));
    return hash;
}

const char *ingest_options_describe(const struct ingest_options *options, char *buffer, size_t size)
{
    const char *size_text =
        options->height ? TEXT("%" PRIu64 "x%" PRIu64, options->height, options->width) : "as-is";
    const char *classes =
        options->classes.count ? TEXT("%016" PRIx64, hash_names(&options->classes)) : "all";

    text_format(buffer, size,
                "channels=%s size=%s classes=%s max-pixels=%" PRIu64
                " skip-bad=%s compression-level=%d",
                options->channels == INGEST_CHANNELS_AUTO ? "auto"
                : options->channels == 1                  ? "gray"
                                                          : "rgb",
                size_text, classes, options->max_pixels, options->skip_bad ? "yes" : "no",
                options->compression_level);
    if (options->is_split_by_hash)
        text_format(buffer + strlen(buffer), size - strlen(buffer),
                    " valid-fraction=%.17g seed=%" PRIu64, options->valid_fraction, options->seed);
    else
        text_format(buffer + strlen(buffer), size - strlen(buffer), " valid-fraction=none");
    return buffer;
}
