/*
 * A network: layers planned from a text such as "conv:16 relu pool dense:128 relu dropout:0.3", for
 * images of one shape and a number of logits.
 *
 * The text is words, separated by white space; a word is the name of a layer type and its arguments
 * behind colons.  "res( ... )" adds what stands inside to its own input.  The dense layer that
 * gives the logits follows by itself.  Layers are named by type and order, conv1, conv2, dense1,
 * ..., output.
 *
 * The plan takes no memory but for itself, however large the network is: what it would take is in
 * its sizes.
 */
#ifndef QUERN_MODEL_NETWORK_H
#define QUERN_MODEL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/tensor.h"
#include "model/layers/layer.h"

enum { NETWORK_MAX_LAYERS = 1024, NETWORK_MAX_TEXT = 4096 };

/* What lies between two layers; sizes and offsets are floats of one row. */
struct network_value {
    struct conv_map map;
    size_t size;
    /* Vectors lie together for the whole batch, as sums over rows read them; images only for the
     * slices at work. */
    bool is_vector;
    size_t offset;
    bool has_gradient;
};

struct network {
    size_t num_layers;
    struct layer *layers; /* owned; the last gives the logits */
    size_t num_values;
    struct network_value *values; /* owned; 0 is the input */
    size_t num_logits;

    /*
     * The flat buffer, in floats; each tensor starts on a cache line.  First come those whose
     * gradients are summed slice by slice, then those of tiles, then what no step changes.
     */
    size_t num_slice_parameters, num_trained_parameters, num_parameters;
    size_t packed_size, packed_backward_size; /* forward needs the first, training their sum */

    size_t image_size, vector_size; /* floats of a row's values; as many again of gradients */
    size_t notes_size;              /* bytes of a row */
    size_t scratch_size;            /* floats of a thread */
    size_t num_sums;                /* layers that need sums over the whole batch */
    size_t sums_size;               /* doubles of a slice's largest sums */
    size_t factors_size;            /* floats of all such layers */
    uint64_t num_multiply_adds;     /* of a row, forward */
};

/*
 * Plans; STATUS_USAGE names the layer that cannot be, and why.  image: of the pixels.
 */
bool network_plan(struct network *network, const char *text, const struct image_shape *image,
                  size_t num_logits, struct error *error);
void network_free(struct network *network);

/*
 * Freezes the layers of names, with commas between them.  STATUS_USAGE for one that is not there or
 * has no parameters, and when none would be left to train.
 */
bool network_freeze(struct network *network, const char *names, struct error *error);

/* All elements of all tensors. */
uint64_t network_count_parameters(const struct network *network);

/* All elements of one layer's tensors. */
uint64_t network_layer_parameters(const struct layer *layer);

/* What a layer gives for an image: "16x28x28" (channels x height x width), "128" of a vector. */
const char *network_format_output(const struct network *network, const struct layer *layer,
                                  char *buffer, size_t size);

/*
 * Prints a table: each layer's name, text, output (channels x height x width), parameters,
 * multiply-adds of an image, and bytes of its outputs and their gradients for an image.
 */
void network_print(const struct network *network, FILE *stream);

#endif
