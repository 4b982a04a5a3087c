#include "metrics/confusion.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

uint64_t confusion_nbytes(size_t num_classes, uint64_t num_samples)
{
    uint64_t num_all_cells = (uint64_t)num_classes * num_classes;
    uint64_t num_cells = num_samples < num_all_cells ? num_samples : num_all_cells;

    /* confusion_sort: two orders of the samples, and where each class begins. */
    return num_cells * sizeof(struct confusion_cell) + 2 * num_samples * sizeof(uint32_t) +
           (num_classes + 1) * sizeof(uint64_t);
}

/*
 * Writes to sorted the samples in the order of their class in classes; samples of one class keep
 * the order they have in unsorted (NULL: 0, 1, ...).  starts [C + 1] is working memory.
 */
static void confusion_sort(const uint32_t *classes, size_t num_classes, const uint32_t *unsorted,
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
static size_t confusion_count_cells(const uint32_t *labels, const uint32_t *predictions,
                                    const uint32_t *order, uint64_t num_samples,
                                    struct confusion_cell *cells)
{
    size_t count = 0;
    uint32_t label = 0, prediction = 0;

    for (uint64_t i = 0; i < num_samples; i++) {
        uint32_t sample = order[i];

        if (i == 0 || labels[sample] != label || predictions[sample] != prediction) {
            label = labels[sample];
            prediction = predictions[sample];
            if (cells)
                cells[count] = (struct confusion_cell){.label = label, .prediction = prediction};
            count++;
        }
        if (cells)
            cells[count - 1].num_samples++;
    }
    return count;
}

bool confusion_count(size_t num_classes, const uint32_t *labels, const uint32_t *predictions,
                     uint64_t num_samples, struct confusion *confusion, struct error *error)
{
    uint32_t *by_prediction = NULL, *by_both = NULL;
    uint64_t *starts = NULL;
    bool ok;

    *confusion = (struct confusion){.num_classes = num_classes};
    ok = memory_allocate(&by_prediction, num_samples, sizeof(*by_prediction), error) &&
         memory_allocate(&by_both, num_samples, sizeof(*by_both), error) &&
         memory_allocate(&starts, num_classes + 1, sizeof(*starts), error);
    if (ok) {
        confusion_sort(predictions, num_classes, NULL, num_samples, starts, by_prediction);
        confusion_sort(labels, num_classes, by_prediction, num_samples, starts, by_both);
        confusion->num_cells =
            confusion_count_cells(labels, predictions, by_both, num_samples, NULL);
        ok = memory_allocate(&confusion->cells, confusion->num_cells, sizeof(*confusion->cells),
                             error);
    }
    if (ok)
        confusion_count_cells(labels, predictions, by_both, num_samples, confusion->cells);
    free(starts);
    free(by_both);
    free(by_prediction);
    return ok;
}

void confusion_destroy(struct confusion *confusion)
{
    free(confusion->cells);
    *confusion = (struct confusion){0};
}

size_t confusion_fill_row(const struct confusion *confusion, uint32_t label, size_t first_cell,
                          uint64_t *row)
{
    size_t i = first_cell;

    memset(row, 0, confusion->num_classes * sizeof(*row));
    for (; i < confusion->num_cells && confusion->cells[i].label == label; i++)
        row[confusion->cells[i].prediction] = confusion->cells[i].num_samples;
    return i;
}

size_t confusion_find_frequent(const struct confusion *confusion, struct confusion_cell *entries,
                               size_t max_entries)
{
    size_t count = 0;

    for (size_t i = 0; i < confusion->num_cells; i++) {
        const struct confusion_cell *cell = &confusion->cells[i];
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
