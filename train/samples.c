#include "train/samples.h"

#include <stdlib.h>

#include "common/memory.h"

enum status samples_create(struct samples *samples, struct dataset *dataset, enum shuffle shuffle,
                           uint64_t seed, struct error *error)
{
    *samples = (struct samples){.dataset = dataset, .shuffle = shuffle, .seed = seed};
    return memory_allocate(&samples->order, dataset->num_rows, sizeof(*samples->order), error);
}

void samples_destroy(struct samples *samples)
{
    free(samples->order);
    *samples = (struct samples){0};
}

void samples_begin_epoch(struct samples *samples, uint64_t epoch)
{
    epoch_order_fill(samples->shuffle, samples->seed, epoch, samples->order,
                     (uint32_t)samples->dataset->num_rows);
    if (samples->fetch)
        fetch_begin_epoch(samples->fetch);
}

enum status samples_reach(struct samples *samples, uint64_t first, uint64_t count, uint64_t *end,
                          struct error *error)
{
    (void)count;
    (void)error;
    if (samples->fetch) {
        fetch_reach(samples->fetch, samples->order, first, end);
        return STATUS_OK;
    }
    *end = samples->dataset->num_rows;
    return STATUS_OK;
}
