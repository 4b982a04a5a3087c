/*
 * Where the samples of a split are when several ranks train: all of them once on each node, in
 * memory that its ranks share, or a part on each rank.
 *
 * PLACEMENT_NODE: rows times bytes of a row on each node, each rank of it reading its share of the
 * file.  PLACEMENT_PART: that divided by the number of ranks on each rank, in runs of whole slices
 * (MODEL_SLICE_ROWS); rows that a rank needs of others come by messages (train/fetch.h).
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

enum placement { PLACEMENT_NODE, PLACEMENT_PART };

/* The names in options and the log, NULL at the end: "node", "part". */
extern const char *const placement_names[];

struct placed {
    struct dataset dataset; /* of a world of one, or streamed: dataset_open's */
    struct ranks_shared shared;
    uint8_t *part;
    const uint8_t **blocks; /* of slices */
};

/* Collective: reads a split, or, if the plan says so, makes it ready to be streamed, by each rank
 * on its own.  An absent one is no rows. */
bool placed_load(struct placed *placed, struct store *store, enum split split,
                 enum placement placement, const struct dataset_plan *plan, struct ranks *ranks,
                 struct error *error);
/* Collective. */
void placed_free(struct placed *placed, struct ranks *ranks);

/*
 * The rows that are a rank's, in whole slices and as even as that allows: those it validates, those
 * it fits class means to, and those that it has under PLACEMENT_PART.
 */
void placement_rows(const struct ranks *ranks, size_t rank, uint64_t num_rows, uint64_t *begin,
                    uint64_t *end);

/* Whose row this is. */
size_t placement_owner(const struct ranks *ranks, uint64_t num_rows, uint64_t row);

#endif
