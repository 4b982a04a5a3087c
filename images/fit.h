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

/*
 * What is done with an image of another shape than the row's.  Stretched, each axis is scaled by
 * itself.  Padded, it is scaled until all of it just fits, and stands in the middle of the
 * background.  Cropped, it is scaled until it just covers the row, and its middle is taken.  The
 * side that does not decide is rounded to whole pixels, half up, 1 at least; what does not share
 * out evenly leaves the odd pixel at the right or at the bottom.  (No side is scaled to more than
 * 2^24 pixels: of an image that is longer, cropped, the sides lose their proportion.)
 */
enum fit_mode { FIT_STRETCH, FIT_PAD, FIT_CROP };

/* "stretch", "pad", "crop", NULL */
extern const char *const fit_mode_names[];

struct fit {
    enum fit_mode mode;
    uint8_t background[3]; /* of FIT_PAD; of gray images the first is taken */
};

/* Values of scratch memory that fit_image needs for this output. */
size_t fit_num_scratch(const struct image_shape *out_shape);

/* in and out are [height][width][channels], of equal channels.  Thread-safe. */
void fit_image(const struct fit *fit, const uint8_t *in, const struct image_shape *in_shape,
               uint8_t *out, const struct image_shape *out_shape, uint64_t *scratch);

#endif
