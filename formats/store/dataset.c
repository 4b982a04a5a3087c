#include "formats/store/dataset.h"

#include <stdlib.h>

#include "common/memory.h"
#include "formats/store/dataset_stream.h"

/* One block that holds any number of rows there can be. */
enum { WHOLE_SHIFT = 32 };

bool dataset_take(struct dataset *dataset, uint64_t num_rows, size_t row_nbytes, uint8_t *pixels,
                  const uint32_t *labels, struct error *error)
{
    *dataset = (struct dataset){.num_rows = num_rows,
                                .row_nbytes = row_nbytes,
                                .labels = labels,
                                .num_blocks = 1,
                                .block_shift = WHOLE_SHIFT,
                                .pixels = pixels,
                                .whole = malloc(sizeof(*dataset->whole))};
    if (!dataset->whole) {
        dataset_close(dataset);
        return error_set_memory(error, sizeof(*dataset->whole));
    }
    dataset->whole[0] = pixels;
    dataset->blocks = dataset->whole;
    return true;
}

struct dataset_plan dataset_plan_stored(const struct store *store, size_t num_blocks,
                                        size_t multiple_rows, int num_threads)
{
    size_t block_rows = store_chunk_rows(store);

    /* Both are powers of two. */
    if (num_blocks * block_rows < multiple_rows)
        num_blocks = multiple_rows / block_rows;
    return (struct dataset_plan){
        .num_slots = num_blocks, .num_ahead = num_blocks, .num_threads = num_threads};
}

static bool load(struct dataset *dataset, struct store *store, enum split split, int num_threads,
                 struct error *error)
{
    uint64_t num_rows = store_num_rows(store, split);
    size_t row_nbytes = image_num_values(store_image_shape(store));
    uint8_t *pixels = NULL;
    bool ok = true;

    if (num_rows > 0)
        ok = memory_allocate_unset(&pixels, num_rows, row_nbytes, error);
    if (ok)
        ok = dataset_take(dataset, num_rows, row_nbytes, pixels, store_labels(store, split), error);
    if (ok && num_rows > 0)
        ok = store_read_pixels(store, split, 0, num_rows, num_threads, pixels, error);
    return ok;
}

bool dataset_open(struct dataset *dataset, struct store *store, enum split split,
                  const struct dataset_plan *plan, struct error *error)
{
    bool ok;

    *dataset = (struct dataset){0};
    if (store_num_rows(store, split) > UINT32_MAX)
        return error_set(error, STATUS_DATA, ERROR_AT(.dataset = split_names[split]),
                         "more than 4294967295 samples");
    if (plan->num_slots == 0 || store_num_rows(store, split) == 0)
        ok = load(dataset, store, split, plan->num_threads, error);
    else
        ok = dataset_stream_open(dataset, store, split, plan, error);
    if (!ok)
        dataset_close(dataset);
    return ok;
}

void dataset_close(struct dataset *dataset)
{
    dataset_stream_close(dataset->stream);
    free(dataset->pixels);
    free(dataset->whole);
    *dataset = (struct dataset){0};
}

uint64_t dataset_nbytes(struct store *store, enum split split, const struct dataset_plan *plan)
{
    if (plan->num_slots > 0)
        return dataset_stream_nbytes(store, split, plan);
    return store_num_rows(store, split) * image_num_values(store_image_shape(store));
}

bool dataset_reach(struct dataset *dataset, uint64_t first, uint64_t *end, struct error *error)
{
    uint64_t block = first >> dataset->block_shift, end_block = dataset->num_blocks;

    if (dataset->stream && end_block - block > dataset_stream_num_slots(dataset->stream))
        end_block = block + dataset_stream_num_slots(dataset->stream);
    *end = end_block == dataset->num_blocks ? dataset->num_rows : end_block << dataset->block_shift;
    return dataset_reach_blocks(dataset, block, end_block, error);
}
