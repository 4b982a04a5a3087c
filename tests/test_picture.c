/*
 * Pictures on terminals: what is written is decoded as a terminal would, and compared with what was
 * to be drawn.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/support.h"
#include "view/sheet.h"
#include "view/terminal/kitty.h"
#include "view/terminal/picture.h"
#include "view/terminal/sixel.h"

static const struct picture_tiles one = {0};

/* What write prints to a stream, as a string. */
struct printed {
    char *text;
    size_t nbytes;
    FILE *stream;
};

static struct printed *print_begin(void)
{
    static struct printed printed;

    printed.stream = open_memstream(&printed.text, &printed.nbytes);
    assert_non_null(printed.stream);
    return &printed;
}

/* Of so many colours: a smooth picture. */
static struct raster make_picture(size_t width, size_t height, unsigned num_colours)
{
    struct error error = {0};
    struct raster raster;

    assert_ok(raster_create(&raster, width, height, colour_black, &error), &error);
    for (size_t i = 0; i < width * height; i++) {
        unsigned n = (unsigned)(i * 7 % num_colours);

        raster_fill(&raster, i % width, i / width, 1, 1,
                    (struct colour){(uint8_t)(n * 37), (uint8_t)(n / 3), (uint8_t)(n * 11)});
    }
    return raster;
}

/* ---- sixels ---- */

struct decoded {
    size_t width, height;
    struct colour pixels[64 * 64];
    bool is_drawn[64 * 64];
};

static size_t number(const char **at)
{
    return (size_t)strtoul(*at, (char **)at, 10);
}

/* A decoder of what sixel.c may write, strict: anything else fails the test. */
static void decode_sixel(const char *text, struct decoded *out)
{
    struct colour palette[256];
    const char *at = text;
    size_t x = 0, y = 0, repeat = 1, colour = 0;

    memset(out, 0, sizeof(*out));
    assert_memory_equal(at, "\033P0;1;0q\"1;1;", 13);
    at += 13;
    out->width = number(&at);
    assert_int_equal(*at++, ';');
    out->height = number(&at);
    assert_true(out->width * out->height <= 64 * 64);
    while (*at != '\033') {
        if (*at == '#') {
            at++;
            colour = number(&at);
            assert_true(colour < 256);
            if (*at == ';') {
                size_t part[4];

                for (int i = 0; i < 4; i++) {
                    assert_int_equal(*at++, ';');
                    part[i] = number(&at);
                }
                assert_int_equal(part[0], 2);
                assert_true(part[1] <= 100 && part[2] <= 100 && part[3] <= 100);
                palette[colour] =
                    (struct colour){(uint8_t)(part[1] * 255 / 100), (uint8_t)(part[2] * 255 / 100),
                                    (uint8_t)(part[3] * 255 / 100)};
            }
        } else if (*at == '!') {
            at++;
            repeat = number(&at);
        } else if (*at == '$') {
            x = 0;
            at++;
        } else if (*at == '-') {
            x = 0;
            y += 6;
            at++;
        } else {
            assert_true(*at >= 63 && *at <= 126);
            for (; repeat > 0; repeat--, x++) {
                for (size_t bit = 0; bit < 6; bit++) {
                    if (!((*at - 63) >> bit & 1))
                        continue;
                    assert_true(x < out->width && y + bit < out->height);
                    assert_false(out->is_drawn[(y + bit) * out->width + x]);
                    out->pixels[(y + bit) * out->width + x] = palette[colour];
                    out->is_drawn[(y + bit) * out->width + x] = true;
                }
            }
            repeat = 1;
            at++;
        }
    }
    assert_string_equal(at, "\033\\");
}

static void assert_near(struct colour a, struct colour b, int tolerance)
{
    assert_true(abs(a.red - b.red) <= tolerance && abs(a.green - b.green) <= tolerance &&
                abs(a.blue - b.blue) <= tolerance);
}

/* Sizes that are no multiples of six rows; colours are hundredths in sixels: within 3 of 255. */
static void test_sixel_decodes_to_the_picture(void **state)
{
    static const size_t sizes[][2] = {{1, 1}, {7, 6}, {33, 20}, {64, 64}};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct raster raster = make_picture(sizes[i][0], sizes[i][1], 200);
        struct printed *printed = print_begin();
        struct error error = {0};
        struct decoded decoded;

        assert_ok(sixel_write(printed->stream, &raster, &one, &error), &error);
        fclose(printed->stream);
        decode_sixel(printed->text, &decoded);
        assert_int_equal(decoded.width, raster.width);
        assert_int_equal(decoded.height, raster.height);
        for (size_t p = 0; p < raster.width * raster.height; p++) {
            assert_true(decoded.is_drawn[p]);
            assert_near(decoded.pixels[p], raster_get(&raster, p % raster.width, p / raster.width),
                        3);
        }
        free(printed->text);
        raster_free(&raster);
    }
}

