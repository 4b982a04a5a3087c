/*
 * The command line of quern-train.
 */
#ifndef QUERN_TRAIN_TRAIN_OPTIONS_H
#define QUERN_TRAIN_TRAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "model/augment.h"
#include "model/init.h"
#include "model/model.h"
#include "model/optimizer.h"
#include "model/schedule.h"
#include "apply/best.h"
#include "train/samples.h"

/* What --model names; from mlp on they are names for texts of layers. */
enum named_model { NAMED_LINEAR, NAMED_NEAREST_MEAN, NAMED_MLP, NAMED_CNN, NAMED_AUTO };
/* Where what is not given comes from: train/train_defaults.h. */
enum recipe { RECIPE_DEFAULT, RECIPE_LESSON };
enum input_scaling { INPUT_UNIT, INPUT_STANDARD };
enum verify { VERIFY_FULL, VERIFY_QUICK };

enum { TRAIN_OPTIONS_TEXT_SIZE = 4200 };

/* Which of the options that have other defaults for another model, optimizer or store were given.
 */
struct train_options_given {
    bool model, loss, input, init, init_std, optimizer, learning_rate, momentum, weight_decay;
    bool schedule, warmup, epochs, batch_size, beta2, epsilon;
};

/* Pointers are into argv.  What was not given is for train_defaults_resolve to fill in. */
struct train_options {
    struct train_options_given given;
    const char *store_path;
    const char *output;
    int recipe;         /* enum recipe */
    int model;          /* enum named_model */
    const char *layers; /* the text of a network, or NULL */
    const char *hidden; /* of mlp: "512,256" */
    int distance;       /* enum model_distance */
    int loss;           /* enum model_loss */
    double label_smoothing;
    const char *class_weights; /* "balanced", a file, or NULL */
    int input;                 /* enum input_scaling */
    struct augment augment;
    int optimizer; /* enum optimizer_kind */
    double learning_rate;
    double momentum; /* beta1 of Adam */
    bool nesterov;
    double beta2, epsilon;
    double weight_decay;
    double clip_norm; /* 0: any norm */
    double average;   /* 0: no moving average */
    int schedule;     /* enum schedule_kind */
    double warmup;    /* epochs */
    double step_epochs, gamma;
    int init; /* enum init */
    double init_std;
    const char *init_from; /* a checkpoint, a run's directory, or NULL */
    bool new_classes;      /* the layer that gives the classes starts anew */
    const char *freeze;    /* names of layers with commas between them, or NULL */
    /* What --init-from says of its network, where the command line says nothing. */
    char taken_layers[TRAIN_OPTIONS_TEXT_SIZE];
    bool takes_input;
    struct model_input taken_input;
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
    bool chooses_keep;           /* by the size of the checkpoints: --keep was not given */
    int monitor;                 /* enum monitor */
    uint64_t patience;           /* epochs; 0: any number */
    int verify;                  /* enum verify */
    bool resume;
    bool force;
    bool dry_run;
    bool find_lr; /* the range test, instead of training */
    uint64_t threads;
    bool has_threads;       /* by --threads or OMP_NUM_THREADS: each rank has that many */
    char threads_rule[100]; /* what gave the number */
};

/* Is the model a network of layers? */
bool train_options_is_network(const struct train_options *options);

/* What the table of options does not say, once nothing is left to be filled in. */
bool train_options_check(const struct train_options *options, struct error *error);

/*
 * Parses argv.  *done is set when the command line asked for the help or the version only.  An
 * option that would do nothing for the chosen model is refused.
 */
bool train_options_parse(struct train_options *options, int argc, char **argv, bool *done,
                         struct error *error);

#endif
