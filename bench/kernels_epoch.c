#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "bench/kernels.h"
#include "common/text.h"
#include "model/kernels/kernels.h"
#include "train/trainer.h"

/* This process alone, as without a launcher. */
static struct ranks alone = {.count = 1, .node_count = 1};

/* ---- epochs ---- */

/* A linear model and its trainer, as quern-train has them. */
struct epochs {
    struct train_options options;
    struct model model;
    struct checkpoint progress;
    struct trainer trainer;
    uint64_t num_done;
    struct error error; /* of any of the calls */
};

static bool epochs_create(struct epochs *epochs, struct bench_settings *settings,
                          const struct kernels *kernels, uint64_t batch_size, int num_threads,
                          struct error *error)
{
    const struct model_spec spec = {.kind = MODEL_LINEAR,
                                    .loss = LOSS_MAE,
                                    .image = settings->image,
                                    .num_classes = settings->num_classes};
    const struct trainer_settings trainer_settings = {
        .order = {.shuffle = SHUFFLE_FULL, .seed = 1, .chunk_rows = 256, .window = 1},
        .update.schedule = {.kind = SCHEDULE_CONSTANT, .learning_rate = 1.0}};
    bool ok;

    *epochs = (struct epochs){.options = {.batch_size = batch_size,
                                          .accumulate = 1,
                                          .learning_rate = 1.0,
                                          .threads = (uint64_t)num_threads}};
    ok = model_create(&spec, &epochs->model, error);
    if (!ok)
        return ok;
    if (kernels)
        epochs->model.kernels = kernels;
    model_init_normal(&epochs->model, 1.0, 1);
    return trainer_create(&epochs->trainer, &epochs->options, &trainer_settings, &epochs->model,
                          &settings->train, &alone, &epochs->progress, error);
}

static void epochs_destroy(struct epochs *epochs)
{
    trainer_destroy(&epochs->trainer);
    model_destroy(&epochs->model);
}

static void call_epoch(void *context)
{
    struct epochs *epochs = context;
    bool is_complete;

    if (error_ok(&epochs->error) && trainer_run_epoch(&epochs->trainer, ++epochs->num_done, NULL,
                                                      NULL, &is_complete, &epochs->error))
        trainer_end_epoch(&epochs->trainer);
}

/* Passes on what went wrong in any of the calls. */
static bool epochs_check(const struct epochs *epochs, struct error *error)
{
    if (!error_ok(&epochs->error))
        *error = epochs->error;
    return error_ok(error);
}

/* ---- beside the bare loop ---- */

struct bare_loop {
    const struct limits *limits;
    const uint8_t *pixels; /* of one slice */
    size_t num_pixels;
    size_t num_slices;
    float sink[LIMITS_SINK_FLOATS];
};

/* As many pixels as an epoch has, always those of the same slice, which the cache holds. */
static void call_bare_loop(void *context)
{
    struct bare_loop *loop = context;

    for (size_t i = 0; i < loop->num_slices; i++)
        loop->limits->linear(loop->pixels, loop->num_pixels, loop->sink);
}

bool bench_ceiling(struct bench_settings *settings, struct error *error)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    const struct dataset *train = &settings->train;
    bool ok = true;

    if (settings->num_classes != 2)
        return error_set(error, STATUS_USAGE, NULL,
                         "the bare loop beside an epoch is that of two classes");
    for (size_t t = 0; t < num_tables && ok; t++) {
        const char *name = tables[t]->name;
        const size_t slice_nbytes = MODEL_SLICE_ROWS * train->row_nbytes / 128 * 128;
        struct bare_loop loop = {.limits = limits_find(name),
                                 .pixels = dataset_row(train, 0),
                                 .num_pixels = slice_nbytes,
                                 .num_slices = train->num_rows * train->row_nbytes / slice_nbytes};
        struct epochs epochs;

        ok = epochs_create(&epochs, settings, tables[t], 256, 1, error);
        if (ok) {
            const struct work works[] = {{call_bare_loop, &loop}, {call_epoch, &epochs}};
            struct timing timings[2];

            measure(works, 2, settings->num_repeats, timings);
            ok = epochs_check(&epochs, error);
            print_timing(TEXT("ceiling/%s/bare-loop", name), timings[0], 1e3, "ms");
            print_timing(TEXT("ceiling/%s/epoch", name), timings[1], 1e3, "ms");
            printf("ceiling/%s/ratio %.2f x best %.2f\n", name,
                   timings[1].median / timings[0].median, timings[1].best / timings[0].best);
        }
        epochs_destroy(&epochs);
    }
    return ok;
}

/* ---- threads ---- */

