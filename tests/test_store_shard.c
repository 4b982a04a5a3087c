/* Shards and virtual stores at the level of files; tests/shards has whole runs. */
#include "tests/support.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/hdf5_internal.h"
#include "formats/store_shard.h"

/* Paths so long that their buffer is full after some hundred rows. */
enum { NUM_CLASSES = 2, MAX_PATH_NBYTES = 1000, MAX_FILES = 3000 };

/* Row i of the endless sequence of rows of a split. */
static void fill_row(struct image_shape image, enum split split, uint64_t i, uint8_t *pixels,
                     uint32_t *label)
{
    uint32_t x = (uint32_t)(i * 2654435761u) + (uint32_t)split;

    *label = (uint32_t)(i % NUM_CLASSES);
    for (size_t k = 0; k < image_num_values(&image); k++) {
        if (k % 16 == 0) /* runs, which compress soon */
            x = x * 1664525u + 1013904223u;
        pixels[k] = (uint8_t)(x >> 24);
    }
}

/* One run that writes: a whole store, a shard, or what a merge writes. */
struct writing {
    struct text_list classes, no_rejects;
    struct store_plan plan;
    struct store_ending ending;
    struct store_writer *writer;
    float *means;
    uint64_t *sums;
    struct error error;
};

static void begin(struct writing *w, const char *path, struct image_shape image,
                  const uint64_t num_rows[NUM_SPLITS], const struct store_shard *shard,
                  bool is_virtual)
{
    size_t num_sums = NUM_CLASSES * image_num_values(&image);

    *w = (struct writing){.plan = {.image = image,
                                   .max_path_nbytes = MAX_PATH_NBYTES,
                                   .shard = shard,
                                   .is_virtual = is_virtual,
                                   .compression_level = 1,
                                   .num_threads = 1},
                          .means = calloc(num_sums, sizeof(float)),
                          .sums = calloc(num_sums, sizeof(uint64_t))};
    memcpy(w->plan.max_rows, num_rows, sizeof(w->plan.max_rows));
    assert_ok(text_list_add(&w->classes, "a", &w->error), &w->error);
    assert_ok(text_list_add(&w->classes, "b", &w->error), &w->error);
    w->plan.classes = &w->classes;
    assert_ok(store_create(path, &w->plan, &w->writer, &w->error), &w->error);
}

static void finish(struct writing *w)
{
    w->ending.source = (struct store_source){"test", "none", "0"};
    w->ending.reject_paths = w->ending.reject_reasons = &w->no_rejects;
    for (int s = 0; s < NUM_SPLITS; s++) {
        w->ending.class_means[s] = w->plan.max_rows[s] ? w->means : NULL;
        w->ending.class_sums[s] = w->plan.shard ? w->sums : NULL;
        if (w->plan.shard && w->plan.shard->first[s] == w->plan.shard->end[s])
            w->ending.class_means[s] = NULL, w->ending.class_sums[s] = NULL;
    }
    assert_ok(store_finish(w->writer, &w->ending, &w->error), &w->error);
    text_list_free(&w->classes);
    free(w->means);
    free(w->sums);
}

/* Rows first to end - 1 of the sequence, `window` in one call. */
static void append(struct writing *w, enum split split, uint64_t first, uint64_t end,
                   uint64_t window)
{
    size_t row_nbytes = image_num_values(&w->plan.image);
    uint8_t *pixels = malloc(window * row_nbytes);
    struct store_row *rows = malloc(window * sizeof(*rows));
    char(*paths)[MAX_PATH_NBYTES + 1] = malloc(window * sizeof(*paths));

    for (uint64_t done = first, count; done < end; done += count) {
        count = end - done < window ? end - done : window;
        for (uint64_t i = 0; i < count; i++) {
            rows[i] = (struct store_row){.path = paths[i], .file_crc32 = (uint32_t)(done + i)};
            fill_row(w->plan.image, split, done + i, pixels + i * row_nbytes, &rows[i].label);
            snprintf(paths[i], sizeof(paths[i]), "%s/%07u.png", split_names[split],
                     (unsigned)(done + i));
        }
        assert_ok(store_append(w->writer, split, count, rows, pixels, &w->error), &w->error);
    }
    free(pixels);
    free(rows);
    free(paths);
}

static void write_whole(const char *path, struct image_shape image, const uint64_t *num_rows,
                        uint64_t window)
{
    struct writing w;

    begin(&w, path, image, num_rows, NULL, false);
    for (int s = 0; s < NUM_SPLITS; s++)
        append(&w, (enum split)s, 0, num_rows[s], window);
    finish(&w);
}

