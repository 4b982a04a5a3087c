#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train/run_folder.h"
#include "train/run_log.h"

/* A checkpoint after epoch epochs and step updates, over static memory. */
static struct checkpoint make(uint64_t epoch, uint64_t step)
{
    static char *classes[] = {"3", "7"};
    static float weight[2];
    struct checkpoint checkpoint = {.classes = {2, 2, classes},
                                    .image = {1, 2, 1},
                                    .epoch = epoch,
                                    .step = step,
                                    .epochs = 9,
                                    .num_parameters = 1,
                                    .parameters = {{"linear/weight", 2, {1, 2}, weight}}};

    memset(checkpoint.store_fingerprint, 'a', 64);
    settings_add_text(&checkpoint.config, "model", "linear");
    settings_add_count(&checkpoint.config, "seed", 1);
    return checkpoint;
}

static void write_epoch(const char *folder, uint64_t epoch, uint64_t step, uint64_t keep)
{
    struct checkpoint checkpoint = make(epoch, step);
    struct error error = {0};

    assert_ok(run_folder_write_epoch(folder, &checkpoint, keep, &error), &error);
}

static bool has(const char *folder, const char *name)
{
    return access(support_path(folder, name), F_OK) == 0;
}

static void spoil(const char *folder, const char *name)
{
    assert_int_equal(truncate(support_path(folder, name), 1000), 0);
}

static void assert_newest(const char *folder, uint64_t epoch, uint64_t step)
{
    struct run_folder_newest newest;
    struct error error = {0};

    assert_ok(run_folder_read_newest("test", folder, &newest, &error), &error);
    assert_true(newest.is_found);
    assert_int_equal(newest.checkpoint.epoch, epoch);
    assert_int_equal(newest.checkpoint.step, step);
    checkpoint_free(&newest.checkpoint);
}

static void test_run_folder_read_newest_empty_folder_finds_none(void **state)
{
    struct run_folder_newest newest;
    struct error error = {0};

    assert_ok(run_folder_read_newest("test", *state, &newest, &error), &error);
    assert_false(newest.is_found);
    assert_false(newest.has_interrupted);
}

static void test_run_folder_read_newest_passes_over_broken_ones(void **state)
{
    struct run_folder_newest newest;
    struct error error = {0};

    for (uint64_t epoch = 0; epoch < 3; epoch++)
        write_epoch(*state, epoch, 10 * epoch, 0);
    assert_newest(*state, 2, 20);
    spoil(*state, "epoch-0002.h5");
    assert_newest(*state, 1, 10);
    spoil(*state, "epoch-0001.h5");
    spoil(*state, "epoch-0000.h5");
    assert_fails(run_folder_read_newest("test", *state, &newest, &error), &error, STATUS_DATA);
    assert_false(newest.is_found);
}

static void test_run_folder_read_newest_whole_file_of_another_kind_is_refused(void **state)
{
    struct run_folder_newest newest;
    struct error error = {0};
    const char *path = support_path(*state, "epoch-0002.h5");

    write_epoch(*state, 1, 10, 0);
    support_write_store(path, (struct image_shape){2, 2, 1}, 2, 4, 2, 1);
    assert_fails(run_folder_read_newest("test", *state, &newest, &error), &error, STATUS_DATA);
    assert_string_equal(error.file, path);
    assert_string_equal(error.found, "'quern store'");
}

static void test_run_folder_read_newest_takes_interrupted_if_it_is_further(void **state)
{
    struct checkpoint checkpoint = make(1, 15);
    struct error error = {0};

    write_epoch(*state, 1, 10, 0);
    assert_ok(run_folder_write_interrupted(*state, &checkpoint, &error), &error);
    assert_newest(*state, 1, 15);
    write_epoch(*state, 2, 20, 0);
    assert_newest(*state, 2, 20);
    spoil(*state, "epoch-0002.h5");
    spoil(*state, "interrupted.h5");
    assert_newest(*state, 1, 10);
    assert_ok(run_folder_remove_interrupted(*state, &error), &error);
    assert_false(has(*state, "interrupted.h5"));
    assert_ok(run_folder_remove_interrupted(*state, &error), &error);
}

