#include "images/decode.h"

#include <inttypes.h>
#include <string.h>

#include "common/checksum.h"
#include "common/text.h"

/* ---- pixels that are no image file's, but as they are ---- */

static bool decode_pixels_info(const char *name, const struct image_shape *shape,
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

static bool decode_pixels(const char *name, const struct source_file *file, uint64_t max_pixels,
                          unsigned channels, struct image_info *info, struct image_pixels *pixels,
                          struct error *error)
{
    const struct image_shape *shape = &file->pixels;
    size_t row_nbytes = shape->width * shape->channels;
    uint64_t nbytes;
    uint8_t *out;

    if (!decode_pixels_info(name, shape, max_pixels, info, error))
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

bool decode_read_info(const char *name, const struct source_file *file, uint64_t max_pixels,
                      struct image_info *info, struct error *error)
{
    return file->pixels.channels > 0
               ? decode_pixels_info(name, &file->pixels, max_pixels, info, error)
               : decoder_read_info(name, file->bytes, file->nbytes, max_pixels, info, error);
}

static bool decode_read(const char *name, const struct source_file *file, uint64_t max_pixels,
                        unsigned channels, struct image_info *info, struct image_pixels *pixels,
                        struct error *error)
{
    return file->pixels.channels > 0
               ? decode_pixels(name, file, max_pixels, channels, info, pixels, error)
               : decoder_read(name, file->bytes, file->nbytes, max_pixels, channels, info, pixels,
                              error);
}

bool decode_file(const struct decode_source *source, const struct source_image *image,
                 size_t channels, struct decode_buffer *buffer, struct decoded *decoded,
                 struct error *error)
{
    struct image_info info = {0};
    struct source_file file;
    bool ok = source_read(source->source, image, &buffer->reader, &file, error);

    *decoded = (struct decoded){.stamp = file.stamp};
    if (ok && !text_is_utf8(image->path, strlen(image->path)))
        ok = error_set(error, STATUS_DATA, NULL, "has a name that is not UTF-8");
    ok = ok && decode_read("", &file, source->max_pixels, (unsigned)channels, &info,
                           &buffer->pixels, error);
    decoded->shape = (struct image_shape){info.height, info.width, channels};
    if (!ok)
        return false;
    decoded->is_gray = info.is_gray;
    decoded->file_crc32 = crc32_of(file.bytes, file.nbytes);
    decoded->pixels = buffer->pixels.values;
    return true;
}

bool decode_file_crc32(const struct decode_source *source, const struct source_image *image,
                       struct decode_buffer *buffer, uint32_t *crc32, struct error *error)
{
    struct source_file file;

    if (!source_read(source->source, image, &buffer->reader, &file, error))
        return false;
    *crc32 = crc32_of(file.bytes, file.nbytes);
    return true;
}

bool decode_open_path(const char *path, uint64_t max_pixels, struct decode_buffer *buffer,
                      struct source_file *file, struct image_info *info, struct error *error)
{
    return source_read_path(path, &buffer->reader, file, error) &&
           decode_read_info(path, file, max_pixels, info, error);
}

bool decode_opened(const char *path, const struct source_file *file, uint64_t max_pixels,
                   size_t channels, struct decode_buffer *buffer, const uint8_t **pixels,
                   struct error *error)
{
    struct image_info info;

    if (!decode_read(path, file, max_pixels, (unsigned)channels, &info, &buffer->pixels, error))
        return false;
    *pixels = buffer->pixels.values;
    return true;
}

void decode_buffer_free(struct decode_buffer *buffer)
{
    source_reader_free(&buffer->reader);
    image_pixels_free(&buffer->pixels);
    *buffer = (struct decode_buffer){0};
}

const char *decode_describe(char *buffer, size_t size, const struct error *error)
{
    bool has_expected = error->expected[0] != '\0', has_found = error->found[0] != '\0';

    return text_format(buffer, size, "%s%s%s%s%s", error->what, has_expected ? ": expected " : "",
                       error->expected, has_found ? (has_expected ? ", found " : ": found ") : "",
                       error->found);
}
