/*
 * The layers of a network: each type is one file and one line in the table of layer_table.c.
 *
 * A layer maps a value to a value.  A value is what lies between two layers: for each row (sample)
 * a map [height][width][channels] as in model/kernels/conv.h, or a vector, which is a map of 1 x 1.
 * A layer that works in place has one value on both sides.  Gradients of values have the values'
 * layout.
 *
 * A layer owns nothing.  Its parameters lie in the model's flat buffer, what it packs of them in
 * the model's packed buffer, values and gradients in the memory of a pass (model/pass.h); a layer
 * knows the offsets.  Layers are planned once and read by all threads.
 *
 * Sums over the rows of a batch are the numeric contract's: a layer of few parameters writes its
 * gradient for each slice of rows (backward), and slices meet in their tree; a layer of many adds
 * the slices up itself, a tile of its weight at a time (gradient_tile).  Which of the two depends
 * on the type alone.
 */
#ifndef QUERN_MODEL_LAYER_H
#define QUERN_MODEL_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "model/init.h"
#include "model/kernels/kernels.h"
#include "model/kernels/maps.h"

enum {
    LAYER_MAX_TENSORS = 4,
    LAYER_MAX_ARGUMENTS = 3,
    LAYER_NAME_SIZE = 24,
    LAYER_TEXT_SIZE = 48,
    LAYER_NO_VALUE = SIZE_MAX,
};

struct layer_tensor {
    struct tensor tensor; /* name and shape as PyTorch has them; data is unused */
    enum tensor_role role;
    bool is_tiled; /* its gradient comes from gradient_tile */
    size_t offset; /* in floats from the start of the flat buffer */
};

struct layer {
    const struct layer_type *type;
    char text[LAYER_TEXT_SIZE]; /* as it was written: "conv:16:5" */
    char name[LAYER_NAME_SIZE]; /* "conv1"; its tensors are "conv1/weight", ... */
    size_t in_value, out_value; /* indices; the same for a layer in place */
    struct conv_map input, output;
    bool input_is_vector;

    /* What the arguments say, of those types that have any. */
    struct conv_shape conv;
    size_t num_outputs;
    double rate;    /* of a dropout */
    size_t partner; /* of a residual's end: the layer that is its begin; of the begin: its end */

    bool is_frozen;         /* its parameters, running averages among them, stay as they are */
    bool is_first;          /* no layer before it has parameters: nobody asks for grad_input */
    bool relu_is_fused;     /* forward: this layer applies the relu that follows it */
    bool input_is_relu;     /* backward: grad_input is masked where the input is not positive */
    bool is_fused;          /* of a relu: the layers around it do its work: forward, */
    bool is_fused_backward; /* backward */
    size_t sums_index;      /* of a norm: which of the pass' sums */
    size_t dropout_index;   /* of a dropout: which stream of random numbers */

    size_t num_tensors;
    struct layer_tensor tensors[LAYER_MAX_TENSORS];
    size_t packed_offset,
        packed_backward_offset; /* in floats from the start of the packed buffer */
    size_t packed_size, packed_backward_size;
    size_t notes_size, notes_offset;    /* bytes a row that forward leaves for backward */
    size_t scratch_size;                /* floats that a thread needs for it */
    size_t num_factors, factors_offset; /* of a layer with sums: floats that the batch's give */
};

/* What a layer is told of one slice.  Pointers are to the slice's first row. */
struct layer_slice {
    const struct kernels *kernels;
    const float *parameters;
    const float *packed;
    size_t num_rows;
    bool is_training;

    const float *input;
    float *output;
    const float *grad_output;
    float *grad_input; /* NULL where nobody asks for it */
    uint8_t *notes;
    float *grad;    /* [the model's num_slice_parameters]: this slice's gradient, by offsets */
    float *scratch; /* [scratch_size], the thread's */

    /* Dropout: a row's random numbers are a function of these. */
    uint64_t seed, epoch;
    const uint32_t *samples; /* [num_rows] */

    /* Norms: this slice's sums, and what the whole batch's say of each channel. */
    double *sums;
    const float *factors;

    /* Residuals: the value, or its gradient, at the partner's other side. */
    const float *partner;
};

/* What the sums over a whole batch are made of and into, of one norm. */
struct layer_batch {
    float *parameters;  /* running averages are changed */
    const double *sums; /* of all rows */
    uint64_t num_rows;
    float *factors;
};

struct layer_tile {
    const struct kernels *kernels;
    const float *input, *grad_output; /* of the batch's first own row */
    size_t num_rows, slice_rows;
    size_t begin_slice, end_slice;
    float *scratch; /* [rows][GEMM_PANEL] */
    float *grad;    /* flat buffer */
};

struct layer_type {
    const char *name;  /* in texts */
    const char *usage; /* "conv:N[:K][:sS]" */
    const char *help;
    bool is_in_place;
    bool gives_vector; /* whatever it takes; else a vector of a vector, an image of an image */
    bool applies_relu; /* forward, where relu_is_fused says so */
    bool has_mask;     /* backward masks grad_input where input_is_relu says so */

    /*
     * From arguments (the parts of the text behind colons), input and num_outputs to output,
     * tensors, packed sizes and notes_size; refuses (STATUS_USAGE, without naming the layer) what
     * cannot be.
     */
    bool (*plan)(struct layer *layer, const char *const *arguments, size_t num_arguments,
                 struct error *error);
    /* Sets what depends on the halos of input and output, once they are known; NULL: nothing. */
    void (*place)(struct layer *layer);

    void (*forward)(const struct layer *layer, const struct layer_slice *slice);
    /* Writes grad_input, and the slice's gradient of tensors that are not tiled. */
    void (*backward)(const struct layer *layer, const struct layer_slice *slice);

    /* Packs parameters for a thread's share of the work; NULL: nothing is packed. */
    void (*pack)(const struct layer *layer, const struct kernels *kernels, const float *parameters,
                 float *packed, bool with_backward, size_t thread, size_t num_threads);

    /* The gradient of tile tile of num_tiles(layer), of all the slices; NULL: no tiled tensor. */
    size_t (*num_tiles)(const struct layer *layer);
    void (*gradient_tile)(const struct layer *layer, const struct layer_tile *at, size_t tile);

    /*
     * Of a layer that needs sums over the whole batch before it can go on: sums [2 channels] of a
     * slice, forward and backward, and what they give; NULL for others.
     */
    void (*sum_forward)(const struct layer *layer, const struct layer_slice *slice);
    void (*end_forward)(const struct layer *layer, const struct layer_batch *batch);
    void (*sum_backward)(const struct layer *layer, const struct layer_slice *slice);
    void (*end_backward)(const struct layer *layer, const struct layer_batch *batch);

    /* Multiply-adds of a row, forward; NULL: so few that nobody counts them. */
    uint64_t (*num_multiply_adds)(const struct layer *layer);
};

/* The table, NULL at the end. */
extern const struct layer_type *const layer_types[];

/* What the plan adds by itself. */
extern const struct layer_type layer_flatten;
extern const struct layer_type layer_residual_begin;
extern const struct layer_type layer_residual_end;

/* For plan functions. */
bool layer_no_arguments(const struct layer *layer, size_t num_arguments, struct error *error);
void layer_add_tensor(struct layer *layer, const char *suffix, enum tensor_role role, size_t rank,
                      const size_t *shape);

static inline size_t layer_tensor_size(const struct layer *layer, size_t index)
{
    return tensor_num_elements(&layer->tensors[index].tensor);
}

#endif
