/*
 * Samples of a store, as quern-show names, draws and captions them.
 */
#ifndef QUERN_SHOW_SHOW_SAMPLE_H
#define QUERN_SHOW_SHOW_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/store.h"
#include "model/augment.h"
#include "view/raster.h"

struct show;

/* ---- as training sees them ---- */

/* What --augmented makes of images, if it is given. */
struct show_augmenter {
    const struct show_options *options;
    size_t width; /* of the terminal */
    struct image_shape image;
    struct augment augment;
    uint8_t *pixels; /* of one image; owned */
    void *scratch;   /* owned */
};

bool show_augmenter_begin(struct show_augmenter *augmenter, const struct show *show,
                          const struct image_shape *image, struct error *error);
/* The pixels of that row as they are in the epoch of --epoch, until the next call. */
const uint8_t *show_augmenter_apply(struct show_augmenter *augmenter, uint64_t row,
                                    const uint8_t *pixels);
/* Says what it does; nothing without --augmented. */
void show_augmenter_print(const struct show_augmenter *augmenter);
void show_augmenter_end(struct show_augmenter *augmenter);

/* ---- one ---- */

struct show_sample {
    enum split split;
    uint64_t row;
    char *path;             /* in the store; owned */
    uint32_t file_crc32;    /* of that file */
    const char *class_name; /* the store's; NULL: the split has no labels */
    uint8_t *pixels;        /* [height][width][channels]; owned */
};

/*
 * Finds and reads the sample of --image: "train/3001", its row, or its path, which may look like a
 * row if its number begins with a zero ("train/00042", of arrays).  With --augmented its pixels are
 * what that makes of them.  STATUS_USAGE where there is none.
 */
bool show_sample_read(const struct show *show, struct store *store, struct show_sample *sample,
                      struct error *error);
void show_sample_free(struct show_sample *sample);

/* Prints what it is: split, row, class, path, shape, checksum. */
void show_sample_print(const struct show *show, const struct store *store,
                       const struct show_sample *sample);

/* ---- many ---- */

/*
 * Draws count rows of a split by seed, or takes all where it has no more, in their order: rows
 * [count], *num_drawn.  With a label only rows that have it.
 */
bool show_sample_draw(struct store *store, enum split split, const uint32_t *label, uint64_t seed,
                      uint64_t count, uint64_t *rows, uint64_t *num_drawn, struct error *error);

/*
 * Calls take for each of these rows, which ascend, with its pixels; a chunk is read once.
 */
bool show_sample_read_rows(struct store *store, enum split split, const uint64_t *rows,
                           uint64_t count, int num_threads,
                           bool (*take)(void *context, uint64_t index, const uint8_t *pixels,
                                        struct error *error),
                           void *context, struct error *error);

#endif
