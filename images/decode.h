/*
 * From a path to pixels: one image file read whole, checksummed and decoded.
 */
#ifndef QUERN_IMAGES_DECODE_H
#define QUERN_IMAGES_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "images/decoder.h"
#include "images/sources/source.h"

struct decode_source {
    const struct source *source;
    uint64_t max_pixels;
    struct samples_rule rule; /* for what has alpha or 16 bits */
};

/* What one thread needs to decode one file after another; {0} at first. */
struct decode_buffer {
    struct source_reader reader;
    struct image_pixels pixels;
};

struct decoded {
    struct image_shape shape; /* also of an image that takes too much memory to decode */
    bool is_gray;             /* what the file holds is gray, whatever channels was asked for */
    struct image_info info;
    const struct decoder *decoder; /* NULL: the bytes are pixels, whatever they begin with */
    uint32_t file_crc32;           /* of the bytes of the file */
    const uint8_t *pixels;     /* [height][width][channels], in the buffer until the next call */
    struct source_stamp stamp; /* also when it cannot be read or decoded */
};

/*
 * Reads and decodes a file to 1 or 3 channels.  STATUS_DATA, with a reason that leaves out the
 * path, when the file is at fault: missing, unreadable, no regular file, no whole image, a name
 * that is not UTF-8.  STATUS_USAGE when it takes more memory than buffer->pixels.max_nbytes.  Other
 * statuses mean that the system failed.  Thread-safe.
 */
bool decode_file(const struct decode_source *source, const struct source_image *image,
                 size_t channels, struct decode_buffer *buffer, struct decoded *decoded,
                 struct error *error);

/* The same without decoding: what its header says. */
bool decode_file_info(const struct decode_source *source, const struct source_image *image,
                      struct decode_buffer *buffer, struct image_info *info, struct error *error);

/* The same without decoding: the CRC-32 of a file's bytes. */
bool decode_file_crc32(const struct decode_source *source, const struct source_image *image,
                       struct decode_buffer *buffer, uint32_t *crc32, struct error *error);

void decode_buffer_free(struct decode_buffer *buffer);

/* The reason in one line, e.g. "is cut short: expected 784 bytes, found 12", into buffer. */
const char *decode_describe(char *buffer, size_t size, const struct error *error);

#endif
