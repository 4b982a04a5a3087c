/* JPEG files of every kind to pixels; what is damaged, cut short or too large is refused. */
#include <stdlib.h>
#include <string.h>

#include "images/decoder.h"
#include "images/jpeg_file.h"
#include "tests/jpeg_fixture.h"
#include "tests/support.h"

enum { MAX_PIXELS = 1 << 20, MAX_VALUES = 1 << 16 };

/* Decodes a copy that ends where the file ends, so that a byte read too far is found. */
static bool decode_copy(const uint8_t *bytes, size_t nbytes, unsigned channels, uint8_t *pixels,
                        struct image_info *info, struct error *error)
{
    struct image_pixels decoded = {0};
    uint8_t *copy = malloc(nbytes);
    bool ok;

    assert_non_null(copy);
    memcpy(copy, bytes, nbytes);
    *error = (struct error){0};
    *info = (struct image_info){0};
    ok = decoder_read("x.jpg", copy, nbytes, MAX_PIXELS, channels, info, &decoded, error);
    if (ok && pixels)
        memcpy(pixels, decoded.values, (size_t)info->width * info->height * channels);
    image_pixels_free(&decoded);
    free(copy);
    return ok;
}

static void assert_refused(const uint8_t *bytes, size_t nbytes, const char *reason)
{
    struct image_info info;
    struct error error;

    for (unsigned channels = 1; channels <= 3; channels += 2) {
        assert_fails(decode_copy(bytes, nbytes, channels, NULL, &info, &error), &error,
                     STATUS_DATA);
        assert_string_equal(error.file, "x.jpg");
        assert_string_equal(error.what, reason);
    }
}

/* Of inks that are stored inverted: what is left of the light. */
static uint8_t ink(unsigned color, unsigned black)
{
    return (uint8_t)((color * black + 127.5) / 255);
}

/* What is expected of a file, from what libjpeg alone decodes. */
static void decode_expected(const struct png_fixture *file, enum jpeg_fixture_kind kind,
                            uint32_t num_pixels, unsigned channels, uint8_t *expected)
{
    static uint8_t samples[MAX_VALUES];

    if (kind == JPEG_FIXTURE_CMYK || kind == JPEG_FIXTURE_YCCK) {
        jpeg_fixture_decode(file->bytes, file->nbytes, 4, samples);
        for (size_t i = 0; i < num_pixels; i++)
            for (size_t k = 0; k < 3; k++)
                samples[3 * i + k] = ink(samples[4 * i + k], samples[4 * i + 3]);
        image_convert_row(samples, 3, num_pixels, expected, channels);
    } else if (kind == JPEG_FIXTURE_RGB) {
        jpeg_fixture_decode(file->bytes, file->nbytes, 3, samples);
        image_convert_row(samples, 3, num_pixels, expected, channels);
    } else {
        jpeg_fixture_decode(file->bytes, file->nbytes, channels, expected);
    }
}

static void test_jpeg_file_read_every_kind_is_what_libjpeg_decodes(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {8, 8}, {17, 23}, {40, 9}, {200, 50}};
    static uint8_t pixels[MAX_VALUES], expected[MAX_VALUES];

    (void)state;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (int kind = 0; kind < JPEG_FIXTURE_TWO_COMPONENTS; kind++)
            for (int is_progressive = 0; is_progressive < 2; is_progressive++)
                for (unsigned channels = 1; channels <= 3; channels += 2) {
                    struct png_fixture file =
                        jpeg_fixture_write(&(struct jpeg_layout){.kind = kind,
                                                                 .width = sizes[s][0],
                                                                 .height = sizes[s][1],
                                                                 .is_progressive = is_progressive});
                    const uint32_t num_pixels = sizes[s][0] * sizes[s][1];
                    struct image_info info;
                    struct error error;

                    decode_expected(&file, kind, num_pixels, channels, expected);
                    assert_ok(decode_copy(file.bytes, file.nbytes, channels, pixels, &info, &error),
                              &error);
                    assert_int_equal(info.width, sizes[s][0]);
                    assert_int_equal(info.height, sizes[s][1]);
                    assert_int_equal(info.is_gray, kind == JPEG_FIXTURE_GRAY);
                    assert_string_equal(info.fault, "");
                    assert_memory_equal(pixels, expected, (size_t)num_pixels * channels);
                    free(file.bytes);
                }
}

