#include "view/terminal/sixel.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "view/palette.h"

enum { BAND_ROWS = 6, FIRST_LETTER = 63 };

/* A run of one letter. */
static void sixel_write_run(FILE *stream, uint8_t bits, size_t length)
{
    if (length > 3)
        fprintf(stream, "!%zu%c", length, FIRST_LETTER + bits);
    else
        for (size_t i = 0; i < length; i++)
            fputc(FIRST_LETTER + bits, stream);
}

/* Of six rows from top on, the pixels of one colour: a bit for each row, the top one the lowest. */
static void sixel_write_colour(FILE *stream, const struct raster *picture,
                               const struct picture_tiles *tiles, const uint8_t *indices,
                               size_t top, uint8_t index)
{
    size_t rows = picture->height - top < BAND_ROWS ? picture->height - top : BAND_ROWS;
    size_t length = 0;
    uint8_t before = 0;

    fprintf(stream, "#%u", index);
    for (size_t x = 0; x < picture->width; x++) {
        uint8_t bits = 0;

        for (size_t y = 0; y < rows; y++)
            if (indices[(top + y) * picture->width + x] == index &&
                !picture_is_hole(tiles, x, top + y))
                bits |= (uint8_t)(1 << y);
        if (length > 0 && bits != before) {
            sixel_write_run(stream, before, length);
            length = 0;
        }
        before = bits;
        length++;
    }
    if (before != 0) /* nothing behind the last pixel need be drawn */
        sixel_write_run(stream, before, length);
}

static void sixel_write_band(FILE *stream, const struct raster *picture,
                             const struct picture_tiles *tiles, const struct palette *palette,
                             size_t top)
{
    bool is_used[PALETTE_MAX_COLOURS] = {false}, is_first = true;

    for (size_t i = top * picture->width;
         i < (top + BAND_ROWS) * picture->width && i < picture->height * picture->width; i++)
        is_used[palette->indices[i]] = true;
    for (size_t c = 0; c < palette->count; c++) {
        if (!is_used[c])
            continue;
        if (!is_first)
            fputc('$', stream); /* back to the beginning of the six rows */
        sixel_write_colour(stream, picture, tiles, palette->indices, top, (uint8_t)c);
        is_first = false;
    }
}

bool sixel_write(FILE *stream, const struct raster *picture, const struct picture_tiles *tiles,
                 struct error *error)
{
    struct palette palette;
    bool ok = palette_make(&palette, picture, error);

    if (ok) {
        /* Pixels that are not drawn stay as they are; pixels are square. */
        fprintf(stream, "\033P0;1;0q\"1;1;%zu;%zu", picture->width, picture->height);
        for (size_t c = 0; c < palette.count; c++)
            fprintf(stream, "#%zu;2;%d;%d;%d", c, (palette.colours[c].red * 100 + 127) / 255,
                    (palette.colours[c].green * 100 + 127) / 255,
                    (palette.colours[c].blue * 100 + 127) / 255);
        for (size_t top = 0; top < picture->height; top += BAND_ROWS) {
            if (top > 0)
                fputc('-', stream);
            sixel_write_band(stream, picture, tiles, &palette, top);
        }
        fputs("\033\\", stream);
    }
    free(palette.indices);
    return ok;
}
