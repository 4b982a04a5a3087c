/*
 * Every table of kernels that this CPU can run gives the bits of the reference for convolutions of
 * any shape, and the reference agrees with sums in double precision straight from the definition
 * by PyTorch's layouts.  Arrays are allocated to size, so that the address sanitizer sees a step
 * beyond their ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/kernels/kernels.h"

static struct random_stream stream;

static int restart_stream(void **state)
{
    (void)state;
    stream = random_stream_begin(13, RANDOM_DRAW, 0);
    return 0;
}

static float *allocate(size_t count)
{
    float *values = malloc((count ? count : 1) * sizeof(*values));

    assert_non_null(values);
    return values;
}

/* Uniform on [-1, 1). */
static float *draw_floats(size_t count)
{
    float *values = allocate(count);

    for (size_t i = 0; i < count; i++)
        values[i] = 2.0f * random_uniform(&stream) - 1.0f;
    return values;
}

static float *copy_floats(const float *values, size_t count)
{
    return memcpy(allocate(count), values, count * sizeof(*values));
}

/* Maps of num_samples samples, with zeros in the halo. */
static float *draw_maps(const struct conv_map *map, size_t num_samples)
{
    const size_t size = conv_map_size(map);
    float *maps = draw_floats(num_samples * size), *inside = copy_floats(maps, num_samples * size);

    memset(maps, 0, num_samples * size * sizeof(*maps));
    for (size_t b = 0; b < num_samples; b++)
        for (size_t y = 0; y < map->height; y++) {
            const size_t row = b * size + conv_map_at(map, y, 0);

            memcpy(maps + row, inside + row, map->width * map->channels * sizeof(*maps));
        }
    free(inside);
    return maps;
}

static void assert_same_bits(const char *table, const char *what, const float *found,
                             const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&found[i], &expected[i], sizeof(*found)) != 0)
            fail_msg("%s, %s: value %zu of %zu is %a, the reference says %a", table, what, i, count,
                     (double)found[i], (double)expected[i]);
}

/* ---- shapes ---- */

struct sizes {
    size_t height, width, in, out, kernel_height, kernel_width, stride, padding;
};

/* extra: halo beyond what is asked for. */
static struct conv_shape make_shape(const struct sizes *s, size_t extra)
{
    const size_t height = conv_output_size(s->height, s->kernel_height, s->stride, s->padding);
    const size_t width = conv_output_size(s->width, s->kernel_width, s->stride, s->padding);
    const size_t rows_halo = conv_grad_halo(s->kernel_height, s->stride, s->padding);
    const size_t columns_halo = conv_grad_halo(s->kernel_width, s->stride, s->padding);

    return (struct conv_shape){
        .kernel_height = s->kernel_height,
        .kernel_width = s->kernel_width,
        .stride = s->stride,
        .padding = s->padding,
        .input = {s->height, s->width, s->in, s->padding + extra},
        .output = {height, width, s->out, extra},
        .grad_input = {s->height, s->width, s->in, 1 - extra},
        .grad_output = {height, width, s->out,
                        (rows_halo > columns_halo ? rows_halo : columns_halo) + extra},
    };
}

/*
 * Sides of the two shapes with most products: under the sanitizer, where a product that is emulated
 * takes a hundred times as long, with fewer rows and columns of the same channels.
 */
#ifdef __SANITIZE_ADDRESS__
enum { SIDE_OF_32_CHANNELS = 5, SIDE_OF_64_CHANNELS = 4 };
#else
enum { SIDE_OF_32_CHANNELS = 16, SIDE_OF_64_CHANNELS = 8 };
#endif

