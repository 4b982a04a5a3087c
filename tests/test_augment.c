/*
 * Augmentation of pixels: what is exact exactly, what is drawn by where a spot of light goes and
 * how often, and that nothing but (seed, epoch, sample) decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/augment.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MAX_VALUES = 64 * 64 * 3, GUARD = 64 };

static struct augment parse(const char *text)
{
    struct augment augment;
    struct error error = {0};

    if (!augment_parse(text, &augment, &error))
        fail_msg("'%s': %s", text, error.what);
    return augment;
}

/* augment_apply with scratch memory of just the size it asked for, and guards around the output. */
static void apply(const struct augment *augment, uint64_t seed, uint64_t epoch, uint64_t sample,
                  const struct image_shape *image, const uint8_t *in, uint8_t *out)
{
    const size_t num_values = image_num_values(image);
    const size_t scratch_nbytes = augment_scratch_nbytes(augment, image);
    uint8_t *scratch = malloc(scratch_nbytes + GUARD), *guarded = malloc(num_values + 2 * GUARD);

    assert_non_null(scratch);
    assert_non_null(guarded);
    memset(scratch, 0xa5, scratch_nbytes + GUARD); /* what was there before must not matter */
    memset(guarded, 0x5a, num_values + 2 * GUARD);
    augment_apply(augment, seed, epoch, sample, image, in, guarded + GUARD, scratch);
    for (size_t i = 0; i < GUARD; i++) {
        assert_int_equal(guarded[i], 0x5a);
        assert_int_equal(guarded[GUARD + num_values + i], 0x5a);
        assert_int_equal(scratch[scratch_nbytes + i], 0xa5);
    }
    memcpy(out, guarded + GUARD, num_values);
    free(scratch);
    free(guarded);
}

static void fill_noise(uint8_t *values, size_t count)
{
    struct random_stream stream = random_stream_begin(4, RANDOM_DRAW, 0);

    for (size_t i = 0; i < count; i++)
        values[i] = (uint8_t)random_next(&stream);
}

static const struct image_shape SHAPES[] = {{28, 28, 1}, {32, 32, 3}, {9, 11, 3}, {7, 20, 1},
                                            {1, 1, 1},   {1, 6, 3},   {5, 1, 1},  {2, 2, 3}};

/* ---- what is exact ---- */

static void test_augment_apply_of_no_magnitude_copies(void **state)
{
    /* Not 0, but all draws of it are. */
    static const char TINY[] = "rotate:0.000001 shift:0.000001 scale:0.000001 shear:0.000001 "
                               "elastic:0.0001:3 brightness:0.000001 contrast:0.000001 "
                               "erase:1e-30 fill:edge";
    static const char *const TEXTS[] = {"", "rotate:0 shift:0 scale:0", "fill:reflect",
                                        "crop:0 brightness:0 contrast:0 erase:0", TINY};
    uint8_t in[MAX_VALUES], out[MAX_VALUES];

    (void)state;
    fill_noise(in, MAX_VALUES);
    for (size_t i = 0; i < COUNT(TEXTS); i++)
        for (size_t s = 0; s < COUNT(SHAPES); s++) {
            const struct augment augment = parse(TEXTS[i]);

            apply(&augment, 1, 1, s, &SHAPES[s], in, out);
            assert_memory_equal(in, out, image_num_values(&SHAPES[s]));
        }
}

/* in moved by (x, y), straight from the definition of the fill. */
static void move_whole(const struct image_shape *image, enum augment_fill fill, int x, int y,
                       const uint8_t *in, uint8_t *out)
{
    const int height = (int)image->height, width = (int)image->width;
    const size_t channels = image->channels;

    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++, out += channels) {
            int from_y = row - y, from_x = column - x;
            const bool is_outside = from_y < 0 || from_y >= height || from_x < 0 || from_x >= width;

            if (fill == AUGMENT_FILL_REFLECT) {
                while (from_y < 0 || from_y >= height)
                    from_y = from_y < 0 ? -from_y : 2 * (height - 1) - from_y;
                while (from_x < 0 || from_x >= width)
                    from_x = from_x < 0 ? -from_x : 2 * (width - 1) - from_x;
            }
            from_y = from_y < 0 ? 0 : from_y >= height ? height - 1 : from_y;
            from_x = from_x < 0 ? 0 : from_x >= width ? width - 1 : from_x;
            if (is_outside && fill == AUGMENT_FILL_ZERO)
                memset(out, 0, channels);
            else
                memcpy(out, in + (size_t)(from_y * width + from_x) * channels, channels);
        }
}

