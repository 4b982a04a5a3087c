#include "common/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

/*
 * A scheduler or a terminal signals every process of a job, and a script that runs this one passes
 * the signal on: what comes so soon after the first is the same request.
 */
enum { SAME_REQUEST_SECONDS = 1 };

/* Global, because a handler can reach nothing else. */
static volatile sig_atomic_t stop_signal;
static atomic_uint num_checkpoint_requests;

static void signals_handle_stop(int number)
{
    static struct timespec first;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!stop_signal) {
        first = now;
        stop_signal = number;
    } else if (now.tv_sec > first.tv_sec + SAME_REQUEST_SECONDS ||
               (now.tv_sec == first.tv_sec + SAME_REQUEST_SECONDS &&
                now.tv_nsec >= first.tv_nsec)) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void signals_handle_checkpoint(int number)
{
    (void)number;
    num_checkpoint_requests++;
}

static void signals_set_handler(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaddset(&action.sa_mask, SIGHUP);
    sigaction(number, &action, NULL);
}

void signals_ignore_limits(void)
{
    signals_set_handler(SIGXFSZ, SIG_IGN);
    signals_set_handler(SIGPIPE, SIG_IGN);
    signals_set_handler(SIGUSR2, SIG_IGN);
}

void signals_catch_stop(void)
{
    struct sigaction at_start;

    signals_set_handler(SIGTERM, signals_handle_stop);
    signals_set_handler(SIGINT, signals_handle_stop);
    signals_set_handler(SIGUSR1, signals_handle_stop);
    if (sigaction(SIGHUP, NULL, &at_start) == 0 && at_start.sa_handler != SIG_IGN)
        signals_set_handler(SIGHUP, signals_handle_stop);
}

void signals_catch_checkpoint(void)
{
    signals_set_handler(SIGUSR2, signals_handle_checkpoint);
}

int signals_stop_requested(void)
{
    return stop_signal;
}

const char *signals_name(int number)
{
    switch (number) {
    case SIGTERM:
        return "SIGTERM";
    case SIGINT:
        return "SIGINT";
    case SIGUSR1:
        return "SIGUSR1";
    case SIGHUP:
        return "SIGHUP";
    default:
        return "a signal";
    }
}

bool signals_take_checkpoint_request(void)
{
    static unsigned num_taken;
    unsigned num_requests = num_checkpoint_requests;
    bool is_new = num_requests != num_taken;

    /* A signal that comes from here on makes another number than this one. */
    num_taken = num_requests;
    return is_new;
}
