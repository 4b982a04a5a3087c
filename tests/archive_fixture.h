/*
 * Archives made by libarchive's writer, for tests.
 */
#ifndef QUERN_TESTS_ARCHIVE_FIXTURE_H
#define QUERN_TESTS_ARCHIVE_FIXTURE_H

#include <archive.h>
#include <archive_entry.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct archive_kind {
    const char *name;
    int format; /* ARCHIVE_FORMAT_... */
    int filter; /* ARCHIVE_FILTER_... */
};

/* Every kind that quern-ingest reads; the name of the last is NULL. */
extern const struct archive_kind archive_kinds[];
const struct archive_kind *archive_kind_find(const char *name);

/* Starts an archive at a path. */
struct archive *archive_fixture_begin(const char *path, const struct archive_kind *kind);
void archive_fixture_add(struct archive *archive, const char *path, const void *bytes,
                         size_t nbytes);
/* A folder (AE_IFDIR), fifo, device, or with a target a symbolic link (AE_IFLNK). */
void archive_fixture_add_other(struct archive *archive, const char *path, unsigned type,
                               const char *target);
void archive_fixture_add_hard_link(struct archive *archive, const char *path, const char *target);
void archive_fixture_end(struct archive *archive);

/* The same in a UTF-8 locale, in which libarchive writes names that are not ASCII into pax headers,
 * and flags them in zips. */
struct archive *archive_fixture_begin_in_utf8(const char *path, const struct archive_kind *kind);
void archive_fixture_end_in_utf8(struct archive *archive);

/* All files below a folder of the test (see tree_fixture.h), last first, as prefix + path. */
void archive_fixture_add_tree(struct archive *archive, const char *folder, const char *prefix);

/*
 * All images of a source, decoded: "PATH CRC32\n" each, in order, and what was passed over or
 * replaced; malloc'ed.  NULL with STATUS_DATA or another status if the source is refused or one of
 * its images cannot be decoded, as quern-ingest ends then.
 */
char *archive_fixture_describe(const char *path, struct error *error);

/* A gray PNG of the pixels of that seed, with a chunk that makes it nbytes long, if it is shorter;
 * malloc'ed. */
uint8_t *archive_fixture_make_image(unsigned seed, size_t *nbytes);

#endif
