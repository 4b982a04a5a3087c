/* Scanning folders and turning them into splits and classes, on trees made here. */
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

#include "ingest/scan.h"
#include "ingest/tree.h"

static char root[64];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/quern-test-scan-XXXXXX");
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

static const char *in_root(const char *path)
{
    static char full[512];

    snprintf(full, sizeof(full), "%s/%s", root, path);
    return full;
}

/* Makes a file, or a folder when path ends in a slash, with all folders above it. */
static void make(const char *path)
{
    char full[512];

    snprintf(full, sizeof(full), "%s", in_root(path));
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(full, 0777);
    }
    if (full[strlen(full) - 1] != '/') {
        FILE *file = fopen(full, "w");

        assert_non_null(file);
        fclose(file);
    }
}

struct fixture {
    struct scan scan;
    struct tree tree;
    struct text_list classes;
    struct tree_rules rules;
    struct error error;
    enum status status;
};

static void build(struct fixture *fixture)
{
    struct scan_rules scan_rules;

    fixture->rules.classes = &fixture->classes;
    scan_rules = tree_scan_rules(&fixture->rules);
    fixture->status = scan_folder(root, &scan_rules, &fixture->scan, &fixture->error);
    assert_int_equal(fixture->status, STATUS_OK);
    fixture->status =
        tree_build(root, &fixture->scan, &fixture->rules, &fixture->tree, &fixture->error);
}

static void clean_up(struct fixture *fixture)
{
    tree_free(&fixture->tree);
    scan_free(&fixture->scan);
    text_list_free(&fixture->classes);
}

static void assert_refused(struct fixture *fixture, enum status status, const char *part)
{
    assert_int_equal(fixture->status, status);
    assert_int_equal(fixture->error.status, status);
    if (!strstr(fixture->error.what, part))
        fail_msg("'%s' does not say '%s'", fixture->error.what, part);
    clean_up(fixture);
}

