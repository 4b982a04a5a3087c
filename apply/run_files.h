/*
 * The files that make up a run, for programs that write beside them: none of them may be replaced
 * by what is made of them.
 */
#ifndef QUERN_APPLY_RUN_FILES_H
#define QUERN_APPLY_RUN_FILES_H

#include <stdbool.h>

#include "common/error.h"

/*
 * *is_included: path names, by whatever spelling or link, a file that is there and is one of the
 * run's: a checkpoint, best.h5, interrupted.h5 or log.jsonl.  run is its directory or one of its
 * checkpoints.
 */
bool run_files_include(const char *run, const char *path, bool *is_included, struct error *error);

#endif
