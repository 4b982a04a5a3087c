#include "tests/support.h"

#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/hdf5/hdf5.h"
#include "formats/store/chunk_index.h"
#include "formats/store/dataset.h"

/* 4,096 rows fill 256 KiB: three chunks and a short one. */
enum {
    HEIGHT = 8,
    WIDTH = 8,
    D = HEIGHT * WIDTH,
    CHUNK = 4096,
    N = 3 * CHUNK + 1000,
    NUM_BLOCKS = 4
};

static const struct image_shape image = {HEIGHT, WIDTH, 1};

static struct store *open_store(const char *path)
{
    struct store *store;
    struct error error = {0};

    assert_ok(store_open(path, &store, &error), &error);
    assert_int_equal(store_chunk_rows(store), CHUNK);
    return store;
}

static struct store *make_store(const char *folder)
{
    const char *path = support_path(folder, "store.h5");

    support_write_store(path, image, 3, N, 100, 2);
    return open_store(path);
}

/* Every row of a block that is in memory is what was written. */
static void assert_block_is_right(const struct dataset *dataset, uint64_t block)
{
    uint64_t first = block * CHUNK, end = first + CHUNK < N ? first + CHUNK : N;

    for (uint64_t row = first; row < end; row += 97) {
        uint8_t expected[D];
        uint32_t label;

        support_store_row(image, 3, SPLIT_TRAIN, row, expected, &label);
        assert_memory_equal(dataset_row(dataset, row), expected, D);
        assert_int_equal(dataset->labels[row], label);
    }
}

static void assert_pass_is_right(struct dataset *dataset, const uint32_t *sequence)
{
    struct error error = {0};

    dataset_begin_pass(dataset, sequence);
    for (uint64_t i = 0; i < NUM_BLOCKS; i++) {
        assert_ok(dataset_reach_blocks(dataset, i, i + 1, &error), &error);
        assert_block_is_right(dataset, sequence[i]);
    }
}

static void test_reach_blocks_any_sequence_and_threads_brings_the_rows(void **state)
{
    static const uint32_t sequences[][NUM_BLOCKS] = {{0, 1, 2, 3}, {3, 1, 0, 2}, {2, 0, 3, 1}};
    struct store *store = make_store(*state);

    for (int num_threads = 1; num_threads <= 3; num_threads++)
        for (size_t num_slots = 1; num_slots <= 5; num_slots++) {
            const struct dataset_plan plan = {num_slots, num_slots, num_threads, NULL};
            struct dataset dataset;
            struct error error = {0};

            assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &plan, &error), &error);
            for (int i = 0; i < 3; i++)
                assert_pass_is_right(&dataset, sequences[i]);
            dataset_close(&dataset);
        }
    store_close(store);
}

static void test_reach_blocks_gives_up_what_is_before(void **state)
{
    struct store *store = make_store(*state);
    const struct dataset_plan plan = {.num_slots = 2, .num_ahead = 3, .num_threads = 2};
    struct dataset dataset;
    struct error error = {0};

    assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &plan, &error), &error);
    assert_false(dataset_has_row(&dataset, 0));
    assert_ok(dataset_reach_blocks(&dataset, 0, 2, &error), &error);
    assert_true(dataset_has_row(&dataset, 0) && dataset_has_row(&dataset, CHUNK));
    assert_ok(dataset_reach_blocks(&dataset, 1, 3, &error), &error);
    assert_false(dataset_has_row(&dataset, 0));
    assert_block_is_right(&dataset, 1);
    assert_block_is_right(&dataset, 2);
    /* Over one that was never asked for, and back again. */
    dataset_begin_pass(&dataset, NULL);
    assert_ok(dataset_reach_blocks(&dataset, 0, 1, &error), &error);
    assert_ok(dataset_reach_blocks(&dataset, 3, 4, &error), &error);
    assert_block_is_right(&dataset, 3);
    assert_ok(dataset_reach_blocks(&dataset, 1, 2, &error), &error);
    assert_block_is_right(&dataset, 1);
    dataset_close(&dataset);
    store_close(store);
}

