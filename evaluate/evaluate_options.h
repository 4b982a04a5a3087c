/*
 * The command line of quern-evaluate.
 */
#ifndef QUERN_EVALUATE_EVALUATE_OPTIONS_H
#define QUERN_EVALUATE_EVALUATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/model_file.h"
#include "common/error.h"
#include "formats/store/store.h"

struct evaluate_options {
    bool is_comparison;         /* of two files, instead of an evaluation */
    const char *evaluations[2]; /* to compare */
    size_t num_checkpoints;     /* 1 or more */
    char **checkpoints;         /* [num_checkpoints] files or directories */
    enum model_select select;   /* of a directory */
    const char *store;
    enum split split;
    bool is_split_given;
    const char *output;     /* NULL: no evaluation file */
    const char *report;     /* NULL: no report */
    bool force;             /* output and report may replace any file */
    uint64_t num_resamples; /* of the bootstrap; 0: none */
    uint64_t seed;          /* of the bootstrap */
    bool json;
    uint64_t memory_limit; /* bytes; 0: none was given */
    bool is_quick;         /* do not check the store's seal over every byte */
    int num_threads;
};

/*
 * Parses argv; the texts point into it.  *done is set when --help or --version was all that was
 * asked for.
 */
bool evaluate_options_parse(int argc, char **argv, struct evaluate_options *options, bool *done,
                            struct error *error);

#endif
