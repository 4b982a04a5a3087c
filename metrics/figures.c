#include "metrics/figures.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "metrics/figures_internal.h"

const char *const figure_keys[NUM_FIGURES] = {
    [FIGURE_ACCURACY] = "accuracy",
    [FIGURE_BALANCED_ACCURACY] = "balanced_accuracy",
    [FIGURE_TOP_K_ACCURACY] = "top_k_accuracy",
    [FIGURE_LOSS] = "loss",
    [FIGURE_BRIER_SCORE] = "brier_score",
    [FIGURE_CALIBRATION_ERROR] = "expected_calibration_error",
    [FIGURE_LARGEST_CALIBRATION_ERROR] = "largest_calibration_error",
};

const char *const figure_titles[NUM_FIGURES] = {
    [FIGURE_ACCURACY] = "accuracy",
    [FIGURE_BALANCED_ACCURACY] = "balanced accuracy",
    [FIGURE_TOP_K_ACCURACY] = "top-k accuracy",
    [FIGURE_LOSS] = "loss",
    [FIGURE_BRIER_SCORE] = "Brier score",
    [FIGURE_CALIBRATION_ERROR] = "calibration error",
    [FIGURE_LARGEST_CALIBRATION_ERROR] = "largest in a bin",
};

const char *const class_figure_keys[NUM_CLASS_FIGURES] = {
    [CLASS_RECALL] = "recall",
    [CLASS_PRECISION] = "precision",
    [CLASS_F1] = "f1",
    [CLASS_ROC_AREA] = "roc_area",
    [CLASS_AVERAGE_PRECISION] = "average_precision",
};

const char *const class_figure_titles[NUM_CLASS_FIGURES] = {
    [CLASS_RECALL] = "recall",     [CLASS_PRECISION] = "precision",       [CLASS_F1] = "F1",
    [CLASS_ROC_AREA] = "ROC area", [CLASS_AVERAGE_PRECISION] = "PR area",
};

size_t figures_top_k(size_t num_classes)
{
    return num_classes > 10 ? 5 : num_classes > 2 ? 2 : 0;
}

static double figures_ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

bool figures_begin(size_t num_classes, struct figures *figures, struct error *error)
{
    *figures = (struct figures){.num_classes = num_classes};
    return memory_allocate(&figures->classes, num_classes, sizeof(*figures->classes), error);
}

void figures_destroy(struct figures *figures)
{
    free(figures->classes);
    *figures = (struct figures){0};
}

/* Nothing is counted and no figure defined. */
static void figures_clear(struct figures *figures)
{
    struct class_figures *classes = figures->classes;
    size_t num_classes = figures->num_classes;
    struct class_figures undefined = {0};

    *figures = (struct figures){.num_classes = num_classes, .classes = classes};
    for (size_t i = 0; i < NUM_FIGURES; i++) {
        figures->values[i] = NAN;
        figures->intervals[i] = INTERVAL_NONE;
    }
    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++) {
        figures->macro[i] = figures->weighted[i] = undefined.values[i] = NAN;
        undefined.intervals[i] = INTERVAL_NONE;
    }
    for (size_t c = 0; c < num_classes; c++)
        classes[c] = undefined;
}

static void figures_count(const struct figures_samples *samples, const uint32_t *weights,
                          struct figures *figures)
{
    for (uint64_t i = 0; i < samples->num_samples; i++) {
        uint32_t label = samples->labels[i], prediction = samples->predictions[i];
        uint64_t weight = weights ? weights[i] : 1;

        figures->num_samples += weight;
        figures->classes[label].num_samples += weight;
        figures->classes[prediction].num_predicted += weight;
        if (label == prediction) {
            figures->num_correct += weight;
            figures->classes[label].num_correct += weight;
        }
    }
}

/* What comes of the scores of each sample; sums go in order of the samples. */
static void figures_add_scores(const struct figures_samples *samples, const uint32_t *weights,
                               struct figures *figures)
{
    double squared_errors = 0;

