/* PNG files that are damaged, too large or something else. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "images/png_file.h"
#include "tests/png_fixture.h"
#include "tests/support.h"

#define MAX_PIXELS 16777216u

static struct png_fixture write_gray(uint32_t width, uint32_t height)
{
    return png_fixture_write(&(struct png_layout){
        .color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 8, .width = width, .height = height});
}

/* Small files of each kind of decoding, one after another. */
static bool next_small_file(int *index, struct png_fixture *file)
{
    static const struct png_layout layouts[] = {
        {PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, .width = 5, .height = 4},
        {PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE, .width = 4, .height = 5},
        {PNG_COLOR_TYPE_PALETTE, 2, PNG_INTERLACE_ADAM7, true, .width = 6, .height = 3},
        {PNG_COLOR_TYPE_RGB_ALPHA, 16, PNG_INTERLACE_ADAM7, .width = 3, .height = 3},
    };

    if (*index == sizeof(layouts) / sizeof(layouts[0]))
        return false;
    *file = png_fixture_write(&layouts[(*index)++]);
    return true;
}

/* Decodes a copy that ends where the file ends, so that a byte read too far is found. */
static bool decode_copy(const uint8_t *bytes, size_t nbytes, uint8_t pixels[64],
                        struct error *error)
{
    uint8_t *copy = malloc(nbytes ? nbytes : 1);
    bool ok;

    assert_non_null(copy);
    memcpy(copy, bytes, nbytes);
    memset(pixels, 0, 64);
    *error = (struct error){0};
    ok = png_fixture_decode("x.png", copy, nbytes, MAX_PIXELS, 1, pixels, error);
    free(copy);
    return ok;
}

static void assert_refused(const void *bytes, size_t nbytes, const char *reason)
{
    struct image_info info;
    struct error error = {0};
    uint8_t pixels[64];

    assert_fails(decode_copy(bytes, nbytes, pixels, &error), &error, STATUS_DATA);
    assert_string_equal(error.file, "x.png");
    assert_string_equal(error.what, reason);
    error = (struct error){0};
    assert_fails(decoder_read_info("x.png", bytes, nbytes, MAX_PIXELS, &info, &error), &error,
                 STATUS_DATA);
    assert_string_equal(error.what, reason);
}

static void test_read_pixels_truncated_at_every_length_is_refused(void **state)
{
    struct png_fixture file;
    struct error error;
    uint8_t pixels[64];

    (void)state;
    for (int index = 0; next_small_file(&index, &file);) {
        assert_true(decode_copy(file.bytes, file.nbytes, pixels, &error));
        for (size_t nbytes = 1; nbytes < file.nbytes; nbytes++) {
            assert_fails(decode_copy(file.bytes, nbytes, pixels, &error), &error, STATUS_DATA);
            assert_string_equal(error.what, "truncated");
        }
        free(file.bytes);
    }
}

