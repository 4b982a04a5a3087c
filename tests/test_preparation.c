/* How a file becomes a row: transparency, 16 bits, sizes; the same by quern-ingest and of a file.
 */
#include <stdlib.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/checksum.h"
#include "common/text.h"
#include "images/preparation.h"
#include "tests/png_fixture.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

/* ---- as text ---- */

static void test_preparation_format_any_is_parsed_back(void **state)
{
    static const char *const texts[] = {
        "background=none channels=gray fit=stretch range=none size=as-is",
        "background=ff8000 channels=rgb fit=pad range=0:4095 size=28x31",
        "background=000000 channels=unknown fit=crop range=65534:65535 size=1x65535",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct preparation preparation;
        struct error error = {0};
        char text[PREPARATION_MAX_TEXT];

        assert_ok(preparation_parse(texts[i], &preparation, &error), &error);
        assert_string_equal(preparation_format(&preparation, text, sizeof(text)), texts[i]);
    }
}

static void test_preparation_parse_what_cannot_be_is_refused(void **state)
{
    static const char *const texts[] = {
        "fit=squeeze",
        "fit",
        "fit=pad fit=pad",
        "size=0x4",
        "size=4",
        "size=4x70000",
        "range=5:5",
        "range=9:1",
        "range=0:65536",
        "background=fffff",
        "background=gggggg",
        "channels=2",
        "gamma=1",
        "=",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct preparation preparation;
        struct error error = {0};

        assert_fails(preparation_parse(texts[i], &preparation, &error), &error, STATUS_DATA);
    }
}

/* ---- samples ---- */

static const struct samples_rule on_white = {.has_background = true, .background = {255, 255, 255}};

static void test_samples_convert_row_8_bits_on_a_background_are_rounded_once(void **state)
{
    const struct samples_layout layout = {.channels = 1, .has_alpha = true};

    (void)state;
    for (uint32_t background = 0; background < 256; background += 51)
        for (uint32_t value = 0; value < 256; value++)
            for (uint32_t alpha = 0; alpha < 256; alpha++) {
                const struct samples_rule rule = {
                    .has_background = true,
                    .background = {(uint8_t)background, (uint8_t)background, (uint8_t)background}};
                const uint8_t pixel[2] = {(uint8_t)value, (uint8_t)alpha};
                const uint32_t sum = value * alpha + background * (255 - alpha);
                struct image_info info = {0};
                uint8_t out;

                samples_convert_row(&rule, &layout, pixel, 1, &out, 1, &info);
                assert_int_equal(out, (2 * sum + 255) / 510);
                assert_int_equal(info.is_transparent, alpha < 255);
            }
}

static void test_samples_convert_row_16_bits_with_alpha_are_rounded_once(void **state)
{
    const struct samples_layout layout = {.channels = 1, .has_alpha = true, .is_deep = true};
    const struct samples_rule rule = {.has_background = true,
                                      .background = {255, 255, 255},
                                      .has_range = true,
                                      .low = 1000,
                                      .high = 3000};
    /* 2000 is half of 255, seen by half: 191.25; 1001, almost opaque, is not rounded in between. */
    static const uint8_t pixels[3][4] = {
        {2000 >> 8, 2000 & 255, 0x80, 0x00}, {0, 5, 255, 255}, {3001 >> 8, 3001 & 255, 0, 0}};
    static const uint8_t expected[3] = {191, 0, 255};
    struct image_info info = {0};
    uint8_t out[3];

    (void)state;
    samples_convert_row(&rule, &layout, pixels[0], 3, out, 1, &info);
    assert_memory_equal(out, expected, 3);
    assert_true(info.is_transparent);
    /* The pixel that cannot be seen is not counted. */
    assert_int_equal(info.low, 5);
    assert_int_equal(info.high, 2000);
}

static void test_samples_narrow_without_range_is_as_before(void **state)
{
    const struct samples_rule rule = {0};

    (void)state;
    for (uint32_t value = 0; value <= 65535; value++)
        assert_int_equal(samples_narrow(&rule, (uint16_t)value), (value * 255 + 32895) >> 16);
}