/* Inks of nothing at all are white, full black is black, whatever the colours are. */
static void test_jpeg_file_read_inverted_inks_are_bright_where_there_are_none(void **state)
{
    struct jpeg_layout layout = {
        .kind = JPEG_FIXTURE_CMYK, .width = 16, .height = 8, .is_corner = true};
    struct png_fixture file = jpeg_fixture_write(&layout);
    struct image_info info;
    struct error error;
    uint8_t pixels[16 * 8 * 3];

    (void)state;
    assert_ok(decode_copy(file.bytes, file.nbytes, 3, pixels, &info, &error), &error);
    assert_false(info.is_gray);
    assert_int_equal(pixels[0], 255);
    assert_int_equal(pixels[2], 255);
    assert_int_equal(pixels[15 * 3], 0);
    free(file.bytes);
}

/* Where the white block of the upper left corner is in the picture that is meant: rows, columns. */
static void test_jpeg_file_read_orientation_is_applied(void **state)
{
    static const struct {
        bool is_turned, is_right, is_low;
    } meant[] = {[1] = {false, false, false}, [2] = {false, true, false}, [3] = {false, true, true},
                 [4] = {false, false, true},  [5] = {true, false, false}, [6] = {true, true, false},
                 [7] = {true, true, true},    [8] = {true, false, true}};
    static uint8_t pixels[MAX_VALUES];

    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int kind = 0; kind <= JPEG_FIXTURE_YCBCR; kind++)
            for (unsigned channels = 1; channels <= 3; channels += 2) {
                const struct jpeg_layout layout = {.kind = kind,
                                                   .width = 32,
                                                   .height = 16,
                                                   .orientation = orientation,
                                                   .is_little_endian = kind > 0,
                                                   .is_corner = true};
                struct png_fixture file = jpeg_fixture_write(&layout);
                const bool is_turned = meant[orientation].is_turned;
                const uint32_t width = is_turned ? 16 : 32, height = is_turned ? 32 : 16;
                const size_t x = meant[orientation].is_right ? width - 1 : 0;
                const size_t y = meant[orientation].is_low ? height - 1 : 0;
                struct image_info info;
                struct error error = {0};

                assert_true(
                    decoder_read_info("x", file.bytes, file.nbytes, MAX_PIXELS, &info, &error));
                assert_int_equal(info.width, width);
                assert_int_equal(info.height, height);
                assert_ok(decode_copy(file.bytes, file.nbytes, channels, pixels, &info, &error),
                          &error);
                assert_int_equal(info.width, width);
                assert_int_equal(info.height, height);
                for (size_t corner = 0; corner < 4; corner++) {
                    size_t cx = corner % 2 ? width - 1 : 0, cy = corner / 2 ? height - 1 : 0;
                    unsigned value = pixels[(cy * width + cx) * channels];

                    if (cx == x && cy == y)
                        assert_true(value > 250);
                    else
                        assert_true(value < 5);
                }
                free(file.bytes);
            }
}

/* Number of pixel (x, y) of a stored picture of w x h in the picture that is meant, by EXIF's
 * words: what row 0 and column 0 of the stored picture are. */
static size_t place_by_words(int orientation, size_t x, size_t y, size_t w, size_t h)
{
    switch (orientation) {
    case 2: /* top, right side */
        return y * w + (w - 1 - x);
    case 3: /* bottom, right side */
        return (h - 1 - y) * w + (w - 1 - x);
    case 4: /* bottom, left side */
        return (h - 1 - y) * w + x;
    case 5: /* left side, top */
        return x * h + y;
    case 6: /* right side, top */
        return x * h + (h - 1 - y);
    case 7: /* right side, bottom */
        return (w - 1 - x) * h + (h - 1 - y);
    case 8: /* left side, bottom */
        return (w - 1 - x) * h + y;
    default:
        return y * w + x;
    }
}

static void test_jpeg_file_read_orientation_moves_every_pixel(void **state)
{
    static uint8_t stored[MAX_VALUES], pixels[MAX_VALUES];
    const size_t w = 21, h = 10;

    (void)state;
    for (int orientation = 0; orientation <= 9; orientation++)
        for (int kind = 0; kind < JPEG_FIXTURE_TWO_COMPONENTS; kind++)
            for (unsigned channels = 1; channels <= 3; channels += 2) {
                struct png_fixture file = jpeg_fixture_write(
                    &(struct jpeg_layout){kind, 21, 10, .orientation = orientation});
                struct image_info info;
                struct error error;

                decode_expected(&file, kind, 210, channels, stored);
                assert_ok(decode_copy(file.bytes, file.nbytes, channels, pixels, &info, &error),
                          &error);
                for (size_t y = 0; y < h; y++)
                    for (size_t x = 0; x < w; x++)
                        assert_memory_equal(pixels +
                                                place_by_words(orientation, x, y, w, h) * channels,
                                            stored + (y * w + x) * channels, channels);
                free(file.bytes);
            }
}

