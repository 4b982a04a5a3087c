#include "images/png_plain.h"

#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/decompress.h"

/* A chunk is its length, its name of 4 bytes, the bytes, and the CRC-32 of name and bytes. */
enum { SIGNATURE_NBYTES = 8, CHUNK_NBYTES = 12, HEADER_NBYTES = 13 };

struct png_plain {
    struct decompressor *decompressor;
    uint8_t *rows; /* [height][1 + row bytes]: a filter and what it left */
    size_t capacity_nbytes;
};

void png_plain_destroy(struct png_plain *plain)
{
    if (plain) {
        decompressor_destroy(plain->decompressor);
        free(plain->rows);
    }
    free(plain);
}

/* ---- filters: ISO/IEC 15948, 9 ---- */

static unsigned png_plain_distance(int a, int b)
{
    return (unsigned)abs(a - b);
}

/* Whichever of left, above and upper left is nearest to left + above - upper left. */
static uint8_t png_plain_predict_paeth(uint8_t left, uint8_t above, uint8_t upper_left)
{
    int estimate = left + above - upper_left;
    unsigned to_left = png_plain_distance(estimate, left),
             to_above = png_plain_distance(estimate, above);
    unsigned to_upper_left = png_plain_distance(estimate, upper_left);

    if (to_left <= to_above && to_left <= to_upper_left)
        return left;
    return to_above <= to_upper_left ? above : upper_left;
}

/* Undoes the filter of a row of nbytes in place; above is the row before, undone, or zeros; step
 * is the bytes of a pixel.  False for a filter that there is not. */
static bool png_plain_undo_filter(unsigned filter, uint8_t *restrict row,
                                  const uint8_t *restrict above, size_t nbytes, size_t step)
{
    switch (filter) {
    case 0:
        return true;
    case 1:
        for (size_t i = step; i < nbytes; i++)
            row[i] = (uint8_t)(row[i] + row[i - step]);
        return true;
    case 2:
        for (size_t i = 0; i < nbytes; i++)
            row[i] = (uint8_t)(row[i] + above[i]);
        return true;
    case 3:
        for (size_t i = 0; i < step && i < nbytes; i++)
            row[i] = (uint8_t)(row[i] + above[i] / 2);
        for (size_t i = step; i < nbytes; i++)
            row[i] = (uint8_t)(row[i] + (row[i - step] + above[i]) / 2);
        return true;
    case 4:
        for (size_t i = 0; i < step && i < nbytes; i++)
            row[i] = (uint8_t)(row[i] + above[i]);
        for (size_t i = step; i < nbytes; i++)
            row[i] = (uint8_t)(row[i] +
                               png_plain_predict_paeth(row[i - step], above[i], above[i - step]));
        return true;
    default:
        return false;
    }
}

/* ---- the file ---- */

static uint32_t png_plain_get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Is at bytes a whole chunk of that name, with the right checksum? */
static bool png_plain_is_chunk(const uint8_t *bytes, size_t nbytes, const char *name)
{
    size_t length;

    if (nbytes < CHUNK_NBYTES || memcmp(bytes + 4, name, 4) != 0)
        return false;
    length = png_plain_get_u32(bytes);
    return length <= nbytes - CHUNK_NBYTES &&
           crc32_of(bytes + 4, length + 4) == png_plain_get_u32(bytes + 8 + length);
}

/* Finds header, pixels and end, and nothing else. */
static bool png_plain_find_chunks(const uint8_t *bytes, size_t nbytes, const uint8_t **header,
                                  const uint8_t **data, size_t *data_nbytes)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    size_t at = SIGNATURE_NBYTES;

    if (nbytes < SIGNATURE_NBYTES || memcmp(bytes, signature, SIGNATURE_NBYTES) != 0 ||
        !png_plain_is_chunk(bytes + at, nbytes - at, "IHDR") ||
        png_plain_get_u32(bytes + at) != HEADER_NBYTES)
        return false;
    *header = bytes + at + 8;
    at += CHUNK_NBYTES + HEADER_NBYTES;
    if (!png_plain_is_chunk(bytes + at, nbytes - at, "IDAT"))
        return false;
    *data = bytes + at + 8;
    *data_nbytes = png_plain_get_u32(bytes + at);
    at += CHUNK_NBYTES + *data_nbytes;
    return png_plain_is_chunk(bytes + at, nbytes - at, "IEND") &&
           png_plain_get_u32(bytes + at) == 0;
}

