#include "view/terminal/kitty.h"

#include <stdlib.h>

#include "view/png_write.h"

enum { PIECE_NBYTES = 4096 / 4 * 3 }; /* that become 4,096 letters */

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

bool kitty_write(FILE *stream, const struct raster *picture, struct error *error)
{
    void *bytes = NULL;
    size_t nbytes = 0;

    if (!png_write_bytes(picture, &bytes, &nbytes, error))
        return false;
    for (size_t at = 0; at < nbytes; at += PIECE_NBYTES) {
        size_t left = nbytes - at;

        /* a=T: transmit and show; f=100: a PNG; q=2: no answer; m=1: more pieces follow. */
        fprintf(stream, "\033_G%sm=%d;", at == 0 ? "a=T,f=100,q=2," : "", left > PIECE_NBYTES);
        kitty_write_base64(stream, (const uint8_t *)bytes + at,
                           left < PIECE_NBYTES ? left : PIECE_NBYTES);
        fputs("\033\\", stream);
    }
    free(bytes);
    return true;
}
