#include "tests/archive_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "images/sources/scan.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

const struct archive_kind archive_kinds[] = {
    {"gnutar", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE},
    {"pax", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_NONE},
    {"ustar", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE},
    {"tar.gz", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_GZIP},
    {"tar.xz", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_XZ},
    {"tar.zst", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_ZSTD},
    {"zip", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE},
    {NULL, 0, 0},
};

const struct archive_kind *archive_kind_find(const char *name)
{
    const struct archive_kind *kind = archive_kinds;

    while (strcmp(kind->name, name) != 0)
        kind++;
    return kind;
}

struct archive *archive_fixture_begin(const char *path, const struct archive_kind *kind)
{
    struct archive *archive = archive_write_new();

    assert_non_null(archive);
    assert_int_equal(archive_write_set_format(archive, kind->format), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter(archive, kind->filter), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
    return archive;
}

static void add(struct archive *archive, struct archive_entry *entry, const void *bytes,
                size_t nbytes)
{
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 1000000000, 0);
    archive_entry_set_size(entry, (la_int64_t)nbytes);
    /* A warning, in the C locale, for names that are not ASCII. */
    assert_true(archive_write_header(archive, entry) >= ARCHIVE_WARN);
    if (nbytes > 0)
        assert_int_equal(archive_write_data(archive, bytes, nbytes), nbytes);
    archive_entry_free(entry);
}

void archive_fixture_add(struct archive *archive, const char *path, const void *bytes,
                         size_t nbytes)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    add(archive, entry, bytes, nbytes);
}

void archive_fixture_add_other(struct archive *archive, const char *path, unsigned type,
                               const char *target)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, type);
    if (target)
        archive_entry_set_symlink(entry, target);
    add(archive, entry, NULL, 0);
}

void archive_fixture_add_hard_link(struct archive *archive, const char *path, const char *target)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_hardlink(entry, target);
    add(archive, entry, NULL, 0);
}

void archive_fixture_end(struct archive *archive)
{
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
}

void archive_fixture_add_tree(struct archive *archive, const char *folder, const char *prefix)
{
    struct scan scan;
    struct error error = {0};

    assert_true(tree_fixture_scan(tree_fixture_path(folder), &(struct scan_rules){2, NULL, NULL},
                                  &scan, &error));
    for (size_t i = scan.num_images; i-- > 0;) {
        char path[TREE_MAX_PATH], member[TREE_MAX_PATH];
        size_t nbytes;
        unsigned char *bytes;

        snprintf(path, sizeof(path), "%.1000s/%.3000s", folder, scan.paths[i]);
        snprintf(member, sizeof(member), "%s%s", prefix, scan.paths[i]);
        bytes = support_read_file(tree_fixture_path(path), &nbytes);
        archive_fixture_add(archive, member, bytes, nbytes);
        free(bytes);
    }
    scan_free(&scan);
}
