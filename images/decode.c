#include "images/decode.h"

#include <string.h>

#include "common/checksum.h"
#include "common/text.h"
#include "images/file_pixels.h"

/* Gray pixels on a background that is a color are gray no more. */
static bool decode_is_gray(const struct samples_rule *rule, const struct image_info *info)
{
    const uint8_t *background = rule->background;

    return info->is_gray && (!info->is_transparent || !rule->has_background ||
                             (background[0] == background[1] && background[1] == background[2]));
}

bool decode_file(const struct decode_source *source, const struct source_image *image,
                 size_t channels, struct decode_buffer *buffer, struct decoded *decoded,
                 struct error *error)
{
    struct image_info info = {0};
    struct source_file file;
    bool ok = source_read(source->source, image, &buffer->reader, &file, error);

    buffer->pixels.rule = source->rule;
    *decoded = (struct decoded){.stamp = file.stamp};
    if (ok && !text_is_utf8(image->path, strlen(image->path)))
        ok = error_set(error, STATUS_DATA, NULL, "has a name that is not UTF-8");
    ok = ok && file_pixels_read(image->path, &file, source->max_pixels, (unsigned)channels, &info,
                                &buffer->pixels, error);
    decoded->shape = (struct image_shape){info.height, info.width, channels};
    if (!ok)
        return false;
    decoded->info = info;
    decoded->decoder = file.pixels.channels > 0 ? NULL : decoder_find(file.bytes, file.nbytes);
    decoded->is_gray = decode_is_gray(&source->rule, &info);
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

bool decode_file_info(const struct decode_source *source, const struct source_image *image,
                      struct decode_buffer *buffer, struct image_info *info, struct error *error)
{
    struct source_file file;

    return source_read(source->source, image, &buffer->reader, &file, error) &&
           file_pixels_read_info(image->path, &file, source->max_pixels, info, error);
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
