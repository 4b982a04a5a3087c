/*
 * The threads that train together, and the memory that each has to itself.
 *
 * The slices of a mini-batch are cut into blocks of 2^k neighbours: subtrees of the tree in which
 * all slices meet.  A thread adds up a block alone, slice by slice, while it is in its cache; the
 * others see the block's sum only.  Then the blocks are to be added and the step is to be made.  Of
 * a large model each thread does that for its share of the parameters, and all wait until the
 * others have done theirs.  Of a small model each does it for all parameters, on a copy of its own:
 * that takes less time than to wait once more and to fetch what the others have changed.
 */
#ifndef QUERN_TRAIN_TEAM_H
#define QUERN_TRAIN_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "model/model.h"

struct member {
    struct model
        model;       /* what it reads and updates: the trainer's, or with parameters of its own */
    float *velocity; /* likewise; NULL without momentum */
    float *accumulated; /* likewise; NULL without accumulation */
    float **subtrees;   /* [depth of a block][num_parameters]: sums that wait for their neighbour */
    float **copies;     /* [max_blocks][num_parameters], of the blocks' sums; if replicated */
    struct model_workspace workspace;
    float *memory;    /* owned: all floats that are this member's */
    float **pointers; /* owned */
};

struct team {
    struct model *model; /* the trainer's */
    float *velocity, *accumulated;
    size_t num_members; /* no more than there are slices: they would only wait */
    bool is_alone;
    bool is_replicated; /* member 0 has the trainer's parameters, the others copies */
    size_t max_blocks;
    float *block_memory;
    float **block_grads[2]; /* [max_blocks][num_parameters], of even and odd batches */
    struct member *members; /* [num_members] */
};

/*
 * For batches of num_slices[0] or num_slices[1] slices of this process.  velocity and accumulated
 * [num_parameters] may be NULL.  One process alone (is_alone) adds blocks, and replicates
 * parameters if that is little to copy; of several each needs the gradient of every slice.  What is
 * pointed to must live as long.
 */
bool team_create(struct team *team, struct model *model, float *velocity, float *accumulated,
                 size_t max_threads, const size_t num_slices[2], bool is_alone,
                 struct error *error);
void team_destroy(struct team *team);

/* How many slices a block has in a batch of num_slices: 2^k. */
size_t team_block_slices(const struct team *team, size_t num_slices);

/* Takes the trainer's parameters and state into a member's copies; by each member in the beginning,
 * before any makes a step. */
void team_begin(const struct team *team, struct member *member);

#endif
