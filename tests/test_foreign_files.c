/* What has no decoder is counted and named as what it is. */
#include <string.h>

#include "images/decoder.h"
#include "images/foreign.h"
#include "tests/support.h"

static void test_foreign_count_every_format_is_known_in_any_case(void **state)
{
    static const char *const names[] = {
        "a.bmp",  "a.GIF", "a.gif", "a.WebP", "a.tif", "a.TIFF", "a.tiff", "a.heic",  "a.HEIF",
        "a.avif", "a.jp2", "a.jxl", "a.pgm",  "a.svg", "a.psd",  "a.dcm",  "a.b.tga",
    };
    struct foreign_counts counts = {0};
    char buffer[512];

    (void)state;
    assert_null(foreign_describe_counts(buffer, sizeof(buffer), &counts));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_true(foreign_count(&counts, names[i]));
        assert_false(decoder_has_extension(names[i]));
    }
    assert_string_equal(foreign_describe_counts(buffer, sizeof(buffer), &counts),
                        "3 TIFF, 2 GIF, 2 HEIC, 1 BMP, 1 WebP, 1 AVIF, 1 JPEG 2000, 1 JPEG XL, 1 "
                        "PNM, 1 SVG, 1 PSD, "
                        "1 DICOM and 1 TGA files are not read: convert them to PNG or JPEG");
    assert_false(foreign_count(&counts, "a.txt"));
    assert_false(foreign_count(&counts, ".gif"));
    assert_false(foreign_count(&counts, "gif"));
    assert_false(foreign_count(&counts, "a.gif.txt"));
}

static void test_foreign_describe_counts_one_and_many(void **state)
{
    struct foreign_counts counts = {0};
    char buffer[512];

    (void)state;
    foreign_count(&counts, "a.webp");
    assert_string_equal(foreign_describe_counts(buffer, sizeof(buffer), &counts),
                        "1 WebP file is not read: convert it to PNG or JPEG");
    for (int i = 0; i < 1200; i++)
        foreign_count(&counts, "a.bmp");
    assert_string_equal(foreign_describe_counts(buffer, sizeof(buffer), &counts),
                        "1,200 BMP and 1 WebP files are not read: convert them to PNG or JPEG");
}

static void test_decoder_has_extension_png_and_jpeg_in_any_case(void **state)
{
    static const char *const names[] = {"a.png",  "a.PNG",  "a.jpg", "a.JPG",
                                        "a.Jpeg", "a.JPEG", "a.jpe", "x/a.jfif"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(decoder_has_extension(names[i]));
    assert_false(decoder_has_extension("jpg"));
    assert_false(decoder_has_extension(".jpg"));
    assert_false(decoder_has_extension("a.jpg2"));
}

static void test_decoder_read_other_files_are_named_as_what_they_are(void **state)
{
    static const char dicom[132] = "";
    static const struct {
        const char *name, *bytes;
        size_t nbytes;
        const char *reason;
    } files[] = {
        {"a.jpg", "RIFF\x24\0\0\0WEBPVP8 ", 16,
         "is a WebP image named .jpg: convert it to PNG or JPEG"},
        {"d/a.PNG", "GIF89a", 6, "is a GIF image named .PNG: convert it to PNG or JPEG"},
        {"a", "GIF89a", 6, "is a GIF image: convert it to PNG or JPEG"},
        {"a.png",
         "\0\0\0\x18"
         "ftypheic\0\0\0\0",
         16, "is a HEIC image named .png: convert it to PNG or JPEG"},
        {"a.png",
         "\0\0\0\x18"
         "ftypavif\0\0\0\0",
         16, "is an AVIF image named .png: convert it to PNG or JPEG"},
        {"a.jpg", "MM\0*\0\0\0\x08", 8, "is a TIFF image named .jpg: convert it to PNG or JPEG"},
        {"a.png", "version https://git-lfs.github.com/spec/v1\noid sha256:", 54,
         "is a git-lfs pointer named .png: run git lfs pull"},
        {"a.jpg", "\n <!DOCTYPE HTML><html>", 23,
         "is a web page (HTML) named .jpg: download the image again"},
        {"a.jpg", "\xef\xbb\xbf<html lang=en>", 17,
         "is a web page (HTML) named .jpg: download the image again"},
        {"a.png", "<?xml version=\"1.0\"?>\n<svg>", 28,
         "is an SVG drawing named .png: convert it to PNG or JPEG"},
        {"a.png", "<?xml version=\"1.0\"?>\n<Error>", 29, "not a PNG or JPEG file"},
        {"a.png", "", 0, "empty file"},
        {"a.png", "%PDF-1.4", 8, "is a PDF document named .png"},
        {"a.png", "hello, world", 12, "not a PNG or JPEG file"},
        {"a.png", dicom, sizeof(dicom), "not a PNG or JPEG file"},
        {"a.jpg", "\xff\xd8", 2, "truncated"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct image_pixels pixels = {0};
        struct image_info info;
        struct error error = {0};

        assert_fails(decoder_read(files[i].name, files[i].bytes, files[i].nbytes, 100, 1, &info,
                                  &pixels, &error),
                     &error, STATUS_DATA);
        assert_string_equal(error.what, files[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_count_every_format_is_known_in_any_case),
        cmocka_unit_test(test_foreign_describe_counts_one_and_many),
        cmocka_unit_test(test_decoder_has_extension_png_and_jpeg_in_any_case),
        cmocka_unit_test(test_decoder_read_other_files_are_named_as_what_they_are),
    };

    return cmocka_run_group_tests_name("foreign_files", tests, NULL, NULL);
}
