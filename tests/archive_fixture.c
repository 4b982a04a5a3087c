#include "tests/archive_fixture.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "images/decode.h"
#include "images/png_file.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

const struct archive_kind archive_kinds[] = {
    {"gnutar", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE},
    {"pax", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_NONE},
    {"ustar", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE},
    {"tar.gz", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_GZIP},
    {"tar.xz", ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_XZ},
    {"tar.bz2", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_BZIP2},
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

struct archive *archive_fixture_begin_in_utf8(const char *path, const struct archive_kind *kind)
{
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    return archive_fixture_begin(path, kind);
}

void archive_fixture_end_in_utf8(struct archive *archive)
{
    archive_fixture_end(archive);
    setlocale(LC_CTYPE, "C");
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

/* ---- what is in an archive ---- */

static void describe_image(const struct decode_source *source, const struct source_image *image,
                           struct decode_buffer *buffer, FILE *stream, struct error *error)
{
    struct decoded decoded;

    if (!decode_file(source, image, 1, buffer, &decoded, error))
        return;
    /* What is told in a note is not taken for a whole image either. */
    if (decoded.info.fault[0] != '\0')
        error_set(error, STATUS_DATA, ERROR_AT(.file = image->path), "%s", decoded.info.fault);
    else
        fprintf(stream, "%s %08x\n", image->path, (unsigned)decoded.file_crc32);
}

char *archive_fixture_describe(const char *path, struct error *error)
{
    static const struct scan_rules rules = {2, NULL, NULL};
    struct decode_source source = {.max_pixels = 1 << 20};
    struct decode_buffer buffer = {0};
    struct source *opened = NULL;
    struct scan scan = {0};
    char *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    assert_non_null(stream);
    if (source_open(path, path, &opened, error) &&
        source_scan(opened, &rules, true, &scan, error)) {
        source.source = opened;
        for (size_t i = 0; i < scan.num_images && error_ok(error); i++)
            describe_image(&source, &(struct source_image){scan.paths[i], i}, &buffer, stream,
                           error);
        fprintf(stream, "%llu others, %llu unsafe, %llu links, %llu special, %llu replaced\n",
                (unsigned long long)scan.num_others, (unsigned long long)scan.num_unsafe_paths,
                (unsigned long long)scan.num_links, (unsigned long long)scan.num_special,
                (unsigned long long)scan.num_replaced);
    }
    fclose(stream);
    decode_buffer_free(&buffer);
    scan_free(&scan);
    source_close(opened);
    if (!error_ok(error)) {
        free(text);
        text = NULL;
    }
    return text;
}

/* ---- images of any length ---- */

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

uint8_t *archive_fixture_make_image(unsigned seed, size_t *nbytes)
{
    enum { START_NBYTES = 33, CHUNK_NBYTES = 12 }; /* signature and header; of an empty chunk */
    uint8_t pixels[TREE_HEIGHT * TREE_WIDTH], *bytes, *padded;
    size_t wanted = *nbytes, padding;
    void *written;
    struct error error = {0};

    tree_fixture_fill_pixels(pixels, sizeof(pixels), seed);
    assert_true(
        png_file_write_pixels(pixels, TREE_WIDTH, TREE_HEIGHT, 1, &written, nbytes, &error));
    bytes = written;
    if (wanted < *nbytes + CHUNK_NBYTES)
        return bytes;
    padding = wanted - *nbytes - CHUNK_NBYTES;
    padded = malloc(wanted);
    assert_non_null(padded);
    memcpy(padded, bytes, START_NBYTES);
    put_u32(padded + START_NBYTES, (uint32_t)padding);
    memcpy(padded + START_NBYTES + 4, "paDd", 4);
    /* Bytes that hardly compress, so that borders lie where they do in the plain archive. */
    tree_fixture_fill_pixels(padded + START_NBYTES + 8, padding, seed);
    put_u32(padded + START_NBYTES + 8 + padding,
            (uint32_t)crc32_z(0, padded + START_NBYTES + 4, padding + 4));
    memcpy(padded + START_NBYTES + CHUNK_NBYTES + padding, bytes + START_NBYTES,
           *nbytes - START_NBYTES);
    *nbytes = wanted;
    free(bytes);
    return padded;
}
