/* Valid PNG files of every kind, read and written. */
#include <stdlib.h>

#include "images/png_file.h"
#include "tests/png_fixture.h"
#include "tests/support.h"

#define MAX_PIXELS 16777216u

static const struct {
    int color_type;
    int bit_depth;
} legal_types[] = {
    {PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},      {PNG_COLOR_TYPE_GRAY, 4},
    {PNG_COLOR_TYPE_GRAY, 8},        {PNG_COLOR_TYPE_GRAY, 16},     {PNG_COLOR_TYPE_RGB, 8},
    {PNG_COLOR_TYPE_RGB, 16},        {PNG_COLOR_TYPE_PALETTE, 1},   {PNG_COLOR_TYPE_PALETTE, 2},
    {PNG_COLOR_TYPE_PALETTE, 4},     {PNG_COLOR_TYPE_PALETTE, 8},   {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {PNG_COLOR_TYPE_RGB_ALPHA, 16},
};
enum { NUM_LEGAL_TYPES = sizeof(legal_types) / sizeof(legal_types[0]) };

/* ---- what the rules of the header make of such files ---- */

static uint8_t scale(uint32_t value, int bit_depth)
{
    if (bit_depth == 16)
        return (uint8_t)((value * 255 + 32895) >> 16);
    return (uint8_t)(value * 255 / ((1u << bit_depth) - 1));
}

static void expect_rgb(const struct png_layout *layout, size_t x, size_t y, uint8_t rgb[3])
{
    if (layout->color_type == PNG_COLOR_TYPE_PALETTE) {
        png_color color = png_fixture_palette_color(layout, png_fixture_sample(layout, x, y, 0));

        rgb[0] = color.red, rgb[1] = color.green, rgb[2] = color.blue;
        return;
    }
    for (size_t k = 0; k < 3; k++)
        rgb[k] = scale(
            png_fixture_sample(layout, x, y, layout->color_type & PNG_COLOR_MASK_COLOR ? k : 0),
            layout->bit_depth);
}

static void assert_decodes(const struct png_layout *layout)
{
    struct png_fixture file = png_fixture_write(layout);
    struct image_info info;
    struct error error = {0};
    uint8_t *gray = malloc((size_t)layout->width * layout->height);
    uint8_t *rgb = malloc((size_t)layout->width * layout->height * 3);
    bool is_gray = !(layout->color_type & PNG_COLOR_MASK_COLOR) || layout->palette == PALETTE_GRAYS;

    assert_true(decoder_read_info("x.png", file.bytes, file.nbytes, MAX_PIXELS, &info, &error));
    assert_int_equal(info.width, layout->width);
    assert_int_equal(info.height, layout->height);
    assert_int_equal(info.is_gray, is_gray);
    assert_true(
        png_fixture_decode("x.png", file.bytes, file.nbytes, MAX_PIXELS, 1, gray, &error));
    assert_true(png_fixture_decode("x.png", file.bytes, file.nbytes, MAX_PIXELS, 3, rgb, &error));
    for (size_t y = 0; y < layout->height; y++)
        for (size_t x = 0; x < layout->width; x++) {
            const size_t i = y * layout->width + x;
            uint8_t expected[3], luma;

            expect_rgb(layout, x, y, expected);
            assert_memory_equal(rgb + 3 * i, expected, 3);
            luma = (uint8_t)((19595u * expected[0] + 38470u * expected[1] + 7471u * expected[2] +
                              32768u) >>
                             16);
            assert_int_equal(gray[i], is_gray ? expected[0] : luma);
        }
    free(rgb);
    free(gray);
    free(file.bytes);
}

static void test_read_pixels_every_type_depth_and_interlacing_follows_the_rules(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {5, 1}, {3, 2}, {8, 8}, {13, 9}, {28, 30}};

    (void)state;
    for (int type = 0; type < NUM_LEGAL_TYPES; type++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
            for (int variant = 0; variant < 4 * NUM_PALETTES; variant++) {
                struct png_layout layout = {.color_type = legal_types[type].color_type,
                                            .bit_depth = legal_types[type].bit_depth,
                                            .interlace = variant & 1 ? PNG_INTERLACE_ADAM7
                                                                     : PNG_INTERLACE_NONE,
                                            .palette = (enum png_palette)(variant / 4),
                                            .width = sizes[s][0],
                                            .height = sizes[s][1]};

                if (layout.palette != 0 && layout.color_type != PNG_COLOR_TYPE_PALETTE)
                    break;
                /* A file with an alpha channel must not have tRNS. */
                layout.has_transparency =
                    (variant & 2) && !(layout.color_type & PNG_COLOR_MASK_ALPHA);
                assert_decodes(&layout);
            }
}

/* The rule for 16 bits is the nearest of v * 255 / 65535, for every v. */
static void test_scale_16_bits_is_the_nearest_for_every_value(void **state)
{
    (void)state;
    for (uint32_t value = 0; value <= 65535; value++)
        assert_int_equal(scale(value, 16), (2 * value * 255 + 65535) / (2 * 65535));
    assert_decodes(&(struct png_layout){
        .color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 16, .width = 500, .height = 500});
}

static void test_read_pixels_primary_colors_to_gray_are_itu_601(void **state)
{
    static const uint8_t colors[5][3] = {
        {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}, {7, 7, 7}};
    static const uint8_t expected[5] = {76, 150, 29, 255, 7};
    uint8_t gray[5];
    void *bytes;
    size_t nbytes;
    struct error error = {0};

    (void)state;
    assert_true(png_file_write_pixels(colors[0], 5, 1, 3, &bytes, &nbytes, &error));
    assert_true(png_fixture_decode("x.png", bytes, nbytes, MAX_PIXELS, 1, gray, &error));
    assert_memory_equal(gray, expected, sizeof(gray));
    free(bytes);
}

/* ---- writing ---- */

static void test_write_pixels_any_size_reads_back_the_same(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {28, 28}, {7, 3}, {300, 2}, {2, 300}};
    struct image_pixels used_again = {0};

    (void)state;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (unsigned channels = 1; channels <= 3; channels += 2) {
            const size_t nvalues = (size_t)sizes[s][0] * sizes[s][1] * channels;
            uint8_t *pixels = malloc(nvalues), *again = calloc(nvalues, 1);
            struct image_info info;
            struct error error = {0};
            void *bytes, *second;
            size_t nbytes, second_nbytes;

            for (size_t i = 0; i < nvalues; i++)
                pixels[i] = (uint8_t)(i * 2654435761u >> 13);
            assert_true(png_file_write_pixels(pixels, sizes[s][0], sizes[s][1], channels, &bytes,
                                              &nbytes, &error));
            assert_true(decoder_read_info("x", bytes, nbytes, MAX_PIXELS, &info, &error));
            assert_int_equal(info.width, sizes[s][0]);
            assert_int_equal(info.height, sizes[s][1]);
            assert_int_equal(info.is_gray, channels == 1);
            assert_true(
                png_fixture_decode("x", bytes, nbytes, MAX_PIXELS, channels, again, &error));
            assert_memory_equal(pixels, again, nvalues);
            info = (struct image_info){0};
            assert_true(decoder_read("x", bytes, nbytes, MAX_PIXELS, channels, &info, &used_again,
                                      &error));
            assert_int_equal(info.width, sizes[s][0]);
            assert_memory_equal(pixels, used_again.values, nvalues);
            assert_true(png_file_write_pixels(pixels, sizes[s][0], sizes[s][1], channels, &second,
                                              &second_nbytes, &error));
            assert_int_equal(second_nbytes, nbytes);
            assert_memory_equal(second, bytes, nbytes);
            free(second);
            free(bytes);
            free(again);
            free(pixels);
        }
    image_pixels_free(&used_again);
}

static void test_write_pixels_no_width_is_an_error(void **state)
{
    struct error error = {0};
    uint8_t pixel = 0;
    void *bytes = &pixel;
    size_t nbytes = 1;

    (void)state;
    assert_fails(png_file_write_pixels(&pixel, 0, 1, 1, &bytes, &nbytes, &error), &error,
                 STATUS_INTERNAL);
    assert_null(bytes);
    assert_int_equal(nbytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_pixels_every_type_depth_and_interlacing_follows_the_rules),
        cmocka_unit_test(test_scale_16_bits_is_the_nearest_for_every_value),
        cmocka_unit_test(test_read_pixels_primary_colors_to_gray_are_itu_601),
        cmocka_unit_test(test_write_pixels_any_size_reads_back_the_same),
        cmocka_unit_test(test_write_pixels_no_width_is_an_error),
    };

    return cmocka_run_group_tests_name("png_file", tests, NULL, NULL);
}
