/*
 * What a model says of one split of a store.
 */
#ifndef QUERN_EVALUATE_SPLIT_EVALUATION_H
#define QUERN_EVALUATE_SPLIT_EVALUATION_H

#include <stdint.h>

#include "apply/model_file.h"
#include "common/error.h"
#include "common/text_list.h"
#include "formats/store/store.h"
#include "metrics/bootstrap.h"
#include "metrics/confusion.h"
#include "metrics/figures.h"

struct split_evaluation {
    const char *store_path; /* not owned */
    enum split split;
    bool store_is_sealed;
    char store_fingerprint[STORE_FINGERPRINT_LENGTH + 1];
    uint64_t num_samples;
    uint64_t num_unknown;            /* samples of classes that the model does not know, left out */
    uint32_t *labels;                /* [num_samples] in the model's class order */
    uint32_t *predictions;           /* [num_samples] */
    uint64_t *rows;                  /* [num_samples] in the split of the store, rising */
    struct score_summary *summaries; /* [num_samples] */
    double *losses;                  /* [num_samples]; NULL without a bootstrap */
    bool has_areas;                  /* the scores of all samples fitted into the memory limit */
    uint64_t areas_megabytes;        /* else: the limit they need */
    float *scores;                   /* [num_samples][C]; NULL if not has_areas */
    struct text_list paths;          /* num_samples of them; empty unless asked for */
    double loss;                     /* mean over the samples; NAN for a model without one */
    struct confusion confusion;
    struct figures figures;
    struct bootstrap bootstrap; /* num_resamples is 0 if it was not asked for */
};

struct split_request {
    const char *store_path;
    enum split split;
    bool may_take_only_split; /* of a store that has one split, and not this */
    bool with_samples;        /* keep scores and paths, whatever memory they take */
    uint64_t num_resamples;   /* for bootstrap intervals; 0: none */
    uint64_t seed;            /* of the bootstrap */
    struct store_checks checks;
    /* Bytes for the images and all that grows with the number of samples or classes, but for what
     * with_samples keeps: images that do not fit are streamed, and where the scores do not fit
     * then, there are no areas.  0 for as many as it takes. */
    uint64_t memory_limit;
};

/*
 * Evaluates every sample of a split, on checks.num_threads threads.  The result is the same for any
 * number of threads and any limit, but for areas that have no room.  Classes are matched by name;
 * samples of others are left out and counted.  STATUS_DATA for a store without a class in common,
 * with other images or without such a split, STATUS_USAGE for a limit that is too small.  Free with
 * split_evaluation_destroy, after a failure too.
 */
bool split_evaluation_run(const struct model_file *file, const struct split_request *request,
                          struct split_evaluation *result, struct error *error);
void split_evaluation_destroy(struct split_evaluation *result);

/*
 * Writes the result as an evaluation file; it must have been run with_samples.  STATUS_DATA for a
 * path that is a file of another kind, unless is_forced.
 */
bool split_evaluation_write(const char *path, const struct model_file *file,
                            const struct split_evaluation *result, bool is_forced,
                            struct error *error);

#endif