static bool is_moved(const struct image_shape *image, enum augment_fill fill, int x, int y,
                     const uint8_t *in, const uint8_t *out)
{
    uint8_t moved[MAX_VALUES];

    move_whole(image, fill, x, y, in, moved);
    return memcmp(moved, out, image_num_values(image)) == 0;
}

/* All the moves of up to two pixels come, each about as often, and nothing else. */
static void test_augment_apply_crop_moves_by_whole_pixels(void **state)
{
    static const char *const TEXTS[] = {"crop:2", "crop:2 fill:edge", "crop:2 fill:reflect"};
    enum { NUM_SAMPLES = 1000 };
    uint8_t in[MAX_VALUES], out[MAX_VALUES];

    (void)state;
    fill_noise(in, MAX_VALUES);
    for (size_t s = 0; s < 4; s++)
        for (size_t t = 0; t < COUNT(TEXTS); t++) {
            const struct augment augment = parse(TEXTS[t]);
            int counts[5][5] = {{0}};

            for (uint64_t sample = 0; sample < NUM_SAMPLES; sample++) {
                int num_found = 0;

                apply(&augment, 1, 1, sample, &SHAPES[s], in, out);
                for (int y = -2; y <= 2; y++)
                    for (int x = -2; x <= 2; x++)
                        if (is_moved(&SHAPES[s], augment.fill, x, y, in, out)) {
                            counts[y + 2][x + 2]++;
                            num_found++;
                        }
                assert_int_equal(num_found, 1);
            }
            for (size_t k = 0; k < 25; k++) /* 40 +- 5 sqrt(40 * 24 / 25) */
                assert_true(abs(counts[k / 5][k % 5] - NUM_SAMPLES / 25) <= 31);
        }
}

/* A turn of 2^-16 degrees moves no pixel, but takes the way of those that do. */
static void test_augment_apply_resampling_of_whole_pixels_is_exact(void **state)
{
    static const char *const FILLS[] = {"zero", "edge", "reflect"};
    uint8_t in[MAX_VALUES], expected[MAX_VALUES], found[MAX_VALUES];

    (void)state;
    fill_noise(in, MAX_VALUES);
    for (size_t s = 0; s < COUNT(SHAPES); s++)
        for (size_t f = 0; f < COUNT(FILLS); f++) {
            struct augment augment = parse("crop:3 flip");

            augment.fill = (enum augment_fill)f;
            for (uint64_t sample = 0; sample < 50; sample++) {
                augment.rotate = 0.0;
                apply(&augment, 1, 1, sample, &SHAPES[s], in, expected);
                augment.rotate = 0x1p-16;
                apply(&augment, 1, 1, sample, &SHAPES[s], in, found);
                assert_memory_equal(found, expected, image_num_values(&SHAPES[s]));
            }
        }
}

/* A sample that does not move along y and a hundredth of a pixel or more along x is no whole move.
 */
static void test_augment_apply_whole_along_one_axis_is_resampled(void **state)
{
    const struct augment augment = parse("shift:0.02");
    const struct image_shape image = {5, 9, 1};
    uint8_t in[45], out[45];
    int num_found[2] = {0};

    (void)state;
    fill_noise(in, sizeof(in));
    for (uint64_t sample = 0; sample < 30000; sample++) {
        struct random_stream stream =
            random_stream_begin(1, RANDOM_AUGMENT, (uint64_t)1 << 32 | sample);
        int64_t moves[5]; /* 3: along x, 4: along y, in 2^-16 pixels */

        for (int i = 0; i < 5; i++)
            moves[i] = (int64_t)((uint64_t)random_next(&stream) * 2623 >> 32) - 1311;
        for (int axis = 0; axis < 2; axis++)
            if (moves[3 + axis] == 0 && llabs(moves[4 - axis]) > 655) {
                apply(&augment, 1, 1, sample, &image, in, out);
                assert_memory_not_equal(in, out, sizeof(in));
                num_found[axis]++;
            }
    }
    assert_true(num_found[0] > 0 && num_found[1] > 0);
}

