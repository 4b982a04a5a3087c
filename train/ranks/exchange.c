#include "train/ranks/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { VALUES_PER_LINE = MEMORY_ALIGNMENT / sizeof(float) };

/* ---- the plan: who sums what ---- */

/*
 * The largest subtree that starts at this slice and ends at end or before: 2^k slices from a
 * multiple of 2^k, or those of them that there are.
 */
static size_t exchange_subtree_end(size_t first, size_t end, size_t num_slices)
{
    size_t stride = 1;

    while (first % (2 * stride) == 0 && (first + 2 * stride <= end || end == num_slices) &&
           first + stride < num_slices)
        stride *= 2;
    return first + stride < num_slices ? first + stride : num_slices;
}

/* The additions that are left of the tree when the partial sums are there. */
static void exchange_list_additions(struct exchange_plan *plan, size_t *sum_of_slice)
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
            slice = exchange_subtree_end(slice, end, num_slices);
            plan->sum_slices[++plan->num_sums] = slice;
        }
        plan->sum_begins[rank + 1] = plan->num_sums;
    }
    exchange_list_additions(plan, sum_of_slice);
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

/* ---- messages ---- */

/* What goes before the sums; the losses of the sender's slices follow it. */
struct exchange_header {
    struct rank_request request;
    double slice_losses[];
};

