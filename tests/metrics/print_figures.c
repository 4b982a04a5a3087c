/*
 * The figures of metrics/ as JSON, a line for each line of input: for check.py.
 *
 *     figures C N P THREADS (label prediction score ... score) ...
 *     proportion HITS SAMPLES
 *     mean COUNT (HITS SAMPLES) ...
 *     difference BOTH FIRST SECOND NEITHER
 *     mcnemar FIRST SECOND
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "metrics/comparison.h"
#include "metrics/figures.h"
#include "metrics/interval.h"

static uint64_t read_count(void)
{
    uint64_t count;

    if (scanf("%" SCNu64, &count) != 1)
        exit(STATUS_DATA);
    return count;
}

static void *allocate(size_t count, size_t nbytes)
{
    void *array = calloc(count + 1, nbytes);

    if (!array)
        exit(STATUS_INTERNAL);
    return array;
}

static void print_interval(struct json *json, const char *key, struct interval interval)
{
    json_begin_array(json, key);
    json_real(json, NULL, interval.low);
    json_real(json, NULL, interval.high);
    json_end_array(json);
}

static void print_class_figures(struct json *json, const char *key,
                                const double values[NUM_CLASS_FIGURES])
{
    json_begin_object(json, key);
    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++)
        json_real(json, class_figure_keys[i], values[i]);
    json_end_object(json);
}

static void print_figures(struct json *json, const struct figures *figures)
{
    for (size_t i = 0; i < NUM_FIGURES; i++)
        json_real(json, figure_keys[i], figures->values[i]);
    print_interval(json, "accuracy_interval", figures->intervals[FIGURE_ACCURACY]);
    print_class_figures(json, "macro", figures->macro);
    print_class_figures(json, "weighted", figures->weighted);
    json_begin_array(json, "classes");
    for (size_t c = 0; c < figures->num_classes; c++)
        print_class_figures(json, NULL, figures->classes[c].values);
    json_end_array(json);
    json_begin_array(json, "bins");
    for (size_t i = 0; i < CALIBRATION_NUM_BINS; i++)
        json_count(json, NULL, figures->calibration.bins[i].num_samples);
    json_end_array(json);
}

static void do_figures(struct json *json)
{
    struct figures_samples samples = {.num_classes = (size_t)read_count()};
    struct figures figures;
    struct error error = {0};
    uint32_t *labels, *predictions;
    float *scores;

    samples.num_samples = read_count();
    samples.are_probabilities = read_count();
    samples.num_threads = (int)read_count();
    labels = allocate(samples.num_samples, sizeof(*labels));
    predictions = allocate(samples.num_samples, sizeof(*predictions));
    scores = allocate(samples.num_samples * samples.num_classes, sizeof(*scores));
    for (uint64_t i = 0; i < samples.num_samples; i++) {
        labels[i] = (uint32_t)read_count();
        predictions[i] = (uint32_t)read_count();
        for (size_t c = 0; c < samples.num_classes; c++)
            if (scanf("%f", &scores[i * samples.num_classes + c]) != 1)
                exit(STATUS_DATA);
    }
    samples.labels = labels;
    samples.predictions = predictions;
    samples.scores = scores;
    if (!figures_compute(&samples, &figures, &error))
        exit((int)error.status);
    print_figures(json, &figures);
    figures_destroy(&figures);
    free(labels);
    free(predictions);
    free(scores);
}

static void do_mean(struct json *json)
{
    size_t count = (size_t)read_count();
    uint64_t *hits = allocate(count, sizeof(*hits)), *samples = allocate(count, sizeof(*samples));

    for (size_t i = 0; i < count; i++) {
        hits[i] = read_count();
        samples[i] = read_count();
    }
    print_interval(json, "interval", interval_of_mean(hits, samples, count));
    free(hits);
    free(samples);
}

static void do_mcnemar(struct json *json)
{
    uint64_t first = read_count(), second = read_count();
    struct mcnemar test = comparison_test(first, second);

    json_bool(json, "exact", test.is_exact);
    json_real(json, "p_value", test.p_value);
}

int main(void)
{
    char what[16];

    while (scanf("%15s", what) == 1) {
        struct json json = {.stream = stdout};

        json_begin_object(&json, NULL);
        if (strcmp(what, "figures") == 0) {
            do_figures(&json);
        } else if (strcmp(what, "proportion") == 0) {
            uint64_t hits = read_count();

            print_interval(&json, "interval", interval_of_proportion(hits, read_count()));
        } else if (strcmp(what, "mean") == 0) {
            do_mean(&json);
        } else if (strcmp(what, "difference") == 0) {
            uint64_t both = read_count(), first = read_count(), second = read_count();

            print_interval(&json, "interval",
                           interval_of_difference(both, first, second, read_count()));
        } else if (strcmp(what, "mcnemar") == 0) {
            do_mcnemar(&json);
        } else {
            return STATUS_USAGE;
        }
        json_end_object(&json);
        putchar('\n');
    }
    return 0;
}
