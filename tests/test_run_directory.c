#include "tests/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/run.h"

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

    assert_ok(run_directory_write_epoch(folder, &checkpoint, &error), &error);
    assert_ok(run_directory_prune(folder, epoch, keep, &error), &error);
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
    struct run_newest newest;
    struct error error = {0};

    assert_ok(run_directory_read_newest("test", folder, &newest, &error), &error);
    assert_non_null(newest.file.path);
    assert_int_equal(newest.file.checkpoint.epoch, epoch);
    assert_int_equal(newest.file.checkpoint.step, step);
    model_file_close(&newest.file);
}

static void test_run_directory_read_newest_empty_folder_finds_none(void **state)
{
    struct run_newest newest;
    struct error error = {0};

    assert_ok(run_directory_read_newest("test", *state, &newest, &error), &error);
    assert_null(newest.file.path);
    assert_false(newest.has_interrupted);
}

static void test_run_directory_read_newest_passes_over_broken_ones(void **state)
{
    struct run_newest newest;
    struct error error = {0};

    for (uint64_t epoch = 0; epoch < 3; epoch++)
        write_epoch(*state, epoch, 10 * epoch, 0);
    assert_newest(*state, 2, 20);
    spoil(*state, "epoch-0002.h5");
    assert_newest(*state, 1, 10);
    spoil(*state, "epoch-0001.h5");
    spoil(*state, "epoch-0000.h5");
    assert_fails(run_directory_read_newest("test", *state, &newest, &error), &error, STATUS_DATA);
    assert_null(newest.file.path);
    model_file_close(&newest.file);
}

static void test_run_directory_read_newest_whole_file_of_another_kind_is_refused(void **state)
{
    struct run_newest newest;
    struct error error = {0};
    const char *path = support_path(*state, "epoch-0002.h5");

    write_epoch(*state, 1, 10, 0);
    support_write_store(path, (struct image_shape){2, 2, 1}, 2, 4, 2, 1);
    assert_fails(run_directory_read_newest("test", *state, &newest, &error), &error, STATUS_DATA);
    model_file_close(&newest.file);
    assert_string_equal(error.file, path);
    assert_string_equal(error.found, "'quern store'");
}

static void test_run_directory_read_newest_takes_interrupted_if_it_is_further(void **state)
{
    struct checkpoint checkpoint = make(1, 15);
    struct error error = {0};

    write_epoch(*state, 1, 10, 0);
    assert_ok(run_directory_write_interrupted(*state, &checkpoint, &error), &error);
    assert_newest(*state, 1, 15);
    write_epoch(*state, 2, 20, 0);
    assert_newest(*state, 2, 20);
    spoil(*state, "epoch-0002.h5");
    spoil(*state, "interrupted.h5");
    assert_newest(*state, 1, 10);
    assert_ok(run_directory_remove_interrupted(*state, &error), &error);
    assert_false(has(*state, "interrupted.h5"));
    assert_ok(run_directory_remove_interrupted(*state, &error), &error);
}

static void test_run_directory_prune_keeps_the_newest(void **state)
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

static void test_run_directory_compare_names_the_first_difference(void **state)
{
    struct checkpoint existing = make(1, 1), current = make(1, 1);
    struct error error = {0};

    (void)state;
    assert_ok(run_directory_compare("run", &existing, &current, &error), &error);
    current.config.items[1].count = 2;
    assert_fails(run_directory_compare("run", &existing, &current, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "seed: this run has 1, you asked for 2"));
    assert_non_null(strstr(error.what, "--init-from run --output NEW"));
    error = (struct error){0};
    current = make(1, 1);
    current.store_fingerprint[0] = 'b';
    assert_fails(run_directory_compare("run", &existing, &current, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "another store"));
}

