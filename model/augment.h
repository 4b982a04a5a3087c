/*
 * Augmentation: a training image drawn anew for each epoch, by integer arithmetic on uint8 rows
 * [height][width][channels], as a pure function of (seed, epoch, sample).  No operation's draws
 * depend on which others are asked for.
 *
 * As text, words in any order, each at most once:
 *
 *     rotate:DEGREES          turns about the middle, by up to DEGREES either way
 *     shift:PIXELS            moves along x and along y, by up to PIXELS
 *     scale:FRACTION          makes larger or smaller, by up to FRACTION
 *     shear:FRACTION          moves lines along x, by up to FRACTION of their distance from the
 * middle elastic:PIXELS:SPACING  bends: points of a grid, SPACING pixels apart, move by up to
 * PIXELS along x and along y, and what is between them by a cubic B-spline flip mirrors left and
 * right, every second time crop:PIXELS             crops the image's size out of the image with
 * PIXELS more on each side brightness:FRACTION     multiplies values by 1 - FRACTION to 1 +
 * FRACTION contrast:FRACTION       the same with their distances from the image's mean
 *     erase:PROBABILITY       fills a rectangle, each side an eighth to a half of the image's, with
 * the image's mean color fill:zero|edge|reflect  what is outside the image: zero (also without the
 * word), the nearest pixel, or the mirrored image (pixel -1 is pixel 1; beyond its size, the edge)
 *     digits, photos          stand for such words: augment_presets
 *
 * They happen in this order: flip; scale, shear, rotate, crop, shift and elastic in one bilinear
 * resampling, or copied exactly where only whole pixels move; contrast and brightness; erase.
 *
 * A sample takes 3 to 8 microseconds of 28x28 gray, 9 to 17 of 32x32 RGB, and 1 where whole pixels
 * move (bench/augment, on a Xeon's core).
 */
#ifndef QUERN_MODEL_AUGMENT_H
#define QUERN_MODEL_AUGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"

enum augment_fill { AUGMENT_FILL_ZERO, AUGMENT_FILL_EDGE, AUGMENT_FILL_REFLECT };

/* Magnitudes; 0 leaves an operation out. */
struct augment {
    double rotate; /* degrees */
    double shift;  /* pixels */
    double scale;
    double shear;
    double elastic, elastic_spacing; /* pixels */
    double brightness, contrast;
    double erase;
    uint64_t crop; /* pixels */
    bool flip;
    enum augment_fill fill;
};

struct augment_preset {
    const char *name, *text;
};

/* "digits" and "photos"; a NULL name at the end. */
extern const struct augment_preset augment_presets[];

/* What a text can begin with, for completion: the presets, and operations up to their numbers;
 * NULL at the end. */
extern const char *const augment_beginnings[];

enum { AUGMENT_TEXT_SIZE = 512 };

/* STATUS_USAGE with the word that cannot be, and what it may be. */
bool augment_parse(const char *text, struct augment *augment, struct error *error);

/* The same settings always as the same words, presets spelled out: "rotate:12 shift:2.5". */
void augment_print(const struct augment *augment, char text[AUGMENT_TEXT_SIZE]);

/* STATUS_USAGE with the operation that is too large for these images. */
bool augment_check(const struct augment *augment, const struct image_shape *image,
                   struct error *error);

/* True where augment_apply would copy. */
bool augment_is_nothing(const struct augment *augment);

/* Bytes of scratch memory that augment_apply needs for such images; each thread has its own. */
size_t augment_scratch_nbytes(const struct augment *augment, const struct image_shape *image);

/*
 * The sample (its index in the split, < 2^32) as it is in the epoch (counted modulo 2^24): from in
 * to out, both [height][width][channels], which do not overlap.  scratch is aligned as malloc
 * aligns.
 */
void augment_apply(const struct augment *augment, uint64_t seed, uint64_t epoch, uint64_t sample,
                   const struct image_shape *image, const uint8_t *in, uint8_t *out, void *scratch);

#endif
