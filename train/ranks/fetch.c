#include "train/ranks/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "model/model.h"
#include "train/ranks/placement.h"

static uint64_t min_count(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whole batches of which a rank's rows are about an eighth of its part, within the limit. */
static uint64_t stretch_rows(const struct fetch *fetch)
{
    uint64_t batch_size = fetch->batch_size, count = fetch->ranks->count;
    uint64_t num_batches = (fetch->dataset->num_rows + batch_size - 1) / batch_size;
    uint64_t batch_nbytes = batch_size * fetch->dataset->row_nbytes / count + 1;
    uint64_t wanted = min_count(num_batches / FETCH_STRETCHES, FETCH_STRETCH_NBYTES / batch_nbytes);

    return (wanted > 0 ? wanted : 1) * batch_size;
}

/* ---- who needs what ---- */

/* A walk over the positions of a stretch that one rank computes. */
struct walk {
    const struct fetch *fetch;
    size_t rank;
    uint64_t batch_first, end;        /* of the batch at work, and of the stretch */
    uint64_t position, positions_end; /* of the rank's run in that batch */
};

static void enter_batch(struct walk *walk)
{
    const struct fetch *fetch = walk->fetch;
    uint64_t num_rows = min_count(fetch->batch_size, fetch->dataset->num_rows - walk->batch_first);
    size_t first, num_slices = (num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
    size_t num_own = exchange_slices_of(fetch->exchange, walk->rank, num_slices, &first);

    walk->position = walk->batch_first + min_count(first * MODEL_SLICE_ROWS, num_rows);
    walk->positions_end =
        walk->batch_first + min_count((first + num_own) * MODEL_SLICE_ROWS, num_rows);
}

static struct walk walk_begin(const struct fetch *fetch, const struct fetch_stretch *stretch,
                              size_t rank)
{
    struct walk walk = {
        .fetch = fetch, .rank = rank, .batch_first = stretch->begin, .end = stretch->end};

    enter_batch(&walk);
    return walk;
}

static bool walk_next(struct walk *walk, uint64_t *position)
{
    while (walk->position == walk->positions_end) {
        walk->batch_first += walk->fetch->batch_size;
        if (walk->batch_first >= walk->end)
            return false;
        enter_batch(walk);
    }
    *position = walk->position++;
    return true;
}

/* Copies what the others need of this rank's rows, rank by rank. */
static void pack(struct fetch *fetch, const struct fetch_stretch *stretch, const uint32_t *order)
{
    const struct dataset *dataset = fetch->dataset;
    size_t me = fetch->ranks->index;
    uint8_t *destination = fetch->sent;

    for (size_t to = 0; to < fetch->ranks->count; to++) {
        uint8_t *begin = destination;
        struct walk walk = walk_begin(fetch, stretch, to);
        uint64_t position;

        while (to != me && walk_next(&walk, &position)) {
            const uint8_t *row;

            if (!dataset_has_row(dataset, order[position]))
                continue;
            row = dataset_row(dataset, order[position]);
            memcpy(destination, row, dataset->row_nbytes);
            destination += dataset->row_nbytes;
        }
        fetch->sends[to] = (struct ranks_message){to, begin, (size_t)(destination - begin)};
    }
}

/* Finds a place for every row of this rank's positions: where it is, or where it will come. */
static void place(struct fetch *fetch, struct fetch_stretch *stretch, const uint32_t *order)
{
    const struct dataset *dataset = fetch->dataset;
    size_t count = fetch->ranks->count, num_rows = 0;
    struct walk walk = walk_begin(fetch, stretch, fetch->ranks->index);
    uint64_t position;

    memset(fetch->num_received, 0, count * sizeof(*fetch->num_received));
    while (walk_next(&walk, &position))
        fetch->num_received[placement_owner(fetch->ranks, dataset->num_rows, order[position])]++;
    fetch->num_received[fetch->ranks->index] = 0;
    for (size_t from = 0; from < count; from++) {
        fetch->receives[from] =
            (struct ranks_message){from, stretch->received + num_rows * dataset->row_nbytes,
                                   fetch->num_received[from] * dataset->row_nbytes};
        fetch->offsets[from] = num_rows;
        num_rows += fetch->num_received[from];
    }
    walk = walk_begin(fetch, stretch, fetch->ranks->index);
    while (walk_next(&walk, &position)) {
        size_t owner = placement_owner(fetch->ranks, dataset->num_rows, order[position]);

        stretch->rows[position - stretch->begin] =
            owner == fetch->ranks->index
                ? dataset_row(dataset, order[position])
                : stretch->received + fetch->offsets[owner]++ * dataset->row_nbytes;
    }
}

static void start(struct fetch *fetch, struct fetch_stretch *stretch, const uint32_t *order,
                  uint64_t begin)
{
    size_t count = fetch->ranks->count;

    stretch->begin = begin;
    stretch->end = min_count(begin + fetch->stretch_rows, fetch->dataset->num_rows);
    pack(fetch, stretch, order);
    place(fetch, stretch, order);
    ranks_start(fetch->ranks, RANKS_ROWS, fetch->receives, count, fetch->sends, count);
    fetch->pending = stretch;
}

static void finish(struct fetch *fetch)
{
    if (!fetch->pending)
        return;
    ranks_finish(fetch->ranks, RANKS_ROWS);
    fetch->current = fetch->pending;
    fetch->pending = NULL;
}

/* ---- the calls ---- */

bool fetch_create(struct fetch *fetch, struct ranks *ranks, const struct dataset *dataset,
                  const struct exchange *exchange, uint64_t batch_size, struct error *error)
{
    size_t count = ranks->count;
    uint64_t begin, end, own_rows;
    bool ok;

    *fetch = (struct fetch){
        .ranks = ranks, .dataset = dataset, .exchange = exchange, .batch_size = batch_size};
    fetch->stretch_rows = stretch_rows(fetch);
    own_rows = min_count(fetch->stretch_rows / batch_size * exchange_max_own_slices(exchange) *
                             MODEL_SLICE_ROWS,
                         fetch->stretch_rows);
    placement_rows(ranks, ranks->index, dataset->num_rows, &begin, &end);
    ok = memory_allocate(&fetch->num_received, count, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&fetch->offsets, count, sizeof(size_t), error);
    if (ok)
        ok = memory_allocate(&fetch->sends, count, sizeof(*fetch->sends), error);
    if (ok)
        ok = memory_allocate(&fetch->receives, count, sizeof(*fetch->receives), error);
    if (ok) {
        /* Zero pages until used: a shuffled order needs an eighth of a rank's rows at a time. */
        fetch->sent = calloc(min_count(end - begin, fetch->stretch_rows) + 1, dataset->row_nbytes);
        if (!fetch->sent)
            ok = error_set_memory(error, (end - begin) * dataset->row_nbytes);
    }
    for (int i = 0; i < 2 && ok; i++) {
        struct fetch_stretch *stretch = &fetch->stretches[i];

        ok = memory_allocate(&stretch->received, own_rows, dataset->row_nbytes, error);
        if (ok)
            ok =
                memory_allocate(&stretch->rows, fetch->stretch_rows, sizeof(*stretch->rows), error);
    }
    if (!ok)
        fetch_destroy(fetch);
    return ok;
}

void fetch_destroy(struct fetch *fetch)
{
    if (fetch->ranks)
        finish(fetch);
    for (int i = 0; i < 2; i++) {
        free(fetch->stretches[i].received);
        free(fetch->stretches[i].rows);
    }
    free(fetch->sent);
    free(fetch->num_received);
    free(fetch->offsets);
    free(fetch->sends);
    free(fetch->receives);
    *fetch = (struct fetch){0};
}

void fetch_begin_epoch(struct fetch *fetch)
{
    finish(fetch);
    fetch->current = NULL;
}

void fetch_reach(struct fetch *fetch, const uint32_t *order, uint64_t position, uint64_t *end)
{
    if (!fetch->pending)
        start(fetch, &fetch->stretches[0], order, position);
    finish(fetch);
    *end = fetch->current->end;
    if (*end < fetch->dataset->num_rows)
        start(fetch, &fetch->stretches[fetch->current == &fetch->stretches[0]], order, *end);
}
