/*
 * The commands of `quern`: the programs that belong to it, and those called quern-NAME that the
 * user has in PATH.
 */
#ifndef QUERN_QUERN_COMMANDS_H
#define QUERN_QUERN_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/completion.h"
#include "common/error.h"
#include "common/text_list.h"

struct command {
    struct completion_command words; /* its name and what it does */
    bool is_script;                  /* of jobs/, with options that no table has */
};

/* In the order in which work is done; ends with a name that is NULL. */
extern const struct command commands_known[];

/* The directory of this program's file, malloc'ed; NULL where the system does not say. */
char *commands_directory(const char *argv0);

/*
 * The path of quern-NAME: in directory, where `quern` itself is, else in PATH.  Malloc'ed; NULL if
 * there is none.
 */
char *commands_find(const char *directory, const char *name);

/* The names of all others in directory and PATH, sorted. */
bool commands_list_others(const char *directory, struct text_list *names, struct error *error);

#endif
