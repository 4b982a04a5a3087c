/*
 * The loops that take the time, compiled for several instruction sets and chosen at run time.
 * All give the same bits (nan payloads apart): each function says the order of its sums, fma is
 * one rounding, every other operation rounds once.  kernels_reference says the same in plain
 * loops.  All functions are thread-safe as long as nobody else touches what they write.
 *
 * Shapes: rows[B] point to D pixels each; C outputs.  No alignment is asked for, and nothing is
 * read or written beyond what the shapes say.
 */
#ifndef QUERN_MODEL_KERNELS_H
#define QUERN_MODEL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "model/kernels/conv.h"
#include "model/kernels/gemm.h"
#include "model/kernels/maps.h"
#include "model/kernels/norm_kernels.h"
#include "model/kernels/optimizer_kernels.h"

enum {
    KERNELS_NUM_LANES = 16,         /* partial sums of a dot product */
    KERNELS_DISTANCE_INPUTS = 4096, /* inputs after which a distance starts new partial sums */
    KERNELS_MAX_SLICES_LOG2 = 32,   /* tree_add takes up to 2^32 slices */
    KERNELS_MAX_TABLES = 3,
};

/* Between an image and a mean image: means of absolute differences, and of squares. */
enum model_distance { DISTANCE_L1, DISTANCE_L2 };

struct kernels {
    const char *name; /* "baseline", "avx2", "avx512": a value of QUERN_CPU */

    /*
     * logits[b][c] = fma(dot(rows[b], weight[c]), 1/255, bias[c]).  The dot product: lane j of 16
     * is fma(pixel[16k + j], weight[16k + j], lane j) for k = 0, 1, ..., with zeros beyond D;
     * then lane j += lane j + 8 for j < 8, and so with 4, 2 and 1.
     */
    void (*dense_forward)(const uint8_t *const *rows, size_t B, const float *weight,
                          const float *bias, size_t C, size_t D, float *logits);

    /*
     * grad_weight[c][d] = fma(grad_logits[b][c] * (1/255), rows[b][d], grad_weight[c][d]) for
     * b = 0, 1, ... from 0; grad_bias[c] = sum of grad_logits[b][c] in the same order.
     * next [B], or NULL, are the rows that come after these: they are fetched meanwhile, as this
     * pass finds its own in a cache.
     */
    void (*dense_backward)(const uint8_t *const *rows, const uint8_t *const *next, size_t B,
                           const float *grad_logits, size_t C, size_t D, float *grad_weight,
                           float *grad_bias);

    /*
     * distances[b][c]: with e = pixel * (1/255) - mean[c][d], L1 is sum(|e|) / D and L2 is
     * sqrt(sum(e^2) / D).  Lanes as in a dot product (L2 by fma), but after each 4096 inputs the
     * lanes are added to 16 totals and start anew, so that the error does not grow with D.
     */
    void (*distances)(const uint8_t *const *rows, size_t B, const float *mean, size_t C, size_t D,
                      enum model_distance distance, float *distances);

    /*
     * slices[0] = the sum of slices[0 .. num_slices - 1] over [begin, end), in a binary tree: for
     * stride 1, 2, 4, ..., slice i += slice i + stride, for i a multiple of 2 stride.  What
     * the other slices hold afterwards is not said.  num_slices > 0.
     */
    void (*tree_add)(float *const *slices, size_t num_slices, size_t begin, size_t end);

    /* destination[i] += source[i] over [begin, end) */
    void (*add)(float *destination, const float *source, size_t begin, size_t end);

    /*
     * One step of stochastic gradient descent over [begin, end), by PyTorch's rule:
     * g = weight_decay != 0 ? fma(weight_decay, w, grad) : grad; v = fma(momentum, v, g), or g
     * without velocity (NULL); w = fma(-learning_rate, v, w).
     */
    void (*sgd_step)(float *parameters, float *velocity, const float *grad, float learning_rate,
                     float momentum, float weight_decay, size_t begin, size_t end);

    /* x[i] = math_exp(x[i]) and x[i] = math_log1p(x[i]) for i < count (model/math_functions.h) */
    void (*exp)(double *x, size_t count);
    void (*log1p)(double *x, size_t count);

    /* What networks are made of: gemm.h, conv.h, maps.h, optimizer_kernels.h */
    const struct gemm_kernels *gemm;
    const struct conv_kernels *conv;
    const struct map_kernels *maps;
    const struct optimizer_kernels *optimizer;
    const struct norm_kernels *norm; /* norm_kernels.h */
};

/* The oracle of the tests: scalar loops straight from the definitions, by the C library's fmaf. */
extern const struct kernels kernels_reference;
extern const struct gemm_kernels gemm_reference;
extern const struct conv_kernels conv_reference;
extern const struct map_kernels maps_reference;
extern const struct optimizer_kernels optimizer_reference;
extern const struct norm_kernels norm_reference;

/* The tables this CPU can run, slowest first, the baseline always among them; returns how many. */
size_t kernels_list(const struct kernels *tables[KERNELS_MAX_TABLES]);

/*
 * The fastest table, or the one the environment variable QUERN_CPU names.  STATUS_USAGE if that
 * is no name of a table, or one that this CPU cannot run.
 */
bool kernels_choose(const struct kernels **kernels, struct error *error);

#endif
