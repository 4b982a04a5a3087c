/*
 * The help that a table of options makes, as wide as the terminal.  For common/options.c.
 */
#ifndef QUERN_COMMON_OPTIONS_HELP_H
#define QUERN_COMMON_OPTIONS_HELP_H

#include <stdio.h>

#include "common/options.h"

/* general [num_general]: the options that every program has, which come last. */
void options_help_print(const struct program *program, const struct option_spec *general,
                        size_t num_general, FILE *stream);

/* The choices of an OPTION_CHOICE as "a|b|c", cut to fit. */
void options_help_choices(const struct option_spec *spec, char *buffer, size_t size);

#endif