/* All notes in one text. */
static const char *list_notes(struct fixture *fixture)
{
    static char all[2048];
    struct text_list notes = {0};

    assert_int_equal(
        tree_list_notes(&fixture->tree, &fixture->scan, &fixture->rules, &notes, &fixture->error),
        STATUS_OK);
    all[0] = '\0';
    for (size_t i = 0; i < notes.count; i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s\n", notes.items[i]);
    text_list_free(&notes);
    return all;
}

static void make_small_tree(void)
{
    make("train/3/b.png");
    make("train/3/a.png");
    make("train/7/a.PNG");
    make("valid/3/c.png");
    make("valid/7/c.png");
}

/* ---- scan_folder ---- */

static void test_scan_folder_nested_tree_sorts_paths_bytewise(void **state)
{
    static const char *const expected[] = {"train/3/a-1.png", "train/3/a.png", "train/3/a/x.png",
                                           "train/3/a0.png", "train/30/a.png"};
    struct scan scan;
    struct error error = {0};

    (void)state;
    for (size_t i = 5; i-- > 0;)
        make(expected[i]);
    assert_int_equal(scan_folder(root, &(struct scan_rules){2, NULL}, &scan, &error), STATUS_OK);
    assert_int_equal(scan.num_images, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(scan.paths[i], expected[i]);
    assert_int_equal(scan.folders.count, 3);
    assert_string_equal(scan.folders.items[1], "train/3");
    scan_free(&scan);
}

static void test_scan_folder_hidden_and_other_files_are_no_images(void **state)
{
    struct scan scan;
    struct error error = {0};

    (void)state;
    make("a/.hidden.png");
    make("a/.git/x.png");
    make("a/x.jpg");
    make("a/png");
    make("labels.csv");
    make("a/folder.png/y.pNg");
    assert_int_equal(scan_folder(root, &(struct scan_rules){1, NULL}, &scan, &error), STATUS_OK);
    assert_int_equal(scan.num_images, 1);
    assert_string_equal(scan.paths[0], "a/folder.png/y.pNg");
    assert_int_equal(scan.num_others, 3);
    assert_int_equal(scan.top_others.count, 1);
    assert_string_equal(scan.top_others.items[0], "labels.csv");
    scan_free(&scan);
}

static void test_scan_folder_link_loops_end(void **state)
{
    struct scan scan;
    struct error error = {0};

    (void)state;
    make("a/x.png");
    make("b/");
    assert_int_equal(symlink("..", in_root("a/up")), 0);
    assert_int_equal(symlink(".", in_root("a/self")), 0);
    assert_int_equal(symlink("../a", in_root("b/a")), 0);
    assert_int_equal(symlink("nowhere", in_root("b/dangling.png")), 0);
    assert_int_equal(scan_folder(root, &(struct scan_rules){1, NULL}, &scan, &error), STATUS_OK);
    assert_int_equal(scan.num_images, 3);
    assert_string_equal(scan.paths[0], "a/x.png");
    assert_string_equal(scan.paths[1], "b/a/x.png");
    assert_string_equal(scan.paths[2], "b/dangling.png");
    assert_int_equal(scan.num_loops, 4);
    scan_free(&scan);
}

static void test_scan_folder_missing_source_is_an_io_error(void **state)
{
    struct scan scan;
    struct error error = {0};

    (void)state;
    assert_int_equal(scan_folder(in_root("none"), &(struct scan_rules){1, NULL}, &scan, &error),
                     STATUS_IO);
    assert_non_null(strstr(error.file, "none"));
}

/* ---- tree_build ---- */

static void test_tree_build_all_names_of_splits_are_known(void **state)
{
    static const char *const names[][2] = {
        {"valid", "test"}, {"validation", "testing"}, {"val", "test"}};

    for (size_t i = 0; i < 3; i++) {
        struct fixture f = {0};
        char path[64];

        make("train/a/x.png");
        make("train/b/x.png");
        for (size_t s = 0; s < 2; s++) {
            snprintf(path, sizeof(path), "%s/a/y.png", names[i][s]);
            make(path);
        }
        build(&f);
        assert_int_equal(f.status, STATUS_OK);
        assert_int_equal(f.tree.first[1], 2);
        assert_int_equal(f.tree.first[2], 3);
        assert_int_equal(f.tree.first[3], 4);
        snprintf(path, sizeof(path), "%s/a/y.png", names[i][1]);
        assert_string_equal(f.tree.paths[3], path);
        assert_non_null(strstr(list_notes(&f), "class b has no image in valid"));
        clean_up(&f);
        remove_root(state);
        make_root(state);
    }
}

static void test_tree_build_default_order_of_classes_is_natural(void **state)
{
    struct fixture f = {0};

    (void)state;
    make("train/10/x.png");
    make("train/2/x.png");
    make("train/1/x.png");
    build(&f);
    assert_int_equal(f.status, STATUS_OK);
    assert_string_equal(f.tree.classes.items[0], "1");
    assert_string_equal(f.tree.classes.items[1], "2");
    assert_string_equal(f.tree.classes.items[2], "10");
    /* Rows stay bytewise: 1, 10, 2. */
    assert_string_equal(f.tree.paths[1], "train/10/x.png");
    assert_int_equal(f.tree.labels[1], 2);
    assert_non_null(strstr(list_notes(&f), "no images for valid"));
    clean_up(&f);
}

static void test_tree_build_listed_classes_set_labels_and_name_what_is_left_out(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    make("train/5/x.png");
    make("valid/5/y.png");
    text_list_add(&f.classes, "7", &f.error);
    text_list_add(&f.classes, "3", &f.error);
    build(&f);
    assert_int_equal(f.status, STATUS_OK);
    assert_int_equal(tree_num_rows(&f.tree), 5);
    assert_string_equal(f.tree.paths[0], "train/3/a.png");
    assert_int_equal(f.tree.labels[0], 1);
    assert_string_equal(f.tree.paths[2], "train/7/a.PNG");
    assert_int_equal(f.tree.labels[2], 0);
    assert_non_null(strstr(list_notes(&f), "5 (2 images)"));
    clean_up(&f);
}

static void test_tree_build_listed_class_without_folder_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    text_list_add(&f.classes, "3", &f.error);
    text_list_add(&f.classes, "33", &f.error);
    build(&f);
    assert_refused(&f, STATUS_DATA, "'33'");
}

static void test_tree_build_two_names_of_a_split_are_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    make("val/3/x.png");
    build(&f);
    assert_refused(&f, STATUS_DATA, "val/ and valid/");
}

static void test_tree_build_empty_class_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    make("train/9/readme.txt");
    build(&f);
    assert_refused(&f, STATUS_DATA, "train/9 holds no PNG");
}

static void test_tree_build_class_missing_from_train_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    make("valid/9/x.png");
    build(&f);
    assert_refused(&f, STATUS_DATA, "class '9' is in valid/ but missing from train/");
}

static void test_tree_build_empty_source_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    build(&f);
    assert_refused(&f, STATUS_DATA, "no folders and no PNG");
}

static void test_tree_build_one_class_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make("train/3/x.png");
    build(&f);
    assert_refused(&f, STATUS_DATA, "number of class folders");
}

static void test_tree_build_without_train_asks_for_a_fraction(void **state)
{
    struct fixture f = {0};

    (void)state;
    make("cats/x.png");
    make("dogs/x.png");
    build(&f);
    assert_refused(&f, STATUS_USAGE, "--valid-fraction");
}

static void test_tree_build_valid_without_train_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make("validation/3/x.png");
    build(&f);
    assert_refused(&f, STATUS_DATA, "validation/ but no folder train/");
}

static void test_tree_build_fraction_beside_train_is_refused(void **state)
{
    struct fixture f = {.rules = {.is_split_by_hash = true, .valid_fraction = 0.2}};

    (void)state;
    make_small_tree();
    build(&f);
    assert_refused(&f, STATUS_USAGE, "SOURCE/train");
}

static void test_tree_build_stray_entries_are_ignored_and_named(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    make("models/3/x.png");
    make("labels.csv");
    make("train/loose.png");
    make("top\n.png");
    build(&f);
    assert_int_equal(f.status, STATUS_OK);
    assert_int_equal(tree_num_rows(&f.tree), 5);
    assert_non_null(strstr(list_notes(&f), "models/, labels.csv"));
    assert_non_null(strstr(list_notes(&f), "no class folder: 2"));
    clean_up(&f);
}

