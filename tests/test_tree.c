/* Turning scanned folders into splits and classes, on trees made here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/sources/scan.h"
#include "ingest/report.h"
#include "ingest/tree.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

struct fixture {
    struct scan scan;
    struct tree tree;
    struct text_list classes;
    struct tree_rules rules;
    struct error error;
    bool ok;
};

static void build(struct fixture *fixture)
{
    struct scan_rules scan_rules;

    fixture->rules.classes = &fixture->classes;
    scan_rules = tree_scan_rules(&fixture->rules);
    fixture->ok =
        tree_fixture_scan(tree_fixture_root(), &scan_rules, &fixture->scan, &fixture->error);
    assert_true(fixture->ok);
    fixture->ok = tree_build(tree_fixture_root(), &fixture->scan, &fixture->rules, &fixture->tree,
                             &fixture->error);
}

static void clean_up(struct fixture *fixture)
{
    tree_free(&fixture->tree);
    scan_free(&fixture->scan);
    text_list_free(&fixture->classes);
}

static void assert_refused(struct fixture *fixture, enum status status, const char *part)
{
    assert_false(fixture->ok);
    assert_int_equal(fixture->error.status, status);
    assert_contains(fixture->error.what, part);
    clean_up(fixture);
}

/* All notes in one text. */
static const char *list_notes(struct fixture *fixture)
{
    static char all[2048];
    FILE *stream = fmemopen(all, sizeof(all), "w");

    memset(all, 0, sizeof(all));
    assert_true(
        report_notes(&fixture->tree, &fixture->scan, &fixture->rules, stream, &fixture->error));
    fclose(stream);
    return all;
}

static void make_small_tree(void)
{
    tree_fixture_make("train/3/b.png");
    tree_fixture_make("train/3/a.png");
    tree_fixture_make("train/7/a.PNG");
    tree_fixture_make("valid/3/c.png");
    tree_fixture_make("valid/7/c.png");
}

/* ---- tree_build ---- */

static void test_tree_build_all_names_of_splits_are_known(void **state)
{
    static const char *const names[][2] = {
        {"valid", "test"}, {"validation", "testing"}, {"val", "test"}};

    for (size_t i = 0; i < 3; i++) {
        struct fixture f = {0};
        char path[64];

        tree_fixture_make("train/a/x.png");
        tree_fixture_make("train/b/x.png");
        for (size_t s = 0; s < 2; s++) {
            snprintf(path, sizeof(path), "%s/a/y.png", names[i][s]);
            tree_fixture_make(path);
        }
        build(&f);
        assert_true(f.ok);
        assert_int_equal(f.tree.first[1], 2);
        assert_int_equal(f.tree.first[2], 3);
        assert_int_equal(f.tree.first[3], 4);
        snprintf(path, sizeof(path), "%s/a/y.png", names[i][1]);
        assert_string_equal(f.tree.paths[3], path);
        assert_non_null(strstr(list_notes(&f), "class b has no image in valid"));
        clean_up(&f);
        tree_fixture_tear_down(state);
        tree_fixture_set_up(state);
    }
}

static void test_tree_build_default_order_of_classes_is_natural(void **state)
{
    struct fixture f = {0};

    (void)state;
    tree_fixture_make("train/10/x.png");
    tree_fixture_make("train/2/x.png");
    tree_fixture_make("train/1/x.png");
    build(&f);
    assert_true(f.ok);
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
    tree_fixture_make("train/5/x.png");
    tree_fixture_make("valid/5/y.png");
    text_list_add(&f.classes, "7", &f.error);
    text_list_add(&f.classes, "3", &f.error);
    build(&f);
    assert_true(f.ok);
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
    tree_fixture_make("val/3/x.png");
    build(&f);
    assert_refused(&f, STATUS_DATA, "val/ and valid/");
}

static void test_tree_build_empty_class_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    tree_fixture_make("train/9/readme.txt");
    build(&f);
    assert_refused(&f, STATUS_DATA, "train/9 holds no PNG");
}