static void test_reach_stored_order_comes_to_the_end(void **state)
{
    struct store *store = make_store(*state);
    const struct dataset_plan plan = {.num_slots = 3, .num_ahead = 1, .num_threads = 2};
    struct dataset dataset;
    struct error error = {0};
    uint64_t end;

    assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &plan, &error), &error);
    assert_ok(dataset_reach(&dataset, 0, &end, &error), &error);
    assert_int_equal(end, 3 * CHUNK);
    assert_block_is_right(&dataset, 2);
    assert_ok(dataset_reach(&dataset, end, &end, &error), &error);
    assert_int_equal(end, N);
    assert_block_is_right(&dataset, 3);
    dataset_close(&dataset);
    /* A split of one short chunk, and one that is in memory whole. */
    assert_ok(dataset_open(&dataset, store, SPLIT_VALID, &plan, &error), &error);
    assert_ok(dataset_reach(&dataset, 0, &end, &error), &error);
    assert_int_equal(end, 100);
    assert_true(dataset_has_row(&dataset, 99));
    dataset_close(&dataset);
    assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &(struct dataset_plan){.num_threads = 2},
                           &error),
              &error);
    assert_ok(dataset_reach(&dataset, 0, &end, &error), &error);
    assert_int_equal(end, N);
    for (uint64_t block = 0; block < NUM_BLOCKS; block++)
        assert_block_is_right(&dataset, block);
    dataset_close(&dataset);
    store_close(store);
}

/* ---- what another program has rewritten ---- */

/* Writes the images of a store again: chunks of so many rows (0: no chunks), deflated or not. */
static void rewrite_images(const char *path, hsize_t chunk_rows, bool is_deflated, bool is_shuffled)
{
    const hsize_t shape[3] = {N, HEIGHT, WIDTH}, chunk[3] = {chunk_rows, HEIGHT, WIDTH};
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t images = H5Dopen2(file, "/train/images", H5P_DEFAULT), space, list;
    uint8_t *pixels = malloc(N * D);

    assert_non_null(pixels);
    assert_true(H5Dread(images, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels) >= 0);
    H5Dclose(images);
    assert_true(H5Ldelete(file, "/train/images", H5P_DEFAULT) >= 0);
    space = H5Screate_simple(3, shape, NULL);
    list = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk_rows > 0)
        H5Pset_chunk(list, 3, chunk);
    if (is_shuffled)
        H5Pset_shuffle(list);
    if (is_deflated)
        H5Pset_deflate(list, 1);
    images = H5Dcreate2(file, "/train/images", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(H5Dwrite(images, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels) >= 0);
    H5Pclose(list);
    H5Sclose(space);
    H5Dclose(images);
    H5Fclose(file);
    free(pixels);
}

static void test_reach_blocks_other_layouts_bring_the_same_rows(void **state)
{
    static const struct {
        hsize_t chunk_rows;
        bool is_deflated, is_shuffled;
    } layouts[] = {{0, false, false},   {CHUNK, false, false}, {1000, true, false},
                   {CHUNK, true, true}, {N, true, false},      {2 * CHUNK, true, false}};
    static const uint32_t sequence[NUM_BLOCKS] = {2, 3, 0, 1};
    const struct dataset_plan plan = {.num_slots = 2, .num_ahead = 2, .num_threads = 2};

    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        struct store *store = make_store(*state);
        struct dataset dataset;
        struct error error = {0};
        uint64_t end;

        store_close(store);
        rewrite_images(support_path(*state, "store.h5"), layouts[i].chunk_rows,
                       layouts[i].is_deflated, layouts[i].is_shuffled);
        store = open_store(support_path(*state, "store.h5"));
        assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &plan, &error), &error);
        assert_pass_is_right(&dataset, sequence);
        dataset_begin_pass(&dataset, NULL);
        assert_ok(dataset_reach(&dataset, 0, &end, &error), &error);
        assert_block_is_right(&dataset, 0);
        assert_block_is_right(&dataset, 1);
        assert_ok(dataset_reach(&dataset, end, &end, &error), &error);
        assert_int_equal(end, N);
        assert_block_is_right(&dataset, 3);
        dataset_close(&dataset);
        store_close(store);
    }
}

/* ---- several processes that share a split ---- */

enum { MAX_SHARING = 3 };

static void count_meeting(void *context)
{
    (*(int *)context)++;
}

/* As many datasets over one memory as processes would have, here in one. */
static void open_shared(struct dataset datasets[], struct dataset_share shares[], size_t count,
                        struct store *store, struct dataset_plan plan, uint8_t *memory,
                        int *num_meetings)
{
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};

        shares[i] = (struct dataset_share){i, count, memory, count_meeting, num_meetings};
        plan.share = &shares[i];
        assert_ok(dataset_open(&datasets[i], store, SPLIT_TRAIN, &plan, &error), &error);
    }
}

/* Each fills its share, after which all see every block. */
static void assert_shared_pass_is_right(struct dataset datasets[], size_t count, size_t num_slots,
                                        const uint32_t *sequence, int *num_meetings)
{
    uint64_t window = num_slots < 2 ? 1 : num_slots / 2;

    for (size_t i = 0; i < count; i++)
        dataset_begin_pass(&datasets[i], sequence);
    for (uint64_t first = 0; first < NUM_BLOCKS; first += window) {
        uint64_t end = first + window < NUM_BLOCKS ? first + window : NUM_BLOCKS;

        *num_meetings = 0;
        for (size_t i = 0; i < count; i++) {
            struct error error = {0};

            assert_ok(dataset_reach_blocks(&datasets[i], first, end, &error), &error);
        }
        assert_int_equal(*num_meetings, 2 * count);
        for (size_t i = 0; i < count; i++)
            for (uint64_t place = first; place < end; place++)
                assert_block_is_right(&datasets[i], sequence[place]);
    }
}