static void test_read_pixels_any_byte_changed_is_refused_or_harmless(void **state)
{
    struct png_fixture file;
    struct error error;
    uint8_t expected[64], pixels[64];

    (void)state;
    for (int index = 0; next_small_file(&index, &file);) {
        assert_true(decode_copy(file.bytes, file.nbytes, expected, &error));
        for (size_t i = 0; i < file.nbytes; i++)
            for (unsigned mask = 1; mask < 256; mask = mask < 128 ? 2 * mask : mask + 127) {
                bool ok;

                file.bytes[i] ^= (uint8_t)mask;
                ok = decode_copy(file.bytes, file.nbytes, pixels, &error);
                file.bytes[i] ^= (uint8_t)mask;
                if (ok)
                    assert_memory_equal(pixels, expected, sizeof(pixels));
                else
                    assert_int_equal(error.status, STATUS_DATA);
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
static void seal_chunk(struct png_fixture *file, size_t offset)
{
    uint32_t nbytes = get_u32(file->bytes + offset);

    put_u32(file->bytes + offset + 8 + nbytes,
            (uint32_t)crc32(0, file->bytes + offset + 4, nbytes + 4));
}

static size_t find_chunk(const struct png_fixture *file, const char *type)
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
    struct png_fixture file;
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
                    bool ok;

                    file.bytes[i] ^= (uint8_t)mask;
                    seal_chunk(&file, offset);
                    ok = decode_copy(file.bytes, file.nbytes, pixels, &error);
                    assert_true(ok || error.status == STATUS_DATA);
                    assert_true(ok || error.what[0] != '\0');
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
    assert_refused("GIF89a", 6, "is a GIF image named .png: convert it to PNG or JPEG");
    assert_refused("BM\x36", 3, "is a BMP image named .png: convert it to PNG or JPEG");
    assert_refused("RIFF\x24\0\0\0WAVEfmt ", 16, "not a PNG or JPEG file");
    assert_refused("hello, world", 12, "not a PNG or JPEG file");
    assert_refused("\x89PNH\r\n\x1a\n", 8, "not a PNG or JPEG file");
    assert_refused("\x89PNG", 4, "truncated");
    assert_refused("\x89PNG\r\n\x1a\n", 8, "truncated");
    assert_refused("\x89PNG\n\x1a\n", 7, "not a PNG or JPEG file");
}

static void test_read_info_size_above_the_limit_is_refused(void **state)
{
    struct png_fixture file = write_gray(5, 4);
    struct image_info info;
    struct error error = {0};
    uint8_t pixels[20] = {0};

    (void)state;
    assert_true(decoder_read_info("x.png", file.bytes, file.nbytes, 20, &info, &error));
    assert_fails(decoder_read_info("x.png", file.bytes, file.nbytes, 19, &info, &error), &error,
                 STATUS_DATA);
    assert_string_equal(error.what, "4x5 is 20 pixels, more than the 19 allowed");
    assert_fails(png_fixture_decode("x.png", file.bytes, file.nbytes, 19, 1, pixels, &error),
                 &error, STATUS_DATA);
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
    struct png_fixture file = write_gray(5, 4);

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct image_info info;
        struct error error = {0};
        uint8_t pixels[1] = {42};

        put_u32(file.bytes + 16, sizes[i][0]);
        put_u32(file.bytes + 20, sizes[i][1]);
        seal_chunk(&file, 8);
        assert_fails(
            decoder_read_info("x.png", file.bytes, file.nbytes, MAX_PIXELS, &info, &error), &error,
            STATUS_DATA);
        assert_fails(
            png_fixture_decode("x.png", file.bytes, file.nbytes, MAX_PIXELS, 1, pixels, &error),
            &error, STATUS_DATA);
        assert_int_equal(pixels[0], 42);
    }
    free(file.bytes);
}

static void test_read_pixels_fewer_rows_than_claimed_is_refused(void **state)
{
    struct png_fixture file = write_gray(5, 4);
    struct error error = {0};
    uint8_t pixels[5 * 2000];

    (void)state;
    put_u32(file.bytes + 20, 2000);
    seal_chunk(&file, 8);
    assert_fails(
        png_fixture_decode("x.png", file.bytes, file.nbytes, MAX_PIXELS, 1, pixels, &error),
        &error, STATUS_DATA);
    free(file.bytes);
}

static void test_read_pixels_no_idat_is_refused(void **state)
{
    struct png_fixture file = write_gray(5, 4);
    struct error error = {0};
    size_t offset = find_chunk(&file, "IDAT"), end = find_chunk(&file, "IEND");
    uint8_t pixels[64];

    (void)state;
    memmove(file.bytes + offset, file.bytes + end, file.nbytes - end);
    file.nbytes -= end - offset;
    assert_fails(decode_copy(file.bytes, file.nbytes, pixels, &error), &error, STATUS_DATA);
    free(file.bytes);
}

/* What a fuzzer found: libpng passes over unknown chunks before the header. */
static void test_read_info_chunk_before_the_header_is_refused(void **state)
{
    static const uint8_t unknown[] = {0, 0, 0, 1, 'm', 'I', 'H', 'D', 'R', 0, 0, 0, 0};
    struct png_fixture file = write_gray(5, 4);
    uint8_t *bytes = malloc(file.nbytes + sizeof(unknown));
    uint32_t crc32_of_chunk = (uint32_t)crc32(0, unknown + 4, 5);

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, file.bytes, 8);
    memcpy(bytes + 8, unknown, sizeof(unknown));
    for (int i = 0; i < 4; i++)
        bytes[8 + 9 + i] = (uint8_t)(crc32_of_chunk >> (24 - 8 * i));
    memcpy(bytes + 8 + sizeof(unknown), file.bytes + 8, file.nbytes - 8);
    assert_refused(bytes, file.nbytes + sizeof(unknown),
                   "its first chunk is not the header (IHDR)");
    free(bytes);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_pixels_truncated_at_every_length_is_refused),
        cmocka_unit_test(test_read_pixels_any_byte_changed_is_refused_or_harmless),
        cmocka_unit_test(test_read_pixels_any_byte_changed_under_a_right_checksum_never_crashes),
        cmocka_unit_test(test_read_info_other_files_are_named),
        cmocka_unit_test(test_read_info_size_above_the_limit_is_refused),
        cmocka_unit_test(test_read_pixels_huge_claimed_sizes_are_refused),
        cmocka_unit_test(test_read_pixels_fewer_rows_than_claimed_is_refused),
        cmocka_unit_test(test_read_pixels_no_idat_is_refused),
        cmocka_unit_test(test_read_info_chunk_before_the_header_is_refused),
    };

    return cmocka_run_group_tests_name("png_damage", tests, NULL, NULL);
}
