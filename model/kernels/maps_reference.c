/* maps.h in plain loops. */
#include <math.h>
#include <string.h>

#include "model/kernels/kernels.h"

static void map_scale_pixels(const struct conv_map *map, const uint8_t *pixels, const float *scale,
                             const float *offset, float *values)
{
    for (size_t y = 0; y < map->height; y++)
        for (size_t x = 0; x < map->width; x++)
            for (size_t c = 0; c < map->channels; c++)
                values[conv_map_at(map, y, x) + c] = fmaf(*pixels++, scale[c], offset[c]);
}

static void map_relu_forward(const float *x, size_t begin, size_t end, float *y)
{
    for (size_t i = begin; i < end; i++)
        y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

static void map_relu_backward(const float *y, const float *grad_y, size_t begin, size_t end,
                              float *grad_x)
{
    for (size_t i = begin; i < end; i++)
        grad_x[i] = y[i] > 0.0f ? grad_y[i] : 0.0f;
}

static void map_max_pool_forward(const struct conv_map *input_map,
                                 const struct conv_map *output_map, const float *input,
                                 size_t num_samples, float *output, uint8_t *indices)
{
    for (size_t b = 0; b < num_samples; b++) {
        for (size_t y = 0; y < output_map->height; y++)
            for (size_t x = 0; x < output_map->width; x++)
                for (size_t c = 0; c < output_map->channels; c++) {
                    float largest = input[conv_map_at(input_map, 2 * y, 2 * x) + c];
                    uint8_t index = 0;

                    for (uint8_t i = 1; i < 4; i++) {
                        const float value =
                            input[conv_map_at(input_map, 2 * y + i / 2, 2 * x + i % 2) + c];

                        if (value > largest) {
                            largest = value;
                            index = i;
                        }
                    }
                    output[conv_map_at(output_map, y, x) + c] = largest;
                    if (indices)
                        *indices++ = index;
                }
        input += conv_map_size(input_map);
        output += conv_map_size(output_map);
    }
}

/* All of the inside is 0, before the gradients are put where they belong. */
static void map_clear(const struct conv_map *map, float *values)
{
    for (size_t y = 0; y < map->height; y++)
        memset(values + conv_map_at(map, y, 0), 0, map->width * map->channels * sizeof(*values));
}

static void map_max_pool_backward(const struct conv_map *grad_output_map,
                                  const struct conv_map *grad_input_map, const float *grad_output,
                                  const uint8_t *indices, size_t num_samples,
                                  const struct conv_map *output_map, const float *output,
                                  float *grad_input)
{
    for (size_t b = 0; b < num_samples; b++) {
        map_clear(grad_input_map, grad_input);
        for (size_t y = 0; y < grad_output_map->height; y++)
            for (size_t x = 0; x < grad_output_map->width; x++)
                for (size_t c = 0; c < grad_output_map->channels; c++) {
                    const uint8_t index = *indices++;

                    if (!output || output[conv_map_at(output_map, y, x) + c] > 0.0f)
                        grad_input[conv_map_at(grad_input_map, 2 * y + index / 2,
                                               2 * x + index % 2) +
                                   c] = grad_output[conv_map_at(grad_output_map, y, x) + c];
                }
        grad_output += conv_map_size(grad_output_map);
        grad_input += conv_map_size(grad_input_map);
        if (output)
            output += conv_map_size(output_map);
    }
}

static void map_average_pool_forward(const struct conv_map *map, const float *input,
                                     size_t num_samples, float *rows)
{
    for (size_t b = 0; b < num_samples; b++) {
        for (size_t c = 0; c < map->channels; c++) {
            float sum = 0.0f;

            for (size_t y = 0; y < map->height; y++)
                for (size_t x = 0; x < map->width; x++)
                    sum += input[conv_map_at(map, y, x) + c];
            rows[c] = sum / (float)(map->height * map->width);
        }
        input += conv_map_size(map);
        rows += map->channels;
    }
}

static void map_average_pool_backward(const struct conv_map *map, const float *grad_rows,
                                      size_t num_samples, float *grad_input)
{
    for (size_t b = 0; b < num_samples; b++) {
        for (size_t y = 0; y < map->height; y++)
            for (size_t x = 0; x < map->width; x++)
                for (size_t c = 0; c < map->channels; c++)
                    grad_input[conv_map_at(map, y, x) + c] =
                        grad_rows[c] / (float)(map->height * map->width);
        grad_rows += map->channels;
        grad_input += conv_map_size(map);
    }
}

static void map_add_rows(const float *x, size_t num_rows, size_t stride, size_t C, float *sums)
{
    for (size_t r = 0; r < num_rows; r++)
        for (size_t c = 0; c < C; c++)
            sums[c] += x[r * stride + c];
}

const struct map_kernels maps_reference = {
    .scale_pixels = map_scale_pixels,
    .relu_forward = map_relu_forward,
    .relu_backward = map_relu_backward,
    .max_pool_forward = map_max_pool_forward,
    .max_pool_backward = map_max_pool_backward,
    .average_pool_forward = map_average_pool_forward,
    .average_pool_backward = map_average_pool_backward,
    .add_rows = map_add_rows,
};
