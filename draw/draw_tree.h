/*
 * A tree of drawn PNG images: ROOT/SPLIT/DIGIT/NUMBER.png.
 *
 * NUMBER counts from 0, with six digits, or more where a class has more than a million images.
 * In a class of more than DRAW_TREE_DIRECTORY_IMAGES images, each directory holds at most that many
 * and is named by the number without its last four digits: ROOT/train/3/07/071234.png.  So bytewise
 * order of paths is the order of numbers.
 */
#ifndef QUERN_DRAW_DRAW_TREE_H
#define QUERN_DRAW_DRAW_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/progress.h"
#include "common/tensor.h"
#include "formats/store/store.h"

enum { DRAW_TREE_MAX_DIGITS = 10, DRAW_TREE_DIRECTORY_IMAGES = 10000 };
#define DRAW_TREE_MAX_IMAGES UINT64_C(1000000000)

struct draw_tree {
    const char *root;
    unsigned digits[DRAW_TREE_MAX_DIGITS]; /* 0 to 9, each once */
    size_t num_digits;
    /* Images of each class, up to DRAW_TREE_MAX_IMAGES; 0 leaves the split out. */
    uint64_t num_images[NUM_SPLITS];
    struct image_shape image; /* see canvas_create */
    uint64_t seed;
    int num_threads;
    bool force; /* draw into a directory that is not empty, over files of the same names */
};

/* Images of all splits and classes. */
uint64_t draw_tree_count_images(const struct draw_tree *tree);

/*
 * Makes root, its directories and all images, of which there is at least one.  Each image appears
 * whole or not at all, and none depends on num_threads.  STATUS_USAGE when root is not empty and
 * force is not set, STATUS_IO naming the file or directory that the system refused.  progress may
 * be NULL.
 */
bool draw_tree_write(const struct draw_tree *tree, struct progress *progress, struct error *error);

#endif
