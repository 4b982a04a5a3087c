#include "train/epoch_order.h"

#include <stddef.h>

#include "common/random.h"

const char *const shuffle_names[] = {"full", "none", "window", NULL};

uint32_t epoch_order_num_chunks(const struct epoch_order *order, uint32_t num_samples)
{
    return (num_samples - 1) / order->chunk_rows + 1;
}

static void fill_in_order(uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = i;
}

/* Writes the samples of one chunk and returns how many. */
static uint32_t add_chunk(const struct epoch_order *order, uint32_t chunk, uint32_t num_samples,
                          uint32_t *samples)
{
    uint32_t first = chunk * order->chunk_rows, left = num_samples - first;
    uint32_t count = left < order->chunk_rows ? left : order->chunk_rows;

    for (uint32_t i = 0; i < count; i++)
        samples[i] = first + i;
    return count;
}

static void fill_by_windows(const struct epoch_order *order, struct random_stream *stream,
                            uint32_t *samples, uint32_t num_samples, uint32_t *chunks,
                            uint32_t num_chunks)
{
    uint32_t begin = 0, end = 0;

    random_shuffle(stream, chunks, num_chunks);
    for (uint32_t place = 0; place < num_chunks; place++) {
        end += add_chunk(order, chunks[place], num_samples, samples + end);
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

    fill_in_order(chunks, num_chunks);
    if (order->shuffle == SHUFFLE_WINDOW) {
        fill_by_windows(order, &stream, samples, num_samples, chunks, num_chunks);
        return;
    }
    fill_in_order(samples, num_samples);
    if (order->shuffle == SHUFFLE_FULL)
        random_shuffle(&stream, samples, num_samples);
}

/* The place of the one chunk that may be short, and how many samples it lacks. */
static uint32_t find_short(const struct epoch_order *order, const uint32_t *chunks,
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
    uint32_t num_lacking, short_place = find_short(order, chunks, num_samples, &num_lacking);

    if (position < (uint64_t)short_place * order->chunk_rows)
        return position / order->chunk_rows;
    return (uint32_t)(((uint64_t)position + num_lacking) / order->chunk_rows);
}

uint64_t epoch_order_position(const struct epoch_order *order, const uint32_t *chunks,
                              uint32_t num_samples, uint32_t place)
{
    uint32_t num_lacking, short_place = find_short(order, chunks, num_samples, &num_lacking);

    return (uint64_t)place * order->chunk_rows - (place > short_place ? num_lacking : 0);
}
