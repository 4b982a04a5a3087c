/*
 * Where the samples of a split are when several ranks train: all of them once on each node, in
 * memory that its ranks share, each rank of it reading its share of the file.
 */
#ifndef QUERN_TRAIN_PLACEMENT_H
#define QUERN_TRAIN_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/dataset.h"
#include "formats/store/store.h"
#include "train/ranks/ranks.h"

struct placed {
    struct dataset dataset; /* of a world of one, or streamed: dataset_open's */
    struct ranks_shared shared;
    const uint8_t **blocks; /* the one block of shared memory */
};

/* Collective: reads a split, or, if the plan says so, makes it ready to be streamed, by each rank
 * on its own.  An absent one is no rows. */
bool placed_load(struct placed *placed, struct store *store, enum split split,
                 const struct dataset_plan *plan, struct ranks *ranks, struct error *error);
/* Collective. */
void placed_free(struct placed *placed, struct ranks *ranks);

/* The rows that a rank fits class means to: whole slices, as even as that allows. */
void placement_rows(const struct ranks *ranks, size_t rank, uint64_t num_rows, uint64_t *begin,
                    uint64_t *end);

#endif
