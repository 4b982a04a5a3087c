#include "train/ranks/placement.h"

#include <stdlib.h>

#include "common/memory.h"
#include "model/model.h"

/* log2 of more rows than a split can have: it is one block. */
enum { WHOLE_SHIFT = 32 };

void placement_rows(const struct ranks *ranks, size_t rank, uint64_t num_rows, uint64_t *begin,
                    uint64_t *end)
{
    uint64_t num_slices = (num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;

    *begin = rank * num_slices / ranks->count * MODEL_SLICE_ROWS;
    *end = (rank + 1) * num_slices / ranks->count * MODEL_SLICE_ROWS;
    if (*end > num_rows)
        *end = num_rows;
}

/* All rows, once on each node. */
static bool load_on_node(struct placed *placed, struct store *store, enum split split,
                         struct ranks *ranks, int num_threads, struct error *error)
{
    struct dataset *dataset = &placed->dataset;
    uint64_t begin = dataset->num_rows * ranks->node_index / ranks->node_count;
    uint64_t end = dataset->num_rows * (ranks->node_index + 1) / ranks->node_count;
    uint8_t *pixels;

    if (!ranks_share(ranks, dataset->num_rows * dataset->row_nbytes, &placed->shared, error))
        return false;
    pixels = placed->shared.memory;
    if (end > begin)
        store_read_pixels(store, split, begin, end - begin, num_threads,
                          pixels + begin * dataset->row_nbytes, error);
    ranks_node_barrier(ranks, &placed->shared);
    placed->blocks[0] = pixels;
    dataset->block_shift = WHOLE_SHIFT;
    return error_ok(error);
}

bool placed_load(struct placed *placed, struct store *store, enum split split,
                 const struct dataset_plan *plan, struct ranks *ranks, struct error *error)
{
    uint64_t num_rows = store_num_rows(store, split);

    *placed = (struct placed){0};
    if (ranks->count == 1 || plan->num_slots > 0) {
        dataset_open(&placed->dataset, store, split, plan, error);
        return ranks_agree(ranks, error);
    }
    if (num_rows > UINT32_MAX)
        return error_set(error, STATUS_DATA, ERROR_AT(.dataset = split_names[split]),
                         "more than 4294967295 samples");
    if (num_rows == 0)
        return true;
    memory_allocate(&placed->blocks, 1, sizeof(*placed->blocks), error);
    if (!ranks_agree(ranks, error))
        return false;
    placed->dataset = (struct dataset){.num_rows = num_rows,
                                       .row_nbytes = image_num_values(store_image_shape(store)),
                                       .labels = store_labels(store, split),
                                       .blocks = placed->blocks};
    load_on_node(placed, store, split, ranks, plan->num_threads, error);
    return ranks_agree(ranks, error);
}

void placed_free(struct placed *placed, struct ranks *ranks)
{
    dataset_close(&placed->dataset);
    ranks_unshare(ranks, &placed->shared);
    free(placed->blocks);
    *placed = (struct placed){0};
}
