/*
 * What is odd about the images of a store: equal ones in a split, in two splits and in two classes,
 * and such that show nothing, found by the checksums that the store has of each row.
 */
#ifndef QUERN_REPORT_STORE_HEALTH_H
#define QUERN_REPORT_STORE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/store.h"

struct health_row {
    enum split split;
    uint64_t row;
};

/* A number of images, and a pair for example: one of them, and other, which it equals. */
struct health_count {
    uint64_t num_images;
    struct health_row one, other;
};

struct store_health {
    struct health_count repeated[NUM_SPLITS]; /* equal to one before in the split */
    /* [s][t], t before s in the order train, valid, test: images of s that are in t, too. */
    struct health_count shared[NUM_SPLITS][NUM_SPLITS];
    struct health_count contradicting; /* equal to one of another class */
    struct health_count constant;      /* of one gray throughout; without other */
};

/*
 * Two images are equal when the CRC-32 of their pixels and of their files are, or when that of
 * their pixels is and the pixels are compared: HEALTH_MAX_COMPARED images at most are read for it,
 * beyond which the CRC-32 of the pixels decides.  Takes 16 bytes an image for the time.
 */
enum { HEALTH_MAX_COMPARED = 500 };
bool store_health_find(struct store *store, struct store_health *health, struct error *error);

#endif
