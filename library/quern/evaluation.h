/*
 * The library of quern's file formats: reading an evaluation, which quern-evaluate --output writes.
 *
 * The whole file is read and checked when it is opened.  All that the functions return lives as
 * long as the evaluation.  Samples are those of the evaluated split whose classes the model knows,
 * counted from 0; docs/metrics.md tells what figures follow from them.
 */
#ifndef QUERN_EVALUATION_H
#define QUERN_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quern/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct quern_evaluation;

/* QUERN_IO if it cannot be opened, QUERN_DATA if it is no evaluation, or damaged. */
bool quern_evaluation_open(const char *path, struct quern_evaluation **evaluation,
                           struct quern_error *error);

/* NULL is fine. */
void quern_evaluation_close(struct quern_evaluation *evaluation);

/* "train", "valid" or "test", and the fingerprint of the store that it is of. */
const char *quern_evaluation_split(const struct quern_evaluation *evaluation);
const char *quern_evaluation_store_fingerprint(const struct quern_evaluation *evaluation);

/* The model's classes; NULL where there is no such label. */
size_t quern_evaluation_num_classes(const struct quern_evaluation *evaluation);
const char *quern_evaluation_class(const struct quern_evaluation *evaluation, size_t label);

uint64_t quern_evaluation_num_samples(const struct quern_evaluation *evaluation);

/* How many samples are predicted right. */
uint64_t quern_evaluation_num_correct(const struct quern_evaluation *evaluation);

/* Of each sample: its class, and the class that the model predicts. */
const uint32_t *quern_evaluation_labels(const struct quern_evaluation *evaluation);
const uint32_t *quern_evaluation_predictions(const struct quern_evaluation *evaluation);

/* [num_samples][num_classes]: the greater, the likelier; probabilities if the function after says
 * so. */
const float *quern_evaluation_scores(const struct quern_evaluation *evaluation);
bool quern_evaluation_are_probabilities(const struct quern_evaluation *evaluation);

/* The path of each sample in the source, relative to it. */
const char *const *quern_evaluation_paths(const struct quern_evaluation *evaluation);

#ifdef __cplusplus
}
#endif

#endif