/* One cache line to another core and back: what threads that work on one batch have to wait for. */
static void call_round_trips(void *context)
{
    enum { NUM_TRIPS = 1000 };
    atomic_int *ball = context;

    atomic_store(ball, 0);
#pragma omp parallel num_threads(2)
    for (int i = 0; i < NUM_TRIPS && omp_get_num_threads() == 2; i++) {
        const int turn = 2 * i + omp_get_thread_num();

        while (atomic_load_explicit(ball, memory_order_acquire) != turn)
            ;
        atomic_store_explicit(ball, turn + 1, memory_order_release);
    }
}

static void print_round_trip(size_t num_repeats)
{
    static _Alignas(64) atomic_int ball;
    struct timing timing;

    measure(&(struct work){call_round_trips, &ball}, 1, num_repeats, &timing);
    print_timing("threads/round-trip", timing, 1e9 / 1000, "ns");
}

static size_t list_threads(int max_threads, int counts[MEASURE_MAX_WORKS])
{
    size_t num_counts = 0;

    for (int count = 1; count < max_threads && num_counts + 1 < MEASURE_MAX_WORKS; count *= 2)
        counts[num_counts++] = count;
    counts[num_counts++] = max_threads;
    return num_counts;
}

static bool print_threads(struct bench_settings *settings, uint64_t batch_size, struct error *error)
{
    int counts[MEASURE_MAX_WORKS];
    const size_t num_counts = list_threads(settings->max_threads, counts);
    struct epochs epochs[MEASURE_MAX_WORKS] = {{.num_done = 0}};
    struct work works[MEASURE_MAX_WORKS];
    struct timing timings[MEASURE_MAX_WORKS];
    bool ok = true;

    for (size_t i = 0; i < num_counts && ok; i++) {
        ok = epochs_create(&epochs[i], settings, NULL, batch_size, counts[i], error);
        works[i] = (struct work){call_epoch, &epochs[i]};
    }
    if (ok)
        measure(works, num_counts, settings->num_repeats, timings);
    for (size_t i = 0; i < num_counts && ok; i++)
        ok = epochs_check(&epochs[i], error);
    for (size_t i = 0; i < num_counts && ok; i++) {
        const char *name = TEXT("threads/batch-%d/%d", (int)batch_size, counts[i]);

        print_timing(name, timings[i], 1e3, "ms");
        if (i > 0)
            printf("%s-to-1 %.2f x best %.2f\n", name, timings[0].median / timings[i].median,
                   timings[0].best / timings[i].best);
    }
    for (size_t i = 0; i < num_counts; i++)
        epochs_destroy(&epochs[i]);
    return ok;
}

bool bench_threads(struct bench_settings *settings, struct error *error)
{
    bool ok;

    if (settings->max_threads > 1)
        print_round_trip(settings->num_repeats);
    ok = print_threads(settings, 256, error);

    return ok && print_threads(settings, 4096, error);
}

/* ---- evaluation ---- */

struct evaluation_work {
    const struct model *model;
    struct dataset *dataset;
    int num_threads;
    struct error error;
};

static void call_validate(void *context)
{
    struct evaluation_work *work = context;
    struct validation validation;

    if (error_ok(&work->error))
        trainer_validate(work->model, work->dataset, &alone, work->num_threads, &validation,
                         &work->error);
}

static bool print_evaluate(struct bench_settings *settings, const char *name,
                           const struct model_spec *spec, struct error *error)
{
    struct model model;
    bool ok = model_create(spec, &model, error);
    const int counts[] = {1, settings->max_threads};

    if (!ok)
        return ok;
    model_init_normal(&model, 1.0, 1);
    for (size_t i = 0; i < (counts[1] > 1 ? 2 : 1) && ok; i++) {
        struct evaluation_work context = {
            .model = &model, .dataset = &settings->valid, .num_threads = counts[i]};
        struct timing timing;

        measure(&(struct work){call_validate, &context}, 1, settings->num_repeats, &timing);
        ok = error_ok(&context.error);
        if (ok)
            print_timing(TEXT("evaluate/%s/%d", name, counts[i]), timing, 1e3, "ms");
        else
            *error = context.error;
    }
    model_destroy(&model);
    return ok;
}

bool bench_evaluate(struct bench_settings *settings, struct error *error)
{
    struct model_spec spec = {.kind = MODEL_LINEAR,
                              .loss = LOSS_MAE,
                              .image = settings->image,
                              .num_classes = settings->num_classes};
    bool ok = print_evaluate(settings, "linear", &spec, error);

    spec.kind = MODEL_NEAREST_MEAN;
    spec.distance = DISTANCE_L1;
    if (ok)
        ok = print_evaluate(settings, "nearest-mean-l1", &spec, error);
    spec.distance = DISTANCE_L2;
    if (ok)
        ok = print_evaluate(settings, "nearest-mean-l2", &spec, error);
    return ok;
}
