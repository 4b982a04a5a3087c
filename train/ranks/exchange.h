/*
 * How the gradient of a mini-batch is summed over ranks: as in one process, bit for bit.
 *
 * In one process the slices of a batch meet in a binary tree (tree_add, model/kernels/kernels.h).
 * Here each rank computes a run of neighbouring slices and adds up those subtrees of the same tree
 * that lie wholly in its run: a few partial sums, one if the run is a subtree itself.  What is left
 * of the tree is a fixed list of additions of partial sums, done in one of two ways:
 *
 * - gathered: all ranks receive all partial sums, and each finishes the whole tree and makes the
 *   whole step.  One round of messages: for small models, whose messages take latency rather than
 *   bandwidth.
 * - scattered: each rank receives its own part of the parameters of all partial sums, finishes the
 *   tree and makes the step there, and then all gather the parameters.  With one partial sum a rank
 *   each moves 2 (R - 1) / R of the size of the gradient, as in a ring all-reduce; two rounds.
 *
 * Gathered is chosen when all partial sums together take at most gather_nbytes.  With the sums
 * travel the losses of the slices and what each rank asks of all, so that ranks agree on a pause at
 * no cost.
 *
 * A batch goes: every rank computes its slices; all its threads call exchange_pack on their
 * shares of the parameters; one thread calls exchange_run; all call exchange_finish on their shares
 * of exchange_part and make the step there; then, unless gathered, one thread calls
 * exchange_gather_parts.  Between these the threads meet at a barrier.
 */
#ifndef QUERN_TRAIN_EXCHANGE_H
#define QUERN_TRAIN_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/kernels/kernels.h"
#include "train/ranks/ranks.h"

/* See docs/scaling.md for where the two ways take the same time. */
enum { EXCHANGE_GATHER_NBYTES = 64 * 1024 };

/* What a rank asks of all ranks; 0 for nothing. */
struct rank_request {
    uint32_t stop_signal; /* save and end: the signal's number, the largest of any rank */
    uint32_t save;        /* 1: write a checkpoint and go on */
    uint32_t failed;      /* 1: this rank cannot go on; the others stop too, to agree on it */
};

/* The runs of slices of all ranks, and the subtrees that each run is made of, for batches of
 * num_slices. */
struct exchange_plan {
    size_t num_slices;
    size_t *slice_begins; /* [count + 1]: rank r computes slices [r] .. [r + 1] - 1 */
    size_t *sum_begins;   /* [count + 1]: and adds up partial sums [r] .. [r + 1] - 1 */
    size_t num_sums;
    size_t *sum_slices; /* [num_sums + 1]: partial sum k is over slices [k] .. [k + 1] - 1 */
    struct {
        size_t to, from;
    } * additions; /* [num_sums - 1], in the order of the tree */
};

bool exchange_plan_create(struct exchange_plan *plan, size_t num_ranks, size_t num_slices,
                          struct error *error);
void exchange_plan_destroy(struct exchange_plan *plan);

/* Where what lies in the messages of batches of one number of slices. */
struct exchange_layout {
    struct exchange_plan plan;
    size_t *outbox_offsets; /* [count + 1], in bytes, by the rank that receives */
    size_t *inbox_offsets;  /* [count], by the rank that sent */
    float **sums;           /* [num_sums], into the inbox, from this rank's part on */
};

struct exchange {
    struct ranks *ranks;
    const struct kernels *kernels;
    size_t num_parameters;
    size_t part_unit;
    bool is_gathered;
    size_t *part_begins;               /* [count + 1]: rank r finishes parameters from [r] on */
    struct exchange_layout layouts[2]; /* of whole batches and of an epoch's last */
    unsigned char *outbox;             /* scattered: what the others need of this rank's sums */
    unsigned char *inbox;              /* of everyone's sums all, or this rank's part */
    struct ranks_block *blocks;        /* [count] */
    struct ranks_message *receives;    /* [count] */
    struct ranks_message *sends;       /* [count] */
    double *slice_losses;              /* of the whole batch, after exchange_run */
    struct rank_request request;       /* of all ranks, after exchange_run */
};

/*
 * For batches of num_slices[0] or num_slices[1] slices.  num_parameters is a multiple of 16, as
 * models pad theirs, and so is part_unit, of which ranks finish whole numbers.  gather_nbytes is
 * EXCHANGE_GATHER_NBYTES, or something else in tests.
 */
bool exchange_create(struct exchange *exchange, struct ranks *ranks, const struct kernels *kernels,
                     size_t num_parameters, size_t part_unit, const size_t num_slices[2],
                     size_t gather_nbytes, struct error *error);
void exchange_destroy(struct exchange *exchange);

/* How many slices of a batch of num_slices (one of the two) are a rank's, and this rank's, from
 * *first on. */
size_t exchange_slices_of(const struct exchange *exchange, size_t rank, size_t num_slices,
                          size_t *first);
size_t exchange_own_slices(const struct exchange *exchange, size_t num_slices, size_t *first);

/*
 * Adds up this rank's partial sums over parameters begin .. end - 1 (multiples of 16) and puts them
 * where they are sent from.  slice_grads [own slices][num_parameters] are used up by that.
 */
void exchange_pack(struct exchange *exchange, size_t num_slices, float *const *slice_grads,
                   size_t begin, size_t end);

/*
 * The same for sums [exchange_num_own_sums][num_parameters] that are added up already: number index
 * is over this rank's slices *begin .. *end - 1, counted from its first.
 */
void exchange_pack_sums(struct exchange *exchange, size_t num_slices, float *const *sums,
                        size_t begin, size_t end);
size_t exchange_num_own_sums(const struct exchange *exchange, size_t num_slices);
void exchange_own_sum(const struct exchange *exchange, size_t num_slices, size_t index,
                      size_t *begin, size_t *end);
/* Of batches of either number of slices. */
size_t exchange_max_own_sums(const struct exchange *exchange);

/* Sends and receives.  own_losses are those of this rank's slices. */
void exchange_run(struct exchange *exchange, size_t num_slices, const double *own_losses,
                  struct rank_request own_request);

/* The parameters that this rank finishes: *begin to *end - 1. */
void exchange_part(const struct exchange *exchange, size_t *begin, size_t *end);

/*
 * Finishes the gradient of the batch over parameters begin .. end - 1 of this rank's part.  Returns
 * where it stands, from the part's first parameter on.
 */
float *exchange_finish(struct exchange *exchange, size_t num_slices, size_t begin, size_t end);

/* Collective: values of blocks of part_unit parameters, of which each rank has those of its own
 * part, to all. */
void exchange_gather_blocks(struct exchange *exchange, float *values);

/* Collective: values [num_parameters], of which each rank has its own part, to all. */
void exchange_gather_parts(struct exchange *exchange, enum ranks_channel channel, float *values);

#endif
