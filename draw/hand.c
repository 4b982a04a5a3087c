#include "draw/hand.h"

#include <assert.h>

/* ---- templates: how the ten digits are written ---- */

enum stroke_kind {
    STROKE_START,  /* the pen is put down here */
    STROKE_SMOOTH, /* the curve goes through */
    STROKE_CORNER, /* the curve breaks here */
};

/* x to the right, y down, in a box from (0, 0) to (1, 1) that a digit fills in height and to about
 * two thirds in width. */
struct stroke_point {
    float x;
    float y;
    enum stroke_kind kind;
};

/* One common way of writing a digit: points that the pen passes through. */
struct stroke_template {
    size_t num_points;
    struct stroke_point points[HAND_MAX_TEMPLATE_POINTS];
    unsigned frequency; /* how often it is chosen, relative to the other templates of its digit */
};

/* One letter a kind, so that a template reads as the path of the pen. */
#define S(x, y)                                                                                    \
    {                                                                                              \
        x, y, STROKE_START                                                                         \
    }
#define P(x, y)                                                                                    \
    {                                                                                              \
        x, y, STROKE_SMOOTH                                                                        \
    }
#define C(x, y)                                                                                    \
    {                                                                                              \
        x, y, STROKE_CORNER                                                                        \
    }

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATH(...)                                                                                  \
    .num_points = COUNT(((struct stroke_point[]){__VA_ARGS__})), .points = {__VA_ARGS__}

/* clang-format off */
static const struct stroke_template zeros[] = {
    {PATH(S(.52f, .02f), P(.29f, .17f), P(.19f, .50f), P(.28f, .85f), P(.50f, .98f), P(.73f, .83f),
          P(.81f, .48f), P(.70f, .15f), P(.50f, .03f)), .frequency = 3},
    {PATH(S(.66f, .06f), P(.38f, .10f), P(.22f, .42f), P(.27f, .82f), P(.47f, .98f), P(.70f, .80f),
          P(.77f, .42f), P(.62f, .10f), P(.46f, .08f)), .frequency = 1},
};

static const struct stroke_template ones[] = {
    {PATH(S(.52f, .00f), P(.51f, .50f), P(.50f, 1.f)), .frequency = 5},
    {PATH(S(.34f, .22f), P(.45f, .13f), C(.54f, .00f), P(.53f, .50f), P(.52f, 1.f)),
     .frequency = 3},
    {PATH(S(.34f, .20f), P(.44f, .12f), C(.52f, .00f), P(.52f, .50f), P(.51f, 1.f),
          S(.30f, .99f), P(.51f, 1.f), P(.74f, .98f)), .frequency = 1},
};

static const struct stroke_template twos[] = {
    {PATH(S(.21f, .25f), P(.31f, .06f), P(.57f, .01f), P(.75f, .19f), P(.68f, .45f), P(.45f, .72f),
          C(.19f, .97f), P(.50f, .95f), P(.83f, .94f)), .frequency = 2},
    {PATH(S(.22f, .22f), P(.36f, .04f), P(.62f, .03f), P(.75f, .24f), P(.63f, .53f), P(.40f, .84f),
          P(.21f, .96f), P(.15f, .84f), P(.29f, .77f), P(.52f, .90f), P(.71f, .97f), P(.88f, .87f)),
     .frequency = 2},
    {PATH(S(.24f, .12f), P(.48f, .02f), P(.70f, .13f), P(.70f, .36f), P(.50f, .68f), P(.28f, .92f),
          P(.38f, .93f), P(.60f, .97f), P(.84f, .92f)), .frequency = 1},
};

