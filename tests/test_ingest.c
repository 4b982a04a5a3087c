/* Whole runs of quern-ingest on small trees written here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/png_file.h"
#include "formats/store.h"
#include "ingest/ingest.h"

enum { HEIGHT = 6, WIDTH = 5, MAX_VALUES = 4096, MAX_PATH = 4096 };

static void fill_pixels(uint8_t *pixels, size_t count, unsigned seed)
{
    uint32_t state = seed * 2654435761u + 1;

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(state >> 24);
    }
}

/* ---- trees and runs ---- */

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/quern-test-ingest-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *stat, int flag, struct FTW *position)
{
    (void)stat;
    (void)flag;
    (void)position;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_root(char buffer[MAX_PATH], const char *path)
{
    snprintf(buffer, MAX_PATH, "%s/%s", root, path);
    return buffer;
}

static void write_file(const char *path, const void *bytes, size_t nbytes)
{
    char full[MAX_PATH];
    FILE *file;

    in_root(full, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(full, 0777);
    }
    file = fopen(full, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, nbytes, file), nbytes);
    fclose(file);
}

static void write_image(const char *path, uint32_t height, uint32_t width, unsigned channels,
                        unsigned seed)
{
    uint8_t pixels[MAX_VALUES];
    struct error error = {0};
    void *bytes;
    size_t nbytes;

    fill_pixels(pixels, height * width * channels, seed);
    assert_int_equal(
        png_file_write_pixels(pixels, width, height, channels, &bytes, &nbytes, &error), STATUS_OK);
    write_file(path, bytes, nbytes);
    free(bytes);
}

/* Two classes of num_images in train and one of each in valid; the seeds count up from 0. */
static void write_tree(size_t num_images)
{
    char path[64];
    unsigned seed = 0;

    for (char class = 'a'; class <= 'b'; class ++) {
        for (size_t i = 0; i < num_images; i++) {
            snprintf(path, sizeof(path), "source/train/%c/%04zu.png", class, i);
            write_image(path, HEIGHT, WIDTH, 1, seed++);
        }
        snprintf(path, sizeof(path), "source/valid/%c/x.png", class);
        write_image(path, HEIGHT, WIDTH, 1, seed++);
    }
}

struct fixture {
    struct ingest_options options;
    char source[MAX_PATH], store[MAX_PATH];
    struct error error;
    char *results, *messages;
};

static struct fixture *make_fixture(void)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->options = ingest_options_default();
    fixture->options.num_threads = 2;
    fixture->options.source = in_root(fixture->source, "source");
    fixture->options.store = in_root(fixture->store, "store.h5");
    return fixture;
}

static enum status run(struct fixture *fixture)
{
    size_t results_nbytes, messages_nbytes;
    FILE *results, *messages;
    enum status status;

    free(fixture->results);
    free(fixture->messages);
    results = open_memstream(&fixture->results, &results_nbytes);
    messages = open_memstream(&fixture->messages, &messages_nbytes);
    memset(&fixture->error, 0, sizeof(fixture->error));
    status = ingest_run(&fixture->options, results, messages, &fixture->error);
    fclose(results);
    fclose(messages);
    assert_int_equal(status, fixture->error.status);
    return status;
}

static void free_fixture(struct fixture *fixture)
{
    ingest_options_free(&fixture->options);
    free(fixture->results);
    free(fixture->messages);
    free(fixture);
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static struct store *open_store(const struct fixture *fixture)
{
    struct error error = {0};
    struct store *store;

    assert_int_equal(store_open(fixture->store, &store, &error), STATUS_OK);
    return store;
}

static void *read_bytes(const char *path, size_t *nbytes)
{
    FILE *file = fopen(path, "rb");
    struct stat stat;
    void *bytes;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &stat), 0);
    *nbytes = (size_t)stat.st_size;
    bytes = malloc(*nbytes);
    assert_int_equal(fread(bytes, 1, *nbytes, file), *nbytes);
    fclose(file);
    return bytes;
}

