/*
 * bench/kernels: how close the kernels, an epoch and an evaluation come to what the core can do.
 */
#include "bench/kernels.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "common/memory.h"
#include "common/options.h"
#include "common/random.h"
#include "common/text.h"

/* ---- what is measured ---- */

struct part {
    const char *name;
    bool (*function)(struct bench_settings *settings, struct error *error);
};

static const struct part parts[] = {
    {"peaks", bench_peaks},     {"rates", bench_rates},       {"ceiling", bench_ceiling},
    {"threads", bench_threads}, {"evaluate", bench_evaluate},
};

enum { NUM_PARTS = sizeof(parts) / sizeof(parts[0]) };

static const struct part *find_part(const char *name)
{
    for (size_t i = 0; i < NUM_PARTS; i++)
        if (strcmp(name, parts[i].name) == 0)
            return &parts[i];
    return NULL;
}

static bool run_parts(int count, char **names, struct bench_settings *settings, struct error *error)
{
    bool ok = true;

    for (size_t i = 0; i < NUM_PARTS && ok && count == 0; i++)
        ok = parts[i].function(settings, error);
    for (int i = 0; i < count && ok; i++)
        ok = find_part(names[i])->function(settings, error);
    return ok;
}

static bool check_parts(int count, char **names, struct error *error)
{
    for (int i = 0; i < count; i++)
        if (!find_part(names[i]))
            return error_set(error, STATUS_USAGE, NULL, "there is no part '%s' to measure",
                             names[i]);
    return true;
}

/* ---- data ---- */

/* Noise: what is computed does not depend on the values, and neither does the time. */
static bool draw_split(const struct bench_settings *settings, uint64_t index, uint64_t num_rows,
                       struct dataset *dataset, struct error *error)
{
    struct random_stream stream = random_stream_begin(1, RANDOM_DRAW, index);
    const size_t row_nbytes = image_num_values(&settings->image);
    uint8_t *pixels = NULL;
    uint32_t *labels = NULL;
    bool ok = memory_allocate(&labels, num_rows, sizeof(*labels), error);

    if (ok)
        ok = memory_allocate(&pixels, num_rows, row_nbytes, error);
    if (!ok) {
        free(labels);
        return ok;
    }
    for (size_t i = 0; i < num_rows * row_nbytes; i++)
        pixels[i] = (uint8_t)random_next(&stream);
    for (size_t i = 0; i < num_rows; i++)
        labels[i] = random_below(&stream, (uint32_t)settings->num_classes);
    ok = dataset_take(dataset, num_rows, row_nbytes, pixels, labels, error);
    if (!ok)
        free(labels);
    return ok;
}

static bool load_store(struct store *store, struct bench_settings *settings, struct error *error)
{
    const struct dataset_plan whole = {.num_threads = 1};
    bool ok;

    settings->num_classes = store_classes(store)->count;
    settings->image = *store_image_shape(store);
    ok = dataset_open(&settings->train, store, SPLIT_TRAIN, &whole, error);
    if (ok)
        ok = dataset_open(&settings->valid, store, SPLIT_VALID, &whole, error);
    if (ok && (settings->train.num_rows == 0 || settings->valid.num_rows == 0))
        ok = error_set(error, STATUS_DATA, NULL, "a split of the store is empty");
    return ok;
}

/* ---- command line ---- */

static const char summary[] =
    "Measures the kernels, an epoch and an evaluation beside what the core can do at most.  "
    "PARTs\n"
    "(default: all) are\n"
    "  peaks      for each instruction set, multiply-adds in registers (GFLOP/s), and reading\n"
    "             from caches and memory (GB/s), on one thread\n"
    "  rates      for each kernel and instruction set GFLOP/s, and GB/s of what it must read and\n"
    "             write, on data in cache, each with its share of the peak\n"
    "  ceiling    an epoch of the linear model on one thread beside a bare loop of its "
    "conversions\n"
    "             and multiply-adds on data in cache, for each instruction set; two classes only\n"
    "  threads    an epoch on 1, 2, ... threads at batch sizes 256 and 4096, and how many times\n"
    "             faster that is than one thread; and how long a cache line takes from one core\n"
    "             to another and back\n"
    "  evaluate   loss and accuracy of a split in memory, linear and nearest-mean";

static const char epilogue[] =
    "A line is: NAME MEDIAN UNIT best BEST, over the repeats; for rates, the best of each kernel "
    "and\n"
    "its share of the best of the peak.  The median is what a busy machine gives, the best what "
    "the\n"
    "code can do.  What is compared is measured in turns.  QUERN_CPU chooses the instruction set "
    "of\n"
    "the parts that do not go through all.\n"
    "\n"
    "Examples:\n"
    "  kernels ceiling threads\n"
    "  kernels --store mnist_sample.h5 --threads 2 --repeats 101 evaluate";

struct options {
    const char *store;
    uint64_t num_classes, num_repeats, num_threads;
};

static bool run(const struct options *options, int num_parts, char **names, struct error *error)
{
    struct bench_settings settings = {.num_repeats = (size_t)options->num_repeats,
                                      .num_classes = (size_t)options->num_classes,
                                      .image = {28, 28, 1},
                                      .max_threads = (int)options->num_threads};
    struct store *store = NULL;
    bool ok;

    if (options->store) {
        ok = store_open(options->store, &store, error);
        if (ok)
            ok = load_store(store, &settings, error);
    } else {
        /* The lesson's sizes. */
        ok = draw_split(&settings, 0, 12396, &settings.train, error);
        if (ok)
            ok = draw_split(&settings, 1, 2038, &settings.valid, error);
    }
    if (ok)
        ok = run_parts(num_parts, names, &settings, error);
    if (!options->store) {
        free((void *)settings.train.labels);
        free((void *)settings.valid.labels);
    }
    dataset_close(&settings.train);
    dataset_close(&settings.valid);
    store_close(store);
    return ok;
}

int main(int argc, char **argv)
{
    struct options options = {
        .num_classes = 2, .num_repeats = 31, .num_threads = (uint64_t)omp_get_num_procs()};
    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXT, "store", "STORE.h5",
         .help = "measure on its train and valid splits (default: noise of the shape of "
                 "MNIST_SAMPLE, 12396 and 2038 images of 28x28)",
         .value = &options.store},
        {OPTION_COUNT, "classes", "C", .help = "classes of the noise",
         .value = &options.num_classes, .minimum = 2, .maximum = 1000},
        {OPTION_COUNT, "repeats", "N", .help = "repeats of each measurement",
         .value = &options.num_repeats, .minimum = 1, .maximum = MEASURE_MAX_REPEATS},
        {OPTION_COUNT, "threads", "N", .help = "the most threads to measure",
         .value = &options.num_threads, .minimum = 1, .maximum = 1024},
    };
    const struct program program = {.name = "kernels",
                                    .usage = "[OPTION...] [PART...]",
                                    .summary = summary,
                                    .epilogue = epilogue,
                                    .options = specs,
                                    .num_options = sizeof(specs) / sizeof(specs[0])};
    struct error error = {0};
    bool done = false;
    int first;
    bool ok = options_parse(&program, argc, argv, &first, &done, &error);

    if (ok && !done)
        ok = check_parts(argc - first, argv + first, &error);
    if (ok && !done)
        ok = run(&options, argc - first, argv + first, &error);
    return options_exit_status(program.name, &error);
}