static void test_samples_narrow_by_a_range_is_linear_and_clamped(void **state)
{
    const struct samples_rule rule = {.has_range = true, .low = 100, .high = 4195};

    (void)state;
    assert_int_equal(samples_narrow(&rule, 0), 0);
    assert_int_equal(samples_narrow(&rule, 100), 0);
    assert_int_equal(samples_narrow(&rule, 4195), 255);
    assert_int_equal(samples_narrow(&rule, 65535), 255);
    for (uint32_t value = 100; value <= 4195; value++)
        assert_int_equal(samples_narrow(&rule, (uint16_t)value),
                         (2 * 255 * (value - 100) + 4095) / (2 * 4095));
}

static void test_samples_convert_row_gray_on_a_color_is_a_color(void **state)
{
    const struct samples_layout layout = {.channels = 1, .has_alpha = true};
    const struct samples_rule rule = {.has_background = true, .background = {255, 0, 0}};
    static const uint8_t pixel[2] = {100, 0}, rgb[3] = {255, 0, 0};
    struct image_info info = {0};
    uint8_t out[3];

    (void)state;
    samples_convert_row(&rule, &layout, pixel, 1, out, 3, &info);
    assert_memory_equal(out, rgb, 3);
    samples_convert_row(&rule, &layout, pixel, 1, out, 1, &info);
    assert_int_equal(out[0], 76);
}

/* ---- files ---- */

static void read_layout(const struct png_layout *layout, const struct samples_rule *rule,
                        struct image_info *info, uint8_t *first_pixel)
{
    struct png_fixture file = png_fixture_write(layout);
    struct image_pixels pixels = {.rule = *rule};
    struct error error = {0};

    assert_ok(decoder_read("x.png", file.bytes, file.nbytes, 1 << 20, 1, info, &pixels, &error),
              &error);
    *first_pixel = pixels.values[0];
    image_pixels_free(&pixels);
    free(file.bytes);
}