static void test_ingest_run_small_tree_is_read_back(void **state)
{
    struct fixture *f = make_fixture();
    uint8_t pixels[8][HEIGHT * WIDTH], expected[HEIGHT * WIDTH];
    struct text_list paths = {0};
    struct store *store;

    (void)state;
    write_tree(4);
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "train      8 images in 2 classes:  a 4   b 4\n");
    assert_contains(f->results, "10 images of 6x5 gray, 2 classes");
    store = open_store(f);
    assert_int_equal(store_num_rows(store, SPLIT_TRAIN), 8);
    assert_int_equal(store_num_rows(store, SPLIT_VALID), 2);
    assert_int_equal(store_num_rows(store, SPLIT_TEST), 0);
    assert_int_equal(store_read_pixels(store, SPLIT_TRAIN, 0, 8, 1, &pixels[0][0], &f->error),
                     STATUS_OK);
    assert_int_equal(store_read_paths(store, SPLIT_TRAIN, &paths, &f->error), STATUS_OK);
    for (unsigned i = 0; i < 8; i++) {
        fill_pixels(expected, sizeof(expected), i < 4 ? i : i + 1);
        assert_memory_equal(pixels[i], expected, sizeof(expected));
        assert_int_equal(store_labels(store, SPLIT_TRAIN)[i], i / 4);
    }
    assert_string_equal(paths.items[7], "train/b/0003.png");
    text_list_free(&paths);
    store_close(store);
    free_fixture(f);
}

static void test_ingest_run_any_number_of_threads_gives_equal_bytes(void **state)
{
    struct fixture *f = make_fixture();
    char folder[240], path[2048];
    void *bytes[3];
    size_t nbytes[3];

    (void)state;
    /* Rows of paths are as wide as the longest path: this one makes even a small tree fill more
     * chunks than a single thread compresses at once. */
    memset(folder, 'f', sizeof(folder));
    snprintf(path, sizeof(path), "source/train/a/%.240s/%.240s/%.240s/%.240s/%.240s/%.240s/x.png",
             folder, folder, folder, folder, folder, folder);
    write_tree(300);
    write_image(path, HEIGHT, WIDTH, 1, 1000);
    write_file("source/train/a/0007.png", "no PNG", 6);
    f->options.skip_bad = true;
    f->options.force = true;
    for (int i = 0; i < 3; i++) {
        f->options.num_threads = i + 1;
        assert_int_equal(run(f), STATUS_OK);
        bytes[i] = read_bytes(f->store, &nbytes[i]);
        assert_int_equal(nbytes[i], nbytes[0]);
        assert_memory_equal(bytes[i], bytes[0], nbytes[0]);
    }
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
    free_fixture(f);
}

static void spoil_tree(void)
{
    static const char jpeg[] = "\xff\xd8\xff\xe0 a renamed JPEG, long enough for any header";
    char full[MAX_PATH];
    size_t nbytes;
    unsigned char *bytes = read_bytes(in_root(full, "source/train/a/0000.png"), &nbytes);

    write_file("source/train/a/0001.png", bytes, nbytes - 20);
    bytes[nbytes / 2] ^= 1;
    write_file("source/train/a/0002.png", bytes, nbytes);
    write_file("source/train/b/0000.png", "", 0);
    write_file("source/train/b/0001.png", jpeg, sizeof(jpeg));
    free(bytes);
    unlink(in_root(full, "source/valid/a/x.png"));
    assert_int_equal(mkfifo(in_root(full, "source/valid/a/pipe.png"), 0666), 0);
    write_image("source/valid/a/y.png", HEIGHT, WIDTH, 1, 9);
}

