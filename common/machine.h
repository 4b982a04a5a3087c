/*
 * What this process may use of the machine: memory and processors, as the hardware, the control
 * groups of a batch job or a container, and the limits of the process allow.
 */
#ifndef QUERN_COMMON_MACHINE_H
#define QUERN_COMMON_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes of the machine's memory, or the limit of this process' control group or address space if
 * that is less.
 */
uint64_t machine_memory_nbytes(void);

enum { MACHINE_MAX_THREADS = 1024 };

struct machine_threads {
    int count;         /* 1 to MACHINE_MAX_THREADS */
    bool is_asked_for; /* by the user; else processes that share the processors share the number */
    char rule[100];    /* what gave the number, for logs: "--threads", "OMP_NUM_THREADS", ... */
};

/*
 * How many threads to work with: those of --threads (given; 0 when the option was not); else the
 * first number of OMP_NUM_THREADS; else the processors that the affinity of the process allows, or
 * as many as it takes to use up the control group's quota of processor time if that is less.  Those
 * that cannot be started are left out, with a note on stderr.
 */
struct machine_threads machine_choose_threads(uint64_t given);

/*
 * How many of count threads, the calling one among them, can work here: all, or half of those that
 * can be started when a limit on processes or address space stops some, so that room is left.
 * OpenMP ends the process, with status 1, when it cannot start a thread.
 */
int machine_startable_threads(int count);

/* The least limits of the control groups that hold this process; infinite where there is none. */
struct machine_group_limits {
    uint64_t memory_nbytes; /* UINT64_MAX */
    double num_processors;  /* INFINITY; 1.5: one and a half processors' time */
};

/*
 * Reads the limits from root/proc/self/cgroup and below root/sys/fs/cgroup, of version 2 and 1.
 * root is "" for the system's own files.  What cannot be read is no limit.
 */
struct machine_group_limits machine_read_group_limits(const char *root);

#endif
