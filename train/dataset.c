#include "train/dataset.h"

#include <stdlib.h>

#include "common/memory.h"

enum status dataset_load(struct dataset *dataset, struct store *store, enum split split,
                         int num_threads, struct error *error)
{
    enum status status;

    *dataset = (struct dataset){.num_rows = store_num_rows(store, split),
                                .row_nbytes = image_num_values(store_image_shape(store)),
                                .labels = store_labels(store, split)};
    if (dataset->num_rows == 0)
        return STATUS_OK;
    status = memory_allocate(&dataset->pixels, dataset->num_rows, dataset->row_nbytes, error);
    if (status == STATUS_OK)
        status = store_read_pixels(store, split, 0, dataset->num_rows, num_threads, dataset->pixels,
                                   error);
    if (status != STATUS_OK)
        dataset_free(dataset);
    return status;
}

void dataset_free(struct dataset *dataset)
{
    free(dataset->pixels);
    *dataset = (struct dataset){0};
}
