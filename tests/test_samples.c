#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/samples.h"

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

/* ---- windows of chunks ---- */

static void test_fill_window_known_seeds_give_pinned_orders(void **state)
{
    static const struct {
        struct epoch_order order;
        uint64_t epoch;
        uint32_t num_samples, chunks[7], samples[13];
    } cases[] = {
        {{SHUFFLE_WINDOW, 1, 4, 2},
         1,
         13,
         {3, 1, 0, 2},
         {6, 4, 7, 12, 5, 9, 11, 8, 3, 0, 10, 2, 1}},
        {{SHUFFLE_WINDOW, 7, 2, 3},
         3,
         13,
         {6, 3, 4, 1, 2, 5, 0},
         {8, 9, 12, 6, 7, 4, 2, 5, 10, 11, 3, 1, 0}},
        {{SHUFFLE_WINDOW, 42, 4, 100}, 1, 12, {2, 1, 0}, {4, 11, 8, 10, 7, 2, 6, 5, 9, 3, 1, 0}}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t chunks[7] = {0}, samples[13] = {0};

        epoch_order_fill(&cases[i].order, cases[i].epoch, samples, cases[i].num_samples, chunks);
        assert_memory_equal(chunks, cases[i].chunks, sizeof(chunks));
        assert_memory_equal(samples, cases[i].samples, sizeof(samples));
    }
}

/* Every stretch of positions that a window of chunks has holds the samples of these chunks, each
 * once, and place and position agree on where it is. */
static void assert_windows_hold_their_chunks(const struct epoch_order *order, uint64_t epoch,
                                             uint32_t num_samples)
{
    uint32_t num_chunks = epoch_order_num_chunks(order, num_samples);
    uint32_t *samples = malloc(num_samples * sizeof(*samples));
    uint32_t *chunks = malloc(num_chunks * sizeof(*chunks));
    uint32_t *place_of = malloc(num_chunks * sizeof(*place_of));
    char *is_seen = calloc(num_samples, 1);

    assert_true(samples && chunks && place_of && is_seen);
    epoch_order_fill(order, epoch, samples, num_samples, chunks);
    for (uint32_t place = 0; place < num_chunks; place++)
        place_of[chunks[place]] = place;
    for (uint32_t i = 0; i < num_samples; i++) {
        uint32_t place = epoch_order_place(order, chunks, num_samples, i);

        assert_true(samples[i] < num_samples && !is_seen[samples[i]]);
        is_seen[samples[i]] = 1;
        assert_int_equal(place_of[samples[i] / order->chunk_rows] / order->window,
                         place / order->window);
        assert_true(epoch_order_position(order, chunks, num_samples, place) <= i);
        assert_true(epoch_order_position(order, chunks, num_samples, place + 1) > i);
    }
    assert_int_equal(epoch_order_position(order, chunks, num_samples, num_chunks), num_samples);
    free(is_seen);
    free(place_of);
    free(chunks);
    free(samples);
}

static void test_fill_window_holds_the_samples_of_its_chunks(void **state)
{
    static const uint32_t sizes[] = {1, 2, 7, 8, 9, 64, 65, 1000, 1024};

    (void)state;
    for (uint32_t chunk_rows = 1; chunk_rows <= 64; chunk_rows *= 8)
        for (uint32_t window = 1; window <= 5; window += 2)
            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                for (uint64_t epoch = 1; epoch <= 4; epoch++)
                    assert_windows_hold_their_chunks(
                        &(struct epoch_order){SHUFFLE_WINDOW, 3, chunk_rows, window}, epoch,
                        sizes[i]);
}

/* Chunks are as likely in any place, and so are samples inside a window. */
static void test_fill_window_each_place_is_uniform(void **state)
{
    enum { NUM_CHUNKS = 9, ROWS = 4, NUM_TRIALS = 9000 };
    uint32_t chunk_counts[NUM_CHUNKS][NUM_CHUNKS] = {{0}}, first_counts[ROWS] = {0};
    double expected = (double)NUM_TRIALS / NUM_CHUNKS, sum = 0, first_sum = 0;

    (void)state;
    for (uint64_t seed = 0; seed < NUM_TRIALS; seed++) {
        const struct epoch_order order = {SHUFFLE_WINDOW, seed, ROWS, 1};
        uint32_t samples[NUM_CHUNKS * ROWS], chunks[NUM_CHUNKS];

        epoch_order_fill(&order, 1, samples, NUM_CHUNKS * ROWS, chunks);
        for (uint32_t i = 0; i < NUM_CHUNKS; i++)
            chunk_counts[i][chunks[i]]++;
        first_counts[samples[0] % ROWS]++;
    }
    for (uint32_t i = 0; i < NUM_CHUNKS; i++)
        for (uint32_t k = 0; k < NUM_CHUNKS; k++)
            sum += (chunk_counts[i][k] - expected) * (chunk_counts[i][k] - expected) / expected;
    expected = (double)NUM_TRIALS / ROWS;
    for (uint32_t i = 0; i < ROWS; i++)
        first_sum += (first_counts[i] - expected) * (first_counts[i] - expected) / expected;
    /* The 99.9 % quantiles of chi-square with 64 (see below) and 3 degrees of freedom. */
    assert_true(sum * (NUM_CHUNKS - 1) / NUM_CHUNKS < 104.7);
    assert_true(first_sum < 16.27);
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
        cmocka_unit_test(test_fill_window_known_seeds_give_pinned_orders),
        cmocka_unit_test(test_fill_window_holds_the_samples_of_its_chunks),
        cmocka_unit_test(test_fill_window_each_place_is_uniform),
        cmocka_unit_test(test_fill_four_samples_all_orders_are_equally_likely),
        cmocka_unit_test(test_fill_nine_samples_each_place_is_uniform),
    };

    return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
