/*
 * Where images come from: a folder, or a tar or zip archive that is read as if it had been unpacked
 * to one.  What lists, reads and recognises images goes through here and does not ask which.
 */
#ifndef QUERN_INGEST_SOURCE_H
#define QUERN_INGEST_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/sources/scan.h"

struct source;

/*
 * STATUS_IO when nothing can be opened at path, STATUS_DATA when it is neither folder nor file.
 * An archive that cannot be read from where it lies is copied, as far as it is images, to a
 * temporary file beside spool_path.  Both paths must outlive the source.
 */
bool source_open(const char *path, const char *spool_path, struct source **source,
                 struct error *error);
bool source_is_archive(const struct source *source);
/*
 * Is a file, which may not exist, something that the source is read from: the archive itself, or in
 * a directory an image?  No output may replace it.
 */
bool source_has_input(const struct source *source, const char *path);
/* NULL is fine. */
void source_close(struct source *source);

/*
 * Lists what is in it.  wants_contents: images will be read, so bring them near where that takes a
 * pass over an archive.  The scan ends with the source or with the next scan.  STATUS_DATA for a
 * damaged archive.
 */
bool source_scan(struct source *source, const struct scan_rules *rules, bool wants_contents,
                 struct scan *scan, struct error *error);

/* Can images be read after the last scan? */
bool source_has_contents(const struct source *source);

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
bool source_read(const struct source *source, const struct source_image *image,
                 struct source_reader *reader, struct source_file *file, struct error *error);
struct stat;
struct source_stamp source_stamp_of(const struct stat *stat);

/* For kinds of source: room for a file of that size, if it may be so large, and is not empty. */
bool source_reader_reserve(struct source_reader *reader, uint64_t nbytes, struct error *error);
void source_reader_free(struct source_reader *reader);

/*
 * The stamp of a file without reading it.  A file that is missing or may not be looked at is for
 * source_read to report, and no error here.  Thread-safe.
 */
bool source_look(const struct source *source, const struct source_image *image,
                 struct source_stamp *stamp, struct error *error);

#endif
