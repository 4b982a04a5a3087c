/*
 * The evaluation file ("quern evaluation"): what a checkpoint does on one split of a store.
 * FORMAT.md is the specification.
 */
#ifndef QUERN_FORMATS_EVALUATION_H
#define QUERN_FORMATS_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/checkpoint/settings.h"

/* ---- writing ---- */

/* A figure of all samples, an attribute of the file. */
struct evaluation_figure {
    const char *name; /* "accuracy" */
    double value;     /* NAN: not defined */
    double low, high; /* of its 95 % interval; NAN: none */
};

/* A figure of each class, a dataset of /per_class. */
struct evaluation_class_figure {
    const char *name; /* "precision" */
    const char *description;
    const double *values;    /* [C] */
    const double *intervals; /* [C][2]; NULL: none */
};

/* The samples by the score of their predicted class, datasets of /calibration. */
struct evaluation_bins {
    size_t count;             /* 0: the scores are no probabilities */
    const double *edges;      /* [count + 1] */
    const uint64_t *totals;   /* [count] */
    const double *confidence; /* [count] mean; NAN of an empty bin */
    const double *accuracy;   /* [count] */
};

/* What is borrowed to write a file. */
struct evaluation {
    const char *model; /* "linear" */
    const char *split;
    const char *store_fingerprint;
    const char *scores_meaning; /* "probability", "negative mean absolute difference", ... */
    /* The checkpoint: its digest, epochs done and settings. */
    const char *checkpoint_digest;
    uint64_t epoch;
    const struct settings *config;
    const struct text_list *classes;
    uint64_t num_samples;
    uint64_t num_unknown; /* samples left out, of classes that the model does not know */
    uint64_t num_correct;
    size_t num_figures;
    const struct evaluation_figure *figures;
    size_t num_class_figures;
    const struct evaluation_class_figure *class_figures;
    uint64_t top_k; /* of the figure of that name; 0: none */
    struct evaluation_bins bins;
    const uint64_t *confusion;     /* [C][C]: row true class, column predicted class */
    const struct text_list *paths; /* num_samples */
    const uint64_t *rows;          /* num_samples: in the split of the store */
    const uint32_t *labels;        /* num_samples */
    const uint32_t *predictions;   /* num_samples */
    const float *scores;           /* [num_samples][C] */
};

/*
 * Writes atomically: path holds the whole evaluation or what it held before.  STATUS_DATA for a
 * path that is a file of another kind, unless is_forced.
 */
bool evaluation_write(const char *path, const struct evaluation *evaluation, bool is_forced,
                      struct error *error);

/* ---- reading ---- */

enum {
    EVALUATION_MAX_MODEL = 32,
    EVALUATION_MAX_SPLIT = 16,
    EVALUATION_MAX_MEANING = 64,
    EVALUATION_DIGEST_SIZE = 65,
};

/* What of a file is read; the rest stays empty. */
struct evaluation_request {
    bool with_scores;
    bool with_paths;
    uint64_t memory_limit; /* bytes of all that is read; 0: as many as it takes */
};

/*
 * What a file holds.  All its figures follow from labels, predictions and scores: metrics/figures.h
 * computes them.
 */
struct evaluation_contents {
    unsigned minor_version; /* 0: without the checkpoint, config and rows */
    bool is_sealed;         /* false: another program has rewritten the file */
    char model[EVALUATION_MAX_MODEL];
    char split[EVALUATION_MAX_SPLIT];
    char store_fingerprint[EVALUATION_DIGEST_SIZE];
    char scores_meaning[EVALUATION_MAX_MEANING];
    bool are_probabilities;                         /* of scores_meaning */
    char checkpoint_digest[EVALUATION_DIGEST_SIZE]; /* "": not recorded */
    uint64_t epoch;
    struct settings config; /* of the checkpoint */
    struct text_list classes;
    uint64_t num_samples;
    uint64_t num_unknown;
    uint64_t num_correct;
    double loss;            /* NAN: none */
    uint32_t *labels;       /* [num_samples] below classes.count */
    uint32_t *predictions;  /* [num_samples] below classes.count */
    uint64_t *rows;         /* [num_samples] rising; NULL: not recorded */
    float *scores;          /* [num_samples][C], no NAN; NULL: not asked for */
    struct text_list paths; /* empty: not asked for */
};

/*
 * Reads and checks a file: seal, format, version, types, shapes, that indices are of classes, that
 * its counts are those of its samples.  STATUS_DATA for what is no whole evaluation, STATUS_USAGE
 * for one that takes more than the memory limit.  Free with evaluation_free, after a failure too.
 */
bool evaluation_read(const char *path, const struct evaluation_request *request,
                     struct evaluation_contents *contents, struct error *error);
void evaluation_free(struct evaluation_contents *contents);

#endif
