/*
 * JPEG files of every kind that libjpeg itself writes, and what libjpeg alone decodes them to.
 */
#ifndef QUERN_TESTS_JPEG_FIXTURE_H
#define QUERN_TESTS_JPEG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/png_fixture.h"

enum jpeg_fixture_kind {
    JPEG_FIXTURE_GRAY,
    JPEG_FIXTURE_YCBCR, /* colours at half the resolution */
    JPEG_FIXTURE_RGB,
    JPEG_FIXTURE_CMYK, /* with Adobe's marker, so inks are inverted */
    JPEG_FIXTURE_YCCK,
    JPEG_FIXTURE_TWO_COMPONENTS, /* which mean nothing */
    JPEG_FIXTURE_NUM_KINDS
};

struct jpeg_layout {
    enum jpeg_fixture_kind kind;
    uint32_t width, height;
    bool is_progressive;
    bool has_many_scans; /* of a gray one: 127 */
    int orientation;     /* in EXIF data; 0: there are none */
    bool is_little_endian;
    /* Black but for the first of the 8x8 blocks, which is white; else all values, scattered. */
    bool is_corner;
};

struct png_fixture jpeg_fixture_write(const struct jpeg_layout *layout);

/* The samples, as they are stored, of a whole file: gray (channels 1), RGB (3) or CMYK (4). */
void jpeg_fixture_decode(const void *bytes, size_t nbytes, unsigned channels, uint8_t *samples);

#endif
