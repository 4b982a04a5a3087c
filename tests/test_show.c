/* quern-show: pictures of samples, as they are stored and as training sees them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "images/png_file.h"
#include "model/augment.h"
#include "show/show.h"
#include "show/show_sample.h"
#include "tests/support.h"
#include "view/raster.h"

static const struct image_shape gray = {9, 7, 1}, rgb = {6, 11, 3};
enum { MARGIN = 8 }; /* of a sheet */

/* Runs a view without its text; the picture it writes, as RGB. */
static struct raster run_for_picture(void **state, struct show_options *options)
{
    const char *png = support_path(*state, "out.png");
    char *const operands[] = {strdup(support_path(*state, "store.h5"))};
    int own = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY);
    struct image_pixels pixels = {0};
    struct image_info info;
    struct error error = {0};
    struct raster raster;
    unsigned char *bytes;
    size_t nbytes;

    options->operands = operands;
    options->num_operands = 1;
    options->png = png;
    options->force = true;
    options->num_threads = 1;
    fflush(stdout);
    dup2(nowhere, STDOUT_FILENO);
    show_run(options, &(bool){false}, &error);
    fflush(stdout);
    dup2(own, STDOUT_FILENO);
    close(own);
    close(nowhere);
    assert_ok(error_ok(&error), &error);
    bytes = support_read_file(png, &nbytes);
    assert_ok(png_file_read("test", bytes, nbytes, 1 << 24, 3, &info, &pixels, &error), &error);
    assert_ok(raster_from_image(&raster, &(struct image_shape){info.height, info.width, 3},
                                pixels.values, &error),
              &error);
    image_pixels_free(&pixels);
    free(bytes);
    free(operands[0]);
    return raster;
}

/* The picture has these pixels of an image at left, top. */
static void assert_has(const struct raster *picture, size_t left, size_t top,
                       const struct image_shape *image, const uint8_t *pixels)
{
    struct error error = {0};
    struct raster wanted;

    assert_ok(raster_from_image(&wanted, image, pixels, &error), &error);
    for (size_t y = 0; y < image->height; y++)
        for (size_t x = 0; x < image->width; x++) {
            struct colour a = raster_get(picture, left + x, top + y), b = raster_get(&wanted, x, y);

            assert_memory_equal(&a, &b, sizeof(a));
        }
    raster_free(&wanted);
}

static void test_image_is_the_row(void **state)
{
    const struct image_shape shapes[] = {gray, rgb};

    for (size_t i = 0; i < 2; i++) {
        struct show_options options = {.view = SHOW_IMAGE, .image = "valid/3", .scale = 1};
        uint8_t pixels[200];
        struct raster picture;
        uint32_t label;

        support_write_store(support_path(*state, "store.h5"), shapes[i], 2, 4, 5, 1);
        support_store_row(shapes[i], 2, SPLIT_VALID, 3, pixels, &label);
        picture = run_for_picture(state, &options);
        assert_int_equal(picture.width, shapes[i].width);
        assert_int_equal(picture.height, shapes[i].height);
        assert_has(&picture, 0, 0, &shapes[i], pixels);
        raster_free(&picture);
    }
}

/* Training augments row i of train in epoch e as augment_apply(seed, e, i). */
static void test_augmented_grid_is_what_training_sees(void **state)
{
    const char *text = "rotate:20 shift:1.5 brightness:0.3 flip erase:0.5";
    struct show_options options = {
        .view = SHOW_GRID, .grid = {1, 5}, .augment = text, .seed = 42, .epoch = 3, .scale = 1};
    struct error error = {0};
    struct augment augment;
    struct raster picture;
    void *scratch;

    support_write_store(support_path(*state, "store.h5"), rgb, 2, 5, 1, 1);
    picture = run_for_picture(state, &options);
    assert_ok(augment_parse(text, &augment, &error), &error);
    scratch = malloc(augment_scratch_nbytes(&augment, &rgb));
    for (uint64_t row = 0; row < 5; row++) {
        uint8_t pixels[200], augmented[200];
        uint32_t label;

        support_store_row(rgb, 2, SPLIT_TRAIN, row, pixels, &label);
        augment_apply(&augment, 42, 3, row, &rgb, pixels, augmented, scratch);
        assert_has(&picture, MARGIN + row * (rgb.width + 6), MARGIN, &rgb, augmented);
    }
    free(scratch);
    raster_free(&picture);
}

/* ---- samples ---- */

static void test_draw_of_a_class_without_repeats_in_order(void **state)
{
    const char *path = support_path(*state, "store.h5");
    uint64_t rows[500], others[500], num_drawn, num_others, num_equal = 0;
    const uint32_t label = 1;
    struct error error = {0};
    struct store *store;

    support_write_store(path, gray, 3, 1000, 1, 1);
    assert_ok(store_open(path, &store, &error), &error);
    assert_ok(show_sample_draw(store, SPLIT_TRAIN, &label, 1, 100, rows, &num_drawn, &error),
              &error);
    assert_ok(show_sample_draw(store, SPLIT_TRAIN, &label, 2, 100, others, &num_others, &error),
              &error);
    assert_int_equal(num_drawn, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(store_labels(store, SPLIT_TRAIN)[rows[i]], label);
        assert_true(i == 0 || rows[i] > rows[i - 1]);
        num_equal += rows[i] == others[i];
    }
    assert_true(num_equal < 50);
    assert_true(rows[99] > 700 && rows[0] < 300); /* of all of the split */
    assert_ok(show_sample_draw(store, SPLIT_TRAIN, &label, 1, 500, rows, &num_drawn, &error),
              &error);
    assert_true(num_drawn > 300 && num_drawn < 400); /* every one there is */
    store_close(store);
}

struct taken {
    uint64_t count;
    const uint64_t *rows;
};

static bool take_row(void *context, uint64_t index, const uint8_t *pixels, struct error *error)
{
    struct taken *taken = context;
    uint8_t wanted[200];
    uint32_t label;

    (void)error;
    assert_int_equal(index, taken->count++);
    support_store_row(gray, 3, SPLIT_TRAIN, taken->rows[index], wanted, &label);
    assert_memory_equal(pixels, wanted, image_num_values(&gray));
    return true;
}

/* In one chunk and in several. */
static void test_read_rows_gives_each(void **state)
{
    static const uint64_t rows[] = {0, 1, 5, 4095, 4096, 4100, 8999};
    const char *path = support_path(*state, "store.h5");
    struct taken taken = {0, rows};
    struct error error = {0};
    struct store *store;

    support_write_store(path, gray, 3, 9000, 1, 1);
    assert_ok(store_open(path, &store, &error), &error);
    assert_true(store_chunk_rows(store) == 4096);
    assert_ok(show_sample_read_rows(store, SPLIT_TRAIN, rows, 7, 2, take_row, &taken, &error),
              &error);
    assert_int_equal(taken.count, 7);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_image_is_the_row),
        SUPPORT_IN_FOLDER(test_augmented_grid_is_what_training_sees),
        SUPPORT_IN_FOLDER(test_draw_of_a_class_without_repeats_in_order),
        SUPPORT_IN_FOLDER(test_read_rows_gives_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
