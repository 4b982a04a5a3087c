/* Sharing out images: exact counts, what an added image moves, whole groups, folds. */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "formats/store/store.h"
#include "ingest/split.h"
#include "tests/support.h"

enum { MAX_IMAGES = 2000, MAX_NAME = 40 };

struct fixture {
    struct split_rules rules;
    struct split_images images;
    size_t count, num_classes;
    bool are_keyed;
    char names[MAX_IMAGES][MAX_NAME];
    const char *paths[MAX_IMAGES];
    uint32_t labels[MAX_IMAGES];
    uint64_t contents[MAX_IMAGES];
    uint8_t splits[MAX_IMAGES];
    struct split_outcome outcome;
    struct error error;
};

static struct fixture *fixture_new(struct split_rules rules)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->rules = rules;
    return f;
}

static void add(struct fixture *f, uint32_t label, const char *path)
{
    assert_true(f->count < MAX_IMAGES && strlen(path) < MAX_NAME);
    text_format(f->names[f->count], MAX_NAME, "%s", path);
    f->paths[f->count] = f->names[f->count];
    f->labels[f->count++] = label;
    if (label != SPLIT_NO_LABEL && label >= f->num_classes)
        f->num_classes = label + 1;
}

/* Images 0 to count - 1 of a class. */
static void add_class(struct fixture *f, uint32_t label, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(f, label, TEXT("class%u/%04zu.png", (unsigned)label, i));
}

static void draw(struct fixture *f)
{
    f->images = (struct split_images){.count = f->count,
                                      .paths = f->paths,
                                      .labels = f->labels,
                                      .contents = f->contents,
                                      .num_classes = f->num_classes,
                                      .are_keyed = f->are_keyed};
    memset(f->splits, SPLIT_TRAIN, sizeof(f->splits));
    assert_true(split_draw(&f->rules, &f->images, f->splits, &f->outcome, &f->error));
}

static size_t count_images(const struct fixture *f, uint32_t label, enum split split)
{
    size_t count = 0;

    for (size_t i = 0; i < f->count; i++)
        count += f->labels[i] == label && f->splits[i] == split;
    return count;
}

/* All images whose paths begin with the same length bytes lie in one split. */
static void assert_groups_are_whole(const struct fixture *f, size_t length)
{
    for (size_t i = 0; i < f->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (memcmp(f->paths[i], f->paths[j], length) == 0)
                assert_int_equal(f->splits[i], f->splits[j]);
        }
    }
}

/* ---- fractions ---- */

static void test_split_draw_counts_are_exact_in_each_class(void **state)
{
    static const size_t sizes[] = {100, 7, 3, 2, 1, 45};
    /* Rounded, and at least one in train: 0.2 and 0.1 of each. */
    static const size_t valid[] = {20, 1, 1, 0, 0, 9}, test[] = {10, 1, 0, 0, 0, 5};

    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct fixture *f = fixture_new((struct split_rules){.has_valid = true,
                                                             .valid_fraction = 0.2,
                                                             .has_test = true,
                                                             .test_fraction = 0.1,
                                                             .seed = seed});

        for (uint32_t label = 0; label < 6; label++)
            add_class(f, label, sizes[label]);
        draw(f);
        for (uint32_t label = 0; label < 6; label++) {
            assert_int_equal(count_images(f, label, SPLIT_VALID), valid[label]);
            assert_int_equal(count_images(f, label, SPLIT_TEST), test[label]);
        }
        free(f);
    }
}

static void test_split_draw_each_class_keeps_one_in_train(void **state)
{
    struct fixture *f = fixture_new((struct split_rules){
        .has_valid = true, .valid_fraction = 0.5, .has_test = true, .test_fraction = 0.49});

    (void)state;
    for (uint32_t label = 0; label < 20; label++)
        add_class(f, label, label + 1);
    draw(f);
    for (uint32_t label = 0; label < 20; label++)
        assert_true(count_images(f, label, SPLIT_TRAIN) >= 1);
    assert_int_equal(count_images(f, 19, SPLIT_VALID), 10);
    assert_int_equal(count_images(f, 19, SPLIT_TEST), 9);
    free(f);
}

