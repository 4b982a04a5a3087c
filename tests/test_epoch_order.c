#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/epoch_order.h"

static uint32_t *make_order(enum shuffle shuffle, uint64_t seed, uint64_t epoch,
                            uint32_t num_samples)
{
    const struct epoch_order settings = {shuffle, seed, 1000, 1};
    uint32_t *order = malloc((num_samples + 1) * sizeof(*order)), chunks[128];

    assert_non_null(order);
    order[num_samples] = 0xdeadbeef;
    if (num_samples > 0)
        epoch_order_fill(&settings, epoch, order, num_samples, chunks);
    assert_int_equal(order[num_samples], 0xdeadbeef);
    return order;
}

static void test_fill_any_size_is_a_permutation(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 3, 255, 256, 257, 12396, 100003};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint32_t *order = make_order(SHUFFLE_FULL, 1, 0, sizes[i]);
        char *is_seen = calloc(sizes[i] + 1, 1);

        assert_non_null(is_seen);
        for (uint32_t k = 0; k < sizes[i]; k++) {
            assert_true(order[k] < sizes[i]);
            assert_false(is_seen[order[k]]);
            is_seen[order[k]] = 1;
        }
        free(is_seen);
        free(order);
    }
}

/* Checkpoints of older versions go on only while these stay; they come from another
 * implementation. */
static void test_fill_known_seeds_give_pinned_orders(void **state)
{
    static const struct {
        uint64_t seed, epoch;
        uint32_t expected[10];
    } cases[] = {{1, 0, {3, 4, 7, 5, 8, 0, 9, 2, 6, 1}},
                 {1, 1, {8, 2, 9, 3, 6, 0, 4, 7, 1, 5}},
                 {42, 3, {4, 3, 7, 0, 2, 8, 5, 9, 1, 6}}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t *order = make_order(SHUFFLE_FULL, cases[i].seed, cases[i].epoch, 10);

        assert_memory_equal(order, cases[i].expected, sizeof(cases[i].expected));
        free(order);
    }
}

static void test_fill_same_seed_and_epoch_is_repeatable(void **state)
{
    uint32_t *first = make_order(SHUFFLE_FULL, 5, 17, 1000);
    uint32_t *other = make_order(SHUFFLE_FULL, 5, 3, 999);
    uint32_t *again = make_order(SHUFFLE_FULL, 5, 17, 1000);

    (void)state;
    assert_memory_equal(first, again, 1000 * sizeof(*first));
    free(again);
    free(other);
    free(first);
}

static void test_fill_other_seed_or_epoch_is_another_order(void **state)
{
    static const uint64_t keys[][2] = {{1, 0}, {1, 1}, {2, 0}, {1ull << 32 | 1, 0}, {0, 1}};
    enum { NUM_KEYS = sizeof(keys) / sizeof(keys[0]) };
    uint32_t *orders[NUM_KEYS];

    (void)state;
    for (int i = 0; i < NUM_KEYS; i++) {
        orders[i] = make_order(SHUFFLE_FULL, keys[i][0], keys[i][1], 1000);
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(orders[i], orders[k], 1000 * sizeof(*orders[i]));
    }
    for (int i = 0; i < NUM_KEYS; i++)
        free(orders[i]);
}

static void test_fill_none_is_the_stored_order(void **state)
{
    uint32_t *order = make_order(SHUFFLE_NONE, 9, 4, 12396);

    (void)state;
    for (uint32_t i = 0; i < 12396; i++)
        assert_int_equal(order[i], i);
    free(order);
}

/* Which of the 24 orders of 4 samples: a number in base 4 is enough to tell them apart. */
static void test_fill_four_samples_all_orders_are_equally_likely(void **state)
{
    enum { NUM_TRIALS = 24000 };
    uint32_t counts[256] = {0};
    double sum = 0;

    (void)state;
    for (uint64_t epoch = 0; epoch < NUM_TRIALS; epoch++) {
        uint32_t *order = make_order(SHUFFLE_FULL, 2024, epoch, 4);

        counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
        free(order);
    }
    for (int i = 0; i < 256; i++) {
        double expected = NUM_TRIALS / 24.0;

        if (counts[i] > 0)
            sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    /* The 99.9 % quantile of chi-square with 23 degrees of freedom; an order that never comes
     * would take more than that from the others. */
    assert_true(sum < 49.73);
}

/* Every sample is equally likely in every place, over seeds this time. */
static void test_fill_nine_samples_each_place_is_uniform(void **state)
{
    enum { SIZE = 9, NUM_TRIALS = 9000 };
    uint32_t counts[SIZE][SIZE] = {{0}};
    double expected = (double)NUM_TRIALS / SIZE, sum = 0;

    (void)state;
    for (uint64_t seed = 0; seed < NUM_TRIALS; seed++) {
        uint32_t *order = make_order(SHUFFLE_FULL, seed, 0, SIZE);

        for (uint32_t i = 0; i < SIZE; i++)
            counts[i][order[i]]++;
        free(order);
    }
    for (uint32_t i = 0; i < SIZE; i++)
        for (uint32_t k = 0; k < SIZE; k++)
            sum += (counts[i][k] - expected) * (counts[i][k] - expected) / expected;
    /* (SIZE - 1) / SIZE of it follows chi-square with (SIZE - 1)^2 = 64 degrees of freedom, whose
     * 99.9 % quantile is 104.7. */
    assert_true(sum * (SIZE - 1) / SIZE < 104.7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill_any_size_is_a_permutation),
        cmocka_unit_test(test_fill_known_seeds_give_pinned_orders),
        cmocka_unit_test(test_fill_same_seed_and_epoch_is_repeatable),
        cmocka_unit_test(test_fill_other_seed_or_epoch_is_another_order),
        cmocka_unit_test(test_fill_none_is_the_stored_order),
        cmocka_unit_test(test_fill_four_samples_all_orders_are_equally_likely),
        cmocka_unit_test(test_fill_nine_samples_each_place_is_uniform),
    };

    return cmocka_run_group_tests_name("epoch_order", tests, NULL, NULL);
}