static const struct stroke_template threes[] = {
    {PATH(S(.23f, .13f), P(.42f, .01f), P(.66f, .06f), P(.72f, .23f), P(.60f, .40f),
          C(.40f, .47f), P(.64f, .52f), P(.78f, .70f), P(.68f, .91f), P(.44f, .99f), P(.20f, .89f)),
     .frequency = 4},
    {PATH(S(.22f, .05f), P(.48f, .04f), C(.74f, .01f), P(.60f, .20f), C(.44f, .40f), P(.67f, .47f),
          P(.78f, .68f), P(.66f, .92f), P(.42f, .99f), P(.20f, .90f)), .frequency = 1},
    {PATH(S(.26f, .10f), P(.46f, .01f), P(.68f, .10f), P(.67f, .30f), P(.50f, .45f), P(.38f, .50f),
          P(.40f, .43f), P(.62f, .50f), P(.77f, .68f), P(.66f, .92f), P(.40f, .99f), P(.22f, .86f)),
     .frequency = 2},
};

static const struct stroke_template fours[] = {
    {PATH(S(.29f, .03f), P(.22f, .33f), C(.19f, .57f), P(.50f, .57f), P(.86f, .53f),
          S(.71f, .04f), P(.66f, .50f), P(.62f, 1.f)), .frequency = 3},
    {PATH(S(.66f, .00f), P(.40f, .34f), C(.15f, .67f), P(.50f, .67f), P(.88f, .65f),
          S(.66f, .00f), P(.64f, .50f), P(.62f, 1.f)), .frequency = 2},
    {PATH(S(.26f, .05f), P(.20f, .32f), P(.34f, .48f), P(.56f, .45f), P(.73f, .34f),
          S(.78f, .02f), P(.72f, .42f), P(.64f, 1.f)), .frequency = 2},
};

static const struct stroke_template fives[] = {
    {PATH(S(.37f, .05f), P(.33f, .23f), C(.29f, .43f), P(.50f, .36f), P(.72f, .46f), P(.77f, .70f),
          P(.63f, .93f), P(.42f, .99f), P(.20f, .90f), S(.36f, .05f), P(.58f, .05f), P(.80f, .02f)),
     .frequency = 3},
    {PATH(S(.82f, .03f), P(.60f, .03f), C(.38f, .06f), P(.33f, .25f), P(.32f, .42f), P(.55f, .47f),
          P(.72f, .64f), P(.66f, .89f), P(.42f, .99f), P(.18f, .93f)), .frequency = 2},
};

static const struct stroke_template sixes[] = {
    {PATH(S(.67f, .01f), P(.42f, .20f), P(.26f, .50f), P(.25f, .79f), P(.42f, .98f), P(.65f, .92f),
          P(.74f, .72f), P(.61f, .55f), P(.42f, .58f), P(.28f, .75f)), .frequency = 3},
    {PATH(S(.46f, .00f), P(.31f, .30f), P(.24f, .66f), P(.34f, .94f), P(.57f, .97f), P(.72f, .78f),
          P(.66f, .58f), P(.44f, .57f), P(.27f, .76f)), .frequency = 2},
};

static const struct stroke_template sevens[] = {
    {PATH(S(.19f, .09f), P(.50f, .07f), C(.80f, .04f), P(.64f, .38f), P(.51f, .70f), P(.43f, 1.f)),
     .frequency = 4},
    {PATH(S(.19f, .09f), P(.50f, .07f), C(.80f, .04f), P(.64f, .38f), P(.51f, .70f), P(.43f, 1.f),
          S(.36f, .52f), P(.55f, .50f), P(.74f, .47f)), .frequency = 2},
    {PATH(S(.19f, .25f), C(.22f, .07f), P(.50f, .07f), C(.80f, .03f), P(.66f, .36f), P(.55f, .68f),
          P(.50f, 1.f)), .frequency = 2},
    {PATH(S(.18f, .19f), P(.32f, .05f), P(.56f, .08f), P(.76f, .08f), P(.72f, .26f), P(.56f, .58f),
          P(.42f, 1.f)), .frequency = 2},
};