static void test_augment_apply_flip_mirrors_half(void **state)
{
    const struct augment augment = parse("flip");
    enum { NUM_SAMPLES = 1000 };
    uint8_t in[MAX_VALUES], mirrored[MAX_VALUES], out[MAX_VALUES];

    (void)state;
    fill_noise(in, MAX_VALUES);
    for (size_t s = 0; s < 4; s++) {
        const size_t width = SHAPES[s].width, channels = SHAPES[s].channels;
        int num_mirrored = 0;

        for (size_t i = 0; i < SHAPES[s].height * width; i++)
            memcpy(mirrored + i * channels,
                   in + (i / width * width + (width - 1 - i % width)) * channels, channels);
        for (uint64_t sample = 0; sample < NUM_SAMPLES; sample++) {
            const size_t nbytes = image_num_values(&SHAPES[s]);

            apply(&augment, 1, 1, sample, &SHAPES[s], in, out);
            if (memcmp(out, mirrored, nbytes) == 0)
                num_mirrored++;
            else
                assert_memory_equal(out, in, nbytes);
        }
        assert_true(abs(num_mirrored - NUM_SAMPLES / 2) <= 80); /* five standard errors */
    }
}

/* ---- where a spot of light goes ---- */

enum { SIDE = 41, MIDDLE = SIDE / 2 };

struct spot {
    double x, y, light; /* from the middle of the image */
};

/* A round spot around (x, y), as smooth as bytes allow, on a gray image of 41x41. */
static void draw_spot(double x, double y, uint8_t *image)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        const double dx = i % SIDE - MIDDLE - x, dy = i / SIDE - MIDDLE - y;

        image[i] = (uint8_t)(250.0 * exp(-(dx * dx + dy * dy) / 12.0) + 0.5);
    }
}

static struct spot find_spot(const uint8_t *image)
{
    struct spot spot = {0};

    for (int i = 0; i < SIDE * SIDE; i++) {
        spot.light += image[i];
        spot.x += image[i] * (i % SIDE - MIDDLE);
        spot.y += image[i] * (i / SIDE - MIDDLE);
    }
    spot.x /= spot.light;
    spot.y /= spot.light;
    return spot;
}

static struct spot move_spot(const char *text, uint64_t sample, double x, double y)
{
    static const struct image_shape image = {SIDE, SIDE, 1};
    const struct augment augment = parse(text);
    uint8_t in[SIDE * SIDE], out[SIDE * SIDE];

    draw_spot(x, y, in);
    apply(&augment, 1, 1, sample, &image, in, out);
    return find_spot(out);
}

/* Draws are uniform between -magnitude and magnitude: the ends are nearly reached, the mean is 0
 * and the mean square a third of the largest, within five standard errors. */
struct spread {
    double least, largest, sum, squares;
    int count;
};

static void add_to_spread(struct spread *spread, double value)
{
    spread->least = fmin(spread->least, value);
    spread->largest = fmax(spread->largest, value);
    spread->sum += value;
    spread->squares += value * value;
    spread->count++;
}

static void assert_uniform(const char *what, const struct spread *spread, double magnitude,
                           double tolerance)
{
    const double error = 5.0 / sqrt(spread->count);

    if (!(spread->least >= -magnitude - tolerance) || !(spread->largest <= magnitude + tolerance) ||
        !(spread->least < -0.98 * magnitude) || !(spread->largest > 0.98 * magnitude) ||
        !(fabs(spread->sum / spread->count / magnitude) < error) ||
        !(fabs(spread->squares / spread->count / (magnitude * magnitude / 3.0) - 1.0) < error))
        fail_msg("%s: from %g to %g, mean %g, mean square %g", what, spread->least, spread->largest,
                 spread->sum / spread->count, spread->squares / spread->count);
}

