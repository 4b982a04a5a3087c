/*
 * The classes and splits of images where no directories tell them: a table of labels names them, or
 * the source holds them beside the pixels.
 */
#ifndef QUERN_IMAGES_SOURCES_LABELLING_H
#define QUERN_IMAGES_SOURCES_LABELLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"

#define LABELLING_NONE UINT32_MAX

struct labelling {
    size_t num_images;        /* N, those of a scan */
    struct text_list classes; /* in order of their first image */
    uint32_t *labels;         /* [N], indices in classes; LABELLING_NONE: the image has no label */
    struct text_list splits; /* words such as "train" and "val"; empty: the images have no splits */
    uint8_t *split_of;       /* [N], indices in splits */
    bool is_by_key;          /* images of one path up to the first dot of the name share a label */
    size_t *slots;           /* a hash table of the classes: index + 1, or 0 */
    size_t num_slots;
};

/* No image has a label yet.  Free with labelling_free. */
bool labelling_create(size_t num_images, struct labelling **labelling, struct error *error);

/* Gives an image its class and its split; split is NULL for all images or for none. */
bool labelling_set(struct labelling *labelling, size_t image, const char *class_name,
                   const char *split, struct error *error);

/* Over the path, class and split of every image that has a label: equal for equal samples. */
uint64_t labelling_hash(const struct labelling *labelling, const char *const *paths);

/* NULL is fine. */
void labelling_free(struct labelling *labelling);

#endif
