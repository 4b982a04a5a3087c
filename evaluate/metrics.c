#include "evaluate/metrics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

bool metrics_create(struct metrics *metrics, size_t num_classes, struct error *error)
{
    bool ok;

    *metrics = (struct metrics){.num_classes = num_classes};
    /* num_classes is at most 65536: its square cannot overflow. */
    ok = memory_allocate(&metrics->confusion, num_classes * num_classes,
                         sizeof(*metrics->confusion), error);
    if (ok)
        ok = memory_allocate(&metrics->classes, num_classes, sizeof(*metrics->classes), error);
    return ok;
}

void metrics_destroy(struct metrics *metrics)
{
    free(metrics->confusion);
    free(metrics->classes);
    *metrics = (struct metrics){0};
}

void metrics_count(struct metrics *metrics, const uint32_t *labels, const uint32_t *predictions,
                   uint64_t num_samples)
{
    for (uint64_t i = 0; i < num_samples; i++) {
        assert(labels[i] < metrics->num_classes && predictions[i] < metrics->num_classes);
        metrics->confusion[labels[i] * metrics->num_classes + predictions[i]]++;
    }
}

static double ratio(uint64_t num_correct, uint64_t num_samples)
{
    return num_samples ? (double)num_correct / (double)num_samples : NAN;
}

void metrics_finish(struct metrics *metrics)
{
    size_t num_present = 0;
    double sum = 0;

    metrics->num_correct = 0;
    metrics->num_samples = 0;
    for (size_t c = 0; c < metrics->num_classes; c++) {
        const uint64_t *row = metrics->confusion + c * metrics->num_classes;
        struct class_metrics *class = &metrics->classes[c];

        *class = (struct class_metrics){.num_correct = row[c]};
        for (size_t prediction = 0; prediction < metrics->num_classes; prediction++)
            class->num_samples += row[prediction];
        class->accuracy = ratio(class->num_correct, class->num_samples);
        metrics->num_correct += class->num_correct;
        metrics->num_samples += class->num_samples;
        if (class->num_samples) {
            sum += class->accuracy;
            num_present++;
        }
    }
    metrics->accuracy = ratio(metrics->num_correct, metrics->num_samples);
    metrics->mean_class_accuracy = num_present ? sum / (double)num_present : NAN;
}

size_t metrics_find_confusions(const struct metrics *metrics, struct confusion *entries,
                               size_t max_entries)
{
    size_t count = 0;

    for (size_t label = 0; label < metrics->num_classes; label++) {
        for (size_t prediction = 0; prediction < metrics->num_classes; prediction++) {
            uint64_t num_samples = metrics->confusion[label * metrics->num_classes + prediction];
            size_t at = count;

            if (label == prediction || num_samples == 0)
                continue;
            while (at > 0 && entries[at - 1].num_samples < num_samples)
                at--;
            if (at == max_entries)
                continue;
            if (count < max_entries)
                count++;
            for (size_t i = count - 1; i > at; i--)
                entries[i] = entries[i - 1];
            entries[at] = (struct confusion){(uint32_t)label, (uint32_t)prediction, num_samples};
        }
    }
    return count;
}
