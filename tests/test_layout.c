/* Where splits and classes stand in a source: their layouts and names, on trees made here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "ingest/report.h"
#include "tests/built_tree.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

/* ---- layouts ---- */

/* Paths of files, NULL at the end. */
static void make_files(const char *const *paths)
{
    for (; *paths; paths++)
        tree_fixture_make(*paths);
}

static void test_tree_build_names_of_splits_in_any_case(void **state)
{
    struct built_tree f = {0};

    (void)state;
    make_files((const char *const[]){"Training/a/1.png", "Training/b/1.png", "VAL/a/1.png",
                                     "Testing/b/1.png", NULL});
    built_tree_build(&f);
    assert_true(f.ok);
    assert_string_equal(f.tree.paths[0], "Training/a/1.png");
    assert_string_equal(f.tree.paths[f.tree.first[SPLIT_VALID]], "VAL/a/1.png");
    assert_string_equal(f.tree.paths[f.tree.first[SPLIT_TEST]], "Testing/b/1.png");
    built_tree_free(&f);
}

static void test_tree_build_two_cases_of_a_split_are_refused(void **state)
{
    struct built_tree f = {0};

    (void)state;
    make_files((const char *const[]){"Train/a/1.png", "training/b/1.png", NULL});
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_DATA,
                              "both Train/ and training/, two names of the same split");
}

static void test_tree_build_splits_in_classes_are_understood(void **state)
{
    struct built_tree f = {0};

    (void)state;
    make_files((const char *const[]){"cats/train/1.png", "cats/Test/1.png", "cats-2/train/1.png",
                                     "dogs/train/deep/1.png", "dogs/val/1.png", NULL});
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(f.tree.classes.count, 3);
    assert_int_equal(f.tree.first[SPLIT_TRAIN + 1], 3);
    assert_string_equal(f.tree.paths[0], "cats-2/train/1.png");
    assert_string_equal(f.tree.paths[2], "dogs/train/deep/1.png");
    assert_int_equal(f.tree.labels[2], 2);
    assert_string_equal(f.tree.paths[f.tree.first[SPLIT_VALID]], "dogs/val/1.png");
    assert_string_equal(f.tree.paths[f.tree.first[SPLIT_TEST]], "cats/Test/1.png");
    assert_contains(built_tree_list_notes(&f), "splits lie in the folders of the classes");
    built_tree_free(&f);
}

static void test_tree_build_two_names_of_a_split_in_a_class_are_refused(void **state)
{
    struct built_tree f = {0};

    (void)state;
    make_files((const char *const[]){"a/train/1.png", "a/val/1.png", "a/valid/1.png",
                                     "b/train/1.png", NULL});
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_DATA, "both a/val/ and a/valid/");
}

static void test_tree_build_splits_in_some_classes_are_asked_about(void **state)
{
    static const char *const files[] = {"a/train/1.png", "a/test/1.png", "b/1.png", NULL};
    struct built_tree f = {0}, splits = {.rules = {.layout = LAYOUT_SPLITS}},
                      classes = {.rules = {.layout = LAYOUT_CLASSES, .split = {.has_valid = true}}};

    (void)state;
    make_files(files);
    built_tree_build(&f);
    built_tree_assert_refused(&f, STATUS_USAGE, "a/train/1.png");
    built_tree_build(&splits);
    assert_true(splits.ok);
    assert_int_equal(tree_num_rows(&splits.tree), 2);
    assert_contains(built_tree_list_notes(&splits), "lie in no class folder: 1");
    built_tree_free(&splits);
    built_tree_build(&classes);
    assert_true(classes.ok);
    assert_int_equal(classes.tree.first[SPLIT_TRAIN + 1], 3);
    assert_int_equal(classes.tree.classes.count, 2);
    built_tree_free(&classes);
}

static void test_tree_build_class_called_train_is_asked_about(void **state)
{
    static const char *const files[] = {"train/1.png", "train/2.png", "bus/1.png", "car/1.png",
                                        NULL};
    struct built_tree f = {0}, fraction = {.rules = {.split = {.has_valid = true}}},
                      classes = {.rules = {.layout = LAYOUT_CLASSES, .split = {.has_valid = true}}};

    (void)state;
    make_files(files);
    built_tree_build(&f);
    assert_contains(f.error.what, "holds train/ (2 images) beside bus/ (1 image), car/ (1 image)");
    built_tree_assert_refused(&f, STATUS_USAGE, "--layout classes");
    built_tree_build(&fraction);
    built_tree_assert_refused(&fraction, STATUS_USAGE, "is train/ a split or a class?");
    built_tree_build(&classes);
    assert_true(classes.ok);
    assert_int_equal(classes.tree.classes.count, 3);
    assert_string_equal(classes.tree.classes.items[2], "train");
    assert_int_equal(tree_num_rows(&classes.tree), 4);
    built_tree_free(&classes);
}

