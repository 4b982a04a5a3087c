/*
 * The gradient of a mini-batch of a network, by all threads of a rank together.
 *
 * Threads take the rank's slices through the network, forward and backward; then they share its
 * parameters: each adds up slices for its range of those whose gradients come slice by slice, and
 * tiles of the others.  What comes out are the sums over those subtrees of the batch's tree of
 * slices that are the rank's: one if it is alone.
 */
#ifndef QUERN_TRAIN_NETWORK_GRADIENT_H
#define QUERN_TRAIN_NETWORK_GRADIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/augment.h"
#include "model/model.h"
#include "model/pass.h"
#include "train/ranks/exchange.h"
#include "train/ranks/ranks.h"
#include "train/samples.h"
#include "train/team.h"

struct network_gradient {
    struct model *model;
    struct ranks *ranks;
    const struct exchange *exchange; /* of several ranks; else NULL */
    const struct samples *samples;
    const struct augment *augment; /* NULL: samples are taken as they are */
    uint64_t seed;

    struct pass pass;
    size_t num_threads;
    float **slice_grads; /* [own slices][num_slice_parameters] */
    float **sums;        /* [own subtrees][num_trained_parameters]: the result */
    float *slice_memory, *sum_memory;
    uint8_t *augmented; /* [num_threads][MODEL_SLICE_ROWS][row_nbytes] */
    uint8_t *augment_scratch;
    size_t augment_scratch_nbytes;
    uint64_t *class_counts; /* [num_threads][num_classes] */
};

struct network_gradient_settings {
    const struct samples *samples;
    const struct exchange *exchange;
    struct ranks *ranks;
    const struct augment *augment;
    uint64_t seed;
    size_t num_threads;
    size_t max_rows;   /* of this rank in a batch, slices rounded up */
    size_t max_slices; /* of a batch, all ranks' */
    size_t max_sums;   /* of this rank */
};

/* What network_gradient_create takes. */
uint64_t network_gradient_nbytes(const struct model *model,
                                 const struct network_gradient_settings *settings,
                                 uint64_t row_nbytes);
bool network_gradient_create(struct network_gradient *gradient, struct model *model,
                             const struct network_gradient_settings *settings, struct error *error);
void network_gradient_destroy(struct network_gradient *gradient);

/* A batch as far as its gradient goes. */
struct network_batch {
    uint64_t epoch;
    uint64_t first; /* in the epoch's order */
    uint64_t num_rows;
    size_t num_slices;
    size_t first_own, num_own; /* this rank's slices */
};

/*
 * By all threads: the calling thread's part.  slice_losses [num_own] and, behind the next barrier,
 * sums are written.
 */
void network_gradient_compute(struct network_gradient *gradient, const struct network_batch *batch,
                              struct barrier *barrier, double *slice_losses);

/* By a rank that cannot compute the batch: takes part in what the others send each other meanwhile.
 */
void network_gradient_skip(struct network_gradient *gradient, size_t num_slices);

#endif
