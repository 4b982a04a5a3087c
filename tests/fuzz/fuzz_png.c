/*
 * PNG decoding: the header, and the pixels as gray and as RGB, with few pixels allowed.  Mutations
 * are mended half of the time: checksums of chunks are made right again, or none would get past
 * them.
 */
#include <string.h>
#include <zlib.h>

#include "images/png_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/png_fixture.h"

enum { MAX_PIXELS = 1 << 14, SIGNATURE_NBYTES = 8 };

static uint32_t get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#ifdef QUERN_LIBFUZZER
static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t nbytes, size_t max_nbytes, unsigned seed)
{
    size_t length;

    nbytes = LLVMFuzzerMutate(bytes, nbytes, max_nbytes);
    /* A chunk is its length, a name of 4 bytes, the bytes, and the CRC-32 of name and bytes. */
    for (size_t i = SIGNATURE_NBYTES; seed % 2 == 0 && i + 12 <= nbytes; i += length + 12) {
        length = get_u32(bytes + i);
        if (length > nbytes - i - 12)
            break;
        put_u32(bytes + i + 8 + length, (uint32_t)crc32_z(0, bytes + i + 4, length + 4));
    }
    return nbytes;
}
#endif

static void demand_refused_well(const struct error *error)
{
    FUZZ_DEMAND(error->status == STATUS_DATA);
    FUZZ_DEMAND(strcmp(error->file, "image.png") == 0);
    FUZZ_DEMAND(error->what[0] != '\0');
}

/* Both in one go, by the short way where there is one: the same outcome. */
static void check_one_go(const uint8_t *bytes, size_t nbytes, bool ok, unsigned channels,
                         const uint8_t *expected, size_t num_values)
{
    struct image_pixels pixels = {0};
    struct image_info info;
    struct error error = {0};

    FUZZ_DEMAND(decoder_read("image.png", bytes, nbytes, MAX_PIXELS, channels, &info, &pixels,
                              &error) == ok);
    FUZZ_DEMAND(!ok || memcmp(pixels.values, expected, num_values) == 0);
    /* On a background, and by a range: as good as without. */
    pixels.rule = (struct samples_rule){true, {255, 128, 0}, true, 7, 1000};
    FUZZ_DEMAND(decoder_read("image.png", bytes, nbytes, MAX_PIXELS, channels, &info, &pixels,
                             &(struct error){0}) == ok);
    FUZZ_DEMAND(!ok || info.is_transparent || info.is_deep ||
                memcmp(pixels.values, expected, num_values) == 0);
    image_pixels_free(&pixels);
}

static void check_round_trip(const struct image_info *info, unsigned channels,
                             const uint8_t *pixels)
{
    const size_t num_values = (size_t)info->width * info->height * channels;
    struct error error = {0};
    uint8_t *again = malloc(num_values);
    void *bytes;
    size_t nbytes;

    FUZZ_DEMAND(again);
    FUZZ_DEMAND(png_file_write_pixels(pixels, info->width, info->height, channels, &bytes, &nbytes,
                                      &error));
    FUZZ_DEMAND(
        png_fixture_decode_by_libpng("image.png", bytes, nbytes, MAX_PIXELS, channels, again, &error));
    FUZZ_DEMAND(memcmp(pixels, again, num_values) == 0);
    free(bytes);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    struct error error = {0}, gray_error = {0}, rgb_error = {0};
    struct image_info info;
    bool gray_ok, rgb_ok;
    size_t num_pixels;
    uint8_t *gray, *rgb;

    if (nbytes < SIGNATURE_NBYTES || bytes[0] != 0x89)
        return 0; /* other formats have a target of their own */
    /* width and height stand behind the signature and 8 bytes of their chunk */
    if (!decoder_read_info("image.png", bytes, nbytes, MAX_PIXELS, &info, &error)) {
        demand_refused_well(&error);
        return 0;
    }
    num_pixels = (size_t)info.width * info.height;
    FUZZ_DEMAND(num_pixels > 0 && num_pixels <= MAX_PIXELS);
    FUZZ_DEMAND(info.width == get_u32(bytes + 16) && info.height == get_u32(bytes + 20));
    gray = malloc(num_pixels);
    rgb = malloc(3 * num_pixels);
    FUZZ_DEMAND(gray && rgb);
    gray_ok = png_fixture_decode_by_libpng("image.png", bytes, nbytes, MAX_PIXELS, 1, gray, &gray_error);
    rgb_ok = png_fixture_decode_by_libpng("image.png", bytes, nbytes, MAX_PIXELS, 3, rgb, &rgb_error);
    FUZZ_DEMAND(gray_ok == rgb_ok);
    check_one_go(bytes, nbytes, gray_ok, 1, gray, num_pixels);
    check_one_go(bytes, nbytes, rgb_ok, 3, rgb, 3 * num_pixels);
    if (!gray_ok) {
        demand_refused_well(&gray_error);
        demand_refused_well(&rgb_error);
    } else {
        for (size_t i = 0; i < num_pixels && info.is_gray; i++)
            FUZZ_DEMAND(rgb[3 * i] == gray[i] && rgb[3 * i + 1] == gray[i] &&
                        rgb[3 * i + 2] == gray[i]);
        check_round_trip(&info, 1, gray);
        check_round_trip(&info, 3, rgb);
    }
    free(gray);
    free(rgb);
    return 0;
}
