/*
 * Progress and messages for people, on stderr: a live bar on a terminal, plain dated lines
 * elsewhere (a batch job's log), at most one in ten seconds.
 */
#ifndef QUERN_COMMON_PROGRESS_H
#define QUERN_COMMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *program;
    const char *what; /* "decode" */
    const char *unit; /* "images" */
    uint64_t total;
    bool is_terminal;
    bool is_drawn;
    double start_seconds;
    double last_seconds;
};

struct progress progress_begin(const char *program, const char *what, const char *unit,
                               uint64_t total);
/* Cheap enough to call often; draws at most ten times a second.  Call from one thread. */
void progress_update(struct progress *progress, uint64_t done);
/* Wipes the bar, so that the next line printed starts clean. */
void progress_clear(struct progress *progress);

/* Seconds on a clock that only goes forward. */
double progress_seconds(void);

/* One message line on stderr: "quern-train: TEXT", dated when stderr is no terminal. */
void progress_message(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
