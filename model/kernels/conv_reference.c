/* conv.h in plain loops, on the packed weights that conv_pack.c makes. */
#include <math.h>

#include "model/kernels/conv_phase.h"
#include "model/kernels/kernels.h"

/* Element (k, n) of packed weights [K][num_columns]. */
static float conv_packed_weight(const float *packed, size_t K, size_t num_columns, size_t k,
                                size_t n)
{
    const size_t panel = n / GEMM_PANEL * GEMM_PANEL;
    const size_t width = num_columns - panel > GEMM_LANES ? GEMM_PANEL : GEMM_LANES;

    return packed[panel * K + k * width + n - panel];
}

/* Where in an input map the window of output (y, x) begins. */
static size_t conv_window(const struct conv_shape *shape, size_t y, size_t x)
{
    const struct conv_map *map = &shape->input;
    const size_t margin = map->halo - shape->padding;

    return ((y * shape->stride + margin) * (map->width + 2 * map->halo) + x * shape->stride +
            margin) *
           map->channels;
}

static float conv_output(const struct conv_shape *shape, const float *window, const float *packed,
                         float start, size_t co)
{
    const size_t pitch = (shape->input.width + 2 * shape->input.halo) * shape->input.channels;
    const size_t run = shape->kernel_width * shape->input.channels;
    float sum = start;

    for (size_t ky = 0; ky < shape->kernel_height; ky++)
        for (size_t i = 0; i < run; i++)
            sum = fmaf(window[ky * pitch + i],
                       conv_packed_weight(packed, shape->kernel_height * run,
                                          shape->output.channels, ky * run + i, co),
                       sum);
    return sum;
}

static void conv_forward(const struct conv_shape *shape, const float *input, size_t num_samples,
                         const float *packed, const float *bias, bool relu, float *output)
{
    for (size_t b = 0; b < num_samples; b++) {
        for (size_t y = 0; y < shape->output.height; y++) {
            for (size_t x = 0; x < shape->output.width; x++) {
                const float *window = input + conv_window(shape, y, x);
                float *to = output + conv_map_at(&shape->output, y, x);

                for (size_t co = 0; co < shape->output.channels; co++) {
                    const float sum =
                        conv_output(shape, window, packed, bias ? bias[co] : 0.0f, co);

                    to[co] = relu && sum < 0.0f ? 0.0f : sum;
                }
            }
        }
        input += conv_map_size(&shape->input);
        output += conv_map_size(&shape->output);
    }
}

/* One input's gradient, from the outputs that the taps of its phases reach. */
static float conv_input_gradient_at(const struct conv_shape *shape, const float *grad_output,
                                    const float *packed, size_t y, size_t x, size_t ci)
{
    const struct conv_phase rows =
        conv_phase_of(shape->kernel_height, shape->stride, (y + shape->padding) % shape->stride);
    const struct conv_phase columns =
        conv_phase_of(shape->kernel_width, shape->stride, (x + shape->padding) % shape->stride);
    const size_t num_outputs = shape->output.channels;
    const size_t K = rows.num_taps * columns.num_taps * num_outputs;
    const float *weights = packed + conv_phase_offset(shape, &rows, &columns);
    const struct conv_map *map = &shape->grad_output;
    float sum = 0.0f;
    size_t k = 0;

    for (size_t i = 0; i < rows.num_taps; i++)
        for (size_t j = 0; j < columns.num_taps; j++)
            for (size_t co = 0; co < num_outputs; co++, k++) {
                const size_t row = conv_phase_first(&rows, shape, y) + i;
                const size_t column = conv_phase_first(&columns, shape, x) + j;

                sum = fmaf(
                    grad_output[(row * (map->width + 2 * map->halo) + column) * num_outputs + co],
                    conv_packed_weight(weights, K, shape->input.channels, k, ci), sum);
            }
    return sum;
}

static void conv_input_gradient(const struct conv_shape *shape, const float *grad_output,
                                size_t num_samples, const float *packed, const float *mask,
                                float *grad_input)
{
    for (size_t b = 0; b < num_samples; b++) {
        for (size_t y = 0; y < shape->input.height; y++)
            for (size_t x = 0; x < shape->input.width; x++)
                for (size_t ci = 0; ci < shape->input.channels; ci++) {
                    const float sum = conv_input_gradient_at(shape, grad_output, packed, y, x, ci);
                    const bool keep = !mask || mask[conv_map_at(&shape->input, y, x) + ci] > 0.0f;

                    grad_input[conv_map_at(&shape->grad_input, y, x) + ci] = keep ? sum : 0.0f;
                }
        grad_output += conv_map_size(&shape->grad_output);
        grad_input += conv_map_size(&shape->grad_input);
        if (mask)
            mask += conv_map_size(&shape->input);
    }
}

/* Adds one output position of one sample. */
static void conv_weight_gradient_at(const struct conv_shape *shape, const float *window,
                                    const float *grad, float *grad_weight, float *grad_bias)
{
    const size_t pitch = (shape->input.width + 2 * shape->input.halo) * shape->input.channels;
    const size_t run = shape->kernel_width * shape->input.channels;
    const size_t num_outputs = shape->output.channels;

    for (size_t ky = 0; ky < shape->kernel_height; ky++)
        for (size_t i = 0; i < run; i++)
            for (size_t co = 0; co < num_outputs; co++) {
                float *sum = &grad_weight[(ky * run + i) * num_outputs + co];

                *sum = fmaf(window[ky * pitch + i], grad[co], *sum);
            }
    for (size_t co = 0; grad_bias && co < num_outputs; co++)
        grad_bias[co] += grad[co];
}

static void conv_weight_gradient(const struct conv_shape *shape, const float *input,
                                 const float *grad_output, size_t num_samples, bool accumulate,
                                 float *grad_weight, float *grad_bias)
{
    for (size_t i = 0; !accumulate && i < conv_gradient_size(shape); i++)
        grad_weight[i] = 0.0f;
    for (size_t co = 0; !accumulate && grad_bias && co < shape->output.channels; co++)
        grad_bias[co] = 0.0f;
    for (size_t b = 0; b < num_samples; b++) {
        for (size_t y = 0; y < shape->output.height; y++)
            for (size_t x = 0; x < shape->output.width; x++)
                conv_weight_gradient_at(shape, input + conv_window(shape, y, x),
                                        grad_output + conv_map_at(&shape->grad_output, y, x),
                                        grad_weight, grad_bias);
        input += conv_map_size(&shape->input);
        grad_output += conv_map_size(&shape->grad_output);
    }
}

const struct conv_kernels conv_reference = {
    .forward = conv_forward,
    .input_gradient = conv_input_gradient,
    .weight_gradient = conv_weight_gradient,
};
