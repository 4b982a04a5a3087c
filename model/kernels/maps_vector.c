/* maps.h by vectors; compiled once for each instruction set, with MAPS_TABLE the table's name. */
#include "model/kernels/maps.h"

#include <math.h>
#include <string.h>

#include "model/kernels/vector.h"

extern const struct map_kernels MAPS_TABLE;

enum { LANES = VECTOR_NUM_LANES };

VECTOR_INLINE struct vector map_load_pixels(const uint8_t *source, size_t count)
{
    return count >= LANES ? vector_load_pixels(source) : vector_load_first_pixels(source, count);
}

/* ---- pixels ---- */

enum { MOST_PATTERN_CHANNELS = 16 };

/* One row of few channels: lane j of the vector at i is of channel (i + j) % C, and pattern
 * [C + LANES] repeats the channels' factors. */
static void map_scale_row(const uint8_t *pixels, size_t count, size_t C, const float *scales,
                          const float *offsets, float *values)
{
    for (size_t i = 0; i < count; i += LANES) {
        const size_t channel = i % C;

        vector_store_at_most(values + i,
                             vector_fma(map_load_pixels(pixels + i, count - i),
                                        vector_load(scales + channel),
                                        vector_load(offsets + channel)),
                             count - i);
    }
}

static void map_scale_pixels(const struct conv_map *map, const uint8_t *pixels, const float *scale,
                             const float *offset, float *values)
{
    const size_t C = map->channels, run = map->width * C;
    float scales[MOST_PATTERN_CHANNELS + LANES], offsets[MOST_PATTERN_CHANNELS + LANES];

    if (C <= MOST_PATTERN_CHANNELS) {
        for (size_t i = 0; i < C + LANES; i++) {
            scales[i] = scale[i % C];
            offsets[i] = offset[i % C];
        }
    }
    for (size_t y = 0; y < map->height; y++) {
        float *row = values + conv_map_at(map, y, 0);

        if (C <= MOST_PATTERN_CHANNELS)
            map_scale_row(pixels + y * run, run, C, scales, offsets, row);
        for (size_t x = 0; C > MOST_PATTERN_CHANNELS && x < map->width; x++)
            for (size_t c = 0; c < C; c += LANES)
                vector_store_at_most(
                    row + x * C + c,
                    vector_fma(map_load_pixels(pixels + y * run + x * C + c, C - c),
                               vector_load_at_most(scale + c, C - c),
                               vector_load_at_most(offset + c, C - c)),
                    C - c);
    }
}

/* ---- relu ---- */

static void map_relu_forward(const float *x, size_t begin, size_t end, float *y)
{
    for (size_t i = begin; i < end; i += LANES)
        vector_store_at_most(y + i, vector_relu(vector_load_at_most(x + i, end - i)), end - i);
}

static void map_relu_backward(const float *y, const float *grad_y, size_t begin, size_t end,
                              float *grad_x)
{
    const struct vector zero = vector_set1(0.0f);

    for (size_t i = begin; i < end; i += LANES)
        vector_store_at_most(grad_x + i,
                             vector_choose_greater(vector_load_at_most(y + i, end - i), zero,
                                                   vector_load_at_most(grad_y + i, end - i), zero),
                             end - i);
}

/* ---- max-pool ---- */

/* count channels of one output; pitch: floats from one row of the input to the next. */
VECTOR_INLINE void map_max_of_four(const float *input, size_t pitch, size_t C, size_t count,
                                   float *output, uint8_t *indices)
{
    struct vector largest = vector_load_at_most(input, count), index = vector_set1(0.0f);

    VECTOR_UNROLL
    for (size_t i = 1; i < 4; i++) {
        const struct vector value = vector_load_at_most(input + i / 2 * pitch + i % 2 * C, count);

        index = vector_choose_greater(value, largest, vector_set1((float)i), index);
        largest = vector_choose_greater(value, largest, value, largest);
    }
    vector_store_at_most(output, largest, count);
    if (indices && count >= LANES)
        vector_store_pixels(indices, index);
    else if (indices)
        vector_store_first_pixels(indices, index, count);
}

static void map_max_pool_forward(const struct conv_map *input_map,
                                 const struct conv_map *output_map, const float *input,
                                 size_t num_samples, float *output, uint8_t *indices)
{
    const size_t C = input_map->channels, pitch = (input_map->width + 2 * input_map->halo) * C;

    for (size_t b = 0; b < num_samples; b++) {
        for (size_t y = 0; y < output_map->height; y++) {
            const float *from = input + conv_map_at(input_map, 2 * y, 0);
            float *to = output + conv_map_at(output_map, y, 0);

            for (size_t x = 0; x < output_map->width; x++) {
                for (size_t c = 0; c < C; c += LANES)
                    map_max_of_four(from + 2 * x * C + c, pitch, C, C - c, to + x * C + c,
                                    indices ? indices + c : NULL);
                if (indices)
                    indices += C;
            }
        }
        input += conv_map_size(input_map);
        output += conv_map_size(output_map);
    }
}

/* count channels of one output back to its four inputs. */
VECTOR_INLINE void map_max_to_four(const float *grad_output, const uint8_t *indices,
                                   const float *output, size_t count, size_t pitch, size_t C,
                                   float *grad_input)
{
    const struct vector zero = vector_set1(0.0f), index = map_load_pixels(indices, count);
    struct vector grad = vector_load_at_most(grad_output, count);

    if (output)
        grad = vector_choose_greater(vector_load_at_most(output, count), zero, grad, zero);
    VECTOR_UNROLL
    for (size_t i = 0; i < 4; i++)
        vector_store_at_most(grad_input + i / 2 * pitch + i % 2 * C,
                             vector_choose_equal(index, vector_set1((float)i), grad, zero), count);
}