static void test_tree_build_class_missing_from_train_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    make_small_tree();
    tree_fixture_make("valid/9/x.png");
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
    tree_fixture_make("train/3/x.png");
    build(&f);
    assert_refused(&f, STATUS_DATA, "number of class folders");
}

static void test_tree_build_without_train_asks_for_a_fraction(void **state)
{
    struct fixture f = {0};

    (void)state;
    tree_fixture_make("cats/x.png");
    tree_fixture_make("dogs/x.png");
    build(&f);
    assert_refused(&f, STATUS_USAGE, "--valid-fraction");
}

static void test_tree_build_valid_without_train_is_refused(void **state)
{
    struct fixture f = {0};

    (void)state;
    tree_fixture_make("validation/3/x.png");
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
    tree_fixture_make("models/3/x.png");
    tree_fixture_make("labels.csv");
    tree_fixture_make("train/loose.png");
    tree_fixture_make("top\n.png");
    build(&f);
    assert_true(f.ok);
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
        tree_fixture_make(path);
        snprintf(path, sizeof(path), "b/%04zu.png", i);
        tree_fixture_make(path);
    }
    build(&f);
    assert_true(f.ok);
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
    tree_fixture_make("a/x.png");
    tree_fixture_make("b/deep/below/x.png");
    build(&f);
    assert_true(f.ok);
    assert_int_equal(f.tree.first[SPLIT_TRAIN + 1], 2);
    assert_string_equal(list_notes(&f), "");
    clean_up(&f);
}

/* ---- report_tree ---- */

static void test_report_tree_counts_are_grouped_and_names_escaped(void **state)
{
    struct fixture f = {0};
    char *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    (void)state;
    make_small_tree();
    tree_fixture_make("train/a\nb/x.png");
    build(&f);
    assert_true(f.ok);
    report_tree(&f.tree, stream);
    fclose(stream);
    assert_string_equal(text, "train     4 images in 3 classes:  3 2   7 1   a\\nb 1\n"
                              "valid     2 images in 2 classes:  3 1   7 1\n");
    free(text);
    clean_up(&f);
}

static void test_report_tree_many_classes_are_cut_at_twenty(void **state)
{
    struct fixture f = {0};
    char path[64], *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    (void)state;
    for (int i = 0; i < 25; i++) {
        snprintf(path, sizeof(path), "train/class%d/x.png", i);
        tree_fixture_make(path);
    }
    build(&f);
    assert_true(f.ok);
    report_tree(&f.tree, stream);
    fclose(stream);
    assert_non_null(strstr(text, "class19 1   and 5 more\n"));
    assert_null(strstr(text, "class20"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_in_range(strlen(line), 1, 100);
    free(text);
    clean_up(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_tree_build_all_names_of_splits_are_known),
        TREE_TEST(test_tree_build_default_order_of_classes_is_natural),
        TREE_TEST(test_tree_build_listed_classes_set_labels_and_name_what_is_left_out),
        TREE_TEST(test_tree_build_listed_class_without_folder_is_refused),
        TREE_TEST(test_tree_build_two_names_of_a_split_are_refused),
        TREE_TEST(test_tree_build_empty_class_is_refused),
        TREE_TEST(test_tree_build_class_missing_from_train_is_refused),
        TREE_TEST(test_tree_build_empty_source_is_refused),
        TREE_TEST(test_tree_build_one_class_is_refused),
        TREE_TEST(test_tree_build_without_train_asks_for_a_fraction),
        TREE_TEST(test_tree_build_valid_without_train_is_refused),
        TREE_TEST(test_tree_build_fraction_beside_train_is_refused),
        TREE_TEST(test_tree_build_stray_entries_are_ignored_and_named),
        TREE_TEST(test_tree_build_more_files_move_no_other),
        TREE_TEST(test_tree_build_fraction_zero_keeps_all_in_train),
        TREE_TEST(test_report_tree_counts_are_grouped_and_names_escaped),
        TREE_TEST(test_report_tree_many_classes_are_cut_at_twenty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
