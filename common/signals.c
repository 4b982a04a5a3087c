#include "common/signals.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

/*
 * A scheduler or a terminal signals every process of a job, and a script that runs this one passes
 * it on: what comes so soon after the first is the same wish.
 */
enum { SAME_WISH_SECONDS = 1 };

/* The one thing that a handler can reach; constants cannot hold it. */
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t checkpoint_is_requested;

static void take_stop(int number)
{
    static struct timespec first;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!stop_signal) {
        first = now;
        stop_signal = number;
    } else if (now.tv_sec > first.tv_sec + SAME_WISH_SECONDS ||
               (now.tv_sec == first.tv_sec + SAME_WISH_SECONDS && now.tv_nsec >= first.tv_nsec)) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void take_checkpoint(int number)
{
    (void)number;
    checkpoint_is_requested = 1;
}

static void catch_signal(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(number, &action, NULL);
}

void signals_ignore_limits(void)
{
    catch_signal(SIGXFSZ, SIG_IGN);
    catch_signal(SIGPIPE, SIG_IGN);
    catch_signal(SIGUSR2, SIG_IGN);
}

void signals_catch_stop(void)
{
    catch_signal(SIGTERM, take_stop);
    catch_signal(SIGINT, take_stop);
    catch_signal(SIGUSR1, take_stop);
}

void signals_catch_checkpoint(void)
{
    catch_signal(SIGUSR2, take_checkpoint);
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
    default:
        return "a signal";
    }
}

bool signals_take_checkpoint_request(void)
{
    bool is_requested = checkpoint_is_requested != 0;

    checkpoint_is_requested = 0;
    return is_requested;
}
