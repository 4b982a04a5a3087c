#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/random.h"

/* The known answers of Random123 (kat_vectors, philox4x32 with 10 rounds). */
static void test_philox4x32_known_inputs_give_published_words(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } answers[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    uint32_t out[4];

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        random_philox4x32(answers[i].counter, answers[i].key, out);
        assert_memory_equal(out, answers[i].expected, sizeof(out));
    }
}

/* Where seed, purpose, index and position stand in key and counter is part of the numeric
 * contract: these words come from another implementation. */
static void test_random_next_two_blocks_give_pinned_words(void **state)
{
    static const uint32_t expected[8] = {0x8c36d4dc, 0x2907828a, 0xe8d81d4d, 0xd3224689,
                                         0x949376a9, 0x0b789e7e, 0x651c5218, 0xfa55920c};
    struct random_stream stream =
        random_stream_begin(0x0123456789abcdef, RANDOM_DRAW, 0x00aabbccddeeff11);

    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(random_next(&stream), expected[i]);
}

static void test_random_next_position_passes_2_to_32_blocks_carries(void **state)
{
    static const uint32_t expected[8] = {0xb725be48, 0x5878673b, 0x498fd465, 0x35fd4e7b,
                                         0x3188fcad, 0x32e53b8e, 0xf28a1754, 0x4d71218e};
    struct random_stream stream = random_stream_begin(7, RANDOM_EPOCH_ORDER, 5);

    (void)state;
    stream.counter[0] = UINT32_MAX;
    for (int i = 0; i < 8; i++)
        assert_int_equal(random_next(&stream), expected[i]);
}

static void test_random_stream_begin_any_part_differs_gives_other_words(void **state)
{
    struct random_stream streams[] = {
        random_stream_begin(1, RANDOM_DRAW, 0),
        random_stream_begin(2, RANDOM_DRAW, 0),
        random_stream_begin(1ull << 32 | 1, RANDOM_DRAW, 0),
        random_stream_begin(1, RANDOM_EPOCH_ORDER, 0),
        random_stream_begin(1, RANDOM_INITIAL_PARAMETERS, 0),
        random_stream_begin(1, RANDOM_DRAW, 1),
        random_stream_begin(1, RANDOM_DRAW, 1ull << 32),
        random_stream_begin(1, RANDOM_DRAW, 1ull << 55),
    };
    enum { NUM_STREAMS = sizeof(streams) / sizeof(streams[0]) };
    uint32_t words[NUM_STREAMS][4];

    (void)state;
    for (int i = 0; i < NUM_STREAMS; i++)
        for (int k = 0; k < 4; k++)
            words[i][k] = random_next(&streams[i]);
    for (int i = 0; i < NUM_STREAMS; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(words[i], words[k], sizeof(words[i]));
}

/* Pearson's statistic of counts that should all be equal. */
static double chi_square(const uint32_t *counts, int num_bins, double expected)
{
    double sum = 0;

    for (int i = 0; i < num_bins; i++)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

/* Below 0.1 % of fair generators exceed these quantiles; the seed is fixed, so it is either. */
static void test_random_below_small_bounds_is_uniform(void **state)
{
    static const struct {
        uint32_t bound;
        double quantile_999; /* of chi-square with bound - 1 degrees of freedom */
    } cases[] = {{2, 10.83}, {3, 13.82}, {7, 22.46}, {10, 27.88}, {16, 37.70}};

    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct random_stream stream = random_stream_begin(2024, RANDOM_DRAW, c);
        uint32_t counts[16] = {0};

        for (uint32_t i = 0; i < 10000 * cases[c].bound; i++) {
            uint32_t drawn = random_below(&stream, cases[c].bound);

            assert_true(drawn < cases[c].bound);
            counts[drawn]++;
        }
        assert_true(chi_square(counts, (int)cases[c].bound, 10000) < cases[c].quantile_999);
    }
}

/* With 3 * 2^30 values out of 2^32 words, a multiplication without rejection would give every
 * third value twice as often as the others. */
static void test_random_below_bound_near_2_to_32_is_unbiased(void **state)
{
    struct random_stream stream = random_stream_begin(5, RANDOM_DRAW, 0);
    uint32_t counts[3] = {0};

    (void)state;
    for (int i = 0; i < 30000; i++)
        counts[random_below(&stream, 3u << 30) % 3]++;
    assert_true(chi_square(counts, 3, 10000) < 13.82);
}

static void test_random_below_one_is_zero(void **state)
{
    struct random_stream stream = random_stream_begin(5, RANDOM_DRAW, 0);

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(random_below(&stream, 1), 0);
}

/* In blocks of numbers, from any place in one, it draws what the plain loop draws, and no more. */
static void test_random_shuffle_any_count_equals_one_by_one(void **state)
{
    enum { MAX_COUNT = 1100 };
    static const uint32_t counts[] = {0, 1, 2, 3, 5, 256, 257, 258, 513, 1000, MAX_COUNT};
    uint32_t found[MAX_COUNT], expected[MAX_COUNT];

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct random_stream stream = random_stream_begin(6, RANDOM_EPOCH_ORDER, i), plain;

        if (i % 2 == 1) /* the low half of the counter is about to pass 2^32 */
            stream.counter[0] = UINT32_MAX - 20;
        plain = stream;
        for (size_t skipped = 0; skipped < i; skipped++)
            assert_int_equal(random_next(&stream), random_next(&plain));
        for (uint32_t k = 0; k < MAX_COUNT; k++)
            found[k] = expected[k] = k;
        random_shuffle(&stream, found, counts[i]);
        for (uint32_t k = counts[i]; k > 1; k--) {
            uint32_t j = random_below(&plain, k), exchanged = expected[k - 1];

            expected[k - 1] = expected[j];
            expected[j] = exchanged;
        }
        assert_memory_equal(found, expected, sizeof(found));
        assert_int_equal(random_next(&stream), random_next(&plain));
    }
}

static void test_random_uniform_is_upper_24_bits_of_next(void **state)
{
    struct random_stream words = random_stream_begin(9, RANDOM_INITIAL_PARAMETERS, 3);
    struct random_stream numbers = words;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        float number = random_uniform(&numbers);

        assert_true(number >= 0 && number < 1);
        assert_true(number * 0x1p24f == (float)(random_next(&words) >> 8));
    }
}

/* Splits that were decided by it must stay: these numbers come from another implementation. */
static void test_random_hash_known_inputs_give_pinned_hashes(void **state)
{
    const char *path = "train/3/7.png";

    (void)state;
    assert_true(random_hash(1, path, strlen(path)) == 0xad962b553724e9d5u);
    assert_true(random_hash(0, "", 0) == 0xb6171dff0b56ab9cu);
    assert_true(random_hash(2, path, strlen(path)) == 0x5f42c9c55d5b8f52u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox4x32_known_inputs_give_published_words),
        cmocka_unit_test(test_random_next_two_blocks_give_pinned_words),
        cmocka_unit_test(test_random_next_position_passes_2_to_32_blocks_carries),
        cmocka_unit_test(test_random_stream_begin_any_part_differs_gives_other_words),
        cmocka_unit_test(test_random_below_small_bounds_is_uniform),
        cmocka_unit_test(test_random_below_bound_near_2_to_32_is_unbiased),
        cmocka_unit_test(test_random_below_one_is_zero),
        cmocka_unit_test(test_random_shuffle_any_count_equals_one_by_one),
        cmocka_unit_test(test_random_uniform_is_upper_24_bits_of_next),
        cmocka_unit_test(test_random_hash_known_inputs_give_pinned_hashes),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
