/*
 * Arrays that hold images and arrays that hold their labels, known by their names: files of IDX
 * (train-images-idx3-ubyte and train-labels-idx1-ubyte, with ".idx3" or with .gz) and the members
 * of an .npz (x_train and y_train, train_images and train_labels).
 */
#ifndef QUERN_IMAGES_SOURCES_ARRAY_PAIRS_H
#define QUERN_IMAGES_SOURCES_ARRAY_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/text_list.h"

enum { ARRAY_MAX_PAIRS = 3 };

struct array_pair {
    size_t images, labels; /* indices of their names */
    const char *split;     /* "test", "train" or "valid"; NULL: the names say none */
    bool is_npy;           /* otherwise IDX */
};

/* Is it the name of an array, of IDX or numpy, whether or not it belongs to a pair? */
bool array_pairs_has_name(const char *name);

/*
 * Finds the pairs among the names of files that lie together, in order of their splits. STATUS_DATA
 * if one of a pair is missing, if two pairs are of one split, and for numpy's arrays of which no
 * name is known; names that are no arrays' do not matter.
 */
bool array_pairs_find(const char *source, const struct text_list *names,
                      struct array_pair pairs[ARRAY_MAX_PAIRS], size_t *count, struct error *error);

#endif
