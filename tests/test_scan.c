/* Scanning folders, on trees made here. */
#include <string.h>
#include <unistd.h>

#include "images/sources/scan.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

static void test_scan_folder_nested_tree_sorts_paths_bytewise(void **state)
{
    static const char *const expected[] = {"train/3/a-1.png", "train/3/a.png", "train/3/a/x.png",
                                           "train/3/a0.png", "train/30/a.png"};
    struct scan scan;
    struct error error = {0};

    (void)state;
    for (size_t i = 5; i-- > 0;)
        tree_fixture_make(expected[i]);
    assert_true(
        tree_fixture_scan(tree_fixture_root(), &(struct scan_rules){2, NULL, NULL}, &scan, &error));
    assert_int_equal(scan.num_images, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(scan.paths[i], expected[i]);
    assert_int_equal(scan.folders.count, 3);
    assert_string_equal(scan.folders.items[1], "train/3");
    scan_free(&scan);
}

static void test_scan_folder_hidden_and_other_files_are_no_images(void **state)
{
    struct scan scan;
    char files[200];
    struct error error = {0};

    (void)state;
    tree_fixture_make("a/.hidden.png");
    tree_fixture_make("a/.git/x.png");
    tree_fixture_make("a/x.txt");
    tree_fixture_make("a/x.GIF");
    tree_fixture_make("y.tiff");
    tree_fixture_make("a/png");
    tree_fixture_make("labels.csv");
    tree_fixture_make("a/folder.png/y.pNg");
    assert_true(
        tree_fixture_scan(tree_fixture_root(), &(struct scan_rules){1, NULL, NULL}, &scan, &error));
    assert_int_equal(scan.num_images, 1);
    assert_string_equal(scan.paths[0], "a/folder.png/y.pNg");
    assert_int_equal(scan.num_others, 3);
    assert_int_equal(scan.top_others.count, 1);
    assert_string_equal(scan.top_others.items[0], "labels.csv");
    assert_string_equal(foreign_describe_counts(files, sizeof(files), &scan.foreign),
                        "1 GIF and 1 TIFF files are not read: convert them to PNG or JPEG");
    scan_free(&scan);
}

static void test_scan_folder_link_loops_end(void **state)
{
    struct scan scan;
    struct error error = {0};

    (void)state;
    tree_fixture_make("a/x.png");
    tree_fixture_make("b/");
    assert_int_equal(symlink("..", tree_fixture_path("a/up")), 0);
    assert_int_equal(symlink(".", tree_fixture_path("a/self")), 0);
    assert_int_equal(symlink("../a", tree_fixture_path("b/a")), 0);
    assert_int_equal(symlink("nowhere", tree_fixture_path("b/dangling.png")), 0);
    assert_true(
        tree_fixture_scan(tree_fixture_root(), &(struct scan_rules){1, NULL, NULL}, &scan, &error));
    assert_int_equal(scan.num_images, 3);
    assert_string_equal(scan.paths[0], "a/x.png");
    assert_string_equal(scan.paths[1], "b/a/x.png");
    assert_string_equal(scan.paths[2], "b/dangling.png");
    assert_int_equal(scan.num_loops, 4);
    scan_free(&scan);
}

static void test_scan_folder_missing_source_is_an_io_error(void **state)
{
    struct scan scan;
    struct error error = {0};

    (void)state;
    assert_fails(tree_fixture_scan(tree_fixture_path("none"), &(struct scan_rules){1, NULL, NULL},
                                   &scan, &error),
                 &error, STATUS_IO);
    assert_non_null(strstr(error.file, "none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_scan_folder_nested_tree_sorts_paths_bytewise),
        TREE_TEST(test_scan_folder_hidden_and_other_files_are_no_images),
        TREE_TEST(test_scan_folder_link_loops_end),
        TREE_TEST(test_scan_folder_missing_source_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