static void test_ingest_run_bad_files_are_all_listed_and_nothing_written(void **state)
{
    static const char *const bad[] = {
        "train/a/0001.png: ", "train/a/0002.png: ", "train/b/0000.png: is empty",
        "train/b/0001.png: ", "valid/a/pipe.png: is no regular file"};
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(4);
    spoil_tree();
    assert_int_equal(run(f), STATUS_DATA);
    for (size_t i = 0; i < 5; i++)
        assert_contains(f->messages, bad[i]);
    assert_contains(f->error.what, "5 of 11 files are not readable PNGs; nothing was written");
    assert_int_equal(access(f->store, F_OK), -1);
    free_fixture(f);
}

static void test_ingest_run_skip_bad_writes_the_rest_and_records_rejects(void **state)
{
    struct fixture *f = make_fixture();
    struct text_list paths = {0}, reasons = {0};
    uint8_t pixels[HEIGHT * WIDTH], expected[HEIGHT * WIDTH];
    struct store *store;

    (void)state;
    write_tree(4);
    spoil_tree();
    f->options.skip_bad = true;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, ", 5 files skipped, see /rejects\n");
    store = open_store(f);
    assert_int_equal(store_num_rows(store, SPLIT_TRAIN), 4);
    assert_int_equal(store_read_rejects(store, &paths, &reasons, &f->error), STATUS_OK);
    assert_int_equal(paths.count, 5);
    assert_string_equal(paths.items[4], "valid/a/pipe.png");
    assert_string_equal(reasons.items[4], "is no regular file");
    /* Row 1 is the fourth file of class a: good rows move up together with their labels. */
    assert_int_equal(store_read_pixels(store, SPLIT_TRAIN, 1, 1, 1, pixels, &f->error), STATUS_OK);
    fill_pixels(expected, sizeof(expected), 3);
    assert_memory_equal(pixels, expected, sizeof(expected));
    assert_int_equal(store_labels(store, SPLIT_TRAIN)[1], 0);
    assert_int_equal(store_labels(store, SPLIT_TRAIN)[2], 1);
    text_list_free(&paths);
    text_list_free(&reasons);
    store_close(store);
    free_fixture(f);
}

static void test_ingest_run_class_that_loses_all_files_is_refused(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(1);
    write_file("source/train/b/0000.png", "no PNG", 6);
    f->options.skip_bad = true;
    assert_int_equal(run(f), STATUS_DATA);
    assert_contains(f->error.what, "class 'b' has no readable PNG left in train");
    assert_int_equal(access(f->store, F_OK), -1);
    free_fixture(f);
}

static void test_ingest_run_no_readable_file_lists_all(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_file("source/train/a/x.png", "no", 2);
    write_file("source/train/b/x\n.png", "no", 2);
    assert_int_equal(run(f), STATUS_DATA);
    assert_contains(f->messages, "train/a/x.png: ");
    assert_contains(f->messages, "train/b/x\\n.png: ");
    assert_contains(f->error.what, "2 of 2 files");
    free_fixture(f);
}

static void test_ingest_run_name_that_is_not_utf8_is_a_bad_file(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(2);
    write_image("source/train/a/caf\xe9.png", HEIGHT, WIDTH, 1, 1);
    f->options.skip_bad = true;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->messages, "caf\\\\xe9.png: has a name that is not UTF-8");
    free_fixture(f);
}

static void test_ingest_run_max_pixels_makes_larger_images_bad(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(2);
    f->options.max_pixels = HEIGHT * WIDTH;
    assert_int_equal(run(f), STATUS_OK);
    f->options.max_pixels = HEIGHT * WIDTH - 1;
    assert_int_equal(run(f), STATUS_DATA);
    assert_contains(f->error.what, "6 of 6 files");
    free_fixture(f);
}