/* Shard index of 3 with the train rows between the borders. */
static void write_shard(const char *path, struct image_shape image, const uint64_t *num_rows,
                        uint64_t index, const uint64_t borders[4])
{
    uint64_t class_files[NUM_SPLITS * NUM_CLASSES] = {0}, hashes[MAX_FILES] = {0};
    struct store_shard shard = {.index = index,
                                .count = 3,
                                .first = {borders[index - 1]},
                                .end = {borders[index]},
                                .max_path_nbytes = MAX_PATH_NBYTES,
                                .compression_level = 1,
                                .list_digest = "0123456789abcdef",
                                .class_files = class_files};
    struct writing w;

    memcpy(shard.num_files, num_rows, sizeof(shard.num_files));
    /* All of valid is in the last one. */
    shard.first[SPLIT_VALID] = index == 3 ? 0 : num_rows[SPLIT_VALID];
    shard.end[SPLIT_VALID] = num_rows[SPLIT_VALID];
    begin(&w, path, image, num_rows, &shard, false);
    w.ending.file_hashes = hashes;
    append(&w, SPLIT_TRAIN, shard.first[SPLIT_TRAIN], shard.end[SPLIT_TRAIN], 100);
    append(&w, SPLIT_VALID, shard.first[SPLIT_VALID], shard.end[SPLIT_VALID], 100);
    finish(&w);
}

static struct store *open_shard(const char *path)
{
    struct store *store;
    struct error error = {0};

    assert_ok(store_open_with(path, &(struct store_checks){.num_threads = 1, .is_shard = true},
                              &store, &error),
              &error);
    return store;
}

static const char *shard_path(void *folder, size_t i)
{
    return support_path(folder, (const char *[]){"s1.h5", "s2.h5", "s3.h5"}[i]);
}

static void merge(void *folder, const char *name, struct image_shape image,
                  const uint64_t *num_rows, uint64_t window, bool is_virtual)
{
    char path[1024];
    struct store_link links[3];
    struct writing w;

    snprintf(path, sizeof(path), "%s", support_path(folder, name));
    begin(&w, path, image, num_rows, NULL, is_virtual);
    for (int s = 0; s < NUM_SPLITS; s++) {
        for (size_t i = 0; i < 3; i++) {
            struct store *shard = open_shard(shard_path(folder, i));
            uint64_t count = store_num_rows(shard, (enum split)s);

            for (uint64_t first = 0; first < count; first += window)
                assert_ok(store_append_shard(w.writer, shard, (enum split)s, first,
                                             count - first < window ? count - first : window,
                                             &w.error),
                          &w.error);
            if (s == 0)
                assert_ok(
                    store_link_create(path, shard_path(folder, i), shard, &links[i], &w.error),
                    &w.error);
            store_close(shard);
        }
    }
    if (is_virtual) {
        w.ending.links = links;
        w.ending.num_links = 3;
    }
    finish(&w);
    for (size_t i = 0; i < 3; i++)
        free(links[i].path);
}

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
        write_whole(path, cases[1].image, cases[1].num_rows, windows[i]);
        if (i > 0)
            support_assert_files_equal(support_path(*state, "first.h5"), path);
    }
}

static void test_store_append_shard_merged_is_the_store_made_in_one_go(void **state)
{
    for (size_t c = 0; c < NUM_CASES; c++) {
        write_whole(support_path(*state, "whole.h5"), cases[c].image, cases[c].num_rows, 500);
        for (size_t i = 0; i < 3; i++)
            write_shard(shard_path(*state, i), cases[c].image, cases[c].num_rows, i + 1,
                        cases[c].borders);
        for (uint64_t window = 256; window < 5000; window *= 9) {
            merge(*state, "merged.h5", cases[c].image, cases[c].num_rows, window, false);
            support_assert_files_equal(support_path(*state, "whole.h5"),
                                       support_path(*state, "merged.h5"));
        }
    }
}

