/* Whole runs of quern-ingest on small trees written here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "formats/store/store.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

static struct store *open_store(const struct ingestion *ingestion)
{
    struct error error = {0};
    struct store *store;

    assert_true(store_open(ingestion->store, &store, &error));
    return store;
}

static void test_ingest_run_small_tree_is_read_back(void **state)
{
    struct ingestion *f = ingestion_new();
    uint8_t pixels[8][TREE_HEIGHT * TREE_WIDTH], expected[TREE_HEIGHT * TREE_WIDTH];
    struct text_list paths = {0};
    struct store *store;

    (void)state;
    tree_fixture_write_classes(4);
    assert_true(ingestion_run(f));
    assert_contains(f->results, "train      8 images in 2 classes:  a 4   b 4\n");
    assert_contains(f->results, "10 images of 6x5 gray, 2 classes");
    store = open_store(f);
    assert_int_equal(store_num_rows(store, SPLIT_TRAIN), 8);
    assert_int_equal(store_num_rows(store, SPLIT_VALID), 2);
    assert_int_equal(store_num_rows(store, SPLIT_TEST), 0);
    assert_true(store_read_pixels(store, SPLIT_TRAIN, 0, 8, 1, &pixels[0][0], &f->error));
    assert_true(store_read_paths(store, SPLIT_TRAIN, &paths, &f->error));
    for (unsigned i = 0; i < 8; i++) {
        tree_fixture_fill_pixels(expected, sizeof(expected), i < 4 ? i : i + 1);
        assert_memory_equal(pixels[i], expected, sizeof(expected));
        assert_int_equal(store_labels(store, SPLIT_TRAIN)[i], i / 4);
    }
    assert_string_equal(paths.items[7], "train/b/0003.png");
    text_list_free(&paths);
    store_close(store);
    ingestion_free(f);
}

static void test_ingest_run_any_number_of_threads_gives_equal_bytes(void **state)
{
    struct ingestion *f = ingestion_new();
    char folder[240], path[2048];
    unsigned char *bytes[3];
    size_t nbytes[3];

    (void)state;
    /* Rows of paths are as wide as the longest path: this one makes even a small tree fill more
     * chunks than a single thread compresses at once. */
    memset(folder, 'f', sizeof(folder));
    snprintf(path, sizeof(path), "source/train/a/%.240s/%.240s/%.240s/%.240s/%.240s/%.240s/x.png",
             folder, folder, folder, folder, folder, folder);
    tree_fixture_write_classes(300);
    tree_fixture_write_image(path, TREE_HEIGHT, TREE_WIDTH, 1, 1000);
    tree_fixture_write("source/train/a/0007.png", "no PNG", 6);
    f->options.skip_bad = true;
    f->options.force = true;
    for (int i = 0; i < 3; i++) {
        f->options.num_threads = i + 1;
        f->options.num_io_threads = (int[]){1, 5, 2}[i];
        assert_true(ingestion_run(f));
        bytes[i] = support_read_file(f->store, &nbytes[i]);
        assert_int_equal(nbytes[i], nbytes[0]);
        assert_memory_equal(bytes[i], bytes[0], nbytes[0]);
    }
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
    ingestion_free(f);
}

static void spoil_tree(void)
{
    static const char jpeg[] = "\xff\xd8\xff\xe0 a renamed JPEG, long enough for any header";
    size_t nbytes;
    unsigned char *bytes = support_read_file(tree_fixture_path("source/train/a/0000.png"), &nbytes);

    tree_fixture_write("source/train/a/0001.png", bytes, nbytes - 20);
    bytes[nbytes / 2] ^= 1;
    tree_fixture_write("source/train/a/0002.png", bytes, nbytes);
    tree_fixture_write("source/train/b/0000.png", "", 0);
    tree_fixture_write("source/train/b/0001.png", jpeg, sizeof(jpeg));
    free(bytes);
    unlink(tree_fixture_path("source/valid/a/x.png"));
    assert_int_equal(mkfifo(tree_fixture_path("source/valid/a/pipe.png"), 0666), 0);
    tree_fixture_write_image("source/valid/a/y.png", TREE_HEIGHT, TREE_WIDTH, 1, 9);
}

