/* Drawn digits: what a picture depends on, how it looks, and the options. */
#include <stdio.h>
#include <string.h>

#include "common/random.h"
#include "draw/draw_options.h"
#include "draw/render.h"
#include "tests/support.h"

enum { SIDE = 28, NUM_PIXELS = SIDE * SIDE };

static const struct image_shape gray = {SIDE, SIDE, 1};

static struct canvas make_canvas(const struct image_shape *shape)
{
    struct canvas canvas;
    struct error error = {0};

    assert_ok(canvas_create(shape, &canvas, &error), &error);
    return canvas;
}

/* ---- render_picture ---- */

static void test_render_picture_same_picture_same_bytes(void **state)
{
    struct canvas first = make_canvas(&gray), second = make_canvas(&gray);

    (void)state;
    for (unsigned digit = 0; digit < 10; digit++) {
        render_picture(&(struct picture){1, SPLIT_TRAIN, digit, 5}, &first);
        render_picture(&(struct picture){1, SPLIT_TRAIN, 9 - digit, 4}, &second);
        render_picture(&(struct picture){1, SPLIT_TRAIN, digit, 5}, &second);
        assert_memory_equal(first.pixels, second.pixels, NUM_PIXELS);
    }
    canvas_destroy(&first);
    canvas_destroy(&second);
}

static void test_render_picture_anything_else_differs(void **state)
{
    const struct picture base = {1, SPLIT_TRAIN, 3, 5};
    const struct picture others[] = {
        {2, SPLIT_TRAIN, 3, 5},
        {UINT64_C(1) << 32 | 1, SPLIT_TRAIN, 3, 5},
        {1, SPLIT_VALID, 3, 5},
        {1, SPLIT_TEST, 3, 5},
        {1, SPLIT_TRAIN, 7, 5},
        {1, SPLIT_TRAIN, 3, 6},
        {1, SPLIT_TRAIN, 3, UINT64_C(1) << 32 | 5},
    };
    struct canvas first = make_canvas(&gray), second = make_canvas(&gray);

    (void)state;
    render_picture(&base, &first);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        render_picture(&others[i], &second);
        assert_memory_not_equal(first.pixels, second.pixels, NUM_PIXELS);
    }
    canvas_destroy(&first);
    canvas_destroy(&second);
}

/* The pixels are promised to be the same on every machine and under every compiler. */
static void test_render_picture_pixels_are_pinned(void **state)
{
    static const struct {
        struct image_shape shape;
        uint64_t hash;
    } cases[] = {
        {{28, 28, 1}, UINT64_C(0xeee045a4c55ced6c)},
        {{33, 50, 3}, UINT64_C(0xf45b65b9f1b5733b)},
        {{8, 8, 1}, UINT64_C(0x073d9babadb1b4bd)},
        {{300, 260, 1}, UINT64_C(0x16a285313b9775ed)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct canvas canvas = make_canvas(&cases[i].shape);
        uint64_t hash = 0;

        for (unsigned digit = 0; digit < 10; digit++) {
            render_picture(&(struct picture){1, SPLIT_TRAIN, digit, 0}, &canvas);
            hash = random_hash(hash, canvas.pixels, image_num_values(&canvas.shape));
        }
        assert_int_equal(hash, cases[i].hash);
        canvas_destroy(&canvas);
    }
}

struct look {
    double ink;    /* mean of all values, 0 to 1 */
    double border; /* mean of the outermost values */
};

static struct look look_at(const struct canvas *canvas)
{
    size_t height = canvas->shape.height, width = canvas->shape.width, num_border = 0;
    struct look look = {0};

    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            double value = canvas->pixels[y * width + x] / 255.0;

            look.ink += value / (double)(height * width);
            if (y == 0 || y == height - 1 || x == 0 || x == width - 1) {
                look.border += value;
                num_border++;
            }
        }
    }
    look.border /= (double)num_border;
    return look;
}

static void test_render_picture_every_digit_has_ink_inside_and_none_at_the_border(void **state)
{
    struct canvas canvas = make_canvas(&gray);

    (void)state;
    for (unsigned digit = 0; digit < 10; digit++) {
        double ink = 0, border = 0;

        for (uint64_t index = 0; index < 300; index++) {
            struct look look;

            render_picture(&(struct picture){1, SPLIT_VALID, digit, index}, &canvas);
            look = look_at(&canvas);
            assert_true(look.ink > 0.02 && look.ink < 0.4);
            assert_true(look.border < 0.02);
            ink += look.ink / 300;
            border += look.border / 300;
        }
        assert_true(ink > 0.05 && ink < 0.25);
        assert_true(border < 0.001);
    }
    canvas_destroy(&canvas);
}

