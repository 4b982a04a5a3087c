/*
 * A font of dots for pictures: the printable characters of Latin-1, 5 x 7 dots with a line below
 * for descenders.  Other letters of Latin are drawn without their marks.
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

/*
 * The lines [FONT_HEIGHT] of the character that UTF-8 text begins with, and the bytes that it takes
 * together with the marks that join it; an empty box for what the font does not have, and for a
 * byte that is no part of UTF-8.  0: text has ended, and *glyph is not set.
 */
size_t font_next(const char *text, const uint8_t **glyph);

static inline bool font_has_dot(const uint8_t *glyph, size_t x, size_t y)
{
    return glyph[y] >> (FONT_WIDTH - 1 - x) & 1;
}

#endif
