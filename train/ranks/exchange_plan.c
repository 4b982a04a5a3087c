#include <stdlib.h>

#include "common/memory.h"
#include "train/ranks/exchange.h"

/*
 * The largest subtree that starts at this slice and ends at end or before: 2^k slices from a
 * multiple of 2^k, or those of them that there are.
 */
static size_t subtree_end(size_t first, size_t end, size_t num_slices)
{
    size_t stride = 1;

    while (first % (2 * stride) == 0 && (first + 2 * stride <= end || end == num_slices) &&
           first + stride < num_slices)
        stride *= 2;
    return first + stride < num_slices ? first + stride : num_slices;
}

/* The additions that are left of the tree when the partial sums are there. */
static void list_additions(struct exchange_plan *plan, size_t *sum_of_slice)
{
    size_t num_additions = 0;

    for (size_t slice = 0; slice < plan->num_slices; slice++)
        sum_of_slice[slice] = SIZE_MAX;
    for (size_t sum = 0; sum < plan->num_sums; sum++)
        sum_of_slice[plan->sum_slices[sum]] = sum;
    for (size_t stride = 1; stride < plan->num_slices; stride *= 2)
        for (size_t slice = 0; slice + stride < plan->num_slices; slice += 2 * stride)
            if (sum_of_slice[slice + stride] != SIZE_MAX) {
                plan->additions[num_additions].to = sum_of_slice[slice];
                plan->additions[num_additions++].from = sum_of_slice[slice + stride];
            }
}

bool exchange_plan_create(struct exchange_plan *plan, size_t num_ranks, size_t num_slices,
                          struct error *error)
{
    size_t *sum_of_slice = NULL;
    bool ok;

    *plan = (struct exchange_plan){.num_slices = num_slices};
    ok = memory_allocate(&plan->slice_begins, num_ranks + 1, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&plan->sum_begins, num_ranks + 1, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&plan->sum_slices, num_slices + 1, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&plan->additions, num_slices, sizeof(*plan->additions), error);
    if (ok)
        ok = memory_allocate(&sum_of_slice, num_slices, sizeof(size_t), error);
    if (!ok) {
        exchange_plan_destroy(plan);
        return ok;
    }
    for (size_t rank = 0; rank < num_ranks; rank++) {
        size_t end = (rank + 1) * num_slices / num_ranks;

        plan->slice_begins[rank + 1] = end;
        for (size_t slice = plan->slice_begins[rank]; slice < end;) {
            slice = subtree_end(slice, end, num_slices);
            plan->sum_slices[++plan->num_sums] = slice;
        }
        plan->sum_begins[rank + 1] = plan->num_sums;
    }
    list_additions(plan, sum_of_slice);
    free(sum_of_slice);
    return true;
}

void exchange_plan_destroy(struct exchange_plan *plan)
{
    free(plan->slice_begins);
    free(plan->sum_begins);
    free(plan->sum_slices);
    free(plan->additions);
    *plan = (struct exchange_plan){0};
}
