/*
 * The short way for the PNG that most datasets are made of: 8-bit gray or RGB, not interlaced, a
 * header, one chunk of pixels and the end.  libpng decompresses such a file row by row, where
 * zlib's fast loop, which wants room for 258 bytes, never runs on small images; here it is
 * decompressed at once.  Every other file, and every one with anything wrong in it, is left to
 * libpng, which alone says what is wrong: whatever is read here libpng reads too, to the same
 * pixels.  (But for streams that no encoder makes: libdeflate takes a few Huffman codes that zlib
 * finds incomplete.)
 *
 * For png_file_read.c, and decoder.c, which frees its memory.
 */
#ifndef QUERN_IMAGES_PNG_PLAIN_H
#define QUERN_IMAGES_PNG_PLAIN_H

#include <stdbool.h>

#include "images/decoder.h"

struct png_plain;

/* False: not of that kind, damaged, or no memory; *info and the pixels are then of no use. */
bool png_plain_read(const uint8_t *bytes, size_t nbytes, uint64_t max_pixels, unsigned channels,
                    struct image_info *info, struct image_pixels *pixels);
/* NULL is fine. */
void png_plain_destroy(struct png_plain *plain);

#endif