enum { NUM_SPOTS = 1000 };

static void test_augment_apply_rotate_turns_about_the_middle(void **state)
{
    struct spread spread = {0};

    (void)state;
    for (uint64_t sample = 0; sample < NUM_SPOTS; sample++) {
        const struct spot spot = move_spot("rotate:30", sample, 10.0, 0.0);

        assert_true(fabs(hypot(spot.x, spot.y) - 10.0) < 0.05);
        add_to_spread(&spread, atan2(spot.y, spot.x) * 180.0 / 3.14159265358979);
    }
    assert_uniform("rotate", &spread, 30.0, 0.1);
}

/* The spot's area grows by the square. */
static void test_augment_apply_scale_keeps_directions(void **state)
{
    const double light = move_spot("", 0, 6.0, -8.0).light;
    struct spread spread = {0};

    (void)state;
    for (uint64_t sample = 0; sample < NUM_SPOTS; sample++) {
        const struct spot spot = move_spot("scale:0.25", sample, 6.0, -8.0);
        const double scale = spot.x / 6.0;

        assert_true(fabs(scale - spot.y / -8.0) < 0.01);
        assert_true(fabs(spot.light / (light * scale * scale) - 1.0) < 0.02);
        add_to_spread(&spread, scale - 1.0);
    }
    assert_uniform("scale", &spread, 0.25, 0.01);
}

static void test_augment_apply_shear_moves_lines_along_x(void **state)
{
    struct spread spread = {0};

    (void)state;
    for (uint64_t sample = 0; sample < NUM_SPOTS; sample++) {
        const struct spot spot = move_spot("shear:0.4", sample, 3.0, 10.0);

        assert_true(fabs(spot.y - 10.0) < 0.05);
        add_to_spread(&spread, (spot.x - 3.0) / 10.0);
    }
    assert_uniform("shear", &spread, 0.4, 0.01);
}

static void test_augment_apply_shift_moves_both_ways_alone(void **state)
{
    struct spread along_x = {0}, along_y = {0};
    double product = 0.0;

    (void)state;
    for (uint64_t sample = 0; sample < NUM_SPOTS; sample++) {
        const struct spot spot = move_spot("shift:2.5", sample, -4.0, 5.0);

        add_to_spread(&along_x, spot.x + 4.0);
        add_to_spread(&along_y, spot.y - 5.0);
        product += (spot.x + 4.0) * (spot.y - 5.0) / NUM_SPOTS;
    }
    assert_uniform("shift, x", &along_x, 2.5, 0.02);
    assert_uniform("shift, y", &along_y, 2.5, 0.02);
    assert_true(fabs(product) < 5.0 * 2.5 * 2.5 / 3.0 / sqrt(NUM_SPOTS));
}

/* Turned, sheared and scaled first, moved then: a spot in the middle is only moved. */
static void test_augment_apply_all_moves_are_one_map(void **state)
{
    (void)state;
    for (uint64_t sample = 0; sample < 200; sample++) {
        const char *all = "rotate:20 scale:0.1 shear:0.2 shift:2 crop:1";
        const struct spot moved = move_spot("shift:2 crop:1", sample, 0.0, 0.0);
        const struct spot middle = move_spot(all, sample, 0.0, 0.0);
        const struct spot right = move_spot(all, sample, 6.0, 0.0);
        const struct spot below = move_spot(all, sample, 0.0, 7.0);
        const struct spot both = move_spot(all, sample, 6.0, 7.0);
        const struct spot sheared = move_spot("shear:0.2", sample, 0.0, 7.0);
        const struct spot scaled = move_spot("scale:0.1", sample, 6.0, 0.0);
        const struct spot turned = move_spot("rotate:20", sample, 6.0, 0.0);
        const double angle = atan2(turned.y, turned.x), scale = scaled.x / 6.0;
        const double x = scale * sheared.x, y = scale * 7.0;

        assert_true(hypot(middle.x - moved.x, middle.y - moved.y) < 0.05);
        assert_true(fabs(hypot(right.x - middle.x, right.y - middle.y) - 6.0 * scale) < 0.1);
        assert_true(fabs(atan2(right.y - middle.y, right.x - middle.x) - angle) < 0.02);
        /* Sheared and scaled before turned. */
        assert_true(fabs(below.x - middle.x - (x * cos(angle) - y * sin(angle))) < 0.1);
        assert_true(fabs(below.y - middle.y - (x * sin(angle) + y * cos(angle))) < 0.1);
        assert_true(fabs(both.x - right.x - below.x + middle.x) < 0.1);
        assert_true(fabs(both.y - right.y - below.y + middle.y) < 0.1);
    }
}

