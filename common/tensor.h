/*
 * The plain description in which model/ and formats/ meet: a name, a shape and a pointer.
 */
#ifndef QUERN_COMMON_TENSOR_H
#define QUERN_COMMON_TENSOR_H

#include <stddef.h>

enum { TENSOR_MAX_RANK = 4, TENSOR_MAX_NAME = 64 };

struct tensor {
    char name[TENSOR_MAX_NAME]; /* "LAYER/weight" */
    size_t rank;
    size_t shape[TENSOR_MAX_RANK];
    float *data; /* row-major; not owned */
};

/* An image is stored as [height, width], or [height, width, 3] when channels is 3. */
struct image_shape {
    size_t height;
    size_t width;
    size_t channels; /* 1 gray, 3 RGB */
};

static inline size_t tensor_num_elements(const struct tensor *tensor)
{
    size_t num_elements = 1;

    for (size_t i = 0; i < tensor->rank; i++)
        num_elements *= tensor->shape[i];
    return num_elements;
}

/* Pixels of one image, each channel counted: the length of a row. */
static inline size_t image_num_values(const struct image_shape *image)
{
    return image->height * image->width * image->channels;
}

#endif
