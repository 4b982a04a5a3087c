/*
 * Which call of the program is to fail, and what is said of it.  See fault_injector.c.
 */
#ifndef QUERN_TESTS_FAULTS_FAULT_CHOICE_H
#define QUERN_TESTS_FAULTS_FAULT_CHOICE_H

#include <stdbool.h>

enum group {
    GROUP_OPEN,
    GROUP_READ,
    GROUP_PREAD,
    GROUP_WRITE,
    GROUP_PWRITE,
    GROUP_FSYNC,
    GROUP_RENAME,
    GROUP_CLOSE,
    GROUP_TRUNCATE,
    GROUP_STAT,
    GROUP_LOCK,
    GROUP_FOLDER,
    GROUP_MALLOC,
    NUM_GROUPS,
};

/* Reads the environment and begins to count. */
void fault_begin(void);

/* Counts a call.  True when it is the one that shall fail; errno is then set, unless it shall be a
 * short transfer. */
bool fault_is_chosen(enum group group, const char *detail, const void *caller);

/* Whether the chosen call shall move half of the bytes instead of failing. */
bool fault_is_short(void);

/* Ends the program at once, before or instead of its main. */
void fault_fail_to_start(const char *what, const char *value);

#endif
