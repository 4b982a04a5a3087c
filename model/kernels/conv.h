/*
 * Convolutions over maps, forward and backward, with the same bits for any instruction set and
 * number of threads.
 *
 * A map is one sample's activations (or their gradients), [height + 2 halo][width + 2 halo]
 * [channels]; the samples of a batch follow each other.  The halo is zeros, which the owner writes
 * once: kernels read it and write the inside only.  So a window's row is one run of floats, and
 * neither borders nor copies of windows are needed.
 *
 * Weights are [out][in][kernel_height][kernel_width], as PyTorch has them, and packed before use,
 * once for all threads.  Gradients of weights come as [kernel_height][kernel_width][in][out];
 * conv_unpack_gradient puts them into the order of the weights, at best after the slices have met.
 *
 * All functions are thread-safe as long as nobody else touches what they write.  No workspace is
 * asked for, nothing needs to be aligned, nothing is accessed beyond what the shapes say.
 */
#ifndef QUERN_MODEL_CONV_H
#define QUERN_MODEL_CONV_H

#include <stdbool.h>
#include <stddef.h>

struct conv_map {
    size_t height, width, channels, halo;
};

/* Floats of one sample's map. */
static inline size_t conv_map_size(const struct conv_map *map)
{
    return (map->height + 2 * map->halo) * (map->width + 2 * map->halo) * map->channels;
}

/* The offset in a map of row y, column x, channel 0 of the inside. */
static inline size_t conv_map_at(const struct conv_map *map, size_t y, size_t x)
{
    return ((y + map->halo) * (map->width + 2 * map->halo) + x + map->halo) * map->channels;
}

/*
 * Output (y, x) sees input rows y stride - padding to y stride - padding + kernel_height - 1, and
 * columns alike.  padding < kernel_height and kernel_width.
 */
struct conv_shape {
    size_t kernel_height, kernel_width, stride, padding;
    struct conv_map input;       /* halo >= padding */
    struct conv_map output;      /* of conv_output_size; any halo */
    struct conv_map grad_input;  /* as input; any halo */
    struct conv_map grad_output; /* as output; halo >= conv_grad_halo for input_gradient */
};

/* Rows (or columns) of the output; size + 2 padding >= kernel. */
static inline size_t conv_output_size(size_t size, size_t kernel, size_t stride, size_t padding)
{
    return (size + 2 * padding - kernel) / stride + 1;
}

/* The halo that the gradient of the output needs; 1 for 3x3 padded by 1, with stride 1 or 2. */
static inline size_t conv_grad_halo(size_t kernel, size_t stride, size_t padding)
{
    return (kernel - 1 - padding + stride - 1) / stride;
}

/* Floats of the packed weights, of either kind. */
size_t conv_packed_size(const struct conv_shape *shape);
size_t conv_packed_transposed_size(const struct conv_shape *shape);

/* Floats of a gradient of the weights; the same as of the weights. */
size_t conv_gradient_size(const struct conv_shape *shape);

/* Packs weights for forward, packed [conv_packed_size], and for input_gradient, packed
 * [conv_packed_transposed_size]. */
void conv_pack(const struct conv_shape *shape, const float *weight, float *packed);
void conv_pack_transposed(const struct conv_shape *shape, const float *weight, float *packed);

/* unpacked [out][in][kernel_height][kernel_width] = gradient [kernel_height][kernel_width][in][out]
 */
void conv_unpack_gradient(const struct conv_shape *shape, const float *gradient, float *unpacked);

struct conv_kernels {
    /*
     * output[y][x][co] = acc: from bias[co], or 0 if bias is NULL, acc = fma(input, weight, acc)
     * over ky, kx, ci in this order; then, with relu, acc < 0 ? 0 : acc.
     */
    void (*forward)(const struct conv_shape *shape, const float *input, size_t num_samples,
                    const float *packed, const float *bias, bool relu, float *output);

    /*
     * grad_input[y][x][ci] = acc: from 0, acc = fma(grad_output, weight, acc) over the outputs
     * that see this input, in order of their rows, their columns and co.  Outputs in the halo
     * count, as zeros.  mask: input maps, or NULL; where mask > 0 does not hold, grad_input is 0
     * (the gradient through a relu that made the input).
     */
    void (*input_gradient)(const struct conv_shape *shape, const float *grad_output,
                           size_t num_samples, const float *packed_transposed, const float *mask,
                           float *grad_input);

    /*
     * grad_weight[ky][kx][ci][co] = acc: from 0, or with accumulate from what it holds,
     * acc = fma(input, grad_output, acc) over samples, rows and columns of the output in this
     * order.  grad_bias[co] (or NULL): sums of grad_output in the same order.
     */
    void (*weight_gradient)(const struct conv_shape *shape, const float *input,
                            const float *grad_output, size_t num_samples, bool accumulate,
                            float *grad_weight, float *grad_bias);
};

#endif
