/*
 * Pixels, relu, pools and sums over rows: every table of kernels that this CPU can run gives the
 * bits of the reference, and the reference what examples worked out by hand say.  Arrays are
 * allocated to size, so that the address sanitizer sees a step beyond their ends.
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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const size_t CHANNELS[] = {1, 2, 3, 5, 15, 16, 17, 31, 32, 48, 130};
static const size_t SIZES[][2] = {{1, 1}, {2, 2}, {3, 2}, {4, 7}, {7, 9}, {14, 14}};

enum { NUM_SAMPLES = 2 };

static struct random_stream stream;

static int restart_stream(void **state)
{
    (void)state;
    stream = random_stream_begin(14, RANDOM_DRAW, 0);
    return 0;
}

static void *allocate(size_t nbytes)
{
    void *block = malloc(nbytes ? nbytes : 1);

    assert_non_null(block);
    return block;
}

/* Multiples of 1/4 on [-1, 1]: some are equal, some are 0. */
static float *draw_floats(size_t count)
{
    float *values = allocate(count * sizeof(*values));

    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_below(&stream, 9) / 4.0f - 1.0f;
    return values;
}

static uint8_t *draw_bytes(size_t count, uint32_t below)
{
    uint8_t *values = allocate(count);

    for (size_t i = 0; i < count; i++)
        values[i] = (uint8_t)random_below(&stream, below);
    return values;
}

static float *copy_floats(const float *values, size_t count)
{
    return memcpy(allocate(count * sizeof(*values)), values, count * sizeof(*values));
}

static void assert_same_bits(const char *table, const char *what, const void *found,
                             const void *expected, size_t nbytes)
{
    if (memcmp(found, expected, nbytes) != 0)
        fail_msg("%s, %s: not what the reference says", table, what);
}

typedef void check_map(const struct kernels *kernels, const struct conv_map *map);

static void check_maps(check_map *check)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    for (size_t t = 0; t < num_tables; t++)
        for (size_t s = 0; s < COUNT(SIZES); s++)
            for (size_t c = 0; c < COUNT(CHANNELS); c++) {
                const struct conv_map map = {SIZES[s][0], SIZES[s][1], CHANNELS[c], c % 3};

                check(tables[t], &map);
            }
}

static void check_scale_pixels(const struct kernels *kernels, const struct conv_map *map)
{
    const size_t size = conv_map_size(map);
    uint8_t *pixels = draw_bytes(map->height * map->width * map->channels, 256);
    float *scale = draw_floats(map->channels), *offset = draw_floats(map->channels);
    float *found = draw_floats(size), *expected = copy_floats(found, size);

    kernels->maps->scale_pixels(map, pixels, scale, offset, found);
    maps_reference.scale_pixels(map, pixels, scale, offset, expected);
    assert_same_bits(kernels->name, "pixels", found, expected, size * sizeof(*found));
    free(pixels);
    free(scale);
    free(offset);
    free(found);
    free(expected);
}

static void test_scale_pixels_all_maps_equals_reference(void **state)
{
    (void)state;
    check_maps(check_scale_pixels);
}

static void check_max_pool(const struct kernels *kernels, const struct conv_map *map)
{
    const struct conv_map output_map = {map->height / 2, map->width / 2, map->channels, 1};
    const struct conv_map grad_map = {map->height / 2, map->width / 2, map->channels, 2};
    const size_t num_outputs = NUM_SAMPLES * conv_map_size(&output_map);
    const size_t num_indices =
        NUM_SAMPLES * output_map.height * output_map.width * output_map.channels;
    const size_t num_inputs = NUM_SAMPLES * conv_map_size(map);
    float *input = draw_floats(num_inputs),
          *grad = draw_floats(NUM_SAMPLES * conv_map_size(&grad_map));
    float *found = draw_floats(num_outputs), *expected = copy_floats(found, num_outputs);
    uint8_t *indices = draw_bytes(num_indices, 4), *expected_indices = allocate(num_indices);
    float *found_grad = draw_floats(num_inputs),
          *expected_grad = copy_floats(found_grad, num_inputs);

    maps_reference.max_pool_forward(map, &output_map, input, NUM_SAMPLES, expected,
                                    expected_indices);
    kernels->maps->max_pool_forward(map, &output_map, input, NUM_SAMPLES, found, NULL);
    assert_same_bits(kernels->name, "pool", found, expected, num_outputs * sizeof(*found));
    kernels->maps->max_pool_forward(map, &output_map, input, NUM_SAMPLES, found, indices);
    assert_same_bits(kernels->name, "pool", found, expected, num_outputs * sizeof(*found));
    assert_same_bits(kernels->name, "indices", indices, expected_indices, num_indices);
    for (int masked = 0; masked < 2; masked++) {
        kernels->maps->max_pool_backward(&grad_map, map, grad, indices, NUM_SAMPLES, &output_map,
                                         masked ? found : NULL, found_grad);
        maps_reference.max_pool_backward(&grad_map, map, grad, indices, NUM_SAMPLES, &output_map,
                                         masked ? found : NULL, expected_grad);
        assert_same_bits(kernels->name, "pool gradient", found_grad, expected_grad,
                         num_inputs * sizeof(*found_grad));
    }
    free(input);
    free(grad);
    free(found);
    free(expected);
    free(indices);
    free(expected_indices);
    free(found_grad);
    free(expected_grad);
}

static void test_max_pool_all_maps_equals_reference(void **state)
{
    (void)state;
    check_maps(check_max_pool);
}

