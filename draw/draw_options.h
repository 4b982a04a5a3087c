/*
 * What quern-draw is asked to do.
 */
#ifndef QUERN_DRAW_DRAW_OPTIONS_H
#define QUERN_DRAW_DRAW_OPTIONS_H

#include <stdbool.h>

#include "common/error.h"
#include "draw/draw_tree.h"

/* Parses a command line.  *done: the help or the version was printed, and that is all. */
bool draw_options_parse(int argc, char **argv, struct draw_tree *tree, bool *done,
                        struct error *error);

#endif
