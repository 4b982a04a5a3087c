#include "tests/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/signals.h"

/* ---- a request for a checkpoint ---- */

static atomic_bool was_taken, is_over;

static void *take_requests(void *argument)
{
    (void)argument;
    while (!is_over)
        if (signals_take_checkpoint_request())
            was_taken = true;
    return NULL;
}

/* The thread that takes requests is interrupted anywhere, between reading and clearing too. */
static void test_take_checkpoint_request_none_is_lost(void **state)
{
    enum { NUM_REQUESTS = 10000 };
    pthread_t taker;

    (void)state;
    signals_catch_checkpoint();
    assert_int_equal(pthread_create(&taker, NULL, take_requests, NULL), 0);
    for (int i = 0; i < NUM_REQUESTS; i++) {
        time_t deadline = time(NULL) + 20;

        was_taken = false;
        assert_int_equal(pthread_kill(taker, SIGUSR2), 0);
        while (!was_taken && time(NULL) < deadline)
            continue;
        if (!was_taken)
            fail_msg("request %d was lost", i);
    }
    is_over = true;
    pthread_join(taker, NULL);
    assert_false(signals_take_checkpoint_request());
}

/* ---- a request to stop ---- */

/* What a program that catches stops sees of a signal; minus the signal that ended it. */
static int stop_seen_by_child(int number, bool is_ignored_at_start)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        signal(number, is_ignored_at_start ? SIG_IGN : SIG_DFL);
        signals_catch_stop();
        raise(number);
        _exit(signals_stop_requested());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_catch_stop_each_signal_is_noted(void **state)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        assert_int_equal(stop_seen_by_child(numbers[i], false), numbers[i]);
    assert_string_equal(signals_name(SIGHUP), "SIGHUP");
}

static void test_catch_stop_hangup_that_nohup_ignores_stays_ignored(void **state)
{
    (void)state;
    assert_int_equal(stop_seen_by_child(SIGHUP, true), 0);
    assert_int_equal(stop_seen_by_child(SIGTERM, true), SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_checkpoint_request_none_is_lost),
        cmocka_unit_test(test_catch_stop_each_signal_is_noted),
        cmocka_unit_test(test_catch_stop_hangup_that_nohup_ignores_stays_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
