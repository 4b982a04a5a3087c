/* The short way to read a PNG gives what libpng gives, or leaves the file to libpng. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "images/decoder.h"
#include "images/png_plain.h"
#include "tests/png_fixture.h"
#include "tests/support.h"

enum { MAX_VALUES = 20000, MAX_PIXELS = 1 << 14 };

struct image {
    uint32_t width, height;
    unsigned channels; /* 1 or 3, in the file */
    uint8_t rows[MAX_VALUES];
    size_t rows_nbytes;
    uint8_t file[2 * MAX_VALUES];
    size_t file_nbytes;
};

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void add_chunk(struct image *image, const char *name, const void *bytes, size_t nbytes)
{
    uint8_t *chunk = image->file + image->file_nbytes;

    put_u32(chunk, (uint32_t)nbytes);
    memcpy(chunk + 4, name, 4);
    if (nbytes > 0)
        memcpy(chunk + 8, bytes, nbytes);
    put_u32(chunk + 8 + nbytes, (uint32_t)crc32_z(0, chunk + 4, nbytes + 4));
    image->file_nbytes += nbytes + 12;
}

/* Rows of arbitrary bytes behind the filter given, or behind filters in turn for 5. */
static void make_rows(struct image *image, uint32_t width, uint32_t height, unsigned channels,
                      unsigned filter)
{
    uint32_t state = width * 31 + filter;

    *image = (struct image){.width = width, .height = height, .channels = channels};
    for (uint32_t y = 0; y < height; y++) {
        image->rows[image->rows_nbytes++] = (uint8_t)(filter < 5 ? filter : y % 5);
        for (uint32_t x = 0; x < width * channels; x++) {
            state = state * 1664525u + 1013904223u;
            image->rows[image->rows_nbytes++] = (uint8_t)(state >> 24);
        }
    }
}

/* The file of the rows, with num_extra bytes behind the stream, cut in num_chunks. */
static void make_file(struct image *image, int window_bits, size_t num_extra, size_t num_chunks)
{
    uint8_t header[13] = {0}, data[2 * MAX_VALUES] = {0};
    z_stream stream = {0};
    size_t nbytes;

    put_u32(header, image->width);
    put_u32(header + 4, image->height);
    header[8] = 8;
    header[9] = image->channels == 1 ? 0 : 2;
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, 0), Z_OK);
    stream.next_in = image->rows;
    stream.avail_in = (uInt)image->rows_nbytes;
    stream.next_out = data;
    stream.avail_out = sizeof(data) - 16;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    nbytes = stream.total_out + num_extra;
    deflateEnd(&stream);
    memcpy(image->file, "\x89PNG\r\n\x1a\n", 8);
    image->file_nbytes = 8;
    add_chunk(image, "IHDR", header, sizeof(header));
    for (size_t i = 0; i < num_chunks; i++)
        add_chunk(image, "IDAT", data + nbytes * i / num_chunks,
                  nbytes * (i + 1) / num_chunks - nbytes * i / num_chunks);
    add_chunk(image, "IEND", NULL, 0);
}

/* Whether the short way took it; either way the outcome is libpng's. */
static bool check_as_libpng(const struct image *image, struct image_pixels *pixels)
{
    uint8_t expected[3 * MAX_PIXELS];
    bool is_plain = false;

    for (unsigned channels = 1; channels <= 3; channels += 2) {
        size_t num_values = (size_t)image->width * image->height * channels;
        struct image_info info;
        struct error error = {0}, libpng_error = {0};
        bool ok = png_fixture_decode_by_libpng("x", image->file, image->file_nbytes, MAX_PIXELS, channels,
                                       expected, &libpng_error);

        assert_int_equal(decoder_read("x", image->file, image->file_nbytes, MAX_PIXELS, channels,
                                       &info, pixels, &error),
                         ok);
        assert_string_equal(error.what, libpng_error.what);
        if (ok) {
            assert_int_equal(info.width, image->width);
            assert_int_equal(info.height, image->height);
            assert_int_equal(info.is_gray, image->channels == 1);
            assert_memory_equal(pixels->values, expected, num_values);
        }
        is_plain =
            png_plain_read(image->file, image->file_nbytes, MAX_PIXELS, channels, &info, pixels);
        assert_true(!is_plain || ok);
    }
    return is_plain;
}

static void test_png_plain_every_filter_and_size_is_read_as_libpng_does(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {28, 28}, {5, 7}, {1, 40}, {60, 3}};
    static struct image image;
    struct image_pixels pixels = {0};

    (void)state;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (unsigned channels = 1; channels <= 3; channels += 2)
            for (unsigned filter = 0; filter <= 5; filter++) {
                make_rows(&image, sizes[s][0], sizes[s][1], channels, filter);
                make_file(&image, 15, 0, 1);
                assert_true(check_as_libpng(&image, &pixels));
            }
    image_pixels_free(&pixels);
}

static void test_png_plain_anything_unusual_is_left_to_libpng(void **state)
{
    static struct image image;
    struct image_pixels pixels = {0};

    (void)state;
    make_rows(&image, 28, 28, 1, 5);
    make_file(&image, 15, 0, 3); /* several chunks: good */
    assert_false(check_as_libpng(&image, &pixels));
    make_file(&image, 15, 2, 1); /* bytes behind the stream */
    assert_false(check_as_libpng(&image, &pixels));
    make_file(&image, 9, 0, 1); /* a window smaller than the rows: good, but not for us to judge */
    assert_false(check_as_libpng(&image, &pixels));
    image.rows[29] = 7; /* no such filter */
    make_file(&image, 15, 0, 1);
    assert_false(check_as_libpng(&image, &pixels));
    make_rows(&image, 28, 28, 1, 5);
    image.rows_nbytes -= 29; /* a row too few, and one too many */
    make_file(&image, 15, 0, 1);
    assert_false(check_as_libpng(&image, &pixels));
    image.rows_nbytes += 2 * 29;
    make_file(&image, 15, 0, 1);
    assert_false(check_as_libpng(&image, &pixels));
    image_pixels_free(&pixels);
}

static void test_png_plain_damaged_anywhere_is_left_to_libpng(void **state)
{
    static struct image image;
    struct image_pixels pixels = {0};
    size_t nbytes;

    (void)state;
    make_rows(&image, 7, 5, 3, 5);
    make_file(&image, 15, 0, 1);
    nbytes = image.file_nbytes;
    for (size_t at = 0; at < nbytes; at++) {
        image.file[at] ^= 0x10;
        assert_false(check_as_libpng(&image, &pixels));
        image.file[at] ^= 0x10;
        image.file_nbytes = at;
        assert_false(check_as_libpng(&image, &pixels));
        image.file_nbytes = nbytes;
    }
    assert_true(check_as_libpng(&image, &pixels));
    image_pixels_free(&pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_plain_every_filter_and_size_is_read_as_libpng_does),
        cmocka_unit_test(test_png_plain_anything_unusual_is_left_to_libpng),
        cmocka_unit_test(test_png_plain_damaged_anywhere_is_left_to_libpng),
    };

    return cmocka_run_group_tests_name("png_plain", tests, NULL, NULL);
}
