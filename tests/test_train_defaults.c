/* What is chosen for a store of some shape and size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/network.h"
#include "tests/support.h"
#include "train/train_defaults.h"

/* The text for images of a shape; the caller's to free. */
static char *print_network(size_t height, size_t width, size_t channels)
{
    const struct image_shape image = {height, width, channels};
    size_t length;
    char *text = NULL;
    FILE *stream = open_memstream(&text, &length);

    assert_non_null(stream);
    train_defaults_print_network(&image, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void assert_network(size_t height, size_t width, const char *expected)
{
    char *text = print_network(height, width, 1);

    assert_string_equal(text, expected);
    free(text);
}

static void test_train_defaults_print_network_fits_the_image(void **state)
{
    (void)state;
    assert_network(8, 8, "conv:32 norm relu pool conv:64 norm relu avgpool");
    assert_network(28, 28,
                   "conv:16 norm relu pool conv:32 norm relu pool conv:64 norm relu avgpool");
    assert_network(300, 64,
                   "conv:16 norm relu pool conv:32 norm relu pool conv:64 norm relu pool "
                   "conv:64 norm relu pool conv:64 norm relu avgpool");
    assert_network(224, 224,
                   "conv:16:5:s4 norm relu pool conv:32 norm relu pool conv:64 norm relu pool "
                   "conv:64 norm relu avgpool");
}

static void test_train_defaults_print_network_any_image_has_one(void **state)
{
    static const size_t sides[] = {1, 2, 3, 5, 7, 9, 15, 16, 31, 95, 96, 97, 191, 192, 1000};
    enum { COUNT = sizeof(sides) / sizeof(sides[0]) };

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++) {
            const struct image_shape image = {sides[i], sides[k], 3};
            char *text = print_network(sides[i], sides[k], 3);
            struct network network;
            struct error error = {0};

            assert_ok(network_plan(&network, text, &image, 5, &error), &error);
            network_free(&network);
            free(text);
        }
    }
}

static void test_train_defaults_epochs_few_samples_are_seen_more_often(void **state)
{
    (void)state;
    assert_int_equal(train_defaults_epochs(0), 100);
    assert_int_equal(train_defaults_epochs(400), 100);
    assert_int_equal(train_defaults_epochs(10000), 20);
    assert_int_equal(train_defaults_epochs(60000), 9);
    assert_int_equal(train_defaults_epochs(100000000), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train_defaults_print_network_fits_the_image),
        cmocka_unit_test(test_train_defaults_print_network_any_image_has_one),
        cmocka_unit_test(test_train_defaults_epochs_few_samples_are_seen_more_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
