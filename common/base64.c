#include "common/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_length(size_t nbytes)
{
    return (nbytes + 2) / 3 * 4;
}

void base64_write(FILE *stream, const void *bytes, size_t nbytes)
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < nbytes; i += 3) {
        size_t left = nbytes - i;
        uint32_t group = (uint32_t)from[i] << 16 | (left > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
                         (left > 2 ? from[i + 2] : 0);

        fputc(alphabet[group >> 18], stream);
        fputc(alphabet[group >> 12 & 63], stream);
        fputc(left > 1 ? alphabet[group >> 6 & 63] : '=', stream);
        fputc(left > 2 ? alphabet[group & 63] : '=', stream);
    }
}
