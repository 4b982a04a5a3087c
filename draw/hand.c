#include "draw/hand.h"

#include <assert.h>

/* What is the same for all of one digit. */
struct manner {
    float height, width; /* of the template's box */
    float slant;         /* shift to the right from bottom to top, per height */
    float turn;          /* tangent of half the angle */
    float shift_x, shift_y;
    float bend_x, bend_y, swell_x, swell_y; /* of the box, quadratic */
    float jitter;                           /* of single points, per box */
    float radius;
    float pressure; /* share of the radius that varies along a stroke */
};

/* About normal, mean 0 and standard deviation 1, within -3 to 3: a sum of three uniforms. */
static float draw_normal(struct random_stream *random)
{
    float sum = random_uniform(random);

    sum += random_uniform(random);
    sum += random_uniform(random);
    return 2 * sum - 3;
}

static float draw_around(struct random_stream *random, float mean, float deviation)
{
    return mean + deviation * draw_normal(random);
}

static float draw_between(struct random_stream *random, float low, float high)
{
    return low + (high - low) * random_uniform(random);
}

static const struct stroke_template *choose_template(unsigned digit, struct random_stream *random)
{
    size_t num_templates;
    const struct stroke_template *templates = strokes_list_templates(digit, &num_templates);
    unsigned sum = 0, ticket;

    for (size_t i = 0; i < num_templates; i++)
        sum += templates[i].frequency;
    ticket = random_below(random, sum);
    while (ticket >= templates->frequency)
        ticket -= templates++->frequency;
    return templates;
}

static struct manner choose_manner(struct random_stream *random)
{
    /* One digit in ten is scribbled. */
    float haste = random_uniform(random) < 0.1f ? 2 : 1;
    struct manner manner;

    manner.height = draw_around(random, 0.68f, 0.05f);
    manner.width = manner.height * draw_around(random, 0.95f, 0.12f);
    manner.slant = draw_around(random, 0.15f, 0.23f);
    manner.turn = haste * draw_around(random, 0, 0.04f);
    manner.shift_x = draw_around(random, 0, 0.03f);
    manner.shift_y = draw_around(random, 0, 0.03f);
    manner.bend_x = haste * draw_around(random, 0, 0.15f);
    manner.bend_y = haste * draw_around(random, 0, 0.15f);
    manner.swell_x = haste * draw_around(random, 0, 0.2f);
    manner.swell_y = haste * draw_around(random, 0, 0.2f);
    manner.jitter = haste * 0.025f;
    manner.radius = draw_between(random, 0.026f, 0.075f);
    manner.pressure = draw_between(random, 0, 0.25f);
    return manner;
}

/* From the template's box to the image. */
static struct hand_point place_point(const struct manner *manner, float x, float y)
{
    float square = manner->turn * manner->turn;
    float cosine = (1 - square) / (1 + square), sine = 2 * manner->turn / (1 + square);
    float u = x - 0.5f, v = y - 0.5f;
    float bent_u = u + manner->bend_x * (v * v - 0.1f) + manner->swell_x * u * v;
    float bent_v = v + manner->bend_y * (u * u - 0.05f) + manner->swell_y * u * v;

    u = manner->width * bent_u - manner->slant * manner->height * bent_v;
    v = manner->height * bent_v;
    return (struct hand_point){.x = cosine * u - sine * v + manner->shift_x,
                               .y = sine * u + cosine * v + manner->shift_y};
}

static void place_template(const struct stroke_template *template, const struct manner *manner,
                           struct random_stream *random, struct hand_point *placed)
{
    for (size_t i = 0; i < template->num_points; i++) {
        const struct stroke_point *point = &template->points[i];
        float x = draw_around(random, point->x, manner->jitter);
        float y = draw_around(random, point->y, manner->jitter);

        placed[i] = place_point(manner, x, y);
        placed[i].radius = manner->radius * draw_around(random, 1, manner->pressure / 2);
        placed[i].is_start = point->kind == STROKE_START;
    }
}

/* Catmull-Rom: the curve from b to c, at t in 0 to 1. */
static float interpolate(float a, float b, float c, float d, float t)
{
    return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static void add_curve(const struct stroke_template *template, const struct hand_point *placed,
                      size_t end, unsigned num_steps, struct hand_drawing *drawing)
{
    const struct stroke_point *points = template->points;
    const struct hand_point *b = &placed[end - 1], *c = &placed[end];
    /* Where a curve begins or breaks, it has no further point to aim at. */
    const struct hand_point *a = points[end - 1].kind == STROKE_SMOOTH ? b - 1 : b;
    bool goes_on = points[end].kind == STROKE_SMOOTH && end + 1 < template->num_points &&
                   points[end + 1].kind != STROKE_START;
    const struct hand_point *d = goes_on ? c + 1 : c;

    for (unsigned step = 1; step <= num_steps; step++) {
        float t = (float)step / (float)num_steps;

        drawing->points[drawing->num_points++] =
            (struct hand_point){.x = interpolate(a->x, b->x, c->x, d->x, t),
                                .y = interpolate(a->y, b->y, c->y, d->y, t),
                                .radius = b->radius + t * (c->radius - b->radius)};
    }
}

struct extent {
    float low, high;
};

static void extend(struct extent *extent, float value, float radius)
{
    if (value - radius < extent->low)
        extent->low = value - radius;
    if (value + radius > extent->high)
        extent->high = value + radius;
}

/* The shift that brings an extent inside -limit to limit, once scaled. */
static float find_shift(struct extent extent, float scale, float limit)
{
    if (scale * extent.low < -limit)
        return -limit - scale * extent.low;
    if (scale * extent.high > limit)
        return limit - scale * extent.high;
    return 0;
}

/* Nothing may be cut off at the border. */
static void fit_image(struct hand_drawing *drawing)
{
    const float limit = 0.46f;
    struct extent x = {1, -1}, y = {1, -1};
    float size, scale, shift_x, shift_y;

    for (size_t i = 0; i < drawing->num_points; i++) {
        extend(&x, drawing->points[i].x, drawing->points[i].radius);
        extend(&y, drawing->points[i].y, drawing->points[i].radius);
    }
    size = x.high - x.low > y.high - y.low ? x.high - x.low : y.high - y.low;
    scale = size > 2 * limit ? 2 * limit / size : 1;
    shift_x = find_shift(x, scale, limit);
    shift_y = find_shift(y, scale, limit);
    for (size_t i = 0; i < drawing->num_points; i++) {
        drawing->points[i].x = scale * drawing->points[i].x + shift_x;
        drawing->points[i].y = scale * drawing->points[i].y + shift_y;
        drawing->points[i].radius *= scale;
    }
}

void hand_write_digit(unsigned digit, unsigned num_steps, struct random_stream *random,
                      struct hand_drawing *drawing)
{
    const struct stroke_template *template = choose_template(digit, random);
    struct manner manner = choose_manner(random);
    struct hand_point placed[STROKES_MAX_POINTS];

    assert(num_steps >= 1 && num_steps <= HAND_MAX_STEPS);
    place_template(template, &manner, random, placed);
    drawing->num_points = 0;
    for (size_t i = 0; i < template->num_points; i++) {
        if (placed[i].is_start)
            drawing->points[drawing->num_points++] = placed[i];
        else
            add_curve(template, placed, i, num_steps, drawing);
    }
    fit_image(drawing);
    drawing->blur = draw_between(random, 0.04f, 0.08f);
    drawing->ink = draw_between(random, 0.8f, 1);
}