static const struct stroke_template eights[] = {
    {PATH(S(.71f, .16f), P(.51f, .01f), P(.30f, .12f), P(.33f, .34f), P(.52f, .47f), P(.71f, .64f),
          P(.73f, .85f), P(.50f, .99f), P(.28f, .86f), P(.31f, .65f), P(.50f, .47f), P(.67f, .33f),
          P(.71f, .12f)), .frequency = 3},
    {PATH(S(.52f, .46f), P(.32f, .33f), P(.33f, .11f), P(.52f, .01f), P(.70f, .12f), P(.69f, .33f),
          P(.51f, .46f), P(.29f, .64f), P(.27f, .86f), P(.50f, .99f), P(.73f, .86f), P(.72f, .64f),
          P(.51f, .46f)), .frequency = 2},
};

static const struct stroke_template nines[] = {
    {PATH(S(.74f, .14f), P(.52f, .02f), P(.30f, .15f), P(.28f, .38f), P(.47f, .50f), P(.67f, .38f),
          C(.75f, .12f), P(.71f, .55f), P(.66f, 1.f)), .frequency = 4},
    {PATH(S(.73f, .16f), P(.52f, .02f), P(.29f, .14f), P(.29f, .38f), P(.49f, .49f), P(.68f, .34f),
          C(.75f, .12f), P(.76f, .48f), P(.68f, .84f), P(.48f, .99f), P(.26f, .91f)),
     .frequency = 2},
    {PATH(S(.66f, .08f), P(.42f, .06f), P(.27f, .28f), P(.42f, .46f), P(.64f, .33f), P(.70f, .12f),
          P(.68f, .40f), P(.55f, .72f), P(.40f, 1.f)), .frequency = 2},
};
/* clang-format on */

static const struct {
    const struct stroke_template *templates;
    size_t count;
} digit_templates[] = {
    {zeros, COUNT(zeros)},   {ones, COUNT(ones)},   {twos, COUNT(twos)},   {threes, COUNT(threes)},
    {fours, COUNT(fours)},   {fives, COUNT(fives)}, {sixes, COUNT(sixes)}, {sevens, COUNT(sevens)},
    {eights, COUNT(eights)}, {nines, COUNT(nines)},
};

/* ---- how a template becomes one drawing ---- */

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
static float hand_draw_normal(struct random_stream *random)
{
    float sum = random_uniform(random);

    sum += random_uniform(random);
    sum += random_uniform(random);
    return 2 * sum - 3;
}

static float hand_draw_around(struct random_stream *random, float mean, float deviation)
{
    return mean + deviation * hand_draw_normal(random);
}

static float hand_draw_between(struct random_stream *random, float low, float high)
{
    return low + (high - low) * random_uniform(random);
}

static const struct stroke_template *hand_choose_template(unsigned digit,
                                                          struct random_stream *random)
{
    const struct stroke_template *templates = digit_templates[digit].templates;
    size_t num_templates = digit_templates[digit].count;
    unsigned sum = 0, ticket;

    for (size_t i = 0; i < num_templates; i++)
        sum += templates[i].frequency;
    ticket = random_below(random, sum);
    while (ticket >= templates->frequency)
        ticket -= templates++->frequency;
    return templates;
}

static struct manner hand_choose_manner(struct random_stream *random)
{
    /* One digit in ten is scribbled. */
    float haste = random_uniform(random) < 0.1f ? 2 : 1;
    struct manner manner;

    manner.height = hand_draw_around(random, 0.68f, 0.05f);
    manner.width = manner.height * hand_draw_around(random, 0.95f, 0.12f);
    manner.slant = hand_draw_around(random, 0.15f, 0.23f);
    manner.turn = haste * hand_draw_around(random, 0, 0.04f);
    manner.shift_x = hand_draw_around(random, 0, 0.03f);
    manner.shift_y = hand_draw_around(random, 0, 0.03f);
    manner.bend_x = haste * hand_draw_around(random, 0, 0.15f);
    manner.bend_y = haste * hand_draw_around(random, 0, 0.15f);
    manner.swell_x = haste * hand_draw_around(random, 0, 0.2f);
    manner.swell_y = haste * hand_draw_around(random, 0, 0.2f);
    manner.jitter = haste * 0.025f;
    manner.radius = hand_draw_between(random, 0.026f, 0.075f);
    manner.pressure = hand_draw_between(random, 0, 0.25f);
    return manner;
}

