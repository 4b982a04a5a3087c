/* Archives that lie, are cut short or damaged: told, never written, nothing left behind. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/store/store.h"
#include "tests/archive_fixture.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

static struct ingestion *ingestion_of_archive(void)
{
    struct ingestion *f = ingestion_new();

    snprintf(f->source, sizeof(f->source), "%s/images", tree_fixture_root());
    f->options.force = true;
    return f;
}

static struct archive *begin(const char *kind)
{
    return archive_fixture_begin(tree_fixture_path("images"), archive_kind_find(kind));
}

/* Nothing but the names given, and what they hold, is in the folder of the test. */
static void assert_only(const char *const *names)
{
    DIR *folder = opendir(tree_fixture_root());
    const struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        size_t i = 0;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        while (names[i] && strcmp(names[i], entry->d_name) != 0)
            i++;
        if (!names[i])
            fail_msg("%s was made", entry->d_name);
    }
    closedir(folder);
}

static const char *const only_inputs[] = {"source", "images", NULL};
static const char *const with_store[] = {"source", "images", "store.h5", NULL};

static void test_ingest_run_members_that_lead_elsewhere_are_told_and_not_written(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    static const char *const kinds[] = {"gnutar", "tar.gz"};

    (void)state;
    tree_fixture_write_classes(2);
    for (int i = 0; i < 2; i++) {
        struct archive *archive = begin(kinds[i]);
        char absolute[TREE_MAX_PATH];

        snprintf(absolute, sizeof(absolute), "%.3000s/evil.png", tree_fixture_root());
        archive_fixture_add_tree(archive, "source", "");
        archive_fixture_add(archive, absolute, "evil", 4);
        archive_fixture_add(archive, "../evil.png", "evil", 4);
        archive_fixture_add(archive, "train/a/../../../evil.png", "evil", 4);
        archive_fixture_add_other(archive, "train/a/link.png", AE_IFLNK, "/etc/passwd");
        archive_fixture_add_other(archive, "train/c", AE_IFLNK, "../..");
        archive_fixture_add_other(archive, "train/a/pipe.png", AE_IFIFO, NULL);
        archive_fixture_add_other(archive, "train/a/device.png", AE_IFCHR, NULL);
        archive_fixture_add_hard_link(archive, "train/a/hard.png", "/etc/passwd");
        archive_fixture_add_hard_link(archive, "train/a/hard2.png", "../../etc/passwd");
        archive_fixture_end(archive);
        assert_true(ingestion_run(f));
        assert_contains(f->results, ": 6 images of");
        assert_contains(f->messages, "absolute, too long or lead up by ..: 5\n");
        assert_contains(f->messages, "because they are links: 2\n");
        assert_contains(f->messages, "devices, pipes or sockets: 2\n");
        assert_only(with_store);
    }
    ingestion_free(f);
}

/* Nothing is left to ingest: the notes say why. */
static void test_ingest_run_archive_of_absolute_paths_alone_says_so(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    struct archive *archive = begin("gnutar");

    (void)state;
    archive_fixture_add(archive, "/data/train/a/1.png", "1", 1);
    archive_fixture_add(archive, "/data/train/b/1.png", "1", 1);
    archive_fixture_end(archive);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->error.what, "holds no");
    assert_contains(f->messages, "absolute, too long or lead up by ..: 2\n");
    ingestion_free(f);
}

static void test_ingest_run_archive_bad_members_are_named(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    struct archive *archive = begin("tar.gz");
    char *zeros = calloc(1, 20 << 20);

    (void)state;
    assert_non_null(zeros);
    tree_fixture_write_classes(2);
    archive_fixture_add_tree(archive, "source", "");
    /* A bomb of 20 MB in 20 kB: no more of it is kept than its beginning. */
    archive_fixture_add(archive, "train/a/bomb.png", zeros, 20 << 20);
    archive_fixture_add(archive, "train/b/picture.png", "GIF89a", 6);
    archive_fixture_end(archive);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->messages, "train/a/bomb.png: not a PNG or JPEG file\n");
    assert_contains(f->messages, "train/b/picture.png: is a GIF image named .png: convert it to PNG or JPEG\n");
    assert_contains(f->error.what, "2 of 8 files are not readable images");
    assert_only(only_inputs);
    free(zeros);
    ingestion_free(f);
}

