/* Single rows of a store, for whoever looks at them. */
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

static const struct image_shape image = {4, 3, 3};
enum { NUM_TRAIN = 5000, NUM_VALID = 7, NUM_CLASSES = 3 };

static struct store *open_store(void **state)
{
    const char *path = support_path(*state, "store.h5");
    struct error error = {0};
    struct store *store;

    support_write_store(path, image, NUM_CLASSES, NUM_TRAIN, NUM_VALID, 2);
    assert_ok(store_open(path, &store, &error), &error);
    return store;
}

static void test_read_path_and_crc32_of_a_row(void **state)
{
    static const uint64_t rows[] = {0, 4095, 4096, NUM_TRAIN - 1};
    struct store *store = open_store(state);
    struct error error = {0};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *path, expected[40];
        uint32_t crc32;

        assert_ok(store_read_path(store, SPLIT_TRAIN, rows[i], &path, &error), &error);
        snprintf(expected, sizeof(expected), "train/%06u.png", (unsigned)rows[i]);
        assert_string_equal(path, expected);
        free(path);
        assert_ok(store_read_one_file_crc32(store, SPLIT_TRAIN, rows[i], &crc32, &error), &error);
        assert_int_equal(crc32, rows[i]);
    }
    store_close(store);
}

static void test_read_path_of_no_row_fails(void **state)
{
    struct store *store = open_store(state);
    struct error error = {0};
    uint32_t crc32;
    char *path;

    assert_fails(store_read_path(store, SPLIT_VALID, NUM_VALID, &path, &error), &error,
                 STATUS_INTERNAL);
    assert_null(path);
    error = (struct error){0};
    assert_fails(store_read_one_file_crc32(store, SPLIT_TRAIN, NUM_TRAIN, &crc32, &error), &error,
                 STATUS_INTERNAL);
    store_close(store);
}

static void test_find_path_in_any_split(void **state)
{
    struct store *store = open_store(state);
    struct error error = {0};
    enum split split;
    bool is_found;
    uint64_t row;

    assert_ok(store_find_path(store, "train/004999.png", &split, &row, &is_found, &error), &error);
    assert_true(is_found && split == SPLIT_TRAIN && row == 4999);
    assert_ok(store_find_path(store, "valid/000006.png", &split, &row, &is_found, &error), &error);
    assert_true(is_found && split == SPLIT_VALID && row == 6);
    assert_ok(store_find_path(store, "valid/000007.png", &split, &row, &is_found, &error), &error);
    assert_false(is_found);
    store_close(store);
}

static void test_read_class_mean_is_one_class(void **state)
{
    const char *path = support_path(*state, "means.h5");
    const size_t num_values = image_num_values(&image);
    struct text_list classes = {0}, none = {0};
    float means[2][36], found[36];
    struct error error = {0};
    struct store_plan plan = {.image = image,
                              .classes = &classes,
                              .max_rows = {1},
                              .max_path_nbytes = 8,
                              .compression_level = 1,
                              .num_threads = 1};
    struct store_ending ending = {.source = {"test", "none", "0"},
                                  .class_means = {means[0]},
                                  .reject_paths = &none,
                                  .reject_reasons = &none};
    uint8_t pixels[36] = {0};
    struct store_writer *writer;
    struct store_row row = {.path = "a.png"};
    struct store *store;

    row.pixel_crc32 = 0x2db14ba6; /* wrong: pixels are not read here */
    for (size_t i = 0; i < 2 * num_values; i++)
        means[i / num_values][i % num_values] = (float)i / 72.0f;
    assert_ok(text_list_add(&classes, "a", &error) && text_list_add(&classes, "b", &error), &error);
    assert_ok(store_create(path, &plan, &writer, &error) &&
                  store_append(writer, SPLIT_TRAIN, 1, &row, pixels, &error) &&
                  store_finish(writer, &ending, &error),
              &error);
    assert_ok(store_open(path, &store, &error), &error);
    for (uint32_t label = 0; label < 2; label++) {
        assert_ok(store_read_class_mean(store, SPLIT_TRAIN, label, found, &error), &error);
        assert_memory_equal(found, means[label], sizeof(found));
    }
    store_close(store);
    text_list_free(&classes);
}

static void test_read_storage_of_a_split(void **state)
{
    struct store *store = open_store(state);
    struct store_storage storage;
    struct error error = {0};
    size_t nbytes;

    assert_ok(store_read_storage(store, SPLIT_TRAIN, &storage, &error), &error);
    assert_int_equal(storage.chunk_rows,
                     store_chunk_rows(store) < NUM_TRAIN ? store_chunk_rows(store) : NUM_TRAIN);
    free(support_read_file(support_path(*state, "store.h5"), &nbytes));
    assert_true(storage.file_nbytes <= nbytes && storage.file_nbytes + 100 > nbytes);
    /* Random pixels do not become smaller. */
    assert_true(storage.stored_nbytes > NUM_TRAIN * image_num_values(&image) * 9 / 10 &&
                storage.stored_nbytes < storage.file_nbytes);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_read_path_and_crc32_of_a_row),
        SUPPORT_IN_FOLDER(test_read_path_of_no_row_fails),
        SUPPORT_IN_FOLDER(test_find_path_in_any_split),
        SUPPORT_IN_FOLDER(test_read_class_mean_is_one_class),
        SUPPORT_IN_FOLDER(test_read_storage_of_a_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
