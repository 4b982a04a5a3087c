/*
 * Changing the size of an image: along each axis the area average when it shrinks (each output
 * pixel is the mean of what it covers) and bilinear interpolation between the middles of pixels
 * when it grows.  All weights are integers and the result is rounded once, half up, so the outcome
 * is the same everywhere.
 */
#ifndef QUERN_INGEST_RESIZE_H
#define QUERN_INGEST_RESIZE_H

#include <stdint.h>

#include "common/tensor.h"

/* Values of scratch memory that resize_image needs for this output. */
size_t resize_num_scratch(const struct image_shape *out_shape);

/* in and out are [height][width][channels], of equal channels.  Thread-safe. */
void resize_image(const uint8_t *in, const struct image_shape *in_shape, uint8_t *out,
                  const struct image_shape *out_shape, uint64_t *scratch);

#endif
