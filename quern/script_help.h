/*
 * The options of a script, read from the help that it prints: rows such as
 * "  --from STAGE                begin with STAGE", as the programs have them.
 */
#ifndef QUERN_QUERN_SCRIPT_HELP_H
#define QUERN_QUERN_SCRIPT_HELP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/options.h"

enum { SCRIPT_HELP_MAX_OPTIONS = 64 };

struct script_help {
    char *text; /* what the rows point into, owned */
    struct option_spec options[SCRIPT_HELP_MAX_OPTIONS];
    size_t num_options;
};

/* Takes the rows out of text [nbytes and a NUL], which becomes help's own. */
void script_help_parse(struct script_help *help, char *text);

/* Runs PATH --help and parses what it prints. */
bool script_help_read(const char *path, struct script_help *help, struct error *error);

void script_help_free(struct script_help *help);

#endif
