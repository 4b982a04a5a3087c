/*
 * Samples of a store, as quern-show names, draws and captions them.
 */
#ifndef QUERN_SHOW_SHOW_SAMPLE_H
#define QUERN_SHOW_SHOW_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store/store.h"
#include "view/raster.h"

struct show_sample {
    enum split split;
    uint64_t row;
    char *path;             /* in the store; owned */
    uint32_t file_crc32;    /* of that file */
    const char *class_name; /* the store's; NULL: the split has no labels */
    uint8_t *pixels;        /* [height][width][channels]; owned */
};

/*
 * Finds and reads one sample by "train/3001", its row, or by its path, which may look like a row if
 * its number begins with a zero ("train/00042", of arrays).  STATUS_USAGE where there is none.
 */
bool show_sample_read(struct store *store, const char *store_path, const char *name,
                      struct show_sample *sample, struct error *error);
void show_sample_free(struct show_sample *sample);

struct show;
/* Prints what it is: split, row, class, path, shape, checksum. */
void show_sample_print(const struct show *show, const struct store *store,
                       const struct show_sample *sample);

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