    figures->top_k = figures_top_k(figures->num_classes);
    figures->has_calibration = samples->are_probabilities;
    for (uint64_t i = 0; i < samples->num_samples; i++) {
        const struct score_summary *summary = &samples->summaries[i];
        uint32_t weight = weights ? weights[i] : 1;

        figures->num_top_k_correct += summary->rank < figures->top_k ? weight : 0;
        if (!samples->are_probabilities)
            continue;
        squared_errors += weight * summary->squared_error;
        calibration_add(&figures->calibration, summary->confidence,
                        samples->labels[i] == samples->predictions[i], weight);
    }
    if (figures->top_k)
        figures->values[FIGURE_TOP_K_ACCURACY] =
            figures_ratio((double)figures->num_top_k_correct, (double)figures->num_samples);
    if (!samples->are_probabilities)
        return;
    figures->values[FIGURE_BRIER_SCORE] =
        figures_ratio(squared_errors, (double)figures->num_samples);
    figures->values[FIGURE_CALIBRATION_ERROR] = calibration_expected_error(&figures->calibration);
    figures->values[FIGURE_LARGEST_CALIBRATION_ERROR] =
        calibration_largest_error(&figures->calibration);
}

void figures_weigh(const struct figures_samples *samples, const uint32_t *weights,
                   const double *losses, struct figures *figures)
{
    double loss_sum = 0;

    figures_clear(figures);
    figures_count(samples, weights, figures);
    figures->values[FIGURE_ACCURACY] =
        figures_ratio((double)figures->num_correct, (double)figures->num_samples);
    figures->values[FIGURE_LOSS] = samples->loss;
    if (losses) {
        for (uint64_t i = 0; i < samples->num_samples; i++)
            loss_sum += (weights ? weights[i] : 1) * losses[i];
        figures->values[FIGURE_LOSS] = figures_ratio(loss_sum, (double)figures->num_samples);
    }
    for (size_t c = 0; c < figures->num_classes; c++) {
        struct class_figures *class = &figures->classes[c];
        double correct = (double)class->num_correct;
        double both = (double)class->num_samples + (double)class->num_predicted;

        class->values[CLASS_RECALL] = figures_ratio(correct, (double)class->num_samples);
        class->values[CLASS_PRECISION] = figures_ratio(correct, (double)class->num_predicted);
        class->values[CLASS_F1] = figures_ratio(2 * correct, both);
    }
    if (samples->summaries)
        figures_add_scores(samples, weights, figures);
}

void figures_set_area(struct figures *figures, size_t class, struct area area)
{
    figures->classes[class].values[CLASS_ROC_AREA] = area.roc;
    figures->classes[class].values[CLASS_AVERAGE_PRECISION] = area.average_precision;
}

void figures_average(struct figures *figures)
{
    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++) {
        double sum = 0, weighted_sum = 0, num_classes = 0, num_samples = 0;

        for (size_t c = 0; c < figures->num_classes; c++) {
            const struct class_figures *class = &figures->classes[c];

            if (isnan(class->values[i]))
                continue;
            sum += class->values[i];
            weighted_sum += class->values[i] * (double)class->num_samples;
            num_classes++;
            num_samples += (double)class->num_samples;
        }
        figures->macro[i] = figures_ratio(sum, num_classes);
        figures->weighted[i] = figures_ratio(weighted_sum, num_samples);
    }
    figures->values[FIGURE_BALANCED_ACCURACY] = figures->macro[CLASS_RECALL];
}

/* ---- areas ---- */

void figures_rank(const struct figures_samples *samples, size_t class, uint64_t *scratch,
                  uint32_t *ranking)
{
    bool is_second_alone = samples->num_classes == 2 && samples->are_probabilities;

    area_rank(samples->scores + (is_second_alone ? 1 : class), samples->num_classes,
              is_second_alone && class == 0, (uint32_t)samples->num_samples, scratch, ranking);
}

/* A thread ranks the samples for a class at a time, and takes so many bytes of each to sort them.
 */
enum { FIGURES_RANKING_NBYTES = 2 * sizeof(uint64_t) + sizeof(uint32_t) };

/* As many threads as take no more memory than the scores. */
static size_t figures_max_threads(size_t num_classes)
{
    size_t num_threads = num_classes * sizeof(float) / FIGURES_RANKING_NBYTES;

    return num_threads > 0 ? num_threads : 1;
}