static void test_run_directory_clear_removes_checkpoints_and_nothing_else(void **state)
{
    struct checkpoint checkpoint = make(1, 15);
    struct error error = {0};

    write_epoch(*state, 3, 3, 0);
    assert_ok(run_directory_write_interrupted(*state, &checkpoint, &error), &error);
    support_write_file(support_path(*state, "notes.txt"), "x", 1);
    support_write_file(support_path(*state, "epoch-3.h5"), "x", 1);
    support_write_file(support_path(*state, ".epoch-0004.h5.partial"), "x", 1);
    support_write_file(support_path(*state, ".interrupted.h5.0123456789abcdef.partial"), "x", 1);
    assert_ok(run_directory_clear(*state, &error), &error);
    assert_ok(run_directory_remove_temporaries(*state, &error), &error);
    assert_false(has(*state, "epoch-0003.h5"));
    assert_false(has(*state, "interrupted.h5"));
    assert_false(has(*state, ".epoch-0004.h5.partial"));
    assert_false(has(*state, ".interrupted.h5.0123456789abcdef.partial"));
    assert_true(has(*state, "notes.txt"));
    assert_true(has(*state, "epoch-3.h5"));
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

/* Opens the log of a run whose last process left these bytes, logs one event, and returns all. */
static char *log_after(const char *folder, const char *left, size_t left_nbytes)
{
    const char *path = support_path(folder, "log.jsonl");
    struct run_log log;
    struct error error = {0};
    size_t nbytes;
    char *bytes;

    support_write_file(path, left, left_nbytes);
    assert_ok(run_log_open(&log, folder, &error), &error);
    assert_non_null(run_log_begin(&log, "end", &error));
    assert_ok(run_log_end(&log, &error), &error);
    run_log_close(&log);
    bytes = (char *)support_read_file(path, &nbytes);
    bytes[nbytes] = '\0';
    return bytes;
}

static void test_run_log_open_torn_line_becomes_an_object_of_its_own(void **state)
{
    static const char whole[] = "{\"event\":\"start\"}\n";
    static const struct {
        const char *torn, *text;
        size_t nbytes;
    } cases[] = {{"{\"event\":\"ep", "\"text\":\"{\\\"event\\\":\\\"ep\"}\n", 13},
                 {"x", "\"text\":\"x\"}\n", 1},
                 {"y\0\0z", "\"text\":\"y\"}\n", 4}, /* zeros are what a crash may leave */
                 {"\0", "\"text\":\"\"}\n", 1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int has_whole = 0; has_whole < 2; has_whole++) {
            char left[64];
            size_t before = has_whole ? sizeof(whole) - 1 : 0;
            char *log, *torn_line, *end_line;

            memcpy(left, whole, before);
            memcpy(left + before, cases[i].torn, cases[i].nbytes);
            log = log_after(*state, left, before + cases[i].nbytes);
            assert_int_equal(strncmp(log, whole, before), 0);
            torn_line = log + before;
            assert_int_equal(strncmp(torn_line, "{\"event\":\"torn\",\"time\":\"", 24), 0);
            end_line = strchr(torn_line, '\n') + 1;
            assert_ptr_equal(strstr(torn_line, cases[i].text) + strlen(cases[i].text), end_line);
            assert_int_equal(strncmp(end_line, "{\"event\":\"end\"", 14), 0);
            assert_string_equal(strchr(end_line, '\n'), "\n");
            free(log);
        }
}

static void test_run_log_open_whole_lines_stay_as_they_are(void **state)
{
    static const char whole[] = "{\"event\":\"start\"}\n{\"event\":\"stop\"}\n";
    char *log = log_after(*state, whole, sizeof(whole) - 1);

    assert_int_equal(strncmp(log, whole, sizeof(whole) - 1), 0);
    assert_null(strstr(log, "torn"));
    free(log);
    log = log_after(*state, "", 0);
    assert_int_equal(strncmp(log, "{\"event\":\"end\"", 14), 0);
    free(log);
}

/* Neither waited for nor written. */
static void test_run_log_open_fifo_is_refused(void **state)
{
    struct run_log log;
    struct error error = {0};

    assert_int_equal(mkfifo(support_path(*state, "log.jsonl"), 0600), 0);
    assert_fails(run_log_open(&log, *state, &error), &error, STATUS_IO);
    assert_non_null(strstr(error.what, "regular file"));
    run_log_close(&log);
}

/* A directory in the place of an old checkpoint cannot be removed as a file. */
static void test_run_tidy_what_cannot_be_removed_is_no_failure(void **state)
{
    struct ranks alone = {.count = 1, .node_count = 1};
    const struct train_options options = {.output = *state, .keep = 1};
    struct run run = {.options = &options, .program = "test", .ranks = &alone};
    struct error error = {0};

    assert_int_equal(mkdir(support_path(*state, "epoch-0001.h5"), 0700), 0);
    run.checkpoint = make(3, 30);
    assert_ok(run_save_epoch(&run, &error), &error);
    assert_false(run.checkpoint_is_overdue);
    assert_true(has(*state, "epoch-0003.h5"));
    run.checkpoint.epoch = run.checkpoint.epochs;
    run.checkpoint.finished = true;
    assert_ok(run_save_epoch(&run, &error), &error);
    assert_true(has(*state, "epoch-0009.h5"));
    run_log_close(&run.log);
}

static void test_run_save_values_that_are_not_finite_are_never_written(void **state)
{
    struct ranks alone = {.count = 1, .node_count = 1};
    const struct train_options options = {.output = *state, .learning_rate = 2};
    struct run run = {.options = &options, .program = "test", .ranks = &alone};
    struct error error = {0};

    run.checkpoint = make(3, 30);
    for (int i = 0; i < 2; i++) {
        run.checkpoint.parameters[0].data[1] = i ? NAN : -INFINITY;
        error = (struct error){0};
        assert_fails(run_save_epoch(&run, &error), &error, STATUS_DATA);
        assert_non_null(strstr(error.what, "linear/weight is not finite after step 30"));
        assert_non_null(strstr(error.what, "--learning-rate smaller than 2"));
        error = (struct error){0};
        assert_fails(run_save_interrupted(&run, &error), &error, STATUS_DATA);
    }
    run.checkpoint.parameters[0].data[1] = 0;
    assert_false(has(*state, "epoch-0003.h5"));
    assert_false(has(*state, "interrupted.h5"));
    run_log_close(&run.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_run_directory_read_newest_empty_folder_finds_none),
        SUPPORT_IN_FOLDER(test_run_directory_read_newest_passes_over_broken_ones),
        SUPPORT_IN_FOLDER(test_run_directory_read_newest_whole_file_of_another_kind_is_refused),
        SUPPORT_IN_FOLDER(test_run_directory_read_newest_takes_interrupted_if_it_is_further),
        SUPPORT_IN_FOLDER(test_run_directory_prune_keeps_the_newest),
        SUPPORT_IN_FOLDER(test_run_directory_compare_names_the_first_difference),
        SUPPORT_IN_FOLDER(test_run_directory_clear_removes_checkpoints_and_nothing_else),
        SUPPORT_IN_FOLDER(test_run_log_open_second_run_is_refused),
        SUPPORT_IN_FOLDER(test_run_log_open_torn_line_becomes_an_object_of_its_own),
        SUPPORT_IN_FOLDER(test_run_log_open_whole_lines_stay_as_they_are),
        SUPPORT_IN_FOLDER(test_run_log_open_fifo_is_refused),
        SUPPORT_IN_FOLDER(test_run_tidy_what_cannot_be_removed_is_no_failure),
        SUPPORT_IN_FOLDER(test_run_save_values_that_are_not_finite_are_never_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
