#include "common/signals.h"

#include <signal.h>
#include <stddef.h>

/* The one thing that a handler can reach; constants cannot hold it. */
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t checkpoint_is_requested;

static void take_stop(int number)
{
    if (stop_signal) {
        signal(number, SIG_DFL);
        raise(number);
    }
    stop_signal = number;
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
    sigaction(number, &action, NULL);
}

void signals_ignore_limits(void)
{
    catch_signal(SIGXFSZ, SIG_IGN);
    catch_signal(SIGPIPE, SIG_IGN);
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