static void test_render_picture_odd_sizes_hold_the_same_digit(void **state)
{
    static const struct image_shape shapes[] = {{8, 8, 1}, {33, 50, 1}, {90, 21, 1}, {257, 300, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct canvas canvas = make_canvas(&shapes[i]);
        size_t side = shapes[i].height < shapes[i].width ? shapes[i].height : shapes[i].width;
        double part = (double)(side * side) / (double)(shapes[i].height * shapes[i].width);

        for (unsigned digit = 0; digit < 10; digit++) {
            struct look look;

            render_picture(&(struct picture){1, SPLIT_TRAIN, digit, 2}, &canvas);
            look = look_at(&canvas);
            assert_true(look.ink > 0.02 * part && look.ink < 0.4 * part);
            assert_true(look.border < 0.05);
        }
        canvas_destroy(&canvas);
    }
}

static void test_render_picture_rgb_has_the_strokes_of_gray_in_light_on_dark(void **state)
{
    struct canvas one = make_canvas(&gray);
    struct canvas three = make_canvas(&(struct image_shape){SIDE, SIDE, 3});
    size_t num_colourful = 0;

    (void)state;
    for (uint64_t index = 0; index < 50; index++) {
        const uint8_t *corner = three.pixels;

        render_picture(&(struct picture){1, SPLIT_TRAIN, 7, index}, &one);
        render_picture(&(struct picture){1, SPLIT_TRAIN, 7, index}, &three);
        for (size_t i = 0; i < NUM_PIXELS; i++) {
            const uint8_t *rgb = three.pixels + 3 * i;

            if (one.pixels[i] == 0)
                assert_true(rgb[0] <= corner[0] + 1 && rgb[1] <= corner[1] + 1);
            if (one.pixels[i] > 200)
                assert_true(rgb[0] > corner[0] && rgb[1] > corner[1] && rgb[2] > corner[2]);
        }
        num_colourful += corner[0] != corner[1] && corner[1] != corner[2];
    }
    assert_true(num_colourful > 40);
    canvas_destroy(&one);
    canvas_destroy(&three);
}

/* The lesson of the default set: the mean image is a fair classifier, and no perfect one. */
static void test_render_picture_nearest_mean_is_fair_and_not_perfect(void **state)
{
    enum { NUM_TRAIN = 500, NUM_VALID = 300 };
    static const unsigned digits[2] = {3, 7};
    struct canvas canvas = make_canvas(&gray);
    double means[2][NUM_PIXELS] = {{0}}, accuracy;
    int num_correct = 0;

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        for (uint64_t index = 0; index < NUM_TRAIN; index++) {
            render_picture(&(struct picture){1, SPLIT_TRAIN, digits[c], index}, &canvas);
            for (size_t i = 0; i < NUM_PIXELS; i++)
                means[c][i] += canvas.pixels[i] / (double)NUM_TRAIN;
        }
    }
    for (size_t c = 0; c < 2; c++) {
        for (uint64_t index = 0; index < NUM_VALID; index++) {
            double distance = 0;

            render_picture(&(struct picture){1, SPLIT_VALID, digits[c], index}, &canvas);
            for (size_t i = 0; i < NUM_PIXELS; i++) {
                double own = canvas.pixels[i] - means[c][i];
                double other = canvas.pixels[i] - means[1 - c][i];

                distance += own * own - other * other;
            }
            num_correct += distance < 0;
        }
    }
    accuracy = num_correct / (2.0 * NUM_VALID);
    assert_true(accuracy > 0.90 && accuracy < 0.98);
    canvas_destroy(&canvas);
}

/* ---- draw_options_parse ---- */

static bool parse(const char *const *arguments, struct draw_tree *tree, struct error *error)
{
    char copies[8][32], *argv[10] = {"quern-draw"};
    bool done = false;
    int argc = 1;

    for (; arguments[argc - 1]; argc++) {
        snprintf(copies[argc - 1], sizeof(copies[0]), "%s", arguments[argc - 1]);
        argv[argc] = copies[argc - 1];
    }
    *error = (struct error){0};
    return draw_options_parse(argc, argv, tree, &done, error);
}

static void test_draw_options_parse_values_reach_the_tree(void **state)
{
    struct error error;
    struct draw_tree tree;

    (void)state;
    assert_true(parse((const char *const[]){"out", NULL}, &tree, &error));
    assert_int_equal(tree.num_digits, 2);
    assert_int_equal(draw_tree_count_images(&tree), 5000);
    assert_int_equal(tree.image.height * tree.image.width * tree.image.channels, NUM_PIXELS);
    assert_true(parse((const char *const[]){"--classes", "9,0,4", "--size", "8x4096", "--rgb",
                                            "--test=1000", "out", NULL},
                      &tree, &error));
    assert_int_equal(tree.num_digits, 3);
    assert_int_equal(tree.digits[0], 9);
    assert_int_equal(tree.digits[2], 4);
    assert_int_equal(tree.image.height, 8);
    assert_int_equal(tree.image.width, 4096);
    assert_int_equal(tree.image.channels, 3);
    assert_int_equal(tree.num_images[SPLIT_TEST], 1000);
}

static void test_draw_options_parse_nonsense_is_refused(void **state)
{
    static const char *const cases[][5] = {
        {NULL},
        {"", NULL},
        {"out", "more", NULL},
        {"--classes=10", "out", NULL},
        {"--classes=3,x", "out", NULL},
        {"--classes=3,3", "out", NULL},
        {"--classes=", "out", NULL},
        {"--size=7x28", "out", NULL},
        {"--size=28x4097", "out", NULL},
        {"--size=28", "out", NULL},
        {"--train=-1", "out", NULL},
        {"--train=1000000001", "out", NULL},
        {"--threads=0", "out", NULL},
        {"--train=0", "--valid=0", "out", NULL},
    };
    struct error error;
    struct draw_tree tree;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_fails(parse(cases[i], &tree, &error), &error, STATUS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_render_picture_same_picture_same_bytes),
        cmocka_unit_test(test_render_picture_anything_else_differs),
        cmocka_unit_test(test_render_picture_pixels_are_pinned),
        cmocka_unit_test(test_render_picture_every_digit_has_ink_inside_and_none_at_the_border),
        cmocka_unit_test(test_render_picture_odd_sizes_hold_the_same_digit),
        cmocka_unit_test(test_render_picture_rgb_has_the_strokes_of_gray_in_light_on_dark),
        cmocka_unit_test(test_render_picture_nearest_mean_is_fair_and_not_perfect),
        cmocka_unit_test(test_draw_options_parse_values_reach_the_tree),
        cmocka_unit_test(test_draw_options_parse_nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
