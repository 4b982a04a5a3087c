/* PNG files with faults that every viewer passes over: read where the pixels are certain. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "images/decoder.h"
#include "tests/png_fixture.h"
#include "tests/support.h"

enum { SIDE = 4, MAX_PIXELS = 1 << 14, GRAY = 0, RGB = 2, PALETTE = 3, RGBA = 6 };

/* A file of SIDE x SIDE pixels, put together chunk by chunk. */
struct file {
    uint8_t bytes[2048];
    size_t nbytes;
};

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* wrong: bits of the checksum that are turned over. */
static void add_chunk(struct file *file, const char *name, const void *bytes, size_t nbytes,
                      uint32_t wrong)
{
    uint8_t *chunk = file->bytes + file->nbytes;

    assert_true(file->nbytes + nbytes + 12 <= sizeof(file->bytes));
    put_u32(chunk, (uint32_t)nbytes);
    memcpy(chunk + 4, name, 4);
    if (nbytes > 0)
        memcpy(chunk + 8, bytes, nbytes);
    put_u32(chunk + 8 + nbytes, (uint32_t)crc32_z(0, chunk + 4, nbytes + 4) ^ wrong);
    file->nbytes += nbytes + 12;
}

static void begin_with_checksum(struct file *file, unsigned color_type, uint32_t wrong)
{
    uint8_t header[13] = {0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, (uint8_t)color_type};

    *file = (struct file){.nbytes = 8};
    memcpy(file->bytes, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(file, "IHDR", header, sizeof(header), wrong);
}

static void begin(struct file *file, unsigned color_type)
{
    begin_with_checksum(file, color_type, 0);
}

/* Pixel (x, y) is 40 y + 10 x in all channels, with alpha 255; or 1 of a palette's two. */
static size_t compress_rows(unsigned color_type, size_t num_rows, uint8_t data[512])
{
    const unsigned channels = color_type == RGB ? 3 : color_type == RGBA ? 4 : 1;
    uint8_t rows[512];
    size_t used = 0;
    uLongf nbytes = 512;

    for (size_t y = 0; y < num_rows; y++) {
        rows[used++] = 0;
        for (size_t x = 0; x < SIDE; x++)
            for (size_t k = 0; k < channels; k++)
                rows[used++] = (uint8_t)(color_type == PALETTE ? 1
                                         : k == 3              ? 255
                                                               : 40 * y + 10 * x);
    }
    assert_int_equal(compress(data, &nbytes, rows, used), Z_OK);
    return nbytes;
}

static void add_pixels(struct file *file, unsigned color_type)
{
    uint8_t data[512];

    add_chunk(file, "IDAT", data, compress_rows(color_type, SIDE, data), 0);
}

static void end(struct file *file)
{
    add_chunk(file, "IEND", NULL, 0, 0);
}

static bool decode(const struct file *file, uint8_t pixels[SIDE * SIDE], struct image_info *info,
                   struct error *error)
{
    struct image_pixels decoded = {0};
    bool ok;

    *error = (struct error){0};
    *info = (struct image_info){0};
    ok = decoder_read("x.png", file->bytes, file->nbytes, MAX_PIXELS, 1, info, &decoded, error);
    if (ok)
        memcpy(pixels, decoded.values, SIDE * SIDE);
    image_pixels_free(&decoded);
    return ok;
}

/* Is read to the pixels above, and the fault is told; and the short way, if it takes the file at
 * all, says the same as libpng's. */
static void assert_read(const struct file *file, const char *fault)
{
    uint8_t pixels[SIDE * SIDE], by_libpng[SIDE * SIDE];
    struct image_info info;
    struct error error;
    bool is_palette = file->bytes[25] == PALETTE;

    assert_ok(decode(file, pixels, &info, &error), &error);
    assert_string_equal(info.fault, fault);
    for (size_t i = 0; i < SIDE * SIDE; i++)
        assert_int_equal(pixels[i], is_palette ? 77 : 40 * (i / SIDE) + 10 * (i % SIDE));
    assert_ok(png_fixture_decode_by_libpng("x.png", file->bytes, file->nbytes, MAX_PIXELS, 1,
                                           by_libpng, &error),
              &error);
    assert_memory_equal(by_libpng, pixels, sizeof(pixels));
}

static void assert_refused(const struct file *file, const char *reason)
{
    uint8_t pixels[SIDE * SIDE];
    struct image_info info;
    struct error error;

    assert_fails(decode(file, pixels, &info, &error), &error, STATUS_DATA);
    assert_string_equal(error.what, reason);
}

static void test_png_faults_checksum_of_what_is_no_pixels_is_told(void **state)
{
    static const char *const names[] = {"tEXt", "zTXt", "iTXt", "iCCP", "gAMA", "pHYs", "eXIf"};
    struct file file;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        for (int is_behind = 0; is_behind < 2; is_behind++) {
            char fault[40];

            begin(&file, GRAY);
            if (is_behind)
                add_pixels(&file, GRAY);
            add_chunk(&file, names[i], "a\0b", 3, 1);
            if (!is_behind)
                add_pixels(&file, GRAY);
            end(&file);
            snprintf(fault, sizeof(fault), "wrong checksum of %s", names[i]);
            assert_read(&file, fault);
        }
    begin(&file, GRAY);
    add_pixels(&file, GRAY);
    add_chunk(&file, "IEND", NULL, 0, 1);
    assert_read(&file, "wrong checksum of IEND");
    begin(&file, GRAY);
    add_chunk(&file, "tEXt", "a\0b", 3, 0);
    add_pixels(&file, GRAY);
    end(&file);
    assert_read(&file, "");
}

static void test_png_faults_chunks_that_do_not_fit_the_image_are_told(void **state)
{
    static const uint8_t bytes[12] = {0};
    struct file file;

    (void)state;
    begin(&file, RGBA);
    add_chunk(&file, "tRNS", bytes, 6, 0);
    add_pixels(&file, RGBA);
    end(&file);
    assert_read(&file, "out of place: tRNS");
    begin(&file, GRAY);
    add_chunk(&file, "PLTE", bytes, 12, 0);
    add_pixels(&file, GRAY);
    end(&file);
    assert_read(&file, "out of place: PLTE");
    begin(&file, RGB);
    add_chunk(&file, "PLTE", bytes, 11, 0); /* only suggested, to those who have few colours */
    add_pixels(&file, RGB);
    end(&file);
    assert_read(&file, "damaged: PLTE");
    begin(&file, RGB);
    add_chunk(&file, "PLTE", bytes, 12, 1);
    add_pixels(&file, RGB);
    end(&file);
    assert_read(&file, "wrong checksum of PLTE");
    begin(&file, GRAY);
    add_chunk(&file, "iCCP", "name\0\0nothing", 13, 0);
    add_pixels(&file, GRAY);
    end(&file);
    assert_read(&file, "damaged: iCCP");
    begin(&file, PALETTE);
    add_chunk(&file, "PLTE", "\0\0\0MMM", 6, 0);
    add_chunk(&file, "tRNS", bytes, 3, 0); /* of more colours than there are */
    add_pixels(&file, PALETTE);
    end(&file);
    assert_read(&file, "out of place: tRNS");
}

static void test_png_faults_more_data_than_pixels_take_is_told(void **state)
{
    struct file file;
    uint8_t data[512];
    size_t nbytes;

    (void)state;
    for (size_t num_extra = 1; num_extra < 40; num_extra++) {
        nbytes = compress_rows(GRAY, SIDE, data);
        memset(data + nbytes, 0xa5, num_extra);
        begin(&file, GRAY);
        add_chunk(&file, "IDAT", data, nbytes + num_extra, 0);
        end(&file);
        assert_read(&file, "more data than the pixels take");
    }
    begin(&file, GRAY);
    add_chunk(&file, "IDAT", data, compress_rows(GRAY, SIDE + 3, data), 0);
    end(&file);
    assert_read(&file, "more data than the pixels take");
}

static void test_png_faults_pixels_that_are_not_certain_are_refused(void **state)
{
    struct file file;
    uint8_t data[512];
    size_t nbytes = compress_rows(GRAY, SIDE, data);

    (void)state;
    begin(&file, GRAY);
    add_chunk(&file, "IDAT", data, nbytes, 1);
    end(&file);
    assert_refused(&file, "IDAT: CRC error");
    begin_with_checksum(&file, GRAY, 1);
    add_pixels(&file, GRAY);
    end(&file);
    assert_refused(&file, "IHDR: CRC error");
    begin(&file, PALETTE);
    add_chunk(&file, "PLTE", "\0\0\0MMM", 6, 1);
    add_pixels(&file, PALETTE);
    end(&file);
    assert_refused(&file, "PLTE: CRC error");
    begin(&file, GRAY); /* it may decide what is seen */
    add_chunk(&file, "tRNS", "\0\5", 2, 1);
    add_pixels(&file, GRAY);
    end(&file);
    assert_refused(&file, "tRNS: CRC error");
    begin(&file, GRAY);
    add_chunk(&file, "IDAT", data, compress_rows(GRAY, SIDE - 1, data), 0);
    end(&file);
    assert_refused(&file, "Not enough image data");
    begin(&file, GRAY);
    nbytes = compress_rows(GRAY, SIDE, data);
    data[nbytes - 1] ^= 1; /* zlib's own checksum */
    add_chunk(&file, "IDAT", data, nbytes, 0);
    end(&file);
    assert_refused(&file, "IDAT: incorrect data check");
    data[nbytes - 1] ^= 1;
    begin(&file, GRAY);
    add_chunk(&file, "IDAT", data, nbytes / 2, 0);
    add_chunk(&file, "tEXt", "a\0b", 3, 0);
    add_chunk(&file, "IDAT", data + nbytes / 2, nbytes - nbytes / 2, 0);
    end(&file);
    assert_refused(&file, "its pixels (IDAT) are interrupted by another chunk");
    begin(&file, GRAY);
    add_pixels(&file, GRAY);
    assert_refused(&file, "truncated");
    begin(&file, GRAY);
    end(&file);
    assert_refused(&file, "IEND: out of place");
}

/* Xcode's begin with a chunk of their own, and swap colours. */
static void test_png_faults_xcode_png_is_named(void **state)
{
    struct file file = {.nbytes = 8};

    (void)state;
    memcpy(file.bytes, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(&file, "CgBI", "\x50\0\x20\x02", 4, 0);
    add_chunk(&file, "IHDR", "\0\0\0\4\0\0\0\4\x08\6\0\0\0", 13, 0);
    add_pixels(&file, RGBA);
    end(&file);
    assert_refused(&file, "is a PNG that Xcode rewrote for iPhones (CgBI): take the one it was "
                          "made of, or revert it by pngcrush -revert-iphone-optimizations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_faults_checksum_of_what_is_no_pixels_is_told),
        cmocka_unit_test(test_png_faults_chunks_that_do_not_fit_the_image_are_told),
        cmocka_unit_test(test_png_faults_more_data_than_pixels_take_is_told),
        cmocka_unit_test(test_png_faults_pixels_that_are_not_certain_are_refused),
        cmocka_unit_test(test_png_faults_xcode_png_is_named),
    };

    return cmocka_run_group_tests_name("png_faults", tests, NULL, NULL);
}