static size_t exchange_header_nbytes(const struct exchange_plan *plan, size_t rank)
{
    size_t num_slices = plan->slice_begins[rank + 1] - plan->slice_begins[rank];
    size_t nbytes = sizeof(struct exchange_header) + num_slices * sizeof(double);

    return (nbytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
}

static size_t exchange_num_sums(const struct exchange_plan *plan, size_t rank)
{
    return plan->sum_begins[rank + 1] - plan->sum_begins[rank];
}

/* How many parameters of its sums a rank is sent. */
static size_t exchange_part_size(const struct exchange *exchange, size_t rank)
{
    return exchange->is_gathered ? exchange->num_parameters
                                 : exchange->part_begins[rank + 1] - exchange->part_begins[rank];
}

static size_t exchange_message_nbytes(const struct exchange *exchange,
                                      const struct exchange_plan *plan, size_t from, size_t to)
{
    return exchange_header_nbytes(plan, from) +
           exchange_num_sums(plan, from) * exchange_part_size(exchange, to) * sizeof(float);
}

/* ---- making ---- */

/* Returns the sizes of both boxes. */
static void exchange_lay_out(const struct exchange *exchange, struct exchange_layout *layout,
                             size_t *inbox_nbytes, size_t *outbox_nbytes)
{
    const struct ranks *ranks = exchange->ranks;
    const struct exchange_plan *plan = &layout->plan;

    *inbox_nbytes = *outbox_nbytes = 0;
    /* In the order in which ranks_gather_all receives them, from this rank's on: what arrives in
     * one round lies side by side and is one message. */
    for (size_t i = 0; i < ranks->count; i++) {
        size_t from = (ranks->index + i) % ranks->count;

        layout->inbox_offsets[from] = *inbox_nbytes;
        *inbox_nbytes += exchange_message_nbytes(exchange, plan, from, ranks->index);
    }
    for (size_t to = 0; to < ranks->count; to++) {
        layout->outbox_offsets[to] = *outbox_nbytes;
        if (!exchange->is_gathered && to != ranks->index)
            *outbox_nbytes += exchange_message_nbytes(exchange, plan, ranks->index, to);
    }
    layout->outbox_offsets[ranks->count] = *outbox_nbytes;
}

static void exchange_point_at_sums(const struct exchange *exchange, struct exchange_layout *layout)
{
    const struct exchange_plan *plan = &layout->plan;
    size_t size = exchange_part_size(exchange, exchange->ranks->index);

    for (size_t from = 0; from < exchange->ranks->count; from++) {
        unsigned char *message = exchange->inbox + layout->inbox_offsets[from];
        float *sums = (float *)(void *)(message + exchange_header_nbytes(plan, from));

        for (size_t i = 0; i < exchange_num_sums(plan, from); i++)
            layout->sums[plan->sum_begins[from] + i] = sums + i * size;
    }
}

static bool exchange_create_layout(struct exchange_layout *layout, size_t num_ranks,
                                   size_t num_slices, struct error *error)
{
    bool ok = exchange_plan_create(&layout->plan, num_ranks, num_slices, error);

    if (ok)
        ok = memory_allocate(&layout->outbox_offsets, num_ranks + 1, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&layout->inbox_offsets, num_ranks, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&layout->sums, layout->plan.num_sums, sizeof(float *), error);
    return ok;
}

/* Each rank finishes as many whole units of parameters as the others, give or take one. */
static void exchange_divide_parameters(struct exchange *exchange)
{
    size_t unit = exchange->part_unit, count = exchange->ranks->count;
    size_t num_units = (exchange->num_parameters + unit - 1) / unit;

    for (size_t rank = 0; rank < count; rank++)
        exchange->part_begins[rank] = rank * num_units / count * unit;
    exchange->part_begins[count] = exchange->num_parameters;
}

static bool exchange_create_boxes(struct exchange *exchange, struct error *error)
{
    size_t inbox_nbytes = 0, outbox_nbytes = 0;
    bool ok;

    for (int i = 0; i < 2; i++) {
        size_t in, out;

        exchange_lay_out(exchange, &exchange->layouts[i], &in, &out);
        inbox_nbytes = in > inbox_nbytes ? in : inbox_nbytes;
        outbox_nbytes = out > outbox_nbytes ? out : outbox_nbytes;
    }
    ok = memory_allocate(&exchange->inbox, inbox_nbytes, 1, error);
    if (ok)
        ok = memory_allocate(&exchange->outbox, outbox_nbytes, 1, error);
    for (int i = 0; i < 2 && ok; i++)
        exchange_point_at_sums(exchange, &exchange->layouts[i]);
    return ok;
}

bool exchange_create(struct exchange *exchange, struct ranks *ranks, const struct kernels *kernels,
                     size_t num_parameters, size_t part_unit, const size_t num_slices[2],
                     size_t gather_nbytes, struct error *error)
{
    size_t count = ranks->count, max_slices, num_sums;
    bool ok = true;

    assert(num_parameters % VALUES_PER_LINE == 0 && part_unit % VALUES_PER_LINE == 0);
    *exchange = (struct exchange){.ranks = ranks,
                                  .kernels = kernels,
                                  .num_parameters = num_parameters,
                                  .part_unit = part_unit};
    for (int i = 0; i < 2 && ok; i++)
        ok = exchange_create_layout(&exchange->layouts[i], count, num_slices[i], error);
    if (ok)
        ok = memory_allocate(&exchange->part_begins, count + 1, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&exchange->blocks, count, sizeof(*exchange->blocks), error);
    if (ok)
        ok = memory_allocate(&exchange->receives, count, sizeof(*exchange->receives), error);
    if (ok)
        ok = memory_allocate(&exchange->sends, count, sizeof(*exchange->sends), error);
    max_slices = num_slices[0] > num_slices[1] ? num_slices[0] : num_slices[1];
    if (ok)
        ok = memory_allocate(&exchange->slice_losses, max_slices, sizeof(double), error);
    if (ok) {
        /* A run sums all its batches in one way: gathering leaves the optimizer's states up to date
         * on every rank, scattering each rank's own part of them only. */
        num_sums = exchange->layouts[0].plan.num_sums;
        if (exchange->layouts[1].plan.num_sums > num_sums)
            num_sums = exchange->layouts[1].plan.num_sums;
        exchange->is_gathered = num_sums * num_parameters * sizeof(float) <= gather_nbytes;
        exchange_divide_parameters(exchange);
        ok = exchange_create_boxes(exchange, error);
    }
    if (!ok)
        exchange_destroy(exchange);
    return ok;
}

void exchange_destroy(struct exchange *exchange)
{
    for (int i = 0; i < 2; i++) {
        exchange_plan_destroy(&exchange->layouts[i].plan);
        free(exchange->layouts[i].outbox_offsets);
        free(exchange->layouts[i].inbox_offsets);
        free(exchange->layouts[i].sums);
    }
    free(exchange->part_begins);
    free(exchange->blocks);
    free(exchange->receives);
    free(exchange->sends);
    free(exchange->slice_losses);
    free(exchange->inbox);
    free(exchange->outbox);
    *exchange = (struct exchange){0};
}

/* ---- a batch ---- */

static const struct exchange_layout *exchange_layout_of(const struct exchange *exchange,
                                                        size_t num_slices)
{
    const struct exchange_layout *layouts = exchange->layouts;

    assert(num_slices == layouts[0].plan.num_slices || num_slices == layouts[1].plan.num_slices);
    return &layouts[num_slices == layouts[0].plan.num_slices ? 0 : 1];
}

size_t exchange_slices_of(const struct exchange *exchange, size_t rank, size_t num_slices,
                          size_t *first)
{
    const size_t *begins = exchange_layout_of(exchange, num_slices)->plan.slice_begins;

    *first = begins[rank];
    return begins[rank + 1] - begins[rank];
}

size_t exchange_own_slices(const struct exchange *exchange, size_t num_slices, size_t *first)
{
    return exchange_slices_of(exchange, exchange->ranks->index, num_slices, first);
}

size_t exchange_num_own_sums(const struct exchange *exchange, size_t num_slices)
{
    return exchange_num_sums(&exchange_layout_of(exchange, num_slices)->plan,
                             exchange->ranks->index);
}

size_t exchange_max_own_sums(const struct exchange *exchange)
{
    size_t rank = exchange->ranks->index;
    size_t whole = exchange_num_sums(&exchange->layouts[0].plan, rank);
    size_t last = exchange_num_sums(&exchange->layouts[1].plan, rank);

    return whole > last ? whole : last;
}

void exchange_own_sum(const struct exchange *exchange, size_t num_slices, size_t index,
                      size_t *begin, size_t *end)
{
    const struct exchange_plan *plan = &exchange_layout_of(exchange, num_slices)->plan;
    size_t rank = exchange->ranks->index, sum = plan->sum_begins[rank] + index;

    *begin = plan->sum_slices[sum] - plan->slice_begins[rank];
    *end = plan->sum_slices[sum + 1] - plan->slice_begins[rank];
}

/* Copies what rank to is to receive of parameters begin .. end - 1 of one of this rank's sums. */
static void exchange_pack_part(struct exchange *exchange, const struct exchange_layout *layout,
                               size_t sum, const float *values, size_t to, size_t begin, size_t end)
{
    size_t rank = exchange->ranks->index, part_begin = exchange->part_begins[to];
    size_t part_end = exchange->part_begins[to + 1];
    float *destination;

    begin = begin > part_begin ? begin : part_begin;
    end = end < part_end ? end : part_end;
    if (begin >= end)
        return;
    if (to == rank) {
        destination = layout->sums[sum];
    } else {
        destination = (float *)(void *)(exchange->outbox + layout->outbox_offsets[to] +
                                        exchange_header_nbytes(&layout->plan, rank));
        destination += (sum - layout->plan.sum_begins[rank]) * (part_end - part_begin);
    }
    memcpy(destination + (begin - part_begin), values + begin, (end - begin) * sizeof(float));
}

/* The same for all ranks. */
static void exchange_pack_one(struct exchange *exchange, const struct exchange_layout *layout,
                              size_t sum, const float *values, size_t begin, size_t end)
{
    if (exchange->is_gathered)
        memcpy(layout->sums[sum] + begin, values + begin, (end - begin) * sizeof(float));
    for (size_t to = 0; to < exchange->ranks->count && !exchange->is_gathered; to++)
        exchange_pack_part(exchange, layout, sum, values, to, begin, end);
}

void exchange_pack(struct exchange *exchange, size_t num_slices, float *const *slice_grads,
                   size_t begin, size_t end)
{
    const struct exchange_layout *layout = exchange_layout_of(exchange, num_slices);
    const struct exchange_plan *plan = &layout->plan;
    size_t rank = exchange->ranks->index;

    for (size_t sum = plan->sum_begins[rank]; sum < plan->sum_begins[rank + 1]; sum++) {
        size_t first = plan->sum_slices[sum] - plan->slice_begins[rank];
        size_t num_summed = plan->sum_slices[sum + 1] - plan->sum_slices[sum];

        exchange->kernels->tree_add(slice_grads + first, num_summed, begin, end);
        exchange_pack_one(exchange, layout, sum, slice_grads[first], begin, end);
    }
}

void exchange_pack_sums(struct exchange *exchange, size_t num_slices, float *const *sums,
                        size_t begin, size_t end)
{
    const struct exchange_layout *layout = exchange_layout_of(exchange, num_slices);
    size_t first = layout->plan.sum_begins[exchange->ranks->index];

    for (size_t i = 0; i < exchange_num_own_sums(exchange, num_slices); i++)
        exchange_pack_one(exchange, layout, first + i, sums[i], begin, end);
}

static struct exchange_header *exchange_header_from(const struct exchange *exchange,
                                                    const struct exchange_layout *layout,
                                                    size_t rank)
{
    return (struct exchange_header *)(void *)(exchange->inbox + layout->inbox_offsets[rank]);
}

static void exchange_fill_headers(struct exchange *exchange, const struct exchange_layout *layout,
                                  const double *own_losses, struct rank_request own_request)
{
    size_t rank = exchange->ranks->index;
    struct exchange_header *own = exchange_header_from(exchange, layout, rank);
    size_t num_slices = layout->plan.slice_begins[rank + 1] - layout->plan.slice_begins[rank];

    own->request = own_request;
    memcpy(own->slice_losses, own_losses, num_slices * sizeof(*own_losses));
    for (size_t to = 0; to < exchange->ranks->count && !exchange->is_gathered; to++)
        if (to != rank)
            memcpy(exchange->outbox + layout->outbox_offsets[to], own,
                   sizeof(*own) + num_slices * sizeof(*own_losses));
}

static void exchange_read_headers(struct exchange *exchange, const struct exchange_layout *layout)
{
    const struct exchange_plan *plan = &layout->plan;
    struct rank_request *request = &exchange->request;

    *request = (struct rank_request){0};
    for (size_t from = 0; from < exchange->ranks->count; from++) {
        const struct exchange_header *header = exchange_header_from(exchange, layout, from);
        size_t first = plan->slice_begins[from], num_slices = plan->slice_begins[from + 1] - first;

        memcpy(exchange->slice_losses + first, header->slice_losses, num_slices * sizeof(double));
        if (header->request.stop_signal > request->stop_signal)
            request->stop_signal = header->request.stop_signal;
        request->save |= header->request.save;
        request->failed |= header->request.failed;
    }
}

static void exchange_scatter(struct exchange *exchange, const struct exchange_layout *layout)
{
    size_t rank = exchange->ranks->index, count = exchange->ranks->count;

    /* Each rank begins with its neighbour, so that not all send to the same rank first. */
    for (size_t i = 1; i < count; i++) {
        size_t to = (rank + i) % count, from = (rank + count - i) % count;

        exchange->receives[i - 1] =
            (struct ranks_message){from, exchange->inbox + layout->inbox_offsets[from],
                                   exchange_message_nbytes(exchange, &layout->plan, from, rank)};
        exchange->sends[i - 1] =
            (struct ranks_message){to, exchange->outbox + layout->outbox_offsets[to],
                                   exchange_message_nbytes(exchange, &layout->plan, rank, to)};
    }
    ranks_start(exchange->ranks, RANKS_STEPS, exchange->receives, count - 1, exchange->sends,
                count - 1);
    ranks_finish(exchange->ranks, RANKS_STEPS);
}

void exchange_run(struct exchange *exchange, size_t num_slices, const double *own_losses,
                  struct rank_request own_request)
{
    const struct exchange_layout *layout = exchange_layout_of(exchange, num_slices);

    exchange_fill_headers(exchange, layout, own_losses, own_request);
    if (!exchange->is_gathered) {
        exchange_scatter(exchange, layout);
    } else {
        for (size_t from = 0; from < exchange->ranks->count; from++)
            exchange->blocks[from] = (struct ranks_block){
                exchange->inbox + layout->inbox_offsets[from],
                exchange_message_nbytes(exchange, &layout->plan, from, exchange->ranks->index)};
        ranks_gather_all(exchange->ranks, RANKS_STEPS, exchange->blocks);
    }
    exchange_read_headers(exchange, layout);
}

void exchange_part(const struct exchange *exchange, size_t *begin, size_t *end)
{
    size_t rank = exchange->ranks->index;

    *begin = exchange->is_gathered ? 0 : exchange->part_begins[rank];
    *end = exchange->is_gathered ? exchange->num_parameters : exchange->part_begins[rank + 1];
}

float *exchange_finish(struct exchange *exchange, size_t num_slices, size_t begin, size_t end)
{
    const struct exchange_layout *layout = exchange_layout_of(exchange, num_slices);
    size_t part_begin, part_end;

    exchange_part(exchange, &part_begin, &part_end);
    assert(begin >= part_begin && end <= part_end);
    for (size_t i = 0; i + 1 < layout->plan.num_sums; i++)
        exchange->kernels->add(layout->sums[layout->plan.additions[i].to],
                               layout->sums[layout->plan.additions[i].from], begin - part_begin,
                               end - part_begin);
    return layout->sums[0];
}

void exchange_gather_parts(struct exchange *exchange, enum ranks_channel channel, float *values)
{
    if (exchange->is_gathered)
        return;
    for (size_t rank = 0; rank < exchange->ranks->count; rank++) {
        size_t begin = exchange->part_begins[rank], end = exchange->part_begins[rank + 1];

        exchange->blocks[rank] =
            (struct ranks_block){values + begin, (end - begin) * sizeof(*values)};
    }
    ranks_gather_all(exchange->ranks, channel, exchange->blocks);
}

void exchange_gather_blocks(struct exchange *exchange, float *values)
{
    size_t unit = exchange->part_unit;

    if (exchange->is_gathered)
        return;
    for (size_t rank = 0; rank < exchange->ranks->count; rank++) {
        size_t begin = exchange->part_begins[rank] / unit;
        size_t end = (exchange->part_begins[rank + 1] + unit - 1) / unit;

        exchange->blocks[rank] =
            (struct ranks_block){values + begin, (end - begin) * sizeof(*values)};
    }
    ranks_gather_all(exchange->ranks, RANKS_STEPS, exchange->blocks);
}
