/* Files that are whole HDF5 and claim what they do not hold, and images that claim to be large. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "apply/model_file.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/hdf5/hdf5.h"
#include "images/png_file.h"
#include "tests/png_fixture.h"
#include "tests/support.h"

/* What a test may take beside what it has: far less than any of the claims. */
enum { MEMORY_NBYTES = 512 << 20 };

static const uint64_t many_rows = 1ULL << 40;

enum storage { CHUNKED, CONTIGUOUS };

/* Puts an empty dataset that claims its shape in the place of another. */
static void claim(const char *path, const char *name, hid_t type, int rank, const hsize_t *shape,
                  enum storage storage)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(rank, shape, NULL);
    hsize_t chunk[4] = {64, 1, 1, 1};
    hid_t dataset;

    assert_true(file >= 0);
    for (int i = 1; i < rank; i++)
        chunk[i] = shape[i];
    if (storage == CHUNKED)
        assert_true(H5Pset_chunk(list, rank, chunk) >= 0);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(list);
    assert_true(H5Fclose(file) >= 0);
}

static void assert_store_refused(const char *path, const char *dataset)
{
    struct error error = {0};
    struct store *store;
    bool ok;

    support_limit_memory(MEMORY_NBYTES);
    ok = store_open(path, &store, &error);
    support_limit_memory(0);
    assert_false(ok);
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.file, path);
    assert_string_equal(error.dataset, dataset);
    assert_non_null(strstr(error.what, "claims more data"));
}

static void test_store_open_claims_many_rows_is_refused(void **state)
{
    static const char *const numbers[] = {"/train/labels", "/train/pixel_crc32"};
    const char *path = support_path(*state, "many-rows.h5");

    for (int storage = CHUNKED; storage <= CONTIGUOUS; storage++) {
        support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
        for (int i = 0; i < 2; i++)
            claim(path, numbers[i], H5T_STD_U8LE, 1, (const hsize_t[]){many_rows}, storage);
        claim(path, "/train/images", H5T_STD_U8LE, 3, (const hsize_t[]){many_rows, 4, 4}, storage);
        assert_store_refused(path, "/train/images");
    }
}

static void test_store_open_claims_many_classes_is_refused(void **state)
{
    const char *path = support_path(*state, "many-classes.h5");

    for (int storage = CHUNKED; storage <= CONTIGUOUS; storage++) {
        support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
        claim(path, "/classes", H5T_C_S1, 1, (const hsize_t[]){many_rows}, storage);
        assert_store_refused(path, "/classes");
    }
}

static void test_store_read_paths_claims_many_is_refused(void **state)
{
    const char *path = support_path(*state, "many-paths.h5");
    struct text_list paths = {0};
    struct error error = {0};
    struct store *store;
    bool ok;

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    claim(path, "/train/paths", H5T_C_S1, 1, (const hsize_t[]){many_rows}, CHUNKED);
    assert_ok(store_open(path, &store, &error), &error);
    support_limit_memory(MEMORY_NBYTES);
    ok = store_read_paths(store, SPLIT_TRAIN, &paths, &error);
    support_limit_memory(0);
    assert_false(ok);
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.dataset, "/train/paths");
    text_list_free(&paths);
    store_close(store);
}

/* Puts ten rows in one chunk of 3 GB, which unfolds from next to nothing, in the place of name. */
static void put_large_chunk(const char *path, const char *name, int rank)
{
    const hsize_t shape[] = {10, 4, 4}, most[] = {H5S_UNLIMITED, 4, 4}, origin[] = {0, 0, 0};
    const hsize_t chunk[] = {rank == 1 ? 3200000000 : 200000000, 4, 4};
    unsigned char compressed[256];
    uLongf compressed_nbytes = sizeof(compressed);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t space = H5Screate_simple(rank, shape, most), list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t dataset;

    assert_int_equal(compress(compressed, &compressed_nbytes, compressed, 0), Z_OK);
    assert_true(H5Pset_chunk(list, rank, chunk) >= 0);
    assert_true(H5Pset_deflate(list, 1) >= 0);
    H5Ldelete(file, name, H5P_DEFAULT);
    dataset = H5Dcreate2(file, name, H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, origin, compressed_nbytes, compressed) >=
                0);
    H5Dclose(dataset);
    H5Pclose(list);
    H5Sclose(space);
    assert_true(H5Fclose(file) >= 0);
}

/* HDF5 makes room for a whole chunk, however few rows are in it. */
static void test_store_open_chunk_claims_gigabytes_is_refused(void **state)
{
    const char *const names[] = {"/train/images", "/train/labels", "/train/pixel_crc32"};

    for (int i = 0; i < 3; i++) {
        const char *path = support_path(*state, "large-chunk.h5");
        struct error error = {0};
        struct store *store;
        bool ok;

        support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
        put_large_chunk(path, names[i], i == 0 ? 3 : 1);
        support_limit_memory(MEMORY_NBYTES);
        ok = store_open(path, &store, &error);
        support_limit_memory(0);
        assert_false(ok);
        assert_int_equal(error.status, STATUS_DATA);
        assert_string_equal(error.dataset, names[i]);
        assert_non_null(strstr(error.what, "claims more data"));
    }
}

