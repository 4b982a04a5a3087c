#include <math.h>

#include "model/kernels/kernels.h"

/* What norm_vector.c computes, channel by channel. */

static void norm_reference_sums(const struct conv_map *map, const float *x, const float *y,
                                size_t num_rows, double *first, double *second)
{
    for (size_t c = 0; c < map->channels; c++) {
        first[c] = second[c] = 0.0;
        for (size_t row = 0; row < num_rows; row++) {
            for (size_t i = 0; i < map->height * map->width; i++) {
                size_t at =
                    row * conv_map_size(map) + conv_map_at(map, i / map->width, i % map->width) + c;

                first[c] += (double)x[at];
                second[c] += (double)x[at] * (double)y[at];
            }
        }
    }
}

static void norm_reference_apply(const struct conv_map *map, const float *x, const float *scale,
                                 const float *shift, size_t num_rows, float *y)
{
    for (size_t row = 0; row < num_rows; row++) {
        for (size_t i = 0; i < map->height * map->width; i++) {
            size_t at = row * conv_map_size(map) + conv_map_at(map, i / map->width, i % map->width);

            for (size_t c = 0; c < map->channels; c++)
                y[at + c] = fmaf(x[at + c], scale[c], shift[c]);
        }
    }
}

static void norm_reference_gradient(const struct conv_map *map, const float *x, const float *grad_y,
                                    const float *of_x, const float *of_grad, const float *constant,
                                    size_t num_rows, float *grad_x)
{
    for (size_t row = 0; row < num_rows; row++) {
        for (size_t i = 0; i < map->height * map->width; i++) {
            size_t at = row * conv_map_size(map) + conv_map_at(map, i / map->width, i % map->width);

            for (size_t c = 0; c < map->channels; c++)
                grad_x[at + c] =
                    fmaf(x[at + c], of_x[c], fmaf(grad_y[at + c], of_grad[c], constant[c]));
        }
    }
}

const struct norm_kernels norm_reference = {
    .sums = norm_reference_sums,
    .apply = norm_reference_apply,
    .gradient = norm_reference_gradient,
};
