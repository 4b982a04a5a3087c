#include "train/epoch_order.h"

#include <stddef.h>

#include "common/random.h"

const char *const shuffle_names[] = {"full", "none", NULL};

void epoch_order_fill(enum shuffle shuffle, uint64_t seed, uint64_t epoch, uint32_t *order,
                      uint32_t num_samples)
{
    struct random_stream stream = random_stream_begin(seed, RANDOM_EPOCH_ORDER, epoch);

    for (uint32_t i = 0; i < num_samples; i++)
        order[i] = i;
    if (shuffle == SHUFFLE_NONE)
        return;
    for (uint32_t i = num_samples; i > 1; i--) {
        uint32_t j = random_below(&stream, i);
        uint32_t swapped = order[i - 1];

        order[i - 1] = order[j];
        order[j] = swapped;
    }
}
