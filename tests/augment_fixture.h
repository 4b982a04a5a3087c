/*
 * Augmentation of one image under guard, for tests.
 */
#ifndef QUERN_TESTS_AUGMENT_FIXTURE_H
#define QUERN_TESTS_AUGMENT_FIXTURE_H

#include <stdint.h>

#include "model/augment.h"

/* The operations that a text names; fails the test where it names none. */
struct augment augment_fixture_parse(const char *text);

/* augment_apply with scratch memory of just the size it asked for, and guards around the output. */
void augment_fixture_apply(const struct augment *augment, uint64_t seed, uint64_t epoch,
                           uint64_t sample, const struct image_shape *image, const uint8_t *in,
                           uint8_t *out);

#endif
