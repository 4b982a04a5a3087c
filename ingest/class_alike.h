/*
 * Names of classes that look alike: by mistake they are mostly one class.
 */
#ifndef QUERN_INGEST_CLASS_ALIKE_H
#define QUERN_INGEST_CLASS_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum class_likeness {
    ALIKE_BUT_FOR_ACCENTS, /* they print alike: the same letters, encoded in two ways */
    ALIKE_BUT_FOR_CASE,
};

struct class_alike {
    const char *names[2];
    enum class_likeness likeness;
};

/* All pairs among names [count]: *pairs is malloc'ed; of several that look alike, neighbours. */
bool class_alike_list(const char *const *names, size_t count, struct class_alike **pairs,
                      size_t *num_pairs, struct error *error);

/* How a pair differs: "'Caf\\xc3\\xa9' and ..."; fits CLASS_ALIKE_MAX_NBYTES. */
enum { CLASS_ALIKE_MAX_NBYTES = 512 };
const char *class_alike_describe(const struct class_alike *alike,
                                 char text[CLASS_ALIKE_MAX_NBYTES]);

#endif
