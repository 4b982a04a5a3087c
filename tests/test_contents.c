/* Equal pictures: what is counted, and what is dropped. */
#include <string.h>

#include "ingest/contents.h"
#include "ingest/split.h"
#include "tests/support.h"

static uint64_t hash(const uint8_t *pixels, size_t height, size_t width, size_t channels)
{
    return contents_of(pixels, &(struct image_shape){height, width, channels});
}

static void test_contents_of_tells_any_pixel_and_shape(void **state)
{
    uint8_t pixels[300];
    uint64_t before;

    (void)state;
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 7);
    before = hash(pixels, 10, 30, 1);
    assert_true(before == hash(pixels, 10, 30, 1));
    assert_true(before != hash(pixels, 30, 10, 1));
    assert_true(before != hash(pixels, 10, 10, 3));
    for (size_t i = 0; i < sizeof(pixels); i++) {
        pixels[i] ^= 1;
        assert_true(before != hash(pixels, 10, 30, 1));
        pixels[i] ^= 1;
    }
}

static void test_contents_of_is_odd_for_constant_images_alone(void **state)
{
    uint8_t pixels[27] = {0};

    (void)state;
    for (size_t i = 0; i < 27; i++)
        pixels[i] = (uint8_t)(i % 3);
    assert_true(contents_is_constant(hash(pixels, 3, 3, 3)));
    assert_false(contents_is_constant(hash(pixels, 9, 3, 1)));
    assert_true(contents_is_constant(hash(pixels, 1, 1, 1)));
    pixels[26]++;
    assert_false(contents_is_constant(hash(pixels, 3, 3, 3)));
}

/* Pinned: --split-by content draws by it, on every machine. */
static void test_contents_of_known_pixels_gives_known_hash(void **state)
{
    uint8_t pixels[35];

    (void)state;
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)i;
    assert_int_equal(hash(pixels, 5, 7, 1), 0x155e427d6f4eb2ce);
}

/* Three in train, three in valid, two in test. */
static const size_t first[NUM_SPLITS + 1] = {0, 3, 6, 8};

static struct contents_findings find(const uint64_t *contents, const uint32_t *labels)
{
    const struct contents_rows rows = {contents, labels, first, 3};
    struct contents_findings findings;
    struct error error = {0};

    assert_true(contents_find(&rows, &findings, &error));
    return findings;
}

static void test_contents_find_counts_repeated_shared_and_contradicting(void **state)
{
    static const uint64_t contents[] = {2, 4, 2, 4, 4, 6, 4, 0};
    static const uint32_t labels[] = {0, 1, 0, 1, 2, 0, 1, 0};
    struct contents_findings found = find(contents, labels);

    (void)state;
    assert_int_equal(found.repeated[SPLIT_TRAIN].num_images, 1);
    assert_int_equal(found.repeated[SPLIT_TRAIN].row, 2);
    assert_int_equal(found.repeated[SPLIT_TRAIN].other, 0);
    assert_int_equal(found.repeated[SPLIT_VALID].num_images, 1);
    assert_int_equal(found.repeated[SPLIT_TEST].num_images, 0);
    assert_int_equal(found.shared[SPLIT_VALID][SPLIT_TRAIN].num_images, 2);
    assert_int_equal(found.shared[SPLIT_VALID][SPLIT_TRAIN].row, 3);
    assert_int_equal(found.shared[SPLIT_VALID][SPLIT_TRAIN].other, 1);
    assert_int_equal(found.shared[SPLIT_TEST][SPLIT_TRAIN].num_images, 1);
    assert_int_equal(found.shared[SPLIT_TEST][SPLIT_VALID].num_images, 1);
    assert_int_equal(found.contradicting.num_images, 4);
    assert_int_equal(found.contradicting.row, 1);
    assert_int_equal(found.contradicting.other, 4);
    assert_int_equal(found.constant.num_images, 0);
    assert_int_equal(found.num_uniform_classes, 1); /* class 1 */
    assert_int_equal(found.uniform_class, 1);
}

static void test_contents_find_names_constant_images_and_uniform_classes(void **state)
{
    /* Class 0 is one picture four times; class 1 has one image, class 2 three that differ. */
    static const uint64_t contents[] = {9, 9, 4, 6, 9, 8, 9, 4};
    static const uint32_t labels[] = {0, 0, 2, 2, 0, 1, 0, 2};
    struct contents_findings found = find(contents, labels);

    (void)state;
    assert_int_equal(found.constant.num_images, 4);
    assert_int_equal(found.constant.row, 0);
    assert_int_equal(found.num_uniform_classes, 1);
    assert_int_equal(found.uniform_class, 0);
    assert_int_equal(found.contradicting.num_images, 0);
}

static void test_contents_deduplicate_keeps_first_of_a_label_and_none_of_several(void **state)
{
    static const uint64_t contents[] = {4, 2, 2, 4, 0, 0, 2, 6};
    static const uint32_t labels[] = {1, 0, 0, 2, 0, 0, 0, SPLIT_NO_LABEL};
    static const uint8_t expected[] = {CONTENTS_CONTRADICTING, CONTENTS_KEPT, CONTENTS_REPEATED,
                                       CONTENTS_CONTRADICTING, CONTENTS_KEPT, CONTENTS_KEPT,
                                       CONTENTS_REPEATED,      CONTENTS_KEPT};
    uint8_t fates[8];
    uint32_t others[8] = {0};
    struct error error = {0};

    (void)state;
    assert_true(contents_deduplicate(contents, labels, 8, fates, others, &error));
    assert_memory_equal(fates, expected, 8);
    assert_int_equal(others[0], 3);
    assert_int_equal(others[3], 0);
    assert_int_equal(others[2], 1);
    assert_int_equal(others[6], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents_of_tells_any_pixel_and_shape),
        cmocka_unit_test(test_contents_of_is_odd_for_constant_images_alone),
        cmocka_unit_test(test_contents_of_known_pixels_gives_known_hash),
        cmocka_unit_test(test_contents_find_counts_repeated_shared_and_contradicting),
        cmocka_unit_test(test_contents_find_names_constant_images_and_uniform_classes),
        cmocka_unit_test(test_contents_deduplicate_keeps_first_of_a_label_and_none_of_several),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
