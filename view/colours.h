/*
 * Colours: maps from numbers to colours that the colour-blind tell apart, and what terminals have.
 */
#ifndef QUERN_VIEW_COLOURS_H
#define QUERN_VIEW_COLOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct colour {
    uint8_t red, green, blue;
};

enum colour_map {
    COLOUR_MAP_GRAY,       /* black to white: pixels as they are */
    COLOUR_MAP_GREYS,      /* white to black: numbers on paper, as the lesson's data frame */
    COLOUR_MAP_SEQUENTIAL, /* dark blue over green to yellow, of rising lightness */
    COLOUR_MAP_DIVERGING,  /* blue over white to orange: white is the middle, as 0 of weights */
};

/* The colour at t, 0 to 1; what is beyond has the nearest's; NaN has colour_missing. */
struct colour colour_of(enum colour_map map, double t);
/* What is not there or no number: a violet that is in none of the maps. */
extern const struct colour colour_missing;

extern const struct colour colour_black, colour_white;

/*
 * Colours for lines and bars that belong together, colour-blind safe (Okabe and Ito, "Color
 * universal design", 2008), on dark and light ground alike; index counts modulo their number.
 */
enum { COLOURS_NUM_SERIES = 7 };
struct colour colour_series(size_t index);

/* Lightness as eyes see it, 0 to 1: relative luminance of sRGB. */
double colour_luminance(struct colour colour);
/* Black or white, whichever reads better on that ground. */
struct colour colour_ink_on(struct colour ground);

/* The nearest of the terminals' 256 colours but the first 16, which users choose themselves. */
unsigned colour_to_256(struct colour colour);
/* What such a number, 16 to 255, looks like. */
struct colour colour_from_256(unsigned number);

#endif
