#include "images/file_pixels.h"

#include <inttypes.h>

/* ---- pixels that are no image file's, but as they are ---- */

static bool file_pixels_check(const char *name, const struct image_shape *shape,
                              uint64_t max_pixels, struct image_info *info, struct error *error)
{
    uint64_t num_pixels = (uint64_t)shape->width * shape->height;

    *info = (struct image_info){.width = (uint32_t)shape->width,
                                .height = (uint32_t)shape->height,
                                .is_gray = shape->channels == 1};
    return num_pixels <= max_pixels ||
           error_set(error, STATUS_DATA, ERROR_AT(.file = name),
                     "%zux%zu is %" PRIu64 " pixels, more than the %" PRIu64 " allowed",
                     shape->height, shape->width, num_pixels, max_pixels);
}

static bool file_pixels_convert(const char *name, const struct source_file *file,
                                uint64_t max_pixels, unsigned channels, struct image_info *info,
                                struct image_pixels *pixels, struct error *error)
{
    const struct image_shape *shape = &file->pixels;
    size_t row_nbytes = shape->width * shape->channels;
    uint64_t nbytes;
    uint8_t *out;

    if (!file_pixels_check(name, shape, max_pixels, info, error))
        return false;
    nbytes = image_pixels_block_nbytes(pixels, info, channels);
    if (pixels->max_nbytes > 0 && nbytes > pixels->max_nbytes)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = name),
                         "%zux%zu takes %" PRIu64 " MB of memory, more than the limit on memory "
                         "leaves for an image",
                         shape->height, shape->width, nbytes / 1000000 + 1);
    out = image_pixels_reserve(pixels, info, channels);
    if (!out)
        return error_set_memory(error, nbytes);
    for (size_t y = 0; y < shape->height; y++)
        image_convert_row(file->bytes + y * row_nbytes, (unsigned)shape->channels, shape->width,
                          out + y * shape->width * channels, channels);
    return true;
}

/* ---- either ---- */

bool file_pixels_read_info(const char *name, const struct source_file *file, uint64_t max_pixels,
                           struct image_info *info, struct error *error)
{
    return file->pixels.channels > 0
               ? file_pixels_check(name, &file->pixels, max_pixels, info, error)
               : decoder_read_info(name, file->bytes, file->nbytes, max_pixels, info, error);
}

bool file_pixels_read(const char *name, const struct source_file *file, uint64_t max_pixels,
                      unsigned channels, struct image_info *info, struct image_pixels *pixels,
                      struct error *error)
{
    return file->pixels.channels > 0
               ? file_pixels_convert(name, file, max_pixels, channels, info, pixels, error)
               : decoder_read(name, file->bytes, file->nbytes, max_pixels, channels, info, pixels,
                              error);
}
