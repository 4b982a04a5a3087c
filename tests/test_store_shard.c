/* Shards at the level of files; tests/shards has whole runs. */
#include "tests/support.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/hdf5/hdf5.h"
#include "formats/store/store_shard.h"
#include "tests/shard_fixture.h"

static const struct {
    struct image_shape image;
    uint64_t num_rows[NUM_SPLITS];
    uint64_t borders[4];
} cases[] = {
    /* Borders of chunks of 256 rows; more rows than are buffered; borders anywhere; an empty shard
     * among them; RGB. */
    {{28, 28, 1}, {1000, 30, 0}, {0, 256, 768, 1000}},
    {{64, 64, 1}, {2900, 99, 0}, {0, 1024, 2304, 2900}},
    {{28, 28, 1}, {1000, 30, 0}, {0, 100, 700, 1000}},
    {{4, 5, 1}, {90, 7, 0}, {0, 40, 40, 90}},
    {{16, 16, 3}, {700, 50, 0}, {0, 256, 512, 700}},
};

enum { NUM_CASES = sizeof(cases) / sizeof(cases[0]) };

static void test_store_append_any_number_of_rows_at_once_gives_the_same_bytes(void **state)
{
    static const uint64_t windows[] = {1, 100, 333, 1024, 3000};

    for (size_t i = 0; i < 5; i++) {
        const char *path = support_path(*state, i == 0 ? "first.h5" : "other.h5");

        /* Paths, checksums and images fill their buffers at different rows. */
        shard_fixture_write_whole(path, cases[1].image, cases[1].num_rows, windows[i]);
        if (i > 0)
            support_assert_files_equal(support_path(*state, "first.h5"), path);
    }
}

static void test_store_append_shard_merged_is_the_store_made_in_one_go(void **state)
{
    for (size_t c = 0; c < NUM_CASES; c++) {
        shard_fixture_write_whole(support_path(*state, "whole.h5"), cases[c].image,
                                  cases[c].num_rows, 500);
        for (size_t i = 0; i < 3; i++)
            shard_fixture_write(shard_fixture_path(*state, i), cases[c].image, cases[c].num_rows,
                                i + 1, cases[c].borders);
        for (uint64_t window = 256; window < 5000; window *= 9) {
            shard_fixture_merge(*state, "merged.h5", cases[c].image, cases[c].num_rows, window);
            support_assert_files_equal(support_path(*state, "whole.h5"),
                                       support_path(*state, "merged.h5"));
        }
    }
}

static void test_store_open_shard_is_refused_and_store_as_shard_too(void **state)
{
    struct store *store;
    struct error error = {0};

    shard_fixture_write(shard_fixture_path(*state, 0), cases[0].image, cases[0].num_rows, 1,
                        cases[0].borders);
    assert_fails(store_open(shard_fixture_path(*state, 0), &store, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "is one shard of a store"));
    error = (struct error){0};
    shard_fixture_write_whole(support_path(*state, "whole.h5"), cases[0].image, cases[0].num_rows,
                              100);
    assert_fails(store_open_with(support_path(*state, "whole.h5"),
                                 &(struct store_checks){.num_threads = 1, .is_shard = true}, &store,
                                 &error),
                 &error, STATUS_DATA);
    assert_string_equal(error.expected, "'quern shard'");
}

/* Changes an attribute of numbers of /shard; that removes the seal. */
static void set_numbers(const char *path, const char *name, const uint64_t *numbers)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t group = H5Gopen2(file, "/shard", H5P_DEFAULT);
    hid_t attribute = H5Aopen(group, name, H5P_DEFAULT);

    assert_true(H5Awrite(attribute, H5T_NATIVE_UINT64, numbers) >= 0);
    H5Aclose(attribute);
    H5Gclose(group);
    H5Fclose(file);
}

static void test_store_read_shard_contradictions_are_refused(void **state)
{
    static const struct {
        const char *name;
        uint64_t numbers[NUM_SPLITS];
    } edits[] = {
        {"index", {0}},
        {"index", {4}},
        {"count", {0}},
        {"count", {1 << 20}},
        {"first", {300, 30, 0}},
        {"end", {100, 30, 0}},
        {"end", {1001, 30, 0}},
        {"num_files", {200, 30, 0}},
        {"num_files", {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
        {"compression_level", {10}},
        {"max_path_nbytes", {(uint64_t)1 << 40}},
    };

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        const char *path = shard_fixture_path(*state, 1);
        struct store_shard shard;
        struct store *store;
        struct error error = {0};

        shard_fixture_write(path, cases[0].image, cases[0].num_rows, 1, cases[0].borders);
        set_numbers(path, edits[i].name, edits[i].numbers);
        store = shard_fixture_open(path);
        assert_false(store_is_sealed(store));
        if (store_read_shard(store, &shard, &error) || error.status != STATUS_DATA)
            fail_msg("edit %zu of %s was accepted", i, edits[i].name);
        assert_null(shard.class_files);
        store_close(store);
    }
}

/* Makes /train/images of a shard virtual, over the shard itself. */
static void test_store_open_shard_that_is_virtual_is_refused(void **state)
{
    const char *path = shard_fixture_path(*state, 0);
    hsize_t size[3] = {256, 28, 28}, start[3] = {0};
    hid_t file, space, list, dataset;
    struct store *store;
    struct error error = {0};

    shard_fixture_write(path, cases[0].image, cases[0].num_rows, 1, cases[0].borders);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    space = H5Screate_simple(3, size, NULL);
    list = H5Pcreate(H5P_DATASET_CREATE);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL);
    H5Pset_virtual(list, space, ".", "/train/images", space);
    H5Ldelete(file, "/train/images", H5P_DEFAULT);
    dataset =
        H5Dcreate2(file, "/train/images", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    H5Dclose(dataset);
    H5Pclose(list);
    H5Sclose(space);
    H5Fclose(file);
    assert_fails(store_open_with(path, &(struct store_checks){.num_threads = 1, .is_shard = true},
                                 &store, &error),
                 &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "virtual"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_store_append_any_number_of_rows_at_once_gives_the_same_bytes),
        SUPPORT_IN_FOLDER(test_store_append_shard_merged_is_the_store_made_in_one_go),
        SUPPORT_IN_FOLDER(test_store_open_shard_is_refused_and_store_as_shard_too),
        SUPPORT_IN_FOLDER(test_store_read_shard_contradictions_are_refused),
        SUPPORT_IN_FOLDER(test_store_open_shard_that_is_virtual_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