/* Chunks of one row, of which one is there: HDF5 would keep half a kilobyte for each. */
static void test_store_open_claims_many_chunks_is_refused(void **state)
{
    const char *path = support_path(*state, "many-chunks.h5");
    const hsize_t shape = 10, chunk = 1, origin = 0;
    const uint8_t label = 1;
    hid_t file, list, space, dataset;
    struct error error = {0};
    struct store *store;

    support_write_store(path, (struct image_shape){4, 4, 1}, 2, 10, 0, 1);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    list = H5Pcreate(H5P_DATASET_CREATE);
    space = H5Screate_simple(1, &shape, NULL);
    assert_true(H5Pset_chunk(list, 1, &chunk) >= 0);
    assert_true(H5Ldelete(file, "/train/labels", H5P_DEFAULT) >= 0);
    dataset =
        H5Dcreate2(file, "/train/labels", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    assert_true(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, &origin, 1, &label) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(list);
    assert_true(H5Fclose(file) >= 0);

    assert_fails(store_open(path, &store, &error), &error, STATUS_DATA);
    assert_string_equal(error.dataset, "/train/labels");
    assert_non_null(strstr(error.what, "claims more chunks"));
}

static void test_model_file_open_claims_large_images_is_refused(void **state)
{
    const char *path = support_path(*state, "large-images.h5");
    float weight[4] = {1, 2, 3, 4}, bias[1] = {0};
    char *classes[] = {(char[]){"a"}, (char[]){"b"}};
    struct checkpoint checkpoint = {
        .classes = {2, 2, classes},
        .image = {65535, 65535, 1},
        .num_parameters = 2,
        .parameters = {{"linear/weight", 2, {1, 4}, weight}, {"linear/bias", 1, {1}, bias}}};
    struct model_file loaded;
    struct error error = {0};
    bool ok;

    memset(checkpoint.store_fingerprint, 'f', 64);
    settings_add_text(&checkpoint.config, "model", "linear");
    settings_add_text(&checkpoint.config, "loss", "mae");
    assert_ok(checkpoint_write(path, &checkpoint, false, &error), &error);
    support_limit_memory(MEMORY_NBYTES);
    ok = model_file_open(path, &loaded, &error);
    support_limit_memory(0);
    assert_false(ok);
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.dataset, "/parameters/linear/weight");
    model_file_close(&loaded);
}

static void test_checkpoint_read_edited_setting_is_refused(void **state)
{
    const char *path = support_path(*state, "edited.h5");
    float mean[2] = {0, 1};
    char *classes[] = {(char[]){"a"}, (char[]){"b"}};
    struct checkpoint checkpoint = {.classes = {2, 2, classes},
                                    .image = {1, 1, 1},
                                    .num_parameters = 1,
                                    .parameters = {{"class_means/mean", 3, {2, 1, 1}, mean}}};
    struct error error = {0};
    uint64_t seed = 43;
    hid_t file, group, attribute;

    memset(checkpoint.store_fingerprint, 'f', 64);
    settings_add_count(&checkpoint.config, "seed", 42);
    assert_ok(checkpoint_write(path, &checkpoint, false, &error), &error);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    group = H5Gopen2(file, "config", H5P_DEFAULT);
    attribute = H5Aopen(group, "seed", H5P_DEFAULT);
    assert_true(attribute >= 0);
    assert_true(H5Awrite(attribute, H5T_NATIVE_UINT64, &seed) >= 0);
    H5Aclose(attribute);
    H5Gclose(group);
    assert_true(H5Fclose(file) >= 0);
    assert_fails(checkpoint_read(path, &checkpoint, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "digest"));
}

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void test_png_read_claims_large_size_is_refused_before_memory_is_taken(void **state)
{
    uint8_t pixels[4] = {0}, *bytes;
    struct image_info info;
    struct error error = {0}, pixels_error = {0};
    bool ok, pixels_ok;
    size_t nbytes;

    (void)state;
    assert_ok(png_file_write_pixels(pixels, 2, 2, 1, (void **)&bytes, &nbytes, &error), &error);
    /* IHDR: width at 16, height at 20, the CRC-32 of bytes 12 to 28 at 29 */
    put_u32(bytes + 16, 0x7fffffff);
    put_u32(bytes + 20, 0x7fffffff);
    put_u32(bytes + 29, (uint32_t)crc32_z(0, bytes + 12, 17));
    support_limit_memory(MEMORY_NBYTES);
    ok = decoder_read_info("large.png", bytes, nbytes, 1 << 20, &info, &error);
    pixels_ok = png_fixture_decode("large.png", bytes, nbytes, 1 << 20, 1, pixels, &pixels_error);
    support_limit_memory(0);
    assert_false(ok);
    assert_int_equal(error.status, STATUS_DATA);
    assert_false(pixels_ok);
    assert_non_null(strstr(error.what, "more than the 1048576 allowed"));
    assert_string_equal(error.what, pixels_error.what);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_store_open_claims_many_rows_is_refused),
        SUPPORT_IN_FOLDER(test_store_open_claims_many_classes_is_refused),
        SUPPORT_IN_FOLDER(test_store_read_paths_claims_many_is_refused),
        SUPPORT_IN_FOLDER(test_store_open_chunk_claims_gigabytes_is_refused),
        SUPPORT_IN_FOLDER(test_store_open_claims_many_chunks_is_refused),
        SUPPORT_IN_FOLDER(test_model_file_open_claims_large_images_is_refused),
        SUPPORT_IN_FOLDER(test_checkpoint_read_edited_setting_is_refused),
        SUPPORT_IN_FOLDER(test_png_read_claims_large_size_is_refused_before_memory_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
