#include "tests/png_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "images/decoder.h"
#include "tests/support.h"

static unsigned num_samples(int color_type)
{
    static const unsigned counts[] = {1, 0, 3, 1, 2, 0, 4};

    return counts[color_type];
}

uint32_t png_fixture_sample(const struct png_layout *layout, size_t x, size_t y, size_t k)
{
    uint32_t mixed = (uint32_t)(x * 2654435761u + y * 2246822519u + k * 3266489917u + 12345);

    mixed ^= mixed >> 15;
    mixed *= 2246822519u;
    return mixed >> (32 - layout->bit_depth);
}

png_color png_fixture_palette_color(const struct png_layout *layout, uint32_t index)
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
    struct png_fixture *file = png_get_io_ptr(png);

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
static uint8_t *pack_rows(const struct png_layout *layout, size_t row_nbytes)
{
    const unsigned count = num_samples(layout->color_type);
    uint8_t *rows = calloc(layout->height, row_nbytes);

    assert_non_null(rows);
    for (size_t y = 0; y < layout->height; y++)
        for (size_t x = 0; x < layout->width; x++)
            for (size_t k = 0; k < count; k++) {
                const size_t bit = (x * count + k) * (size_t)layout->bit_depth;
                const uint32_t value = png_fixture_sample(layout, x, y, k);
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

static void set_extras(png_structp png, png_infop info, const struct png_layout *layout)
{
    png_color palette[256];
    png_byte alphas[2] = {0, 128};
    png_color_16 transparent = {.gray = 1, .red = 1, .green = 1, .blue = 1};
    png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = "Title", .text = "test"};

    for (uint32_t i = 0; i < 256; i++)
        palette[i] = png_fixture_palette_color(layout, i);
    if (layout->color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 1 << layout->bit_depth);
    if (layout->has_transparency)
        png_set_tRNS(png, info, alphas, 2, &transparent);
    png_set_gAMA(png, info, 0.45455);
    png_set_text(png, info, &text, 1);
}

struct png_fixture png_fixture_write(const struct png_layout *layout)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, stop, stop);
    png_infop info = png_create_info_struct(png);
    struct png_fixture file = {0};
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

bool png_fixture_decode(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                        unsigned channels, uint8_t *pixels, struct error *error)
{
    struct image_pixels decoded = {0};
    struct image_info info;
    bool ok =
        decoder_read(name, bytes, nbytes, max_pixels, channels, &info, &decoded, error);

    if (ok)
        memcpy(pixels, decoded.values, (size_t)info.width * info.height * channels);
    image_pixels_free(&decoded);
    return ok;
}

bool png_fixture_decode_by_libpng(const char *name, const void *bytes, size_t nbytes,
                                  uint64_t max_pixels, unsigned channels, uint8_t *pixels,
                                  struct error *error)
{
    /* tEXt "a" = "b"; signature and header are 33 bytes. */
    static const uint8_t chunk[] = {0, 0, 0, 3, 't', 'E', 'X', 't', 'a', 0, 'b', 0, 0, 0, 0};
    const size_t at = nbytes < 33 ? nbytes : 33, chunk_nbytes = nbytes < 33 ? 0 : sizeof(chunk);
    uint8_t *copy = malloc(nbytes + sizeof(chunk));
    uint32_t crc32_of_chunk = (uint32_t)crc32(0, chunk + 4, 7);
    bool ok;

    if (!copy)
        return false;
    memcpy(copy, bytes, at);
    memcpy(copy + at, chunk, chunk_nbytes);
    for (size_t i = 0; i < 4 && chunk_nbytes > 0; i++)
        copy[at + 11 + i] = (uint8_t)(crc32_of_chunk >> (24 - 8 * i));
    memcpy(copy + at + chunk_nbytes, (const uint8_t *)bytes + at, nbytes - at);
    ok = png_fixture_decode(name, copy, nbytes + chunk_nbytes, max_pixels, channels, pixels, error);
    free(copy);
    return ok;
}