/* ---- the split by hash ---- */

/* Which of num_files files of class a fall into valid, as '0' and '1' in the order of names. */
static void split_files(size_t num_files, double fraction, uint64_t seed, char *drawn)
{
    struct fixture f = {
        .rules = {.is_split_by_hash = true, .valid_fraction = fraction, .seed = seed}};
    char path[64];

    for (size_t i = 0; i < num_files; i++) {
        snprintf(path, sizeof(path), "a/%04zu.png", i);
        make(path);
        snprintf(path, sizeof(path), "b/%04zu.png", i);
        make(path);
    }
    build(&f);
    assert_int_equal(f.status, STATUS_OK);
    memset(drawn, '0', num_files);
    drawn[num_files] = '\0';
    for (size_t i = f.tree.first[SPLIT_VALID]; i < f.tree.first[SPLIT_VALID + 1]; i++) {
        if (f.tree.paths[i][0] == 'a')
            drawn[strtoul(f.tree.paths[i] + 2, NULL, 10)] = '1';
    }
    clean_up(&f);
}

static size_t count_ones(const char *drawn)
{
    size_t count = 0;

    for (; *drawn; drawn++)
        count += *drawn == '1';
    return count;
}

static void test_tree_build_more_files_move_no_other(void **state)
{
    char few[301], more[401], other_seed[401];

    (void)state;
    split_files(300, 0.25, 1, few);
    split_files(400, 0.25, 1, more);
    split_files(400, 0.25, 2, other_seed);
    assert_memory_equal(few, more, 300);
    assert_string_not_equal(more, other_seed);
    /* 400 draws of chance 1/4: 100 expected, standard deviation 8.7. */
    assert_in_range(count_ones(more), 65, 135);
}

static void test_tree_build_fraction_zero_keeps_all_in_train(void **state)
{
    struct fixture f = {.rules = {.is_split_by_hash = true}};

    (void)state;
    make("a/x.png");
    make("b/deep/below/x.png");
    build(&f);
    assert_int_equal(f.status, STATUS_OK);
    assert_int_equal(f.tree.first[SPLIT_TRAIN + 1], 2);
    assert_string_equal(list_notes(&f), "");
    clean_up(&f);
}

/* ---- tree_print ---- */

static void test_tree_print_counts_are_grouped_and_names_escaped(void **state)
{
    struct fixture f = {0};
    char *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    (void)state;
    make_small_tree();
    make("train/a\nb/x.png");
    build(&f);
    assert_int_equal(f.status, STATUS_OK);
    tree_print(&f.tree, stream);
    fclose(stream);
    assert_string_equal(text, "train     4 images in 3 classes:  3 2   7 1   a\\nb 1\n"
                              "valid     2 images in 2 classes:  3 1   7 1\n");
    free(text);
    clean_up(&f);
}

static void test_tree_print_many_classes_are_cut_at_twenty(void **state)
{
    struct fixture f = {0};
    char path[64], *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    (void)state;
    for (int i = 0; i < 25; i++) {
        snprintf(path, sizeof(path), "train/class%d/x.png", i);
        make(path);
    }
    build(&f);
    assert_int_equal(f.status, STATUS_OK);
    tree_print(&f.tree, stream);
    fclose(stream);
    assert_non_null(strstr(text, "class19 1   and 5 more\n"));
    assert_null(strstr(text, "class20"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_in_range(strlen(line), 1, 100);
    free(text);
    clean_up(&f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_scan_folder_nested_tree_sorts_paths_bytewise),
        CASE(test_scan_folder_hidden_and_other_files_are_no_images),
        CASE(test_scan_folder_link_loops_end),
        CASE(test_scan_folder_missing_source_is_an_io_error),
        CASE(test_tree_build_all_names_of_splits_are_known),
        CASE(test_tree_build_default_order_of_classes_is_natural),
        CASE(test_tree_build_listed_classes_set_labels_and_name_what_is_left_out),
        CASE(test_tree_build_listed_class_without_folder_is_refused),
        CASE(test_tree_build_two_names_of_a_split_are_refused),
        CASE(test_tree_build_empty_class_is_refused),
        CASE(test_tree_build_class_missing_from_train_is_refused),
        CASE(test_tree_build_empty_source_is_refused),
        CASE(test_tree_build_one_class_is_refused),
        CASE(test_tree_build_without_train_asks_for_a_fraction),
        CASE(test_tree_build_valid_without_train_is_refused),
        CASE(test_tree_build_fraction_beside_train_is_refused),
        CASE(test_tree_build_stray_entries_are_ignored_and_named),
        CASE(test_tree_build_more_files_move_no_other),
        CASE(test_tree_build_fraction_zero_keeps_all_in_train),
        CASE(test_tree_print_counts_are_grouped_and_names_escaped),
        CASE(test_tree_print_many_classes_are_cut_at_twenty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
