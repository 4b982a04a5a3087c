/*
 * What stores, shards and checkpoints may be.  Readers refuse what is beyond it, and writers refuse
 * it before they write a byte, by the same functions: nothing is written that nobody can read.
 */
#ifndef QUERN_FORMATS_LIMITS_H
#define QUERN_FORMATS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"

enum { LIMITS_MAX_IMAGE_SIDE = 65535, LIMITS_MAX_CLASSES = 65536 };

/* STATUS_DATA, said of the dataset (or attribute, or NULL) of file, unless images of height x width
 * x channels can be: sides from 1 to 65535, 1 or 3 channels. */
bool limits_check_image(const char *file, const char *dataset, uint64_t height, uint64_t width,
                        uint64_t channels, struct error *error);

/* STATUS_DATA unless there are minimum to 65536 classes: a model has 2, a store may have 1. */
bool limits_check_classes(const char *file, size_t num_classes, size_t minimum,
                          struct error *error);

#endif
