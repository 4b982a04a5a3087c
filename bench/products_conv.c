#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/products.h"
#include "common/random.h"
#include "model/model.h"

/* A layer of 3x3 taps, padded, on a batch whose slices threads share. */
struct layer {
    const struct kernels *kernels;
    struct conv_shape shape;
    size_t batch_size;
    int num_threads;
    float *input, *output, *grad_input, *grad_output, *weight, *bias;
    float *packed, *transposed;
    float **slices; /* gradients of the weights and biases of each slice */
};

static size_t num_slices(const struct layer *x)
{
    return (x->batch_size + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
}

/* A thread's range of samples. */
static size_t range_begin(const struct layer *x, int thread)
{
    return (size_t)thread * x->batch_size / (size_t)omp_get_num_threads();
}

static void run_forward(void *context)
{
    const struct layer *x = context;

    conv_pack(&x->shape, x->weight, x->packed);
#pragma omp parallel num_threads(x->num_threads)
    {
        const size_t b = range_begin(x, omp_get_thread_num());

        x->kernels->conv->forward(&x->shape, x->input + b * conv_map_size(&x->shape.input),
                                  range_begin(x, omp_get_thread_num() + 1) - b, x->packed, x->bias,
                                  true, x->output + b * conv_map_size(&x->shape.output));
    }
}

static void run_input_gradient(void *context)
{
    const struct layer *x = context;

    conv_pack_transposed(&x->shape, x->weight, x->transposed);
#pragma omp parallel num_threads(x->num_threads)
    {
        const size_t b = range_begin(x, omp_get_thread_num());

        x->kernels->conv->input_gradient(
            &x->shape, x->grad_output + b * conv_map_size(&x->shape.grad_output),
            range_begin(x, omp_get_thread_num() + 1) - b, x->transposed,
            x->input + b * conv_map_size(&x->shape.input),
            x->grad_input + b * conv_map_size(&x->shape.grad_input));
    }
}

static void run_weight_gradient(void *context)
{
    const struct layer *x = context;
    const size_t num_weights = conv_gradient_size(&x->shape), num = num_slices(x);
    const size_t num_values = num_weights + x->shape.output.channels;

#pragma omp parallel for num_threads(x->num_threads) schedule(static)
    for (size_t s = 0; s < num; s++) {
        const size_t begin = s * MODEL_SLICE_ROWS;
        const size_t count =
            begin + MODEL_SLICE_ROWS < x->batch_size ? MODEL_SLICE_ROWS : x->batch_size - begin;

        x->kernels->conv->weight_gradient(
            &x->shape, x->input + begin * conv_map_size(&x->shape.input),
            x->grad_output + begin * conv_map_size(&x->shape.grad_output), count, false,
            x->slices[s], x->slices[s] + num_weights);
    }
    x->kernels->tree_add(x->slices, num, 0, num_values);
    conv_unpack_gradient(&x->shape, x->slices[0], x->weight + num_weights);
}

static float *draw(size_t count, uint64_t index)
{
    struct random_stream stream = random_stream_begin(4, RANDOM_DRAW, index);
    float *values = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);

    if (!values)
        abort();
    for (size_t i = 0; i < count; i++)
        values[i] = random_uniform(&stream) - 0.5f;
    return values;
}

static void make_layer(struct layer *x)
{
    const struct conv_shape *shape = &x->shape;
    const size_t num_weights = conv_gradient_size(shape), C = shape->output.channels;

    x->input = draw(x->batch_size * conv_map_size(&shape->input), 0);
    x->output = draw(x->batch_size * conv_map_size(&shape->output), 1);
    x->grad_input = draw(x->batch_size * conv_map_size(&shape->grad_input), 2);
    x->grad_output = draw(x->batch_size * conv_map_size(&shape->grad_output), 3);
    x->weight = draw(2 * num_weights, 4); /* and an unpacked gradient */
    x->bias = draw(C, 5);
    x->packed = draw(conv_packed_size(shape), 6);
    x->transposed = draw(conv_packed_transposed_size(shape), 7);
    x->slices = malloc(num_slices(x) * sizeof(*x->slices));
    if (!x->slices)
        abort();
    for (size_t s = 0; s < num_slices(x); s++)
        x->slices[s] = draw(num_weights + C, 8);
}

static void free_layer(struct layer *x)
{
    float *const all[] = {x->input,  x->output, x->grad_input, x->grad_output,
                          x->weight, x->bias,   x->packed,     x->transposed};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        free(all[i]);
    for (size_t s = 0; s < num_slices(x); s++)
        free(x->slices[s]);
    free(x->slices);
}

static void measure_layer(struct layer *x, size_t num_repeats)
{
    static const char *const names[] = {"forward", "input_gradient", "weight_gradient"};
    struct peak peak = {.limits = limits_find(x->kernels->name), .count = (size_t)x->num_threads};
    const struct work works[] = {
        {run_forward, x}, {run_input_gradient, x}, {run_weight_gradient, x}, {run_peaks, &peak}};
    const struct conv_map *in = &x->shape.input, *out = &x->shape.output;
    const double gflop = 2e-9 * (double)x->batch_size * (double)(out->height * out->width) *
                         (double)conv_gradient_size(&x->shape);
    struct timing timings[4];

    make_layer(x);
    measure(works, 4, num_repeats, timings);
    for (size_t i = 0; i < 3; i++)
        printf("conv/%s/%zux%zux%zu-%zu/%zu/%d %.1f GFLOP/s best %.1f, %.1f %% of %.1f, %.0f us\n",
               names[i], in->height, in->width, in->channels, out->channels, x->batch_size,
               x->num_threads, gflop / timings[i].median, gflop / timings[i].best,
               100 * gflop / timings[i].best * 1e9 * timings[3].best /
                   (peak_fma_flops(&peak) * x->num_threads),
               peak_fma_flops(&peak) * x->num_threads * 1e-9 / timings[3].best,
               1e6 * timings[i].best);
    fflush(stdout);
    free_layer(x);
}

void bench_conv(const struct kernels *kernels, int max_threads, size_t num_repeats)
{
    static const size_t layers[][4] = {/* size, in, out, batch */
                                       {28, 1, 16, 64},   {14, 16, 32, 64},  {32, 3, 32, 128},
                                       {32, 32, 32, 128}, {16, 32, 64, 128}, {16, 64, 64, 128},
                                       {8, 64, 128, 128}, {8, 128, 128, 128}};

    for (int num_threads = 1; num_threads <= max_threads; num_threads++)
        for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
            const size_t *l = layers[i];
            const struct conv_map input = {l[0], l[0], l[1], 1}, output = {l[0], l[0], l[2], 1};
            struct layer x = {
                .kernels = kernels,
                .shape = {3, 3, 1, 1, input, output, input, output},
                .batch_size = l[3],
                .num_threads = num_threads,
            };

            measure_layer(&x, num_repeats);
        }
}
