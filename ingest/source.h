/*
 * Where images come from.  What lists, reads and recognises them goes through here and does not
 * ask what kind of source it is.
 */
#ifndef QUERN_INGEST_SOURCE_H
#define QUERN_INGEST_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "ingest/scan.h"

struct source;

/* STATUS_IO when there is no folder at path.  path must outlive the source. */
enum status source_open(const char *path, struct source **source, struct error *error);
/* NULL is fine. */
void source_close(struct source *source);

/* Lists what is in it; once only. */
enum status source_scan(struct source *source, const struct scan_rules *rules, struct scan *scan,
                        struct error *error);

/* One image of the scan. */
struct source_image {
    const char *path;
    size_t index; /* in the scan's paths */
};

/* By these a changed file is known without reading it; zeros if it cannot be looked at. */
struct source_stamp {
    uint64_t nbytes;
    uint64_t seconds, nanoseconds; /* of its last change */
};

/* What one thread needs to read one file after another; {0} at first. */
struct source_reader {
    uint8_t *bytes;
    size_t capacity_nbytes;
    /* The folder of the last file, which mostly is that of the next one too. */
    const char *folder_path; /* its first folder_length bytes; lives in the scan */
    size_t folder_length;
    int folder_fd_plus_1; /* 0: not open */
};

/* No image of sane size needs more; a file grown beyond it is a mistake, not data. */
#define SOURCE_MAX_FILE_NBYTES ((uint64_t)1 << 30)

struct source_file {
    const uint8_t *bytes; /* in the reader, until the next call */
    size_t nbytes;
    struct source_stamp stamp; /* also when it cannot be read */
};

/*
 * Reads a whole file.  STATUS_DATA, with a reason that leaves out the path, when the file is at
 * fault: missing, unreadable, empty, no regular file, beyond 1 GiB.  Other statuses mean that the
 * system failed.  Thread-safe, each thread with a reader of its own.
 */
enum status source_read(const struct source *source, const struct source_image *image,
                        struct source_reader *reader, struct source_file *file,
                        struct error *error);
/* For kinds of source: room for a file of that size, if it may be so large, and is not empty. */
enum status source_reader_reserve(struct source_reader *reader, uint64_t nbytes,
                                  struct error *error);
void source_reader_free(struct source_reader *reader);

/*
 * The stamp of a file without reading it.  A file that is missing or may not be looked at is for
 * source_read to report, and no error here.  Thread-safe.
 */
enum status source_look(const struct source *source, const struct source_image *image,
                        struct source_stamp *stamp, struct error *error);

#endif