static void test_sixel_of_more_colours_than_a_palette_is_near(void **state)
{
    struct raster raster = make_picture(64, 64, 3000);
    struct printed *printed = print_begin();
    struct error error = {0};
    struct decoded decoded;

    (void)state;
    assert_ok(sixel_write(printed->stream, &raster, &one, &error), &error);
    fclose(printed->stream);
    decode_sixel(printed->text, &decoded);
    for (size_t p = 0; p < 64 * 64; p++)
        assert_near(decoded.pixels[p], raster_get(&raster, p % 64, p / 64), 48);
    free(printed->text);
    raster_free(&raster);
}

static void test_sixel_leaves_what_is_between_tiles(void **state)
{
    const struct picture_tiles tiles = {.width = 5, .height = 8, .gap = 2};
    struct raster raster = make_picture(12, 9, 10);
    struct printed *printed = print_begin();
    struct error error = {0};
    struct decoded decoded;

    (void)state;
    assert_ok(sixel_write(printed->stream, &raster, &tiles, &error), &error);
    fclose(printed->stream);
    decode_sixel(printed->text, &decoded);
    for (size_t p = 0; p < 12 * 9; p++)
        assert_int_equal(decoded.is_drawn[p], p / 12 < 8 && p % 12 % 7 < 5);
    free(printed->text);
    raster_free(&raster);
}

/* ---- kitty ---- */

static unsigned base64_value(char letter)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = strchr(letters, letter);

    assert_true(letter && found);
    return (unsigned)(found - letters);
}

/* The bytes of all pieces, each 4,096 letters at most, the last with m=0; returns their number. */
static size_t decode_kitty(const char *text, uint8_t *bytes, const char *keys)
{
    size_t nbytes = 0;
    bool is_last = false, is_first = true;

    while (*text) {
        const char *end = strstr(text, "\033\\");
        size_t num_letters;

        assert_false(is_last);
        assert_memory_equal(text, "\033_G", 3);
        if (is_first)
            assert_memory_equal(text + 3, keys, strlen(keys));
        assert_non_null(end);
        text = strstr(text, "m=");
        is_last = text[2] == '0';
        assert_int_equal(text[3], ';');
        num_letters = (size_t)(end - text) - 4;
        assert_true(num_letters <= 4096 && num_letters % 4 == 0);
        assert_true(is_last || num_letters == 4096);
        for (text += 4; text < end; text += 4) {
            unsigned word = base64_value(text[0]) << 18 | base64_value(text[1]) << 12;

            bytes[nbytes++] = (uint8_t)(word >> 16);
            if (text[2] == '=')
                continue;
            word |= base64_value(text[2]) << 6;
            bytes[nbytes++] = (uint8_t)(word >> 8);
            if (text[3] == '=')
                continue;
            word |= base64_value(text[3]);
            bytes[nbytes++] = (uint8_t)word;
        }
        text += 2;
        is_first = false;
    }
    assert_true(is_last);
    return nbytes;
}

static void assert_kitty(const struct raster *raster, const struct picture_tiles *tiles)
{
    static uint8_t bytes[1 << 20], pixels[1 << 20];
    struct printed *printed = print_begin();
    struct error error = {0};
    uLongf num_pixel_bytes = sizeof(pixels);
    char keys[100];
    size_t nbytes;

    assert_ok(kitty_write(printed->stream, raster, tiles, &error), &error);
    fclose(printed->stream);
    snprintf(keys, sizeof(keys), "a=T,f=32,o=z,s=%zu,v=%zu,q=2,", raster->width, raster->height);
    nbytes = decode_kitty(printed->text, bytes, keys);
    assert_int_equal(uncompress(pixels, &num_pixel_bytes, bytes, nbytes), Z_OK);
    assert_int_equal(num_pixel_bytes, raster->width * raster->height * 4);
    for (size_t p = 0; p < raster->width * raster->height; p++) {
        assert_memory_equal(pixels + 4 * p, raster->pixels + 3 * p, 3);
        assert_int_equal(pixels[4 * p + 3],
                         picture_is_hole(tiles, p % raster->width, p / raster->width) ? 0 : 255);
    }
    free(printed->text);
}

static void test_kitty_decodes_to_the_picture(void **state)
{
    struct raster small = make_picture(1, 1, 3), large = make_picture(200, 151, 30000);

    (void)state;
    assert_kitty(&small, &one);
    assert_kitty(&large, &one); /* of several pieces */
    assert_kitty(&large, &(struct picture_tiles){.width = 30, .height = 140, .gap = 4});
    raster_free(&small);
    raster_free(&large);
}

/* ---- cells ---- */

