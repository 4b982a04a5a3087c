/*
 * Pictures in memory: RGB, 8 bits a channel, made of images, rectangles and text, for terminals
 * (view/terminal/) and files (view/png_write.h).  Coordinates are pixels from the top left; what
 * lies outside of a picture is not drawn.
 */
#ifndef QUERN_VIEW_RASTER_H
#define QUERN_VIEW_RASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "view/colours.h"

/* A side of a picture is RASTER_MAX_SIDE at most, as an image's, and all of it fits into memory. */
enum { RASTER_MAX_SIDE = 65535, RASTER_CHANNELS = 3 };

struct raster {
    size_t width, height;
    uint8_t *pixels; /* [height][width][3]; owned */
};

/* A picture of one colour.  Free it with raster_free, after a failure too. */
bool raster_create(struct raster *raster, size_t width, size_t height, struct colour colour,
                   struct error *error);
/* A picture of pixels [height][width][channels] of a store; gray becomes RGB. */
bool raster_from_image(struct raster *raster, const struct image_shape *image,
                       const uint8_t *pixels, struct error *error);
/*
 * A picture of values [height][width], one pixel each: low is the beginning of the map, high its
 * end, what is beyond has the colour of the nearest.  A value that is no number is in no colour
 * of the maps (colour_missing).
 */
bool raster_from_values(struct raster *raster, const float *values, size_t width, size_t height,
                        enum colour_map map, float low, float high, struct error *error);
void raster_free(struct raster *raster);

static inline struct colour raster_get(const struct raster *raster, size_t x, size_t y)
{
    const uint8_t *at = raster->pixels + (y * raster->width + x) * RASTER_CHANNELS;

    return (struct colour){at[0], at[1], at[2]};
}

/* ---- drawing ---- */

void raster_fill(struct raster *raster, size_t left, size_t top, size_t width, size_t height,
                 struct colour colour);
/* Copies a picture, each of its pixels as factor x factor (1 or more). */
void raster_put(struct raster *raster, size_t left, size_t top, const struct raster *picture,
                size_t factor);

/* ---- of another size ---- */

/*
 * Each pixel of the result is the mean of the area of the source that it stands for (box filter),
 * in whole numbers: whole factors repeat pixels, fractions average them.
 */
bool raster_resize(struct raster *result, const struct raster *source, size_t width, size_t height,
                   struct error *error);

/* ---- text, in the font of view/font.h ---- */

/* Pixels that a text takes, of letters enlarged by factor. */
size_t raster_text_width(const char *text, size_t factor);
size_t raster_text_height(size_t factor);
/* UTF-8; a character that the font does not have is drawn as an empty box. */
void raster_text(struct raster *raster, size_t left, size_t top, const char *text, size_t factor,
                 struct colour colour);

#endif
