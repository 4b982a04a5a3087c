/* Resizing, against the definition of area average and bilinear interpolation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "images/fit.h"

/* How much input pixel in counts for output pixel out, in doubles, from the definition. */
static double weigh(size_t num_in, size_t num_out, size_t out, size_t in)
{
    double scale = (double)num_in / (double)num_out;

    if (num_in >= num_out) {
        double start = (double)out * scale, end = start + scale;
        double overlap_start = (double)in > start ? (double)in : start;
        double overlap_end = (double)in + 1 < end ? (double)in + 1 : end;

        return overlap_end > overlap_start ? (overlap_end - overlap_start) / scale : 0;
    } else {
        double middle = ((double)out + 0.5) * scale - 0.5, distance;

        middle = middle < 0 ? 0 : middle > (double)num_in - 1 ? (double)num_in - 1 : middle;
        distance = middle > (double)in ? middle - (double)in : (double)in - middle;
        return distance < 1 ? 1 - distance : 0;
    }
}

static double fit_value(const uint8_t *in, const struct image_shape *in_shape,
                        const struct image_shape *out_shape, size_t y, size_t x, size_t c)
{
    double sum = 0;

    for (size_t i = 0; i < in_shape->height; i++) {
        for (size_t j = 0; j < in_shape->width; j++)
            sum += weigh(in_shape->height, out_shape->height, y, i) *
                   weigh(in_shape->width, out_shape->width, x, j) *
                   in[(i * in_shape->width + j) * in_shape->channels + c];
    }
    return sum;
}

static void fill_pixels(uint8_t *pixels, size_t count, unsigned seed)
{
    uint32_t state = seed * 2654435761u + 1;

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(state >> 24);
    }
}

static void test_fit_image_any_sizes_match_the_definition(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 7, 8, 13};
    uint8_t in[13 * 13 * 3], out[13 * 13 * 3];
    uint64_t scratch[2 * 13 * 3];

    (void)state;
    fill_pixels(in, sizeof(in), 1);
    for (size_t k = 0; k < 6 * 6 * 6 * 6 * 2; k++) {
        struct image_shape from = {sizes[k % 6], sizes[k / 6 % 6], k / 1296 ? 3 : 1};
        struct image_shape to = {sizes[k / 36 % 6], sizes[k / 216 % 6], from.channels};

        assert_true(fit_num_scratch(&to) <= sizeof(scratch) / sizeof(scratch[0]));
        fit_image(&(struct fit){0}, in, &from, out, &to, scratch);
        for (size_t v = 0; v < image_num_values(&to); v++) {
            double expected = fit_value(in, &from, &to, v / to.channels / to.width,
                                        v / to.channels % to.width, v % to.channels);

            /* Half a step, for the rounding, and what the doubles themselves are off. */
            if (out[v] - expected > 0.5 + 1e-9 || expected - out[v] > 0.5 + 1e-9)
                fail_msg("%zux%zu to %zux%zu: value %zu is %d, not %g", from.height, from.width,
                         to.height, to.width, v, out[v], expected);
        }
    }
}

static void test_fit_image_same_size_copies(void **state)
{
    struct image_shape shape = {9, 7, 1};
    uint8_t in[63], out[63];
    uint64_t scratch[14];

    (void)state;
    fill_pixels(in, sizeof(in), 2);
    fit_image(&(struct fit){0}, in, &shape, out, &shape, scratch);
    assert_memory_equal(in, out, sizeof(in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_image_any_sizes_match_the_definition),
        cmocka_unit_test(test_fit_image_same_size_copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