static void test_ingest_run_bad_files_are_all_listed_and_nothing_written(void **state)
{
    static const char *const bad[] = {
        "train/a/0001.png: ", "train/a/0002.png: ", "train/b/0000.png: is empty",
        "train/b/0001.png: ", "valid/a/pipe.png: is no regular file"};
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(4);
    spoil_tree();
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    for (size_t i = 0; i < 5; i++)
        assert_contains(f->messages, bad[i]);
    assert_contains(f->error.what, "5 of 11 files are not readable images; nothing was written");
    assert_int_equal(access(f->store, F_OK), -1);
    ingestion_free(f);
}

static void test_ingest_run_skip_bad_writes_the_rest_and_records_rejects(void **state)
{
    struct ingestion *f = ingestion_new();
    struct text_list paths = {0}, reasons = {0};
    uint8_t pixels[TREE_HEIGHT * TREE_WIDTH], expected[TREE_HEIGHT * TREE_WIDTH];
    struct store *store;

    (void)state;
    tree_fixture_write_classes(4);
    spoil_tree();
    f->options.skip_bad = true;
    assert_true(ingestion_run(f));
    assert_contains(f->results, ", 5 files skipped, see /rejects\n");
    store = open_store(f);
    assert_int_equal(store_num_rows(store, SPLIT_TRAIN), 4);
    assert_true(store_read_rejects(store, &paths, &reasons, &f->error));
    assert_int_equal(paths.count, 5);
    assert_string_equal(paths.items[4], "valid/a/pipe.png");
    assert_string_equal(reasons.items[4], "is no regular file");
    /* Row 1 is the fourth file of class a: good rows move up together with their labels. */
    assert_true(store_read_pixels(store, SPLIT_TRAIN, 1, 1, 1, pixels, &f->error));
    tree_fixture_fill_pixels(expected, sizeof(expected), 3);
    assert_memory_equal(pixels, expected, sizeof(expected));
    assert_int_equal(store_labels(store, SPLIT_TRAIN)[1], 0);
    assert_int_equal(store_labels(store, SPLIT_TRAIN)[2], 1);
    text_list_free(&paths);
    text_list_free(&reasons);
    store_close(store);
    ingestion_free(f);
}

static void test_ingest_run_class_that_loses_all_files_is_refused(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(1);
    tree_fixture_write("source/train/b/0000.png", "no PNG", 6);
    f->options.skip_bad = true;
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->error.what, "class 'b' has no readable image left in train");
    assert_int_equal(access(f->store, F_OK), -1);
    ingestion_free(f);
}

static void test_ingest_run_no_readable_file_lists_all(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write("source/train/a/x.png", "no", 2);
    tree_fixture_write("source/train/b/x\n.png", "no", 2);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->messages, "train/a/x.png: ");
    assert_contains(f->messages, "train/b/x\\n.png: ");
    assert_contains(f->error.what, "2 of 2 files");
    ingestion_free(f);
}

static void test_ingest_run_name_that_is_not_utf8_is_a_bad_file(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(2);
    tree_fixture_write_image("source/train/a/caf\xe9.png", TREE_HEIGHT, TREE_WIDTH, 1, 1);
    f->options.skip_bad = true;
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "caf\\\\xe9.png: has a name that is not UTF-8");
    ingestion_free(f);
}

static void test_ingest_run_max_pixels_makes_larger_images_bad(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(2);
    f->options.max_pixels = TREE_HEIGHT * TREE_WIDTH;
    assert_true(ingestion_run(f));
    f->options.max_pixels = TREE_HEIGHT * TREE_WIDTH - 1;
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->error.what, "6 of 6 files");
    ingestion_free(f);
}

