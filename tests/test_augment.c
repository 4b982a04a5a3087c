/*
 * Augmentation of pixels: what is exact exactly, and that nothing but (seed, epoch, sample)
 * decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/augment.h"
#include "tests/augment_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MAX_VALUES = 64 * 64 * 3 };

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
            const struct augment augment = augment_fixture_parse(TEXTS[i]);

            augment_fixture_apply(&augment, 1, 1, s, &SHAPES[s], in, out);
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
            const struct augment augment = augment_fixture_parse(TEXTS[t]);
            int counts[5][5] = {{0}};

            for (uint64_t sample = 0; sample < NUM_SAMPLES; sample++) {
                int num_found = 0;

                augment_fixture_apply(&augment, 1, 1, sample, &SHAPES[s], in, out);
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
            struct augment augment = augment_fixture_parse("crop:3 flip");

            augment.fill = (enum augment_fill)f;
            for (uint64_t sample = 0; sample < 50; sample++) {
                augment.rotate = 0.0;
                augment_fixture_apply(&augment, 1, 1, sample, &SHAPES[s], in, expected);
                augment.rotate = 0x1p-16;
                augment_fixture_apply(&augment, 1, 1, sample, &SHAPES[s], in, found);
                assert_memory_equal(found, expected, image_num_values(&SHAPES[s]));
            }
        }
}

/* A sample that does not move along y and a hundredth of a pixel or more along x is no whole move.
 */
static void test_augment_apply_whole_along_one_axis_is_resampled(void **state)
{
    const struct augment augment = augment_fixture_parse("shift:0.02");
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
                augment_fixture_apply(&augment, 1, 1, sample, &image, in, out);
                assert_memory_not_equal(in, out, sizeof(in));
                num_found[axis]++;
            }
    }
    assert_true(num_found[0] > 0 && num_found[1] > 0);
}

static void test_augment_apply_flip_mirrors_half(void **state)
{
    const struct augment augment = augment_fixture_parse("flip");
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

            augment_fixture_apply(&augment, 1, 1, sample, &SHAPES[s], in, out);
            if (memcmp(out, mirrored, nbytes) == 0)
                num_mirrored++;
            else
                assert_memory_equal(out, in, nbytes);
        }
        assert_true(abs(num_mirrored - NUM_SAMPLES / 2) <= 80); /* five standard errors */
    }
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
                struct augment augment = augment_fixture_parse(ALL);

                augment.fill = (enum augment_fill)fill;
                if (sample % 3 == 0) { /* as far as numbers go */
                    augment.rotate = 180.0;
                    augment.scale = 0.9;
                    augment.shear = 2.0;
                    augment.shift = augment.elastic = 60.0;
                    augment.crop = 1024;
                    augment.elastic_spacing = 2.0;
                }
                augment_fixture_apply(&augment, 1, 1, sample, &SHAPES[s], in, out);
            }
}

/* Every fill is of the image's own colors: on an image of one, only zero shows. */
static void test_augment_apply_edge_and_reflect_show_nothing_else(void **state)
{
    static const struct image_shape image = {12, 15, 1};
    struct augment augment =
        augment_fixture_parse("rotate:90 shift:9 scale:0.5 shear:1 elastic:3:4 crop:5");
    uint8_t in[12 * 15], out[12 * 15];
    bool has_zero = false;

    (void)state;
    memset(in, 254, sizeof(in));
    for (uint64_t sample = 0; sample < 200; sample++)
        for (int fill = AUGMENT_FILL_ZERO; fill <= AUGMENT_FILL_REFLECT; fill++) {
            augment.fill = (enum augment_fill)fill;
            augment_fixture_apply(&augment, 1, 1, sample, &image, in, out);
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
    const struct augment augment = augment_fixture_parse(ALL);
    static uint8_t in[28 * 28], first[COUNT(KEYS)][28 * 28], again[28 * 28];

    (void)state;
    fill_noise(in, sizeof(in));
    for (size_t k = 0; k < COUNT(KEYS); k++)
        augment_fixture_apply(&augment, KEYS[k][0], KEYS[k][1], KEYS[k][2], &image, in, first[k]);
    for (size_t k = COUNT(KEYS); k-- > 0;) {
        augment_fixture_apply(&augment, KEYS[k][0], KEYS[k][1], KEYS[k][2], &image, in, again);
        assert_memory_equal(first[k], again, sizeof(again));
        for (size_t other = 0; other < k; other++)
            assert_memory_not_equal(first[k], first[other], sizeof(again));
    }
}

/* Asking for an operation leaves the draws of the others alone. */
static void test_augment_apply_operations_draw_apart(void **state)
{
    const struct image_shape image = {20, 20, 1};
    const struct augment moved = augment_fixture_parse("shift:3 crop:2"),
                         bright = augment_fixture_parse("brightness:0.4");
    const struct augment both = augment_fixture_parse("shift:3 crop:2 brightness:0.4");
    const struct augment turned =
        augment_fixture_parse("rotate:9 elastic:1:4 flip shift:3 crop:2 brightness:0.4");
    uint8_t in[400], one[400], two[400];

    (void)state;
    fill_noise(in, sizeof(in));
    for (uint64_t sample = 0; sample < 50; sample++) {
        augment_fixture_apply(&moved, 1, 1, sample, &image, in, one);
        augment_fixture_apply(&bright, 1, 1, sample, &image, one, one);
        augment_fixture_apply(&both, 1, 1, sample, &image, in, two);
        assert_memory_equal(one, two, sizeof(two));
        /* Of an image of one value only the brightness shows. */
        memset(in, 100, sizeof(in));
        augment_fixture_apply(&bright, 1, 1, sample, &image, in, one);
        augment_fixture_apply(&turned, 1, 1, sample, &image, in, two);
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
        cmocka_unit_test(test_augment_apply_any_shape_and_fill_stays_inside),
        cmocka_unit_test(test_augment_apply_edge_and_reflect_show_nothing_else),
        cmocka_unit_test(test_augment_apply_is_a_function_of_seed_epoch_sample),
        cmocka_unit_test(test_augment_apply_operations_draw_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