/* Neighbours go together, what is far apart does not, and nothing further than the magnitude. */
static void test_augment_apply_elastic_is_smooth_and_bounded(void **state)
{
    double near = 0.0, far = 0.0, squares = 0.0, largest = 0.0;

    (void)state;
    for (uint64_t sample = 0; sample < NUM_SPOTS / 2; sample++) {
        const struct spot a = move_spot("elastic:3:8", sample, -8.0, 0.0);
        const struct spot b = move_spot("elastic:3:8", sample, -7.0, 1.0);
        const struct spot c = move_spot("elastic:3:8", sample, 12.0, 0.0);

        near += hypot(a.x + 8.0 - b.x - 7.0, a.y - b.y + 1.0);
        far += hypot(a.x + 8.0 - c.x + 12.0, a.y - c.y);
        squares += (a.x + 8.0) * (a.x + 8.0);
        largest = fmax(largest, fmax(fabs(a.x + 8.0), fabs(a.y)));
    }
    /* The points' mean square is 3; the squares of a spline's weights add up to a half or a little
     * less, along x and along y, which leaves 0.64 to 0.75. */
    assert_true(largest < 3.0 && largest > 1.5);
    assert_true(squares / (NUM_SPOTS / 2) > 0.3 && squares / (NUM_SPOTS / 2) < 1.2);
    assert_true(near < 0.4 * far);
}

/* The uniform cubic B-spline of points [8][2][8] at cells (x, y), in double. */
static double compute_spline(const int points[8][2][8], int axis, double x, double y)
{
    double sum = 0.0;

    for (int row = 0; row < 8; row++)
        for (int column = 0; column < 8; column++) {
            double weight = 1.0;

            for (int i = 0; i < 2; i++) {
                const double d = fabs(i ? y - row + 1 : x - column + 1);

                weight *= d < 1.0   ? 2.0 / 3.0 - d * d + d * d * d / 2.0
                          : d < 2.0 ? (2.0 - d) * (2.0 - d) * (2.0 - d) / 6.0
                                    : 0.0;
            }
            sum += weight * points[row][axis][column] / 4096.0;
        }
    return sum;
}

/*
 * The points are drawn after the 16 numbers of the other operations, a line's x before its y, in
 * whole 4096ths of a pixel.  On a ramp of six steps a pixel the displacement can be read off.
 */
