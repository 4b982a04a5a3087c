#include "view/terminal/kitty.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/memory.h"

enum {
    PIECE_NBYTES = 4096 / 4 * 3, /* that become 4,096 letters */
    RGBA_NBYTES = 4,
};

static void kitty_write_base64(FILE *stream, const uint8_t *bytes, size_t nbytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < nbytes; i += 3) {
        uint32_t word = (uint32_t)bytes[i] << 16 | (i + 1 < nbytes ? bytes[i + 1] << 8 : 0) |
                        (i + 2 < nbytes ? bytes[i + 2] : 0);

        fputc(letters[word >> 18], stream);
        fputc(letters[word >> 12 & 63], stream);
        fputc(i + 1 < nbytes ? letters[word >> 6 & 63] : '=', stream);
        fputc(i + 2 < nbytes ? letters[word & 63] : '=', stream);
    }
}

/* The picture as red, green, blue and opacity, deflated; *bytes is malloc'ed. */
static bool kitty_deflate(const struct raster *picture, const struct picture_tiles *tiles,
                          uint8_t **bytes, size_t *nbytes, struct error *error)
{
    size_t count = picture->width * picture->height;
    uLong bound = compressBound(count * RGBA_NBYTES);
    uint8_t *pixels = NULL;
    bool ok = memory_allocate_unset(&pixels, count, RGBA_NBYTES, error) &&
              memory_allocate_unset(bytes, bound, 1, error);

    for (size_t i = 0; i < count && ok; i++) {
        bool is_hole = picture_is_hole(tiles, i % picture->width, i / picture->width);

        memcpy(pixels + i * RGBA_NBYTES, picture->pixels + i * RASTER_CHANNELS, RASTER_CHANNELS);
        pixels[i * RGBA_NBYTES + RASTER_CHANNELS] = is_hole ? 0 : UINT8_MAX;
    }
    if (ok && compress(*bytes, &bound, pixels, count * RGBA_NBYTES) != Z_OK)
        ok = error_set(error, STATUS_INTERNAL, NULL, "cannot compress a picture");
    *nbytes = bound;
    free(pixels);
    return ok;
}

bool kitty_write(FILE *stream, const struct raster *picture, const struct picture_tiles *tiles,
                 struct error *error)
{
    uint8_t *bytes = NULL;
    size_t nbytes = 0;
    bool ok = kitty_deflate(picture, tiles, &bytes, &nbytes, error);

    for (size_t at = 0; at < nbytes && ok; at += PIECE_NBYTES) {
        size_t left = nbytes - at;

        /* a=T: transmit and show; f=32: RGBA; o=z: deflated; q=2: no answer; m=1: more follow. */
        if (at == 0)
            fprintf(stream, "\033_Ga=T,f=32,o=z,s=%zu,v=%zu,q=2,m=%d;", picture->width,
                    picture->height, left > PIECE_NBYTES);
        else
            fprintf(stream, "\033_Gm=%d;", left > PIECE_NBYTES);
        kitty_write_base64(stream, bytes + at, left < PIECE_NBYTES ? left : PIECE_NBYTES);
        fputs("\033\\", stream);
    }
    free(bytes);
    return ok;
}