static void test_jpeg_file_read_truncated_at_every_length_is_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < JPEG_FIXTURE_TWO_COMPONENTS; kind++)
        for (int is_progressive = 0; is_progressive < 2; is_progressive++) {
            struct png_fixture file = jpeg_fixture_write(&(struct jpeg_layout){
                kind, 19, 12, .is_progressive = is_progressive, .orientation = 6});

            for (size_t nbytes = 1; nbytes < file.nbytes; nbytes++)
                assert_refused(file.bytes, nbytes, "truncated");
            free(file.bytes);
        }
}

/* The end is there, but not all of the data before it. */
static void test_jpeg_file_read_data_cut_before_the_end_are_refused(void **state)
{
    struct png_fixture file = jpeg_fixture_write(&(struct jpeg_layout){JPEG_FIXTURE_YCBCR, 64, 64});

    (void)state;
    memcpy(file.bytes + file.nbytes - 102, file.bytes + file.nbytes - 2, 2);
    assert_refused(file.bytes, file.nbytes - 100,
                   "Corrupt JPEG data: premature end of data segment");
    free(file.bytes);
}

static void test_jpeg_file_read_any_byte_changed_is_refused_or_decoded(void **state)
{
    struct image_info info;
    struct error error;

    (void)state;
    for (int kind = 0; kind < JPEG_FIXTURE_NUM_KINDS; kind++) {
        struct png_fixture file = jpeg_fixture_write(&(struct jpeg_layout){
            kind, 9, 8, .is_progressive = kind % 2, .orientation = 8, .is_little_endian = true});

        for (size_t i = 0; i < file.nbytes; i++)
            for (unsigned mask = 1; mask < 256; mask *= 2) {
                file.bytes[i] ^= (uint8_t)mask;
                if (!decode_copy(file.bytes, file.nbytes, 3, NULL, &info, &error)) {
                    assert_int_equal(error.status, STATUS_DATA);
                    assert_true(error.what[0] != '\0');
                }
                file.bytes[i] ^= (uint8_t)mask;
            }
        free(file.bytes);
    }
}

static void test_jpeg_file_read_size_above_the_limit_is_refused(void **state)
{
    struct png_fixture file =
        jpeg_fixture_write(&(struct jpeg_layout){JPEG_FIXTURE_GRAY, 5, 4, .orientation = 6});
    struct image_pixels pixels = {0};
    struct image_info info;
    struct error error = {0};

    (void)state;
    assert_true(decoder_read_info("x", file.bytes, file.nbytes, 20, &info, &error));
    assert_fails(decoder_read_info("x", file.bytes, file.nbytes, 19, &info, &error), &error,
                 STATUS_DATA);
    assert_string_equal(error.what, "5x4 is 20 pixels, more than the 19 allowed");
    error = (struct error){0};
    assert_fails(decoder_read("x", file.bytes, file.nbytes, 19, 1, &info, &pixels, &error), &error,
                 STATUS_DATA);
    assert_null(pixels.values);
    free(file.bytes);
}

static void test_jpeg_file_read_what_no_picture_has_is_refused(void **state)
{
    struct png_fixture scans =
        jpeg_fixture_write(&(struct jpeg_layout){JPEG_FIXTURE_GRAY, 8, 8, .has_many_scans = true});
    struct png_fixture two =
        jpeg_fixture_write(&(struct jpeg_layout){JPEG_FIXTURE_TWO_COMPONENTS, 8, 8});

    (void)state;
    assert_refused(scans.bytes, scans.nbytes, "has more than 100 scans");
    assert_refused(two.bytes, two.nbytes,
                   "has 2 components, which are neither gray nor RGB nor CMYK");
    free(scans.bytes);
    free(two.bytes);
}

