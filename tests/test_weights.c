#include "tests/support.h"

#include <math.h>
#include <string.h>

#include "common/text.h"
#include "view/weights.h"

static char *names[] = {"three", "seven", "nine"};

/* A checkpoint of one tensor, of values 0, 1, 2, ... unless they are given. */
static struct checkpoint make(struct image_shape image, size_t num_classes,
                              const struct tensor *tensor, float *values)
{
    struct checkpoint checkpoint = {.classes = {num_classes, num_classes, names},
                                    .image = image,
                                    .num_parameters = 1,
                                    .parameters = {*tensor}};

    for (size_t i = 0; i < tensor_num_elements(tensor); i++)
        values[i] = (float)i;
    checkpoint.parameters[0].data = values;
    return checkpoint;
}

static void draw(const struct checkpoint *checkpoint, size_t max_count, struct weights_view *view)
{
    struct error error = {0};

    assert_ok(weights_draw(checkpoint, max_count, false, view, &error), &error);
}

static void assert_colour(const struct weights_view *view, size_t index, size_t x, size_t y,
                          struct colour expected)
{
    struct colour found = raster_get(&view->pictures[index], x, y);

    assert_int_equal(found.red, expected.red);
    assert_int_equal(found.green, expected.green);
    assert_int_equal(found.blue, expected.blue);
}

static void test_weights_draw_linear_is_symmetric_about_zero(void **state)
{
    float values[6];
    struct checkpoint checkpoint =
        make((struct image_shape){2, 3, 1}, 2,
             &(struct tensor){.name = "linear/weight", .rank = 2, .shape = {1, 6}}, values);
    struct weights_view view;

    (void)state;
    values[0] = -8;
    values[1] = 0;
    values[2] = NAN;
    values[5] = 4;
    draw(&checkpoint, 9, &view);
    assert_int_equal(view.kind, WEIGHTS_OUTPUTS);
    assert_true(view.scale == 8);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.pictures[0].width, 3);
    assert_int_equal(view.pictures[0].height, 2);
    assert_colour(&view, 0, 0, 0, colour_of(COLOUR_MAP_DIVERGING, 0));
    assert_colour(&view, 0, 1, 0, colour_of(COLOUR_MAP_DIVERGING, 0.5));
    assert_colour(&view, 0, 2, 0, colour_missing);
    assert_colour(&view, 0, 2, 1, colour_of(COLOUR_MAP_DIVERGING, 0.75));
    /* One output of two classes is for the second. */
    assert_string_equal(view.captions.items[0], "seven");
    weights_free(&view);
}

static void test_weights_draw_reads_channels_as_each_layer_does(void **state)
{
    static const char *const tensors[] = {"linear/weight", "dense1/weight", "output/weight"};
    float values[36];
    struct weights_view view;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct tensor tensor = {.rank = 2, .shape = {3, 12}};
        struct checkpoint checkpoint;

        text_format(tensor.name, sizeof(tensor.name), "%s", tensors[i]);
        checkpoint = make((struct image_shape){2, 2, 3}, 3, &tensor, values);
        draw(&checkpoint, 2, &view);
        assert_int_equal(view.kind, i == 1 ? WEIGHTS_UNITS : WEIGHTS_OUTPUTS);
        assert_int_equal(view.total, 3);
        assert_int_equal(view.count, 2);
        assert_true(view.is_rgb);
        assert_string_equal(view.captions.items[1], i == 1 ? "2" : "seven");
        /* Pixels are interleaved; what a dense layer takes goes channel by channel.  The weight of
         * green at (1, 0) is number 4 or number 5, of -35 to 35. */
        assert_int_equal(raster_get(&view.pictures[0], 1, 0).green,
                         (int)(255 * (0.5f + 0.5f * (i == 0 ? 4.0f : 5.0f) / 35) + 0.5f));
        weights_free(&view);
    }
}

static void test_weights_draw_filters_and_means(void **state)
{
    float values[2 * 3 * 9];
    struct checkpoint filters =
        make((struct image_shape){8, 8, 3}, 3,
             &(struct tensor){.name = "conv1/weight", .rank = 4, .shape = {2, 3, 3, 3}}, values);
    struct weights_view view;

    (void)state;
    draw(&filters, 9, &view);
    assert_int_equal(view.kind, WEIGHTS_FILTERS);
    assert_int_equal(view.count, 2);
    assert_int_equal(view.pictures[1].width, 3);
    assert_int_equal(raster_get(&view.pictures[1], 2, 2).blue, 255);
    assert_string_equal(view.captions.items[1], "2");
    weights_free(&view);
    filters =
        make((struct image_shape){3, 3, 1}, 3,
             &(struct tensor){.name = "class_means/mean", .rank = 3, .shape = {3, 3, 3}}, values);
    for (size_t i = 0; i < 27; i++)
        values[i] /= 26;
    draw(&filters, 9, &view);
    assert_int_equal(view.kind, WEIGHTS_MEANS);
    assert_colour(&view, 0, 0, 0, colour_black);
    assert_colour(&view, 2, 2, 2, colour_white);
    assert_string_equal(view.captions.items[2], "nine");
    weights_free(&view);
}

static void test_weights_draw_takes_the_average(void **state)
{
    float values[4], average[4] = {-1, 1, -1, 1};
    struct checkpoint checkpoint =
        make((struct image_shape){2, 2, 1}, 2,
             &(struct tensor){.name = "linear/weight", .rank = 2, .shape = {1, 4}}, values);
    struct weights_view view;

    (void)state;
    checkpoint.num_states = 1;
    checkpoint.states[0] = (struct tensor){"average/linear/weight", 2, {1, 4}, average};
    draw(&checkpoint, 9, &view);
    assert_true(view.is_average);
    assert_true(view.scale == 1);
    weights_free(&view);
}

static void test_weights_draw_what_reads_no_pixels_is_none(void **state)
{
    static const struct tensor tensors[] = {
        {.name = "dense1/weight", .rank = 2, .shape = {3, 5}},
        {.name = "conv1/weight", .rank = 4, .shape = {3, 2, 3, 3}},
        {.name = "conv1/weight", .rank = 2, .shape = {3, 4}},
        {.name = "class_means/mean", .rank = 2, .shape = {2, 3}},
        {.name = "class_means/mean", .rank = 2, .shape = {0, 4}},
        {.name = "linear/weight", .rank = 2, .shape = {0, 4}},
        {.name = "other/weight", .rank = 2, .shape = {1, 4}},
    };
    float values[64];

    (void)state;
    for (size_t i = 0; i < sizeof(tensors) / sizeof(tensors[0]); i++) {
        struct checkpoint checkpoint = make((struct image_shape){2, 2, 1}, 2, &tensors[i], values);
        struct weights_view view;

        draw(&checkpoint, 9, &view);
        assert_int_equal(view.kind, WEIGHTS_NONE);
        weights_free(&view);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_draw_linear_is_symmetric_about_zero),
        cmocka_unit_test(test_weights_draw_reads_channels_as_each_layer_does),
        cmocka_unit_test(test_weights_draw_filters_and_means),
        cmocka_unit_test(test_weights_draw_takes_the_average),
        cmocka_unit_test(test_weights_draw_what_reads_no_pixels_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
