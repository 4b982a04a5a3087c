#include "tests/support.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/run_state.h"
#include "formats/file/atomic_file.h"

#define START                                                                                      \
    "{\"event\":\"start\",\"time\":\"T\",\"train_samples\":90,\"epochs\":5,\"epochs_done\":0}\n"
#define RESUME "{\"event\":\"start\",\"train_samples\":90,\"epochs\":5,\"epochs_done\":1}\n"
#define EPOCH(number, loss)                                                                        \
    "{\"event\":\"epoch\",\"epoch\":" #number ",\"train_loss\":" #loss                             \
    ",\"valid_loss\":null,\"valid_accuracy\":0.5,\"learning_rate\":1,\"seconds\":2,"               \
    "\"samples_per_second\":45}\n"
#define STOP "{\"event\":\"stop\",\"epoch\":1,\"signal\":\"SIGTERM\"}\n"
#define END "{\"event\":\"end\",\"epoch\":5,\"seconds\":9}\n"

/* Appends to FOLDER/log.jsonl. */
static void append(const char *folder, const char *text)
{
    FILE *file = fopen(support_path(folder, "log.jsonl"), "a");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void update(struct run_state *run, bool expected_change)
{
    struct error error = {0};
    bool is_changed;

    assert_ok(run_state_update(run, &is_changed, &error), &error);
    assert_int_equal(is_changed, expected_change);
}

static void test_run_state_follows_a_log_from_before_it_is_there(void **state)
{
    struct run_state run;
    struct error error = {0};

    assert_ok(run_state_open(*state, &run, &error), &error);
    update(&run, false);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_NONE);
    append(*state, START);
    update(&run, true);
    assert_int_equal(run.num_asked, 5);
    assert_int_equal(run.num_train, 90);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_BROKEN);
    /* A line counts once it is whole. */
    append(*state, "{\"event\":\"epoch\",\"epo");
    update(&run, false);
    append(*state, "ch\":1,\"train_loss\":0.25}\n");
    update(&run, true);
    assert_int_equal(run.count, 1);
    assert_true(run.epochs[0].record.train_loss == 0.25);
    assert_true(isnan(run.epochs[0].record.valid_loss));
    update(&run, false);
    append(*state, END);
    update(&run, true);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_FINISHED);
    assert_int_equal(run.num_unreadable, 0);
    run_state_close(&run);
}

static void test_run_state_resumed_run_takes_repeated_epochs_once(void **state)
{
    struct run_state run;
    struct error error = {0};

    append(*state, START EPOCH(1, 4) EPOCH(2, 3) STOP);
    assert_ok(run_state_open(*state, &run, &error), &error);
    update(&run, true);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_STOPPED);
    assert_string_equal(run.signal, "SIGTERM");
    assert_int_equal(run.count, 2);
    append(*state, RESUME);
    update(&run, true);
    assert_int_equal(run.count, 1);
    append(*state, EPOCH(2, 2) EPOCH(3, 1));
    update(&run, true);
    assert_int_equal(run.count, 3);
    assert_true(run.epochs[1].record.train_loss == 2);
    assert_int_equal(run.num_starts, 2);
    assert_true(run_state_epoch_seconds(&run) == 2);
    assert_true(run_state_total_seconds(&run) == 6);
    run_state_close(&run);
}

static void test_run_state_replaced_log_is_read_anew(void **state)
{
    const char *path = support_path(*state, "log.jsonl"), *other = support_path(*state, "other");
    struct run_state run;
    struct error error = {0};

    append(*state, START EPOCH(1, 4) EPOCH(2, 3));
    assert_ok(run_state_open(*state, &run, &error), &error);
    update(&run, true);
    assert_int_equal(run.count, 2);
    support_write_file(other, START EPOCH(1, 7), strlen(START EPOCH(1, 7)));
    assert_int_equal(rename(other, path), 0);
    update(&run, true);
    assert_int_equal(run.count, 1);
    assert_true(run.epochs[0].record.train_loss == 7);
    /* Cut short in place. */
    assert_int_equal(truncate(path, (off_t)strlen(START)), 0);
    update(&run, true);
    assert_int_equal(run.count, 0);
    assert_int_equal(unlink(path), 0);
    update(&run, true);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_NONE);
    run_state_close(&run);
}

static void test_run_state_counts_lines_that_are_no_events(void **state)
{
    struct run_state run;
    struct error error = {0};
    char *long_line = malloc(6 << 20);

    assert_non_null(long_line);
    memset(long_line, 'x', (6 << 20) - 2);
    memcpy(long_line + (6 << 20) - 2, "\n", 2);
    append(*state, "no json\n\n[]\n{\"no\":1}\n");
    append(*state, long_line);
    append(*state, "{\"event\":\"epoch\",\"epoch\":-3}\n" EPOCH(4, 1));
    assert_ok(run_state_open(*state, &run, &error), &error);
    update(&run, true);
    assert_int_equal(run.num_unreadable, 5);
    assert_int_equal(run.count, 1);
    assert_int_equal(run.epochs[0].record.epoch, 4);
    /* A long line without an end is passed over once it has one. */
    long_line[(6 << 20) - 2] = '\0';
    append(*state, long_line);
    update(&run, false);
    append(*state, "\n" EPOCH(5, 1));
    update(&run, true);
    assert_int_equal(run.num_unreadable, 6);
    assert_int_equal(run.count, 2);
    run_state_close(&run);
    free(long_line);
}

static void test_run_state_sees_who_holds_the_log_and_leaves_it(void **state)
{
    struct run_state run;
    struct error error = {0};
    int descriptor;

    append(*state, START);
    descriptor = open(support_path(*state, "log.jsonl"), O_RDWR | O_APPEND);
    assert_true(descriptor >= 0);
    assert_ok(run_state_open(*state, &run, &error), &error);
    update(&run, true);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_BROKEN);
    assert_ok(atomic_file_lock(descriptor, "log", "busy", &error), &error);
    update(&run, true);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_RUNNING);
    close(descriptor);
    update(&run, true);
    assert_int_equal(run_state_phase(&run), RUN_PHASE_BROKEN);
    /* To look takes no lock: another may have it. */
    descriptor = open(support_path(*state, "log.jsonl"), O_RDWR | O_APPEND);
    assert_ok(atomic_file_lock(descriptor, "log", "busy", &error), &error);
    close(descriptor);
    run_state_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_run_state_follows_a_log_from_before_it_is_there),
        SUPPORT_IN_FOLDER(test_run_state_resumed_run_takes_repeated_epochs_once),
        SUPPORT_IN_FOLDER(test_run_state_replaced_log_is_read_anew),
        SUPPORT_IN_FOLDER(test_run_state_counts_lines_that_are_no_events),
        SUPPORT_IN_FOLDER(test_run_state_sees_who_holds_the_log_and_leaves_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
