/*
 * Command lines.  A program describes its options in a table: type, range, default and help of
 * each, and which others it excludes or needs.  The table parses the command line, checks it and
 * makes the help, so that the three cannot disagree.
 *
 * Options are long (--name VALUE or --name=VALUE), may stand anywhere before a "--", and are never
 * abbreviated; -h is --help.  An option or choice that does not exist is answered with the nearest
 * that does.  Every failure is STATUS_USAGE.
 */
#ifndef QUERN_COMMON_OPTIONS_H
#define QUERN_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum option_type {
    OPTION_HEADING, /* help only: starts a group, .help is its title */
    OPTION_FLAG,    /* bool *value, set to true */
    OPTION_TEXT,    /* const char **value, points into argv; not empty */
    OPTION_COUNT,   /* uint64_t *value, decimal digits */
    OPTION_REAL,    /* double *value, decimal; 0, or not 0 in single precision either */
    OPTION_CHOICE,  /* int *value, the index in choices */
    OPTION_NBYTES,  /* uint64_t *value, 1 or more: digits, then K, M, G or T for powers of 1024 */
    OPTION_SIZE,    /* uint64_t value[2], height and width: "28x32" */
    OPTION_NAMES,   /* struct text_list *value, the caller's to free: "7,3"; a backslash takes the
                       next character as it is, so that a name may hold a comma */
};

struct option_spec {
    enum option_type type;
    const char *name;    /* without the two dashes */
    const char *metavar; /* what the help calls the value; choices print themselves */
    const char *help;    /* one sentence, in lower case, without a full stop */
    void *value;
    double minimum; /* of counts, reals and the sides of sizes; both zero means 0 or more */
    double maximum;
    /* NULL at the end; of OPTION_TEXT what it may begin with, for completion alone. */
    const char *const *choices;
    const char *shown_default; /* shown instead of the value; "" shows none */
    bool *given;               /* if not NULL, set to true when the option is met */
    bool is_required;
    /*
     * Conditions with blanks between them, checked when the option is given: none of excludes may
     * hold, all of needs must.  "merge": that option is given.  "model=linear": the value of that
     * choice or text is linear, given or by default.
     */
    const char *excludes;
    const char *needs;
};

struct program {
    const char *name;     /* "quern-train" */
    const char *usage;    /* what follows the name: "[OPTION...] STORE --output RUN_DIR" */
    const char *summary;  /* one or two sentences */
    const char *epilogue; /* after the options; examples; may be NULL */
    const struct option_spec *options;
    size_t num_options;
    bool is_brief; /* has neither progress nor notes: no --quiet */
    /* What --completion prints, where that is more than common/completion.h makes of the table. */
    void (*complete)(const struct program *program, const struct option_spec *general,
                     size_t num_general, int shell);
};

/*
 * Parses argv.  --help, --version and --completion print to stdout and set *done: main returns 0
 * then.  --quiet, which every program has too, is told to common/progress.h.
 * Operands (what is no option) are moved to the end of argv; *first_operand is the index of the
 * first.
 */
bool options_parse(const struct program *program, int argc, char **argv, int *first_operand,
                   bool *done, struct error *error);

/*
 * Are the operands those of names: "SOURCE STORE.h5"?  "[STORE.h5]" may be left out, "SHARD.h5..."
 * is one or more.
 */
bool options_check_operands(const char *names, int count, char **operands, struct error *error);

/*
 * Decimal digits only, without sign, blank or exponent, from minimum to maximum.  name says in the
 * message whose number it is.
 */
bool options_parse_count(const char *name, const char *text, uint64_t minimum, uint64_t maximum,
                         uint64_t *value, struct error *error);

/* A decimal number from minimum to maximum, INFINITY for any; not one that is 0 in single precision
 * only. */
bool options_parse_real(const char *name, const char *text, double minimum, double maximum,
                        double *value, struct error *error);

/*
 * How every main ends: prints the error, if any, and for usage errors where the help is.  Where
 * standard output is a pipe that is read no more, and nothing else is wrong, it ends the process by
 * SIGPIPE, in silence.
 */
int options_exit_status(const char *program, const struct error *error);

#endif
