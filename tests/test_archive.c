/* Archives of every kind: all that is in them is found, under the names it has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/checksum.h"
#include "images/sources/source.h"
#include "tests/archive_fixture.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

static void add_image(struct archive *archive, const char *path, unsigned seed, size_t nbytes)
{
    uint8_t *bytes = archive_fixture_make_image(seed, &nbytes);

    archive_fixture_add(archive, path, bytes, nbytes);
    free(bytes);
}

static void expect_line(char *text, size_t size, const char *path, unsigned seed, size_t nbytes)
{
    uint8_t *bytes = archive_fixture_make_image(seed, &nbytes);
    size_t used = strlen(text);

    assert_true((size_t)snprintf(text + used, size - used, "%s %08x\n", path,
                                 (unsigned)crc32_of(bytes, nbytes)) < size - used);
    free(bytes);
}

static void expect_counts(char *text, size_t size, const char *counts)
{
    size_t used = strlen(text);

    assert_true((size_t)snprintf(text + used, size - used, "%s", counts) < size - used);
}

static void assert_describes(const char *path, const char *expected)
{
    struct error error = {0};
    char *found = archive_fixture_describe(path, &error);

    if (!found) {
        error_print(&error, "test", stderr);
        fail();
    }
    assert_string_equal(found, expected);
    free(found);
}

static void assert_refused(const char *path, const char *reason)
{
    struct error error = {0};

    assert_null(archive_fixture_describe(path, &error));
    assert_int_equal(error.status, STATUS_DATA);
    assert_contains(error.what, reason);
}

static const char nothing_passed_over[] = "0 others, 0 unsafe, 0 links, 0 special, 0 replaced\n";

/* ---- borders of buffers ---- */

/* Images begin at, before and behind what fills a buffer, be it 64 KiB, 256 KiB or 1 MiB. */
static void test_archive_images_at_every_border_are_read(void **state)
{
    static const size_t buffers[] = {1 << 16, 1 << 18, 1 << 20};
    const char *path = tree_fixture_path("archive");

    (void)state;
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        /* Writing these takes most of the time. */
        bool is_slow = kind->filter == ARCHIVE_FILTER_XZ || kind->filter == ARCHIVE_FILTER_BZIP2;
        size_t step = is_slow ? 6 : 1;

        for (size_t b = 0; b < 3; b++) {
            for (size_t before = 0; before <= 16; before += step) {
                struct archive *archive = archive_fixture_begin(path, kind);
                char expected[256] = "";

                add_image(archive, "a/1.png", 1, buffers[b] - before);
                add_image(archive, "a/2.png", 2, 0);
                add_image(archive, "b/3.png", 3, 700);
                archive_fixture_end(archive);
                expect_line(expected, sizeof(expected), "a/1.png", 1, buffers[b] - before);
                expect_line(expected, sizeof(expected), "a/2.png", 2, 0);
                expect_line(expected, sizeof(expected), "b/3.png", 3, 700);
                expect_counts(expected, sizeof(expected), nothing_passed_over);
                assert_describes(path, expected);
            }
        }
    }
}

/* ---- archives in a row ---- */

static unsigned char *make_archive(const struct archive_kind *kind, const char *image,
                                   unsigned seed, size_t *nbytes)
{
    const char *path = tree_fixture_path("one");
    struct archive *archive = archive_fixture_begin(path, kind);

    add_image(archive, image, seed, 0);
    archive_fixture_end(archive);
    return support_read_file(path, nbytes);
}

static void write_joined(const char *path, const void *a, size_t a_nbytes, const void *b,
                         size_t b_nbytes)
{
    unsigned char *joined = malloc(a_nbytes + b_nbytes + 1);

    assert_non_null(joined);
    memcpy(joined, a, a_nbytes);
    memcpy(joined + a_nbytes, b, b_nbytes);
    support_write_file(path, joined, a_nbytes + b_nbytes);
    free(joined);
}