static void test_ingest_run_late_color_image_makes_the_store_rgb(void **state)
{
    struct fixture *f = make_fixture();
    uint8_t pixels[HEIGHT * WIDTH * 3], expected[HEIGHT * WIDTH * 3];
    struct store *store;

    (void)state;
    write_tree(3);
    write_image("source/valid/b/z.png", HEIGHT, WIDTH, 3, 77);
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "9 images of 6x5 RGB");
    store = open_store(f);
    assert_int_equal(store_image_shape(store)->channels, 3);
    assert_int_equal(store_read_pixels(store, SPLIT_VALID, 2, 1, 1, pixels, &f->error), STATUS_OK);
    fill_pixels(expected, sizeof(expected), 77);
    assert_memory_equal(pixels, expected, sizeof(expected));
    assert_int_equal(store_read_pixels(store, SPLIT_TRAIN, 0, 1, 1, pixels, &f->error), STATUS_OK);
    fill_pixels(expected, HEIGHT * WIDTH, 0);
    for (size_t i = 0; i < sizeof(pixels); i++)
        assert_int_equal(pixels[i], expected[i / 3]);
    store_close(store);
    f->options.channels = 1;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "9 images of 6x5 gray");
    free_fixture(f);
}

static void test_ingest_run_unequal_sizes_name_the_odd_one(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(3);
    /* The first file is the odd one: what is usual is counted, not taken from the first. */
    write_image("source/train/a/0000.png", HEIGHT + 2, WIDTH, 1, 5);
    f->options.skip_bad = true;
    assert_int_equal(run(f), STATUS_DATA);
    assert_string_equal(f->error.file, "train/a/0000.png");
    assert_contains(f->error.what, "7 of 6x5, 1 of 8x5");
    assert_string_equal(f->error.expected, "6x5");
    assert_string_equal(f->error.found, "8x5");
    assert_int_equal(access(f->store, F_OK), -1);

    f->options.height = 3;
    f->options.width = 4;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "8 images of 3x4 gray");
    free_fixture(f);
}

static void test_ingest_run_dry_run_writes_nothing(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(2);
    f->options.dry_run = true;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "train     4 images");
    assert_int_equal(access(f->store, F_OK), -1);
    free_fixture(f);
}

/* ---- running again ---- */

static ino_t find_inode(const char *path)
{
    struct stat stat_of_file;

    assert_int_equal(stat(path, &stat_of_file), 0);
    return stat_of_file.st_ino;
}

static void test_ingest_run_again_unchanged_does_nothing(void **state)
{
    struct fixture *f = make_fixture();
    ino_t inode;

    (void)state;
    write_tree(2);
    assert_int_equal(run(f), STATUS_OK);
    inode = find_inode(f->store);
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "store.h5 is up to date: 6 images");
    assert_int_equal(find_inode(f->store), inode);
    f->options.force = true;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "wrote ");
    free_fixture(f);
}

static void test_ingest_run_again_with_other_settings_names_them(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(2);
    assert_int_equal(run(f), STATUS_OK);
    f->options.channels = 3;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->messages, "made again: channels was auto, is rgb\n");
    assert_contains(f->results, "wrote ");
    free_fixture(f);
}

static void test_ingest_run_again_after_a_change_writes(void **state)
{
    struct fixture *f = make_fixture();

    (void)state;
    write_tree(2);
    assert_int_equal(run(f), STATUS_OK);
    write_image("source/train/b/new.png", HEIGHT, WIDTH, 1, 3);
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->messages, "of the source have changed");
    assert_contains(f->results, "7 images");
    free_fixture(f);
}

static void test_ingest_run_again_after_a_touch_writes(void **state)
{
    const struct timespec times[2] = {{1000, 7}, {1000, 7}};
    struct fixture *f = make_fixture();
    char full[MAX_PATH];

    (void)state;
    write_tree(2);
    in_root(full, "source/train/b/0000.png");
    assert_int_equal(utimensat(-1, full, times, 0), 0);
    assert_int_equal(run(f), STATUS_OK);
    /* Another size under the same time, then another time. */
    write_image("source/train/b/0000.png", HEIGHT, WIDTH, 3, 3);
    assert_int_equal(utimensat(-1, full, times, 0), 0);
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "wrote ");
    assert_int_equal(utimensat(-1, full, (struct timespec[]){{1000, 8}, {1000, 8}}, 0), 0);
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "wrote ");
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "is up to date");
    free_fixture(f);
}

