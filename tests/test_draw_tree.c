/* Trees of drawn digits: names, threads, folders in use and writes that fail. */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draw/draw_tree.h"
#include "draw/render.h"
#include "images/png_file.h"
#include "tests/png_fixture.h"
#include "tests/support.h"

static char *root;

static int make_root(void **state)
{
    (void)state;
    root = support_make_folder();
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    support_remove_folder(root);
    return 0;
}

/* nftw takes no argument of ours. */
static size_t num_found_files;

static int count_file(const char *path, const struct stat *stat, int flag, struct FTW *position)
{
    (void)path;
    (void)stat;
    (void)position;
    num_found_files += flag == FTW_F;
    return 0;
}

static size_t count_files(const char *path)
{
    num_found_files = 0;
    assert_int_equal(nftw(path, count_file, 16, FTW_PHYS), 0);
    return num_found_files;
}

static struct draw_tree small_tree(const char *path, int num_threads)
{
    return (struct draw_tree){.root = path,
                              .digits = {3, 7},
                              .num_digits = 2,
                              .num_images = {40, 25, 3},
                              .image = {28, 28, 1},
                              .seed = 1,
                              .num_threads = num_threads};
}

enum { NUM_SMALL = 2 * (40 + 25 + 3) };

static void write_tree(const struct draw_tree *tree)
{
    struct error error = {0};

    assert_ok(draw_tree_write(tree, NULL, &error), &error);
}

static bool try_tree(const struct draw_tree *tree, struct error *error)
{
    *error = (struct error){0};
    return draw_tree_write(tree, NULL, error);
}

/* ---- draw_tree_write ---- */

static void test_draw_tree_write_any_number_of_threads_same_files(void **state)
{
    (void)state;
    for (int num_threads = 1; num_threads <= 3; num_threads++) {
        char name[16], path[512], first[512];
        struct draw_tree tree = small_tree(path, num_threads);

        snprintf(name, sizeof(name), "%d", num_threads);
        snprintf(path, sizeof(path), "%s", support_path(root, name));
        snprintf(first, sizeof(first), "%s", support_path(root, "1"));
        write_tree(&tree);
        assert_int_equal(count_files(path), NUM_SMALL);
        for (size_t split = 0; split < NUM_SPLITS; split++) {
            for (unsigned i = 0; i < 2 * tree.num_images[split]; i++) {
                char image[64];

                snprintf(image, sizeof(image), "%s/%u/%06u.png", split_names[split],
                         tree.digits[i % 2], i / 2);
                support_assert_files_equal(support_path(first, image), support_path(path, image));
            }
        }
    }
}

static void test_draw_tree_write_many_images_are_cut_into_folders(void **state)
{
    struct draw_tree tree = small_tree(root, 2);
    struct canvas canvas;
    struct error error = {0};
    unsigned char *bytes;
    uint8_t pixels[9 * 8];
    size_t nbytes;

    (void)state;
    tree.num_digits = 1;
    memcpy(tree.num_images, (uint64_t[NUM_SPLITS]){10001, 0, 0}, sizeof(tree.num_images));
    tree.image = (struct image_shape){9, 8, 1};
    write_tree(&tree);
    assert_int_equal(count_files(root), 10001);
    assert_int_equal(access(support_path(root, "train/3/00/009999.png"), R_OK), 0);
    assert_int_not_equal(access(support_path(root, "valid"), F_OK), 0);

    bytes = support_read_file(support_path(root, "train/3/01/010000.png"), &nbytes);
    assert_ok(png_fixture_decode("png", bytes, nbytes, sizeof(pixels), 1, pixels, &error), &error);
    assert_ok(canvas_create(&tree.image, &canvas, &error), &error);
    render_picture(&(struct picture){1, SPLIT_TRAIN, 3, 10000}, &canvas);
    assert_memory_equal(pixels, canvas.pixels, sizeof(pixels));
    canvas_destroy(&canvas);
    free(bytes);
}

static void test_draw_tree_write_folder_in_use_is_refused_without_force(void **state)
{
    struct draw_tree tree = small_tree(root, 1);
    struct error error;

    (void)state;
    support_write_file(support_path(root, "notes"), "x", 1);
    assert_fails(try_tree(&tree, &error), &error, STATUS_USAGE);
    assert_string_equal(error.file, root);
    assert_int_equal(count_files(root), 1);
    tree.force = true;
    write_tree(&tree);
    assert_int_equal(count_files(root), 1 + NUM_SMALL);
}

