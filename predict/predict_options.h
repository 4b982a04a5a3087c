/*
 * What quern-predict is asked to do.
 */
#ifndef QUERN_PREDICT_PREDICT_OPTIONS_H
#define QUERN_PREDICT_PREDICT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/model_file.h"
#include "common/error.h"

struct predict_options {
    const char *checkpoint; /* a file, or a directory of checkpoints */
    char *const *sources;   /* [num_sources], in argv */
    size_t num_sources;
    /* One at most; none: CSV on standard output.  The first two may be "-", standard output. */
    const char *csv, *jsonl, *hdf5;
    bool force;
    enum model_select select;
    uint64_t num_top; /* 0: every class's score */
    uint64_t max_pixels;
    int num_threads;
};

/* Parses a command line.  *done: the help or the version was printed, and that is all. */
bool predict_options_parse(int argc, char **argv, struct predict_options *options, bool *done,
                           struct error *error);

#endif