/* From the template's box to the image. */
static struct hand_point hand_place_point(const struct manner *manner, float x, float y)
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

static void hand_place_template(const struct stroke_template *template, const struct manner *manner,
                                struct random_stream *random, struct hand_point *placed)
{
    for (size_t i = 0; i < template->num_points; i++) {
        const struct stroke_point *point = &template->points[i];
        float x = hand_draw_around(random, point->x, manner->jitter);
        float y = hand_draw_around(random, point->y, manner->jitter);

        placed[i] = hand_place_point(manner, x, y);
        placed[i].radius = manner->radius * hand_draw_around(random, 1, manner->pressure / 2);
        placed[i].is_start = point->kind == STROKE_START;
    }
}

/* Catmull-Rom: the curve from b to c, at t in 0 to 1. */
static float hand_interpolate(float a, float b, float c, float d, float t)
{
    return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static void hand_add_curve(const struct stroke_template *template, const struct hand_point *placed,
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
            (struct hand_point){.x = hand_interpolate(a->x, b->x, c->x, d->x, t),
                                .y = hand_interpolate(a->y, b->y, c->y, d->y, t),
                                .radius = b->radius + t * (c->radius - b->radius)};
    }
}

struct extent {
    float low, high;
};

static void hand_extend(struct extent *extent, float value, float radius)
{
    if (value - radius < extent->low)
        extent->low = value - radius;
    if (value + radius > extent->high)
        extent->high = value + radius;
}

/* The shift that brings an extent inside -limit to limit, once scaled. */
static float hand_find_shift(struct extent extent, float scale, float limit)
{
    if (scale * extent.low < -limit)
        return -limit - scale * extent.low;
    if (scale * extent.high > limit)
        return limit - scale * extent.high;
    return 0;
}

/* Nothing may be cut off at the border. */
static void hand_fit_image(struct hand_drawing *drawing)
{
    const float limit = 0.46f;
    struct extent x = {1, -1}, y = {1, -1};
    float size, scale, shift_x, shift_y;

    for (size_t i = 0; i < drawing->num_points; i++) {
        hand_extend(&x, drawing->points[i].x, drawing->points[i].radius);
        hand_extend(&y, drawing->points[i].y, drawing->points[i].radius);
    }
    size = x.high - x.low > y.high - y.low ? x.high - x.low : y.high - y.low;
    scale = size > 2 * limit ? 2 * limit / size : 1;
    shift_x = hand_find_shift(x, scale, limit);
    shift_y = hand_find_shift(y, scale, limit);
    for (size_t i = 0; i < drawing->num_points; i++) {
        drawing->points[i].x = scale * drawing->points[i].x + shift_x;
        drawing->points[i].y = scale * drawing->points[i].y + shift_y;
        drawing->points[i].radius *= scale;
    }
}

void hand_write_digit(unsigned digit, unsigned num_steps, struct random_stream *random,
                      struct hand_drawing *drawing)
{
    const struct stroke_template *template;
    struct manner manner;
    struct hand_point placed[HAND_MAX_TEMPLATE_POINTS];

    assert(digit < COUNT(digit_templates));
    assert(num_steps >= 1 && num_steps <= HAND_MAX_STEPS);
    template = hand_choose_template(digit, random);
    manner = hand_choose_manner(random);
    hand_place_template(template, &manner, random, placed);
    drawing->num_points = 0;
    for (size_t i = 0; i < template->num_points; i++) {
        if (placed[i].is_start)
            drawing->points[drawing->num_points++] = placed[i];
        else
            hand_add_curve(template, placed, i, num_steps, drawing);
    }
    hand_fit_image(drawing);
    drawing->blur = hand_draw_between(random, 0.04f, 0.08f);
    drawing->ink = hand_draw_between(random, 0.8f, 1);
}
