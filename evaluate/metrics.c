#include "evaluate/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

uint64_t metrics_nbytes(size_t num_classes, uint64_t num_samples)
{
    uint64_t num_all_cells = (uint64_t)num_classes * num_classes;
    uint64_t num_cells = num_samples < num_all_cells ? num_samples : num_all_cells;

    /* metrics_sort: two orders of the samples, and where each class begins. */
    return num_cells * sizeof(struct confusion) + num_classes * sizeof(struct class_metrics) +
           2 * num_samples * sizeof(uint32_t) + (num_classes + 1) * sizeof(uint64_t);
}

/*
 * Writes to sorted the samples in the order of their class in classes; samples of one class keep
 * the order they have in unsorted (NULL: 0, 1, ...).  starts [C + 1] is working memory.
 */
static void metrics_sort(const uint32_t *classes, size_t num_classes, const uint32_t *unsorted,
                         uint64_t num_samples, uint64_t *starts, uint32_t *sorted)
{
    memset(starts, 0, (num_classes + 1) * sizeof(*starts));
    for (uint64_t i = 0; i < num_samples; i++)
        starts[classes[i] + 1]++;
    for (size_t c = 0; c < num_classes; c++)
        starts[c + 1] += starts[c];
    for (uint64_t i = 0; i < num_samples; i++) {
        uint32_t sample = unsorted ? unsorted[i] : (uint32_t)i;

        sorted[starts[classes[sample]]++] = sample;
    }
}

/*
 * Counts samples of equal label and prediction, which stand beside each other in order.  cells may
 * be NULL; returns their number.
 */
static size_t metrics_count_cells(const uint32_t *labels, const uint32_t *predictions,
                                  const uint32_t *order, uint64_t num_samples,
                                  struct confusion *cells)
{
    size_t count = 0;
    uint32_t label = 0, prediction = 0;

    for (uint64_t i = 0; i < num_samples; i++) {
        uint32_t sample = order[i];

        if (i == 0 || labels[sample] != label || predictions[sample] != prediction) {
            label = labels[sample];
            prediction = predictions[sample];
            if (cells)
                cells[count] = (struct confusion){.label = label, .prediction = prediction};
            count++;
        }
        if (cells)
            cells[count - 1].num_samples++;
    }
    return count;
}

static bool metrics_fill_cells(const uint32_t *labels, const uint32_t *predictions,
                               uint64_t num_samples, struct metrics *metrics, struct error *error)
{
    uint32_t *by_prediction = NULL, *by_both = NULL;
    uint64_t *starts = NULL;
    bool ok = memory_allocate(&by_prediction, num_samples, sizeof(*by_prediction), error) &&
              memory_allocate(&by_both, num_samples, sizeof(*by_both), error) &&
              memory_allocate(&starts, metrics->num_classes + 1, sizeof(*starts), error);

    if (ok) {
        metrics_sort(predictions, metrics->num_classes, NULL, num_samples, starts, by_prediction);
        metrics_sort(labels, metrics->num_classes, by_prediction, num_samples, starts, by_both);
        metrics->num_cells = metrics_count_cells(labels, predictions, by_both, num_samples, NULL);
        ok = memory_allocate(&metrics->cells, metrics->num_cells, sizeof(*metrics->cells), error);
    }
    if (ok)
        metrics_count_cells(labels, predictions, by_both, num_samples, metrics->cells);
    free(starts);
    free(by_both);
    free(by_prediction);
    return ok;
}

static double metrics_ratio(uint64_t num_correct, uint64_t num_samples)
{
    return num_samples ? (double)num_correct / (double)num_samples : NAN;
}

static void metrics_finish(struct metrics *metrics)
{
    size_t num_present = 0;
    double sum = 0;

    for (size_t i = 0; i < metrics->num_cells; i++) {
        const struct confusion *cell = &metrics->cells[i];
        struct class_metrics *class = &metrics->classes[cell->label];

        class->num_samples += cell->num_samples;
        if (cell->label == cell->prediction)
            class->num_correct += cell->num_samples;
    }
    for (size_t c = 0; c < metrics->num_classes; c++) {
        struct class_metrics *class = &metrics->classes[c];

        class->accuracy = metrics_ratio(class->num_correct, class->num_samples);
        metrics->num_correct += class->num_correct;
        metrics->num_samples += class->num_samples;
        if (class->num_samples) {
            sum += class->accuracy;
            num_present++;
        }
    }
    metrics->accuracy = metrics_ratio(metrics->num_correct, metrics->num_samples);
    metrics->mean_class_accuracy = num_present ? sum / (double)num_present : NAN;
}

bool metrics_compute(size_t num_classes, const uint32_t *labels, const uint32_t *predictions,
                     uint64_t num_samples, struct metrics *metrics, struct error *error)
{
    *metrics = (struct metrics){.num_classes = num_classes};
    if (!memory_allocate(&metrics->classes, num_classes, sizeof(*metrics->classes), error) ||
        !metrics_fill_cells(labels, predictions, num_samples, metrics, error))
        return false;
    metrics_finish(metrics);
    return true;
}

void metrics_destroy(struct metrics *metrics)
{
    free(metrics->cells);
    free(metrics->classes);
    *metrics = (struct metrics){0};
}

size_t metrics_fill_row(const struct metrics *metrics, uint32_t label, size_t first_cell,
                        uint64_t *row)
{
    size_t i = first_cell;

    memset(row, 0, metrics->num_classes * sizeof(*row));
    for (; i < metrics->num_cells && metrics->cells[i].label == label; i++)
        row[metrics->cells[i].prediction] = metrics->cells[i].num_samples;
    return i;
}

size_t metrics_find_confusions(const struct metrics *metrics, struct confusion *entries,
                               size_t max_entries)
{
    size_t count = 0;

    for (size_t i = 0; i < metrics->num_cells; i++) {
        const struct confusion *cell = &metrics->cells[i];
        size_t at = count;

        if (cell->label == cell->prediction)
            continue;
        while (at > 0 && entries[at - 1].num_samples < cell->num_samples)
            at--;
        if (at == max_entries)
            continue;
        if (count < max_entries)
            count++;
        for (size_t k = count - 1; k > at; k--)
            entries[k] = entries[k - 1];
        entries[at] = *cell;
    }
    return count;
}
