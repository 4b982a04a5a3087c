#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/text.h"
#include "formats/checkpoint/checkpoint_folder.h"
#include "tests/support.h"

static void list_folder_of(const char *const *names, struct checkpoint_folder *list)
{
    char folder[] = "/tmp/quern-test-XXXXXX";
    struct error error = {0};

    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; names[i]; i++) {
        int descriptor = open(TEXT("%s/%s", folder, names[i]), O_WRONLY | O_CREAT, 0600);

        assert_true(descriptor >= 0);
        close(descriptor);
    }
    assert_true(checkpoint_folder_list(folder, list, &error));
    for (size_t i = 0; names[i]; i++)
        assert_int_equal(unlink(TEXT("%s/%s", folder, names[i])), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_checkpoint_folder_list_several_are_ascending(void **state)
{
    const char *const names[] = {"epoch-0010.h5", "epoch-10000.h5", "epoch-0002.h5",
                                 "epoch-0000.h5", "epoch-9999.h5",  NULL};
    const uint64_t epochs[] = {0, 2, 10, 9999, 10000};
    struct checkpoint_folder list;

    (void)state;
    list_folder_of(names, &list);
    assert_int_equal(list.count, 5);
    assert_memory_equal(list.epochs, epochs, sizeof(epochs));
    checkpoint_folder_free(&list);
}

static void test_checkpoint_folder_list_other_names_are_left_out(void **state)
{
    const char *const names[] = {"epoch-1.h5",
                                 "epoch-001.h5",
                                 "epoch-00010.h5",
                                 "epoch-.h5",
                                 "epoch-0003.h5~",
                                 "epoch-0003.hdf",
                                 ".epoch-0003.h5.new",
                                 "epoch--003.h5",
                                 "log.jsonl",
                                 "epoch-0x03.h5",
                                 "Epoch-0003.h5",
                                 "epoch-99999999999999999999.h5",
                                 NULL};
    struct checkpoint_folder list;

    (void)state;
    list_folder_of(names, &list);
    assert_int_equal(list.count, 0);
    checkpoint_folder_free(&list);
}

static void test_checkpoint_folder_list_many_are_all_found(void **state)
{
    char storage[200][20];
    const char *names[201] = {NULL};
    struct checkpoint_folder list;

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        snprintf(storage[i], sizeof(storage[i]), "epoch-%04zu.h5", i);
        names[i] = storage[i];
    }
    list_folder_of(names, &list);
    assert_int_equal(list.count, 200);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(list.epochs[i], i);
    checkpoint_folder_free(&list);
}

static void test_checkpoint_folder_list_missing_folder_is_io_error(void **state)
{
    struct checkpoint_folder list;
    struct error error = {0};

    (void)state;
    assert_fails(checkpoint_folder_list("/nonexistent/run", &list, &error), &error, STATUS_IO);
    assert_string_equal(error.file, "/nonexistent/run");
    checkpoint_folder_free(&list);
}

static void check_path(uint64_t epoch, const char *expected)
{
    struct error error = {0};
    char *path = checkpoint_folder_path("runs/a", epoch, &error);

    assert_string_equal(path, expected);
    free(path);
}

static void test_checkpoint_folder_path_number_has_four_digits_or_more(void **state)
{
    (void)state;
    check_path(0, "runs/a/epoch-0000.h5");
    check_path(123, "runs/a/epoch-0123.h5");
    check_path(12345, "runs/a/epoch-12345.h5");
    check_path(UINT64_MAX, "runs/a/epoch-18446744073709551615.h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checkpoint_folder_list_several_are_ascending),
        cmocka_unit_test(test_checkpoint_folder_list_other_names_are_left_out),
        cmocka_unit_test(test_checkpoint_folder_list_many_are_all_found),
        cmocka_unit_test(test_checkpoint_folder_list_missing_folder_is_io_error),
        cmocka_unit_test(test_checkpoint_folder_path_number_has_four_digits_or_more),
    };

    return cmocka_run_group_tests_name("checkpoint_folder", tests, NULL, NULL);
}
