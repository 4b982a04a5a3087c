/* Class means do not depend on threads or on the order of rows, and are the rounded exact mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/random.h"
#include "model/class_means.h"
#include "tests/support.h"

enum { NUM_ROWS = 50, C = 4, D = 100, EMPTY_CLASS = 2 };

static uint8_t pixels[NUM_ROWS][D];
static uint32_t labels[NUM_ROWS];

static int draw_rows(void **state)
{
    struct random_stream stream = random_stream_begin(1, RANDOM_DRAW, 0);

    (void)state;
    for (size_t row = 0; row < NUM_ROWS; row++) {
        labels[row] = random_below(&stream, C);
        if (labels[row] == EMPTY_CLASS)
            labels[row] = 0;
        for (size_t d = 0; d < D; d++)
            pixels[row][d] = (uint8_t)random_next(&stream);
    }
    return 0;
}

/* Adds the rows in two calls, cut after num_first. */
static void compute_means(uint64_t num_first, int num_threads, float mean[C * D])
{
    struct class_means means;
    struct error error = {0};

    assert_true(class_means_create(&means, C, D, &error));
    class_means_add(&means, pixels[0], labels, num_first, num_threads);
    class_means_add(&means, pixels[num_first], labels + num_first, NUM_ROWS - num_first,
                    num_threads);
    class_means_finish(&means, mean);
    class_means_destroy(&means);
}

static void test_class_means_are_the_rounded_exact_means(void **state)
{
    float mean[C * D];

    (void)state;
    compute_means(NUM_ROWS, 1, mean);
    for (uint32_t c = 0; c < C; c++) {
        for (size_t d = 0; d < D; d++) {
            double sum = 0.0, count = 0.0;

            for (size_t row = 0; row < NUM_ROWS; row++) {
                sum += labels[row] == c ? pixels[row][d] : 0.0;
                count += labels[row] == c;
            }
            if (c == EMPTY_CLASS)
                assert_true(mean[c * D + d] == 0.0f);
            else
                assert_true(mean[c * D + d] == (float)(sum / (count * 255.0)));
        }
    }
}

static void test_class_means_any_threads_and_cuts_are_equal(void **state)
{
    float expected[C * D], mean[C * D];

    (void)state;
    compute_means(NUM_ROWS, 1, expected);
    for (int num_threads = 1; num_threads <= 3; num_threads++) {
        for (uint64_t num_first = 0; num_first <= NUM_ROWS; num_first += 25) {
            compute_means(num_first, num_threads, mean);
            assert_memory_equal(mean, expected, sizeof(mean));
        }
    }
}

static void test_class_means_white_image_is_one(void **state)
{
    const uint8_t white[2] = {255, 255};
    const uint32_t label = 0;
    float mean[2];
    struct class_means means;
    struct error error = {0};

    (void)state;
    assert_true(class_means_create(&means, 1, 2, &error));
    for (int i = 0; i < 3; i++)
        class_means_add(&means, white, &label, 1, 3);
    assert_int_equal(means.counts[0], 3);
    class_means_finish(&means, mean);
    assert_true(mean[0] == 1.0f && mean[1] == 1.0f);
    class_means_destroy(&means);
}

static void test_class_means_create_too_large_is_refused(void **state)
{
    struct class_means means;
    struct error error = {0};

    (void)state;
    assert_fails(class_means_create(&means, SIZE_MAX / 4, 5, &error), &error, STATUS_INTERNAL);
    assert_null(means.sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_class_means_are_the_rounded_exact_means, draw_rows),
        cmocka_unit_test_setup(test_class_means_any_threads_and_cuts_are_equal, draw_rows),
        cmocka_unit_test(test_class_means_white_image_is_one),
        cmocka_unit_test(test_class_means_create_too_large_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