/* How many images of the smaller set lie in another split in the larger one. */
static size_t count_moved(const struct fixture *few, const struct fixture *more)
{
    size_t count = 0;

    for (size_t i = 0; i < few->count; i++)
        count += few->splits[i] != more->splits[i];
    return count;
}

static void test_split_draw_added_image_moves_one_at_each_border_at_most(void **state)
{
    const struct split_rules rules = {.has_valid = true,
                                      .valid_fraction = 0.2,
                                      .has_test = true,
                                      .test_fraction = 0.1,
                                      .seed = 1};
    size_t num_moved = 0;

    (void)state;
    for (size_t count = 20; count < 120; count++) {
        struct fixture *few = fixture_new(rules), *more = fixture_new(rules);

        add_class(few, 0, count);
        add_class(more, 0, count + 1);
        draw(few);
        draw(more);
        assert_true(count_moved(few, more) <= 2);
        num_moved += count_moved(few, more);
        free(few);
        free(more);
    }
    /* Mostly none: an image that comes into valid or test, or that a larger valid or test takes. */
    assert_true(num_moved < 60);
}

static void test_split_draw_another_class_moves_nothing(void **state)
{
    const struct split_rules rules = {.has_valid = true, .valid_fraction = 0.3, .seed = 4};
    struct fixture *few = fixture_new(rules), *more = fixture_new(rules);

    (void)state;
    add_class(few, 0, 50);
    add_class(more, 0, 50);
    add_class(more, 1, 500);
    draw(few);
    draw(more);
    assert_int_equal(count_moved(few, more), 0);
    free(few);
    free(more);
}

static void test_split_draw_seed_chooses_others(void **state)
{
    struct fixture *one =
        fixture_new((struct split_rules){.has_valid = true, .valid_fraction = 0.5, .seed = 1});
    struct fixture *two =
        fixture_new((struct split_rules){.has_valid = true, .valid_fraction = 0.5, .seed = 2});

    (void)state;
    add_class(one, 0, 200);
    add_class(two, 0, 200);
    draw(one);
    draw(two);
    /* Half of them by chance: 100 expected, standard deviation 7. */
    assert_in_range(count_moved(one, two), 65, 135);
    free(one);
    free(two);
}

/* Pinned: what a seed gives is what people have in their stores. */
static void test_split_draw_known_seed_gives_known_images(void **state)
{
    struct fixture *f = fixture_new((struct split_rules){.has_valid = true,
                                                         .valid_fraction = 0.2,
                                                         .has_test = true,
                                                         .test_fraction = 0.2,
                                                         .seed = 1});
    char drawn[11] = "";

    (void)state;
    add_class(f, 0, 10);
    draw(f);
    for (size_t i = 0; i < 10; i++)
        drawn[i] = "tvx"[f->splits[i]];
    assert_string_equal(drawn, "xtvtttxtvt");
    free(f);
}

static void test_split_draw_images_without_label_and_of_other_splits_stay(void **state)
{
    struct fixture *f = fixture_new((struct split_rules){.has_valid = true, .valid_fraction = 0.5});

    (void)state;
    add_class(f, 0, 10);
    for (int i = 0; i < 10; i++)
        add(f, SPLIT_NO_LABEL, TEXT("other/%d.png", i));
    draw(f);
    assert_int_equal(count_images(f, 0, SPLIT_VALID), 5);
    assert_int_equal(count_images(f, SPLIT_NO_LABEL, SPLIT_TRAIN), 10);
    memset(f->splits, SPLIT_TEST, 4);
    memset(f->splits + 4, SPLIT_TRAIN, 6);
    assert_true(split_draw(&f->rules, &f->images, f->splits, &f->outcome, &f->error));
    assert_int_equal(count_images(f, 0, SPLIT_TEST), 4);
    assert_int_equal(count_images(f, 0, SPLIT_VALID), 3);
    free(f);
}

/* ---- groups ---- */

/* Patients of one to six images, each in one class or in both. */
static void add_patients(struct fixture *f, size_t num_patients)
{
    for (size_t patient = 0; patient < num_patients; patient++) {
        for (size_t i = 0; i < 1 + patient % 6; i++)
            add(f, patient % 3 == 2 ? (uint32_t)(i % 2) : (uint32_t)(patient % 3),
                TEXT("p%03zu_%zu.png", patient, i));
    }
}

