/*
 * PNG files of every legal kind, written by libpng itself, with known values in every sample.
 */
#ifndef QUERN_TESTS_PNG_FIXTURE_H
#define QUERN_TESTS_PNG_FIXTURE_H

#include <png.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct png_fixture {
    uint8_t *bytes; /* to be freed */
    size_t nbytes;
};

/* Grays but one: a single entry differs from gray in its last channel only. */
enum png_palette { PALETTE_COLORS, PALETTE_GRAYS, PALETTE_GRAYS_BUT_ONE, NUM_PALETTES };

struct png_layout {
    int color_type;
    int bit_depth;
    int interlace;
    bool has_transparency; /* a tRNS chunk */
    enum png_palette palette;
    uint32_t width;
    uint32_t height;
};

/* At most 512 rows. */
struct png_fixture png_fixture_write(const struct png_layout *layout);

/* Sample k at column x of row y: any value that a sample can have, scattered over the image. */
uint32_t png_fixture_sample(const struct png_layout *layout, size_t x, size_t y, size_t k);

/* Decodes a whole file into pixels, which has room. */
bool png_fixture_decode(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                        unsigned channels, uint8_t *pixels, struct error *error);
/* The same by libpng, whose way is the one for files with a text chunk: one is put in. */
bool png_fixture_decode_by_libpng(const char *name, const void *bytes, size_t nbytes,
                                  uint64_t max_pixels, unsigned channels, uint8_t *pixels,
                                  struct error *error);

png_color png_fixture_palette_color(const struct png_layout *layout, uint32_t index);

#endif
