#include "draw/render.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/random.h"
#include "draw/hand.h"

bool canvas_create(const struct image_shape *shape, struct canvas *canvas, struct error *error)
{
    size_t num_pixels = shape->height * shape->width;

    assert(shape->height >= RENDER_MIN_SIDE && shape->height <= RENDER_MAX_SIDE);
    assert(shape->width >= RENDER_MIN_SIDE && shape->width <= RENDER_MAX_SIDE);
    *canvas = (struct canvas){.shape = *shape};
    if (!memory_allocate(&canvas->coverage, num_pixels, sizeof(float), error) ||
        !memory_allocate(&canvas->pixels, num_pixels * shape->channels, 1, error)) {
        canvas_destroy(canvas);
        return error_ok(error);
    }
    return true;
}

void canvas_destroy(struct canvas *canvas)
{
    free(canvas->coverage);
    free(canvas->pixels);
    *canvas = (struct canvas){0};
}

/* Pixels whose centres lie in low .. high: first to last - 1. */
static void render_find_pixels(float low, float high, size_t side, size_t *first, size_t *last)
{
    float from = low + 0.5f, to = high + 0.5f;

    *first = from <= 0 ? 0 : from >= (float)side ? side : (size_t)from;
    *last = to <= 0 ? 0 : to >= (float)side ? side : (size_t)to;
}

/* One line of the pen's path in pixels; the pen's radius goes from a to b evenly. */
static void render_stamp_line(struct canvas *canvas, const struct hand_point *a,
                              const struct hand_point *b, float half_blur)
{
    float dx = b->x - a->x, dy = b->y - a->y, dr = b->radius - a->radius;
    float length_squared = dx * dx + dy * dy;
    float inverse = length_squared > 0 ? 1 / length_squared : 0;
    float reach = (dr > 0 ? b->radius : a->radius) + half_blur;
    size_t x_first, x_last, y_first, y_last;

    render_find_pixels((dx > 0 ? a->x : b->x) - reach, (dx > 0 ? b->x : a->x) + reach,
                       canvas->shape.width, &x_first, &x_last);
    render_find_pixels((dy > 0 ? a->y : b->y) - reach, (dy > 0 ? b->y : a->y) + reach,
                       canvas->shape.height, &y_first, &y_last);
    for (size_t y = y_first; y < y_last; y++) {
        float *row = canvas->coverage + y * canvas->shape.width;
        float py = (float)y + 0.5f - a->y;

        for (size_t x = x_first; x < x_last; x++) {
            float px = (float)x + 0.5f - a->x;
            float t = (px * dx + py * dy) * inverse;
            float clamped = t < 0 ? 0 : t > 1 ? 1 : t;
            float ox = px - clamped * dx, oy = py - clamped * dy;
            float depth = a->radius + clamped * dr + half_blur - sqrtf(ox * ox + oy * oy);

            row[x] = depth > row[x] ? depth : row[x];
        }
    }
}

/* Fills coverage; it is 0 where no ink is. */
static void render_stamp_drawing(struct canvas *canvas, const struct hand_drawing *drawing,
                                 float unit, float half_blur)
{
    size_t num_pixels = canvas->shape.height * canvas->shape.width;
    struct hand_point last = {0};

    for (size_t i = 0; i < num_pixels; i++)
        canvas->coverage[i] = 0;
    for (size_t i = 0; i < drawing->num_points; i++) {
        const struct hand_point *point = &drawing->points[i];
        struct hand_point here = {.x = 0.5f * (float)canvas->shape.width + unit * point->x,
                                  .y = 0.5f * (float)canvas->shape.height + unit * point->y,
                                  .radius = unit * point->radius};

        if (!point->is_start)
            render_stamp_line(canvas, &last, &here, half_blur);
        last = here;
    }
}

struct colours {
    float background[3];
    float ink[3];
};

static struct colours render_choose_colours(struct random_stream *random, size_t channels,
                                            float ink)
{
    struct colours colours = {.ink = {255 * ink}};

    for (size_t c = 0; channels == 3 && c < 3; c++) {
        colours.background[c] = 255 * 0.35f * random_uniform(random);
        colours.ink[c] = 255 * (0.5f + 0.5f * random_uniform(random));
    }
    return colours;
}

static void render_colour_pixels(struct canvas *canvas, const struct colours *colours, float blur)
{
    size_t num_pixels = canvas->shape.height * canvas->shape.width;
    size_t channels = canvas->shape.channels;
    float scale = 1 / blur;

    for (size_t i = 0; i < num_pixels; i++) {
        float t = canvas->coverage[i] * scale;
        float clamped = t > 1 ? 1 : t;
        float share = clamped * clamped * (3 - 2 * clamped);

        for (size_t c = 0; c < channels; c++) {
            float background = colours->background[c];

            canvas->pixels[i * channels + c] =
                (uint8_t)(background + share * (colours->ink[c] - background) + 0.5f);
        }
    }
}

void render_picture(const struct picture *picture, struct canvas *canvas)
{
    uint64_t stream_index =
        (uint64_t)picture->split << 44 | (uint64_t)picture->digit << 40 | picture->index;
    struct random_stream random = random_stream_begin(picture->seed, RANDOM_DRAW, stream_index);
    size_t height = canvas->shape.height, width = canvas->shape.width;
    size_t side = height < width ? height : width;
    /* Chords that stay within a small part of a pixel of the curve. */
    unsigned num_steps =
        side < 32 * (HAND_MAX_STEPS - 4) ? 4 + (unsigned)(side / 32) : HAND_MAX_STEPS;
    struct hand_drawing drawing;
    struct colours colours;
    float blur;

    assert(picture->split < 16 && picture->index < RENDER_MAX_IMAGES);
    hand_write_digit(picture->digit, num_steps, &random, &drawing);
    blur = (float)side * drawing.blur;
    /* Narrower than a pixel, the edges would show steps. */
    if (blur < 1)
        blur = 1;
    render_stamp_drawing(canvas, &drawing, (float)side, 0.5f * blur);
    colours = render_choose_colours(&random, canvas->shape.channels, drawing.ink);
    render_colour_pixels(canvas, &colours, blur);
}