static void assert_sharing_brings_the_rows(struct store *store)
{
    static const uint32_t sequence[NUM_BLOCKS] = {2, 3, 0, 1};

    for (size_t count = 1; count <= MAX_SHARING; count++)
        for (size_t num_slots = 0; num_slots <= 5; num_slots++) {
            const struct dataset_plan plan = {num_slots, 2, 2, NULL};
            uint64_t nbytes = dataset_pixels_nbytes(store, SPLIT_TRAIN, &plan);
            uint8_t *memory = calloc(nbytes, 1);
            struct dataset datasets[MAX_SHARING];
            struct dataset_share shares[MAX_SHARING];
            int num_meetings = 0;

            assert_non_null(memory);
            open_shared(datasets, shares, count, store, plan, memory, &num_meetings);
            for (size_t i = 0; i < count && num_slots == 0; i++)
                for (uint64_t block = 0; block < NUM_BLOCKS; block++)
                    assert_block_is_right(&datasets[i], block);
            if (num_slots > 0)
                assert_shared_pass_is_right(datasets, count, num_slots, sequence, &num_meetings);
            for (size_t i = 0; i < count; i++)
                dataset_close(&datasets[i]);
            free(memory);
        }
}

static void test_open_shared_each_brings_its_share(void **state)
{
    struct store *store = make_store(*state);

    assert_sharing_brings_the_rows(store);
    store_close(store);
    rewrite_images(support_path(*state, "store.h5"), 1000, true, false);
    store = open_store(support_path(*state, "store.h5"));
    assert_sharing_brings_the_rows(store);
    store_close(store);
}

/* ---- damage ---- */

/* Where the chunk of that number lies in the file. */
static struct chunk_place find_chunk(const char *path, uint64_t number)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t images = H5Dopen2(file, "/train/images", H5P_DEFAULT);
    hsize_t offset[3] = {number * CHUNK}, nbytes;
    haddr_t address;
    unsigned mask;

    assert_true(H5Dget_chunk_info_by_coord(images, offset, &mask, &address, &nbytes) >= 0);
    H5Dclose(images);
    H5Fclose(file);
    return (struct chunk_place){.address = address, .nbytes = nbytes, .is_deflated = true};
}

static void flip_byte(const char *path, uint64_t offset)
{
    int descriptor = open(path, O_RDWR);
    unsigned char byte;

    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, (off_t)offset), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(descriptor, &byte, 1, (off_t)offset), 1);
    close(descriptor);
}

static void test_reach_blocks_damaged_chunk_is_data_with_its_row(void **state)
{
    struct store *store = make_store(*state);
    const char *path = support_path(*state, "store.h5");
    const struct dataset_plan plan = {.num_slots = 4, .num_ahead = 4, .num_threads = 2};
    struct chunk_place place = find_chunk(path, 2);
    struct dataset dataset;
    struct error error = {0};

    store_close(store);
    flip_byte(path, place.address + place.nbytes / 2);
    assert_ok(store_open_with(path, &(struct store_checks){.skip_seal = true}, &store, &error),
              &error);
    assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &plan, &error), &error);
    assert_ok(dataset_reach_blocks(&dataset, 0, 2, &error), &error);
    assert_fails(dataset_reach_blocks(&dataset, 0, 4, &error), &error, STATUS_DATA);
    assert_string_equal(error.dataset, "/train/images");
    assert_string_equal(error.file, path);
    assert_true(error.has_row && error.row >= 2 * CHUNK && error.row < 3 * CHUNK);
    dataset_close(&dataset);
    store_close(store);
}

