#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "formats/png_file.h"

#define MAX_PIXELS 16777216u

/* ---- files written by libpng itself ---- */

struct file {
    uint8_t *bytes;
    size_t nbytes;
};

/* Grays but one: a single entry differs from gray in its last channel only. */
enum palette { PALETTE_COLORS, PALETTE_GRAYS, PALETTE_GRAYS_BUT_ONE, NUM_PALETTES };

struct layout {
    int color_type;
    int bit_depth;
    int interlace;
    bool has_transparency; /* a tRNS chunk */
    enum palette palette;
    uint32_t width;
    uint32_t height;
};

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

static unsigned num_samples(int color_type)
{
    static const unsigned counts[] = {1, 0, 3, 1, 2, 0, 4};

    return counts[color_type];
}

/* Any value that a sample can have, scattered over the image. */
static uint32_t sample(const struct layout *layout, size_t x, size_t y, size_t k)
{
    uint32_t mixed = (uint32_t)(x * 2654435761u + y * 2246822519u + k * 3266489917u + 12345);

    mixed ^= mixed >> 15;
    mixed *= 2246822519u;
    return mixed >> (32 - layout->bit_depth);
}

static png_color palette_color(const struct layout *layout, uint32_t index)
{
    png_byte level = (png_byte)(index * 37 + 11);

    if (layout->palette == PALETTE_COLORS)
        return (png_color){level, (png_byte)(index * 101), (png_byte)(255 - index)};
    if (layout->palette == PALETTE_GRAYS_BUT_ONE && index == 1)
        return (png_color){level, level, (png_byte)(level + 1)};
    return (png_color){level, level, level};
}

static void take_bytes(png_structp png, png_bytep bytes, size_t nbytes)
{
    struct file *file = png_get_io_ptr(png);

    file->bytes = realloc(file->bytes, file->nbytes + nbytes);
    assert_non_null(file->bytes);
    memcpy(file->bytes + file->nbytes, bytes, nbytes);
    file->nbytes += nbytes;
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static void stop(png_structp png, png_const_charp message)
{
    (void)png;
    fail_msg("the test cannot write its PNG: %s", message);
}

/* Samples packed as the file has them: most significant bits and bytes first. */
static uint8_t *pack_rows(const struct layout *layout, size_t row_nbytes)
{
    const unsigned count = num_samples(layout->color_type);
    uint8_t *rows = calloc(layout->height, row_nbytes);

    assert_non_null(rows);
    for (size_t y = 0; y < layout->height; y++)
        for (size_t x = 0; x < layout->width; x++)
            for (size_t k = 0; k < count; k++) {
                const size_t bit = (x * count + k) * (size_t)layout->bit_depth;
                const uint32_t value = sample(layout, x, y, k);
                uint8_t *at = rows + y * row_nbytes + bit / 8;

                if (layout->bit_depth == 16) {
                    at[0] = (uint8_t)(value >> 8);
                    at[1] = (uint8_t)value;
                } else {
                    *at |= (uint8_t)(value << (8 - (size_t)layout->bit_depth - bit % 8));
                }
            }
    return rows;
}

static void set_extras(png_structp png, png_infop info, const struct layout *layout)
{
    png_color palette[256];
    png_byte alphas[2] = {0, 128};
    png_color_16 transparent = {.gray = 1, .red = 1, .green = 1, .blue = 1};
    png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = "Title", .text = "test"};

    for (uint32_t i = 0; i < 256; i++)
        palette[i] = palette_color(layout, i);
    if (layout->color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 1 << layout->bit_depth);
    if (layout->has_transparency)
        png_set_tRNS(png, info, alphas, 2, &transparent);
    png_set_gAMA(png, info, 0.45455);
    png_set_text(png, info, &text, 1);
}

