/*
 * Pictures on the terminal: as sixels, by kitty's protocol, as coloured cells, or as letters.
 */
#ifndef QUERN_VIEW_TERMINAL_PICTURE_H
#define QUERN_VIEW_TERMINAL_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"
#include "view/raster.h"
#include "view/terminal/terminal.h"

/*
 * How large a picture becomes.  A terminal draws units: a pixel of sixels and kitty, half a cell,
 * or a whole cell, which is twice as high as wide.
 */
struct picture_size {
    size_t width, height; /* units */
    size_t columns, rows; /* cells that these take */
};

/*
 * The size of a picture of width x height pixels within max_columns x max_rows cells (0 rows: any):
 * each pixel a square of scale units if scale is not 0, else of as many as fit and do not make it
 * huge; reduced in proportion where it does not fit even so.
 */
struct picture_size picture_measure(const struct terminal *terminal, size_t width, size_t height,
                                    size_t max_columns, size_t max_rows, size_t scale);

/* Units of a cell: how far apart cells are in a picture that picture_draw takes. */
size_t picture_unit_columns(const struct terminal *terminal);
size_t picture_unit_rows(const struct terminal *terminal);

/* Rows for a picture that shall be seen whole. */
size_t picture_max_rows(const struct terminal *terminal);

/*
 * Tiles side by side, gap units between one and the next: what is between and below them is left as
 * the terminal is.  {0}: the picture is one.
 */
struct picture_tiles {
    size_t width, height, gap;
};

/* Is the unit at x, y outside of the tiles? */
static inline bool picture_is_hole(const struct picture_tiles *tiles, size_t x, size_t y)
{
    return tiles->width > 0 &&
           (y >= tiles->height || x % (tiles->width + tiles->gap) >= tiles->width);
}

/* Draws a picture whose pixels are units, and goes to the next line. */
bool picture_draw(FILE *stream, const struct terminal *terminal, const struct raster *units,
                  const struct picture_tiles *tiles, struct error *error);

/* One picture, as large as picture_measure makes it in the whole width of the terminal. */
bool picture_print(FILE *stream, const struct terminal *terminal, const struct raster *picture,
                   size_t scale, struct error *error);

#endif
