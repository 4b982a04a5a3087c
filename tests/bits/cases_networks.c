/* The kernels that networks are made of: products, convolutions, maps, norms, optimizers. */
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "tests/bits/cases.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MAX_VALUES = 1 << 16 };

/* Noise to read and memory to write, the same on every processor. */
struct memory {
    float noise[MAX_VALUES];
    float found[4][MAX_VALUES];
    uint8_t pixels[MAX_VALUES];
};

static struct memory *make_memory(void)
{
    struct random_stream stream = random_stream_begin(2027, RANDOM_DRAW, 0);
    struct memory *memory = calloc(1, sizeof(*memory));

    if (!memory)
        abort();
    for (size_t i = 0; i < MAX_VALUES; i++)
        memory->noise[i] = 2.0f * random_uniform(&stream) - 1.0f;
    for (size_t i = 0; i < MAX_VALUES; i++)
        memory->pixels[i] = (uint8_t)random_next(&stream);
    return memory;
}

static void run_products(const struct kernels *kernels, struct memory *memory, struct lines *lines)
{
    static const size_t shapes[][3] = {{1, 1, 1},    {5, 17, 33},   {14, 64, 32},
                                       {29, 40, 70}, {32, 10, 100}, {7, 48, 500}};
    float *packed = memory->found[0], *C = memory->found[1];
    const float *A = memory->noise, *B = memory->noise + 20000;

    for (size_t i = 0; i < COUNT(shapes); i++) {
        const size_t M = shapes[i][0], N = shapes[i][1], K = shapes[i][2];
        const struct gemm_matrix plain = gemm_plain(B, N), transposed = gemm_transposed(B, K);
        struct gemm_product product = {.K = K,
                                       .N = N,
                                       .A = gemm_plain(A, K),
                                       .packed_B = packed,
                                       .C = C,
                                       .C_stride = N,
                                       .bias = A + 7};
        struct gemm_tree tree = {.K = K,
                                 .N = N,
                                 .A = gemm_transposed(A, M),
                                 .packed_B = packed,
                                 .slice_rows = 9,
                                 .end_slice = (K + 8) / 9,
                                 .C = C,
                                 .C_stride = N};
        uint64_t hash = 0;

        kernels->gemm->pack(&plain, K, N, 0, N, packed);
        kernels->gemm->multiply(&product, 0, M, 0, N);
        cases_add_to_hash(&hash, C, M * N * sizeof(*C));
        product.accumulate = product.relu = true;
        kernels->gemm->multiply(&product, 0, M, 0, N);
        cases_add_to_hash(&hash, C, M * N * sizeof(*C));
        kernels->gemm->multiply_tree(&tree, 0, M, 0, N);
        cases_add_to_hash(&hash, C, M * N * sizeof(*C));
        kernels->gemm->pack(&transposed, K, N, 0, N, packed);
        product = (struct gemm_product){.K = K,
                                        .N = N,
                                        .A = gemm_transposed(A, M),
                                        .packed_B = packed,
                                        .C = C,
                                        .C_stride = N,
                                        .mask = B,
                                        .mask_stride = N};
        kernels->gemm->multiply(&product, 0, M, 0, N);
        cases_add_to_hash(&hash, C, M * N * sizeof(*C));
        cases_add_line(lines, hash, "gemm %zux%zux%zu", M, N, K);
    }
}

static void run_conv(const struct kernels *kernels, struct memory *memory,
                     const struct conv_shape *shape, struct lines *lines)
{
    const float *weight = memory->noise, *bias = memory->noise + 100;
    float *packed = memory->found[0], *output = memory->found[1], *input = memory->found[2];
    float *grad = memory->found[3];
    uint64_t hash = 0;

    memset(memory->found, 0, sizeof(memory->found));
    map_from_row(&shape->input, memory->noise + 2000, input);
    conv_pack(shape, weight, packed);
    kernels->conv->forward(shape, input, 1, packed, bias, true, output);
    cases_add_to_hash(&hash, output, conv_map_size(&shape->output) * sizeof(float));
    kernels->conv->weight_gradient(shape, input, output, 1, false, grad, NULL);
    kernels->conv->weight_gradient(shape, input, output, 1, true, grad,
                                   grad + conv_gradient_size(shape));
    cases_add_to_hash(&hash, grad, conv_gradient_size(shape) * sizeof(float));
    conv_pack_transposed(shape, weight, packed);
    kernels->conv->input_gradient(shape, output, 1, packed, memory->noise + 5, input);
    cases_add_to_hash(&hash, input, conv_map_size(&shape->grad_input) * sizeof(float));
    cases_add_line(lines, hash, "conv %zux%zux%zu-%zu kernel=%zu stride=%zu", shape->input.height,
                   shape->input.width, shape->input.channels, shape->output.channels,
                   shape->kernel_height, shape->stride);
}

static void run_convs(const struct kernels *kernels, struct memory *memory, struct lines *lines)
{
    static const size_t shapes[][6] = {/* height, width, in, out, kernel, stride */
                                       {14, 15, 1, 16, 3, 1},
                                       {9, 8, 3, 20, 3, 1},
                                       {8, 8, 16, 32, 3, 1},
                                       {9, 10, 5, 7, 5, 2},
                                       {7, 7, 4, 48, 1, 1}};

    for (size_t i = 0; i < COUNT(shapes); i++) {
        const size_t *s = shapes[i], padding = s[4] / 2;
        const struct conv_map input = {s[0], s[1], s[2], padding};
        const struct conv_map output = {conv_output_size(s[0], s[4], s[5], padding),
                                        conv_output_size(s[1], s[4], s[5], padding), s[3], padding};
        const struct conv_shape shape = {s[4], s[4], s[5], padding, input, output, input, output};

        run_conv(kernels, memory, &shape, lines);
    }
}