static void test_decoder_read_every_kind_tells_of_transparency_and_depth(void **state)
{
    static const struct {
        struct png_layout layout;
        bool is_transparent, is_deep;
    } kinds[] = {
        {{.color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 8}, false, false},
        {{.color_type = PNG_COLOR_TYPE_RGB, .bit_depth = 8}, false, false},
        {{.color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 16}, false, true},
        {{.color_type = PNG_COLOR_TYPE_RGB, .bit_depth = 16}, false, true},
        {{.color_type = PNG_COLOR_TYPE_GRAY_ALPHA, .bit_depth = 8}, true, false},
        {{.color_type = PNG_COLOR_TYPE_RGB_ALPHA, .bit_depth = 8}, true, false},
        {{.color_type = PNG_COLOR_TYPE_GRAY_ALPHA, .bit_depth = 16}, true, true},
        {{.color_type = PNG_COLOR_TYPE_RGB_ALPHA, .bit_depth = 16}, true, true},
        {{.color_type = PNG_COLOR_TYPE_PALETTE, .bit_depth = 1, .has_transparency = true},
         true,
         false},
        {{.color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 2, .has_transparency = true},
         true,
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (int interlace = 0; interlace < 2; interlace++) {
            struct png_layout layout = kinds[i].layout;
            struct image_info info = {0};
            uint8_t pixel;

            layout.width = 16;
            layout.height = 16;
            layout.interlace = interlace ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE;
            read_layout(&layout, &on_white, &info, &pixel);
            assert_int_equal(info.is_transparent, kinds[i].is_transparent);
            assert_int_equal(info.is_deep, kinds[i].is_deep);
            assert_int_equal(info.has_range, kinds[i].is_deep);
        }
}

/* A transparent gray level: the same pixel on white is white. */
static void test_decoder_read_gray_with_a_transparent_level_shows_the_background(void **state)
{
    struct png_layout layout = {.color_type = PNG_COLOR_TYPE_GRAY,
                                .bit_depth = 1,
                                .has_transparency = true,
                                .width = 1,
                                .height = 1};
    const struct samples_rule on_gray = {.has_background = true, .background = {9, 9, 9}};
    struct image_info info = {0};
    uint8_t pixel;

    (void)state;
    read_layout(&layout, &on_gray, &info, &pixel);
    assert_int_equal(pixel, png_fixture_sample(&layout, 0, 0, 0) == 1 ? 9 : 0);
}

/* ---- rows of a store, and those of its files ---- */

/* Trees of images of many sizes, of one kind. */
static void write_tree(int color_type, int bit_depth)
{
    char name[64];

    for (uint32_t i = 0; i < 12; i++) {
        const struct png_layout layout = {.color_type = color_type,
                                          .bit_depth = bit_depth,
                                          .width = 3 + i % 7,
                                          .height = 2 + i * 5 % 11};
        struct png_fixture file = png_fixture_write(&layout);

        snprintf(name, sizeof(name), "source/%s/%s/%02u.png", i % 3 == 2 ? "valid" : "train",
                 i % 2 ? "a" : "b", i);
        tree_fixture_write(name, file.bytes, file.nbytes);
        free(file.bytes);
    }
}

/* A checkpoint of a linear model of the store's images, as quern-train would write it. */
static const char *write_checkpoint(const char *store_path, struct error *error)
{
    static char path[TREE_MAX_PATH];
    static char first[] = "a", second[] = "b";
    static char *class_names[] = {first, second};
    struct checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));
    float weights[3 * 64 * 64], bias[1] = {0.25f};
    struct store *store;

    assert_non_null(checkpoint);
    assert_ok(store_open(store_path, &store, error), error);
    checkpoint->classes = (struct text_list){.count = 2, .items = class_names};
    checkpoint->image = *store_image_shape(store);
    memset(checkpoint->store_fingerprint, 'f', 64);
    assert_ok(store_read_preparation(store, checkpoint->preparation,
                                     sizeof(checkpoint->preparation), error),
              error);
    assert_true(checkpoint->preparation[0] != '\0');
    for (size_t i = 0; i < image_num_values(&checkpoint->image); i++)
        weights[i] = (float)(i * 37 % 101) / 50 - 1;
    checkpoint->parameters[checkpoint->num_parameters++] =
        (struct tensor){.name = "linear/weight",
                        .rank = 2,
                        .shape = {1, image_num_values(&checkpoint->image)},
                        .data = weights};
    checkpoint->parameters[checkpoint->num_parameters++] =
        (struct tensor){.name = "linear/bias", .rank = 1, .shape = {1}, .data = bias};
    settings_add_text(&checkpoint->config, "model", "linear");
    settings_add_text(&checkpoint->config, "loss", "cross-entropy");
    snprintf(path, sizeof(path), "%s", tree_fixture_path("epoch-0001.h5"));
    assert_ok(checkpoint_write(path, checkpoint, true, error), error);
    store_close(store);
    free(checkpoint);
    return path;
}

/* A checkpoint of a store says how a file becomes a row: of the training set, the row that is
 * there, which gives the same scores. */
static void assert_same_rows(const struct ingestion *f)
{
    enum { NUM_ROWS = 8 };
    struct error error = {0};
    struct model_file file;
    struct preparation_buffer buffer = {0};
    struct text_list paths = {0};
    struct store *store;
    size_t num_values;
    uint8_t *rows, *row;

    assert_ok(model_file_open(write_checkpoint(f->store, &error), &file, &error), &error);
    assert_ok(store_open(f->store, &store, &error), &error);
    num_values = image_num_values(&file.model.spec.image);
    rows = malloc(NUM_ROWS * num_values);
    row = malloc(num_values);
    assert_int_equal(store_num_rows(store, SPLIT_TRAIN), NUM_ROWS);
    assert_ok(store_read_pixels(store, SPLIT_TRAIN, 0, NUM_ROWS, 1, rows, &error), &error);
    assert_ok(store_read_paths(store, SPLIT_TRAIN, &paths, &error), &error);
    for (size_t i = 0; i < NUM_ROWS; i++) {
        size_t nbytes;
        char path[2 * TREE_MAX_PATH];
        unsigned char *bytes;
        struct image_info info;

        snprintf(path, sizeof(path), "%s/%s", f->source, paths.items[i]);
        bytes = support_read_file(path, &nbytes);
        assert_ok(preparation_make_row(&file.preparation, &file.model.spec.image, path,
                                       &(struct source_file){.bytes = bytes, .nbytes = nbytes},
                                       1 << 20, &buffer, row, &info, &error),
                  &error);
        assert_memory_equal(row, rows + i * num_values, num_values);
        free(bytes);
    }
    preparation_buffer_free(&buffer);
    text_list_free(&paths);
    free(rows);
    free(row);
    store_close(store);
    model_file_close(&file);
}