static void test_split_draw_groups_are_whole_and_stratified(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct fixture *f = fixture_new((struct split_rules){.has_valid = true,
                                                             .valid_fraction = 0.2,
                                                             .has_test = true,
                                                             .test_fraction = 0.1,
                                                             .group_by = "^(p[0-9]+)_",
                                                             .seed = seed});

        add_patients(f, 150);
        draw(f);
        assert_int_equal(f->outcome.num_groups, 150);
        assert_int_equal(f->outcome.num_unmatched, 0);
        assert_groups_are_whole(f, 4);
        for (uint32_t label = 0; label < 2; label++) {
            size_t size = count_images(f, label, SPLIT_TRAIN) +
                          count_images(f, label, SPLIT_VALID) + count_images(f, label, SPLIT_TEST);

            /* Single images are among the groups, so that only rounding is left. */
            assert_in_range(count_images(f, label, SPLIT_VALID), size / 5 - 1, size / 5 + 1);
            assert_in_range(count_images(f, label, SPLIT_TEST), size / 10 - 1, size / 10 + 1);
        }
        free(f);
    }
}

static void test_split_draw_whole_match_is_group_without_parentheses(void **state)
{
    struct fixture *f = fixture_new(
        (struct split_rules){.has_valid = true, .valid_fraction = 0.3, .group_by = "p[0-9]+"});

    (void)state;
    add_patients(f, 40);
    for (int i = 0; i < 7; i++)
        add(f, 0, TEXT("nobody%d.png", i));
    draw(f);
    assert_int_equal(f->outcome.num_groups, 47);
    assert_int_equal(f->outcome.num_unmatched, 7);
    assert_int_equal(f->outcome.num_images, f->count);
    free(f);
}

/* Two patients of half of the images each: one of them is valid, though that is more than 0.1. */
static void test_split_draw_few_large_groups_leave_no_split_empty(void **state)
{
    struct fixture *f = fixture_new(
        (struct split_rules){.has_valid = true, .valid_fraction = 0.1, .group_by = "p[0-9]"});

    (void)state;
    for (int i = 0; i < 40; i++)
        add(f, (uint32_t)(i / 2 % 2), TEXT("p%d_%d.png", i % 2, i));
    draw(f);
    assert_groups_are_whole(f, 2);
    assert_int_equal(count_images(f, 0, SPLIT_VALID), 10);
    assert_int_equal(count_images(f, 1, SPLIT_VALID), 10);
    free(f);
}

static void test_split_draw_equal_contents_stay_together(void **state)
{
    struct fixture *f = fixture_new((struct split_rules){
        .has_valid = true, .valid_fraction = 0.25, .by_content = true, .seed = 3});

    (void)state;
    add_class(f, 0, 200);
    for (size_t i = 0; i < 200; i++)
        f->contents[i] = 2 + 2 * (i / 2); /* each twice */
    draw(f);
    assert_int_equal(count_images(f, 0, SPLIT_VALID), 50);
    for (size_t i = 0; i < 200; i += 2)
        assert_int_equal(f->splits[i], f->splits[i + 1]);
    free(f);
}

static void test_split_draw_images_of_one_key_stay_together(void **state)
{
    const struct split_rules folds = {.num_folds = 3, .fold = 2, .seed = 1};
    const struct split_rules fraction = {.has_valid = true, .valid_fraction = 0.3, .seed = 1};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture *f = fixture_new(i == 0 ? fraction : folds);
        struct fixture *single = fixture_new(i == 0 ? fraction : folds);

        for (int key = 0; key < 60; key++) {
            add(f, 0, TEXT("%03d.left.png", key));
            add(f, 0, TEXT("%03d.right.png", key));
            add(single, 0, TEXT("%03d.left.png", key));
        }
        f->are_keyed = single->are_keyed = true;
        draw(f);
        draw(single);
        for (int key = 0; key < 60; key++) {
            assert_int_equal(f->splits[2 * key], f->splits[2 * key + 1]);
            if (i == 0) /* a key goes where its first image goes alone */
                assert_int_equal(f->splits[2 * key], single->splits[key]);
        }
        assert_int_equal(count_images(f, 0, SPLIT_VALID), i == 0 ? 36 : 40);
        assert_int_equal(f->outcome.num_groups, 60);
        free(f);
        free(single);
    }
}

