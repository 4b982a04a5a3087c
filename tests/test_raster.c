/* Pictures in memory: what is drawn, and what they are at other sizes. */
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "tests/support.h"
#include "view/font.h"
#include "view/raster.h"

static struct colour gray(uint8_t level)
{
    return (struct colour){level, level, level};
}

static void assert_level(const struct raster *raster, size_t x, size_t y, int level)
{
    struct colour found = raster_get(raster, x, y);

    assert_int_equal(found.red, level);
    assert_int_equal(found.green, level);
    assert_int_equal(found.blue, level);
}

/* A gray picture of levels [height][width]. */
static struct raster make(size_t width, size_t height, const uint8_t *levels)
{
    struct error error = {0};
    struct raster raster;

    assert_ok(raster_from_image(&raster, &(struct image_shape){height, width, 1}, levels, &error),
              &error);
    return raster;
}

static void test_create_impossible_size_refused(void **state)
{
    struct error error = {0};
    struct raster raster;

    (void)state;
    assert_fails(raster_create(&raster, 0, 5, colour_black, &error), &error, STATUS_DATA);
    error = (struct error){0};
    assert_fails(raster_create(&raster, 65536, 5, colour_black, &error), &error, STATUS_DATA);
    raster_free(&raster);
}

static void test_from_image_rgb_keeps_channels(void **state)
{
    const uint8_t pixels[] = {1, 2, 3, 4, 5, 6};
    struct error error = {0};
    struct raster raster;

    (void)state;
    assert_ok(raster_from_image(&raster, &(struct image_shape){1, 2, 3}, pixels, &error), &error);
    assert_memory_equal(raster.pixels, pixels, sizeof(pixels));
    raster_free(&raster);
}

static void test_from_values_out_of_range_takes_the_nearest(void **state)
{
    const float values[] = {-9.0f, 0.0f, 9.0f, NAN};
    struct error error = {0};
    struct raster raster;

    (void)state;
    assert_ok(raster_from_values(&raster, values, 4, 1, COLOUR_MAP_DIVERGING, -1.0f, 1.0f, &error),
              &error);
    for (size_t i = 0; i < 3; i++) {
        struct colour found = raster_get(&raster, i, 0);
        struct colour wanted = colour_of(COLOUR_MAP_DIVERGING, (double)i / 2);

        assert_memory_equal(&found, &wanted, sizeof(found));
    }
    assert_memory_equal(raster.pixels + 9, &colour_missing, sizeof(colour_missing));
    raster_free(&raster);
}

static void test_fill_and_put_beyond_the_edges_are_cut(void **state)
{
    const uint8_t levels[] = {10, 20, 30, 40};
    struct raster picture = make(2, 2, levels), raster;
    struct error error = {0};

    (void)state;
    assert_ok(raster_create(&raster, 5, 5, colour_white, &error), &error);
    raster_fill(&raster, 3, 3, SIZE_MAX, SIZE_MAX, gray(7));
    raster_fill(&raster, 9, 9, 1, 1, gray(8));
    assert_level(&raster, 2, 3, 255);
    assert_level(&raster, 4, 4, 7);
    raster_put(&raster, 1, 1, &picture, 3);
    assert_level(&raster, 1, 1, 10);
    assert_level(&raster, 3, 3, 10);
    assert_level(&raster, 4, 3, 20);
    assert_level(&raster, 3, 4, 30);
    assert_level(&raster, 4, 4, 40);
    assert_level(&raster, 0, 4, 255);
    raster_free(&raster);
    raster_free(&picture);
}

static void test_resize_whole_factors_repeat_pixels(void **state)
{
    const uint8_t levels[] = {10, 20, 30, 40, 50, 60};
    struct raster picture = make(3, 2, levels), large;
    struct error error = {0};

    (void)state;
    assert_ok(raster_resize(&large, &picture, 6, 6, &error), &error);
    for (size_t y = 0; y < 6; y++)
        for (size_t x = 0; x < 6; x++)
            assert_level(&large, x, y, levels[y / 3 * 3 + x / 2]);
    raster_free(&large);
    raster_free(&picture);
}

/* Two of three pixels each, the middle one shared; means are rounded to the nearest. */
static void test_resize_smaller_takes_means_by_area(void **state)
{
    const uint8_t levels[] = {0, 90, 255};
    struct raster picture = make(3, 1, levels), small;
    struct error error = {0};

    (void)state;
    assert_ok(raster_resize(&small, &picture, 2, 1, &error), &error);
    assert_level(&small, 0, 0, 30);
    assert_level(&small, 1, 0, 200);
    raster_free(&small);
    assert_ok(raster_resize(&small, &picture, 1, 1, &error), &error);
    assert_level(&small, 0, 0, 115);
    raster_free(&small);
    raster_free(&picture);
}