/* The shapes of the networks that people train, and what is at the edges of the kernels. */
static const struct sizes SHAPES[] = {
    {28, 28, 1, 16, 3, 3, 1, 1},
    {14, 14, 16, 32, 3, 3, 1, 1},
    {32, 32, 3, 32, 3, 3, 1, 1},
    {SIDE_OF_32_CHANNELS, SIDE_OF_32_CHANNELS, 32, 64, 3, 3, 1, 1},
    {SIDE_OF_64_CHANNELS, SIDE_OF_64_CHANNELS, 64, 128, 3, 3, 1, 1},
    {28, 28, 1, 32, 5, 5, 1, 2},
    {28, 28, 3, 20, 5, 5, 1, 0},
    {7, 7, 16, 10, 3, 3, 1, 1},
    {4, 4, 48, 50, 3, 3, 1, 1},
    {1, 1, 5, 7, 1, 1, 1, 0},
    {1, 1, 3, 4, 3, 3, 1, 1},
    {9, 9, 2, 3, 7, 7, 2, 3},
    {16, 15, 8, 17, 3, 3, 2, 1},
    {15, 16, 20, 33, 3, 3, 2, 1},
    {9, 10, 4, 6, 1, 1, 2, 0},
    {9, 10, 4, 6, 1, 1, 3, 0},
    {12, 11, 1, 1, 3, 5, 1, 1},
    {12, 11, 3, 2, 5, 3, 3, 2},
    {6, 40, 1, 16, 3, 3, 1, 1},
    {6, 40, 1, 33, 3, 3, 1, 1},
    {5, 70, 2, 5, 3, 3, 1, 2},
};

enum { NUM_SHAPES = sizeof(SHAPES) / sizeof(SHAPES[0]), NUM_SAMPLES = 2 };

typedef void check_shape(const struct kernels *kernels, const struct conv_shape *shape);

static void check_shapes(check_shape *check)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    for (size_t i = 0; i < NUM_SHAPES; i++)
        for (size_t t = 0; t < num_tables; t++) {
            const struct conv_shape shape = make_shape(&SHAPES[i], i % 2);

            check(tables[t], &shape);
        }
}

static void check_forward(const struct kernels *kernels, const struct conv_shape *shape)
{
    const size_t size = NUM_SAMPLES * conv_map_size(&shape->output);
    float *weight = draw_floats(conv_gradient_size(shape));
    float *packed = allocate(conv_packed_size(shape));
    float *bias = draw_floats(shape->output.channels);
    float *input = draw_maps(&shape->input, NUM_SAMPLES);

    conv_pack(shape, weight, packed);
    for (int setting = 0; setting < 4; setting++) {
        float *found = draw_maps(&shape->output, NUM_SAMPLES), *expected = copy_floats(found, size);
        const float *start = setting & 1 ? bias : NULL;

        kernels->conv->forward(shape, input, NUM_SAMPLES, packed, start, setting & 2, found);
        kernels_reference.conv->forward(shape, input, NUM_SAMPLES, packed, start, setting & 2,
                                        expected);
        assert_same_bits(kernels->name, "output", found, expected, size);
        free(found);
        free(expected);
    }
    free(weight);
    free(packed);
    free(bias);
    free(input);
}

static void test_forward_all_shapes_equals_reference(void **state)
{
    (void)state;
    check_shapes(check_forward);
}

static void check_input_gradient(const struct kernels *kernels, const struct conv_shape *shape)
{
    const size_t size = NUM_SAMPLES * conv_map_size(&shape->grad_input);
    float *weight = draw_floats(conv_gradient_size(shape));
    float *packed = allocate(conv_packed_transposed_size(shape));
    float *mask = draw_maps(&shape->input, NUM_SAMPLES);
    float *grad_output = draw_maps(&shape->grad_output, NUM_SAMPLES);

    conv_pack_transposed(shape, weight, packed);
    for (int setting = 0; setting < 2; setting++) {
        float *found = draw_maps(&shape->grad_input, NUM_SAMPLES);
        float *expected = copy_floats(found, size);

        kernels->conv->input_gradient(shape, grad_output, NUM_SAMPLES, packed,
                                      setting ? mask : NULL, found);
        kernels_reference.conv->input_gradient(shape, grad_output, NUM_SAMPLES, packed,
                                               setting ? mask : NULL, expected);
        assert_same_bits(kernels->name, "input gradient", found, expected, size);
        free(found);
        free(expected);
    }
    free(weight);
    free(packed);
    free(mask);
    free(grad_output);
}

