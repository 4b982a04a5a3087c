#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "formats/file/seal.h"
#include "formats/list_file.h"

static const char *const folders[] = {"train", "train/3"};
static const char *const others[] = {"labels.csv"};
/* All that a name may hold but a slash: a new line, bytes that are not UTF-8. */
static const char *const images[] = {"train/3/a\nb.png", "train/3/\xc3\xa9.png",
                                     "train/3/\xff.png"};

static struct list_file make_list(void)
{
    return (struct list_file){.source = "digits\n",
                              .num_others = 7,
                              .num_loops = 1,
                              .num_folders = 2,
                              .num_top_others = 1,
                              .num_images = 3,
                              .folders = folders,
                              .top_others = others,
                              .images = images};
}

static void test_list_file_round_trip_gives_every_name_back(void **state)
{
    const char *path = support_path(*state, "list");
    struct list_file written = make_list();
    struct list_file_content content;
    struct error error = {0};

    assert_ok(list_file_write(path, &written, false, &error), &error);
    assert_ok(list_file_read(path, &content, &error), &error);
    assert_string_equal(content.list.source, "digits\n");
    assert_false(content.list.is_of_classes);
    assert_int_equal(content.list.num_others, 7);
    assert_int_equal(content.list.num_loops, 1);
    assert_int_equal(content.list.num_folders, 2);
    assert_string_equal(content.list.folders[1], "train/3");
    assert_int_equal(content.list.num_top_others, 1);
    assert_string_equal(content.list.top_others[0], "labels.csv");
    assert_int_equal(content.list.num_images, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(content.list.images[i], images[i]);
    list_file_free(&content);
    /* A list is replaced, another file is not. */
    assert_ok(list_file_write(path, &written, false, &error), &error);
    support_write_file(path, "my notes\n", 9);
    assert_fails(list_file_write(path, &written, false, &error), &error, STATUS_DATA);
    error = (struct error){0};
    assert_ok(list_file_write(path, &written, true, &error), &error);
    assert_ok(list_file_read(path, &content, &error), &error);
    list_file_free(&content);
}

static void test_list_file_read_without_or_with_a_broken_seal_is_refused(void **state)
{
    const char *path = support_path(*state, "list");
    struct list_file written = make_list();
    struct list_file_content content;
    size_t nbytes;
    unsigned char *bytes;
    struct error error = {0};

    assert_ok(list_file_write(path, &written, false, &error), &error);
    bytes = support_read_file(path, &nbytes);
    for (size_t kept = 0; kept < nbytes; kept++) {
        support_write_file(path, bytes, kept);
        error = (struct error){0};
        assert_fails(list_file_read(path, &content, &error), &error, STATUS_DATA);
    }
    for (size_t i = 0; i < nbytes - SEAL_NBYTES; i++) {
        bytes[i] ^= 1;
        support_write_file(path, bytes, nbytes);
        bytes[i] ^= 1;
        error = (struct error){0};
        assert_fails(list_file_read(path, &content, &error), &error, STATUS_DATA);
    }
    free(bytes);
}

#define HEAD "quern list 1\nlayout splits\nothers 0\nloops 0\n"

static const struct {
    const char *bytes;
    size_t nbytes;
    const char *what;
} wrong_lists[] = {
#define WRONG(bytes, what)                                                                         \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, what                                                             \
    }
    WRONG("", "is no list of version 1"),
    WRONG("quern list 2\n", "is no list of version 1"),
    WRONG("quern list 1\nlayout rows\nothers 0\nloops 0\nfolders 0\ntop-others 0\nimages 0\n\ns\0",
          "has an unknown layout"),
    WRONG("quern list 1\nlayout splits\0x\nothers 0\nloops 0\nfolders 0\ntop-others 0\nimages "
          "0\n\ns\0",
          "has no line 'layout'"),
    WRONG(HEAD "folders 0\nimages 0\n\ns\0", "has no line 'top-others'"),
    WRONG(HEAD "folders 01\ntop-others 0\nimages 0\n\ns\0a\0", "'folders' is no number"),
    WRONG(HEAD "folders -1\ntop-others 0\nimages 0\n\ns\0a\0", "'folders' is no number"),
    WRONG(HEAD "folders 99999999999999999999\ntop-others 0\nimages 0\n\ns\0", "is no number"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1000000000000\n\ns\0a\0", "more than the list"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1\ns\0a\0", "has no empty line"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1\n\ns", "within the name of the source"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 2\n\ns\0a\0", "ends within its names"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1\n\ns\0a\0b\0", "holds more than its names"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 2\n\ns\0b\0a\0", "out of order"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 2\n\ns\0a\0a\0", "out of order"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1\n\ns\0/etc/a.png\0", "no walk finds"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1\n\ns\0a/../b.png\0", "no walk finds"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1\n\ns\0a//b.png\0", "no walk finds"),
    WRONG(HEAD "folders 0\ntop-others 0\nimages 1\n\ns\0a/\0", "no walk finds"),
};

static void test_list_file_parse_wrong_lists_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong_lists) / sizeof(wrong_lists[0]); i++) {
        char *bytes = malloc(wrong_lists[i].nbytes + 1);
        struct list_file_content content;
        struct error error = {0};

        assert_non_null(bytes);
        memcpy(bytes, wrong_lists[i].bytes, wrong_lists[i].nbytes + 1);
        assert_fails(list_file_parse("list", bytes, wrong_lists[i].nbytes, &content, &error),
                     &error, STATUS_DATA);
        if (!strstr(error.what, wrong_lists[i].what))
            fail_msg("list %zu: '%s' instead of '%s'", i, error.what, wrong_lists[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_list_file_round_trip_gives_every_name_back),
        SUPPORT_IN_FOLDER(test_list_file_read_without_or_with_a_broken_seal_is_refused),
        SUPPORT_IN_FOLDER(test_list_file_parse_wrong_lists_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
