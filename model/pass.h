/*
 * Passes of a batch through a network, forward and backward, slice by slice.
 *
 * A batch's rows are cut into slices of MODEL_SLICE_ROWS.  A thread takes whole slices; nothing
 * that it computes of one depends on other slices, but for layers that need sums over the whole
 * batch (norm). These cut the network into stages: all threads do their slices' share of a stage,
 * meet, one thread ends the sums, and all go on with the next stage.  A network without such layers
 * has one stage.
 *
 *     for stage 0, 1, ..., last:  pass_forward of each slice; all meet; pass_end_forward by one;
 * all meet for stage last, ..., 1, 0:  pass_backward of each slice; all meet; pass_end_backward by
 * one; all meet pass_gradient_tiles by all
 *
 * (nothing is to be ended after the last stage of either).  Slices are numbered from 0 among this
 * process' own; sums are those of all processes' slices, which the caller shares between.
 */
#ifndef QUERN_MODEL_PASS_H
#define QUERN_MODEL_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/model.h"

struct pass {
    const struct model *model;
    size_t max_rows; /* of this process' slices */
    size_t num_slots;
    size_t num_threads;
    bool is_training;
    float *images, *image_grads;   /* [slots][MODEL_SLICE_ROWS][image_size], value after value */
    float *vectors, *vector_grads; /* [max_rows][vector_size], value after value */
    uint8_t *notes;                /* [slots][MODEL_SLICE_ROWS][notes_size], layer after layer */
    float *scratch;                /* [num_threads][scratch_size] */
    size_t scratch_size;
    double *probs;  /* [num_threads][MODEL_SLICE_ROWS][num_logits] */
    double *sums;   /* [slices of the whole batch][sums_size] */
    float *factors; /* [factors_size] */
};

struct pass_size {
    size_t max_rows;   /* of this process in a batch */
    size_t max_slices; /* of a batch, all processes' */
    size_t num_threads;
    bool is_training;
};

/* What pass_create takes, as well as it can be known before. */
uint64_t pass_nbytes(const struct model *model, const struct pass_size *size);
bool pass_create(struct pass *pass, const struct model *model, const struct pass_size *size,
                 struct error *error);
void pass_destroy(struct pass *pass);

size_t pass_num_stages(const struct model *model);

/* One slice of a batch; arrays are [num_rows]. */
struct pass_slice {
    size_t index;  /* among this process' slices */
    size_t thread; /* that is at work on it */
    size_t num_rows;
    const uint8_t *const *rows;
    const uint32_t *labels;
    const uint32_t *samples; /* for dropout; NULL when not training */
    uint64_t seed, epoch;
};

/* The slice's share of a stage.  slice_sums, of a stage that is not the last: where the slice's
 * sums go, [network's sums_size]. */
void pass_forward(struct pass *pass, size_t stage, const struct pass_slice *slice,
                  double *slice_sums);

/*
 * By one thread, between the stages: sums of the batch's num_slices slices, in the slices' order,
 * are added up in their tree (they are used up by it), over num_rows rows; parameters are the
 * model's, of which running averages change.
 */
void pass_end_forward(struct pass *pass, size_t stage, double *sums, size_t num_slices,
                      uint64_t num_rows, float *parameters);

/* After the last stage: the logits of a slice [num_rows][num_logits]. */
const float *pass_logits(const struct pass *pass, const struct pass_slice *slice);

/* The sum of the slice's losses; writes the gradient of loss * loss_scale by the logits. */
double pass_loss(struct pass *pass, const struct pass_slice *slice, double loss_scale);

/*
 * The slice's share of a stage, from the last stage down.  grad [num_slice_parameters] is written,
 * by all stages together, but not its padding.  slice_sums as in forward, of stages above 0.
 */
void pass_backward(struct pass *pass, size_t stage, const struct pass_slice *slice, float *grad,
                   double *slice_sums);
void pass_end_backward(struct pass *pass, size_t stage, double *sums, size_t num_slices,
                       uint64_t num_rows);

/*
 * After all slices: this process' slices begin_slice .. end_slice - 1 (of num_rows rows in all)
 * summed in the tree that counts from the first of them, for thread's share of the parameters that
 * are not summed slice by slice; written to grad, a flat buffer.
 */
void pass_gradient_tiles(struct pass *pass, size_t begin_slice, size_t end_slice, size_t num_rows,
                         size_t thread, size_t num_threads, float *grad);

#endif
