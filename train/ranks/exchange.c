#include "train/ranks/exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { VALUES_PER_LINE = MEMORY_ALIGNMENT / sizeof(float) };

/* What goes before the sums; the losses of the sender's slices follow it. */
struct header {
    struct wish wish;
    double slice_losses[];
};

static size_t header_nbytes(const struct exchange_plan *plan, size_t rank)
{
    size_t num_slices = plan->slice_begins[rank + 1] - plan->slice_begins[rank];
    size_t nbytes = sizeof(struct header) + num_slices * sizeof(double);

    return (nbytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
}

static size_t num_sums_of(const struct exchange_plan *plan, size_t rank)
{
    return plan->sum_begins[rank + 1] - plan->sum_begins[rank];
}

/* How many parameters of its sums a rank is sent. */
static size_t part_size(const struct exchange *exchange, size_t rank)
{
    return exchange->is_gathered ? exchange->num_parameters
                                 : exchange->part_begins[rank + 1] - exchange->part_begins[rank];
}

static size_t message_nbytes(const struct exchange *exchange, const struct exchange_plan *plan,
                             size_t from, size_t to)
{
    return header_nbytes(plan, from) +
           num_sums_of(plan, from) * part_size(exchange, to) * sizeof(float);
}

/* ---- making ---- */

/* Returns the sizes of both boxes. */
static void lay_out(const struct exchange *exchange, struct exchange_layout *layout,
                    size_t *inbox_nbytes, size_t *outbox_nbytes)
{
    const struct ranks *ranks = exchange->ranks;
    const struct exchange_plan *plan = &layout->plan;

    *inbox_nbytes = *outbox_nbytes = 0;
    /* From this rank on, as ranks_gather_all receives them: so they are one message a round. */
    for (size_t i = 0; i < ranks->count; i++) {
        size_t from = (ranks->index + i) % ranks->count;

        layout->inbox_offsets[from] = *inbox_nbytes;
        *inbox_nbytes += message_nbytes(exchange, plan, from, ranks->index);
    }
    for (size_t to = 0; to < ranks->count; to++) {
        layout->outbox_offsets[to] = *outbox_nbytes;
        if (!exchange->is_gathered && to != ranks->index)
            *outbox_nbytes += message_nbytes(exchange, plan, ranks->index, to);
    }
    layout->outbox_offsets[ranks->count] = *outbox_nbytes;
}

static void point_at_sums(const struct exchange *exchange, struct exchange_layout *layout)
{
    const struct exchange_plan *plan = &layout->plan;
    size_t size = part_size(exchange, exchange->ranks->index);

    for (size_t from = 0; from < exchange->ranks->count; from++) {
        unsigned char *message = exchange->inbox + layout->inbox_offsets[from];
        float *sums = (float *)(void *)(message + header_nbytes(plan, from));

        for (size_t i = 0; i < num_sums_of(plan, from); i++)
            layout->sums[plan->sum_begins[from] + i] = sums + i * size;
    }
}

static bool create_layout(struct exchange_layout *layout, size_t num_ranks, size_t num_slices,
                          struct error *error)
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

/* Whole cache lines, in equal numbers. */
static void divide_parameters(struct exchange *exchange)
{
    size_t num_lines = exchange->num_parameters / VALUES_PER_LINE, count = exchange->ranks->count;

    for (size_t rank = 0; rank <= count; rank++)
        exchange->part_begins[rank] = rank * num_lines / count * VALUES_PER_LINE;
}

static bool create_boxes(struct exchange *exchange, struct error *error)
{
    size_t inbox_nbytes = 0, outbox_nbytes = 0;
    bool ok;

    for (int i = 0; i < 2; i++) {
        size_t in, out;

        lay_out(exchange, &exchange->layouts[i], &in, &out);
        inbox_nbytes = in > inbox_nbytes ? in : inbox_nbytes;
        outbox_nbytes = out > outbox_nbytes ? out : outbox_nbytes;
    }
    ok = memory_allocate(&exchange->inbox, inbox_nbytes, 1, error);
    if (ok)
        ok = memory_allocate(&exchange->outbox, outbox_nbytes, 1, error);
    for (int i = 0; i < 2 && ok; i++)
        point_at_sums(exchange, &exchange->layouts[i]);
    return ok;
}

bool exchange_create(struct exchange *exchange, struct ranks *ranks, const struct kernels *kernels,
                     size_t num_parameters, const size_t num_slices[2], size_t gather_nbytes,
                     struct error *error)
{
    size_t count = ranks->count, max_slices, num_sums;
    bool ok = true;

    assert(num_parameters % VALUES_PER_LINE == 0);
    *exchange =
        (struct exchange){.ranks = ranks, .kernels = kernels, .num_parameters = num_parameters};
    for (int i = 0; i < 2 && ok; i++)
        ok = create_layout(&exchange->layouts[i], count, num_slices[i], error);
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
        /* One way for all batches of a run: the two leave other things up to date. */
        num_sums = exchange->layouts[0].plan.num_sums;
        if (exchange->layouts[1].plan.num_sums > num_sums)
            num_sums = exchange->layouts[1].plan.num_sums;
        exchange->is_gathered = num_sums * num_parameters * sizeof(float) <= gather_nbytes;
        divide_parameters(exchange);
        ok = create_boxes(exchange, error);
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

static const struct exchange_layout *layout_of(const struct exchange *exchange, size_t num_slices)
{
    const struct exchange_layout *layouts = exchange->layouts;

    assert(num_slices == layouts[0].plan.num_slices || num_slices == layouts[1].plan.num_slices);
    return &layouts[num_slices == layouts[0].plan.num_slices ? 0 : 1];
}

size_t exchange_own_slices(const struct exchange *exchange, size_t num_slices, size_t *first)
{
    size_t rank = exchange->ranks->index;
    const size_t *begins = layout_of(exchange, num_slices)->plan.slice_begins;

    *first = begins[rank];
    return begins[rank + 1] - begins[rank];
}

/* Copies what rank to is to receive of parameters begin .. end - 1 of one of this rank's sums. */
static void pack_part(struct exchange *exchange, const struct exchange_layout *layout, size_t sum,
                      const float *values, size_t to, size_t begin, size_t end)
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
                                        header_nbytes(&layout->plan, rank));
        destination += (sum - layout->plan.sum_begins[rank]) * (part_end - part_begin);
    }
    memcpy(destination + (begin - part_begin), values + begin, (end - begin) * sizeof(float));
}

