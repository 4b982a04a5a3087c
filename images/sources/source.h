/*
 * Where images come from: a directory, or a tar or zip archive that is read as if it had been
 * unpacked to one.  Where there are arrays of images in place of files, their rows are the images.
 * What lists, reads and recognises images goes through here and does not ask
 * which.
 */
#ifndef QUERN_IMAGES_SOURCES_SOURCE_H
#define QUERN_IMAGES_SOURCES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/sources/scan.h"
#include "images/sources/source_file.h"

struct source;

/*
 * STATUS_IO when nothing can be opened at path, STATUS_DATA when it is neither directory nor file.
 * The images of a compressed tar are copied to a temporary file beside spool_path.  Both paths must
 * outlive the source.
 */
bool source_open(const char *path, const char *spool_path, struct source **source,
                 struct error *error);
bool source_is_archive(const struct source *source);
/* After a scan: are its images files, and not rows of arrays? */
bool source_has_files(const struct source *source);
/* NULL is fine. */
void source_close(struct source *source);

/*
 * Is a file, which may not exist, something that the source is read from: the archive itself, or in
 * a directory an image?  No output may replace it.
 */
bool source_has_input(const struct source *source, const char *path);

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

/*
 * Reads a whole file, or the pixels of a row of an array.  STATUS_DATA, with a reason that leaves out the path, when the file is at
 * fault: missing, unreadable, empty, no regular file, beyond 1 GiB.  Other statuses mean that the
 * system failed.  Thread-safe, each thread with a reader of its own.
 */
bool source_read(const struct source *source, const struct source_image *image,
                 struct source_reader *reader, struct source_file *file, struct error *error);

/* The same for a file in no source; errors name the path. */
bool source_read_path(const char *path, struct source_reader *reader, struct source_file *file,
                      struct error *error);

/*
 * The stamp of a file without reading it.  A file that is missing or may not be looked at is for
 * source_read to report, and no error here.  Thread-safe.
 */
bool source_look(const struct source *source, const struct source_image *image,
                 struct source_stamp *stamp, struct error *error);

#endif
