/*
 * The rows that a rank needs of others, when each has its part of the split (PLACEMENT_PART).
 *
 * All ranks know the order of the epoch, so nobody asks: for a stretch of batches each sends every
 * other rank the rows of its own that the other's slices need, in the order of their positions.
 * The next stretch is under way while one is trained on.
 */
#ifndef QUERN_TRAIN_FETCH_H
#define QUERN_TRAIN_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/dataset.h"
#include "train/ranks/exchange.h"
#include "train/ranks/ranks.h"

/* A stretch is an eighth of an epoch, or less: this many bytes of a rank's rows, but a batch at
 * least. */
enum { FETCH_STRETCH_NBYTES = 8 << 20, FETCH_STRETCHES = 8 };

struct fetch_stretch {
    uint64_t begin, end;  /* positions of the epoch */
    uint8_t *received;    /* rows that came from others */
    const uint8_t **rows; /* [end - begin]: this rank's, others are not set */
};

struct fetch {
    struct ranks *ranks;
    const struct dataset *dataset;
    const struct exchange *exchange;
    uint64_t batch_size;
    uint64_t stretch_rows; /* whole batches */
    struct fetch_stretch stretches[2];
    const struct fetch_stretch *current;
    struct fetch_stretch *pending; /* NULL: nothing is under way */
    uint8_t *sent;                 /* rows that others need */
    size_t *num_received;          /* [count] rows from each */
    size_t *offsets;               /* [count] where the next row from each is placed */
    struct ranks_message *sends;   /* [count] */
    struct ranks_message *receives;
};

/* The exchange says who computes which slices of a batch. */
bool fetch_create(struct fetch *fetch, struct ranks *ranks, const struct dataset *dataset,
                  const struct exchange *exchange, uint64_t batch_size, struct error *error);
/* Collective, as are the others here. */
void fetch_destroy(struct fetch *fetch);

/* Forgets what is there and under way: another epoch, or another place in it, follows. */
void fetch_begin_epoch(struct fetch *fetch);

/* Makes the stretch from this position (a batch's first) available, up to before *end. */
void fetch_reach(struct fetch *fetch, const uint32_t *order, uint64_t position, uint64_t *end);

/* A row of this rank's slices in the current stretch. */
static inline const uint8_t *fetch_row(const struct fetch *fetch, uint64_t position)
{
    return fetch->current->rows[position - fetch->current->begin];
}

#endif
