/*
 * Kernels over maps and rows of activations beside the products: pixels to floats, relu, pools,
 * sums over rows.  Maps are those of conv.h.  The same bits for any instruction set.  All functions
 * are thread-safe as long as nobody else touches what they write.
 */
#ifndef QUERN_MODEL_MAPS_H
#define QUERN_MODEL_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include "model/kernels/conv.h"

/* The inside of one sample's map as a row [height][width][channels], and back. */
void map_to_row(const struct conv_map *map, const float *values, float *row);
void map_from_row(const struct conv_map *map, const float *row, float *values);

struct map_kernels {
    /*
     * One sample's pixels [height][width][channels] to the inside of its map:
     * fma(pixel, scale[channel], offset[channel]).  halo 0 gives a plain row.
     */
    void (*scale_pixels)(const struct conv_map *map, const uint8_t *pixels, const float *scale,
                         const float *offset, float *values);

    /* y[i] = x[i] < 0 ? 0 : x[i] over [begin, end); y may be x */
    void (*relu_forward)(const float *x, size_t begin, size_t end, float *y);

    /* grad_x[i] = y[i] > 0 ? grad_y[i] : 0; y: the output (or the input); grad_x may be grad_y */
    void (*relu_backward)(const float *y, const float *grad_y, size_t begin, size_t end,
                          float *grad_x);

    /*
     * The largest of each 2x2 inputs, of equal ones the first in order of y, x (a nan is kept only
     * where it is the first); a last odd row or column is left out.  output is input's map with
     * height / 2 and width / 2 and any halo.  indices [num_samples][height / 2][width / 2]
     * [channels]: which of the four it was, 2 (y % 2) + x % 2; or NULL.
     */
    void (*max_pool_forward)(const struct conv_map *input_map, const struct conv_map *output_map,
                             const float *input, size_t num_samples, float *output,
                             uint8_t *indices);

    /*
     * The gradient goes where the index says, all other inputs (also of a last odd row or column)
     * get 0.  output, or NULL: what forward gave, maps of output_map; where output > 0 does not
     * hold the gradient is 0, as through a relu just before the pool or after it.
     */
    void (*max_pool_backward)(const struct conv_map *grad_output_map,
                              const struct conv_map *grad_input_map, const float *grad_output,
                              const uint8_t *indices, size_t num_samples,
                              const struct conv_map *output_map, const float *output,
                              float *grad_input);

    /* rows[sample][channel] = sum over the positions in order of y, x, from 0, / (height width) */
    void (*average_pool_forward)(const struct conv_map *map, const float *input, size_t num_samples,
                                 float *rows);
    /* grad_input[y][x][channel] = grad_rows[channel] / (height width) */
    void (*average_pool_backward)(const struct conv_map *map, const float *grad_rows,
                                  size_t num_samples, float *grad_input);

    /* sums[c] += x[r][c] for r = 0, 1, ..., num_rows - 1 in this order; rows stride floats apart */
    void (*add_rows)(const float *x, size_t num_rows, size_t stride, size_t C, float *sums);
};

#endif
