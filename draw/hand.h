/*
 * A hand that writes digits: a template of strokes, bent, slanted, scaled, turned and moved at
 * random, as a polyline for a round pen of varying width.
 *
 * Only + - * / and sqrt are used, which IEEE 754 rounds correctly, so the same random numbers give
 * the same points on every machine.
 */
#ifndef QUERN_DRAW_HAND_H
#define QUERN_DRAW_HAND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/random.h"

enum {
    HAND_MAX_STEPS = 64,
    HAND_MAX_TEMPLATE_POINTS = 20,
    HAND_MAX_POINTS = HAND_MAX_TEMPLATE_POINTS * HAND_MAX_STEPS,
};

/* Lengths are in units of the image's shorter side; (0, 0) is the middle of the image. */
struct hand_point {
    float x;
    float y;
    float radius; /* of the pen */
    bool is_start;
};

struct hand_drawing {
    size_t num_points;
    struct hand_point points[HAND_MAX_POINTS];
    float blur; /* the width of the ramp from ink to none */
    float ink;  /* how dark the ink is, 0 to 1 */
};

/*
 * Writes a digit (0 to 9).  Each piece of curve between two points of the template becomes
 * num_steps lines, 1 to HAND_MAX_STEPS.  All of the drawing, pen width included, stays inside
 * the image.
 */
void hand_write_digit(unsigned digit, unsigned num_steps, struct random_stream *random,
                      struct hand_drawing *drawing);

#endif