static const struct terminal blocks = {.is_utf8 = true,
                                       .columns = 80,
                                       .colours = TERMINAL_COLOURS_24BIT,
                                       .graphics = TERMINAL_GRAPHICS_BLOCKS,
                                       .cell_width = 8,
                                       .cell_height = 16};

/* What cells look like to who reads the sequences: [rows of half cells][width]. */
static void decode_halves(const char *text, struct decoded *out)
{
    struct colour ink = {0}, ground = {0};
    bool has_ink = false, has_ground = false;
    size_t x = 0, y = 0;

    memset(out, 0, sizeof(*out));
    while (*text) {
        unsigned what, r, g, b;
        int length = 0;

        if (sscanf(text, "\033[%u;2;%u;%u;%um%n", &what, &r, &g, &b, &length) == 4) {
            struct colour colour = {(uint8_t)r, (uint8_t)g, (uint8_t)b};

            assert_true(what == 38 || what == 48);
            *(what == 38 ? &ink : &ground) = colour;
            *(what == 38 ? &has_ink : &has_ground) = true;
            text += length;
        } else if (strncmp(text, "\033[0m", 4) == 0) {
            has_ink = has_ground = false;
            text += 4;
        } else if (*text == '\n') {
            assert_true(out->width == 0 || out->width == x);
            out->width = x;
            x = 0;
            y += 2;
            text++;
        } else {
            bool is_half = strncmp(text, "\u2580", 3) == 0;

            assert_true(is_half || *text == ' ');
            assert_true(x < 64);
            out->pixels[y * 64 + x] = is_half ? ink : ground;
            out->is_drawn[y * 64 + x] = is_half ? has_ink : has_ground;
            out->pixels[(y + 1) * 64 + x] = ground;
            out->is_drawn[(y + 1) * 64 + x] = has_ground;
            text += is_half ? 3 : 1;
            x++;
        }
    }
    out->height = y;
}

static void test_halves_decode_to_the_picture(void **state)
{
    const struct picture_tiles tiles = {.width = 4, .height = 7, .gap = 1};

    (void)state;
    for (int has_tiles = 0; has_tiles < 2; has_tiles++) {
        struct raster raster = make_picture(14, 7, 90);
        struct printed *printed = print_begin();
        struct error error = {0};
        struct decoded decoded;

        assert_ok(
            picture_draw(printed->stream, &blocks, &raster, has_tiles ? &tiles : &one, &error),
            &error);
        fclose(printed->stream);
        decode_halves(printed->text, &decoded);
        assert_int_equal(decoded.width, 14);
        assert_int_equal(decoded.height, 8);
        for (size_t y = 0; y < 8; y++)
            for (size_t x = 0; x < 14; x++) {
                bool is_there = y < 7 && !(has_tiles && x % 5 == 4);

                assert_int_equal(decoded.is_drawn[y * 64 + x], is_there);
                if (is_there)
                    assert_near(decoded.pixels[y * 64 + x], raster_get(&raster, x, y), 0);
            }
        free(printed->text);
        raster_free(&raster);
    }
}

static void test_letters_by_lightness(void **state)
{
    const struct terminal text = {.columns = 80, .graphics = TERMINAL_GRAPHICS_TEXT};
    const uint8_t levels[] = {0, 60, 130, 255, 255, 200, 10, 0};
    struct printed *printed = print_begin();
    struct error error = {0};
    struct raster raster;

    (void)state;
    assert_ok(raster_from_image(&raster, &(struct image_shape){2, 4, 1}, levels, &error), &error);
    assert_ok(picture_draw(printed->stream, &text, &raster, &one, &error), &error);
    fclose(printed->stream);
    assert_string_equal(printed->text, " :+@\n@#\n");
    free(printed->text);
    raster_free(&raster);
}

/* ---- sizes ---- */

static void assert_size(const struct terminal *terminal, size_t side, size_t columns, size_t scale,
                        size_t width, size_t height)
{
    struct picture_size size = picture_measure(terminal, side, side, columns, 0, scale);

    assert_int_equal(size.width, width);
    assert_int_equal(size.height, height);
    assert_true(size.columns <= columns);
}

static void test_measure_enlarges_by_whole_factors_and_reduces(void **state)
{
    struct terminal text = blocks, exact = blocks;

    (void)state;
    text.graphics = TERMINAL_GRAPHICS_TEXT;
    exact.graphics = TERMINAL_GRAPHICS_SIXEL;
    assert_size(&blocks, 28, 80, 0, 56, 56);
    assert_size(&blocks, 28, 40, 0, 28, 28);
    assert_size(&blocks, 28, 20, 0, 20, 20);
    assert_size(&blocks, 1024, 80, 0, 80, 80);
    assert_size(&blocks, 1, 80, 0, 16, 16);
    assert_size(&blocks, 28, 80, 1, 28, 28);
    assert_size(&blocks, 28, 80, 9, 56, 56);
    /* Letters are twice as high as wide: two for a pixel, or half the rows. */
    assert_size(&text, 28, 80, 0, 56, 28);
    assert_size(&text, 28, 40, 0, 28, 14);
    assert_size(&text, 1024, 40, 0, 40, 20);
    assert_size(&exact, 28, 80, 0, 504, 504);
    assert_size(&exact, 1024, 80, 0, 640, 640);
}