static void test_input_gradient_all_shapes_equals_reference(void **state)
{
    (void)state;
    check_shapes(check_input_gradient);
}

static void check_weight_gradient(const struct kernels *kernels, const struct conv_shape *shape)
{
    const size_t num_weights = conv_gradient_size(shape), C = shape->output.channels;
    float *input = draw_maps(&shape->input, NUM_SAMPLES);
    float *grad_output = draw_maps(&shape->grad_output, NUM_SAMPLES);

    for (int setting = 0; setting < 4; setting++) {
        const bool has_bias = setting & 1, accumulate = setting & 2;
        float *found = draw_floats(num_weights), *expected = copy_floats(found, num_weights);
        float *bias = draw_floats(C), *expected_bias = copy_floats(bias, C);

        kernels->conv->weight_gradient(shape, input, grad_output, NUM_SAMPLES, accumulate, found,
                                       has_bias ? bias : NULL);
        kernels_reference.conv->weight_gradient(shape, input, grad_output, NUM_SAMPLES, accumulate,
                                                expected, has_bias ? expected_bias : NULL);
        assert_same_bits(kernels->name, "weight gradient", found, expected, num_weights);
        assert_same_bits(kernels->name, "bias gradient", bias, expected_bias, C);
        free(found);
        free(expected);
        free(bias);
        free(expected_bias);
    }
    free(input);
    free(grad_output);
}

static void test_weight_gradient_all_shapes_equals_reference(void **state)
{
    (void)state;
    check_shapes(check_weight_gradient);
}

/* Sample by sample with accumulate is the same as all at once: callers keep a sample in cache. */
static void test_weight_gradient_sample_by_sample_is_the_same(void **state)
{
    const struct conv_shape shape = make_shape(&SHAPES[1], 0);
    const size_t num_weights = conv_gradient_size(&shape), C = shape.output.channels;
    float *input = draw_maps(&shape.input, NUM_SAMPLES);
    float *grad_output = draw_maps(&shape.grad_output, NUM_SAMPLES);
    float *found = draw_floats(num_weights), *expected = draw_floats(num_weights);
    float *bias = draw_floats(C), *expected_bias = draw_floats(C);
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const struct conv_kernels *conv = tables[kernels_list(tables) - 1]->conv;

    (void)state;
    conv->weight_gradient(&shape, input, grad_output, NUM_SAMPLES, false, expected, expected_bias);
    for (size_t b = 0; b < NUM_SAMPLES; b++)
        conv->weight_gradient(&shape, input + b * conv_map_size(&shape.input),
                              grad_output + b * conv_map_size(&shape.grad_output), 1, b > 0, found,
                              bias);
    assert_same_bits("accumulate", "weight gradient", found, expected, num_weights);
    assert_same_bits("accumulate", "bias gradient", bias, expected_bias, C);
    free(input);
    free(grad_output);
    free(found);
    free(expected);
    free(bias);
    free(expected_bias);
}

/* ---- the reference against the definition ---- */

/* Everything in double, by the definition: each product of an input and a weight is visited once,
 * and goes to the output, to the input's gradient and to the weight's. */
struct exact {
    double *output, *grad_input, *grad_weight;
};