void exchange_pack(struct exchange *exchange, size_t num_slices, float *const *slice_grads,
                   size_t begin, size_t end)
{
    const struct exchange_layout *layout = layout_of(exchange, num_slices);
    const struct exchange_plan *plan = &layout->plan;
    size_t rank = exchange->ranks->index;

    for (size_t sum = plan->sum_begins[rank]; sum < plan->sum_begins[rank + 1]; sum++) {
        size_t first = plan->sum_slices[sum] - plan->slice_begins[rank];
        size_t num_summed = plan->sum_slices[sum + 1] - plan->sum_slices[sum];
        const float *values = slice_grads[first];

        exchange->kernels->tree_add(slice_grads + first, num_summed, begin, end);
        if (exchange->is_gathered)
            memcpy(layout->sums[sum] + begin, values + begin, (end - begin) * sizeof(float));
        for (size_t to = 0; to < exchange->ranks->count && !exchange->is_gathered; to++)
            pack_part(exchange, layout, sum, values, to, begin, end);
    }
}

static struct header *header_from(const struct exchange *exchange,
                                  const struct exchange_layout *layout, size_t rank)
{
    return (struct header *)(void *)(exchange->inbox + layout->inbox_offsets[rank]);
}

static void fill_headers(struct exchange *exchange, const struct exchange_layout *layout,
                         const double *own_losses, struct wish own_wish)
{
    size_t rank = exchange->ranks->index;
    struct header *own = header_from(exchange, layout, rank);
    size_t num_slices = layout->plan.slice_begins[rank + 1] - layout->plan.slice_begins[rank];

    own->wish = own_wish;
    memcpy(own->slice_losses, own_losses, num_slices * sizeof(*own_losses));
    for (size_t to = 0; to < exchange->ranks->count && !exchange->is_gathered; to++)
        if (to != rank)
            memcpy(exchange->outbox + layout->outbox_offsets[to], own,
                   sizeof(*own) + num_slices * sizeof(*own_losses));
}

static void read_headers(struct exchange *exchange, const struct exchange_layout *layout)
{
    const struct exchange_plan *plan = &layout->plan;
    struct wish *wish = &exchange->wish;

    *wish = (struct wish){0};
    for (size_t from = 0; from < exchange->ranks->count; from++) {
        const struct header *header = header_from(exchange, layout, from);
        size_t first = plan->slice_begins[from], num_slices = plan->slice_begins[from + 1] - first;

        memcpy(exchange->slice_losses + first, header->slice_losses, num_slices * sizeof(double));
        if (header->wish.stop_signal > wish->stop_signal)
            wish->stop_signal = header->wish.stop_signal;
        wish->save |= header->wish.save;
        wish->failed |= header->wish.failed;
    }
}

static void scatter(struct exchange *exchange, const struct exchange_layout *layout)
{
    size_t rank = exchange->ranks->index, count = exchange->ranks->count;

    /* Each begins with its neighbour, so that not all send to the same one first. */
    for (size_t i = 1; i < count; i++) {
        size_t to = (rank + i) % count, from = (rank + count - i) % count;

        exchange->receives[i - 1] =
            (struct ranks_message){from, exchange->inbox + layout->inbox_offsets[from],
                                   message_nbytes(exchange, &layout->plan, from, rank)};
        exchange->sends[i - 1] =
            (struct ranks_message){to, exchange->outbox + layout->outbox_offsets[to],
                                   message_nbytes(exchange, &layout->plan, rank, to)};
    }
    ranks_start(exchange->ranks, RANKS_STEPS, exchange->receives, count - 1, exchange->sends,
                count - 1);
    ranks_finish(exchange->ranks, RANKS_STEPS);
}

void exchange_run(struct exchange *exchange, size_t num_slices, const double *own_losses,
                  struct wish own_wish)
{
    const struct exchange_layout *layout = layout_of(exchange, num_slices);

    fill_headers(exchange, layout, own_losses, own_wish);
    if (!exchange->is_gathered) {
        scatter(exchange, layout);
    } else {
        for (size_t from = 0; from < exchange->ranks->count; from++)
            exchange->blocks[from] = (struct ranks_block){
                exchange->inbox + layout->inbox_offsets[from],
                message_nbytes(exchange, &layout->plan, from, exchange->ranks->index)};
        ranks_gather_all(exchange->ranks, RANKS_STEPS, exchange->blocks);
    }
    read_headers(exchange, layout);
}

void exchange_part(const struct exchange *exchange, size_t *begin, size_t *end)
{
    size_t rank = exchange->ranks->index;

    *begin = exchange->is_gathered ? 0 : exchange->part_begins[rank];
    *end = exchange->is_gathered ? exchange->num_parameters : exchange->part_begins[rank + 1];
}

float *exchange_finish(struct exchange *exchange, size_t num_slices, size_t begin, size_t end)
{
    const struct exchange_layout *layout = layout_of(exchange, num_slices);
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
