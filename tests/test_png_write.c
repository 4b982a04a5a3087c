/* Pictures as PNG, read back by the decoder of images. */
#include <stdlib.h>
#include <string.h>

#include "images/png_file.h"
#include "tests/support.h"
#include "view/png_write.h"

/* Decodes and compares, also whether the file itself is gray or RGB. */
static void assert_decodes(const void *bytes, size_t nbytes, const struct raster *raster,
                           bool is_gray)
{
    struct error error = {0};
    struct image_info info;
    struct image_pixels pixels = {0};

    assert_ok(png_file_read_info("test", bytes, nbytes, 1 << 20, &info, &error), &error);
    assert_int_equal(info.is_gray, is_gray);
    assert_int_equal(info.width, raster->width);
    assert_int_equal(info.height, raster->height);
    assert_ok(
        png_file_read("test", bytes, nbytes, 1 << 20, RASTER_CHANNELS, &info, &pixels, &error),
        &error);
    assert_memory_equal(pixels.values, raster->pixels,
                        raster->width * raster->height * RASTER_CHANNELS);
    image_pixels_free(&pixels);
}

static struct raster make_picture(bool is_gray)
{
    struct error error = {0};
    struct raster raster;

    assert_ok(raster_create(&raster, 13, 7, colour_white, &error), &error);
    for (size_t i = 0; i < 13 * 7; i++)
        raster_fill(
            &raster, i % 13, i / 13, 1, 1,
            (struct colour){(uint8_t)(2 * i), (uint8_t)(is_gray ? 2 * i : i), (uint8_t)(2 * i)});
    return raster;
}

static void test_bytes_decode_to_the_picture(void **state)
{
    (void)state;
    for (int is_gray = 0; is_gray < 2; is_gray++) {
        struct raster raster = make_picture(is_gray);
        struct error error = {0};
        size_t nbytes;
        void *bytes;

        assert_ok(png_write_bytes(&raster, &bytes, &nbytes, &error), &error);
        assert_decodes(bytes, nbytes, &raster, is_gray);
        free(bytes);
        raster_free(&raster);
    }
}

static void test_file_replaces_pictures_only(void **state)
{
    const char *path = support_path(*state, "a.png");
    struct raster first = make_picture(true), second = make_picture(false);
    struct error error = {0};
    unsigned char *bytes;
    size_t nbytes;

    assert_ok(png_write_file(path, &first, false, &error), &error);
    assert_ok(png_write_file(path, &second, false, &error), &error);
    bytes = support_read_file(path, &nbytes);
    assert_decodes(bytes, nbytes, &second, false);
    free(bytes);

    support_write_file(path, "a thesis", 8);
    assert_fails(png_write_file(path, &first, false, &error), &error, STATUS_DATA);
    bytes = support_read_file(path, &nbytes);
    assert_memory_equal(bytes, "a thesis", 8);
    free(bytes);
    error = (struct error){0};
    assert_ok(png_write_file(path, &first, true, &error), &error);
    bytes = support_read_file(path, &nbytes);
    assert_decodes(bytes, nbytes, &first, true);
    free(bytes);
    raster_free(&first);
    raster_free(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_decode_to_the_picture),
        SUPPORT_IN_FOLDER(test_file_replaces_pictures_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