static void run_maps(const struct kernels *kernels, struct memory *memory, struct lines *lines)
{
    static const struct conv_map maps[] = {{9, 8, 3, 1}, {6, 7, 20, 0}, {4, 4, 32, 1}};
    float *values = memory->found[0], *output = memory->found[1];

    for (size_t i = 0; i < COUNT(maps); i++) {
        const struct conv_map *map = &maps[i];
        const struct conv_map half = {map->height / 2, map->width / 2, map->channels, 0};
        uint8_t *indices = (uint8_t *)memory->found[2];
        uint64_t hash = 0;

        memset(memory->found, 0, sizeof(memory->found));
        kernels->maps->scale_pixels(map, memory->pixels, memory->noise, memory->noise + 50, values);
        kernels->maps->relu_backward(memory->noise, values, 3, conv_map_size(map) - 1, values);
        kernels->maps->max_pool_forward(map, &half, values, 1, output, indices);
        cases_add_to_hash(&hash, output, conv_map_size(&half) * sizeof(float));
        cases_add_to_hash(&hash, indices, conv_map_size(&half));
        kernels->maps->max_pool_backward(&half, map, memory->noise, indices, 1, &half, output,
                                         values);
        cases_add_to_hash(&hash, values, conv_map_size(map) * sizeof(float));
        kernels->maps->relu_forward(memory->noise, 0, conv_map_size(map), values);
        kernels->maps->average_pool_forward(map, values, 1, output);
        kernels->maps->add_rows(memory->noise, 77, map->channels, map->channels, output);
        kernels->maps->average_pool_backward(map, output, 1, values);
        cases_add_to_hash(&hash, values, conv_map_size(map) * sizeof(float));
        cases_add_line(lines, hash, "maps %zux%zux%zu", map->height, map->width, map->channels);
    }
}

static void run_norms(const struct kernels *kernels, struct memory *memory, struct lines *lines)
{
    static const struct conv_map maps[] = {{9, 8, 3, 1}, {5, 3, 20, 0}, {1, 1, 50, 0}};
    double *sums = (double *)memory->found[0];
    float *output = memory->found[1];
    const float *x = memory->noise, *y = memory->noise + 7000, *of = memory->noise + 60000;

    for (size_t i = 0; i < COUNT(maps); i++) {
        const struct conv_map *map = &maps[i];
        size_t C = map->channels, num_rows = 7, nbytes = num_rows * conv_map_size(map) * sizeof(*x);
        uint64_t hash = 0;

        memset(memory->found, 0, sizeof(memory->found));
        kernels->norm->sums(map, x, y, num_rows, sums, sums + C);
        cases_add_to_hash(&hash, sums, 2 * C * sizeof(*sums));
        kernels->norm->apply(map, x, of, of + C, num_rows, output);
        cases_add_to_hash(&hash, output, nbytes);
        kernels->norm->gradient(map, x, y, of, of + C, of + 2 * C, num_rows, output);
        cases_add_to_hash(&hash, output, nbytes);
        cases_add_line(lines, hash, "norm %zux%zux%zu", map->height, map->width, C);
    }
}

static void run_optimizers(const struct kernels *kernels, struct memory *memory,
                           struct lines *lines)
{
    enum { N = 5000 };
    struct adam_factors factors = {.beta1 = 0.9f,
                                   .beta2 = 0.999f,
                                   .one_minus_beta1 = 0.1f,
                                   .one_minus_beta2 = 0.001f,
                                   .step_size = 0.01f,
                                   .inverse_root_correction = 31.6f,
                                   .epsilon = 1e-8f};
    uint64_t adam = 0, others = 0;

    for (int setting = 0; setting < 3; setting++) {
        memcpy(memory->found, memory->noise, sizeof(memory->found[0]));
        memset(memory->found[1], 0, N * sizeof(float));
        memset(memory->found[2], 0, N * sizeof(float));
        factors.weight_decay = setting == 1 ? 0.1f : 0.0f;
        factors.shrink = setting == 2 ? 0.999f : 1.0f;
        for (size_t step = 0; step < 3; step++)
            kernels->optimizer->adam_step(memory->found[0], memory->found[1], memory->found[2],
                                          memory->noise + step * N, &factors, 1, N);
        cases_add_to_hash(&adam, memory->found[0], N * sizeof(float));
    }
    kernels->optimizer->average_step(memory->found[0], memory->noise, 0.01f, 3, N);
    kernels->optimizer->scale(memory->found[0], 0.7f, 1, N - 1);
    kernels->optimizer->sum_squares(memory->found[0], N, memory->found[1]);
    cases_add_to_hash(&others, memory->found[0], N * sizeof(float));
    cases_add_to_hash(&others, memory->found[1], 2 * sizeof(float));
    cases_add_line(lines, adam, "adam");
    cases_add_line(lines, others, "average, scale, sum_squares");
}

void cases_run_networks(const struct kernels *kernels, struct lines *lines)
{
    struct memory *memory = make_memory();

    run_products(kernels, memory, lines);
    run_convs(kernels, memory, lines);
    run_maps(kernels, memory, lines);
    run_norms(kernels, memory, lines);
    run_optimizers(kernels, memory, lines);
    free(memory);
}
