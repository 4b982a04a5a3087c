#include "metrics/bootstrap.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/random.h"
#include "metrics/figures_internal.h"

/* Where the figures of a resample lie among its values: those of all samples, the means of the
 * classes, those of each class. */
enum {
    BOOTSTRAP_MACRO = NUM_FIGURES,
    BOOTSTRAP_WEIGHTED = BOOTSTRAP_MACRO + NUM_CLASS_FIGURES,
    BOOTSTRAP_CLASSES = BOOTSTRAP_WEIGHTED + NUM_CLASS_FIGURES,
};

static size_t bootstrap_num_values(size_t num_classes)
{
    return BOOTSTRAP_CLASSES + num_classes * NUM_CLASS_FIGURES;
}

uint64_t bootstrap_nbytes(const struct figures_samples *samples, uint64_t num_resamples)
{
    uint64_t num_values = bootstrap_num_values(samples->num_classes), total = 0;
    uint64_t num_threads = (uint64_t)samples->num_threads;

    memory_add_nbytes(&total, num_resamples, num_values * sizeof(double));
    memory_add_nbytes(&total, num_threads, samples->num_samples * sizeof(uint32_t));
    memory_add_nbytes(&total, num_threads + 1, samples->num_classes * sizeof(struct class_figures));
    memory_add_nbytes(&total, samples->num_samples, sizeof(struct score_summary));
    if (samples->scores) {
        memory_add_nbytes(&total, samples->num_samples, samples->num_classes * sizeof(uint32_t));
        memory_add_nbytes(&total, samples->num_samples, 2 * sizeof(uint64_t));
    }
    return total;
}

/* ---- resamples ---- */

struct bootstrap_work {
    const struct figures_samples *samples;
    const double *losses;
    uint64_t num_resamples, seed;
    uint32_t *rankings;      /* [C][N]; NULL without scores */
    double *values;          /* [num_values][num_resamples] */
    uint32_t *weights;       /* [threads][N] */
    struct figures *figures; /* [threads] */
};

static void bootstrap_draw(const struct bootstrap_work *work, uint64_t resample, uint32_t *weights)
{
    uint32_t num_samples = (uint32_t)work->samples->num_samples;
    struct random_stream stream = random_stream_begin(work->seed, RANDOM_BOOTSTRAP, resample);

    memset(weights, 0, num_samples * sizeof(*weights));
    for (uint32_t i = 0; i < num_samples; i++)
        weights[random_below(&stream, num_samples)]++;
}

static void bootstrap_store(const struct bootstrap_work *work, uint64_t resample, size_t first,
                            const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        work->values[(first + i) * work->num_resamples + resample] = values[i];
}

static void bootstrap_resample(const struct bootstrap_work *work, uint64_t resample,
                               uint32_t *weights, struct figures *figures)
{
    const struct figures_samples *samples = work->samples;
    uint32_t num_samples = (uint32_t)samples->num_samples;

    bootstrap_draw(work, resample, weights);
    figures_weigh(samples, weights, work->losses, figures);
    for (size_t c = 0; c < samples->num_classes && work->rankings; c++)
        figures_set_area(figures, c,
                         area_measure(work->rankings + c * num_samples, samples->labels, weights,
                                      num_samples, (uint32_t)c));
    figures_average(figures);
    bootstrap_store(work, resample, 0, figures->values, NUM_FIGURES);
    bootstrap_store(work, resample, BOOTSTRAP_MACRO, figures->macro, NUM_CLASS_FIGURES);
    bootstrap_store(work, resample, BOOTSTRAP_WEIGHTED, figures->weighted, NUM_CLASS_FIGURES);
    for (size_t c = 0; c < samples->num_classes; c++)
        bootstrap_store(work, resample, BOOTSTRAP_CLASSES + c * NUM_CLASS_FIGURES,
                        figures->classes[c].values, NUM_CLASS_FIGURES);
}

static bool bootstrap_rank(struct bootstrap_work *work, struct error *error)
{
    const struct figures_samples *samples = work->samples;
    size_t num_samples = (size_t)samples->num_samples;
    uint64_t *scratch = NULL;
    bool ok;

    if (!samples->scores)
        return true;
    ok = memory_allocate(&work->rankings, samples->num_classes * num_samples,
                         sizeof(*work->rankings), error) &&
         memory_allocate(&scratch, 2 * num_samples, sizeof(*scratch), error);
    for (size_t c = 0; c < samples->num_classes && ok; c++)
        figures_rank(samples, c, scratch, work->rankings + c * num_samples);
    free(scratch);
    return ok;
}