static void test_augment_apply_elastic_is_the_spline_of_its_points(void **state)
{
    const struct augment augment = parse("elastic:2.5:10 fill:edge");
    const struct image_shape image = {SIDE, SIDE, 1};
    uint8_t in[2][SIDE * SIDE], out[2][SIDE * SIDE];

    (void)state;
    for (int i = 0; i < SIDE * SIDE; i++) {
        in[0][i] = (uint8_t)(6 * (i % SIDE));
        in[1][i] = (uint8_t)(6 * (i / SIDE));
    }
    for (uint64_t sample = 0; sample < 20; sample++) {
        struct random_stream stream =
            random_stream_begin(7, RANDOM_AUGMENT, (uint64_t)3 << 32 | sample);
        int points[8][2][8];

        for (int i = 0; i < 16; i++)
            random_next(&stream);
        for (int i = 0; i < 128; i++)
            points[i / 16][i / 8 % 2][i % 8] =
                (int)((uint64_t)random_next(&stream) * 20481 >> 32) - 10240;
        for (int axis = 0; axis < 2; axis++)
            apply(&augment, 7, 3, sample, &image, in[axis], out[axis]);
        for (int i = 0; i < SIDE * SIDE; i++) {
            const int x = i % SIDE, y = i / SIDE;

            if (x < 3 || x >= SIDE - 3 || y < 3 || y >= SIDE - 3)
                continue;
            for (int axis = 0; axis < 2; axis++) {
                const double expected =
                    6.0 * ((axis ? y : x) + compute_spline(points, axis, x / 10.0, y / 10.0));

                if (!(fabs(out[axis][i] - expected) <= 0.6))
                    fail_msg("pixel (%d, %d), axis %d: %d, not %g", x, y, axis, out[axis][i],
                             expected);
            }
        }
    }
}

/* ---- pixel values ---- */

/* Half of the values 60, half 120: two numbers that say the two factors. */
static void test_augment_apply_brightness_and_contrast_are_factors(void **state)
{
    static const struct image_shape image = {10, 10, 1};
    const struct augment bright = parse("brightness:0.5"), contrast = parse("contrast:0.5");
    const struct augment both = parse("brightness:0.5 contrast:0.5");
    struct spread brightness_spread = {0}, contrast_spread = {0};
    uint8_t in[100], out[100];

    (void)state;
    for (int i = 0; i < 100; i++)
        in[i] = i % 2 ? 120 : 60;
    for (uint64_t sample = 0; sample < 2000; sample++) {
        double factor, stretch;

        apply(&bright, 1, 1, sample, &image, in, out);
        factor = out[1] / 120.0;
        assert_true(fabs(out[0] - 60.0 * factor) <= 0.76);
        add_to_spread(&brightness_spread, factor - 1.0);
        apply(&contrast, 1, 1, sample, &image, in, out);
        stretch = (out[1] - out[0]) / 60.0;
        assert_true(fabs((out[1] + out[0]) / 2.0 - 90.0) <= 0.51);
        add_to_spread(&contrast_spread, stretch - 1.0);
        apply(&both, 1, 1, sample, &image, in, out);
        assert_true(fabs(out[1] - factor * (90.0 + stretch * 30.0)) <= 2.0);
        assert_true(fabs(out[0] - factor * (90.0 - stretch * 30.0)) <= 2.0);
    }
    assert_uniform("brightness", &brightness_spread, 0.5, 0.01);
    assert_uniform("contrast", &contrast_spread, 0.5, 0.02);
}

static void test_augment_apply_brightness_ends_at_white_and_black(void **state)
{
    static const struct image_shape image = {16, 16, 1};
    const struct augment augment = parse("brightness:1 contrast:1");
    uint8_t in[256], out[256];
    bool was_white = false, was_black = false;

    (void)state;
    for (int i = 0; i < 256; i++)
        in[i] = (uint8_t)i;
    for (uint64_t sample = 0; sample < 300; sample++) {
        apply(&augment, 1, 1, sample, &image, in, out);
        for (int i = 1; i < 256; i++)
            assert_true(out[i] >= out[i - 1]); /* no value wraps around */
        was_white |= out[250] == 255;
        was_black |= out[5] == 0 && out[250] > 0;
    }
    assert_true(was_white && was_black);
}

