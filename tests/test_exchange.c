/*
 * The exchange of partial sums.  Alone this program checks plans, and the exchange in a world of
 * one; tests/mpi starts it on several ranks, where messages travel.
 */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "train/ranks/exchange.h"

static struct ranks ranks;

/* Values of which sums round differently in each order. */
static float value_of(size_t slice, size_t parameter, uint64_t batch)
{
    struct random_stream stream =
        random_stream_begin(slice + 1, RANDOM_EPOCH_ORDER, parameter * 1000 + batch);
    float value = (float)random_next(&stream) - 2147483648.0f;

    return random_next(&stream) % 2 ? value : value * 1e-6f;
}

static float **make_slices(size_t first, size_t num_slices, size_t num_parameters, uint64_t batch)
{
    float **slices = calloc(num_slices + 1, sizeof(*slices));

    assert_non_null(slices);
    for (size_t i = 0; i < num_slices; i++) {
        slices[i] = calloc(num_parameters, sizeof(float));
        assert_non_null(slices[i]);
        for (size_t k = 0; k < num_parameters; k++)
            slices[i][k] = value_of(first + i, k, batch);
    }
    return slices;
}

static void free_slices(float **slices, size_t num_slices)
{
    for (size_t i = 0; i < num_slices; i++)
        free(slices[i]);
    free(slices);
}

/* ---- plans ---- */

static void check_plan(size_t num_ranks, size_t num_slices)
{
    enum { P = 16 };
    struct exchange_plan plan;
    struct error error = {0};
    float **expected = make_slices(0, num_slices, P, 0), **found = make_slices(0, num_slices, P, 0);
    size_t most = (num_slices + num_ranks - 1) / num_ranks;

    kernels_reference.tree_add(expected, num_slices, 0, P);
    assert_ok(exchange_plan_create(&plan, num_ranks, num_slices, &error), &error);
    assert_int_equal(plan.slice_begins[0], 0);
    assert_int_equal(plan.slice_begins[num_ranks], num_slices);
    assert_int_equal(plan.sum_begins[num_ranks], plan.num_sums);
    for (size_t rank = 0; rank < num_ranks; rank++) {
        assert_true(plan.slice_begins[rank + 1] - plan.slice_begins[rank] <= most);
        assert_int_equal(plan.sum_slices[plan.sum_begins[rank]], plan.slice_begins[rank]);
    }
    assert_int_equal(plan.sum_slices[plan.num_sums], num_slices);
    for (size_t i = 0; i < plan.num_sums; i++) {
        size_t first = plan.sum_slices[i];

        kernels_reference.tree_add(found + first, plan.sum_slices[i + 1] - first, 0, P);
    }
    for (size_t i = 0; i + 1 < plan.num_sums; i++)
        kernels_reference.add(found[plan.sum_slices[plan.additions[i].to]],
                              found[plan.sum_slices[plan.additions[i].from]], 0, P);
    assert_memory_equal(expected[0], found[0], P * sizeof(float));
    /* A run of a power of two of slices that divides them all is one partial sum. */
    if (num_slices % num_ranks == 0 && (most & (most - 1)) == 0)
        assert_int_equal(plan.num_sums, num_ranks);
    exchange_plan_destroy(&plan);
    free_slices(expected, num_slices);
    free_slices(found, num_slices);
}

static void test_plan_any_division_sums_in_the_same_tree(void **state)
{
    (void)state;
    for (size_t num_ranks = 1; num_ranks <= 9; num_ranks++)
        for (size_t num_slices = 1; num_slices <= 33; num_slices++)
            check_plan(num_ranks, num_slices);
    check_plan(64, 100);
    check_plan(3, 257);
}

/* ---- messages ---- */