static void test_tree_build_one_split_beside_others_is_taken_when_told(void **state)
{
    struct built_tree f = {.rules = {.layout = LAYOUT_SPLITS}};

    (void)state;
    make_files((const char *const[]){"train/a/1.png", "train/b/1.png", "bus/1.png", NULL});
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(tree_num_rows(&f.tree), 2);
    assert_contains(built_tree_list_notes(&f), "ignored at the top of the source: bus/");
    built_tree_free(&f);
}

/* ---- a split without labels ---- */

static void test_tree_build_plain_files_of_a_split_are_left_out_or_kept(void **state)
{
    struct built_tree f = {0}, kept = {.rules = {.has_unlabelled = true, .unlabelled = SPLIT_TEST}};

    (void)state;
    built_tree_make_files();
    make_files((const char *const[]){"test/1.png", "test/2.png", "test/more/3.png", NULL});
    unlink(tree_fixture_path("test/more/3.png"));
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(tree_num_rows(&f.tree), 5);
    assert_contains(built_tree_list_notes(&f),
                    "left out test/: its 2 images lie in no class folder "
                    "(--unlabelled test keeps them as a split without labels)\n");
    assert_null(strstr(built_tree_list_notes(&f), "lie in no class folder: "));
    built_tree_free(&f);
    tree_fixture_make("test/more/3.png");
    built_tree_build(&kept);
    assert_true(kept.ok);
    assert_int_equal(kept.tree.first[SPLIT_TEST + 1] - kept.tree.first[SPLIT_TEST], 3);
    assert_int_equal(kept.tree.labels[kept.tree.first[SPLIT_TEST]], TREE_NO_LABEL);
    assert_int_equal(kept.tree.classes.count, 2);
    built_tree_free(&kept);
}

/* ---- names that look alike ---- */

static void test_tree_build_names_that_differ_in_case_are_noted(void **state)
{
    struct built_tree f = {0};

    (void)state;
    make_files((const char *const[]){"train/Cat/1.png", "train/cat/1.png", NULL});
    built_tree_build(&f);
    assert_true(f.ok);
    assert_int_equal(f.tree.classes.count, 2);
    assert_contains(built_tree_list_notes(&f),
                    "'Cat' and 'cat' differ in upper and lower case only");
    built_tree_free(&f);
}

static void test_tree_build_names_that_print_alike_are_refused(void **state)
{
    static const char *const pairs[][2] = {
        {"Caf\xc3\xa9", "Cafe\xcc\x81"},                          /* Latin */
        {"\xed\x95\x9c", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"}, /* Hangul */
        {"\xe3\x81\x8c", "\xe3\x81\x8b\xe3\x82\x99"},             /* Kana */
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct built_tree f = {0};
        char path[64];

        for (int j = 0; j < 2; j++) {
            snprintf(path, sizeof(path), "%s/%s/1.png", j ? "valid" : "train", pairs[i][j]);
            tree_fixture_make(path);
        }
        built_tree_build(&f);
        if (i == 0) {
            assert_contains(f.error.what, "(Cafe\\xcc\\x81 and Caf\\xc3\\xa9: NFD and NFC)");
        }
        built_tree_assert_refused(&f, STATUS_DATA,
                                  "print alike and differ in how their accents are encoded");
        tree_fixture_tear_down(state);
        tree_fixture_set_up(state);
    }
}

/* Where there is a split already, another of that name is not made. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_tree_build_names_of_splits_in_any_case),
        TREE_TEST(test_tree_build_two_cases_of_a_split_are_refused),
        TREE_TEST(test_tree_build_splits_in_classes_are_understood),
        TREE_TEST(test_tree_build_two_names_of_a_split_in_a_class_are_refused),
        TREE_TEST(test_tree_build_splits_in_some_classes_are_asked_about),
        TREE_TEST(test_tree_build_class_called_train_is_asked_about),
        TREE_TEST(test_tree_build_one_split_beside_others_is_taken_when_told),
        TREE_TEST(test_tree_build_plain_files_of_a_split_are_left_out_or_kept),
        TREE_TEST(test_tree_build_names_that_differ_in_case_are_noted),
        TREE_TEST(test_tree_build_names_that_print_alike_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
