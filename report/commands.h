/*
 * The commands that lead to a checkpoint, from what the store and the checkpoint record of
 * themselves: quern-ingest, quern-train and quern-evaluate, quoted for a shell.
 */
#ifndef QUERN_REPORT_COMMANDS_H
#define QUERN_REPORT_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/store/store.h"

/* What the commands call things: names alone, in the directory in which they are run. */
struct commands_names {
    const char *store, *run, *report;
};

/* Each prints a command over some lines.  What cannot be known, as the regular expression of
 * --group-by, of which the store has a hash, is added to notes in words. */
bool commands_print_ingest(FILE *stream, struct store *store, const struct commands_names *names,
                           struct text_list *notes, struct error *error);
bool commands_print_train(FILE *stream, const struct checkpoint *checkpoint,
                          const struct commands_names *names, struct text_list *notes,
                          struct error *error);
void commands_print_evaluate(FILE *stream, const struct checkpoint *checkpoint, enum split split,
                             const struct commands_names *names);

#endif