/* A process whose chunk is damaged has met the others twice all the same. */
static void test_reach_blocks_shared_failure_keeps_the_meetings(void **state)
{
    struct store *store = make_store(*state);
    const char *path = support_path(*state, "store.h5");
    const struct dataset_plan plan = {.num_slots = 4, .num_ahead = 4, .num_threads = 2};
    struct chunk_place place = find_chunk(path, 2);
    struct dataset datasets[2];
    struct dataset_share shares[2];
    uint8_t *memory = calloc(4 * CHUNK, D);
    int num_meetings = 0;
    struct error error = {0};

    assert_non_null(memory);
    store_close(store);
    flip_byte(path, place.address + place.nbytes / 2);
    assert_ok(store_open_with(path, &(struct store_checks){.skip_seal = true}, &store, &error),
              &error);
    open_shared(datasets, shares, 2, store, plan, memory, &num_meetings);
    assert_fails(dataset_reach_blocks(&datasets[0], 0, 4, &error), &error, STATUS_DATA);
    assert_true(error.has_row && error.row >= 2 * CHUNK && error.row < 3 * CHUNK);
    assert_int_equal(num_meetings, 2);
    error = (struct error){0};
    assert_ok(dataset_reach_blocks(&datasets[1], 0, 4, &error), &error); /* its chunks are whole */
    assert_int_equal(num_meetings, 4);
    dataset_close(&datasets[0]);
    dataset_close(&datasets[1]);
    store_close(store);
    free(memory);
}

/* Rows that are right for deflate, and wrong for their checksum. */
static void test_reach_blocks_exchanged_row_is_data_with_its_number(void **state)
{
    struct store *store = make_store(*state);
    const char *path = support_path(*state, "store.h5");
    const struct dataset_plan plan = {.num_slots = 4, .num_ahead = 4, .num_threads = 3};
    const hsize_t start[3] = {CHUNK + 17, 0, 0}, count[3] = {1, HEIGHT, WIDTH};
    hid_t file, images, space, memory;
    uint8_t pixels[D] = {1, 2, 3};
    struct dataset dataset;
    struct error error = {0};

    store_close(store);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    images = H5Dopen2(file, "/train/images", H5P_DEFAULT);
    space = H5Dget_space(images);
    memory = H5Screate_simple(3, count, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    assert_true(H5Dwrite(images, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, pixels) >= 0);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(images);
    H5Fclose(file);
    store = open_store(path);
    assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &plan, &error), &error);
    assert_fails(dataset_reach_blocks(&dataset, 0, 4, &error), &error, STATUS_DATA);
    assert_true(error.has_row);
    assert_int_equal(error.row, CHUNK + 17);
    assert_non_null(strstr(error.what, "CRC-32"));
    dataset_close(&dataset);
    store_close(store);
}

static void test_reach_blocks_file_cut_short_is_io(void **state)
{
    struct store *store = make_store(*state);
    const char *path = support_path(*state, "store.h5");
    const struct dataset_plan plan = {.num_slots = 1, .num_ahead = 1, .num_threads = 2};
    struct chunk_place place = find_chunk(path, 3);
    struct dataset dataset;
    struct error error = {0};

    assert_ok(dataset_open(&dataset, store, SPLIT_TRAIN, &plan, &error), &error);
    assert_ok(dataset_reach_blocks(&dataset, 0, 1, &error), &error);
    assert_int_equal(truncate(path, (off_t)(place.address + 10)), 0);
    assert_fails(dataset_reach_blocks(&dataset, 3, 4, &error), &error, STATUS_IO);
    assert_true(error.has_row);
    assert_int_equal(error.row, 3 * CHUNK);
    dataset_close(&dataset);
    store_close(store);
}

static void test_nbytes_grows_with_slots_only(void **state)
{
    struct store *store = make_store(*state);
    struct dataset_plan plan = {.num_threads = 2};

    assert_int_equal(dataset_nbytes(store, SPLIT_TRAIN, &plan), (uint64_t)N * D);
    plan = (struct dataset_plan){.num_slots = 1, .num_ahead = 1, .num_threads = 2};
    for (uint64_t before = 0; plan.num_slots < 4; plan.num_slots++) {
        uint64_t nbytes = dataset_nbytes(store, SPLIT_TRAIN, &plan);

        assert_true(nbytes > plan.num_slots * CHUNK * D);
        if (before)
            assert_int_equal(nbytes - before, CHUNK * D);
        before = nbytes;
    }
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_reach_blocks_any_sequence_and_threads_brings_the_rows),
        SUPPORT_IN_FOLDER(test_reach_blocks_gives_up_what_is_before),
        SUPPORT_IN_FOLDER(test_reach_stored_order_comes_to_the_end),
        SUPPORT_IN_FOLDER(test_reach_blocks_other_layouts_bring_the_same_rows),
        SUPPORT_IN_FOLDER(test_open_shared_each_brings_its_share),
        SUPPORT_IN_FOLDER(test_reach_blocks_shared_failure_keeps_the_meetings),
        SUPPORT_IN_FOLDER(test_reach_blocks_damaged_chunk_is_data_with_its_row),
        SUPPORT_IN_FOLDER(test_reach_blocks_exchanged_row_is_data_with_its_number),
        SUPPORT_IN_FOLDER(test_reach_blocks_file_cut_short_is_io),
        SUPPORT_IN_FOLDER(test_nbytes_grows_with_slots_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
