/*
 * Signals, the same in every program.  SIGXFSZ and SIGPIPE are ignored, so that a file size limit
 * and a closed pipe come back as errors of the call.  SIGTERM, SIGINT, SIGUSR1 and SIGHUP ask to
 * stop; a second one, more than a second after the first, ends the process at once.  A SIGHUP that
 * is ignored when the program starts, as nohup has it, stays ignored.  SIGUSR2 asks for a
 * checkpoint, and is ignored by programs that write none.
 */
#ifndef QUERN_COMMON_SIGNALS_H
#define QUERN_COMMON_SIGNALS_H

#include <stdbool.h>

/* What every main calls first. */
void signals_ignore_limits(void);

/* For programs that can stop in good order. */
void signals_catch_stop(void);
void signals_catch_checkpoint(void);

/* The number of the signal that asked to stop, or 0. */
int signals_stop_requested(void);
/* "SIGTERM" and so on. */
const char *signals_name(int number);

/* True once after each SIGUSR2, or after several in a row.  For one thread. */
bool signals_take_checkpoint_request(void);

#endif
