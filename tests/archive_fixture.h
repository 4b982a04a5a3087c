/*
 * Archives made by libarchive's writer, for tests.
 */
#ifndef QUERN_TESTS_ARCHIVE_FIXTURE_H
#define QUERN_TESTS_ARCHIVE_FIXTURE_H

#include <archive.h>
#include <archive_entry.h>
#include <stddef.h>

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

/* All files below a folder of the test (see tree_fixture.h), last first, as prefix + path. */
void archive_fixture_add_tree(struct archive *archive, const char *folder, const char *prefix);

#endif
