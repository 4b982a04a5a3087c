/* Turning scanned folders into splits and classes, on trees made here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "ingest/report.h"
#include "tests/built_tree.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

/* ---- tree_build ---- */

static void test_tree_build_all_names_of_splits_are_known(void **state)
{
    static const char *const names[][2] = {
        {"valid", "test"}, {"validation", "testing"}, {"val", "test"}};

    for (size_t i = 0; i < 3; i++) {
        struct built_tree f = {0};
        char path[64];

        tree_fixture_make("train/a/x.png");
        tree_fixture_make("train/b/x.png");
        for (size_t s = 0; s < 2; s++) {
            snprintf(path, sizeof(path), "%s/a/y.png", names[i][s]);
            tree_fixture_make(path);
        }
        built_tree_build(&f);
        assert_true(f.ok);
        assert_int_equal(f.tree.first[1], 2);
        assert_int_equal(f.tree.first[2], 3);
        assert_int_equal(f.tree.first[3], 4);
        snprintf(path, sizeof(path), "%s/a/y.png", names[i][1]);
        assert_string_equal(f.tree.paths[3], path);
        assert_non_null(strstr(built_tree_list_notes(&f), "class b has no image in valid"));
        built_tree_free(&f);
        tree_fixture_tear_down(state);
        tree_fixture_set_up(state);
    }
}

static void test_tree_build_default_order_of_classes_is_natural(void **state)
{
    struct built_tree f = {0};

    (void)state;
    tree_fixture_make("train/10/x.png");
    tree_fixture_make("train/2/x.png");
    tree_fixture_make("train/1/x.png");
    built_tree_build(&f);
    assert_true(f.ok);
    assert_string_equal(f.tree.classes.items[0], "1");
    assert_string_equal(f.tree.classes.items[1], "2");
    assert_string_equal(f.tree.classes.items[2], "10");
    /* Rows stay bytewise: 1, 10, 2. */
    assert_string_equal(f.tree.paths[1], "train/10/x.png");
    assert_int_equal(f.tree.labels[1], 2);
    assert_non_null(strstr(built_tree_list_notes(&f), "no images for valid"));
    built_tree_free(&f);
}

static void test_tree_build_listed_classes_set_labels_and_name_what_is_left_out(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_make_files();
    tree_fixture_make("train/5/x.png");
    tree_fixture_make("valid/5/y.png");
    text_list_add(&f.classes, "7", &f.error);
    text_list_add(&f.classes, "3", &f.error);
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(tree_num_rows(&f.tree), 5);
    assert_string_equal(f.tree.paths[0], "train/3/a.png");
    assert_int_equal(f.tree.labels[0], 1);
    assert_string_equal(f.tree.paths[2], "train/7/a.PNG");
    assert_int_equal(f.tree.labels[2], 0);
    assert_non_null(strstr(built_tree_list_notes(&f), "5 (2 images)"));
    built_tree_free(&f);
}

static void test_tree_build_listed_class_without_folder_is_refused(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_make_files();
    text_list_add(&f.classes, "3", &f.error);
    text_list_add(&f.classes, "33", &f.error);
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_DATA, "'33'");
}

static void test_tree_build_two_names_of_a_split_are_refused(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_make_files();
    tree_fixture_make("val/3/x.png");
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_DATA, "val/ and valid/");
}

static void test_tree_build_empty_classes_are_left_out_and_named(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_make_files();
    tree_fixture_make("train/9/readme.txt");
    tree_fixture_make("valid/8/");
    /* Empty in train alone, it stays a class. */
    tree_fixture_make("train/fog/");
    tree_fixture_make("valid/fog/x.png");
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(f.tree.classes.count, 3);
    assert_string_equal(f.tree.classes.items[2], "fog");
    assert_contains(built_tree_list_notes(&f),
                    "left out 2 class folders without a PNG or JPEG image: 8, 9\n");
    assert_contains(built_tree_list_notes(&f), "class fog has no image in train\n");
    built_tree_free(&f);
}

