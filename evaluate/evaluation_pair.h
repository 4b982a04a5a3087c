/*
 * Two evaluations of the same samples.
 */
#ifndef QUERN_EVALUATE_EVALUATION_PAIR_H
#define QUERN_EVALUATE_EVALUATION_PAIR_H

#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/evaluation.h"
#include "metrics/comparison.h"

struct evaluation_pair {
    const char *paths[2]; /* not owned */
    struct evaluation_contents contents[2];
    /* Of both, by name: those of the first in its order, then what the second alone knows; the
     * labels and predictions of both are indices into it. */
    struct text_list classes;
    struct comparison comparison;
};

/*
 * Reads both and compares them.  STATUS_DATA unless they are of the same samples: of stores with
 * one fingerprint, the same split, the same paths with the same labels.  STATUS_USAGE for a
 * memory_limit (0: none) that does not take them.  Free with evaluation_pair_destroy, after a
 * failure too.
 */
bool evaluation_pair_compare(const char *first, const char *second, uint64_t memory_limit,
                             struct evaluation_pair *pair, struct error *error);
void evaluation_pair_destroy(struct evaluation_pair *pair);

#endif
