#include "train/samples.h"

#include <assert.h>
#include <stdlib.h>

#include "common/memory.h"

bool samples_create(struct samples *samples, struct dataset *dataset,
                    const struct epoch_order *settings, struct error *error)
{
    bool ok;

    assert(!dataset->stream || settings->shuffle != SHUFFLE_FULL);
    assert(!dataset->stream || settings->chunk_rows == (uint32_t)1 << dataset->block_shift);
    *samples = (struct samples){.dataset = dataset, .settings = *settings};
    ok = memory_allocate(&samples->order, dataset->num_rows, sizeof(*samples->order), error);
    if (ok)
        ok = memory_allocate(&samples->chunks,
                             epoch_order_num_chunks(settings, (uint32_t)dataset->num_rows),
                             sizeof(*samples->chunks), error);
    return ok;
}

void samples_destroy(struct samples *samples)
{
    free(samples->order);
    free(samples->chunks);
    *samples = (struct samples){0};
}

/*
 * A stretch lies in the window of its first row, that of its last, and those in between, which it
 * covers whole.  Those have window_rows rows each, except for one with the short chunk in it: the
 * window that has fewer chunks is the epoch's last and not in between.
 */
uint64_t samples_num_slots(const struct epoch_order *settings, uint64_t num_samples,
                           uint64_t num_rows)
{
    uint64_t window_rows = (uint64_t)settings->window * settings->chunk_rows;
    uint64_t num_chunks = (num_samples - 1) / settings->chunk_rows + 1;
    uint64_t short_rows = num_samples - (num_chunks - 1) * settings->chunk_rows;
    uint64_t shortest = window_rows - settings->chunk_rows + short_rows;
    uint64_t num_between =
        num_rows < shortest + 2 ? 0 : 1 + (num_rows - 2 - shortest) / window_rows;
    uint64_t num_slots = (2 + num_between) * settings->window;

    return num_slots < num_chunks ? num_slots : num_chunks;
}

void samples_begin_epoch(struct samples *samples, uint64_t epoch)
{
    if (samples->epoch == epoch)
        return; /* after a pause: what is streamed stays */
    samples->epoch = epoch;
    epoch_order_fill(&samples->settings, epoch, samples->order,
                     (uint32_t)samples->dataset->num_rows, samples->chunks);
    dataset_begin_pass(samples->dataset, samples->chunks);
}

bool samples_reach(struct samples *samples, uint64_t first, uint64_t count, uint64_t *end,
                   struct error *error)
{
    const struct epoch_order *settings = &samples->settings;
    uint32_t num_rows = (uint32_t)samples->dataset->num_rows;
    uint32_t num_chunks = epoch_order_num_chunks(settings, num_rows);
    uint64_t first_place, end_place;

    *end = num_rows;
    if (!samples->dataset->stream)
        return true;
    first_place = epoch_order_place(settings, samples->chunks, num_rows, (uint32_t)first);
    end_place =
        epoch_order_place(settings, samples->chunks, num_rows, (uint32_t)(first + count - 1));
    /* To whole windows. */
    first_place -= first_place % settings->window;
    end_place += settings->window - end_place % settings->window;
    if (end_place > num_chunks)
        end_place = num_chunks;
    *end = epoch_order_position(settings, samples->chunks, num_rows, (uint32_t)end_place);
    return dataset_reach_blocks(samples->dataset, first_place, end_place, error);
}
