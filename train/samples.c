#include "train/samples.h"

#include <assert.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/random.h"

/* ---- the order ---- */

const char *const shuffle_names[] = {"full", "none", "window", NULL};

uint32_t epoch_order_num_chunks(const struct epoch_order *order, uint32_t num_samples)
{
    return (num_samples - 1) / order->chunk_rows + 1;
}

static void epoch_order_fill_in_order(uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = i;
}

/* Writes the samples of one chunk and returns how many. */
static uint32_t epoch_order_add_chunk(const struct epoch_order *order, uint32_t chunk,
                                      uint32_t num_samples, uint32_t *samples)
{
    uint32_t first = chunk * order->chunk_rows, left = num_samples - first;
    uint32_t count = left < order->chunk_rows ? left : order->chunk_rows;

    for (uint32_t i = 0; i < count; i++)
        samples[i] = first + i;
    return count;
}

static void epoch_order_fill_by_windows(const struct epoch_order *order,
                                        struct random_stream *stream, uint32_t *samples,
                                        uint32_t num_samples, uint32_t *chunks, uint32_t num_chunks)
{
    uint32_t begin = 0, end = 0;

    random_shuffle(stream, chunks, num_chunks);
    for (uint32_t place = 0; place < num_chunks; place++) {
        end += epoch_order_add_chunk(order, chunks[place], num_samples, samples + end);
        if ((place + 1) % order->window == 0 || place + 1 == num_chunks) {
            random_shuffle(stream, samples + begin, end - begin);
            begin = end;
        }
    }
}

void epoch_order_fill(const struct epoch_order *order, uint64_t epoch, uint32_t *samples,
                      uint32_t num_samples, uint32_t *chunks)
{
    struct random_stream stream = random_stream_begin(order->seed, RANDOM_EPOCH_ORDER, epoch);
    uint32_t num_chunks = epoch_order_num_chunks(order, num_samples);

    epoch_order_fill_in_order(chunks, num_chunks);
    if (order->shuffle == SHUFFLE_WINDOW) {
        epoch_order_fill_by_windows(order, &stream, samples, num_samples, chunks, num_chunks);
        return;
    }
    epoch_order_fill_in_order(samples, num_samples);
    if (order->shuffle == SHUFFLE_FULL)
        random_shuffle(&stream, samples, num_samples);
}

/* The place of the one chunk that may be short, and how many samples it lacks. */
static uint32_t epoch_order_find_short(const struct epoch_order *order, const uint32_t *chunks,
                                       uint32_t num_samples, uint32_t *num_lacking)
{
    uint32_t num_chunks = epoch_order_num_chunks(order, num_samples), place = num_chunks - 1;

    *num_lacking = (uint32_t)((uint64_t)num_chunks * order->chunk_rows - num_samples);
    while (chunks[place] != num_chunks - 1)
        place--;
    return place;
}

uint32_t epoch_order_place(const struct epoch_order *order, const uint32_t *chunks,
                           uint32_t num_samples, uint32_t position)
{
    uint32_t num_lacking,
        short_place = epoch_order_find_short(order, chunks, num_samples, &num_lacking);

    if (position < (uint64_t)short_place * order->chunk_rows)
        return position / order->chunk_rows;
    return (uint32_t)(((uint64_t)position + num_lacking) / order->chunk_rows);
}

uint64_t epoch_order_position(const struct epoch_order *order, const uint32_t *chunks,
                              uint32_t num_samples, uint32_t place)
{
    uint32_t num_lacking,
        short_place = epoch_order_find_short(order, chunks, num_samples, &num_lacking);

    return (uint64_t)place * order->chunk_rows - (place > short_place ? num_lacking : 0);
}

/* ---- the samples ---- */

bool samples_create(struct samples *samples, struct dataset *dataset,
                    const struct epoch_order *order, struct error *error)
{
    bool ok;

    assert(!dataset->stream || order->shuffle != SHUFFLE_FULL);
    assert(!dataset->stream || order->chunk_rows == (uint32_t)1 << dataset->block_shift);
    *samples = (struct samples){.dataset = dataset, .order = *order};
    ok = memory_allocate(&samples->sequence, dataset->num_rows, sizeof(*samples->sequence), error);
    if (ok)
        ok = memory_allocate(&samples->chunks,
                             epoch_order_num_chunks(order, (uint32_t)dataset->num_rows),
                             sizeof(*samples->chunks), error);
    return ok;
}

void samples_destroy(struct samples *samples)
{
    free(samples->sequence);
    free(samples->chunks);
    *samples = (struct samples){0};
}

/*
 * A stretch lies in the window of its first row, that of its last, and those in between, which it
 * covers whole.  Those have window_rows rows each, except for one with the short chunk in it: the
 * window that has fewer chunks is the epoch's last and not in between.
 */
uint64_t samples_num_slots(const struct epoch_order *order, uint64_t num_samples, uint64_t num_rows)
{
    uint64_t window_rows = (uint64_t)order->window * order->chunk_rows;
    uint64_t num_chunks = (num_samples - 1) / order->chunk_rows + 1;
    uint64_t short_rows = num_samples - (num_chunks - 1) * order->chunk_rows;
    uint64_t shortest = window_rows - order->chunk_rows + short_rows;
    uint64_t num_between =
        num_rows < shortest + 2 ? 0 : 1 + (num_rows - 2 - shortest) / window_rows;
    uint64_t num_slots = (2 + num_between) * order->window;

    return num_slots < num_chunks ? num_slots : num_chunks;
}

void samples_begin_epoch(struct samples *samples, uint64_t epoch)
{
    if (samples->epoch == epoch)
        return; /* after a pause: what is streamed stays */
    samples->epoch = epoch;
    epoch_order_fill(&samples->order, epoch, samples->sequence,
                     (uint32_t)samples->dataset->num_rows, samples->chunks);
    dataset_begin_pass(samples->dataset, samples->chunks);
}

bool samples_reach(struct samples *samples, uint64_t first, uint64_t count, uint64_t *end,
                   struct error *error)
{
    const struct epoch_order *order = &samples->order;
    uint32_t num_rows = (uint32_t)samples->dataset->num_rows;
    uint32_t num_chunks = epoch_order_num_chunks(order, num_rows);
    uint64_t first_place, end_place;

    *end = num_rows;
    if (!samples->dataset->stream)
        return true;
    first_place = epoch_order_place(order, samples->chunks, num_rows, (uint32_t)first);
    end_place = epoch_order_place(order, samples->chunks, num_rows, (uint32_t)(first + count - 1));
    /* To whole windows. */
    first_place -= first_place % order->window;
    end_place += order->window - end_place % order->window;
    if (end_place > num_chunks)
        end_place = num_chunks;
    *end = epoch_order_position(order, samples->chunks, num_rows, (uint32_t)end_place);
    return dataset_reach_blocks(samples->dataset, first_place, end_place, error);
}
