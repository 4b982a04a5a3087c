/*
 * The command line of quern-show.
 */
#ifndef QUERN_SHOW_SHOW_OPTIONS_H
#define QUERN_SHOW_SHOW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/store.h"
#include "view/terminal/terminal.h"

/* What is asked for: one of them, by the options that name it. */
enum show_view_name {
    SHOW_SUMMARY, /* no option: what there is to say of what is named */
    SHOW_IMAGE,
    SHOW_PIXELS,
    SHOW_MEAN,
    SHOW_GRID,
    SHOW_FUNCTION,
    SHOW_WEIGHTS,
    SHOW_MISTAKES,
    SHOW_FOLLOW,
    SHOW_DIFF,
};

struct show_options {
    enum show_view_name view;
    char *const *operands; /* [num_operands], of argv */
    size_t num_operands;

    /* Of stores. */
    const char *image;          /* SPLIT/ROW or a path */
    const char *rows, *columns; /* ranges of --pixels, "FIRST:END"; NULL: what fits */
    uint64_t grid[2];           /* rows, columns */
    const char *class_name;     /* NULL: all */
    enum split split;
    bool is_split_given;
    const char *augment; /* NULL: images as they are stored */
    uint64_t seed, epoch;

    const char *function;

    const char *store; /* of --mistakes; NULL: looked for */
    uint64_t count;    /* of --weights and --mistakes; 0: as many as each has by default */

    const char *png; /* NULL: on the terminal */
    bool force;
    uint64_t scale; /* 0: what fits */
    struct terminal_wish terminal;
    bool is_quick; /* do not check seals over every byte */
    int num_threads;
};

/*
 * Parses argv; the texts point into it.  *done is set when --help or --version was all that was
 * asked for.
 */
bool show_options_parse(int argc, char **argv, struct show_options *options, bool *done,
                        struct error *error);

/* What --function takes, and "list"; NULL at the end. */
extern const char *const show_function_names[];

#endif