static void test_archive_in_a_row_are_read_as_one(void **state)
{
    static const unsigned char zeros[10240];
    const char *path = tree_fixture_path("joined");
    char expected[256] = "";

    (void)state;
    expect_line(expected, sizeof(expected), "a/1.png", 1, 0);
    expect_line(expected, sizeof(expected), "b/2.png", 2, 0);
    expect_counts(expected, sizeof(expected), nothing_passed_over);
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        size_t a_nbytes, b_nbytes;
        unsigned char *a = make_archive(kind, "a/1.png", 1, &a_nbytes);
        unsigned char *b = make_archive(kind, "b/2.png", 2, &b_nbytes);

        write_joined(path, a, a_nbytes, b, b_nbytes);
        if (kind->format == ARCHIVE_FORMAT_ZIP)
            assert_refused(path, "its directory is not where its end says");
        else
            assert_describes(path, expected);
        write_joined(path, a, a_nbytes, "garbage", 7);
        assert_refused(path, "");
        if (kind->format != ARCHIVE_FORMAT_ZIP &&
            (kind->filter == ARCHIVE_FILTER_NONE || kind->filter == ARCHIVE_FILTER_GZIP)) {
            char *alone, *padded;
            struct error error = {0};

            support_write_file(path, a, a_nbytes);
            alone = archive_fixture_describe(path, &error);
            write_joined(path, a, a_nbytes, zeros, sizeof(zeros));
            padded = archive_fixture_describe(path, &error);
            assert_non_null(alone);
            assert_non_null(padded);
            assert_string_equal(alone, padded);
            free(alone);
            free(padded);
        }
        free(a);
        free(b);
    }
}

/* ---- names ---- */

/* Names are bytes: one class in composed, one in decomposed characters. */
static void test_archive_names_are_the_tree_s_bytes(void **state)
{
    static const char *const names[] = {"source/train/e\xcc\x81/e\xcc\x81.png",
                                        "source/train/\xc3\xa9/\xc3\xa9.png"};
    char path[TREE_MAX_PATH];
    struct error error = {0};
    char *expected;

    (void)state;
    snprintf(path, sizeof(path), "%s", tree_fixture_path("archive"));
    for (unsigned i = 0; i < 2; i++)
        tree_fixture_write_image(names[i], TREE_HEIGHT, TREE_WIDTH, 1, i);
    expected = archive_fixture_describe(tree_fixture_path("source"), &error);
    assert_non_null(expected);
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        struct archive *archive = archive_fixture_begin(path, kind);

        archive_fixture_add_tree(archive, "source", "top/");
        archive_fixture_end(archive);
        assert_describes(path, expected);
    }
    free(expected);
}

/* Names that libarchive's writer puts into pax headers and flags as UTF-8 in zips. */
static void test_archive_names_flagged_as_unicode_are_the_same_bytes(void **state)
{
    const char *path = tree_fixture_path("archive");
    static const char *const kinds[] = {"pax", "zip", NULL};
    char expected[256] = "";

    (void)state;
    expect_line(expected, sizeof(expected), "e\xcc\x81/1.png", 1, 0);
    expect_line(expected, sizeof(expected), "\xc3\xa9/1.png", 2, 0);
    expect_counts(expected, sizeof(expected), nothing_passed_over);
    for (const char *const *kind = kinds; *kind; kind++) {
        struct archive *archive = archive_fixture_begin_in_utf8(path, archive_kind_find(*kind));

        add_image(archive, "e\xcc\x81/1.png", 1, 0);
        add_image(archive, "\xc3\xa9/1.png", 2, 0);
        archive_fixture_end_in_utf8(archive);
        assert_describes(path, expected);
    }
}

/* ---- links ---- */

static void test_archive_hard_links_to_any_file_are_its_bytes(void **state)
{
    static const char *const kinds[] = {"gnutar", "pax", "tar.gz", "tar.xz", NULL};
    const char *path = tree_fixture_path("archive");
    char expected[512] = "";

    (void)state;
    expect_line(expected, sizeof(expected), "a/1.png", 1, 0);
    expect_line(expected, sizeof(expected), "a/2.png", 2, 0);
    expect_counts(expected, sizeof(expected),
                  "1 others, 0 unsafe, 1 links, 0 special, 0 replaced\n");
    for (const char *const *kind = kinds; *kind; kind++) {
        struct archive *archive = archive_fixture_begin(path, archive_kind_find(*kind));

        add_image(archive, ".cache/blob.png", 1, 0);
        add_image(archive, "a/blob.bin", 2, 0);
        archive_fixture_add_hard_link(archive, "a/1.png", ".cache/blob.png");
        archive_fixture_add_hard_link(archive, "a/2.png", "a/blob.bin");
        archive_fixture_add_hard_link(archive, "b/3.png", "a/nowhere.png");
        archive_fixture_end(archive);
        assert_describes(path, expected);
    }
}