/* A last odd row or column has no output. */
static void map_clear_odd(const struct conv_map *map, float *values)
{
    const size_t C = map->channels;

    for (size_t y = 0; map->width % 2 == 1 && y < map->height; y++)
        memset(values + conv_map_at(map, y, map->width - 1), 0, C * sizeof(*values));
    if (map->height % 2 == 1)
        memset(values + conv_map_at(map, map->height - 1, 0), 0, map->width * C * sizeof(*values));
}

static void map_max_pool_backward(const struct conv_map *grad_output_map,
                                  const struct conv_map *grad_input_map, const float *grad_output,
                                  const uint8_t *indices, size_t num_samples,
                                  const struct conv_map *output_map, const float *output,
                                  float *grad_input)
{
    const size_t C = grad_input_map->channels;
    const size_t pitch = (grad_input_map->width + 2 * grad_input_map->halo) * C;

    for (size_t b = 0; b < num_samples; b++) {
        map_clear_odd(grad_input_map, grad_input);
        for (size_t y = 0; y < grad_output_map->height; y++) {
            const float *from = grad_output + conv_map_at(grad_output_map, y, 0);
            const float *mask = output ? output + conv_map_at(output_map, y, 0) : NULL;
            float *to = grad_input + conv_map_at(grad_input_map, 2 * y, 0);

            for (size_t x = 0; x < grad_output_map->width; x++) {
                for (size_t c = 0; c < C; c += LANES)
                    map_max_to_four(from + x * C + c, indices + c, mask ? mask + x * C + c : NULL,
                                    C - c, pitch, C, to + 2 * x * C + c);
                indices += C;
            }
        }
        grad_output += conv_map_size(grad_output_map);
        grad_input += conv_map_size(grad_input_map);
        if (output)
            output += conv_map_size(output_map);
    }
}

/* ---- sums over rows and positions ---- */

enum { BLOCK_VECTORS = 8 }; /* so many sums in flight hide the latency of one */

/* sums += rows, of num_vectors vectors, a constant, of which the last may be of count lanes. */
VECTOR_INLINE void map_add_block(const float *x, size_t num_rows, size_t stride, size_t num_vectors,
                                 size_t count, float *sums)
{
    struct vector totals[BLOCK_VECTORS];

    VECTOR_UNROLL
    for (size_t v = 0; v < num_vectors; v++)
        totals[v] = vector_load_at_most(sums + v * LANES, count - v * LANES);
    for (size_t r = 0; r < num_rows; r++) {
        VECTOR_UNROLL
        for (size_t v = 0; v < num_vectors; v++)
            totals[v] = vector_add(
                totals[v], vector_load_at_most(x + r * stride + v * LANES, count - v * LANES));
    }
    VECTOR_UNROLL
    for (size_t v = 0; v < num_vectors; v++)
        vector_store_at_most(sums + v * LANES, totals[v], count - v * LANES);
}

static void map_add_rows(const float *x, size_t num_rows, size_t stride, size_t C, float *sums)
{
    size_t c = 0;

    for (; c + BLOCK_VECTORS * LANES <= C; c += BLOCK_VECTORS * LANES)
        map_add_block(x + c, num_rows, stride, BLOCK_VECTORS, BLOCK_VECTORS * LANES, sums + c);
    for (; c < C; c += LANES)
        map_add_block(x + c, num_rows, stride, 1, C - c, sums + c);
}

static void map_average_pool_forward(const struct conv_map *map, const float *input,
                                     size_t num_samples, float *rows)
{
    const size_t C = map->channels;
    const struct vector divisor = vector_set1((float)(map->height * map->width));

    for (size_t b = 0; b < num_samples; b++) {
        memset(rows, 0, C * sizeof(*rows));
        for (size_t y = 0; y < map->height; y++)
            map_add_rows(input + conv_map_at(map, y, 0), map->width, C, C, rows);
        for (size_t c = 0; c < C; c += LANES)
            vector_store_at_most(
                rows + c, vector_divide(vector_load_at_most(rows + c, C - c), divisor), C - c);
        input += conv_map_size(map);
        rows += C;
    }
}

static void map_average_pool_backward(const struct conv_map *map, const float *grad_rows,
                                      size_t num_samples, float *grad_input)
{
    const size_t C = map->channels;
    const struct vector divisor = vector_set1((float)(map->height * map->width));

    for (size_t b = 0; b < num_samples; b++) {
        for (size_t c = 0; c < C; c += LANES) {
            const struct vector grad =
                vector_divide(vector_load_at_most(grad_rows + c, C - c), divisor);

            for (size_t y = 0; y < map->height; y++)
                for (size_t x = 0; x < map->width; x++)
                    vector_store_at_most(grad_input + conv_map_at(map, y, x) + c, grad, C - c);
        }
        grad_rows += C;
        grad_input += conv_map_size(map);
    }
}

const struct map_kernels MAPS_TABLE = {
    .scale_pixels = map_scale_pixels,
    .relu_forward = map_relu_forward,
    .relu_backward = map_relu_backward,
    .max_pool_forward = map_max_pool_forward,
    .max_pool_backward = map_max_pool_backward,
    .average_pool_forward = map_average_pool_forward,
    .average_pool_backward = map_average_pool_backward,
    .add_rows = map_add_rows,
};
