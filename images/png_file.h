/*
 * PNG images (ISO/IEC 15948) to and from uint8 pixels.  Decoding is libpng's; this module bounds
 * what a file may make it do and turns every colour type, bit depth and interlacing into gray or
 * RGB by fixed integer rules:
 *   - samples of 1, 2 and 4 bits are scaled to 0..255, palettes are looked up;
 *   - samples of 16 bits, and transparency, by an alpha channel or a tRNS chunk, are as samples.h
 *     says; gamma and colour profiles are ignored;
 *   - between RGB and gray image_convert_row (decoder.h) decides.
 * A palette that holds grays only is gray.  All functions are thread-safe.
 */
#ifndef QUERN_IMAGES_PNG_FILE_H
#define QUERN_IMAGES_PNG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/decoder.h"

/* The functions of struct decoder: see there. */
bool png_file_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                        struct image_info *info, struct error *error);
bool png_file_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                   unsigned channels, struct image_info *info, struct image_pixels *pixels,
                   struct error *error);

/*
 * Encodes an 8-bit gray (channels 1) or RGB (channels 3) image.  *bytes is malloc'ed and belongs
 * to the caller.  The same pixels give the same bytes under the same zlib.
 */
bool png_file_write_pixels(const uint8_t *pixels, uint32_t width, uint32_t height,
                           unsigned channels, void **bytes, size_t *nbytes, struct error *error);

#endif