static bool figures_measure_areas(const struct figures_samples *samples, struct figures *figures,
                                  struct error *error)
{
    size_t num_classes = samples->num_classes, num_threads = (size_t)samples->num_threads;
    uint32_t num_samples = (uint32_t)samples->num_samples;
    uint32_t *rankings = NULL;
    uint64_t *scratches = NULL;
    bool ok;

    if (num_threads > figures_max_threads(num_classes))
        num_threads = figures_max_threads(num_classes);
    ok = memory_allocate(&rankings, num_threads * num_samples, sizeof(*rankings), error) &&
         memory_allocate(&scratches, 2 * num_threads * num_samples, sizeof(*scratches), error);
    if (ok) {
#pragma omp parallel for num_threads((int)num_threads) schedule(dynamic)
        for (size_t c = 0; c < num_classes; c++) {
            size_t thread = (size_t)omp_get_thread_num();
            uint32_t *ranking = rankings + thread * num_samples;

            figures_rank(samples, c, scratches + 2 * thread * num_samples, ranking);
            figures_set_area(
                figures, c, area_measure(ranking, samples->labels, NULL, num_samples, (uint32_t)c));
        }
    }
    free(scratches);
    free(rankings);
    return ok;
}

/* ---- intervals ---- */

static bool figures_estimate(struct figures *figures, struct error *error)
{
    size_t num_classes = figures->num_classes;
    uint64_t *hits = NULL, *totals = NULL;
    bool ok = memory_allocate(&hits, num_classes, sizeof(*hits), error) &&
              memory_allocate(&totals, num_classes, sizeof(*totals), error);

    for (size_t c = 0; c < num_classes && ok; c++) {
        struct class_figures *class = &figures->classes[c];

        hits[c] = class->num_correct;
        totals[c] = class->num_samples;
        class->intervals[CLASS_RECALL] = interval_of_proportion(hits[c], totals[c]);
        class->intervals[CLASS_PRECISION] = interval_of_proportion(hits[c], class->num_predicted);
    }
    if (ok) {
        figures->intervals[FIGURE_ACCURACY] =
            interval_of_proportion(figures->num_correct, figures->num_samples);
        figures->intervals[FIGURE_BALANCED_ACCURACY] = interval_of_mean(hits, totals, num_classes);
        if (figures->top_k)
            figures->intervals[FIGURE_TOP_K_ACCURACY] =
                interval_of_proportion(figures->num_top_k_correct, figures->num_samples);
    }
    free(totals);
    free(hits);
    return ok;
}

bool figures_summarize(struct figures_samples *samples, struct score_summary **summaries,
                       struct error *error)
{
    *summaries = NULL;
    if (!samples->scores || samples->summaries)
        return true;
    if (!memory_allocate(summaries, samples->num_samples, sizeof(**summaries), error))
        return false;
    scores_summarize(samples->scores, samples->labels, samples->predictions, samples->num_classes,
                     samples->num_samples, *summaries);
    samples->summaries = *summaries;
    return true;
}

bool figures_compute(const struct figures_samples *samples, struct figures *figures,
                     struct error *error)
{
    struct figures_samples summarized = *samples;
    struct score_summary *summaries = NULL;
    bool ok = figures_begin(samples->num_classes, figures, error);

    ok = ok && figures_summarize(&summarized, &summaries, error);
    if (ok)
        figures_weigh(&summarized, NULL, NULL, figures);
    if (ok && samples->scores && samples->num_samples <= AREA_MAX_SAMPLES)
        ok = figures_measure_areas(samples, figures, error);
    if (ok) {
        figures_average(figures);
        ok = figures_estimate(figures, error);
    }
    free(summaries);
    return ok;
}

uint64_t figures_nbytes(size_t num_classes, uint64_t num_samples, bool with_areas)
{
    uint64_t total = num_classes * (sizeof(struct class_figures) + 2 * sizeof(uint64_t)) +
                     num_samples * sizeof(struct score_summary);

    if (with_areas)
        memory_add_nbytes(&total, figures_max_threads(num_classes),
                          num_samples * FIGURES_RANKING_NBYTES);
    return total;
}