static void test_ingest_run_late_color_image_makes_the_store_rgb(void **state)
{
    struct ingestion *f = ingestion_new();
    uint8_t pixels[TREE_HEIGHT * TREE_WIDTH * 3], expected[TREE_HEIGHT * TREE_WIDTH * 3];
    struct store *store;

    (void)state;
    tree_fixture_write_classes(3);
    tree_fixture_write_image("source/valid/b/z.png", TREE_HEIGHT, TREE_WIDTH, 3, 77);
    assert_true(ingestion_run(f));
    assert_contains(f->results, "9 images of 6x5 RGB");
    store = open_store(f);
    assert_int_equal(store_image_shape(store)->channels, 3);
    assert_true(store_read_pixels(store, SPLIT_VALID, 2, 1, 1, pixels, &f->error));
    tree_fixture_fill_pixels(expected, sizeof(expected), 77);
    assert_memory_equal(pixels, expected, sizeof(expected));
    assert_true(store_read_pixels(store, SPLIT_TRAIN, 0, 1, 1, pixels, &f->error));
    tree_fixture_fill_pixels(expected, TREE_HEIGHT * TREE_WIDTH, 0);
    for (size_t i = 0; i < sizeof(pixels); i++)
        assert_int_equal(pixels[i], expected[i / 3]);
    store_close(store);
    f->options.channels = 1;
    assert_true(ingestion_run(f));
    assert_contains(f->results, "9 images of 6x5 gray");
    ingestion_free(f);
}

static void test_ingest_run_unequal_sizes_name_the_odd_one(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(3);
    /* The first file is the odd one: what is usual is counted, not taken from the first. */
    tree_fixture_write_image("source/train/a/0000.png", TREE_HEIGHT + 2, TREE_WIDTH, 1, 5);
    f->options.skip_bad = true;
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_string_equal(f->error.file, "train/a/0000.png");
    assert_contains(f->error.what, "7 of 6x5, 1 of 8x5");
    assert_string_equal(f->error.expected, "6x5");
    assert_string_equal(f->error.found, "8x5");
    assert_int_equal(access(f->store, F_OK), -1);

    f->options.height = 3;
    f->options.width = 4;
    assert_true(ingestion_run(f));
    assert_contains(f->results, "8 images of 3x4 gray");
    ingestion_free(f);
}

/* A store of such images would be refused by every reader, so it must not replace one that is not.
 */
static void test_ingest_run_image_side_that_no_reader_takes_is_refused_first(void **state)
{
    struct ingestion *f = ingestion_new();
    size_t nbytes[2];
    unsigned char *bytes[2];

    (void)state;
    tree_fixture_write_classes(1);
    assert_true(ingestion_run(f));
    bytes[0] = support_read_file(f->store, &nbytes[0]);
    for (char class = 'a'; class <= 'b'; class ++) {
        tree_fixture_write_image(TEXT("source/train/%c/0000.png", class), 65536, 1, 1, 1);
        tree_fixture_write_image(TEXT("source/valid/%c/x.png", class), 65536, 1, 1, 2);
    }
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    bytes[1] = support_read_file(f->store, &nbytes[1]);
    assert_int_equal(nbytes[1], nbytes[0]);
    assert_memory_equal(bytes[1], bytes[0], nbytes[0]);
    free(bytes[0]);
    free(bytes[1]);
    ingestion_free(f);
}

static void test_ingest_run_dry_run_writes_nothing(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    tree_fixture_write_classes(2);
    f->options.dry_run = true;
    assert_true(ingestion_run(f));
    assert_contains(f->results, "train     4 images");
    assert_int_equal(access(f->store, F_OK), -1);
    ingestion_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_ingest_run_small_tree_is_read_back),
        TREE_TEST(test_ingest_run_any_number_of_threads_gives_equal_bytes),
        TREE_TEST(test_ingest_run_bad_files_are_all_listed_and_nothing_written),
        TREE_TEST(test_ingest_run_skip_bad_writes_the_rest_and_records_rejects),
        TREE_TEST(test_ingest_run_class_that_loses_all_files_is_refused),
        TREE_TEST(test_ingest_run_no_readable_file_lists_all),
        TREE_TEST(test_ingest_run_name_that_is_not_utf8_is_a_bad_file),
        TREE_TEST(test_ingest_run_max_pixels_makes_larger_images_bad),
        TREE_TEST(test_ingest_run_late_color_image_makes_the_store_rgb),
        TREE_TEST(test_ingest_run_unequal_sizes_name_the_odd_one),
        TREE_TEST(test_ingest_run_image_side_that_no_reader_takes_is_refused_first),
        TREE_TEST(test_ingest_run_dry_run_writes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
