/* What tests/bits computes. */
#ifndef QUERN_TESTS_BITS_CASES_H
#define QUERN_TESTS_BITS_CASES_H

#include "model/kernels/kernels.h"

/* Runs all cases on a table of kernels; returns lines "NAME HASH", to be freed. */
char *cases_run(const struct kernels *kernels);

/* ---- what the files of cases share ---- */

struct lines {
    char *text;
    size_t length, size;
};

/* A case's hash goes on over all that it computes. */
void cases_add_to_hash(uint64_t *hash, const void *values, size_t nbytes);

/* "NAME HASH", the name formatted. */
__attribute__((format(printf, 3, 4))) void cases_add_line(struct lines *lines, uint64_t hash,
                                                          const char *format, ...);

/* Products, convolutions, maps, norms and optimizers (cases_networks.c). */
void cases_run_networks(const struct kernels *kernels, struct lines *lines);

/* Losses, optimizers, schedules, initialisation and augmentation (cases_training.c). */
void cases_run_training(const struct kernels *kernels, struct lines *lines);

/* Steps of whole networks (cases_steps.c). */
void cases_run_steps(const struct kernels *kernels, struct lines *lines);

#endif