static void test_measure_thin_pictures_keep_a_pixel(void **state)
{
    struct picture_size size = picture_measure(&blocks, 5000, 2, 80, 20, 0);

    (void)state;
    assert_int_equal(size.width, 80);
    assert_int_equal(size.height, 1);
    size = picture_measure(&blocks, 2, 5000, 80, 20, 0);
    assert_int_equal(size.width, 1);
    assert_int_equal(size.height, 40);
}

/* ---- sheets ---- */

static void test_sheet_wraps_what_is_too_narrow(void **state)
{
    struct sheet_tile tiles[9];
    struct sheet sheet = {tiles, 9, 9, 0};
    struct terminal narrow = blocks;
    struct error error = {0};
    struct printed *printed;
    size_t num_columns;

    (void)state;
    for (size_t i = 0; i < 9; i++)
        tiles[i] = (struct sheet_tile){make_picture(28, 28, 5), "caption of \033[31m"};
    narrow.columns = 40;
    for (int i = 0; i < 2; i++) {
        printed = print_begin();
        assert_ok(sheet_print(printed->stream, i ? &narrow : &blocks, &sheet, &num_columns, &error),
                  &error);
        fclose(printed->stream);
        assert_int_equal(num_columns, i ? 3 : 6);
        assert_null(strstr(printed->text, "[31m"));
        free(printed->text);
    }
    for (size_t i = 0; i < 9; i++)
        raster_free(&tiles[i].picture);
}

static void test_sheet_of_large_pictures_has_several_in_a_row(void **state)
{
    struct sheet_tile tiles[4];
    struct sheet sheet = {tiles, 4, 0, 0};
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        tiles[i] = (struct sheet_tile){make_picture(100, 60, 5), "caption"};
    /* As they are, one would be as wide as the terminal; a scale that is asked for is kept. */
    for (size_t scale = 0; scale < 2; scale++) {
        struct printed *printed = print_begin();
        size_t num_columns;

        sheet.scale = scale;
        assert_ok(sheet_print(printed->stream, &blocks, &sheet, &num_columns, &error), &error);
        fclose(printed->stream);
        assert_int_equal(num_columns, scale ? 1 : 3);
        free(printed->text);
    }
    for (size_t i = 0; i < 4; i++)
        raster_free(&tiles[i].picture);
}

static void test_sheet_to_raster_has_each_tile_in_its_place(void **state)
{
    struct sheet_tile tiles[3];
    const struct sheet sheet = {tiles, 3, 2, 2};
    struct error error = {0};
    struct raster raster;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        tiles[i].caption = NULL;
        assert_ok(raster_create(&tiles[i].picture, 5, 4, colour_series(i), &error), &error);
    }
    assert_ok(sheet_to_raster(&sheet, &raster, &error), &error);
    assert_int_equal(raster.width, 8 + 10 + 6 + 10 + 8);
    assert_int_equal(raster.height, 8 + 8 + 6 + 8 + 8);
    assert_near(raster_get(&raster, 8, 8), colour_series(0), 0);
    assert_near(raster_get(&raster, 33, 15), colour_series(1), 0);
    assert_near(raster_get(&raster, 17, 29), colour_series(2), 0);
    assert_near(raster_get(&raster, 20, 8), colour_white, 0);
    assert_near(raster_get(&raster, 33, 29), colour_white, 0);
    raster_free(&raster);
    for (size_t i = 0; i < 3; i++)
        raster_free(&tiles[i].picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sixel_decodes_to_the_picture),
        cmocka_unit_test(test_sixel_of_more_colours_than_a_palette_is_near),
        cmocka_unit_test(test_sixel_leaves_what_is_between_tiles),
        cmocka_unit_test(test_kitty_decodes_to_the_picture),
        cmocka_unit_test(test_halves_decode_to_the_picture),
        cmocka_unit_test(test_letters_by_lightness),
        cmocka_unit_test(test_measure_enlarges_by_whole_factors_and_reduces),
        cmocka_unit_test(test_measure_thin_pictures_keep_a_pixel),
        cmocka_unit_test(test_sheet_wraps_what_is_too_narrow),
        cmocka_unit_test(test_sheet_of_large_pictures_has_several_in_a_row),
        cmocka_unit_test(test_sheet_to_raster_has_each_tile_in_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