static struct exact compute_exact(const struct conv_shape *shape, const float *input,
                                  const float *weight, const float *grad_output)
{
    const size_t C = shape->output.channels, D = shape->input.channels;
    const size_t num_taps = shape->kernel_height * shape->kernel_width;
    struct exact exact = {calloc(conv_map_size(&shape->output), sizeof(double)),
                          calloc(conv_map_size(&shape->grad_input), sizeof(double)),
                          calloc(C * D * num_taps, sizeof(double))};

    assert_true(exact.output && exact.grad_input && exact.grad_weight);
    for (size_t y = 0; y < shape->output.height; y++)
        for (size_t x = 0; x < shape->output.width; x++)
            for (size_t tap = 0; tap < num_taps; tap++) {
                const size_t from_y = y * shape->stride + tap / shape->kernel_width;
                const size_t from_x = x * shape->stride + tap % shape->kernel_width;

                if (from_y < shape->padding || from_y - shape->padding >= shape->input.height ||
                    from_x < shape->padding || from_x - shape->padding >= shape->input.width)
                    continue;
                for (size_t co = 0; co < C; co++)
                    for (size_t ci = 0; ci < D; ci++) {
                        const size_t in_y = from_y - shape->padding;
                        const size_t in_x = from_x - shape->padding;
                        const double w = weight[(co * D + ci) * num_taps + tap];
                        const double value = input[conv_map_at(&shape->input, in_y, in_x) + ci];
                        const double grad =
                            grad_output[conv_map_at(&shape->grad_output, y, x) + co];

                        exact.output[conv_map_at(&shape->output, y, x) + co] += w * value;
                        exact.grad_input[conv_map_at(&shape->grad_input, in_y, in_x) + ci] +=
                            w * grad;
                        exact.grad_weight[(co * D + ci) * num_taps + tap] += value * grad;
                    }
            }
    return exact;
}

static void assert_close(const char *what, const float *found, const double *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs(found[i] - expected[i]) <= 1e-4))
            fail_msg("%s: %.9g is not within 1e-4 of %.9g", what, (double)found[i], expected[i]);
}

/* Sums of at most 1200 products below 1: 1200 roundings of less than 1200 2^-24, few that far. */
static void test_reference_all_shapes_is_close_to_double(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_SHAPES; i++) {
        const struct conv_shape shape = make_shape(&SHAPES[i], i % 2);
        const size_t num_weights = conv_gradient_size(&shape);
        const size_t output_size = conv_map_size(&shape.output);
        const size_t input_size = conv_map_size(&shape.grad_input);
        float *weight = draw_floats(num_weights), *input = draw_maps(&shape.input, 1);
        float *grad_output = draw_maps(&shape.grad_output, 1);
        float *packed = allocate(conv_packed_size(&shape));
        float *transposed = allocate(conv_packed_transposed_size(&shape));
        float *output = calloc(output_size, sizeof(float));
        float *grad_input = calloc(input_size, sizeof(float));
        float *grad_weight = allocate(num_weights), *unpacked = allocate(num_weights);
        struct exact exact = compute_exact(&shape, input, weight, grad_output);

        assert_true(output && grad_input);
        conv_pack(&shape, weight, packed);
        conv_pack_transposed(&shape, weight, transposed);
        conv_reference.forward(&shape, input, 1, packed, NULL, false, output);
        conv_reference.input_gradient(&shape, grad_output, 1, transposed, NULL, grad_input);
        conv_reference.weight_gradient(&shape, input, grad_output, 1, false, grad_weight, NULL);
        conv_unpack_gradient(&shape, grad_weight, unpacked);
        assert_close("output", output, exact.output, output_size);
        assert_close("input gradient", grad_input, exact.grad_input, input_size);
        assert_close("weight gradient", unpacked, exact.grad_weight, num_weights);
        free(weight);
        free(input);
        free(grad_output);
        free(packed);
        free(transposed);
        free(output);
        free(grad_input);
        free(grad_weight);
        free(unpacked);
        free(exact.output);
        free(exact.grad_input);
        free(exact.grad_weight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_forward_all_shapes_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_input_gradient_all_shapes_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_weight_gradient_all_shapes_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_weight_gradient_sample_by_sample_is_the_same, restart_stream),
        cmocka_unit_test_setup(test_reference_all_shapes_is_close_to_double, restart_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