static struct file write_png(const struct layout *layout)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, stop, stop);
    png_infop info = png_create_info_struct(png);
    struct file file = {0};
    png_bytep row_pointers[512];
    size_t row_nbytes;
    uint8_t *rows;

    png_set_write_fn(png, &file, take_bytes, flush_nothing);
    png_set_IHDR(png, info, layout->width, layout->height, layout->bit_depth, layout->color_type,
                 layout->interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    set_extras(png, info, layout);
    png_write_info(png, info);
    row_nbytes = png_get_rowbytes(png, info);
    rows = pack_rows(layout, row_nbytes);
    assert_true(layout->height <= 512);
    for (size_t y = 0; y < layout->height; y++)
        row_pointers[y] = rows + y * row_nbytes;
    png_write_image(png, row_pointers);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(rows);
    return file;
}

static struct file write_gray(uint32_t width, uint32_t height)
{
    return write_png(&(struct layout){
        .color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 8, .width = width, .height = height});
}

/* ---- what the rules of the header make of them ---- */

static uint8_t scale(uint32_t value, int bit_depth)
{
    if (bit_depth == 16)
        return (uint8_t)((value * 255 + 32895) >> 16);
    return (uint8_t)(value * 255 / ((1u << bit_depth) - 1));
}

static void expect_rgb(const struct layout *layout, size_t x, size_t y, uint8_t rgb[3])
{
    if (layout->color_type == PNG_COLOR_TYPE_PALETTE) {
        png_color color = palette_color(layout, sample(layout, x, y, 0));

        rgb[0] = color.red, rgb[1] = color.green, rgb[2] = color.blue;
        return;
    }
    for (size_t k = 0; k < 3; k++)
        rgb[k] = scale(sample(layout, x, y, layout->color_type & PNG_COLOR_MASK_COLOR ? k : 0),
                       layout->bit_depth);
}