static void test_ingest_run_verify_looks_at_contents_only(void **state)
{
    struct fixture *f = make_fixture();
    char full[MAX_PATH];
    const struct timespec times[2] = {{1000, 0}, {1000, 0}};

    (void)state;
    write_tree(2);
    write_file("source/train/a/0009.png", "no PNG", 6);
    f->options.skip_bad = true;
    assert_int_equal(run(f), STATUS_OK);
    assert_int_equal(utimensat(-1, in_root(full, "source/train/a/0001.png"), times, 0), 0);
    f->options.verify = true;
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "store.h5 is verified: 6 images");

    write_image("source/train/a/0001.png", HEIGHT, WIDTH, 1, 99);
    write_image("source/train/a/0009.png", HEIGHT, WIDTH, 1, 98);
    write_image("source/train/b/0000-new.png", HEIGHT, WIDTH, 1, 97);
    unlink(in_root(full, "source/train/b/0001.png"));
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->messages, "train/a/0001.png: has other contents");
    assert_contains(f->messages, "train/a/0009.png: was skipped, is readable now");
    assert_contains(f->messages, "train/b/0000-new.png: is new");
    assert_contains(f->messages, "train/b/0001.png: is in the store only");
    assert_contains(f->messages, "4 files differ from the source");
    assert_contains(f->results, "wrote ");
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->results, "is verified: 7 images");
    free_fixture(f);
}

static void test_ingest_run_foreign_file_is_never_replaced(void **state)
{
    struct fixture *f = make_fixture();
    size_t nbytes;
    char *bytes;

    (void)state;
    write_tree(2);
    write_file("store.h5", "my thesis", 9);
    assert_int_equal(run(f), STATUS_DATA);
    assert_contains(f->error.what, "is no quern store");
    bytes = read_bytes(f->store, &nbytes);
    assert_int_equal(nbytes, 9);
    assert_memory_equal(bytes, "my thesis", 9);
    free(bytes);
    f->options.force = true;
    assert_int_equal(run(f), STATUS_OK);
    free_fixture(f);
}

static void test_ingest_run_damaged_store_is_made_again(void **state)
{
    struct fixture *f = make_fixture();
    size_t nbytes;
    char *bytes;

    (void)state;
    write_tree(2);
    assert_int_equal(run(f), STATUS_OK);
    bytes = read_bytes(f->store, &nbytes);
    write_file("store.h5", bytes, nbytes - 100);
    free(bytes);
    assert_int_equal(run(f), STATUS_OK);
    assert_contains(f->messages, "the store is damaged");
    assert_contains(f->results, "wrote ");
    free_fixture(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_ingest_run_small_tree_is_read_back),
        CASE(test_ingest_run_any_number_of_threads_gives_equal_bytes),
        CASE(test_ingest_run_bad_files_are_all_listed_and_nothing_written),
        CASE(test_ingest_run_skip_bad_writes_the_rest_and_records_rejects),
        CASE(test_ingest_run_class_that_loses_all_files_is_refused),
        CASE(test_ingest_run_no_readable_file_lists_all),
        CASE(test_ingest_run_name_that_is_not_utf8_is_a_bad_file),
        CASE(test_ingest_run_max_pixels_makes_larger_images_bad),
        CASE(test_ingest_run_late_color_image_makes_the_store_rgb),
        CASE(test_ingest_run_unequal_sizes_name_the_odd_one),
        CASE(test_ingest_run_dry_run_writes_nothing),
        CASE(test_ingest_run_again_unchanged_does_nothing),
        CASE(test_ingest_run_again_with_other_settings_names_them),
        CASE(test_ingest_run_again_after_a_change_writes),
        CASE(test_ingest_run_again_after_a_touch_writes),
        CASE(test_ingest_run_verify_looks_at_contents_only),
        CASE(test_ingest_run_foreign_file_is_never_replaced),
        CASE(test_ingest_run_damaged_store_is_made_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