static void check_rows(int color_type, int bit_depth, int channels, const struct samples_rule *rule,
                       bool finds_range)
{
    struct ingestion *f = ingestion_new();

    write_tree(color_type, bit_depth);
    f->options.channels = channels;
    f->options.rule = *rule;
    f->options.finds_range = finds_range;
    f->options.force = true;
    f->options.height = 7;
    f->options.width = 5;
    for (int mode = FIT_STRETCH; mode <= FIT_CROP; mode++) {
        f->options.fit = (enum fit_mode)mode;
        assert_ok(ingestion_run(f), &f->error);
        assert_same_rows(f);
    }
    ingestion_free(f);
}

static void test_preparation_make_row_transparent_files_become_their_rows(void **state)
{
    const struct samples_rule on_orange = {.has_background = true, .background = {255, 128, 0}};

    (void)state;
    check_rows(PNG_COLOR_TYPE_RGB_ALPHA, 8, INGEST_CHANNELS_AUTO, &on_white, false);
    check_rows(PNG_COLOR_TYPE_RGB_ALPHA, 16, 1, &on_orange, false);
    check_rows(PNG_COLOR_TYPE_GRAY_ALPHA, 8, INGEST_CHANNELS_AUTO, &on_orange, false);
}

static void test_preparation_make_row_16_bits_become_their_rows(void **state)
{
    const struct samples_rule given = {.has_range = true, .low = 20000, .high = 41234}, none = {0};

    (void)state;
    check_rows(PNG_COLOR_TYPE_GRAY, 16, INGEST_CHANNELS_AUTO, &given, false);
    check_rows(PNG_COLOR_TYPE_GRAY, 16, INGEST_CHANNELS_AUTO, &none, true);
    check_rows(PNG_COLOR_TYPE_RGB, 16, 1, &none, false);
}

static void test_preparation_make_row_other_channels_become_their_rows(void **state)
{
    const struct samples_rule none = {0};

    (void)state;
    check_rows(PNG_COLOR_TYPE_RGB, 8, 1, &none, false);
    check_rows(PNG_COLOR_TYPE_GRAY, 8, 3, &none, false);
}

static void test_preparation_make_row_transparent_without_background_is_refused(void **state)
{
    const struct png_layout layout = {
        .color_type = PNG_COLOR_TYPE_RGB_ALPHA, .bit_depth = 8, .width = 6, .height = 6};
    const struct preparation preparation = {.channels = 3, .height = 4, .width = 4};
    const struct image_shape shape = {4, 4, 3};
    struct png_fixture file = png_fixture_write(&layout);
    struct preparation_buffer buffer = {0};
    struct image_info info;
    struct error error = {0};
    uint8_t row[48];

    (void)state;
    assert_fails(
        preparation_make_row(&preparation, &shape, "x.png",
                             &(struct source_file){.bytes = file.bytes, .nbytes = file.nbytes},
                             1 << 20, &buffer, row, &info, &error),
        &error, STATUS_DATA);
    assert_contains(error.what, "is not opaque throughout");
    preparation_buffer_free(&buffer);
    free(file.bytes);
}

/* ---- files that say something else ---- */

