/*
 * What images look like, in 8 bytes each: by these, equal pictures are found, in one split, in two,
 * and in two classes, and images that show nothing.  Two pictures are equal when they have the same
 * height, width and pixels, however their files are compressed.
 */
#ifndef QUERN_INGEST_CONTENTS_H
#define QUERN_INGEST_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "formats/store/store.h"

/*
 * The hash of an image's pixels [height][width][channels]: the same on every machine, never 0, odd
 * when all pixels are of one value.  Compares only with hashes of as many channels.  0 stands for
 * an image that is not known, as one that cannot be read.
 */
uint64_t contents_of(const uint8_t *pixels, const struct image_shape *shape);

static inline bool contents_is_constant(uint64_t content)
{
    return content & 1;
}

/* Images in the order of splits: split s has first[s] .. first[s + 1] - 1. */
struct contents_rows {
    const uint64_t *contents; /* [first[NUM_SPLITS]] */
    const uint32_t *labels;   /* of the same */
    const size_t *first;      /* [NUM_SPLITS + 1] */
    size_t num_classes;
};

/* A number of images, and a pair for example: row is one of them, other what it equals. */
struct contents_count {
    uint64_t num_images;
    size_t row, other;
};

struct contents_findings {
    /* Images that equal one before them in their split. */
    struct contents_count repeated[NUM_SPLITS];
    /* [s][t], t before s in the order train, valid, test: images of s that are in t, too. */
    struct contents_count shared[NUM_SPLITS][NUM_SPLITS];
    /* Images that equal one of another class. */
    struct contents_count contradicting;
    struct contents_count constant; /* without other */
    /* Classes of two images and more that are all equal. */
    uint64_t num_uniform_classes;
    uint32_t uniform_class; /* the first of them */
};

/* Takes 16 bytes an image for the time. */
bool contents_find(const struct contents_rows *rows, struct contents_findings *findings,
                   struct error *error);

/* What is dropped so that each picture is there once. */
enum contents_fate { CONTENTS_KEPT, CONTENTS_REPEATED, CONTENTS_CONTRADICTING };

/*
 * fates [count]: of equal images of one label the first is kept; of those of several labels none,
 * for which of the labels is right nobody knows.  others [count] holds for each that is not kept
 * one that it equals, of another label if it contradicts.  Unknown images are kept, and those with
 * SPLIT_NO_LABEL (ingest/split.h) are left alone.
 */
bool contents_deduplicate(const uint64_t *contents, const uint32_t *labels, size_t count,
                          uint8_t *fates, uint32_t *others, struct error *error);

#endif