/* Two channels: the largest alone, and ties of which the first counts; the third column is left. */
static void test_max_pool_reference_takes_the_first_of_the_largest(void **state)
{
    static const struct conv_map map = {2, 3, 2, 0}, output_map = {1, 1, 2, 0};
    const float input[] = {1, 5, 2, 7, 9, 9, 3, 7, -1, 7, 9, 9}, grad[] = {10, 20};
    const float expected[] = {0, 0, 0, 20, 0, 0, 10, 0, 0, 0, 0, 0};
    float output[2], grad_input[12];
    uint8_t indices[2];

    (void)state;
    maps_reference.max_pool_forward(&map, &output_map, input, 1, output, indices);
    assert_true(output[0] == 3.0f && indices[0] == 2);
    assert_true(output[1] == 7.0f && indices[1] == 1);
    maps_reference.max_pool_backward(&output_map, &map, grad, indices, 1, NULL, NULL, grad_input);
    assert_memory_equal(grad_input, expected, sizeof(expected));
}

static void check_average_pool(const struct kernels *kernels, const struct conv_map *map)
{
    const size_t size = NUM_SAMPLES * conv_map_size(map), C = map->channels;
    float *input = draw_floats(size), *found = draw_floats(size);
    float *expected = copy_floats(found, size), *grad = draw_floats(NUM_SAMPLES * C);
    float *rows = draw_floats(NUM_SAMPLES * C), *expected_rows = draw_floats(NUM_SAMPLES * C);
    double mean = 0.0;

    kernels->maps->average_pool_forward(map, input, NUM_SAMPLES, rows);
    maps_reference.average_pool_forward(map, input, NUM_SAMPLES, expected_rows);
    assert_same_bits(kernels->name, "average", rows, expected_rows, NUM_SAMPLES * C * 4);
    for (size_t y = 0; y < map->height; y++)
        for (size_t x = 0; x < map->width; x++)
            mean += input[conv_map_at(map, y, x)] / (double)(map->height * map->width);
    assert_true(fabs(mean - rows[0]) < 1e-6);
    kernels->maps->average_pool_backward(map, grad, NUM_SAMPLES, found);
    maps_reference.average_pool_backward(map, grad, NUM_SAMPLES, expected);
    assert_same_bits(kernels->name, "average gradient", found, expected, size * sizeof(*found));
    free(input);
    free(found);
    free(expected);
    free(grad);
    free(rows);
    free(expected_rows);
}

static void test_average_pool_all_maps_equals_reference(void **state)
{
    (void)state;
    check_maps(check_average_pool);
}

static void check_rows(const struct kernels *kernels, const struct conv_map *map)
{
    const size_t C = map->channels, num_rows = map->height * map->width, stride = C + map->halo;
    float *x = draw_floats(num_rows * stride), *found = draw_floats(C);
    float *expected = copy_floats(found, C);

    for (size_t i = 0; i < num_rows * stride; i++)
        x[i] *= 1.1f;
    kernels->maps->add_rows(x, num_rows, stride, C, found);
    maps_reference.add_rows(x, num_rows, stride, C, expected);
    assert_same_bits(kernels->name, "sums of rows", found, expected, C * sizeof(*found));
    free(x);
    free(found);
    free(expected);
}

static void test_add_rows_any_size_equals_reference(void **state)
{
    (void)state;
    check_maps(check_rows);
}

static void test_relu_any_range_equals_reference(void **state)
{
    enum { N = 100 };
    static const size_t RANGES[][2] = {{0, 100}, {0, 96}, {3, 20}, {16, 17}, {5, 5}, {1, 49}};
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);

    (void)state;
    for (size_t t = 0; t < num_tables; t++)
        for (size_t r = 0; r < COUNT(RANGES); r++) {
            const size_t begin = RANGES[r][0], end = RANGES[r][1];
            float *x = draw_floats(N), *grad = draw_floats(N), *found = draw_floats(N);
            float *expected = copy_floats(found, N);

            x[5] = -0.0f;
            x[10] = NAN;
            x[17] = INFINITY;
            tables[t]->maps->relu_forward(x, begin, end, found);
            maps_reference.relu_forward(x, begin, end, expected);
            assert_same_bits(tables[t]->name, "relu", found, expected, N * sizeof(*found));
            tables[t]->maps->relu_backward(x, grad, begin, end, found);
            maps_reference.relu_backward(x, grad, begin, end, expected);
            assert_same_bits(tables[t]->name, "relu gradient", found, expected, N * sizeof(*found));
            free(x);
            free(grad);
            free(found);
            free(expected);
        }
}

static void test_map_to_row_and_back_is_the_inside(void **state)
{
    static const struct conv_map map = {2, 2, 2, 1};
    float values[32], row[8], expected[32] = {0};

    (void)state;
    for (size_t i = 0; i < 32; i++)
        values[i] = (float)i;
    map_to_row(&map, values, row);
    for (size_t i = 0; i < 8; i++)
        assert_true(row[i] == (float)(10 + i % 4 + i / 4 * 8));
    memset(values, 0, sizeof(values));
    map_from_row(&map, row, values);
    for (size_t i = 0; i < 8; i++)
        expected[10 + i % 4 + i / 4 * 8] = row[i];
    assert_memory_equal(values, expected, sizeof(expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_scale_pixels_all_maps_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_max_pool_all_maps_equals_reference, restart_stream),
        cmocka_unit_test(test_max_pool_reference_takes_the_first_of_the_largest),
        cmocka_unit_test_setup(test_average_pool_all_maps_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_add_rows_any_size_equals_reference, restart_stream),
        cmocka_unit_test_setup(test_relu_any_range_equals_reference, restart_stream),
        cmocka_unit_test(test_map_to_row_and_back_is_the_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
