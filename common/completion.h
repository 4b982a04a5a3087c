/*
 * What makes a shell complete a program's command line: a script for bash, zsh or fish, made from
 * the same table that parses the options and prints the help.
 *
 * What a value or an operand may be is told by the words that the help has for it: a name with a
 * dot ("STORE.h5") is a file with that ending, "FILE" and "SOURCE" any file, "RUN_DIR" and
 * "CHECKPOINT" a directory or a file that ends in .h5, and what is in small letters ("full|none")
 * is typed as it stands.  The choices of an option are offered, too, those of a text as what it may
 * be or begin with.
 */
#ifndef QUERN_COMMON_COMPLETION_H
#define QUERN_COMMON_COMPLETION_H

#include <stdio.h>

#include "common/options.h"

enum completion_shell { COMPLETION_BASH, COMPLETION_ZSH, COMPLETION_FISH };

/* "bash", "zsh", "fish", NULL */
extern const char *const completion_shell_names[];

/* A command of `quern`, such as train. */
struct completion_command {
    const char *name;
    const char *summary;
};

/* Prints the script for one program: general [num_general] are options that every program has. */
void completion_print(const struct program *program, const struct option_spec *general,
                      size_t num_general, enum completion_shell shell, FILE *stream);

/*
 * For `quern COMMAND ...`, in one file with the scripts of the programs: what comes before them
 * and, behind them and that of `quern` itself, what leads to them.
 */
void completion_begin_commands(const struct completion_command *commands, size_t count,
                               enum completion_shell shell, FILE *stream);
void completion_end_commands(const struct completion_command *commands, size_t count,
                             enum completion_shell shell, FILE *stream);

#endif