/* Two batches and a short one, each summed and then gathered, against one process's sums. */
static void check_exchange(size_t num_parameters, size_t num_slices, size_t last_num_slices,
                           size_t gather_nbytes)
{
    const struct kernels *kernels = &kernels_reference;
    const size_t nums[2] = {num_slices, last_num_slices};
    struct exchange exchange;
    struct error error = {0};
    float *all = calloc(num_parameters, sizeof(float));

    assert_non_null(all);
    assert_ok(exchange_create(&exchange, &ranks, kernels, num_parameters, 16, nums, gather_nbytes,
                              &error),
              &error);
    for (uint64_t batch = 0; batch < 3; batch++) {
        size_t count = nums[batch == 2], first, begin, end;
        size_t num_own = exchange_own_slices(&exchange, count, &first);
        float **own = make_slices(first, num_own, num_parameters, batch), *grad;
        float **whole = make_slices(0, count, num_parameters, batch);
        double *losses = calloc(num_own + 1, sizeof(*losses));
        struct rank_request request = {.stop_signal = batch == 1 ? (uint32_t)ranks.index + 1 : 0,
                                       .save = batch == 2 && ranks.index + 1 == ranks.count};

        assert_non_null(losses);
        for (size_t i = 0; i < num_own; i++)
            losses[i] = (double)((first + i) * 10 + batch);
        kernels->tree_add(whole, count, 0, num_parameters);
        /* In two shares, as two threads would. */
        exchange_pack(&exchange, count, own, num_parameters / 32 * 16, num_parameters);
        exchange_pack(&exchange, count, own, 0, num_parameters / 32 * 16);
        exchange_run(&exchange, count, losses, request);
        exchange_part(&exchange, &begin, &end);
        grad = exchange_finish(&exchange, count, begin, end);
        assert_memory_equal(grad, whole[0] + begin, (end - begin) * sizeof(float));
        memset(all, 0, num_parameters * sizeof(float));
        memcpy(all + begin, grad, (end - begin) * sizeof(float));
        exchange_gather_parts(&exchange, RANKS_STEPS, all);
        assert_memory_equal(all, whole[0], num_parameters * sizeof(float));

        for (size_t i = 0; i < count; i++)
            assert_true(exchange.slice_losses[i] == (double)(i * 10 + batch));
        assert_int_equal(exchange.request.stop_signal, batch == 1 ? ranks.count : 0);
        assert_int_equal(exchange.request.save, batch == 2);
        assert_int_equal(exchange.request.failed, 0);
        free(losses);
        free_slices(own, num_own);
        free_slices(whole, count);
    }
    exchange_destroy(&exchange);
    free(all);
}

static void test_exchange_any_size_sums_as_one_process(void **state)
{
    static const size_t parameter_counts[] = {16, 48, 80, 1008};
    static const size_t slice_counts[][2] = {{1, 1}, {2, 1}, {3, 2}, {5, 4}, {8, 3}, {16, 13}};

    (void)state;
    for (size_t i = 0; i < sizeof(parameter_counts) / sizeof(parameter_counts[0]); i++)
        for (size_t k = 0; k < sizeof(slice_counts) / sizeof(slice_counts[0]); k++) {
            check_exchange(parameter_counts[i], slice_counts[k][0], slice_counts[k][1], SIZE_MAX);
            check_exchange(parameter_counts[i], slice_counts[k][0], slice_counts[k][1], 0);
        }
}

static void test_exchange_chooses_by_size(void **state)
{
    const size_t nums[2] = {8, 1};
    struct exchange exchange;
    struct error error = {0};
    size_t num_sums;

    (void)state;
    assert_ok(exchange_create(&exchange, &ranks, &kernels_reference, 160, 16, nums, 0, &error),
              &error);
    assert_false(exchange.is_gathered);
    num_sums = exchange.layouts[0].plan.num_sums;
    exchange_destroy(&exchange);
    for (size_t less = 0; less < 2; less++) {
        assert_ok(exchange_create(&exchange, &ranks, &kernels_reference, 160, 16, nums,
                                  num_sums * 160 * sizeof(float) - less, &error),
                  &error);
        assert_int_equal(exchange.is_gathered, less == 0);
        exchange_destroy(&exchange);
    }
}

/* What a step sends, as docs/scaling.md counts it. */
static void test_exchange_sends_what_is_documented(void **state)
{
    enum { P = 1600 };
    const size_t nums[2] = {2 * ranks.count, 1};
    const size_t header_nbytes = 64;
    size_t num_rounds = 0;

    (void)state;
    while ((size_t)1 << num_rounds < ranks.count)
        num_rounds++;
    for (int is_gathered = 0; is_gathered < 2; is_gathered++) {
        struct exchange exchange;
        struct error error = {0};
        size_t first, begin, end, num_own;
        float **own;
        double losses[2] = {0};
        uint64_t num_messages = ranks.num_messages, num_bytes = ranks.num_bytes;

        assert_ok(exchange_create(&exchange, &ranks, &kernels_reference, P, 16, nums,
                                  is_gathered ? SIZE_MAX : 0, &error),
                  &error);
        num_own = exchange_own_slices(&exchange, nums[0], &first);
        own = make_slices(first, num_own, P, 0);
        exchange_pack(&exchange, nums[0], own, 0, P);
        exchange_run(&exchange, nums[0], losses, (struct rank_request){0});
        exchange_part(&exchange, &begin, &end);
        num_messages = ranks.num_messages - num_messages;
        num_bytes = ranks.num_bytes - num_bytes;
        if (is_gathered) {
            assert_int_equal(num_messages, num_rounds);
            assert_int_equal(num_bytes, (ranks.count - 1) * (P * sizeof(float) + header_nbytes));
        } else {
            assert_int_equal(num_messages, ranks.count - 1);
            assert_int_equal(num_bytes, (P - (end - begin)) * sizeof(float) +
                                            (ranks.count - 1) * header_nbytes);
        }
        exchange_destroy(&exchange);
        free_slices(own, num_own);
    }
}

