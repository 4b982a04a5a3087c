#include "tests/support.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "formats/file/seal.h"
#include "formats/hdf5/hdf5.h"

static void assert_rows_equal(const char *path, struct image_shape image, size_t num_classes,
                              uint64_t first, uint64_t count, int num_threads)
{
    struct error error = {0};
    struct store *store;
    size_t row_nbytes = image_num_values(&image);
    uint8_t *pixels = malloc(count * row_nbytes), *expected = malloc(row_nbytes);

    assert_ok(store_open(path, &store, &error), &error);
    assert_ok(store_read_pixels(store, SPLIT_TRAIN, first, count, num_threads, pixels, &error),
              &error);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t label;

        support_store_row(image, num_classes, SPLIT_TRAIN, first + i, expected, &label);
        assert_memory_equal(pixels + i * row_nbytes, expected, row_nbytes);
        assert_int_equal(store_labels(store, SPLIT_TRAIN)[first + i], label);
    }
    store_close(store);
    free(pixels);
    free(expected);
}

static void test_store_round_trip_gives_every_row_back(void **state)
{
    const struct image_shape shapes[] = {{28, 28, 1}, {5, 9, 3}, {1, 1, 1}, {300, 400, 3}};
    const uint64_t counts[] = {3000, 700, 5, 4};

    for (size_t i = 0; i < 4; i++) {
        const char *path = support_path(*state, "store.h5");

        support_write_store(path, shapes[i], 3, counts[i], 2, 2);
        assert_rows_equal(path, shapes[i], 3, 0, counts[i], 1);
        assert_rows_equal(path, shapes[i], 3, 1, counts[i] - 2, 3);
        assert_rows_equal(path, shapes[i], 3, counts[i] - 1, 1, 2);
    }
}

static void test_store_describes_itself(void **state)
{
    const char *path = support_path(*state, "store.h5");
    struct image_shape image = {6, 7, 3};
    struct text_list paths = {0};
    struct error error = {0};
    struct store *store;

    support_write_store(path, image, 4, 50, 9, 1);
    assert_ok(store_open(path, &store, &error), &error);
    assert_memory_equal(store_image_shape(store), &image, sizeof(image));
    assert_int_equal(store_classes(store)->count, 4);
    assert_string_equal(store_classes(store)->items[2], "c");
    assert_int_equal(store_num_rows(store, SPLIT_TRAIN), 50);
    assert_int_equal(store_num_rows(store, SPLIT_VALID), 9);
    assert_int_equal(store_num_rows(store, SPLIT_TEST), 0);
    assert_int_equal(strlen(store_fingerprint(store)), 64);
    assert_ok(store_read_paths(store, SPLIT_VALID, &paths, &error), &error);
    assert_int_equal(paths.count, 9);
    assert_string_equal(paths.items[8], "valid/000008.png");
    text_list_free(&paths);
    store_close(store);
}

static void test_store_written_by_any_number_of_threads_is_the_same_bytes(void **state)
{
    const char *one = support_path(*state, "one.h5"), *three = support_path(*state, "three.h5");
    struct image_shape image = {28, 28, 1};

    /* More chunks than are buffered. */
    support_write_store(one, image, 2, 20000, 300, 1);
    support_write_store(three, image, 2, 20000, 300, 3);
    support_assert_files_equal(one, three);
}

static void test_store_without_valid_split_has_no_rows_there(void **state)
{
    const char *path = support_path(*state, "store.h5");
    struct error error = {0};
    struct store *store;

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    assert_ok(store_open(path, &store, &error), &error);
    assert_int_equal(store_num_rows(store, SPLIT_VALID), 0);
    store_close(store);
}

/* Rewrites the pixels as another tool would: other chunks, no compression, or contiguous. */
static void rewrite_images(const char *path, bool is_chunked)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t old = H5Dopen2(file, "/train/images", H5P_DEFAULT), space = H5Dget_space(old);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), new;
    hsize_t dims[3];
    uint8_t *pixels;

    H5Sget_simple_extent_dims(space, dims, NULL);
    pixels = malloc(dims[0] * dims[1] * dims[2]);
    assert_true(H5Dread(old, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels) >= 0);
    H5Dclose(old);
    H5Ldelete(file, "/train/images", H5P_DEFAULT);
    if (is_chunked)
        H5Pset_chunk(list, 3, (const hsize_t[]){7, dims[1], 3});
    H5Sclose(space);
    space = H5Screate_simple(3, dims, NULL);
    new = H5Dcreate2(file, "/train/images", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(H5Dwrite(new, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels) >= 0);
    free(pixels);
    H5Dclose(new);
    H5Pclose(list);
    H5Sclose(space);
    assert_true(H5Fclose(file) >= 0);
}

