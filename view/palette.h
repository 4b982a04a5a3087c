/*
 * Few colours for a picture of many: for terminals that have a palette.
 */
#ifndef QUERN_VIEW_PALETTE_H
#define QUERN_VIEW_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "view/raster.h"

enum { PALETTE_MAX_COLOURS = 256 };

struct palette {
    size_t count;
    struct colour colours[PALETTE_MAX_COLOURS];
    uint8_t *indices; /* [height][width] of the picture; owned */
};

/*
 * The picture's own colours if they are 256 at most, and else the means of 256 boxes of colours,
 * cut by the median of their longest side (Heckbert, "Color image quantization for frame buffer
 * display", 1982), of colours rounded to 5 bits a channel.  Free indices after a failure too.
 */
bool palette_make(struct palette *palette, const struct raster *picture, struct error *error);

#endif
