/*
 * Batch normalization's loops over maps (Ioffe and Szegedy, "Batch normalization", 2015).  Every
 * sum is in double precision, over rows, then y, x, in this order, for each channel by itself: a
 * channel is one lane, so any instruction set gives the same bits.  Halos are neither read nor
 * written.
 */
#ifndef QUERN_MODEL_NORM_KERNELS_H
#define QUERN_MODEL_NORM_KERNELS_H

#include <stddef.h>

#include "model/kernels/conv.h"

struct norm_kernels {
    /* first[c] = sum of x, second[c] = sum of x y; of squares where y is x */
    void (*sums)(const struct conv_map *map, const float *x, const float *y, size_t num_rows,
                 double *first, double *second);

    /* y = fma(x, scale[c], shift[c]) */
    void (*apply)(const struct conv_map *map, const float *x, const float *scale,
                  const float *shift, size_t num_rows, float *y);

    /* grad_x = fma(x, of_x[c], fma(grad_y, of_grad[c], constant[c])) */
    void (*gradient)(const struct conv_map *map, const float *x, const float *grad_y,
                     const float *of_x, const float *of_grad, const float *constant,
                     size_t num_rows, float *grad_x);
};

#endif