static void test_store_rewritten_with_other_layouts_reads_the_same(void **state)
{
    struct image_shape image = {10, 11, 1};
    const char *path = support_path(*state, "store.h5");

    for (int is_chunked = 0; is_chunked < 2; is_chunked++) {
        support_write_store(path, image, 2, 100, 0, 1);
        rewrite_images(path, is_chunked);
        assert_rows_equal(path, image, 2, 3, 90, 2);
    }
}

/* Writes one number over the first of a dataset in a store. */
static void edit_dataset(const char *path, const char *name, unsigned value)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(dataset);
    hid_t one = H5Screate(H5S_SCALAR);
    hsize_t start[3] = {0}, count[3] = {1, 1, 1};

    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_UINT, one, space, H5P_DEFAULT, &value) >= 0);
    H5Sclose(one);
    H5Sclose(space);
    H5Dclose(dataset);
    assert_true(H5Fclose(file) >= 0);
}

static void test_store_open_edited_label_is_refused(void **state)
{
    const char *path = support_path(*state, "edited-label.h5");
    struct error error = {0};
    struct store *store;
    uint8_t pixels[16];
    uint32_t label;

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    support_store_row((struct image_shape){4, 4, 1}, 2, SPLIT_TRAIN, 0, pixels, &label);
    edit_dataset(path, "/train/labels", 1 - label);
    assert_fails(store_open(path, &store, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "fingerprint"));
}

static void test_store_open_label_outside_classes_names_the_row(void **state)
{
    const char *path = support_path(*state, "label-too-large.h5");
    struct error error = {0};
    struct store *store;

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    edit_dataset(path, "/train/labels", 2);
    assert_fails(store_open(path, &store, &error), &error, STATUS_DATA);
    assert_string_equal(error.dataset, "/train/labels");
    assert_true(error.has_row && error.row == 0);
    assert_string_equal(error.found, "2");
}

static void test_store_read_pixels_edited_pixel_names_the_row(void **state)
{
    const char *path = support_path(*state, "edited-pixel.h5");
    struct error error = {0};
    struct store *store;
    uint8_t pixels[10 * 16];

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    edit_dataset(path, "/train/images", 255);
    assert_ok(store_open(path, &store, &error), &error);
    assert_fails(store_read_pixels(store, SPLIT_TRAIN, 0, 10, 1, pixels, &error), &error,
                 STATUS_DATA);
    assert_string_equal(error.dataset, "/train/images");
    assert_true(error.has_row && error.row == 0);
    error = (struct error){0};
    assert_ok(store_read_pixels(store, SPLIT_TRAIN, 1, 9, 1, pixels, &error), &error);
    store_close(store);
}

static void test_store_open_what_is_no_store_is_refused(void **state)
{
    const char *path = support_path(*state, "not.h5");
    struct error error = {0};
    struct store *store;
    hid_t file;

    support_write_file(path, "not HDF5 at all", 15);
    assert_fails(store_open(path, &store, &error), &error, STATUS_DATA);
    error = (struct error){0};
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    assert_fails(store_open(path, &store, &error), &error, STATUS_DATA);
    assert_string_equal(error.file, path);
    error = (struct error){0};
    assert_fails(store_open(support_path(*state, "missing.h5"), &store, &error), &error, STATUS_IO);
}

static void test_store_open_truncated_anywhere_is_refused(void **state)
{
    const char *whole = support_path(*state, "whole.h5"), *cut = support_path(*state, "cut.h5");
    size_t nbytes;
    unsigned char *bytes;

    support_write_store(whole, (struct image_shape){4, 4, 1}, 2, 10, 3, 1);
    bytes = support_read_file(whole, &nbytes);
    for (size_t length = 0; length < nbytes; length += 29) {
        struct error error = {0};
        struct store *store;

        support_write_file(cut, bytes, length);
        if (length >= nbytes - SEAL_NBYTES) {
            /* All is there but the seal. */
            assert_ok(store_open(cut, &store, &error), &error);
            assert_false(store_is_sealed(store));
            store_close(store);
            continue;
        }
        assert_fails(store_open(cut, &store, &error), &error, STATUS_DATA);
        assert_string_equal(error.file, cut);
    }
    free(bytes);
}