/* 1 or 3 channels for a header of 8-bit gray or RGB, not interlaced; else 0. */
static unsigned png_plain_read_header(const uint8_t *header, uint64_t max_pixels,
                                      struct image_info *info)
{
    static const uint8_t rest[] = {0, 0, 0}; /* compression, filter, interlacing */
    unsigned color_type = header[9];

    *info = (struct image_info){.width = png_plain_get_u32(header),
                                .height = png_plain_get_u32(header + 4),
                                .is_gray = color_type == 0};
    if (info->width == 0 || info->height == 0 || info->width > INT32_MAX ||
        info->height > INT32_MAX || (uint64_t)info->width * info->height > max_pixels ||
        header[8] != 8 || memcmp(header + 10, rest, sizeof(rest)) != 0)
        return 0;
    return color_type == 0 ? 1 : color_type == 2 ? 3 : 0;
}

/* zlib refuses to reach back further than the stream's header allows; libdeflate does not look. */
static bool png_plain_has_window(const uint8_t *data, size_t data_nbytes, size_t rows_nbytes)
{
    size_t window;

    if (data_nbytes < 2)
        return false;
    window = (size_t)1 << ((data[0] >> 4) + 8);
    return window >= 32768 || window >= rows_nbytes;
}

static struct png_plain *png_plain_reserve_rows(struct image_pixels *pixels, size_t nbytes)
{
    struct png_plain *plain = pixels->png;

    if (!plain)
        plain = pixels->png = calloc(1, sizeof(*plain));
    if (plain && !plain->decompressor)
        plain->decompressor = decompressor_create();
    if (!plain || !plain->decompressor)
        return NULL;
    if (nbytes > plain->capacity_nbytes) {
        free(plain->rows);
        plain->rows = malloc(nbytes);
        plain->capacity_nbytes = plain->rows ? nbytes : 0;
    }
    return plain->rows ? plain : NULL;
}

bool png_plain_read(const uint8_t *bytes, size_t nbytes, uint64_t max_pixels, unsigned channels,
                    struct image_info *info, struct image_pixels *pixels)
{
    const uint8_t *header, *data;
    size_t data_nbytes, row_nbytes, rows_nbytes;
    unsigned row_channels;
    struct png_plain *plain;
    uint8_t *above;

    if (!png_plain_find_chunks(bytes, nbytes, &header, &data, &data_nbytes))
        return false;
    row_channels = png_plain_read_header(header, max_pixels, info);
    row_nbytes = (size_t)info->width * row_channels;
    /* As much as the data can be decompressed to; beyond that, libpng says what is missing. */
    if (row_channels == 0 || info->height > data_nbytes * DECOMPRESS_MAX_RATIO / (row_nbytes + 1))
        return false;
    rows_nbytes = (row_nbytes + 1) * info->height;
    /* An image that is too large to be decompressed at once may still do row by row. */
    if (pixels->max_nbytes > 0 &&
        image_pixels_block_nbytes(pixels, info, channels) + rows_nbytes + row_nbytes >
            pixels->max_nbytes)
        return false;
    if (!png_plain_has_window(data, data_nbytes, rows_nbytes) ||
        !(plain = png_plain_reserve_rows(pixels, rows_nbytes + row_nbytes)) ||
        !image_pixels_reserve(pixels, info, channels) ||
        decompressor_run(plain->decompressor, data, data_nbytes, plain->rows, rows_nbytes) !=
            DECOMPRESS_OK)
        return false;
    above = memset(plain->rows + rows_nbytes, 0, row_nbytes); /* before the first row */
    for (size_t y = 0; y < info->height; y++) {
        uint8_t *row = plain->rows + y * (row_nbytes + 1);

        if (!png_plain_undo_filter(row[0], row + 1, above, row_nbytes, row_channels))
            return false;
        above = row + 1;
        image_convert_row(above, row_channels, info->width,
                          pixels->values + y * info->width * channels, channels);
    }
    return true;
}