static void test_draw_tree_write_force_overwrites(void **state)
{
    char other[512];
    struct draw_tree tree = small_tree(root, 1);

    (void)state;
    write_tree(&tree);
    tree.seed = 2;
    tree.force = true;
    /* Longer than any image: what is left of it would show. */
    support_write_file(support_path(root, "train/7/000039.png"), (char[5000]){0}, 5000);
    write_tree(&tree);
    assert_int_equal(count_files(root), NUM_SMALL);
    snprintf(other, sizeof(other), "%s", support_path(root, "other"));
    tree.root = other;
    tree.force = false;
    write_tree(&tree);
    support_assert_files_equal(support_path(root, "train/7/000039.png"),
                               support_path(other, "train/7/000039.png"));
}

static void test_draw_tree_write_failed_write_names_the_file_and_removes_it(void **state)
{
    struct draw_tree tree = small_tree(root, 2);
    struct error error;
    struct rlimit old, small;
    bool ok;

    (void)state;
    /* A write past the limit fails as one on a full disk does, after the first bytes. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 100, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    ok = try_tree(&tree, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(ok);
    assert_int_equal(error.status, STATUS_IO);
    assert_non_null(strstr(error.file, ".png"));
    assert_int_equal(count_files(root), 0);
}

static void test_draw_tree_write_directory_that_cannot_be_made_is_named(void **state)
{
    char path[512];
    struct draw_tree tree = small_tree(path, 1);
    struct error error;

    (void)state;
    support_write_file(support_path(root, "train"), "x", 1);
    snprintf(path, sizeof(path), "%s", support_path(root, "train/out"));
    assert_fails(try_tree(&tree, &error), &error, STATUS_IO);
    assert_string_equal(error.file, path);
    tree.root = root;
    tree.force = true;
    assert_fails(try_tree(&tree, &error), &error, STATUS_IO);
    assert_non_null(strstr(error.file, support_path(root, "train")));
}

static void test_draw_tree_write_force_removes_what_a_killed_run_left(void **state)
{
    struct draw_tree tree = small_tree(root, 2);

    (void)state;
    write_tree(&tree);
    support_write_file(support_path(root, "train/7/.000039.png.0123456789abcdef.partial"), "x", 1);
    support_write_file(support_path(root, "train/7/.000039.png.mine"), "x", 1);
    assert_int_equal(count_files(root), NUM_SMALL + 2);
    tree.force = true;
    write_tree(&tree);
    assert_int_equal(count_files(root), NUM_SMALL + 1);
    assert_int_equal(access(support_path(root, "train/7/.000039.png.mine"), R_OK), 0);
}

/* A temporary file that somebody else made beforehand could be a link to a file of the user's. */
static void test_draw_tree_write_follows_no_planted_link(void **state)
{
    struct draw_tree tree = small_tree(root, 1);
    size_t nbytes;
    unsigned char *bytes;

    (void)state;
    support_write_file(support_path(root, "victim"), "precious", 8);
    assert_int_equal(mkdir(support_path(root, "train"), 0777), 0);
    assert_int_equal(mkdir(support_path(root, "train/3"), 0777), 0);
    assert_int_equal(symlink("../../victim", support_path(root, "train/3/.000000.png.partial")), 0);
    tree.force = true;
    write_tree(&tree);
    bytes = support_read_file(support_path(root, "victim"), &nbytes);
    assert_int_equal(nbytes, 8);
    assert_memory_equal(bytes, "precious", 8);
    free(bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_draw_tree_write_any_number_of_threads_same_files),
        CASE(test_draw_tree_write_many_images_are_cut_into_folders),
        CASE(test_draw_tree_write_folder_in_use_is_refused_without_force),
        CASE(test_draw_tree_write_force_overwrites),
        CASE(test_draw_tree_write_failed_write_names_the_file_and_removes_it),
        CASE(test_draw_tree_write_directory_that_cannot_be_made_is_named),
        CASE(test_draw_tree_write_force_removes_what_a_killed_run_left),
        CASE(test_draw_tree_write_follows_no_planted_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
