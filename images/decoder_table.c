#include "images/decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "images/foreign.h"
#include "images/jpeg_file.h"
#include "images/png_file.h"
#include "images/png_plain.h"

static const char *const png_extensions[] = {".png", NULL};
static const char *const jpeg_extensions[] = {".jpg", ".jpeg", ".jpe", ".jfif", NULL};

static const struct decoder decoders[] = {
    {"PNG", "\x89PNG\r\n\x1a\n", 8, png_extensions, png_file_read_info, png_file_read, NULL},
    {"JPEG", "\xff\xd8\xff", 3, jpeg_extensions, jpeg_file_read_info, jpeg_file_read,
     jpeg_file_library},
};

enum { NUM_DECODERS = sizeof(decoders) / sizeof(decoders[0]) };

const struct decoder *decoder_find(const void *bytes, size_t nbytes)
{
    for (int i = 0; i < NUM_DECODERS; i++)
        if (nbytes >= decoders[i].signature_nbytes &&
            memcmp(bytes, decoders[i].signature, decoders[i].signature_nbytes) == 0)
            return &decoders[i];
    return NULL;
}

bool decoder_has_extension(const char *name)
{
    size_t length = strlen(name);

    for (int i = 0; i < NUM_DECODERS; i++) {
        for (const char *const *extension = decoders[i].extensions; *extension; extension++) {
            size_t extension_length = strlen(*extension);

            if (length > extension_length &&
                strcasecmp(name + length - extension_length, *extension) == 0)
                return true;
        }
    }
    return false;
}

/* ---- what has no decoder ---- */

static bool decoder_refuse(const char *name, const void *bytes, size_t nbytes, struct error *error)
{
    char names[128] = "", reason[256];

    if (nbytes == 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "empty file");
    for (int i = 0; i < NUM_DECODERS; i++) {
        size_t used = strlen(names);

        /* The file may end within a signature. */
        if (nbytes < decoders[i].signature_nbytes &&
            memcmp(bytes, decoders[i].signature, nbytes) == 0)
            return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "truncated");
        snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? " or " : "", decoders[i].name);
    }
    if (foreign_describe_file(reason, sizeof(reason), name, bytes, nbytes))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "%s", reason);
    return error_set(error, STATUS_DATA, ERROR_AT(.file = name), "not a %s file", names);
}

bool decoder_read_info(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                       struct image_info *info, struct error *error)
{
    const struct decoder *decoder = decoder_find(bytes, nbytes);

    return decoder ? decoder->read_info(name, bytes, nbytes, max_pixels, info, error)
                   : decoder_refuse(name, bytes, nbytes, error);
}

bool decoder_read(const char *name, const void *bytes, size_t nbytes, uint64_t max_pixels,
                  unsigned channels, struct image_info *info, struct image_pixels *pixels,
                  struct error *error)
{
    const struct decoder *decoder = decoder_find(bytes, nbytes);

    return decoder ? decoder->read(name, bytes, nbytes, max_pixels, channels, info, pixels, error)
                   : decoder_refuse(name, bytes, nbytes, error);
}

/* ---- pixels ---- */

static bool image_pixels_has_place(const struct image_pixels *pixels, const struct image_info *info)
{
    return pixels->place && info->height == pixels->place_height &&
           info->width == pixels->place_width;
}

uint64_t image_pixels_block_nbytes(const struct image_pixels *pixels, const struct image_info *info,
                                   unsigned channels)
{
    return image_pixels_has_place(pixels, info) ? 0
                                                : (uint64_t)info->width * info->height * channels;
}

bool image_pixels_fit(const struct image_pixels *pixels, const struct image_info *info,
                      unsigned channels, uint64_t nbytes, char *reason, size_t size)
{
    nbytes += image_pixels_block_nbytes(pixels, info, channels);
    if (pixels->max_nbytes == 0 || nbytes <= pixels->max_nbytes)
        return true;
    text_format(reason, size,
                "%ux%u takes %llu MB of memory to decode, more than the limit on memory leaves for "
                "an image",
                (unsigned)info->height, (unsigned)info->width,
                (unsigned long long)(nbytes / 1000000 + 1));
    return false;
}

uint8_t *image_pixels_reserve(struct image_pixels *pixels, const struct image_info *info,
                              unsigned channels)
{
    size_t nbytes = (size_t)image_pixels_block_nbytes(pixels, info, channels);

    if (nbytes > pixels->block_nbytes) {
        free(pixels->block);
        pixels->block = malloc(nbytes);
        pixels->block_nbytes = pixels->block ? nbytes : 0;
    }
    pixels->values = image_pixels_has_place(pixels, info) ? pixels->place : pixels->block;
    return pixels->values;
}

void image_pixels_free(struct image_pixels *pixels)
{
    png_plain_destroy(pixels->png);
    free(pixels->block);
    *pixels = (struct image_pixels){0};
}

static void image_rgb_to_gray(const uint8_t *rgb, size_t num_pixels, uint8_t *gray)
{
    for (size_t i = 0; i < num_pixels; i++)
        gray[i] = (uint8_t)((19595u * rgb[3 * i] + 38470u * rgb[3 * i + 1] +
                             7471u * rgb[3 * i + 2] + 32768u) >>
                            16);
}

static void image_gray_to_rgb(const uint8_t *gray, size_t num_pixels, uint8_t *rgb)
{
    for (size_t i = 0; i < num_pixels; i++)
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = gray[i];
}

void image_convert_row(const uint8_t *row, unsigned row_channels, size_t width, uint8_t *out,
                       unsigned channels)
{
    if (row_channels == channels)
        memcpy(out, row, width * channels);
    else if (channels == 1)
        image_rgb_to_gray(row, width, out);
    else
        image_gray_to_rgb(row, width, out);
}