/* ---- what is built on messages ---- */

static void test_broadcast_and_max_and_add_reach_all(void **state)
{
    uint64_t sums[3] = {ranks.index, 1, UINT64_C(1) << 40};
    char text[100] = "";

    (void)state;
    if (ranks.index == 0)
        snprintf(text, sizeof(text), "from rank 0");
    ranks_broadcast(&ranks, text, sizeof(text));
    assert_string_equal(text, "from rank 0");
    assert_int_equal(ranks_max(&ranks, 7 * (ranks.index + 1) % 5),
                     ranks.count >= 2 ? 4 : 2); /* 2, 4, 1, 3, 0 */
    ranks_add(&ranks, sums, 3);
    assert_int_equal(sums[0], ranks.count * (ranks.count - 1) / 2);
    assert_int_equal(sums[1], ranks.count);
    assert_int_equal(sums[2], ranks.count << 40);
}

static void test_agree_one_fails_all_have_its_error(void **state)
{
    (void)state;
    for (size_t failing = 0; failing < ranks.count; failing++) {
        struct error error = {0};

        if (ranks.index >= failing)
            error_set(&error, STATUS_DATA, ERROR_AT(.file = "a.h5"), "broken at %zu", ranks.index);
        assert_fails(ranks_agree(&ranks, &error), &error, STATUS_DATA);
        assert_int_equal(error.status, STATUS_DATA);
        assert_string_equal(error.file, "a.h5");
        assert_int_equal(strncmp(error.what, "broken at ", 10), 0);
        assert_int_equal(error.what[10] - '0', failing);
        /* Which one it was is said unless all failed. */
        assert_int_equal(strstr(error.what, "(rank ") != NULL, failing > 0);
    }
}

static void test_agree_none_fails_ok(void **state)
{
    struct error error = {0};

    (void)state;
    assert_true(ranks_agree(&ranks, &error));
}

static void test_share_is_one_memory(void **state)
{
    struct ranks_shared shared;
    struct error error = {0};
    size_t *values;

    (void)state;
    assert_ok(ranks_share(&ranks, ranks.node_count * sizeof(size_t), &shared, &error), &error);
    assert_int_equal((uintptr_t)shared.memory % 64, 0);
    values = shared.memory;
    values[ranks.node_index] = 100 + ranks.node_index;
    ranks_node_barrier(&ranks, &shared);
    for (size_t i = 0; i < ranks.node_count; i++)
        assert_int_equal(values[i], 100 + i);
    ranks_node_barrier(&ranks, &shared);
    ranks_unshare(&ranks, &shared);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_any_division_sums_in_the_same_tree),
        cmocka_unit_test(test_exchange_any_size_sums_as_one_process),
        cmocka_unit_test(test_exchange_chooses_by_size),
        cmocka_unit_test(test_exchange_sends_what_is_documented),
        cmocka_unit_test(test_broadcast_and_max_and_add_reach_all),
        cmocka_unit_test(test_agree_one_fails_all_have_its_error),
        cmocka_unit_test(test_agree_none_fails_ok),
        cmocka_unit_test(test_share_is_one_memory),
    };
    struct error error = {0};
    int num_failed;

    if (!ranks_begin(&ranks, "test_exchange", &error)) {
        error_print(&error, "test_exchange", stderr);
        return 1;
    }
    /* The number of ranks that the caller means to have, so that no launch goes wrong unseen. */
    if (argc > 1 && ranks.count != strtoul(argv[1], NULL, 10)) {
        fprintf(stderr, "test_exchange: %zu ranks instead of %s\n", ranks.count, argv[1]);
        return 1;
    }
    num_failed = cmocka_run_group_tests(tests, NULL, NULL);
    ranks_end(&ranks);
    return num_failed;
}