static void test_resize_large_picture_is_within_its_range(void **state)
{
    struct error error = {0};
    struct raster picture, small;

    (void)state;
    assert_ok(raster_create(&picture, 1024, 1024, colour_white, &error), &error);
    assert_ok(raster_resize(&small, &picture, 77, 39, &error), &error);
    for (size_t i = 0; i < 77 * 39; i++)
        assert_level(&small, i % 77, i / 77, 255);
    raster_free(&small);
    raster_free(&picture);
}

/* The 7 of the font, whatever is around it. */
static void test_text_is_drawn_letter_by_letter(void **state)
{
    static const char *const seven[] = {"#####", "....#", "...#.", "..#..",
                                        ".#...", ".#...", ".#...", "....."};
    struct error error = {0};
    struct raster raster;

    (void)state;
    assert_ok(raster_create(&raster, 40, 20, colour_white, &error), &error);
    raster_text(&raster, 3, 2, " 7\u72d7", 2, colour_black);
    for (size_t y = 0; y < FONT_HEIGHT; y++)
        for (size_t x = 0; x < FONT_WIDTH; x++)
            assert_level(&raster, 3 + 2 * FONT_ADVANCE + 2 * x, 2 + 2 * y,
                         seven[y][x] == '#' ? 0 : 255);
    assert_level(&raster, 3, 2, 255);
    assert_level(&raster, 3 + 4 * FONT_ADVANCE, 2, 0); /* the box of what the font has not */
    assert_int_equal(raster_text_width(" 7\u72d7", 2), 3 * 2 * FONT_ADVANCE);
    raster_free(&raster);
}

static const uint8_t *glyph_of(const char *text)
{
    const uint8_t *glyph = NULL;

    assert_int_equal(font_next(text, &glyph), strlen(text));
    return glyph;
}

/* A character of Latin-1 as UTF-8. */
static const char *latin(unsigned character, char text[3])
{
    if (character < 0x80)
        return text_format(text, 3, "%c", (int)character);
    return text_format(text, 3, "%c%c", (int)(0xc0 | character >> 6),
                       (int)(0x80 | (character & 0x3f)));
}

static bool is_printable(unsigned character)
{
    return character != 0xa0 && character != 0xad && (character < 0x7f || character > 0x9f);
}

static void test_font_characters_are_all_different(void **state)
{
    char text[2][3];

    (void)state;
    for (unsigned a = ' '; a <= 0xff; a++) {
        for (unsigned b = a + 1; b <= 0xff && is_printable(a); b++) {
            /* A zero and an O look alike, in numbers and names of their own. */
            if (is_printable(b) && (a != '0' || b != 'O'))
                assert_memory_not_equal(glyph_of(latin(a, text[0])), glyph_of(latin(b, text[1])),
                                        FONT_HEIGHT);
        }
        if (is_printable(a))
            assert_ptr_not_equal(glyph_of(latin(a, text[0])), glyph_of("\u72d7"));
    }
    assert_ptr_equal(glyph_of("\x7f"), glyph_of("\u72d7"));
    assert_ptr_equal(glyph_of("\xff"), glyph_of("\u72d7"));
}

static void test_font_letters_beyond_latin_1_are_the_nearest(void **state)
{
    static const char *const pairs[][2] = {
        {"u\u0308", "\u00fc"}, /* a letter and its mark, as macOS writes names */
        {"A\u030a", "\u00c5"}, {"\u0161", "s"}, {"s\u030c", "s"}, {"\u0142", "l"}, {"\u2013", "-"},
    };
    const uint8_t *glyph;

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        assert_ptr_equal(glyph_of(pairs[i][0]), glyph_of(pairs[i][1]));
    assert_memory_equal(glyph_of("\u00fc") + 2, glyph_of("u") + 2, FONT_HEIGHT - 2);
    assert_int_equal(font_next("", &glyph), 0);
    assert_int_equal(raster_text_width("Fro\u0308sche", 1), 7 * FONT_ADVANCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_impossible_size_refused),
        cmocka_unit_test(test_from_image_rgb_keeps_channels),
        cmocka_unit_test(test_from_values_out_of_range_takes_the_nearest),
        cmocka_unit_test(test_fill_and_put_beyond_the_edges_are_cut),
        cmocka_unit_test(test_resize_whole_factors_repeat_pixels),
        cmocka_unit_test(test_resize_smaller_takes_means_by_area),
        cmocka_unit_test(test_resize_large_picture_is_within_its_range),
        cmocka_unit_test(test_text_is_drawn_letter_by_letter),
        cmocka_unit_test(test_font_characters_are_all_different),
        cmocka_unit_test(test_font_letters_beyond_latin_1_are_the_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