static void test_tree_build_many_empty_classes_are_named_up_to_twenty(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_make_files();
    for (int i = 10; i < 35; i++) {
        char path[64];

        snprintf(path, sizeof(path), "train/c%d/", i);
        tree_fixture_make(path);
    }
    built_tree_build(&f);
    assert_true(f.ok);
    assert_contains(built_tree_list_notes(&f),
                    "left out 25 class folders without a PNG or JPEG image: c10, ");
    assert_contains(built_tree_list_notes(&f), ", c29 and 5 more\n");
    built_tree_free(&f);
}

static void test_tree_build_class_missing_from_train_is_refused(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_make_files();
    tree_fixture_make("valid/9/x.png");
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_DATA, "class '9' is in valid/ but missing from train/");
}

static void test_tree_build_empty_source_is_refused(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_DATA, "no folders and no PNG");
}

static void test_tree_build_one_class_is_taken_with_a_note(void **state)
{
    struct built_tree f = {0};

    (void)state;
    tree_fixture_make("train/3/x.png");
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(f.tree.classes.count, 1);
    assert_contains(built_tree_list_notes(&f), "one class only");
    built_tree_free(&f);
}

static void test_tree_build_without_train_asks_for_a_fraction(void **state)
{
    struct built_tree f = {0};

    (void)state;
    tree_fixture_make("cats/x.png");
    tree_fixture_make("dogs/x.png");
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_USAGE, "--valid-fraction");
}

static void test_tree_build_one_split_is_enough(void **state)
{
    static const char *const names[] = {"train", "validation", "TEST"};

    for (int i = 0; i < NUM_SPLITS; i++) {
        struct built_tree f = {0};
        char path[64];

        snprintf(path, sizeof(path), "%s/3/x.png", names[i]);
        tree_fixture_make(path);
        snprintf(path, sizeof(path), "%s/4/x.png", names[i]);
        tree_fixture_make(path);
        built_tree_build(&f);
        assert_true(f.ok);
        assert_int_equal(f.tree.first[i + 1] - f.tree.first[i], 2);
        assert_int_equal(tree_num_rows(&f.tree), 2);
        assert_contains(built_tree_list_notes(&f),
                        i == 0 ? "no images for valid" : "no images for train");
        built_tree_free(&f);
        tree_fixture_tear_down(state);
        tree_fixture_set_up(state);
    }
}

/* ---- fractions ---- */

static void test_tree_build_fraction_beside_valid_is_refused(void **state)
{
    struct built_tree f = {.rules.split = {.has_valid = true, .valid_fraction = 0.2}};
    struct built_tree folds = {.rules.split = {.num_folds = 2, .fold = 1}};

    (void)state;
    built_tree_make_files();
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_USAGE,
                              "valid/, but --valid-fraction makes another valid split");
    built_tree_build(&folds);
    built_tree_assert_refused(&folds, STATUS_USAGE,
                              "valid/, but --folds makes another valid split");
}

static void test_tree_build_test_fraction_beside_test_is_refused(void **state)
{
    struct built_tree f = {.rules.split = {.has_test = true, .test_fraction = 0.2}};

    (void)state;
    tree_fixture_make("train/3/a.png");
    tree_fixture_make("testing/3/a.png");
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_USAGE,
                              "testing/, but --test-fraction makes another test split");
}