static void test_store_create_failed_leaves_the_old_file(void **state)
{
    const char *path = support_path(*state, "store.h5");
    struct text_list classes = {0};
    struct store_plan plan = {.image = {2, 2, 1},
                              .classes = &classes,
                              .max_rows = {4},
                              .max_path_nbytes = 8,
                              .compression_level = 1,
                              .num_threads = 1,
                              .is_forced = true};
    struct store_row row = {.path = "x", .label = 9};
    struct error error = {0};
    struct store_writer *writer;
    struct stat info;

    support_write_file(path, "precious", 8);
    assert_ok(text_list_add(&classes, "a", &error), &error);
    assert_ok(text_list_add(&classes, "b", &error), &error);
    assert_ok(store_create(path, &plan, &writer, &error), &error);
    assert_fails(store_append(writer, SPLIT_TRAIN, 1, &row, (const uint8_t[4]){0}, &error), &error,
                 STATUS_INTERNAL);
    store_abandon(writer);
    text_list_free(&classes);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 8);
    unlink(path);
    assert_int_equal(rmdir(*state), 0); /* it held nothing else */
    assert_int_equal(mkdir(*state, 0777), 0);
}

/* What no reader accepts is refused before anything is written, and the old store is as it was. */
static void test_store_create_what_no_reader_accepts_is_refused(void **state)
{
    static const struct image_shape shapes[] = {
        {65536, 1, 1}, {1, 65536, 1}, {0, 4, 1}, {4, 4, 2}, {65535, 65535, 3}};
    const char *path = support_path(*state, "store.h5");
    struct text_list none = {0}, two = {0};
    struct store_plan plan = {
        .max_rows = {4}, .max_path_nbytes = 8, .compression_level = 1, .num_threads = 1};
    struct error error = {0};
    struct store_writer *writer;
    struct store *store;
    struct text_list names;

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    assert_ok(text_list_add(&two, "a", &error) && text_list_add(&two, "b", &error), &error);
    plan.classes = &two;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        plan.image = shapes[i];
        assert_fails(store_create(path, &plan, &writer, &error), &error, STATUS_DATA);
        error = (struct error){0};
    }
    plan.image = (struct image_shape){4, 4, 1};
    plan.classes = &none;
    assert_fails(store_create(path, &plan, &writer, &error), &error, STATUS_DATA);
    error = (struct error){0};
    assert_ok(file_list_directory(*state, &names, &error), &error);
    assert_int_equal(names.count, 1);
    text_list_free(&names);
    assert_ok(store_open(path, &store, &error), &error);
    store_close(store);
    text_list_free(&two);
}

/* A store that our reader refuses, here one without rows, does not take the place of another. */
static void test_store_finish_what_the_reader_refuses_keeps_the_old_file(void **state)
{
    const char *path = support_path(*state, "store.h5"), *copy = support_path(*state, "copy.h5");
    struct text_list classes = {0};
    struct store_plan plan = {.image = {4, 4, 1},
                              .classes = &classes,
                              .max_rows = {4},
                              .max_path_nbytes = 8,
                              .compression_level = 1,
                              .num_threads = 1};
    struct store_ending ending = {.source = {"test", "none", "0"}};
    struct error error = {0};
    struct store_writer *writer;
    unsigned char *bytes;
    size_t nbytes;

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    bytes = support_read_file(path, &nbytes);
    support_write_file(copy, bytes, nbytes);
    free(bytes);
    assert_ok(text_list_add(&classes, "a", &error) && text_list_add(&classes, "b", &error), &error);
    assert_ok(store_create(path, &plan, &writer, &error), &error);
    assert_fails(store_finish(writer, &ending, &error), &error, STATUS_INTERNAL);
    assert_non_null(strstr(error.what, "cannot be read back"));
    support_assert_files_equal(path, copy);
    text_list_free(&classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_store_round_trip_gives_every_row_back),
        SUPPORT_IN_FOLDER(test_store_describes_itself),
        SUPPORT_IN_FOLDER(test_store_written_by_any_number_of_threads_is_the_same_bytes),
        SUPPORT_IN_FOLDER(test_store_without_valid_split_has_no_rows_there),
        SUPPORT_IN_FOLDER(test_store_rewritten_with_other_layouts_reads_the_same),
        SUPPORT_IN_FOLDER(test_store_open_edited_label_is_refused),
        SUPPORT_IN_FOLDER(test_store_open_label_outside_classes_names_the_row),
        SUPPORT_IN_FOLDER(test_store_read_pixels_edited_pixel_names_the_row),
        SUPPORT_IN_FOLDER(test_store_open_what_is_no_store_is_refused),
        SUPPORT_IN_FOLDER(test_store_open_truncated_anywhere_is_refused),
        SUPPORT_IN_FOLDER(test_store_create_failed_leaves_the_old_file),
        SUPPORT_IN_FOLDER(test_store_create_what_no_reader_accepts_is_refused),
        SUPPORT_IN_FOLDER(test_store_finish_what_the_reader_refuses_keeps_the_old_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
