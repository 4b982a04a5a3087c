/*
 * What a model says of single image files.
 */
#ifndef QUERN_EVALUATE_SINGLE_IMAGES_H
#define QUERN_EVALUATE_SINGLE_IMAGES_H

#include <stdint.h>

#include "apply/model_file.h"
#include "common/error.h"

struct single_image {
    const char *path;    /* not owned */
    bool is_classified;  /* the rest holds then only, but for the error */
    struct error *error; /* owned; NULL when classified, and when there was no memory for it */
    uint32_t prediction;
    float *scores; /* [C], into single_images.scores */
};

struct single_images {
    size_t count;
    struct single_image *images; /* in the order of the paths */
    float *scores;               /* [count][C] */
};

/*
 * Classifies image files on num_threads threads.  A bad file fails nothing but itself: it has an
 * error in place of a prediction.  Free with single_images_destroy, after a failure too.
 */
bool single_images_classify(const struct model_file *file, char *const *paths, size_t count,
                            uint64_t max_pixels, int num_threads, struct single_images *result,
                            struct error *error);
void single_images_destroy(struct single_images *result);

#endif
