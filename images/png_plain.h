/*
 * The short way for the PNG that most datasets are made of: 8-bit gray or RGB, not interlaced, a
 * header, one chunk of pixels and the end.  libpng inflates such a file row by row, where zlib's
 * fast loop, which wants room for 258 bytes, never runs on small images; here it is inflated at
 * once.  Every other file, and every one with anything wrong in it, is left to libpng, which alone
 * says what is wrong: whatever is read here libpng reads too, to the same pixels.  (But for streams
 * that no encoder makes: libdeflate takes a few Huffman codes that zlib finds incomplete.)
 *
 * For files inside formats/ only.
 */
#ifndef QUERN_FORMATS_PNG_PLAIN_H
#define QUERN_FORMATS_PNG_PLAIN_H

#include <stdbool.h>

#include "images/png_file.h"

struct png_plain;

/* False: not of that kind, damaged, or no memory; *info and the pixels are then of no use. */
bool png_plain_read(const uint8_t *bytes, size_t nbytes, uint64_t max_pixels, unsigned channels,
                    struct png_file_info *info, struct png_file_pixels *pixels);
/* NULL is fine. */
void png_plain_destroy(struct png_plain *plain);

/* Bytes that an image of channels takes in the block: none if it has its place. */
size_t png_block_nbytes(const struct png_file_pixels *pixels, const struct png_file_info *info,
                        unsigned channels);
/* Points pixels->values to room for the image; NULL without memory. */
uint8_t *png_reserve_pixels(struct png_file_pixels *pixels, const struct png_file_info *info,
                            unsigned channels);

/* A row of width pixels from 1 or 3 channels to 1 or 3. */
void png_convert_row(const uint8_t *row, unsigned row_channels, size_t width, uint8_t *out,
                     unsigned channels);

#endif