static void test_split_check_group_by_says_what_is_wrong(void **state)
{
    struct error error = {0};

    (void)state;
    assert_true(split_check_group_by("a(b|c)[0-9]+", &error));
    assert_false(split_check_group_by("a(b", &error));
    assert_int_equal(error.status, STATUS_USAGE);
    assert_non_null(strstr(error.found, "'a(b': "));
}

/* ---- folds ---- */

/* Each image that is not in test is valid in one fold, and all folds have as many of a class, but
 * for tolerance beyond rounding. */
static void check_folds(struct fixture *f, uint64_t num_folds, size_t tolerance)
{
    uint8_t folds[MAX_IMAGES] = {0};

    f->rules.num_folds = num_folds;
    for (f->rules.fold = 1; f->rules.fold <= num_folds; f->rules.fold++) {
        draw(f);
        for (size_t i = 0; i < f->count; i++) {
            if (f->splits[i] == SPLIT_VALID) {
                assert_int_equal(folds[i], 0);
                folds[i] = (uint8_t)f->rules.fold;
            }
        }
        for (uint32_t label = 0; label < f->num_classes; label++) {
            size_t size = count_images(f, label, SPLIT_TRAIN) + count_images(f, label, SPLIT_VALID);
            size_t low = size / num_folds, high = (size + num_folds - 1) / num_folds;

            assert_in_range(count_images(f, label, SPLIT_VALID),
                            low > tolerance ? low - tolerance : 0, high + tolerance);
        }
    }
    for (size_t i = 0; i < f->count; i++)
        assert_true(folds[i] > 0 || f->splits[i] == SPLIT_TEST);
}

static void test_split_draw_folds_are_a_partition(void **state)
{
    static const uint64_t nums[] = {2, 3, 5, 10};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fixture *f = fixture_new((struct split_rules){.seed = i});

        add_class(f, 0, 103);
        add_class(f, 1, 20);
        add_class(f, 2, 3);
        check_folds(f, nums[i], 0);
        free(f);
    }
}

static void test_split_draw_folds_leave_test_alone(void **state)
{
    struct fixture *f =
        fixture_new((struct split_rules){.has_test = true, .test_fraction = 0.2, .seed = 9});

    (void)state;
    add_class(f, 0, 100);
    check_folds(f, 4, 0);
    assert_int_equal(count_images(f, 0, SPLIT_TEST), 20);
    free(f);
}

static void test_split_draw_group_folds_are_a_partition_of_whole_groups(void **state)
{
    struct fixture *f = fixture_new((struct split_rules){.group_by = "p[0-9]+", .seed = 2});

    (void)state;
    add_patients(f, 150);
    check_folds(f, 5, 2);
    for (f->rules.fold = 1; f->rules.fold <= 5; f->rules.fold++) {
        draw(f);
        assert_groups_are_whole(f, 4);
    }
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_draw_counts_are_exact_in_each_class),
        cmocka_unit_test(test_split_draw_each_class_keeps_one_in_train),
        cmocka_unit_test(test_split_draw_added_image_moves_one_at_each_border_at_most),
        cmocka_unit_test(test_split_draw_another_class_moves_nothing),
        cmocka_unit_test(test_split_draw_seed_chooses_others),
        cmocka_unit_test(test_split_draw_known_seed_gives_known_images),
        cmocka_unit_test(test_split_draw_images_without_label_and_of_other_splits_stay),
        cmocka_unit_test(test_split_draw_groups_are_whole_and_stratified),
        cmocka_unit_test(test_split_draw_whole_match_is_group_without_parentheses),
        cmocka_unit_test(test_split_draw_few_large_groups_leave_no_split_empty),
        cmocka_unit_test(test_split_draw_equal_contents_stay_together),
        cmocka_unit_test(test_split_draw_images_of_one_key_stay_together),
        cmocka_unit_test(test_split_check_group_by_says_what_is_wrong),
        cmocka_unit_test(test_split_draw_folds_are_a_partition),
        cmocka_unit_test(test_split_draw_folds_leave_test_alone),
        cmocka_unit_test(test_split_draw_group_folds_are_a_partition_of_whole_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
