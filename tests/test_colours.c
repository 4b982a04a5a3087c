/* Colour maps, and what terminals make of colours. */
#include <math.h>
#include <stdlib.h>

#include "common/random.h"
#include "tests/support.h"
#include "view/colours.h"
#include "view/palette.h"

static int distance(struct colour a, struct colour b)
{
    int red = a.red - b.red, green = a.green - b.green, blue = a.blue - b.blue;

    return red * red + green * green + blue * blue;
}

static void test_maps_begin_and_end_as_they_say(void **state)
{
    struct colour zero = colour_of(COLOUR_MAP_DIVERGING, 0.5);

    (void)state;
    assert_int_equal(distance(colour_of(COLOUR_MAP_GRAY, 0.0), colour_black), 0);
    assert_int_equal(distance(colour_of(COLOUR_MAP_GRAY, 1.0), colour_white), 0);
    assert_int_equal(distance(colour_of(COLOUR_MAP_GREYS, -3.0), colour_white), 0);
    assert_int_equal(distance(colour_of(COLOUR_MAP_GREYS, INFINITY), colour_black), 0);
    assert_int_equal(distance(colour_of(COLOUR_MAP_GRAY, NAN), colour_missing), 0);
    assert_true(zero.red == zero.green && zero.green == zero.blue && zero.red > 240);
}

/* Who sees no hue sees lightness: it rises throughout, or falls off on both sides of the middle. */
static void test_maps_are_told_apart_by_lightness(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        double t = i / 100.0;

        assert_true(colour_luminance(colour_of(COLOUR_MAP_SEQUENTIAL, t)) <
                    colour_luminance(colour_of(COLOUR_MAP_SEQUENTIAL, t + 0.01)));
    }
    for (int i = 0; i < 50; i++) {
        double t = i / 100.0;

        assert_true(colour_luminance(colour_of(COLOUR_MAP_DIVERGING, t)) <
                    colour_luminance(colour_of(COLOUR_MAP_DIVERGING, t + 0.01)));
        assert_true(colour_luminance(colour_of(COLOUR_MAP_DIVERGING, 1 - t)) <
                    colour_luminance(colour_of(COLOUR_MAP_DIVERGING, 1 - t - 0.01)));
    }
}

/* WCAG 2 asks for a contrast of 4.5 of text on any ground. */
static void test_ink_can_be_read_on_any_ground(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16 * 16 * 16; i++) {
        struct colour ground = {(uint8_t)(i % 16 * 17), (uint8_t)(i / 16 % 16 * 17),
                                (uint8_t)(i / 256 * 17)};
        double a = colour_luminance(ground), b = colour_luminance(colour_ink_on(ground));

        assert_true((fmax(a, b) + 0.05) / (fmin(a, b) + 0.05) >= 4.5);
    }
}

static void test_to_256_is_the_nearest_of_all(void **state)
{
    struct random_stream stream = random_stream_begin(1, RANDOM_DRAW, 0);

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint32_t word = random_next(&stream);
        struct colour colour = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16)};
        int found, nearest = 1 << 30;

        if (i < 256)
            colour = (struct colour){(uint8_t)i, (uint8_t)i, (uint8_t)i};
        found = distance(colour_from_256(colour_to_256(colour)), colour);
        for (unsigned number = 16; number < 256; number++)
            if (distance(colour_from_256(number), colour) < nearest)
                nearest = distance(colour_from_256(number), colour);
        assert_int_equal(found, nearest);
    }
}

static void test_palette_of_few_colours_is_exact(void **state)
{
    struct error error = {0};
    struct palette palette;
    struct raster raster;

    (void)state;
    assert_ok(raster_create(&raster, 16, 16, colour_white, &error), &error);
    for (unsigned i = 0; i < 256; i++)
        raster_fill(&raster, i % 16, i / 16, 1, 1,
                    (struct colour){(uint8_t)i, 3, (uint8_t)(i / 2)});
    assert_ok(palette_make(&palette, &raster, &error), &error);
    assert_int_equal(palette.count, 256);
    for (size_t i = 0; i < 256; i++)
        assert_int_equal(
            distance(palette.colours[palette.indices[i]], raster_get(&raster, i % 16, i / 16)), 0);
    free(palette.indices);
    raster_free(&raster);
}

/* 4,096 colours of the whole cube: 256 boxes of an eighth by an eighth by a quarter. */
static void test_palette_of_many_colours_is_near(void **state)
{
    struct error error = {0};
    struct palette palette;
    struct raster raster;

    (void)state;
    assert_ok(raster_create(&raster, 64, 64, colour_white, &error), &error);
    for (size_t i = 0; i < 64 * 64; i++)
        raster_fill(&raster, i % 64, i / 64, 1, 1,
                    (struct colour){(uint8_t)(i % 16 * 17), (uint8_t)(i / 16 % 16 * 17),
                                    (uint8_t)(i / 256 * 17)});
    assert_ok(palette_make(&palette, &raster, &error), &error);
    assert_int_equal(palette.count, 256);
    for (size_t i = 0; i < 64 * 64; i++)
        assert_true(distance(palette.colours[palette.indices[i]],
                             raster_get(&raster, i % 64, i / 64)) < 40 * 40);
    free(palette.indices);
    raster_free(&raster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_begin_and_end_as_they_say),
        cmocka_unit_test(test_maps_are_told_apart_by_lightness),
        cmocka_unit_test(test_ink_can_be_read_on_any_ground),
        cmocka_unit_test(test_to_256_is_the_nearest_of_all),
        cmocka_unit_test(test_palette_of_few_colours_is_exact),
        cmocka_unit_test(test_palette_of_many_colours_is_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