/* On an image of 16x24 whose mean is (100, 50, 200): sides from 2 to 8 and 3 to 12. */
static void test_augment_apply_erase_fills_a_rectangle_with_the_mean(void **state)
{
    static const struct image_shape image = {16, 24, 3};
    static const uint8_t MEAN[3] = {100, 50, 200};
    const struct augment augment = parse("erase:0.75");
    enum { NUM_SAMPLES = 4000 };
    uint8_t in[16 * 24 * 3], out[16 * 24 * 3];
    int num_erased = 0, heights[17] = {0}, widths[25] = {0}, at_ends = 0;

    (void)state;
    for (int i = 0; i < 16 * 24; i++)
        for (int c = 0; c < 3; c++)
            in[3 * i + c] = (uint8_t)(MEAN[c] + (i % 2 ? 7 : -7));
    for (uint64_t sample = 0; sample < NUM_SAMPLES; sample++) {
        int top = 16, bottom = -1, left = 24, right = -1, num_filled = 0;

        apply(&augment, 1, 1, sample, &image, in, out);
        for (int i = 0; i < 16 * 24; i++) {
            if (memcmp(out + 3 * i, MEAN, 3) != 0) {
                assert_memory_equal(out + 3 * i, in + 3 * i, 3);
                continue;
            }
            num_filled++;
            top = i / 24 < top ? i / 24 : top;
            bottom = i / 24 > bottom ? i / 24 : bottom;
            left = i % 24 < left ? i % 24 : left;
            right = i % 24 > right ? i % 24 : right;
        }
        if (num_filled == 0)
            continue;
        num_erased++;
        assert_int_equal(num_filled, (bottom - top + 1) * (right - left + 1));
        heights[bottom - top + 1]++;
        widths[right - left + 1]++;
        at_ends |= (top == 0) | (bottom == 15) << 1 | (left == 0) << 2 | (right == 23) << 3;
    }
    assert_true(abs(num_erased - 3000) <= 137); /* five standard errors */
    assert_int_equal(at_ends, 15);
    for (int side = 0; side < 17; side++)
        assert_true(heights[side] == 0 ? side < 2 || side > 8
                                       : abs(heights[side] - num_erased / 7) <= 100);
    for (int side = 0; side < 25; side++)
        assert_true(widths[side] == 0 ? side < 3 || side > 12
                                      : abs(widths[side] - num_erased / 10) <= 85);
}

/* ---- what decides ---- */

static const char *const ALL = "rotate:15 shift:2 scale:0.2 shear:0.1 elastic:1:5 flip crop:1 "
                               "brightness:0.3 contrast:0.3 erase:0.5";

static void test_augment_apply_any_shape_and_fill_stays_inside(void **state)
{
    uint8_t in[MAX_VALUES], out[MAX_VALUES];

    (void)state;
    fill_noise(in, MAX_VALUES);
    for (size_t s = 0; s < COUNT(SHAPES); s++)
        for (int fill = AUGMENT_FILL_ZERO; fill <= AUGMENT_FILL_REFLECT; fill++)
            for (uint64_t sample = 0; sample < 30; sample++) {
                struct augment augment = parse(ALL);

                augment.fill = (enum augment_fill)fill;
                if (sample % 3 == 0) { /* as far as numbers go */
                    augment.rotate = 180.0;
                    augment.scale = 0.9;
                    augment.shear = 2.0;
                    augment.shift = augment.elastic = 60.0;
                    augment.crop = 1024;
                    augment.elastic_spacing = 2.0;
                }
                apply(&augment, 1, 1, sample, &SHAPES[s], in, out);
            }
}

/* Every fill is of the image's own colors: on an image of one, only zero shows. */
static void test_augment_apply_edge_and_reflect_show_nothing_else(void **state)
{
    static const struct image_shape image = {12, 15, 1};
    struct augment augment = parse("rotate:90 shift:9 scale:0.5 shear:1 elastic:3:4 crop:5");
    uint8_t in[12 * 15], out[12 * 15];
    bool has_zero = false;

    (void)state;
    memset(in, 254, sizeof(in));
    for (uint64_t sample = 0; sample < 200; sample++)
        for (int fill = AUGMENT_FILL_ZERO; fill <= AUGMENT_FILL_REFLECT; fill++) {
            augment.fill = (enum augment_fill)fill;
            apply(&augment, 1, 1, sample, &image, in, out);
            for (size_t i = 0; i < sizeof(out); i++) {
                assert_true(out[i] <= 254);
                assert_true(fill == AUGMENT_FILL_ZERO || out[i] == 254);
                has_zero |= out[i] == 0;
            }
        }
    assert_true(has_zero);
}