static void test_archive_doubles_are_counted(void **state)
{
    const char *path = tree_fixture_path("archive");
    char expected[256] = "";

    (void)state;
    expect_line(expected, sizeof(expected), "a/1.png", 2, 0);
    expect_counts(expected, sizeof(expected),
                  "0 others, 0 unsafe, 0 links, 0 special, 1 replaced\n");
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        struct archive *archive = archive_fixture_begin(path, kind);

        add_image(archive, "top/a/1.png", 1, 0);
        add_image(archive, "./top/a/1.png", 2, 0);
        archive_fixture_end(archive);
        assert_describes(path, expected);
    }
}

/* ---- what is not read ---- */

static void test_archive_sparse_members_are_refused(void **state)
{
    const char *path = tree_fixture_path("archive");
    struct archive *archive = archive_fixture_begin(path, archive_kind_find("pax"));
    struct archive_entry *entry = archive_entry_new();
    size_t nbytes = 5000;
    uint8_t *bytes = archive_fixture_make_image(1, &nbytes);

    (void)state;
    archive_entry_set_pathname(entry, "a/1.png");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, 1 << 20);
    archive_entry_sparse_add_entry(entry, 0, (la_int64_t)nbytes);
    archive_entry_sparse_add_entry(entry, (1 << 20) - 512, 512);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(archive, bytes, nbytes), nbytes);
    archive_entry_free(entry);
    archive_fixture_end(archive);
    assert_refused(path, "is stored in pieces: pack the archive without --sparse");
    free(bytes);
}

static void test_archive_other_methods_of_zip_are_refused(void **state)
{
    const char *path = tree_fixture_path("archive");
    size_t nbytes;
    unsigned char *bytes = make_archive(archive_kind_find("zip"), "a/1.png", 1, &nbytes);

    (void)state;
    /* The method stands in the member's header, and 2 bytes further in the directory's. */
    for (size_t i = 0; i + 12 < nbytes; i++) {
        if (memcmp(bytes + i, "PK\3\4", 4) == 0)
            bytes[i + 8] = 12;
        if (memcmp(bytes + i, "PK\1\2", 4) == 0)
            bytes[i + 10] = 12;
    }
    support_write_file(path, bytes, nbytes);
    assert_refused(path, "is neither stored nor deflated");
    free(bytes);
}

/* ---- inputs ---- */

static void test_source_has_input_knows_archive_and_images(void **state)
{
    const char *path = tree_fixture_path("archive"), *link = tree_fixture_path("link");
    struct source *source;
    struct error error = {0};

    (void)state;
    tree_fixture_make("archive");
    tree_fixture_make("source/a/1.png");
    tree_fixture_make("source/store.h5");
    tree_fixture_make("sources/a/1.png");
    assert_int_equal(symlink("archive", link), 0);
    assert_true(source_open(path, "unused", &source, &error));
    assert_true(source_has_input(source, path));
    assert_true(source_has_input(source, link));
    assert_false(source_has_input(source, tree_fixture_path("source/a/1.png")));
    source_close(source);
    assert_true(source_open(tree_fixture_path("source"), "unused", &source, &error));
    assert_true(source_has_input(source, tree_fixture_path("source/a/../a/1.png")));
    assert_false(source_has_input(source, tree_fixture_path("source/a/2.png")));
    assert_false(source_has_input(source, tree_fixture_path("source/store.h5")));
    assert_false(source_has_input(source, tree_fixture_path("sources/a/1.png")));
    source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_archive_images_at_every_border_are_read),
        TREE_TEST(test_archive_in_a_row_are_read_as_one),
        TREE_TEST(test_archive_names_are_the_tree_s_bytes),
        TREE_TEST(test_archive_names_flagged_as_unicode_are_the_same_bytes),
        TREE_TEST(test_archive_hard_links_to_any_file_are_its_bytes),
        TREE_TEST(test_archive_doubles_are_counted),
        TREE_TEST(test_archive_sparse_members_are_refused),
        TREE_TEST(test_archive_other_methods_of_zip_are_refused),
        TREE_TEST(test_source_has_input_knows_archive_and_images),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
