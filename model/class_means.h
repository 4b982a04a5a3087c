/*
 * Class means: the exact integer sums of all pixels of each class, so that the mean does not
 * depend on the order of the rows.
 */
#ifndef QUERN_MODEL_CLASS_MEANS_H
#define QUERN_MODEL_CLASS_MEANS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct class_means {
    size_t num_classes; /* C */
    size_t num_inputs;  /* D */
    uint64_t *counts;   /* [C] */
    uint64_t *sums;     /* [C][D] */
};

bool class_means_create(struct class_means *means, size_t num_classes, size_t num_inputs,
                        struct error *error);
void class_means_destroy(struct class_means *means);

/* Adds rows [count][D] with labels [count], sharing the D columns among num_threads threads. */
void class_means_add(struct class_means *means, const uint8_t *pixels, const uint32_t *labels,
                     uint64_t count, int num_threads);

/* mean [C][D], 0 to 1; a class without rows gets zeros. */
void class_means_finish(const struct class_means *means, float *mean);

#endif
