/*
 * The bytes of one file of a source, and what a thread needs to read one file after another.  For
 * source.c and the kinds of source; others see it through source.h.
 */
#ifndef QUERN_IMAGES_SOURCES_SOURCE_FILE_H
#define QUERN_IMAGES_SOURCES_SOURCE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/decompress.h"
#include "common/error.h"
#include "common/tensor.h"

/* No image of sane size needs more; a file grown beyond it is a mistake, not data. */
#define SOURCE_MAX_FILE_NBYTES ((uint64_t)1 << 30)

/* By these a changed file is known without reading it; zeros if it cannot be looked at. */
struct source_stamp {
    uint64_t nbytes;
    uint64_t seconds, nanoseconds; /* of its last change */
};

/* What one thread needs to read one file after another; {0} at first. */
struct source_reader {
    uint8_t *bytes;
    size_t capacity_nbytes;
    /* The directory of the last file, which mostly is that of the next one too. */
    const char *directory_path; /* its first directory_length bytes; lives in the scan */
    size_t directory_length;
    int directory_plus_1; /* its descriptor, + 1; 0: not open */
    /* For members of a zip archive. */
    uint8_t *decompressed;
    size_t decompressed_capacity_nbytes;
    struct decompressor *decompressor;
};

struct source_file {
    const uint8_t *bytes; /* in the reader, until the next call */
    size_t nbytes;
    struct source_stamp stamp; /* also when it cannot be read */
    /* Of bytes that are pixels themselves, [height][width][channels]; all zeros: they are those of
     * an image file. */
    struct image_shape pixels;
};

struct source_stamp source_stamp_of(const struct stat *info);

/*
 * Reads nbytes of an open file at an offset into the reader; fewer if the file has shrunk since its
 * size was looked at, which decoding will find.  STATUS_DATA if there are none, or more than 1 GiB;
 * the reasons leave out the path.
 */
bool source_file_read(int descriptor, uint64_t offset, uint64_t nbytes,
                      struct source_reader *reader, struct source_file *file, struct error *error);

/* The same for all of an open file, with its stamp.  STATUS_DATA if it is no regular file. */
bool source_file_read_whole(int descriptor, struct source_reader *reader, struct source_file *file,
                            struct error *error);

/* Refuses a size that no image has: 0, or more than 1 GiB. */
bool source_file_check_size(uint64_t nbytes, struct error *error);

/* Makes a buffer of a reader hold nbytes; what it held is lost. */
bool source_reader_reserve(uint8_t **bytes, size_t *capacity_nbytes, uint64_t nbytes,
                           struct error *error);
void source_reader_free(struct source_reader *reader);

#endif
