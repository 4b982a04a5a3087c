#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/progress.h"
#include "common/text_width.h"

/* A stage that began so many seconds ago and is measured at every second of them. */
static struct progress make_stage(const char *what, uint64_t total, double seconds, uint64_t done)
{
    struct progress progress = progress_begin("quern-test", what, "images", total);

    progress.is_silent = false;
    progress.start_seconds -= seconds;
    progress.rate = (double)done / seconds;
    progress.rate_weight = 1;
    return progress;
}

static const char *format(const struct progress *progress, uint64_t done, double seconds,
                          size_t columns)
{
    static char line[512];

    return progress_format_line(progress, done, progress->start_seconds + seconds, columns, line,
                                sizeof(line));
}

/* ---- the line ---- */

static void test_line_leaves_out_what_is_least_important(void **state)
{
    struct progress stage = make_stage("decode", 10000, 9, 4500);

    (void)state;
    setenv("LC_ALL", "C", 1);
    assert_string_equal(format(&stage, 4500, 9, 79),
                        "decode  #############-----------------   45%  500 images/s  11 s left");
    assert_string_equal(format(&stage, 4500, 9, 50),
                        "decode  ####-------   45%  500 images/s  11 s left");
    assert_string_equal(format(&stage, 4500, 9, 40), "decode  ###-----   45%  500/s  11 s left");
    assert_string_equal(format(&stage, 4500, 9, 34), "decode   45%  500/s  11 s left");
    assert_string_equal(format(&stage, 4500, 9, 24), "decode   45%  11 s left");
    assert_string_equal(format(&stage, 4500, 9, 19), "decode   45%");
    assert_string_equal(format(&stage, 4500, 9, 9), " 45%");
    assert_string_equal(format(&stage, 4500, 9, 3), " 45");
    assert_string_equal(format(&stage, 4500, 9, 0), "");
}

static void test_line_fits_any_width_and_any_name(void **state)
{
    static const char *const names[] = {"x", "epoch 12/200", "\xe7\x8c\xab\xe7\x8a\xac\xe7\x8c\xab",
                                        "a name that is much too long for any line of this kind"};

    (void)state;
    for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
        setenv("LC_ALL", is_utf8 ? "C.UTF-8" : "C", 1);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            for (size_t columns = 0; columns < 200; columns++) {
                struct progress stage = make_stage(names[i], 123456789, 1000, 1234567);

                stage.run_pending = 200 * stage.total;
                assert_true(text_width(format(&stage, 1234567, 1000, columns)) <= columns);
                stage.total = 0;
                assert_true(text_width(format(&stage, 1234567, 1000, columns)) <= columns);
            }
        }
    }
    setenv("LC_ALL", "C", 1);
}

static void test_line_of_one_epoch_has_the_time_left_of_the_run(void **state)
{
    struct progress stage = make_stage("epoch 2/4", 1000, 5, 500);

    (void)state;
    /* 10 s of the first epoch and 5 s of this one for 1500 samples: 2500 more take 25 s. */
    stage.run_done = 1000;
    stage.run_seconds = 10;
    stage.run_pending = 3000;
    assert_string_equal(format(&stage, 500, 5, 65),
                        "epoch 2/4  ####-----   50%  100 images/s  5 s left  run 25 s left");
    stage.run_pending = 1000;
    assert_string_equal(format(&stage, 500, 5, 40), "epoch 2/4   50%  100/s  5 s left");
}

static void test_line_without_a_total_counts(void **state)
{
    struct progress stage = make_stage("list", 0, 2, 12345);

    (void)state;
    assert_string_equal(format(&stage, 12345, 2, 79), "list  12,345 images  6,173 images/s");
    stage.unit = "bytes";
    assert_string_equal(format(&stage, 12345000, 2, 79), "list  12 MB   6.2 kB/s");
}

static void test_line_says_100_percent_only_when_done(void **state)
{
    struct progress stage = make_stage("decode", 100000, 10, 99999);

    (void)state;
    assert_string_equal(format(&stage, 99999, 10, 12), "decode   99%");
    assert_string_equal(format(&stage, 100000, 10, 12), "decode  100%");
}

/* ---- the log ---- */

/* What a call prints to stderr, which is a file. */
static const char *capture(void (*call)(void *), void *argument)
{
    static char text[2048];
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    size_t nbytes;

    assert_non_null(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    call(argument);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    nbytes = fread(text, 1, sizeof(text) - 1, file);
    text[nbytes] = '\0';
    fclose(file);
    return text;
}

static void update_halfway(void *argument)
{
    struct progress *progress = argument;

    progress_update(progress, progress->total / 2);
}

static void test_update_without_terminal_prints_a_dated_line_after_ten_seconds(void **state)
{
    struct progress stage = progress_begin("quern-test", "decode", "images", 20000);
    const char *text;

    (void)state;
    stage.is_terminal = false;
    assert_string_equal(capture(update_halfway, &stage), "");
    stage.start_seconds -= 9;
    stage.last_seconds -= 9;
    assert_string_equal(capture(update_halfway, &stage), "");
    stage.start_seconds -= 1;
    stage.last_seconds -= 1;
    text = capture(update_halfway, &stage);
    assert_int_equal(text[0], '2');
    assert_non_null(
        strstr(text, " quern-test: decode: 10,000 of 20,000 images, 50%, 1,000/s, 10 s left\n"));
    assert_null(strchr(text, '\033'));
    /* Once. */
    assert_string_equal(capture(update_halfway, &stage), "");
}

static void test_skip_does_not_count_what_another_process_did(void **state)
{
    struct progress stage = progress_begin("quern-test", "epoch", "samples", 20000);

    (void)state;
    stage.is_terminal = false;
    progress_skip(&stage, 5000);
    stage.start_seconds -= 10;
    stage.last_seconds -= 10;
    assert_non_null(strstr(capture(update_halfway, &stage), ", 50%, 500/s, 20 s left\n"));
}

static void say_both(void *argument)
{
    (void)argument;
    progress_note("quern-test", "taking it easy");
    progress_message("quern-test", "warning: something is lost");
}

static void test_quiet_leaves_messages_and_no_notes_and_no_progress(void **state)
{
    struct progress stage;
    const char *text;

    (void)state;
    progress_set_quiet(true);
    stage = progress_begin("quern-test", "decode", "images", 20000);
    text = capture(say_both, NULL);
    progress_set_quiet(false);
    assert_null(strstr(text, "taking it easy"));
    assert_non_null(strstr(text, "warning: something is lost"));
    stage.start_seconds -= 20;
    stage.last_seconds -= 20;
    assert_string_equal(capture(update_halfway, &stage), "");
    assert_non_null(strstr(capture(say_both, NULL), "taking it easy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_leaves_out_what_is_least_important),
        cmocka_unit_test(test_line_fits_any_width_and_any_name),
        cmocka_unit_test(test_line_of_one_epoch_has_the_time_left_of_the_run),
        cmocka_unit_test(test_line_without_a_total_counts),
        cmocka_unit_test(test_line_says_100_percent_only_when_done),
        cmocka_unit_test(test_update_without_terminal_prints_a_dated_line_after_ten_seconds),
        cmocka_unit_test(test_skip_does_not_count_what_another_process_did),
        cmocka_unit_test(test_quiet_leaves_messages_and_no_notes_and_no_progress),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
