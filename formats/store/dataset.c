#include "formats/store/dataset.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/progress.h"

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

/* Reads rows begin .. end - 1 to where they lie in pixels, which are those of all rows. */
static bool dataset_read(struct store *store, enum split split, uint64_t begin, uint64_t end,
                         int num_threads, uint8_t *pixels, struct error *error)
{
    /* Whole chunks, and many of them, so that every thread has work to the end of each piece. */
    enum { PIECE_CHUNKS = 1024 };
    const uint64_t piece = PIECE_CHUNKS * (uint64_t)store_chunk_rows(store);
    const size_t row_nbytes = image_num_values(store_image_shape(store));
    struct progress progress = progress_begin(NULL, "read", "images", end - begin);
    bool ok = true;

    for (uint64_t first = begin, next; first < end && ok; first = next) {
        next = first - first % piece + piece;
        next = next < end ? next : end;
        ok = store_read_pixels(store, split, first, next - first, num_threads,
                               pixels + first * row_nbytes, error);
        progress_update(&progress, next - begin);
    }
    progress_clear(&progress);
    return ok;
}

/* Reads this process's share of the rows, which is all of them when it is alone. */
static bool dataset_load(struct dataset *dataset, struct store *store, enum split split,
                         const struct dataset_plan *plan, struct error *error)
{
    const struct dataset_share *share = plan->share;
    uint64_t num_rows = store_num_rows(store, split), begin = 0, end = num_rows;
    size_t row_nbytes = image_num_values(store_image_shape(store));
    uint8_t *pixels = NULL;

    if (!share && num_rows > 0 && !memory_allocate_unset(&pixels, num_rows, row_nbytes, error))
        return false;
    if (!dataset_take(dataset, num_rows, row_nbytes, pixels, store_labels(store, split), error))
        return false;
    if (share) {
        begin = num_rows * share->index / share->count;
        end = num_rows * (share->index + 1) / share->count;
        pixels = share->memory;
        dataset->whole[0] = pixels;
    }
    return dataset_read(store, split, begin, end, plan->num_threads, pixels, error);
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
        ok = dataset_load(dataset, store, split, plan, error);
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

uint64_t dataset_pixels_nbytes(const struct store *store, enum split split,
                               const struct dataset_plan *plan)
{
    uint64_t num_rows = store_num_rows(store, split), block_rows = store_chunk_rows(store);
    uint64_t num_blocks = (num_rows + block_rows - 1) / block_rows;

    if (plan->num_slots > 0)
        num_rows = block_rows * (plan->num_slots < num_blocks ? plan->num_slots : num_blocks);
    return num_rows * image_num_values(store_image_shape(store));
}

uint64_t dataset_nbytes(struct store *store, enum split split, const struct dataset_plan *plan)
{
    return dataset_pixels_nbytes(store, split, plan) +
           (plan->num_slots > 0 ? dataset_stream_own_nbytes(store, split, plan) : 0);
}

bool dataset_reach(struct dataset *dataset, uint64_t first, uint64_t *end, struct error *error)
{
    uint64_t block = first >> dataset->block_shift, end_block = dataset->num_blocks;

    if (dataset->stream && end_block - block > dataset_stream_num_slots(dataset->stream))
        end_block = block + dataset_stream_num_slots(dataset->stream);
    *end = end_block == dataset->num_blocks ? dataset->num_rows : end_block << dataset->block_shift;
    return dataset_reach_blocks(dataset, block, end_block, error);
}
