/* Runs of quern-ingest where a store, or something else, is already there. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

static ino_t find_inode(const char *path)
{
    struct stat stat_of_file;

    assert_int_equal(stat(path, &stat_of_file), 0);
    return stat_of_file.st_ino;
}

static void test_ingest_run_again_unchanged_does_nothing(void **state)
{
    struct ingestion *f = ingestion_new();
    ino_t inode;

    (void)state;
    tree_fixture_write_classes(2);
    assert_true(ingestion_run(f));
    inode = find_inode(f->store);
    assert_true(ingestion_run(f));
    assert_contains(f->results, "store.h5 is up to date: 6 images");
    assert_int_equal(find_inode(f->store), inode);
    f->options.force = true;
    assert_true(ingestion_run(f));
    assert_contains(f->results, "wrote ");
    ingestion_free(f);
}

static void test_ingest_run_again_with_other_settings_names_them(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(2);
    assert_true(ingestion_run(f));
    f->options.channels = 3;
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "made again: channels was auto, is rgb\n");
    assert_contains(f->results, "wrote ");
    ingestion_free(f);
}

static void test_ingest_run_again_after_a_change_writes(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(2);
    assert_true(ingestion_run(f));
    tree_fixture_write_image("source/train/b/new.png", TREE_HEIGHT, TREE_WIDTH, 1, 3);
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "of the source have changed");
    assert_contains(f->results, "7 images");
    ingestion_free(f);
}

static void test_ingest_run_again_after_a_touch_writes(void **state)
{
    const struct timespec times[2] = {{1000, 7}, {1000, 7}};
    struct ingestion *f = ingestion_new();
    const char *full = tree_fixture_path("source/train/b/0000.png");

    (void)state;
    tree_fixture_write_classes(2);
    assert_int_equal(utimensat(-1, full, times, 0), 0);
    assert_true(ingestion_run(f));
    /* Another size under the same time, then another time. */
    tree_fixture_write_image("source/train/b/0000.png", TREE_HEIGHT, TREE_WIDTH, 3, 3);
    assert_int_equal(utimensat(-1, full, times, 0), 0);
    assert_true(ingestion_run(f));
    assert_contains(f->results, "wrote ");
    assert_int_equal(utimensat(-1, full, (struct timespec[]){{1000, 8}, {1000, 8}}, 0), 0);
    assert_true(ingestion_run(f));
    assert_contains(f->results, "wrote ");
    assert_true(ingestion_run(f));
    assert_contains(f->results, "is up to date");
    ingestion_free(f);
}

static void test_ingest_run_verify_looks_at_contents_only(void **state)
{
    struct ingestion *f = ingestion_new();
    const struct timespec times[2] = {{1000, 0}, {1000, 0}};

    (void)state;
    tree_fixture_write_classes(2);
    tree_fixture_write("source/train/a/0009.png", "no PNG", 6);
    f->options.skip_bad = true;
    assert_true(ingestion_run(f));
    assert_int_equal(utimensat(-1, tree_fixture_path("source/train/a/0001.png"), times, 0), 0);
    f->options.verify = true;
    assert_true(ingestion_run(f));
    assert_contains(f->results, "store.h5 is verified: 6 images");

    tree_fixture_write_image("source/train/a/0001.png", TREE_HEIGHT, TREE_WIDTH, 1, 99);
    tree_fixture_write_image("source/train/a/0009.png", TREE_HEIGHT, TREE_WIDTH, 1, 98);
    tree_fixture_write_image("source/train/b/0000-new.png", TREE_HEIGHT, TREE_WIDTH, 1, 97);
    unlink(tree_fixture_path("source/train/b/0001.png"));
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "train/a/0001.png: has other contents");
    assert_contains(f->messages, "train/a/0009.png: was skipped, is readable now");
    assert_contains(f->messages, "train/b/0000-new.png: is new");
    assert_contains(f->messages, "train/b/0001.png: is in the store only");
    assert_contains(f->messages, "4 files differ from the source");
    assert_contains(f->results, "wrote ");
    assert_true(ingestion_run(f));
    assert_contains(f->results, "is verified: 7 images");
    ingestion_free(f);
}

/*
 * A file that the system fails to read has not changed: here it lets the process open one
 * descriptor more with each run, so that one of them fails at the first image.
 */
static void test_ingest_run_verify_read_failure_is_no_change(void **state)
{
    struct ingestion *f = ingestion_new();
    struct rlimit old, low;
    bool has_failed_at_image = false, is_verified = false;

    (void)state;
    /* A walk through class directories alone holds fewer descriptors than reading an image does. */
    for (int i = 0; i < 6; i++)
        tree_fixture_write_image(i < 3 ? TEXT("source/a/%d.png", i) : TEXT("source/b/%d.png", i),
                                 TREE_HEIGHT, TREE_WIDTH, 1, (unsigned)i);
    f->options.split.has_valid = true;
    assert_true(ingestion_run(f));
    f->options.verify = true;
    f->options.num_threads = f->options.num_io_threads = 1;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    for (low.rlim_cur = 3; low.rlim_cur < 64 && !is_verified; low.rlim_cur++) {
        bool ok;

        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        ok = ingestion_run(f);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_null(strstr(f->messages, "made again"));
        if (ok)
            is_verified = true;
        else
            assert_int_equal(f->error.status, STATUS_IO);
        has_failed_at_image |= strstr(f->error.file, ".png") != NULL;
    }
    assert_true(is_verified);
    assert_true(has_failed_at_image);
    ingestion_free(f);
}

static void test_ingest_run_foreign_file_is_never_replaced(void **state)
{
    struct ingestion *f = ingestion_new();
    size_t nbytes;
    unsigned char *bytes;

    (void)state;
    tree_fixture_write_classes(2);
    tree_fixture_write("store.h5", "my thesis", 9);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->error.what, "is no quern store");
    bytes = support_read_file(f->store, &nbytes);
    assert_int_equal(nbytes, 9);
    assert_memory_equal(bytes, "my thesis", 9);
    free(bytes);
    f->options.force = true;
    assert_true(ingestion_run(f));
    ingestion_free(f);
}

static void test_ingest_run_damaged_store_is_made_again(void **state)
{
    struct ingestion *f = ingestion_new();
    size_t nbytes;
    unsigned char *bytes;

    (void)state;
    tree_fixture_write_classes(2);
    assert_true(ingestion_run(f));
    bytes = support_read_file(f->store, &nbytes);
    tree_fixture_write("store.h5", bytes, nbytes - 100);
    free(bytes);
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "the store is damaged");
    assert_contains(f->results, "wrote ");
    ingestion_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_ingest_run_again_unchanged_does_nothing),
        TREE_TEST(test_ingest_run_again_with_other_settings_names_them),
        TREE_TEST(test_ingest_run_again_after_a_change_writes),
        TREE_TEST(test_ingest_run_again_after_a_touch_writes),
        TREE_TEST(test_ingest_run_verify_looks_at_contents_only),
        TREE_TEST(test_ingest_run_verify_read_failure_is_no_change),
        TREE_TEST(test_ingest_run_foreign_file_is_never_replaced),
        TREE_TEST(test_ingest_run_damaged_store_is_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
