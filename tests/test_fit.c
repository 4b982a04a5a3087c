/* Resizing, against the definition of area average and bilinear interpolation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Two pixels side by side, 10 and 20, to a square of four: padded above and below. */
static void test_fit_image_pad_stands_in_the_middle_of_the_background(void **state)
{
    static const uint8_t in[2] = {10, 20};
    static const uint8_t expected[16] = {7, 7, 7, 7, 10, 13, 18, 20, 10, 13, 18, 20, 7, 7, 7, 7};
    const struct fit fit = {.mode = FIT_PAD, .background = {7}};
    const struct image_shape from = {1, 2, 1}, to = {4, 4, 1};
    uint64_t scratch[8];
    uint8_t out[16];

    (void)state;
    fit_image(&fit, in, &from, out, &to, scratch);
    assert_memory_equal(out, expected, sizeof(expected));
}

/* Of six pixels side by side the middle two. */
static void test_fit_image_crop_takes_the_middle(void **state)
{
    static const uint8_t in[6] = {0, 0, 100, 200, 0, 0};
    const struct fit fit = {.mode = FIT_CROP};
    const struct image_shape from = {1, 6, 1}, to = {1, 2, 1}, from_2 = {2, 6, 1},
                             square = {2, 2, 1};
    uint8_t high[12], out[4];
    uint64_t scratch[4];

    (void)state;
    fit_image(&fit, in, &from, out, &to, scratch);
    assert_int_equal(out[0], 100);
    assert_int_equal(out[1], 200);
    memcpy(high, in, 6);
    memcpy(high + 6, in, 6);
    fit_image(&fit, high, &from_2, out, &square, scratch);
    assert_memory_equal(out, ((uint8_t[]){100, 200, 100, 200}), 4);
}

/* Padded and cropped images are the stretched one, with a border or cut. */
static void test_fit_image_pad_and_crop_are_parts_of_stretch(void **state)
{
    uint8_t in[9 * 14 * 3], stretched[40 * 3 * 40], out[20 * 20 * 3];
    const struct image_shape from = {9, 14, 3}, to = {20, 20, 3};
    /* 9 x 20 / 14 is 12.86; 14 x 20 / 9 is 31.1. */
    const struct image_shape inside = {13, 20, 3}, around = {20, 31, 3};
    uint64_t scratch[2 * 40 * 3];

    (void)state;
    fill_pixels(in, sizeof(in), 3);
    fit_image(&(struct fit){0}, in, &from, stretched, &inside, scratch);
    fit_image(&(struct fit){.mode = FIT_PAD, .background = {1, 2, 3}}, in, &from, out, &to,
              scratch);
    assert_memory_equal(out + 3 * 20 * 3, stretched, 13 * 20 * 3);
    assert_memory_equal(out, ((uint8_t[]){1, 2, 3, 1, 2, 3}), 6);
    assert_memory_equal(out + 16 * 20 * 3, ((uint8_t[]){1, 2, 3, 1, 2, 3}), 6);
    fit_image(&(struct fit){0}, in, &from, stretched, &around, scratch);
    fit_image(&(struct fit){.mode = FIT_CROP}, in, &from, out, &to, scratch);
    for (size_t y = 0; y < 20; y++)
        assert_memory_equal(out + y * 20 * 3, stretched + (y * 31 + 5) * 3, 20 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_image_any_sizes_match_the_definition),
        cmocka_unit_test(test_fit_image_same_size_copies),
        cmocka_unit_test(test_fit_image_pad_stands_in_the_middle_of_the_background),
        cmocka_unit_test(test_fit_image_crop_takes_the_middle),
        cmocka_unit_test(test_fit_image_pad_and_crop_are_parts_of_stretch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
