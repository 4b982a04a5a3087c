/* What all ranks do together, built on messages alone. */
#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "train/ranks/ranks.h"

/*
 * Lists the blocks of ranks first, first + 1, ... (count of them, modulo the number of ranks) as
 * messages with peer, those that follow each other in memory as one.  Returns how many.
 */
static size_t list_blocks(const struct ranks *ranks, const struct ranks_block *blocks, size_t first,
                          size_t count, size_t peer, struct ranks_message *messages)
{
    size_t num_messages = 0;

    for (size_t i = 0; i < count; i++) {
        const struct ranks_block *block = &blocks[(first + i) % ranks->count];
        struct ranks_message *last = num_messages > 0 ? &messages[num_messages - 1] : NULL;

        if (block->nbytes == 0)
            continue;
        if (last && (char *)last->data + last->nbytes == (char *)block->data)
            last->nbytes += block->nbytes;
        else
            messages[num_messages++] = (struct ranks_message){peer, block->data, block->nbytes};
    }
    return num_messages;
}

/* Bruck, Ho, Kipnis, Upfal, Weathersby, "Efficient algorithms for all-to-all communications in
 * multiport message-passing systems", 1997: the concatenation algorithm. */
void ranks_gather_all(struct ranks *ranks, enum ranks_channel channel,
                      const struct ranks_block *blocks)
{
    struct ranks_message *receives = ranks->scratch, *sends = ranks->scratch + 2 * ranks->count;

    /* This rank holds the blocks of num_held ranks from its own on. */
    for (size_t num_held = 1; num_held < ranks->count; num_held *= 2) {
        size_t left = ranks->count - num_held, num_moved = num_held < left ? num_held : left;
        size_t above = (ranks->index + num_held) % ranks->count;
        size_t below = (ranks->index + ranks->count - num_held) % ranks->count;
        size_t num_receives = list_blocks(ranks, blocks, above, num_moved, above, receives);
        size_t num_sends = list_blocks(ranks, blocks, ranks->index, num_moved, below, sends);

        ranks_start(ranks, channel, receives, num_receives, sends, num_sends);
        ranks_finish(ranks, channel);
    }
}

void ranks_broadcast(struct ranks *ranks, void *data, size_t nbytes)
{
    if (ranks->count == 1)
        return;
    memset(ranks->blocks, 0, ranks->count * sizeof(*ranks->blocks));
    ranks->blocks[0] = (struct ranks_block){data, nbytes};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
}

/* Each rank's value, in ranks->values. */
static void gather_values(struct ranks *ranks, uint64_t value)
{
    ranks->values[ranks->index] = value;
    for (size_t i = 0; i < ranks->count; i++)
        ranks->blocks[i] = (struct ranks_block){&ranks->values[i], sizeof(ranks->values[i])};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
}

uint64_t ranks_max(struct ranks *ranks, uint64_t value)
{
    uint64_t largest = value;

    if (ranks->count == 1)
        return value;
    gather_values(ranks, value);
    for (size_t i = 0; i < ranks->count; i++)
        largest = ranks->values[i] > largest ? ranks->values[i] : largest;
    return largest;
}

/* Says where it happened, unless it happened everywhere. */
static void name_rank(const struct ranks *ranks, struct error *error)
{
    size_t length = strlen(error->what);

    snprintf(error->what + length, sizeof(error->what) - length, " (rank %zu of %zu)", ranks->index,
             ranks->count);
}

bool ranks_agree(struct ranks *ranks, struct error *error)
{
    size_t num_failed = 0, first_failed = 0;

    if (ranks->count == 1)
        return error_ok(error);
    gather_values(ranks, (uint64_t)error->status);
    for (size_t i = ranks->count; i-- > 0;) {
        if (ranks->values[i] == STATUS_OK)
            continue;
        first_failed = i;
        num_failed++;
    }
    if (num_failed == 0)
        return true;
    if (ranks->index == first_failed && num_failed < ranks->count &&
        error->status != STATUS_STOPPED)
        name_rank(ranks, error);
    memset(ranks->blocks, 0, ranks->count * sizeof(*ranks->blocks));
    ranks->blocks[first_failed] = (struct ranks_block){error, sizeof(*error)};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
    return error_ok(error);
}

/* Where a rank may run. */
struct place {
    size_t node;
    cpu_set_t processors;
};

size_t ranks_num_processors(struct ranks *ranks)
{
    struct place *places = calloc(ranks->count, sizeof(*places));
    const struct place *mine = places ? &places[ranks->index] : NULL;
    size_t num_processors = 0, num_alike = 0;

    /* All take part, or none. */
    if (ranks_max(ranks, places == NULL))
        goto out;
    places[ranks->index].node = ranks->node;
    if (sched_getaffinity(0, sizeof(cpu_set_t), &places[ranks->index].processors) == 0)
        num_processors = (size_t)CPU_COUNT(&mine->processors);
    for (size_t i = 0; i < ranks->count; i++)
        ranks->blocks[i] = (struct ranks_block){&places[i], sizeof(places[i])};
    ranks_gather_all(ranks, RANKS_OTHERS, ranks->blocks);
    for (size_t i = 0; i < ranks->count; i++)
        num_alike +=
            places[i].node == mine->node && CPU_EQUAL(&places[i].processors, &mine->processors);
    if (num_processors > 0)
        num_processors = num_processors > num_alike ? num_processors / num_alike : 1;
out:
    free(places);
    return num_processors;
}