static bool bootstrap_run(struct bootstrap_work *work, struct error *error)
{
    const struct figures_samples *samples = work->samples;
    int num_threads = samples->num_threads;
    struct progress progress = progress_begin(NULL, "bootstrap", "resamples", work->num_resamples);
    bool ok = memory_allocate(&work->values, bootstrap_num_values(samples->num_classes),
                              work->num_resamples * sizeof(*work->values), error) &&
              memory_allocate(&work->weights, (size_t)num_threads,
                              samples->num_samples * sizeof(*work->weights), error) &&
              memory_allocate(&work->figures, (size_t)num_threads, sizeof(*work->figures), error) &&
              bootstrap_rank(work, error);

    for (int t = 0; t < num_threads && ok; t++)
        ok = figures_begin(samples->num_classes, &work->figures[t], error);
    if (!ok)
        return false;
#pragma omp parallel for num_threads(num_threads) schedule(dynamic)
    for (uint64_t resample = 0; resample < work->num_resamples; resample++) {
        size_t thread = (size_t)omp_get_thread_num();

        bootstrap_resample(work, resample, work->weights + thread * samples->num_samples,
                           &work->figures[thread]);
        if (thread == 0)
            progress_update(&progress, resample);
    }
    progress_clear(&progress);
    return true;
}

static void bootstrap_release(struct bootstrap_work *work)
{
    for (int t = 0; work->figures && t < work->samples->num_threads; t++)
        figures_destroy(&work->figures[t]);
    free(work->figures);
    free(work->weights);
    free(work->values);
    free(work->rankings);
}

/* ---- intervals ---- */

static int bootstrap_compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;

    return (first > second) - (first < second);
}

/* Of sorted values, with straight lines between them (R's type 7, numpy's default). */
static double bootstrap_quantile(const double *values, size_t count, double quantile)
{
    double place = (double)(count - 1) * quantile;
    size_t below = (size_t)place;

    if (below + 1 >= count)
        return values[count - 1];
    return values[below] + (place - (double)below) * (values[below + 1] - values[below]);
}

/* Puts the values in another order. */
static struct interval bootstrap_interval(double *values, uint64_t num_resamples)
{
    size_t count = 0;

    for (uint64_t i = 0; i < num_resamples; i++)
        if (!isnan(values[i]))
            values[count++] = values[i];
    if (count == 0)
        return INTERVAL_NONE;
    qsort(values, count, sizeof(*values), bootstrap_compare);
    return (struct interval){bootstrap_quantile(values, count, 0.025),
                             bootstrap_quantile(values, count, 0.975)};
}

static void bootstrap_find_intervals(const struct bootstrap_work *work, size_t first,
                                     struct interval *intervals, size_t count)
{
    for (size_t i = 0; i < count; i++)
        intervals[i] = bootstrap_interval(work->values + (first + i) * work->num_resamples,
                                          work->num_resamples);
}

static void bootstrap_finish(const struct bootstrap_work *work, struct bootstrap *bootstrap)
{
    bootstrap_find_intervals(work, 0, bootstrap->values, NUM_FIGURES);
    bootstrap_find_intervals(work, BOOTSTRAP_MACRO, bootstrap->macro, NUM_CLASS_FIGURES);
    bootstrap_find_intervals(work, BOOTSTRAP_WEIGHTED, bootstrap->weighted, NUM_CLASS_FIGURES);
    for (size_t c = 0; c < work->samples->num_classes; c++)
        bootstrap_find_intervals(work, BOOTSTRAP_CLASSES + c * NUM_CLASS_FIGURES,
                                 bootstrap->classes[c].intervals, NUM_CLASS_FIGURES);
}

bool bootstrap_compute(const struct figures_samples *samples, const double *losses,
                       uint64_t num_resamples, uint64_t seed, struct bootstrap *bootstrap,
                       struct error *error)
{
    struct figures_samples summarized = *samples;
    struct score_summary *summaries = NULL;
    struct bootstrap_work work = {
        .samples = &summarized, .losses = losses, .num_resamples = num_resamples, .seed = seed};
    bool ok;

    *bootstrap = (struct bootstrap){.num_resamples = num_resamples, .seed = seed};
    summarized.loss = NAN;
    if (samples->num_samples > AREA_MAX_SAMPLES)
        return error_set(error, STATUS_USAGE, NULL, "too many samples to draw again: at most %llu",
                         (unsigned long long)AREA_MAX_SAMPLES);
    ok = memory_allocate(&bootstrap->classes, samples->num_classes, sizeof(*bootstrap->classes),
                         error);
    ok = ok && figures_summarize(&summarized, &summaries, error);
    ok = ok && bootstrap_run(&work, error);
    if (ok)
        bootstrap_finish(&work, bootstrap);
    bootstrap_release(&work);
    free(summaries);
    return ok;
}

void bootstrap_destroy(struct bootstrap *bootstrap)
{
    free(bootstrap->classes);
    *bootstrap = (struct bootstrap){0};
}
