/*
 * How a file becomes a row: its channels, its size, what lies behind its transparency, and which
 * samples of 16 bits become 0 and 255.  quern-ingest makes rows so and records it; whoever has a
 * model makes a row of a file in the same way, and so of a file of the training set the same row.
 */
#ifndef QUERN_IMAGES_PREPARATION_H
#define QUERN_IMAGES_PREPARATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "images/decoder.h"
#include "images/fit.h"
#include "images/samples.h"
#include "images/sources/source_file.h"

struct preparation {
    size_t channels;      /* of the rows, 1 or 3; 0: not known */
    size_t height, width; /* to which images are fitted; 0: images are as large as rows are */
    enum fit_mode fit;
    struct samples_rule rule;
};

/* ---- as text ---- */

enum { PREPARATION_MAX_TEXT = 128 };

/*
 * "background=none channels=gray fit=stretch range=none size=28x28", as files record it:
 * background is RRGGBB, range is LOW:HIGH, a size that images have by themselves is "as-is".
 */
const char *preparation_format(const struct preparation *preparation, char *buffer, size_t size);

/* Items in any order, each at most once; those that are missing are as in {0}.  STATUS_DATA names
 * the item that cannot be. */
bool preparation_parse(const char *text, struct preparation *preparation, struct error *error);

/* "white", "black" or RRGGBB, in hexadecimal digits. */
bool preparation_parse_background(const char *text, struct samples_rule *rule);
/* "LOW:HIGH", LOW below HIGH, HIGH 65535 at most. */
bool preparation_parse_range(const char *text, struct samples_rule *rule);

/* ---- from a decoded image to a row ---- */

/* Both are [height][width][channels], of equal channels; scratch is of fit_num_scratch values. */
void preparation_fit(const struct preparation *preparation, const uint8_t *pixels,
                     const struct image_shape *decoded, uint8_t *row,
                     const struct image_shape *shape, uint64_t *scratch);

/* ---- from a file to a row ---- */

/* What one thread needs for one file after another; {0} at first. */
struct preparation_buffer {
    struct image_pixels pixels;
    uint64_t *scratch;
    size_t num_scratch;
};

/*
 * Decodes a whole file to a row [shape] of a model, as preparation says.  info is what the
 * file is like.  STATUS_DATA with a reason when it is no whole image, of another size where none
 * was fitted, or not opaque throughout where there is no background.  name is for messages.
 * Thread-safe.
 */
bool preparation_make_row(const struct preparation *preparation, const struct image_shape *shape,
                          const char *name, const struct source_file *file, uint64_t max_pixels,
                          struct preparation_buffer *buffer, uint8_t *row, struct image_info *info,
                          struct error *error);
void preparation_buffer_free(struct preparation_buffer *buffer);

/* ---- what many images are like ---- */

struct preparation_findings {
    uint64_t num_images;
    uint64_t num_transparent; /* not opaque throughout */
    uint64_t num_deep;        /* of 16 bits a sample */
    bool has_range;           /* some sample of 16 bits can be seen; the least and the most: */
    uint16_t low, high;
};

/* Adds a decoded image. */
void preparation_add(struct preparation_findings *findings, const struct image_info *info);

/* Fewer levels than this, and narrowing leaves next to nothing of an image. */
enum { PREPARATION_MIN_LEVELS = 64 };

/* How many values of 0 to 255 the samples that were found can become, narrowed without a range. */
unsigned preparation_count_levels(const struct preparation_findings *findings);

#endif
