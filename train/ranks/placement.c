#include "train/ranks/placement.h"

#include <stdlib.h>

#include "common/memory.h"
#include "model/model.h"

const char *const placement_names[] = {"node", "part", NULL};

/* log2(MODEL_SLICE_ROWS), for a dataset in blocks of a slice; WHOLE_SHIFT for one block. */
enum { SLICE_SHIFT = 5, WHOLE_SHIFT = 32 };
_Static_assert(1 << SLICE_SHIFT == MODEL_SLICE_ROWS, "blocks are slices");

static uint64_t num_slices_of(uint64_t num_rows)
{
    return (num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
}

void placement_rows(const struct ranks *ranks, size_t rank, uint64_t num_rows, uint64_t *begin,
                    uint64_t *end)
{
    uint64_t num_slices = num_slices_of(num_rows);

    *begin = rank * num_slices / ranks->count * MODEL_SLICE_ROWS;
    *end = (rank + 1) * num_slices / ranks->count * MODEL_SLICE_ROWS;
    if (*end > num_rows)
        *end = num_rows;
}

size_t placement_owner(const struct ranks *ranks, uint64_t num_rows, uint64_t row)
{
    /* The largest rank of which the begin, rounded down, is not above the slice. */
    return (size_t)(((row / MODEL_SLICE_ROWS + 1) * ranks->count - 1) / num_slices_of(num_rows));
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

/* This rank's rows; other blocks are NULL. */
static bool load_part(struct placed *placed, struct store *store, enum split split,
                      struct ranks *ranks, int num_threads, struct error *error)
{
    struct dataset *dataset = &placed->dataset;
    uint64_t begin, end;
    bool ok;

    placement_rows(ranks, ranks->index, dataset->num_rows, &begin, &end);
    ok = memory_allocate(&placed->part, end - begin, dataset->row_nbytes, error);
    if (ok && end > begin)
        ok = store_read_pixels(store, split, begin, end - begin, num_threads, placed->part, error);
    for (uint64_t row = begin; row < end; row += MODEL_SLICE_ROWS)
        placed->blocks[row >> SLICE_SHIFT] = placed->part + (row - begin) * dataset->row_nbytes;
    dataset->block_shift = SLICE_SHIFT;
    dataset->is_part = true;
    return ok;
}

bool placed_load(struct placed *placed, struct store *store, enum split split,
                 enum placement placement, const struct dataset_plan *plan, struct ranks *ranks,
                 struct error *error)
{
    int num_threads = plan->num_threads;
    uint64_t num_rows = store_num_rows(store, split);
    uint64_t num_blocks = placement == PLACEMENT_PART ? num_slices_of(num_rows) : 1;

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
    memory_allocate(&placed->blocks, num_blocks, sizeof(*placed->blocks), error);
    if (!ranks_agree(ranks, error))
        return false;
    placed->dataset = (struct dataset){.num_rows = num_rows,
                                       .row_nbytes = image_num_values(store_image_shape(store)),
                                       .labels = store_labels(store, split),
                                       .blocks = placed->blocks};
    if (placement == PLACEMENT_PART)
        load_part(placed, store, split, ranks, num_threads, error);
    else
        load_on_node(placed, store, split, ranks, num_threads, error);
    return ranks_agree(ranks, error);
}

void placed_free(struct placed *placed, struct ranks *ranks)
{
    dataset_close(&placed->dataset);
    ranks_unshare(ranks, &placed->shared);
    free(placed->part);
    free(placed->blocks);
    *placed = (struct placed){0};
}
