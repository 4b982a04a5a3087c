/*
 * The orientation of a JPEG picture, as its EXIF data give it (JEITA CP-3451): how the rows and
 * columns that are stored become those that are meant.
 */
#ifndef QUERN_IMAGES_EXIF_H
#define QUERN_IMAGES_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How the stored picture becomes the one that is meant: 2 mirrored left to right, 3 turned by half,
 * 4 mirrored top to bottom, 5 transposed, 6 turned clockwise, 7 transposed along the other
 * diagonal, 8 turned anticlockwise.  1, as it is, also where there are no EXIF data or none that
 * can be read. bytes are a whole JPEG file, of which the headers before the first scan are looked
 * at, once.
 */
int exif_find_orientation(const uint8_t *bytes, size_t nbytes);

static inline bool exif_exchanges_axes(int orientation)
{
    return orientation >= 5;
}

/*
 * Where pixels of a stored picture of width x height belong in the picture that is meant: pixel
 * (x, y) is number first + y * row_step + x * column_step of it, counted row by row.
 */
struct exif_placement {
    ptrdiff_t first, row_step, column_step;
};

struct exif_placement exif_place(int orientation, uint32_t width, uint32_t height);

#endif
