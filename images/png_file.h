/*
 * PNG images (ISO/IEC 15948) to and from uint8 pixels.  Decoding is libpng's; this module bounds
 * what a file may make it do and turns every colour type, bit depth and interlacing into gray or
 * RGB by fixed integer rules:
 *   - 16-bit samples become 8-bit by (v * 255 + 32895) >> 16, samples of 1, 2 and 4 bits are
 *     scaled to 0..255, palettes are looked up;
 *   - alpha and transparency are dropped, gamma and colour profiles are ignored;
 *   - RGB to gray is ITU-R 601: (19595 R + 38470 G + 7471 B + 32768) >> 16;
 *   - gray to RGB repeats the sample.
 * All functions are thread-safe.
 */
#ifndef QUERN_FORMATS_PNG_FILE_H
#define QUERN_FORMATS_PNG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct png_file_info {
    uint32_t width;
    uint32_t height;
    bool is_gray; /* gray, gray with alpha, or a palette that holds grays only */
};

/*
 * The header of the PNG in bytes[0..nbytes).  STATUS_DATA when it is no PNG, is cut short before
 * its pixels, or has more than max_pixels pixels (width times height).  name is for messages.
 */
bool png_file_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                        struct png_file_info *info, struct error *error);

/*
 * Decodes into pixels, which holds height * width * channels bytes (row-major, channels
 * interleaved; channels is 1 or 3), where height and width are what png_file_read_info said.
 * STATUS_DATA for a damaged file: truncated anywhere, a wrong checksum in any chunk.
 */
bool png_file_read_pixels(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                          unsigned channels, uint8_t *pixels, struct error *error);

/* Where pixels go; the memory is used again from one file to the next.  {0} at first. */
struct png_file_pixels {
    uint8_t *values; /* [height][width][channels] of the last image: in place or in the block */
    /* Memory of the caller's for an image of this size; NULL: none.  All others go to the block. */
    uint8_t *place;
    uint32_t place_height, place_width;
    /* The most that an image may take besides place, in its block and while it is decompressed; 0:
     * any number of bytes. */
    uint64_t max_nbytes;
    uint8_t *block;
    size_t block_nbytes;
    struct png_plain *plain; /* of the common kind of file: png_plain.h */
};

/*
 * Both in one go, which takes a third of the time on small images.  STATUS_USAGE for an image that
 * takes more than pixels->max_nbytes; info is then filled all the same.
 */
bool png_file_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                   unsigned channels, struct png_file_info *info, struct png_file_pixels *pixels,
                   struct error *error);
void png_file_pixels_free(struct png_file_pixels *pixels);

/*
 * Encodes an 8-bit gray (channels 1) or RGB (channels 3) image.  *bytes is malloc'ed and belongs
 * to the caller.  The same pixels give the same bytes under the same zlib.
 */
bool png_file_write_pixels(const uint8_t *pixels, uint32_t width, uint32_t height,
                           unsigned channels, void **bytes, size_t *nbytes, struct error *error);

#endif
