/*
 * How the ten digits are written: for each digit a few templates, the common ways of writing it,
 * each a list of points that a pen passes through.
 *
 * Coordinates: x to the right, y down, in a box from (0, 0) to (1, 1) that a digit fills in height
 * and to about two thirds in width.  Curves through the points are Catmull-Rom splines.
 */
#ifndef QUERN_DRAW_STROKES_H
#define QUERN_DRAW_STROKES_H

#include <stddef.h>

enum { STROKES_NUM_DIGITS = 10, STROKES_MAX_POINTS = 20 };

enum stroke_kind {
    STROKE_START,  /* the pen is put down here */
    STROKE_SMOOTH, /* the curve goes through */
    STROKE_CORNER, /* the curve breaks here */
};

struct stroke_point {
    float x;
    float y;
    enum stroke_kind kind;
};

struct stroke_template {
    size_t num_points;
    struct stroke_point points[STROKES_MAX_POINTS];
    /* How often it is chosen, relative to the other templates of its digit. */
    unsigned frequency;
};

/* The templates of a digit, 0 to 9; num_templates is at least 1. */
const struct stroke_template *strokes_list_templates(unsigned digit, size_t *num_templates);

#endif