static void test_augment_apply_is_a_function_of_seed_epoch_sample(void **state)
{
    static const struct image_shape image = {28, 28, 1};
    static const uint64_t KEYS[][3] = {{1, 1, 0},          {1, 1, 1},          {1, 2, 0},
                                       {2, 1, 0},          {1, 2, 1},          {1, 0, 1},
                                       {1, 1, UINT32_MAX}, {1ull << 32, 1, 0}, {0, 1, 0}};
    const struct augment augment = parse(ALL);
    static uint8_t in[28 * 28], first[COUNT(KEYS)][28 * 28], again[28 * 28];

    (void)state;
    fill_noise(in, sizeof(in));
    for (size_t k = 0; k < COUNT(KEYS); k++)
        apply(&augment, KEYS[k][0], KEYS[k][1], KEYS[k][2], &image, in, first[k]);
    for (size_t k = COUNT(KEYS); k-- > 0;) {
        apply(&augment, KEYS[k][0], KEYS[k][1], KEYS[k][2], &image, in, again);
        assert_memory_equal(first[k], again, sizeof(again));
        for (size_t other = 0; other < k; other++)
            assert_memory_not_equal(first[k], first[other], sizeof(again));
    }
}

/* Asking for an operation leaves the draws of the others alone. */
static void test_augment_apply_operations_draw_apart(void **state)
{
    const struct image_shape image = {20, 20, 1};
    const struct augment moved = parse("shift:3 crop:2"), bright = parse("brightness:0.4");
    const struct augment both = parse("shift:3 crop:2 brightness:0.4");
    const struct augment turned = parse("rotate:9 elastic:1:4 flip shift:3 crop:2 brightness:0.4");
    uint8_t in[400], one[400], two[400];

    (void)state;
    fill_noise(in, sizeof(in));
    for (uint64_t sample = 0; sample < 50; sample++) {
        apply(&moved, 1, 1, sample, &image, in, one);
        apply(&bright, 1, 1, sample, &image, one, one);
        apply(&both, 1, 1, sample, &image, in, two);
        assert_memory_equal(one, two, sizeof(two));
        /* Of an image of one value only the brightness shows. */
        memset(in, 100, sizeof(in));
        apply(&bright, 1, 1, sample, &image, in, one);
        apply(&turned, 1, 1, sample, &image, in, two);
        assert_int_equal(one[210], two[210]);
        fill_noise(in, sizeof(in));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_augment_apply_of_no_magnitude_copies),
        cmocka_unit_test(test_augment_apply_crop_moves_by_whole_pixels),
        cmocka_unit_test(test_augment_apply_resampling_of_whole_pixels_is_exact),
        cmocka_unit_test(test_augment_apply_whole_along_one_axis_is_resampled),
        cmocka_unit_test(test_augment_apply_flip_mirrors_half),
        cmocka_unit_test(test_augment_apply_rotate_turns_about_the_middle),
        cmocka_unit_test(test_augment_apply_scale_keeps_directions),
        cmocka_unit_test(test_augment_apply_shear_moves_lines_along_x),
        cmocka_unit_test(test_augment_apply_shift_moves_both_ways_alone),
        cmocka_unit_test(test_augment_apply_all_moves_are_one_map),
        cmocka_unit_test(test_augment_apply_elastic_is_smooth_and_bounded),
        cmocka_unit_test(test_augment_apply_elastic_is_the_spline_of_its_points),
        cmocka_unit_test(test_augment_apply_brightness_and_contrast_are_factors),
        cmocka_unit_test(test_augment_apply_brightness_ends_at_white_and_black),
        cmocka_unit_test(test_augment_apply_erase_fills_a_rectangle_with_the_mean),
        cmocka_unit_test(test_augment_apply_any_shape_and_fill_stays_inside),
        cmocka_unit_test(test_augment_apply_edge_and_reflect_show_nothing_else),
        cmocka_unit_test(test_augment_apply_is_a_function_of_seed_epoch_sample),
        cmocka_unit_test(test_augment_apply_operations_draw_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
