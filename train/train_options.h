/*
 * The command line of quern-train.
 */
#ifndef QUERN_TRAIN_TRAIN_OPTIONS_H
#define QUERN_TRAIN_TRAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "train/samples.h"

enum init { INIT_NORMAL, INIT_ZEROS };
enum verify { VERIFY_FULL, VERIFY_QUICK };

/* Pointers are into argv. */
struct train_options {
    const char *store_path;
    const char *output;
    int model;    /* enum model_kind */
    int distance; /* enum model_distance */
    int loss;     /* enum model_loss */
    int optimizer;
    double learning_rate;
    double momentum;
    double weight_decay;
    int init;
    double init_std;
    const char *init_from; /* a checkpoint, or NULL */
    enum shuffle shuffle;
    uint64_t shuffle_window; /* chunks, of SHUFFLE_WINDOW; 1 for the others */
    uint64_t memory_limit;   /* bytes; 0: none was given */
    uint64_t batch_size;
    uint64_t accumulate;
    uint64_t epochs;
    uint64_t seed;
    uint64_t checkpoint_every;
    uint64_t checkpoint_seconds; /* 0: only at the end of epochs */
    uint64_t keep;               /* 0: all */
    int verify;                  /* enum verify */
    bool resume;
    bool force;
    bool dry_run;
    uint64_t threads;
    bool has_threads;       /* by --threads or OMP_NUM_THREADS: each rank has that many */
    char threads_rule[100]; /* what gave the number */
};

/*
 * Parses argv.  *done is set when the command line asked for the help or the version only.  An
 * option that would do nothing for the chosen model is refused.
 */
bool train_options_parse(struct train_options *options, int argc, char **argv, bool *done,
                         struct error *error);

#endif
