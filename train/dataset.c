#include "train/dataset.h"

#include <stdlib.h>

#include "common/memory.h"

/* One block that holds any number of rows there can be. */
enum { WHOLE_SHIFT = 32 };

struct dataset_memory {
    uint8_t *pixels;          /* [num_rows][row_nbytes] */
    const uint8_t *blocks[1]; /* pixels */
};

enum status dataset_take(struct dataset *dataset, uint64_t num_rows, size_t row_nbytes,
                         uint8_t *pixels, const uint32_t *labels, struct error *error)
{
    struct dataset_memory *memory = malloc(sizeof(*memory));

    *dataset = (struct dataset){
        .num_rows = num_rows, .row_nbytes = row_nbytes, .labels = labels, .memory = memory};
    if (!memory) {
        free(pixels);
        return error_set_memory(error, sizeof(*memory));
    }
    *memory = (struct dataset_memory){.pixels = pixels, .blocks = {pixels}};
    dataset->blocks = memory->blocks;
    dataset->block_shift = WHOLE_SHIFT;
    return STATUS_OK;
}

enum status dataset_load(struct dataset *dataset, struct store *store, enum split split,
                         int num_threads, struct error *error)
{
    uint64_t num_rows = store_num_rows(store, split);
    size_t row_nbytes = image_num_values(store_image_shape(store));
    uint8_t *pixels = NULL;
    enum status status = STATUS_OK;

    *dataset = (struct dataset){0};
    if (num_rows > UINT32_MAX)
        return error_set(error, STATUS_DATA, ERROR_AT(.dataset = split_names[split]),
                         "more than 4294967295 samples");
    if (num_rows > 0)
        status = memory_allocate_unset(&pixels, num_rows, row_nbytes, error);
    if (status == STATUS_OK)
        status =
            dataset_take(dataset, num_rows, row_nbytes, pixels, store_labels(store, split), error);
    if (status == STATUS_OK && num_rows > 0)
        status = store_read_pixels(store, split, 0, num_rows, num_threads, pixels, error);
    if (status != STATUS_OK)
        dataset_free(dataset);
    return status;
}

void dataset_free(struct dataset *dataset)
{
    if (dataset->memory)
        free(dataset->memory->pixels);
    free(dataset->memory);
    *dataset = (struct dataset){0};
}