/* A progressive one is held whole, at 2 bytes for each coefficient. */
static void test_jpeg_file_read_more_memory_than_allowed_is_refused(void **state)
{
    for (int is_progressive = 0; is_progressive < 2; is_progressive++) {
        struct png_fixture file = jpeg_fixture_write(
            &(struct jpeg_layout){JPEG_FIXTURE_GRAY, 320, 320, .is_progressive = is_progressive});
        struct image_pixels pixels = {.max_nbytes = 200000};
        struct image_info info;
        struct error error = {0};
        bool ok = decoder_read("x", file.bytes, file.nbytes, MAX_PIXELS, 1, &info, &pixels, &error);

        if (is_progressive) {
            assert_fails(ok, &error, STATUS_USAGE);
            assert_string_equal(error.what, "320x320 takes 1 MB of memory to decode, more than the "
                                            "limit on memory leaves for an image");
        } else {
            assert_ok(ok, &error);
        }
        assert_int_equal(info.width, 320);
        image_pixels_free(&pixels);
        free(file.bytes);
    }
    (void)state;
}

static void test_jpeg_file_read_image_of_the_size_goes_to_its_place(void **state)
{
    struct png_fixture file =
        jpeg_fixture_write(&(struct jpeg_layout){JPEG_FIXTURE_YCBCR, 12, 9, .orientation = 5});
    uint8_t place[12 * 9 * 3], expected[12 * 9 * 3];
    struct image_pixels pixels = {.place = place, .place_width = 9, .place_height = 12};
    struct image_info info;
    struct error error = {0};

    (void)state;
    assert_ok(decode_copy(file.bytes, file.nbytes, 3, expected, &info, &error), &error);
    assert_ok(decoder_read("x", file.bytes, file.nbytes, MAX_PIXELS, 3, &info, &pixels, &error),
              &error);
    assert_ptr_equal(pixels.values, place);
    assert_null(pixels.block);
    assert_memory_equal(place, expected, sizeof(place));
    free(file.bytes);
}

/* Phones put more behind the end; bytes between the headers are a fault that is said. */
static void test_jpeg_file_read_harmless_bytes_are_read_over(void **state)
{
    struct png_fixture file = jpeg_fixture_write(&(struct jpeg_layout){JPEG_FIXTURE_GRAY, 10, 10});
    uint8_t *longer = calloc(1, file.nbytes + 50), expected[100], pixels[100];
    struct image_info info;
    struct error error;

    (void)state;
    assert_non_null(longer);
    assert_ok(decode_copy(file.bytes, file.nbytes, 1, expected, &info, &error), &error);
    memcpy(longer, file.bytes, file.nbytes);
    assert_ok(decode_copy(longer, file.nbytes + 50, 1, pixels, &info, &error), &error);
    assert_memory_equal(pixels, expected, 100);
    assert_string_equal(info.fault, "");
    memcpy(longer, file.bytes, 20); /* the first header, which is JFIF's */
    memset(longer + 20, 0, 3);
    memcpy(longer + 23, file.bytes + 20, file.nbytes - 20);
    assert_ok(decode_copy(longer, file.nbytes + 3, 1, pixels, &info, &error), &error);
    assert_memory_equal(pixels, expected, 100);
    assert_string_equal(info.fault, "bytes between its headers");
    free(longer);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg_file_read_every_kind_is_what_libjpeg_decodes),
        cmocka_unit_test(test_jpeg_file_read_inverted_inks_are_bright_where_there_are_none),
        cmocka_unit_test(test_jpeg_file_read_orientation_is_applied),
        cmocka_unit_test(test_jpeg_file_read_orientation_moves_every_pixel),
        cmocka_unit_test(test_jpeg_file_read_truncated_at_every_length_is_refused),
        cmocka_unit_test(test_jpeg_file_read_data_cut_before_the_end_are_refused),
        cmocka_unit_test(test_jpeg_file_read_any_byte_changed_is_refused_or_decoded),
        cmocka_unit_test(test_jpeg_file_read_size_above_the_limit_is_refused),
        cmocka_unit_test(test_jpeg_file_read_what_no_picture_has_is_refused),
        cmocka_unit_test(test_jpeg_file_read_more_memory_than_allowed_is_refused),
        cmocka_unit_test(test_jpeg_file_read_image_of_the_size_goes_to_its_place),
        cmocka_unit_test(test_jpeg_file_read_harmless_bytes_are_read_over),
    };

    return cmocka_run_group_tests_name("jpeg_file", tests, NULL, NULL);
}
