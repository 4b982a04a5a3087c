/*
 * Command lines: a table of long options is parsed, and the same table makes the help, so that
 * the two cannot disagree.  Defaults shown in the help are the values at the time of the call.
 */
#ifndef QUERN_COMMON_OPTIONS_H
#define QUERN_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum option_type {
    OPTION_HEADING, /* help only: starts a group, .help is its title */
    OPTION_FLAG,    /* bool *value, set to true */
    OPTION_TEXT,    /* const char **value, points into argv */
    OPTION_COUNT,   /* uint64_t *value, from minimum to maximum */
    OPTION_REAL,    /* double *value, from minimum to maximum */
    OPTION_CHOICE,  /* int *value, the index in choices */
};

struct option_spec {
    enum option_type type;
    const char *name;    /* without the two dashes */
    const char *metavar; /* what the help calls the value; choices print themselves */
    const char *help;    /* one sentence, in lower case, without a full stop */
    void *value;
    double minimum; /* for numbers; both zero means 0 or more */
    double maximum;
    const char *const *choices; /* NULL at the end */
    const char *shown_default;  /* shown instead of the value; "" shows none */
    bool *given;                /* if not NULL, set to true when the option is met */
};

struct program {
    const char *name;     /* "quern-train" */
    const char *usage;    /* what follows the name: "[OPTION...] STORE --output RUN_DIR" */
    const char *summary;  /* one or two sentences */
    const char *epilogue; /* after the options; examples; may be NULL */
    const struct option_spec *options;
    size_t num_options;
};

/*
 * Parses argv.  --help and --version print to stdout and set *done: main returns 0 then.
 * Operands (non-options) are moved to the end of argv; *first_operand is the index of the first.
 * STATUS_USAGE names what is wrong.
 */
bool options_parse(const struct program *program, int argc, char **argv, int *first_operand,
                   bool *done, struct error *error);

/* How every main ends: prints the error, if any, and for usage errors where the help is. */
int options_exit_status(const struct program *program, const struct error *error);

#endif
