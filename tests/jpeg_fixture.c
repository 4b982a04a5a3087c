#include "tests/jpeg_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "tests/support.h"

enum { MAX_WIDTH = 512 };

static const struct {
    int num_components;
    J_COLOR_SPACE given, stored;
} kinds[JPEG_FIXTURE_NUM_KINDS] = {
    [JPEG_FIXTURE_GRAY] = {1, JCS_GRAYSCALE, JCS_GRAYSCALE},
    [JPEG_FIXTURE_YCBCR] = {3, JCS_RGB, JCS_YCbCr},
    [JPEG_FIXTURE_RGB] = {3, JCS_RGB, JCS_RGB},
    [JPEG_FIXTURE_CMYK] = {4, JCS_CMYK, JCS_CMYK},
    [JPEG_FIXTURE_YCCK] = {4, JCS_CMYK, JCS_YCCK},
    [JPEG_FIXTURE_TWO_COMPONENTS] = {2, JCS_UNKNOWN, JCS_UNKNOWN},
};

static void stop(j_common_ptr jpeg)
{
    char message[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, message);
    fail_msg("the test's JPEG: %s", message);
}

/* A directory of two entries, of which the second is the orientation. */
static void write_exif(struct jpeg_compress_struct *jpeg, const struct jpeg_layout *layout)
{
    static const uint8_t big[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2, /* the two entries */
                                  1,   0,   0, 3,  0, 0, 0, 1, 0, 9, 0, 0, 1, 0x12,
                                  0,   3,   0, 0,  0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t little[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0,    0, 1, 3,
                                     0,   1,   0,  0, 0, 9, 0, 0, 0, 0x12, 1, 3, 0,
                                     1,   0,   0,  0, 0, 0, 0, 0, 0, 0,    0, 0};
    uint8_t bytes[6 + sizeof(big)] = "Exif";

    memcpy(bytes + 6, layout->is_little_endian ? little : big, sizeof(big));
    bytes[6 + 10 + 12 + (layout->is_little_endian ? 8 : 9)] = (uint8_t)layout->orientation;
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, bytes, sizeof(bytes));
}

/* A scan for each coefficient, and one that refines it. */
static void script_many_scans(struct jpeg_compress_struct *jpeg, jpeg_scan_info scans[127])
{
    scans[0] = (jpeg_scan_info){.comps_in_scan = 1};
    for (int k = 1; k < 64; k++) {
        scans[k] = (jpeg_scan_info){.comps_in_scan = 1, .Ss = k, .Se = k, .Ah = 0, .Al = 1};
        scans[63 + k] = (jpeg_scan_info){.comps_in_scan = 1, .Ss = k, .Se = k, .Ah = 1, .Al = 0};
    }
    jpeg->scan_info = scans;
    jpeg->num_scans = 127;
}

static void write_rows(struct jpeg_compress_struct *jpeg, const struct jpeg_layout *layout)
{
    const struct png_layout samples = {.bit_depth = 8};
    const size_t count = (size_t)jpeg->input_components;
    JSAMPLE row[MAX_WIDTH * 4];
    JSAMPROW rows[] = {row};

    for (size_t y = 0; y < layout->height; y++) {
        for (size_t x = 0; x < layout->width; x++)
            for (size_t k = 0; k < count; k++)
                row[x * count + k] =
                    layout->is_corner
                        ? (x < 8 && y < 8) * 255
                        /* Neighbours are alike, as in pictures. */
                        : (JSAMPLE)(x * 3 + y * 5 + k * 60 +
                                    png_fixture_sample(&samples, x / 4, y / 4, k) / 4);
        jpeg_write_scanlines(jpeg, rows, 1);
    }
}

struct png_fixture jpeg_fixture_write(const struct jpeg_layout *layout)
{
    struct jpeg_compress_struct jpeg = {0};
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[127];
    unsigned char *bytes = NULL;
    unsigned long nbytes = 0;

    assert_true(layout->width <= MAX_WIDTH);
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = stop;
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &nbytes);
    jpeg.image_width = layout->width;
    jpeg.image_height = layout->height;
    jpeg.input_components = kinds[layout->kind].num_components;
    jpeg.in_color_space = kinds[layout->kind].given;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, kinds[layout->kind].stored);
    jpeg_set_quality(&jpeg, 90, TRUE);
    if (layout->has_many_scans)
        script_many_scans(&jpeg, scans);
    else if (layout->is_progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (layout->orientation > 0)
        write_exif(&jpeg, layout);
    write_rows(&jpeg, layout);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (struct png_fixture){bytes, nbytes};
}

void jpeg_fixture_decode(const void *bytes, size_t nbytes, unsigned channels, uint8_t *samples)
{
    struct jpeg_decompress_struct jpeg = {0};
    struct jpeg_error_mgr errors;

    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = stop;
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, nbytes);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_start_decompress(&jpeg);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = samples + (size_t)jpeg.output_scanline * jpeg.output_width * channels;

        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
}