/* ... but of train/ alone, or beside test/, valid is drawn; as of a source that is train/. */
static void test_tree_build_fraction_takes_valid_from_train(void **state)
{
    struct built_tree f = {.rules.split = {.has_valid = true, .valid_fraction = 0.25, .seed = 1}};
    struct built_tree folder = f;
    struct scan_rules scan_rules;

    (void)state;
    for (int i = 0; i < 8; i++) {
        tree_fixture_make(TEXT("train/a/%d.png", i));
        tree_fixture_make(TEXT("train/b/%d.png", i));
    }
    tree_fixture_make("test/a/x.png");
    tree_fixture_make("other/a/x.png");
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(f.tree.first[SPLIT_VALID], 12);
    assert_int_equal(f.tree.first[SPLIT_TEST], 16);
    assert_int_equal(tree_num_rows(&f.tree), 17);
    assert_non_null(strstr(built_tree_list_notes(&f), "ignored at the top of the source: other/"));
    folder.rules.classes = &folder.classes;
    scan_rules = tree_scan_rules(&folder.rules);
    assert_true(
        tree_fixture_scan(tree_fixture_path("train"), &scan_rules, &folder.scan, &folder.error));
    assert_true(tree_build("train", &folder.scan, &folder.rules, &folder.tree, &folder.error));
    assert_int_equal(tree_num_rows(&folder.tree), 16);
    for (size_t i = 0; i < 16; i++)
        assert_string_equal(f.tree.paths[i] + strlen("train/"), folder.tree.paths[i]);
    built_tree_free(&f);
    built_tree_free(&folder);
}

static void test_tree_build_stray_entries_are_ignored_and_named(void **state)
{
    struct built_tree f = {0};

    (void)state;
    built_tree_make_files();
    tree_fixture_make("models/3/x.png");
    tree_fixture_make("labels.csv");
    tree_fixture_make("train/loose.png");
    tree_fixture_make("top\n.png");
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(tree_num_rows(&f.tree), 5);
    assert_non_null(strstr(built_tree_list_notes(&f), "models/, labels.csv"));
    assert_non_null(strstr(built_tree_list_notes(&f), "no class folder: 2"));
    built_tree_free(&f);
}

/* ---- drawn splits ---- */

/* A fold that is all that a class has would leave none of it to train on. */
static void test_tree_build_fold_of_whole_class_is_refused(void **state)
{
    size_t num_refused = 0;

    (void)state;
    tree_fixture_make("a/x.png");
    for (int i = 0; i < 6; i++)
        tree_fixture_make(TEXT("b/%d.png", i));
    for (uint64_t fold = 1; fold <= 3; fold++) {
        struct built_tree f = {.rules.split = {.num_folds = 3, .fold = fold}};

        built_tree_build(&f);
        if (f.ok) {
            assert_int_equal(f.tree.first[SPLIT_VALID], 5);
            built_tree_free(&f);
        } else {
            built_tree_assert_refused(&f, STATUS_DATA, "class 'a' has no image in train");
            num_refused++;
        }
    }
    assert_int_equal(num_refused, 1);
}

static void test_tree_build_expression_without_match_is_refused(void **state)
{
    struct built_tree f = {
        .rules.split = {.has_valid = true, .valid_fraction = 0.5, .group_by = "patient"}};

    (void)state;
    tree_fixture_make("a/x.png");
    tree_fixture_make("b/x.png");
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_USAGE, "--group-by matches no path");
}

static void test_tree_build_deduplicate_keeps_first_and_drops_contradictions(void **state)
{
    /* a/0 a/1 a/2 b/0 b/1 b/2: 0 equals 1; a/2 equals b/0. */
    static const uint64_t contents[] = {2, 2, 4, 4, 6, 8};
    struct built_tree f = {
        .rules = {.split = {.has_valid = true}, .deduplicate = true, .contents = contents}};

    (void)state;
    for (int i = 0; i < 3; i++) {
        tree_fixture_make(TEXT("a/%d.png", i));
        tree_fixture_make(TEXT("b/%d.png", i));
    }
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(tree_num_rows(&f.tree), 3);
    assert_string_equal(f.tree.paths[0], "a/0.png");
    assert_string_equal(f.tree.paths[1], "b/1.png");
    assert_string_equal(f.tree.paths[2], "b/2.png");
    assert_non_null(strstr(built_tree_list_notes(&f), "1 image that equals one before"));
    assert_non_null(strstr(built_tree_list_notes(&f),
                           "2 images that equal one of another class: a/2.png is "
                           "b/0.png\n"));
    built_tree_free(&f);
}

