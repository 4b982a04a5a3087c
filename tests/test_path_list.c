/* Lists of paths: every name comes back, and nothing else is taken for a list. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/sources/path_list.h"
#include "tests/support.h"

static const struct scan_rules splits = {2, (const char *const[]){"train", "valid", NULL}, NULL};
static const struct scan_rules classes = {1, NULL, NULL};

/* All that a name may hold but a slash: a new line, bytes that are not UTF-8. */
static const char *const paths[] = {"extra/x.png", "train/3/a\nb.png", "train/3/\xc3\xa9.PNG",
                                    "train/30/\xff.png"};
enum { NUM_PATHS = 4 };

static void write_list(const char *path)
{
    struct scan scan = {.num_images = NUM_PATHS, .paths = (const char **)paths};
    struct error error = {0};

    assert_ok(path_list_write(path, &scan, false, &error), &error);
}

static void test_path_list_round_trip_is_the_walk(void **state)
{
    const char *path = support_path(*state, "list");
    struct scan scan;
    struct error error = {0};

    write_list(path);
    assert_ok(path_list_read(path, &classes, &scan, &error), &error);
    assert_int_equal(scan.num_images, NUM_PATHS);
    for (size_t i = 0; i < NUM_PATHS; i++)
        assert_string_equal(scan.paths[i], paths[i]);
    assert_int_equal(scan.folders.count, 2);
    assert_string_equal(scan.folders.items[1], "train");
    scan_free(&scan);
    /* A walk for splits does not go down to others. */
    assert_ok(path_list_read(path, &splits, &scan, &error), &error);
    assert_int_equal(scan.num_images, 3);
    assert_string_equal(scan.paths[0], paths[1]);
    assert_int_equal(scan.folders.count, 4);
    assert_string_equal(scan.folders.items[0], "extra");
    assert_string_equal(scan.folders.items[3], "train/30");
    scan_free(&scan);
}

static void test_path_list_write_replaces_lists_alone(void **state)
{
    const char *path = support_path(*state, "list"), *link = support_path(*state, "link");
    const char *fifo = support_path(*state, "fifo");
    struct scan scan = {0};
    struct error error = {0};
    struct stat info;

    write_list(path);
    write_list(path);
    support_write_file(path, "my notes\n", 9);
    assert_fails(path_list_write(path, &scan, false, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "--force"));
    error = (struct error){0};
    assert_ok(path_list_write(path, &scan, true, &error), &error);
    assert_ok(path_list_read(path, &splits, &scan, &error), &error);
    assert_int_equal(scan.num_images, 0);
    scan_free(&scan);
    /* Written where a link points; nothing is waited for. */
    assert_int_equal(symlink("list", link), 0);
    write_list(link);
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_ok(path_list_read(path, &splits, &scan, &error), &error);
    assert_int_equal(scan.num_images, 3);
    scan_free(&scan);
    assert_int_equal(mkfifo(fifo, 0666), 0);
    assert_fails(path_list_write(fifo, &scan, true, &error), &error, STATUS_IO);
    error = (struct error){0};
    assert_fails(path_list_read(fifo, &splits, &scan, &error), &error, STATUS_IO);
}

static void test_path_list_read_cut_or_damaged_anywhere_is_refused(void **state)
{
    const char *path = support_path(*state, "list");
    struct scan scan;
    size_t nbytes;
    unsigned char *bytes;
    struct error error = {0};

    write_list(path);
    bytes = support_read_file(path, &nbytes);
    for (size_t kept = 0; kept < nbytes; kept++) {
        support_write_file(path, bytes, kept);
        error = (struct error){0};
        assert_fails(path_list_read(path, &splits, &scan, &error), &error, STATUS_DATA);
    }
    for (size_t i = 0; i < nbytes; i++) {
        bytes[i] ^= 1;
        support_write_file(path, bytes, nbytes);
        bytes[i] ^= 1;
        error = (struct error){0};
        assert_fails(path_list_read(path, &splits, &scan, &error), &error, STATUS_DATA);
    }
    free(bytes);
}

static const struct {
    const char *bytes;
    size_t nbytes;
    const char *what;
} wrong_lists[] = {
#define WRONG(bytes, what)                                                                         \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, what                                                             \
    }
    WRONG("", "is no list of version 2"),
    WRONG("quern list 1\n", "is no list of version 2"),
    WRONG("quern list 2\na.png", "ends within a path"),
    WRONG("quern list 2\nb.png\0a.png\0", "out of order"),
    WRONG("quern list 2\na.png\0a.png\0", "out of order"),
    WRONG("quern list 2\n/etc/a.png\0", "no walk finds"),
    WRONG("quern list 2\na/../b.png\0", "no walk finds"),
    WRONG("quern list 2\na//b.png\0", "no walk finds"),
    WRONG("quern list 2\na/.b.png\0", "no walk finds"),
    WRONG("quern list 2\na.png/\0", "no walk finds"),
    WRONG("quern list 2\n\0", "no walk finds"),
    WRONG("quern list 2\na/notes.txt\0", "no walk finds"),
};

static void test_path_list_parse_wrong_lists_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong_lists) / sizeof(wrong_lists[0]); i++) {
        char *bytes = malloc(wrong_lists[i].nbytes + 1);
        struct scan scan;
        struct error error = {0};

        assert_non_null(bytes);
        memcpy(bytes, wrong_lists[i].bytes, wrong_lists[i].nbytes + 1);
        assert_fails(path_list_parse("list", bytes, wrong_lists[i].nbytes, &splits, &scan, &error),
                     &error, STATUS_DATA);
        if (!strstr(error.what, wrong_lists[i].what))
            fail_msg("list %zu: '%s' instead of '%s'", i, error.what, wrong_lists[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_path_list_round_trip_is_the_walk),
        SUPPORT_IN_FOLDER(test_path_list_write_replaces_lists_alone),
        SUPPORT_IN_FOLDER(test_path_list_read_cut_or_damaged_anywhere_is_refused),
        SUPPORT_IN_FOLDER(test_path_list_parse_wrong_lists_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