static void test_ingest_run_no_archive_is_refused(void **state)
{
    struct ingestion *f = ingestion_of_archive();

    (void)state;
    tree_fixture_write("images", "", 0);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    tree_fixture_write("images", "hello, this is a text", 21);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->error.what, "is no tar or zip archive");
    assert_contains(f->error.file, "images");
    ingestion_free(f);
}

static void test_ingest_run_encrypted_zip_is_refused(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    struct archive *archive = archive_write_new();

    (void)state;
    archive_write_set_format_zip(archive);
    if (archive_write_set_options(archive, "zip:encryption=traditional") != ARCHIVE_OK) {
        archive_write_free(archive);
        ingestion_free(f);
        skip(); /* libarchive is built without */
    }
    archive_write_set_passphrase(archive, "secret");
    assert_int_equal(archive_write_open_filename(archive, f->source), ARCHIVE_OK);
    tree_fixture_write_classes(2);
    archive_fixture_add_tree(archive, "source", "");
    archive_fixture_end(archive);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->error.what, "valid/b/x.png: ");
    assert_contains(f->error.what, "is encrypted");
    assert_only(only_inputs);
    ingestion_free(f);
}

/* Bytes of the archive, to be cut and damaged. */
static unsigned char *make_archive(const struct archive_kind *kind, size_t *nbytes)
{
    struct archive *archive = archive_fixture_begin(tree_fixture_path("images"), kind);

    archive_fixture_add_tree(archive, "source", "");
    archive_fixture_end(archive);
    return support_read_file(tree_fixture_path("images"), nbytes);
}

static void copy_fingerprint(const struct ingestion *f, char fingerprint[65])
{
    struct store *store;
    struct error error = {0};

    assert_true(store_open(f->store, &store, &error));
    snprintf(fingerprint, 65, "%s", store_fingerprint(store));
    store_close(store);
}

/* What quern-ingest makes of a damaged archive: test_archive_damage tries more of them. */
static void test_ingest_run_archive_cut_or_damaged_leaves_nothing_behind(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    char whole[65], found[65];

    (void)state;
    tree_fixture_write_classes(2);
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        size_t nbytes;
        unsigned char *bytes = make_archive(kind, &nbytes);

        assert_true(ingestion_run(f));
        copy_fingerprint(f, whole);
        for (size_t at = 1; at < nbytes; at += 1 + nbytes / 9) {
            bool is_cut = at % 2 == 0;

            unlink(f->store);
            bytes[at] ^= is_cut ? 0 : 4;
            tree_fixture_write("images", bytes, is_cut ? at : nbytes);
            bytes[at] ^= is_cut ? 0 : 4;
            if (ingestion_run(f)) {
                copy_fingerprint(f, found);
                assert_string_equal(found, whole);
                assert_only(with_store);
            } else {
                assert_int_equal(f->error.status, STATUS_DATA);
                assert_only(only_inputs);
            }
        }
        unlink(f->store);
        free(bytes);
    }
    ingestion_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_ingest_run_members_that_lead_elsewhere_are_told_and_not_written),
        TREE_TEST(test_ingest_run_archive_of_absolute_paths_alone_says_so),
        TREE_TEST(test_ingest_run_archive_bad_members_are_named),
        TREE_TEST(test_ingest_run_no_archive_is_refused),
        TREE_TEST(test_ingest_run_encrypted_zip_is_refused),
        TREE_TEST(test_ingest_run_archive_cut_or_damaged_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
