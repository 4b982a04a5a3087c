/*
 * A font of dots for pictures: the printable characters of ASCII, 5 x 7 dots with a line below for
 * descenders.
 */
#ifndef QUERN_VIEW_FONT_H
#define QUERN_VIEW_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FONT_WIDTH = 5,
    FONT_HEIGHT = 8,
    FONT_ADVANCE = 6, /* from one letter to the next */
};

/* The lines [FONT_HEIGHT] of a character; an empty box for what the font does not have. */
const uint8_t *font_glyph(unsigned char character);

static inline bool font_has_dot(const uint8_t *glyph, size_t x, size_t y)
{
    return glyph[y] >> (FONT_WIDTH - 1 - x) & 1;
}

#endif