static void test_report_notes_strong_imbalance_is_named(void **state)
{
    struct built_tree f = {.rules.split.has_valid = true};

    (void)state;
    tree_fixture_make("rare/x.png");
    for (int i = 0; i < 11; i++)
        tree_fixture_make(TEXT("usual/%d.png", i));
    built_tree_build(&f);
    assert_true(f.ok);
    assert_non_null(
        strstr(built_tree_list_notes(&f), "in train usual has 11 images and rare 1 (quern-train"));
    built_tree_free(&f);
}

static void test_tree_build_fraction_zero_keeps_all_in_train(void **state)
{
    struct built_tree f = {.rules.split.has_valid = true};

    (void)state;
    tree_fixture_make("a/x.png");
    tree_fixture_make("b/deep/below/x.png");
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(f.tree.first[SPLIT_TRAIN + 1], 2);
    assert_string_equal(built_tree_list_notes(&f), "");
    built_tree_free(&f);
}

/* ---- report_tree ---- */

static void test_report_tree_counts_are_grouped_and_names_escaped(void **state)
{
    struct built_tree f = {0};
    char *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    (void)state;
    built_tree_make_files();
    tree_fixture_make("train/a\nb/x.png");
    built_tree_build(&f);
    assert_true(f.ok);
    report_tree(&f.tree, stream);
    fclose(stream);
    assert_string_equal(text, "train     4 images in 3 classes:  3 2   7 1   a\\nb 1\n"
                              "valid     2 images in 2 classes:  3 1   7 1\n");
    free(text);
    built_tree_free(&f);
}

static void test_report_tree_many_classes_are_cut_at_twenty(void **state)
{
    struct built_tree f = {0};
    char path[64], *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    (void)state;
    for (int i = 0; i < 25; i++) {
        snprintf(path, sizeof(path), "train/class%d/x.png", i);
        tree_fixture_make(path);
    }
    built_tree_build(&f);
    assert_true(f.ok);
    report_tree(&f.tree, stream);
    fclose(stream);
    assert_non_null(strstr(text, "class19 1   and 5 more\n"));
    assert_null(strstr(text, "class20"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_in_range(strlen(line), 1, 100);
    free(text);
    built_tree_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_tree_build_all_names_of_splits_are_known),
        TREE_TEST(test_tree_build_default_order_of_classes_is_natural),
        TREE_TEST(test_tree_build_listed_classes_set_labels_and_name_what_is_left_out),
        TREE_TEST(test_tree_build_listed_class_without_folder_is_refused),
        TREE_TEST(test_tree_build_two_names_of_a_split_are_refused),
        TREE_TEST(test_tree_build_empty_classes_are_left_out_and_named),
        TREE_TEST(test_tree_build_many_empty_classes_are_named_up_to_twenty),
        TREE_TEST(test_tree_build_class_missing_from_train_is_refused),
        TREE_TEST(test_tree_build_empty_source_is_refused),
        TREE_TEST(test_tree_build_one_class_is_taken_with_a_note),
        TREE_TEST(test_tree_build_without_train_asks_for_a_fraction),
        TREE_TEST(test_tree_build_one_split_is_enough),
        TREE_TEST(test_tree_build_fraction_beside_valid_is_refused),
        TREE_TEST(test_tree_build_test_fraction_beside_test_is_refused),
        TREE_TEST(test_tree_build_fraction_takes_valid_from_train),
        TREE_TEST(test_tree_build_stray_entries_are_ignored_and_named),
        TREE_TEST(test_tree_build_fold_of_whole_class_is_refused),
        TREE_TEST(test_tree_build_expression_without_match_is_refused),
        TREE_TEST(test_tree_build_deduplicate_keeps_first_and_drops_contradictions),
        TREE_TEST(test_report_notes_strong_imbalance_is_named),
        TREE_TEST(test_tree_build_fraction_zero_keeps_all_in_train),
        TREE_TEST(test_report_tree_counts_are_grouped_and_names_escaped),
        TREE_TEST(test_report_tree_many_classes_are_cut_at_twenty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
