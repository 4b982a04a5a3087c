/*
 * What augmentation draws: by where a spot of light goes, by pixel values, and how often.
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
#include "tests/augment_fixture.h"

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
    const struct augment augment = augment_fixture_parse(text);
    uint8_t in[SIDE * SIDE], out[SIDE * SIDE];

    draw_spot(x, y, in);
    augment_fixture_apply(&augment, 1, 1, sample, &image, in, out);
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
    const struct augment augment = augment_fixture_parse("elastic:2.5:10 fill:edge");
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
            augment_fixture_apply(&augment, 7, 3, sample, &image, in[axis], out[axis]);
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
    const struct augment bright = augment_fixture_parse("brightness:0.5"),
                         contrast = augment_fixture_parse("contrast:0.5");
    const struct augment both = augment_fixture_parse("brightness:0.5 contrast:0.5");
    struct spread brightness_spread = {0}, contrast_spread = {0};
    uint8_t in[100], out[100];

    (void)state;
    for (int i = 0; i < 100; i++)
        in[i] = i % 2 ? 120 : 60;
    for (uint64_t sample = 0; sample < 2000; sample++) {
        double factor, stretch;

        augment_fixture_apply(&bright, 1, 1, sample, &image, in, out);
        factor = out[1] / 120.0;
        assert_true(fabs(out[0] - 60.0 * factor) <= 0.76);
        add_to_spread(&brightness_spread, factor - 1.0);
        augment_fixture_apply(&contrast, 1, 1, sample, &image, in, out);
        stretch = (out[1] - out[0]) / 60.0;
        assert_true(fabs((out[1] + out[0]) / 2.0 - 90.0) <= 0.51);
        add_to_spread(&contrast_spread, stretch - 1.0);
        augment_fixture_apply(&both, 1, 1, sample, &image, in, out);
        assert_true(fabs(out[1] - factor * (90.0 + stretch * 30.0)) <= 2.0);
        assert_true(fabs(out[0] - factor * (90.0 - stretch * 30.0)) <= 2.0);
    }
    assert_uniform("brightness", &brightness_spread, 0.5, 0.01);
    assert_uniform("contrast", &contrast_spread, 0.5, 0.02);
}

static void test_augment_apply_brightness_ends_at_white_and_black(void **state)
{
    static const struct image_shape image = {16, 16, 1};
    const struct augment augment = augment_fixture_parse("brightness:1 contrast:1");
    uint8_t in[256], out[256];
    bool was_white = false, was_black = false;

    (void)state;
    for (int i = 0; i < 256; i++)
        in[i] = (uint8_t)i;
    for (uint64_t sample = 0; sample < 300; sample++) {
        augment_fixture_apply(&augment, 1, 1, sample, &image, in, out);
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
    const struct augment augment = augment_fixture_parse("erase:0.75");
    enum { NUM_SAMPLES = 4000 };
    uint8_t in[16 * 24 * 3], out[16 * 24 * 3];
    int num_erased = 0, heights[17] = {0}, widths[25] = {0}, at_ends = 0;

    (void)state;
    for (int i = 0; i < 16 * 24; i++)
        for (int c = 0; c < 3; c++)
            in[3 * i + c] = (uint8_t)(MEAN[c] + (i % 2 ? 7 : -7));
    for (uint64_t sample = 0; sample < NUM_SAMPLES; sample++) {
        int top = 16, bottom = -1, left = 24, right = -1, num_filled = 0;

        augment_fixture_apply(&augment, 1, 1, sample, &image, in, out);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
