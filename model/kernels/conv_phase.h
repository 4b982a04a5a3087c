/*
 * Which taps of a kernel reach an input, for the gradient of a convolution's input.
 *
 * With stride s, an input row at y + padding = q s + r is seen by outputs q - t at the taps
 * r + t s.  Inputs of the same remainder r are a phase: they see the same taps, and the outputs
 * that a phase sees from one input to the next are neighbours, as in a convolution of stride 1.
 * Columns alike.
 */
#ifndef QUERN_MODEL_CONV_PHASE_H
#define QUERN_MODEL_CONV_PHASE_H

#include "model/kernels/conv.h"
#include "model/kernels/gemm.h"

struct conv_phase {
    size_t remainder, num_taps;
};

static inline struct conv_phase conv_phase_of(size_t kernel, size_t stride, size_t remainder)
{
    return (struct conv_phase){remainder,
                               remainder < kernel ? (kernel - 1 - remainder) / stride + 1 : 0};
}

/* The tap that the i-th of the outputs in ascending order is seen through. */
static inline size_t conv_phase_tap(const struct conv_phase *phase, const struct conv_shape *shape,
                                    size_t i)
{
    return phase->remainder + (phase->num_taps - 1 - i) * shape->stride;
}

/* The first output (row or column) that the input at position sees, counted from the first of the
 * halo. */
static inline size_t conv_phase_first(const struct conv_phase *phase,
                                      const struct conv_shape *shape, size_t position)
{
    return (position + shape->padding) / shape->stride + shape->grad_output.halo + 1 -
           phase->num_taps;
}

/* The phases of rows (and in them of columns) before this one pack so many taps. */
static inline size_t conv_phase_taps_before(size_t kernel, size_t stride, size_t remainder)
{
    size_t num_taps = 0;

    for (size_t r = 0; r < remainder; r++)
        num_taps += conv_phase_of(kernel, stride, r).num_taps;
    return num_taps;
}

/* Where the weights of a pair of phases are in what conv_pack_transposed packs. */
static inline size_t conv_phase_offset(const struct conv_shape *shape,
                                       const struct conv_phase *rows,
                                       const struct conv_phase *columns)
{
    const size_t num_taps =
        conv_phase_taps_before(shape->kernel_height, shape->stride, rows->remainder) *
            shape->kernel_width +
        rows->num_taps *
            conv_phase_taps_before(shape->kernel_width, shape->stride, columns->remainder);

    return num_taps * gemm_packed_size(shape->output.channels, shape->input.channels);
}

#endif