static void assert_decodes(const struct layout *layout)
{
    struct file file = write_png(layout);
    struct png_file_info info;
    struct error error = {0};
    uint8_t *gray = malloc((size_t)layout->width * layout->height);
    uint8_t *rgb = malloc((size_t)layout->width * layout->height * 3);
    bool is_gray = !(layout->color_type & PNG_COLOR_MASK_COLOR) || layout->palette == PALETTE_GRAYS;

    assert_int_equal(
        png_file_read_info("x.png", file.bytes, file.nbytes, MAX_PIXELS, &info, &error), STATUS_OK);
    assert_int_equal(info.width, layout->width);
    assert_int_equal(info.height, layout->height);
    assert_int_equal(info.is_gray, is_gray);
    assert_int_equal(
        png_file_read_pixels("x.png", file.bytes, file.nbytes, MAX_PIXELS, 1, gray, &error),
        STATUS_OK);
    assert_int_equal(
        png_file_read_pixels("x.png", file.bytes, file.nbytes, MAX_PIXELS, 3, rgb, &error),
        STATUS_OK);
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
                struct layout layout = {.color_type = legal_types[type].color_type,
                                        .bit_depth = legal_types[type].bit_depth,
                                        .interlace =
                                            variant & 1 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                                        .palette = (enum palette)(variant / 4),
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
    assert_decodes(&(struct layout){
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
    assert_int_equal(png_file_write_pixels(colors[0], 5, 1, 3, &bytes, &nbytes, &error), STATUS_OK);
    assert_int_equal(png_file_read_pixels("x.png", bytes, nbytes, MAX_PIXELS, 1, gray, &error),
                     STATUS_OK);
    assert_memory_equal(gray, expected, sizeof(gray));
    free(bytes);
}

/* ---- files that are damaged or something else ---- */

/* Small files of each kind of decoding, one after another. */
static bool next_small_file(int *index, struct file *file)
{
    static const struct layout layouts[] = {
        {PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, .width = 5, .height = 4},
        {PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE, .width = 4, .height = 5},
        {PNG_COLOR_TYPE_PALETTE, 2, PNG_INTERLACE_ADAM7, true, .width = 6, .height = 3},
        {PNG_COLOR_TYPE_RGB_ALPHA, 16, PNG_INTERLACE_ADAM7, .width = 3, .height = 3},
    };

    if (*index == sizeof(layouts) / sizeof(layouts[0]))
        return false;
    *file = write_png(&layouts[(*index)++]);
    return true;
}

/* Decodes a copy that ends where the file ends, so that a byte read too far is found. */
static enum status decode_copy(const uint8_t *bytes, size_t nbytes, uint8_t pixels[64],
                               struct error *error)
{
    uint8_t *copy = malloc(nbytes ? nbytes : 1);
    enum status status;

    assert_non_null(copy);
    memcpy(copy, bytes, nbytes);
    memset(pixels, 0, 64);
    *error = (struct error){0};
    status = png_file_read_pixels("x.png", copy, nbytes, MAX_PIXELS, 1, pixels, error);
    free(copy);
    return status;
}

static void assert_refused(const void *bytes, size_t nbytes, const char *reason)
{
    struct png_file_info info;
    struct error error = {0};
    uint8_t pixels[64];

    assert_int_equal(decode_copy(bytes, nbytes, pixels, &error), STATUS_DATA);
    assert_string_equal(error.file, "x.png");
    assert_string_equal(error.what, reason);
    error = (struct error){0};
    assert_int_equal(png_file_read_info("x.png", bytes, nbytes, MAX_PIXELS, &info, &error),
                     STATUS_DATA);
    assert_string_equal(error.what, reason);
}

static void test_read_pixels_truncated_at_every_length_is_refused(void **state)
{
    struct file file;
    struct error error;
    uint8_t pixels[64];

    (void)state;
    for (int index = 0; next_small_file(&index, &file);) {
        assert_int_equal(decode_copy(file.bytes, file.nbytes, pixels, &error), STATUS_OK);
        for (size_t nbytes = 1; nbytes < file.nbytes; nbytes++) {
            assert_int_equal(decode_copy(file.bytes, nbytes, pixels, &error), STATUS_DATA);
            assert_string_equal(error.what, "truncated");
        }
        free(file.bytes);
    }
}

static void test_read_pixels_any_byte_changed_is_refused_or_harmless(void **state)
{
    struct file file;
    struct error error;
    uint8_t expected[64], pixels[64];

    (void)state;
    for (int index = 0; next_small_file(&index, &file);) {
        assert_int_equal(decode_copy(file.bytes, file.nbytes, expected, &error), STATUS_OK);
        for (size_t i = 0; i < file.nbytes; i++)
            for (unsigned mask = 1; mask < 256; mask = mask < 128 ? 2 * mask : mask + 127) {
                enum status status;

                file.bytes[i] ^= (uint8_t)mask;
                status = decode_copy(file.bytes, file.nbytes, pixels, &error);
                file.bytes[i] ^= (uint8_t)mask;
                if (status == STATUS_OK)
                    assert_memory_equal(pixels, expected, sizeof(pixels));
                else
                    assert_int_equal(status, STATUS_DATA);
            }
        free(file.bytes);
    }
}

static void put_u32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Makes the checksum of the chunk at this offset right again. */
static void seal_chunk(struct file *file, size_t offset)
{
    uint32_t nbytes = get_u32(file->bytes + offset);

    put_u32(file->bytes + offset + 8 + nbytes,
            (uint32_t)crc32(0, file->bytes + offset + 4, nbytes + 4));
}

static size_t find_chunk(const struct file *file, const char *type)
{
    size_t offset = 8;

    while (memcmp(file->bytes + offset + 4, type, 4) != 0) {
        offset += 12 + get_u32(file->bytes + offset);
        assert_true(offset < file->nbytes);
    }
    return offset;
}

/* What a checksum does not catch must still not crash; sizes are left alone, as pixels has room
 * for this one only. */
static void test_read_pixels_any_byte_changed_under_a_right_checksum_never_crashes(void **state)
{
    static const char *const chunks[] = {"IHDR", "IDAT", "PLTE", "tRNS"};
    struct file file;
    struct error error;
    uint8_t pixels[64];

    (void)state;
    for (int index = 0; next_small_file(&index, &file);) {
        bool is_palette = file.bytes[25] == PNG_COLOR_TYPE_PALETTE;

        for (int c = 0; c < (is_palette ? 4 : 2); c++) {
            size_t offset = find_chunk(&file, chunks[c]);
            size_t end = offset + 8 + get_u32(file.bytes + offset);

            for (size_t i = offset + (c == 0 ? 16 : 8); i < end; i++)
                for (unsigned mask = 1; mask < 256; mask++) {
                    enum status status;

                    file.bytes[i] ^= (uint8_t)mask;
                    seal_chunk(&file, offset);
                    status = decode_copy(file.bytes, file.nbytes, pixels, &error);
                    assert_true(status == STATUS_OK || status == STATUS_DATA);
                    assert_true(status == STATUS_OK || error.what[0] != '\0');
                    file.bytes[i] ^= (uint8_t)mask;
                    seal_chunk(&file, offset);
                }
        }
        free(file.bytes);
    }
}

static void test_read_info_other_files_are_named(void **state)
{
    (void)state;
    assert_refused("", 0, "empty file");
    assert_refused("\xff\xd8\xff\xe0\0\x10JFIF", 10, "not a PNG file (a JPEG)");
    assert_refused("GIF89a", 6, "not a PNG file (a GIF)");
    assert_refused("BM\x36", 3, "not a PNG file (a BMP)");
    assert_refused("RIFF\x24\0\0\0WEBPVP8 ", 16, "not a PNG file (a WebP)");
    assert_refused("II*\0\x08\0\0\0", 8, "not a PNG file (a TIFF)");
    assert_refused("RIFF\x24\0\0\0WAVEfmt ", 16, "not a PNG file");
    assert_refused("hello, world", 12, "not a PNG file");
    assert_refused("\x89PNH\r\n\x1a\n", 8, "not a PNG file");
    assert_refused("\x89PNG", 4, "truncated");
    assert_refused("\x89PNG\r\n\x1a\n", 8, "truncated");
    assert_refused("\x89PNG\n\x1a\n", 7, "not a PNG file");
}

static void test_read_info_size_above_the_limit_is_refused(void **state)
{
    struct file file = write_gray(5, 4);
    struct png_file_info info;
    struct error error = {0};
    uint8_t pixels[20] = {0};

    (void)state;
    assert_int_equal(png_file_read_info("x.png", file.bytes, file.nbytes, 20, &info, &error),
                     STATUS_OK);
    assert_int_equal(png_file_read_info("x.png", file.bytes, file.nbytes, 19, &info, &error),
                     STATUS_DATA);
    assert_string_equal(error.what, "4x5 is 20 pixels, more than the 19 allowed");
    assert_int_equal(png_file_read_pixels("x.png", file.bytes, file.nbytes, 19, 1, pixels, &error),
                     STATUS_DATA);
    for (size_t i = 0; i < sizeof(pixels); i++)
        assert_int_equal(pixels[i], 0);
    free(file.bytes);
}

/* The header claims up to 2^62 pixels: to allocate before the check would fail or be killed. */
static void test_read_pixels_huge_claimed_sizes_are_refused(void **state)
{
    static const uint32_t sizes[][2] = {
        {60000, 70000},           {1000000, 1000000}, {0x7fffffff, 1}, {1, 0x7fffffff},
        {0x7fffffff, 0x7fffffff}, {0x80000000, 1},    {0, 5},          {5, 0},
        {0xffffffff, 0xffffffff}};
    struct file file = write_gray(5, 4);

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct png_file_info info;
        struct error error = {0};
        uint8_t pixels[1] = {42};

        put_u32(file.bytes + 16, sizes[i][0]);
        put_u32(file.bytes + 20, sizes[i][1]);
        seal_chunk(&file, 8);
        assert_int_equal(
            png_file_read_info("x.png", file.bytes, file.nbytes, MAX_PIXELS, &info, &error),
            STATUS_DATA);
        assert_int_equal(
            png_file_read_pixels("x.png", file.bytes, file.nbytes, MAX_PIXELS, 1, pixels, &error),
            STATUS_DATA);
        assert_int_equal(pixels[0], 42);
    }
    free(file.bytes);
}

static void test_read_pixels_fewer_rows_than_claimed_is_refused(void **state)
{
    struct file file = write_gray(5, 4);
    struct error error = {0};
    uint8_t pixels[5 * 2000];

    (void)state;
    put_u32(file.bytes + 20, 2000);
    seal_chunk(&file, 8);
    assert_int_equal(
        png_file_read_pixels("x.png", file.bytes, file.nbytes, MAX_PIXELS, 1, pixels, &error),
        STATUS_DATA);
    free(file.bytes);
}

static void test_read_pixels_no_idat_is_refused(void **state)
{
    struct file file = write_gray(5, 4);
    struct error error = {0};
    size_t offset = find_chunk(&file, "IDAT"), end = find_chunk(&file, "IEND");
    uint8_t pixels[64];

    (void)state;
    memmove(file.bytes + offset, file.bytes + end, file.nbytes - end);
    file.nbytes -= end - offset;
    assert_int_equal(decode_copy(file.bytes, file.nbytes, pixels, &error), STATUS_DATA);
    free(file.bytes);
}

/* ---- writing ---- */

static void test_write_pixels_any_size_reads_back_the_same(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {28, 28}, {7, 3}, {300, 2}, {2, 300}};

    (void)state;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (unsigned channels = 1; channels <= 3; channels += 2) {
            const size_t nvalues = (size_t)sizes[s][0] * sizes[s][1] * channels;
            uint8_t *pixels = malloc(nvalues), *again = calloc(nvalues, 1);
            struct png_file_info info;
            struct error error = {0};
            void *bytes, *second;
            size_t nbytes, second_nbytes;

            for (size_t i = 0; i < nvalues; i++)
                pixels[i] = (uint8_t)(i * 2654435761u >> 13);
            assert_int_equal(png_file_write_pixels(pixels, sizes[s][0], sizes[s][1], channels,
                                                   &bytes, &nbytes, &error),
                             STATUS_OK);
            assert_int_equal(png_file_read_info("x", bytes, nbytes, MAX_PIXELS, &info, &error),
                             STATUS_OK);
            assert_int_equal(info.width, sizes[s][0]);
            assert_int_equal(info.height, sizes[s][1]);
            assert_int_equal(info.is_gray, channels == 1);
            assert_int_equal(
                png_file_read_pixels("x", bytes, nbytes, MAX_PIXELS, channels, again, &error),
                STATUS_OK);
            assert_memory_equal(pixels, again, nvalues);
            assert_int_equal(png_file_write_pixels(pixels, sizes[s][0], sizes[s][1], channels,
                                                   &second, &second_nbytes, &error),
                             STATUS_OK);
            assert_int_equal(second_nbytes, nbytes);
            assert_memory_equal(second, bytes, nbytes);
            free(second);
            free(bytes);
            free(again);
            free(pixels);
        }
}

static void test_write_pixels_no_width_is_an_error(void **state)
{
    struct error error = {0};
    uint8_t pixel = 0;
    void *bytes = &pixel;
    size_t nbytes = 1;

    (void)state;
    assert_int_equal(png_file_write_pixels(&pixel, 0, 1, 1, &bytes, &nbytes, &error),
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
        cmocka_unit_test(test_read_pixels_truncated_at_every_length_is_refused),
        cmocka_unit_test(test_read_pixels_any_byte_changed_is_refused_or_harmless),
        cmocka_unit_test(test_read_pixels_any_byte_changed_under_a_right_checksum_never_crashes),
        cmocka_unit_test(test_read_info_other_files_are_named),
        cmocka_unit_test(test_read_info_size_above_the_limit_is_refused),
        cmocka_unit_test(test_read_pixels_huge_claimed_sizes_are_refused),
        cmocka_unit_test(test_read_pixels_fewer_rows_than_claimed_is_refused),
        cmocka_unit_test(test_read_pixels_no_idat_is_refused),
        cmocka_unit_test(test_write_pixels_any_size_reads_back_the_same),
        cmocka_unit_test(test_write_pixels_no_width_is_an_error),
    };

    return cmocka_run_group_tests_name("png_file", tests, NULL, NULL);
}