/* Rows first to first + count - 1 of the open store are those of the sequence. */
static void assert_rows(struct store *store, struct image_shape image, uint64_t first,
                        uint64_t count, int num_threads)
{
    size_t row_nbytes = image_num_values(&image);
    uint8_t *pixels = malloc(count * row_nbytes), *expected = malloc(row_nbytes);
    struct error error = {0};

    assert_ok(store_read_pixels(store, SPLIT_TRAIN, first, count, num_threads, pixels, &error),
              &error);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t label;

        fill_row(image, SPLIT_TRAIN, first + i, expected, &label);
        assert_memory_equal(pixels + i * row_nbytes, expected, row_nbytes);
        assert_int_equal(store_labels(store, SPLIT_TRAIN)[first + i], label);
    }
    free(pixels);
    free(expected);
}

static void test_store_read_pixels_virtual_store_gives_rows_across_shards(void **state)
{
    for (size_t c = 0; c < NUM_CASES; c++) {
        struct store *whole, *virtual;
        struct error error = {0};
        uint64_t num_rows = cases[c].num_rows[SPLIT_TRAIN];

        write_whole(support_path(*state, "whole.h5"), cases[c].image, cases[c].num_rows, 500);
        for (size_t i = 0; i < 3; i++)
            write_shard(shard_path(*state, i), cases[c].image, cases[c].num_rows, i + 1,
                        cases[c].borders);
        merge(*state, "virtual.h5", cases[c].image, cases[c].num_rows, 256, true);
        assert_ok(store_open(support_path(*state, "whole.h5"), &whole, &error), &error);
        assert_ok(store_open(support_path(*state, "virtual.h5"), &virtual, &error), &error);
        assert_false(store_is_virtual(whole));
        assert_true(store_is_virtual(virtual));
        assert_string_equal(store_fingerprint(whole), store_fingerprint(virtual));
        assert_rows(virtual, cases[c].image, 0, num_rows, 2);
        assert_rows(virtual, cases[c].image, 39, 3, 1);
        assert_rows(virtual, cases[c].image, num_rows - 1, 1, 3);
        store_close(whole);
        store_close(virtual);
    }
}

static void test_store_open_shard_is_refused_and_store_as_shard_too(void **state)
{
    struct store *store;
    struct error error = {0};

    write_shard(shard_path(*state, 0), cases[0].image, cases[0].num_rows, 1, cases[0].borders);
    assert_int_equal(store_open(shard_path(*state, 0), &store, &error), STATUS_DATA);
    assert_non_null(strstr(error.what, "is one shard of a store"));
    error = (struct error){0};
    write_whole(support_path(*state, "whole.h5"), cases[0].image, cases[0].num_rows, 100);
    assert_int_equal(store_open_with(support_path(*state, "whole.h5"),
                                     &(struct store_checks){.num_threads = 1, .is_shard = true},
                                     &store, &error),
                     STATUS_DATA);
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
        {"compression_level", {10}},
    };

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        const char *path = shard_path(*state, 1);
        struct store_shard shard;
        struct store *store;
        struct error error = {0};

        write_shard(path, cases[0].image, cases[0].num_rows, 1, cases[0].borders);
        set_numbers(path, edits[i].name, edits[i].numbers);
        store = open_shard(path);
        assert_false(store_is_sealed(store));
        if (store_read_shard(store, &shard, &error) != STATUS_DATA)
            fail_msg("edit %zu of %s was accepted", i, edits[i].name);
        assert_null(shard.class_files);
        store_close(store);
    }
}

/* Makes /train/images of a shard virtual, over the shard itself. */
static void test_store_open_shard_that_is_virtual_is_refused(void **state)
{
    const char *path = shard_path(*state, 0);
    hsize_t size[3] = {256, 28, 28}, start[3] = {0};
    hid_t file, space, list, dataset;
    struct store *store;
    struct error error = {0};

    write_shard(path, cases[0].image, cases[0].num_rows, 1, cases[0].borders);
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
    assert_int_equal(store_open_with(path,
                                     &(struct store_checks){.num_threads = 1, .is_shard = true},
                                     &store, &error),
                     STATUS_DATA);
    assert_non_null(strstr(error.what, "images are virtual"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_store_append_any_number_of_rows_at_once_gives_the_same_bytes),
        SUPPORT_IN_FOLDER(test_store_append_shard_merged_is_the_store_made_in_one_go),
        SUPPORT_IN_FOLDER(test_store_read_pixels_virtual_store_gives_rows_across_shards),
        SUPPORT_IN_FOLDER(test_store_open_shard_is_refused_and_store_as_shard_too),
        SUPPORT_IN_FOLDER(test_store_read_shard_contradictions_are_refused),
        SUPPORT_IN_FOLDER(test_store_open_shard_that_is_virtual_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
