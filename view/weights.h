/*
 * What a model has learnt of pixels, as pictures: the weights that read them directly.  Of the
 * linear model and of a first dense layer each output's weights have the shape of an image; of
 * nearest-mean each class has its mean; of a first convolution each filter is a small image.
 *
 * Weights of gray images are drawn by the diverging map, white for 0, with one scale for all; those
 * of RGB images as colours around mid-gray.  Where a run averages its parameters, the average is
 * drawn, which is what the model predicts by.
 */
#ifndef QUERN_VIEW_WEIGHTS_H
#define QUERN_VIEW_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/checkpoint/checkpoint.h"
#include "view/raster.h"

enum weights_kind {
    WEIGHTS_NONE,    /* no layer reads pixels directly */
    WEIGHTS_MEANS,   /* of the classes */
    WEIGHTS_OUTPUTS, /* of the linear model, or of a network whose only layer is the output */
    WEIGHTS_UNITS,   /* of a first dense layer */
    WEIGHTS_FILTERS, /* of a first convolution */
};

struct weights_view {
    enum weights_kind kind;
    char tensor_name[TENSOR_MAX_NAME]; /* "conv1/weight" */
    bool is_average;
    bool is_rgb;
    bool is_gray;              /* as weights_draw was told */
    float scale;               /* the ends of the map are -scale and scale; of means 0 and 1 */
    size_t total;              /* outputs, units or filters that there are */
    size_t count;              /* of them drawn, the first ones */
    struct raster *pictures;   /* [count] of one size, a pixel a weight; owned */
    struct text_list captions; /* [count] class names, as they are in the file, or numbers from 1 */
};

/*
 * Draws at most max_count.  With is_gray, weights of gray images are drawn from black over
 * mid-gray, which is 0, to white, for what shows lightness alone.  No error where nothing reads
 * pixels: kind tells.  Free with weights_free, after a failure too.
 */
bool weights_draw(const struct checkpoint *checkpoint, size_t max_count, bool is_gray,
                  struct weights_view *view, struct error *error);
void weights_free(struct weights_view *view);

#endif
