/*
 * What a run's directory says of the run, read without disturbing it: its log, from the start and
 * on while it grows, and whether a quern-train is at work there.  FORMAT.md tells of log.jsonl.
 *
 * The log may not be there yet; its last line may be torn, and is read once it is whole.  A log
 * that is another file now, or shorter, is read anew.  A run that is taken up again goes on in the
 * same log, and epochs that it repeats take the place of those of before.
 */
#ifndef QUERN_APPLY_RUN_STATE_H
#define QUERN_APPLY_RUN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "formats/checkpoint/checkpoint.h"

enum run_phase {
    RUN_PHASE_NONE,     /* no log, and nobody at work */
    RUN_PHASE_RUNNING,  /* quern-train holds the directory */
    RUN_PHASE_STOPPED,  /* by a signal, after a checkpoint */
    RUN_PHASE_FINISHED, /* all its epochs, or --patience's end */
    RUN_PHASE_BROKEN,   /* the log ends in the middle, and nobody is at work: killed, or failed */
};

/* "not started", "running", ... */
const char *run_phase_name(enum run_phase phase);

struct run_epoch {
    struct epoch_record record;
    double seconds;
    double samples_per_second;
    char time[32]; /* when it ended, as the log has it, UTC */
};

struct run_state {
    char *log_path;
    /* The log as it is read. */
    int descriptor; /* -1: there was none */
    dev_t device;
    ino_t inode;
    uint64_t offset; /* of the first line that is not read yet */
    /* What it says. */
    char last_event[16];           /* "start", "epoch", ...; empty: none yet */
    char last_time[32];            /* of it, as written, UTC */
    char signal[24];               /* that stopped the run */
    uint64_t num_starts;           /* 2 or more: taken up again */
    uint64_t first_epoch;          /* done before the last start */
    char start_time[32];           /* of it */
    uint64_t num_asked;            /* epochs */
    uint64_t num_train, num_valid; /* samples */
    uint64_t num_warnings;
    char warning[400];       /* the last */
    uint64_t num_unreadable; /* lines that are no JSON, or too long */
    size_t count, capacity;
    struct run_epoch *epochs; /* ascending; owned */
    /* Who is at work. */
    bool is_lock_known; /* false: the file system cannot say */
    bool is_locked;
};

/* Nothing is read yet, and directory need not exist. */
bool run_state_open(const char *directory, struct run_state *state, struct error *error);

/*
 * Reads what is new; *is_changed tells whether that is anything.  What is not there is no error;
 * STATUS_IO for what cannot be read.
 */
bool run_state_update(struct run_state *state, bool *is_changed, struct error *error);
void run_state_close(struct run_state *state);

enum run_phase run_state_phase(const struct run_state *state);

/* Seconds of an epoch, the mean over the last few; NAN before the first. */
double run_state_epoch_seconds(const struct run_state *state);
/* Seconds of all epochs. */
double run_state_total_seconds(const struct run_state *state);

#endif
