/*
 * JPEG decoding: the header, and the pixels as gray and as RGB, with few pixels allowed; into a
 * block, and to a place of the image's size.
 */
#include <stdlib.h>
#include <string.h>

#include "images/exif.h"
#include "images/jpeg_file.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_PIXELS = 1 << 14 };

static void demand_refused_well(const struct error *error)
{
    FUZZ_DEMAND(error->status == STATUS_DATA);
    FUZZ_DEMAND(strcmp(error->file, "image.jpg") == 0);
    FUZZ_DEMAND(error->what[0] != '\0');
}

/* To a place: the same outcome, and no byte beside it. */
static void check_place(const uint8_t *bytes, size_t nbytes, unsigned channels, bool ok,
                        const struct image_info *expected_info, const uint8_t *expected)
{
    const size_t num_values = (size_t)expected_info->width * expected_info->height * channels;
    struct image_pixels pixels = {.place = malloc(num_values),
                                  .place_width = expected_info->width,
                                  .place_height = expected_info->height};
    struct image_info info;
    struct error error = {0};

    FUZZ_DEMAND(pixels.place);
    FUZZ_DEMAND(jpeg_file_read("image.jpg", bytes, nbytes, MAX_PIXELS, channels, &info, &pixels,
                               &error) == ok);
    FUZZ_DEMAND(!ok || pixels.values == pixels.place);
    FUZZ_DEMAND(!ok || memcmp(pixels.values, expected, num_values) == 0);
    free(pixels.place);
    image_pixels_free(&pixels);
}

/* Whether it could be decoded, which pixels then are. */
static bool decode(const uint8_t *bytes, size_t nbytes, unsigned channels,
                   const struct image_info *header, struct image_pixels *pixels)
{
    struct image_info info = {0};
    struct error error = {0};
    bool ok =
        jpeg_file_read("image.jpg", bytes, nbytes, MAX_PIXELS, channels, &info, pixels, &error);

    if (!ok) {
        demand_refused_well(&error);
    } else {
        FUZZ_DEMAND(info.width == header->width && info.height == header->height);
        FUZZ_DEMAND(info.is_gray == header->is_gray);
    }
    check_place(bytes, nbytes, channels, ok, header, ok ? pixels->values : NULL);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    struct image_pixels gray = {0}, rgb = {0};
    struct image_info info;
    struct error error = {0};
    int orientation = exif_find_orientation(bytes, nbytes);
    bool gray_ok, rgb_ok;

    FUZZ_DEMAND(orientation >= 1 && orientation <= 8);
    if (!jpeg_file_read_info("image.jpg", bytes, nbytes, MAX_PIXELS, &info, &error)) {
        demand_refused_well(&error);
        return 0;
    }
    FUZZ_DEMAND(info.width > 0 && info.height > 0);
    FUZZ_DEMAND((uint64_t)info.width * info.height <= MAX_PIXELS);
    gray_ok = decode(bytes, nbytes, 1, &info, &gray);
    rgb_ok = decode(bytes, nbytes, 3, &info, &rgb);
    /* Colours may be stored in a way that libjpeg does not know; gray leaves them out. */
    FUZZ_DEMAND(gray_ok || !rgb_ok);
    for (size_t i = 0; i < (size_t)info.width * info.height && rgb_ok && info.is_gray; i++)
        FUZZ_DEMAND(rgb.values[3 * i] == gray.values[i] &&
                    rgb.values[3 * i + 1] == gray.values[i] &&
                    rgb.values[3 * i + 2] == gray.values[i]);
    image_pixels_free(&gray);
    image_pixels_free(&rgb);
    return 0;
}
