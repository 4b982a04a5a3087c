/*
 * Pictures as sixels (DEC's "VT330/VT340 Programmer Reference Manual", volume 2, chapter 14): rows
 * of six pixels, drawn colour by colour from a palette of 256 at most.
 */
#ifndef QUERN_VIEW_TERMINAL_SIXEL_H
#define QUERN_VIEW_TERMINAL_SIXEL_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"
#include "view/raster.h"
#include "view/terminal/picture.h"

/* Writes the whole sequence.  A picture of more colours than the palette has is drawn in the
 * nearest of a palette made for it. */
bool sixel_write(FILE *stream, const struct raster *picture, const struct picture_tiles *tiles,
                 struct error *error);

#endif