static void test_run_folder_write_epoch_keeps_the_newest(void **state)
{
    for (uint64_t epoch = 0; epoch < 5; epoch++)
        write_epoch(*state, epoch, epoch, 2);
    assert_false(has(*state, "epoch-0000.h5"));
    assert_false(has(*state, "epoch-0002.h5"));
    assert_true(has(*state, "epoch-0003.h5"));
    assert_true(has(*state, "epoch-0004.h5"));
    /* A run that is started over does not remove what is ahead of it. */
    write_epoch(*state, 0, 0, 1);
    assert_true(has(*state, "epoch-0000.h5"));
    assert_true(has(*state, "epoch-0004.h5"));
}

static void test_run_folder_compare_names_the_first_difference(void **state)
{
    struct checkpoint existing = make(1, 1), current = make(1, 1);
    struct error error = {0};

    (void)state;
    assert_ok(run_folder_compare("run", &existing, &current, &error), &error);
    current.config.items[1].count = 2;
    assert_fails(run_folder_compare("run", &existing, &current, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "seed"));
    assert_string_equal(error.expected, "1");
    assert_string_equal(error.found, "2");
    error = (struct error){0};
    current = make(1, 1);
    current.store_fingerprint[0] = 'b';
    assert_fails(run_folder_compare("run", &existing, &current, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "another store"));
}

static void test_run_folder_clear_removes_checkpoints_and_nothing_else(void **state)
{
    struct checkpoint checkpoint = make(1, 15);
    struct error error = {0};

    write_epoch(*state, 3, 3, 0);
    assert_ok(run_folder_write_interrupted(*state, &checkpoint, &error), &error);
    support_write_file(support_path(*state, "notes.txt"), "x", 1);
    support_write_file(support_path(*state, "epoch-3.h5"), "x", 1);
    support_write_file(support_path(*state, ".epoch-0004.h5.0123456789abcdef.partial"), "x", 1);
    assert_ok(run_folder_clear(*state, &error), &error);
    assert_ok(run_folder_remove_partial(*state, &error), &error);
    assert_false(has(*state, "epoch-0003.h5"));
    assert_false(has(*state, "interrupted.h5"));
    assert_false(has(*state, ".epoch-0004.h5.0123456789abcdef.partial"));
    assert_true(has(*state, "notes.txt"));
    assert_true(has(*state, "epoch-3.h5"));
}

static void test_run_folder_make_makes_what_is_missing_above(void **state)
{
    struct error error = {0};

    assert_ok(run_folder_make(support_path(*state, "a/b//c/"), &error), &error);
    assert_true(has(*state, "a/b/c"));
    assert_ok(run_folder_make(support_path(*state, "a/b"), &error), &error);
    support_write_file(support_path(*state, "file"), "x", 1);
    assert_fails(run_folder_make(support_path(*state, "file"), &error), &error, STATUS_IO);
}

static void test_run_log_open_second_run_is_refused(void **state)
{
    struct run_log first, second;
    struct error error = {0};
    struct json *json;
    size_t nbytes;
    unsigned char *bytes;

    assert_ok(run_log_open(&first, *state, &error), &error);
    assert_fails(run_log_open(&second, *state, &error), &error, STATUS_IO);
    assert_non_null(strstr(error.what, "another quern-train"));
    run_log_close(&second);
    error = (struct error){0};
    json = run_log_begin(&first, "epoch", &error);
    json_count(json, "epoch", 3);
    assert_ok(run_log_end(&first, &error), &error);
    run_log_close(&first);
    assert_ok(run_log_open(&second, *state, &error), &error);
    run_log_close(&second);
    bytes = support_read_file(support_path(*state, "log.jsonl"), &nbytes);
    bytes[nbytes] = '\0';
    assert_int_equal(strncmp((char *)bytes, "{\"event\":\"epoch\",\"time\":\"", 25), 0);
    assert_non_null(strstr((char *)bytes, "Z\",\"epoch\":3}\n"));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_run_folder_read_newest_empty_folder_finds_none),
        SUPPORT_IN_FOLDER(test_run_folder_read_newest_passes_over_broken_ones),
        SUPPORT_IN_FOLDER(test_run_folder_read_newest_whole_file_of_another_kind_is_refused),
        SUPPORT_IN_FOLDER(test_run_folder_read_newest_takes_interrupted_if_it_is_further),
        SUPPORT_IN_FOLDER(test_run_folder_write_epoch_keeps_the_newest),
        SUPPORT_IN_FOLDER(test_run_folder_compare_names_the_first_difference),
        SUPPORT_IN_FOLDER(test_run_folder_clear_removes_checkpoints_and_nothing_else),
        SUPPORT_IN_FOLDER(test_run_folder_make_makes_what_is_missing_above),
        SUPPORT_IN_FOLDER(test_run_log_open_second_run_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
