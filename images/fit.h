/*
 * Images of any size to one size: along each axis the area average when it shrinks (each output
 * pixel is the mean of the input pixels that it covers) and bilinear interpolation between the
 * middles of input pixels when it grows.  All weights are integers and each output pixel is rounded
 * once, half up, so that every machine gives the same pixels.
 */
#ifndef QUERN_IMAGES_FIT_H
#define QUERN_IMAGES_FIT_H

#include <stdint.h>

#include "common/tensor.h"

/* Values of scratch memory that fit_image needs for this output. */
size_t fit_num_scratch(const struct image_shape *out_shape);

/* in and out are [height][width][channels], of equal channels.  Thread-safe. */
void fit_image(const uint8_t *in, const struct image_shape *in_shape, uint8_t *out,
               const struct image_shape *out_shape, uint64_t *scratch);

#endif
