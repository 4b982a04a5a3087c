/*
 * Progress and messages for people, on stderr: a live line on a terminal, plain dated lines
 * elsewhere (a batch job's log), at most one in ten seconds.
 *
 * The live line takes one row at any width: what is least important goes first.  It appears once a
 * stage has taken half a second, and is wiped before any message is printed.  Whoever prints
 * results while a stage goes on calls progress_wipe first, because the terminal is stdout's too.
 *
 * The terminal is one for all of the process, and so are the line on it and --quiet: they are kept
 * here, the only state of common/ besides that of signals.  For one thread at a time.
 */
#ifndef QUERN_COMMON_PROGRESS_H
#define QUERN_COMMON_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    const char *program; /* not owned */
    char what[48];       /* "decode" */
    const char *unit;    /* "images", not owned; those of "bytes" are shown as kB, MB, ... */
    uint64_t total;      /* 0: not known; then there are no percent and no time left */
    bool is_terminal;
    bool is_silent;
    double start_seconds;
    double last_seconds;
    uint64_t last_done;
    double rate, rate_weight; /* a moving average of units a second, and the share of it that is
                                 measured */
    uint64_t first_done;      /* units that another process did before */
    /* Where the stage is one of several of a run that are alike, such as epochs: */
    uint64_t run_done;    /* units of this run that this process did before the stage */
    double run_seconds;   /* what they took, and all between them */
    uint64_t run_pending; /* units of this run that are left when the stage begins */
};

/* program: NULL is this process's own name.  what is copied. */
struct progress progress_begin(const char *program, const char *what, const char *unit,
                               uint64_t total);
/* Of the units so many were done before, and say nothing about the rate. */
void progress_skip(struct progress *progress, uint64_t done);
/* Cheap enough to call often; draws at most ten times a second. */
void progress_update(struct progress *progress, uint64_t done);
/* Wipes the line, so that the next line printed starts clean. */
void progress_clear(struct progress *progress);
/* The same for who has no stage at hand. */
void progress_wipe(void);

/* --quiet: neither progress nor notes from now on. */
void progress_set_quiet(bool is_quiet);

/* Seconds on a clock that only goes forward. */
double progress_seconds(void);

/*
 * One message line on stderr: "quern-train: TEXT", dated when stderr is no terminal; control
 * characters of names in it are escaped (text_escape_line).  A message is
 * what must be known: warnings, and what became of data.  A note is what --quiet leaves out: how
 * the program goes about its work.
 */
void progress_message(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_note(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A live line for so many columns; for progress_update and its test.  Returns the buffer. */
const char *progress_format_line(const struct progress *progress, uint64_t done, double now,
                                 size_t columns, char *buffer, size_t size);

#endif
