/*
 * One picture of a handwritten-like digit: a pure function of what struct picture says, on any
 * machine and in any thread.
 */
#ifndef QUERN_DRAW_RENDER_H
#define QUERN_DRAW_RENDER_H

#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"

enum { RENDER_MIN_SIDE = 8, RENDER_MAX_SIDE = 4096 };
#define RENDER_MAX_IMAGES (UINT64_C(1) << 40)

struct picture {
    uint64_t seed;
    unsigned split; /* 0 to 15 */
    unsigned digit; /* 0 to 9 */
    uint64_t index; /* below RENDER_MAX_IMAGES */
};

/* A canvas for pictures of one shape; belongs to one thread at a time. */
struct canvas {
    struct image_shape shape;
    float *coverage; /* [height][width]: pixels inward from where the ink begins to show */
    uint8_t *pixels; /* [height][width][channels] */
};

/* Sides from RENDER_MIN_SIDE to RENDER_MAX_SIDE; 1 channel gray, 3 RGB. */
bool canvas_create(const struct image_shape *shape, struct canvas *canvas, struct error *error);
void canvas_destroy(struct canvas *canvas);

/*
 * Draws into canvas->pixels.  Gray: light ink on black (0).  RGB: ink of a random light colour on
 * a random dark one; the strokes are those of the gray picture.
 */
void render_picture(const struct picture *picture, struct canvas *canvas);

#endif