static void write_small_store(const char *path, const char *settings, const char *preparation)
{
    static char first[] = "a", second[] = "b";
    static char *class_names[] = {first, second};
    const struct text_list classes = {.count = 2, .items = class_names}, none = {0};
    const float means[2 * 16] = {0};
    const uint8_t pixels[16] = {0};
    const struct store_plan plan = {.image = {4, 4, 1},
                                    .classes = &classes,
                                    .max_rows = {[SPLIT_TRAIN] = 1},
                                    .max_path_nbytes = 8,
                                    .compression_level = 1,
                                    .num_threads = 1};
    const struct store_ending ending = {.source = {"digits", settings, "digest"},
                                        .preparation = preparation,
                                        .class_means = {[SPLIT_TRAIN] = means},
                                        .reject_paths = &none,
                                        .reject_reasons = &none};
    const struct store_row row = {.path = "0.png", .pixel_crc32 = crc32_of(pixels, 16)};
    struct store_writer *writer;
    struct error error = {0};

    assert_ok(store_create(path, &plan, &writer, &error), &error);
    assert_ok(store_append(writer, SPLIT_TRAIN, 1, &row, pixels, &error), &error);
    assert_ok(store_finish(writer, &ending, &error), &error);
}

/* A store of before: what it was resized to stands in its settings. */
static void test_store_read_preparation_store_of_before_has_its_size(void **state)
{
    static const struct {
        const char *settings, *preparation, *expected;
    } cases[] = {
        {"channels=gray size=4x4 classes=all", NULL, "size=4x4"},
        {"channels=gray size=as-is classes=all", NULL, ""},
        {"settings", NULL, ""},
        {"channels=gray size=4x4", "fit=pad size=4x4", "fit=pad size=4x4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store *store;
        struct error error = {0};
        char text[PREPARATION_MAX_TEXT];

        write_small_store(tree_fixture_path("store.h5"), cases[i].settings, cases[i].preparation);
        assert_ok(store_open(tree_fixture_path("store.h5"), &store, &error), &error);
        assert_ok(store_read_preparation(store, text, sizeof(text), &error), &error);
        assert_string_equal(text, cases[i].expected);
        store_close(store);
    }
}

static void test_model_file_open_images_made_otherwise_are_refused(void **state)
{
    static const char *const texts[] = {"fit=squeeze", "size=9x9", "channels=rgb", "gamma=2"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error error = {0};
        struct model_file file;

        write_small_store(tree_fixture_path("store.h5"), "settings", texts[i]);
        assert_fails(
            model_file_open(write_checkpoint(tree_fixture_path("store.h5"), &error), &file, &error),
            &error, STATUS_DATA);
        assert_string_equal(error.dataset, "/preprocessing");
        model_file_close(&file);
    }
}

/* ---- quern-ingest ---- */

/* A PNG of two samples. */
static void write_gray_16(const char *name, uint16_t first, uint16_t second)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    char path[TREE_MAX_PATH];
    png_byte row[4] = {(png_byte)(first >> 8), (png_byte)first, (png_byte)(second >> 8),
                       (png_byte)second};
    FILE *file;

    tree_fixture_make(name);
    snprintf(path, sizeof(path), "%s", tree_fixture_path(name));
    file = fopen(path, "wb");
    assert_non_null(file);
    png_init_io(png, file);
    png_set_IHDR(png, info, 2, 1, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void read_first_row(const struct ingestion *f, uint8_t *pixels, char *text, size_t size)
{
    struct store *store;
    struct error error = {0};

    assert_ok(store_open(f->store, &store, &error), &error);
    assert_ok(store_read_pixels(store, SPLIT_TRAIN, 0, 1, 1, pixels, &error), &error);
    assert_ok(store_read_preparation(store, text, size, &error), &error);
    store_close(store);
}

static void test_ingest_run_12_bits_in_16_need_a_range(void **state)
{
    struct ingestion *f = ingestion_new();
    uint8_t pixels[2];
    char text[PREPARATION_MAX_TEXT];

    (void)state;
    write_gray_16("source/train/a/1.png", 0, 4095);
    write_gray_16("source/train/b/1.png", 1000, 2000);
    write_gray_16("source/valid/a/1.png", 7, 8);
    write_gray_16("source/valid/b/1.png", 7, 4000);
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(
        f->error.what,
        "4 of 4 images are of 16 bits, with values from 0 to 4095, which become 17 of the 256");
    assert_contains(f->error.what, "--range 0:4095 or auto");
    f->options.finds_range = true;
    assert_ok(ingestion_run(f), &f->error);
    assert_contains(f->messages, "of which 0 to 4095 became 0 to 255: 4;");
    read_first_row(f, pixels, text, sizeof(text));
    assert_int_equal(pixels[0], 0);
    assert_int_equal(pixels[1], 255);
    assert_contains(text, "range=0:4095");
    f->options.finds_range = false;
    f->options.rule = (struct samples_rule){.has_range = true, .low = 0, .high = 8190};
    assert_ok(ingestion_run(f), &f->error);
    assert_contains(f->messages, "range was auto, is 0:8190");
    read_first_row(f, pixels, text, sizeof(text));
    assert_int_equal(pixels[1], 128);
    ingestion_free(f);
}

static void test_ingest_run_16_bits_that_are_used_are_narrowed_with_a_note(void **state)
{
    struct ingestion *f = ingestion_new();
    uint8_t pixels[2];
    char text[PREPARATION_MAX_TEXT];

    (void)state;
    write_gray_16("source/train/a/1.png", 128, 16384);
    write_gray_16("source/train/b/1.png", 1000, 2000);
    assert_ok(ingestion_run(f), &f->error);
    assert_contains(f->messages, "narrowed from 16 bits to 8, 65535 becoming 255 (see --range): 2; "
                                 "their values are 128 to 16384");
    read_first_row(f, pixels, text, sizeof(text));
    assert_int_equal(pixels[0], 0);
    assert_int_equal(pixels[1], 64);
    assert_string_equal(text, "");
    ingestion_free(f);
}

static void test_ingest_run_transparent_images_are_counted_and_stop_the_run(void **state)
{
    struct ingestion *f = ingestion_new();

    (void)state;
    write_tree(PNG_COLOR_TYPE_GRAY_ALPHA, 8);
    tree_fixture_write_image("source/train/a/0.png", 3, 3, 1, 1);
    f->options.height = f->options.width = 4;
    assert_fails(ingestion_run(f), &f->error, STATUS_DATA);
    assert_contains(f->error.what, "12 of 13 images are not opaque throughout");
    assert_string_equal(f->error.file, "train/a/01.png");
    f->options.rule = on_white;
    assert_ok(ingestion_run(f), &f->error);
    assert_contains(f->messages, "note: put on the background ffffff, because not opaque: 12");
    ingestion_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preparation_format_any_is_parsed_back),
        cmocka_unit_test(test_preparation_parse_what_cannot_be_is_refused),
        cmocka_unit_test(test_samples_convert_row_8_bits_on_a_background_are_rounded_once),
        cmocka_unit_test(test_samples_convert_row_16_bits_with_alpha_are_rounded_once),
        cmocka_unit_test(test_samples_narrow_without_range_is_as_before),
        cmocka_unit_test(test_samples_narrow_by_a_range_is_linear_and_clamped),
        cmocka_unit_test(test_samples_convert_row_gray_on_a_color_is_a_color),
        cmocka_unit_test(test_decoder_read_every_kind_tells_of_transparency_and_depth),
        cmocka_unit_test(test_decoder_read_gray_with_a_transparent_level_shows_the_background),
        TREE_TEST(test_preparation_make_row_transparent_files_become_their_rows),
        TREE_TEST(test_preparation_make_row_16_bits_become_their_rows),
        TREE_TEST(test_preparation_make_row_other_channels_become_their_rows),
        cmocka_unit_test(test_preparation_make_row_transparent_without_background_is_refused),
        TREE_TEST(test_store_read_preparation_store_of_before_has_its_size),
        TREE_TEST(test_model_file_open_images_made_otherwise_are_refused),
        TREE_TEST(test_ingest_run_12_bits_in_16_need_a_range),
        TREE_TEST(test_ingest_run_16_bits_that_are_used_are_narrowed_with_a_note),
        TREE_TEST(test_ingest_run_transparent_images_are_counted_and_stop_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
