/*
 * Pictures by kitty's graphics protocol: RGBA, deflated, in base64, in pieces of 4,096 bytes.
 * https://sw.kovidgoyal.net/kitty/graphics-protocol/
 */
#ifndef QUERN_VIEW_TERMINAL_KITTY_H
#define QUERN_VIEW_TERMINAL_KITTY_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"
#include "view/raster.h"
#include "view/terminal/picture.h"

/* Writes the whole sequence; the terminal is told not to answer. */
bool kitty_write(FILE *stream, const struct raster *picture, const struct picture_tiles *tiles,
                 struct error *error);

#endif
