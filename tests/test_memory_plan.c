#include "tests/support.h"

#include <string.h>

#include "train/memory_plan.h"
#include "train/samples.h"

/* 4,096 rows fill a chunk of 256 KiB: 40 chunks to train on, 48 to validate. */
enum { CHUNK = 4096, CHUNK_NBYTES = 262144, NUM_TRAIN = 40 * CHUNK, NUM_VALID = 48 * CHUNK };

static const struct image_shape image = {8, 8, 1};

/* One for all tests. */
static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = support_make_folder();
    support_write_store(support_path(folder, "store.h5"), image, 2, NUM_TRAIN, NUM_VALID, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_remove_folder(folder);
    return 0;
}

static struct store *open_store(void)
{
    const char *path = support_path(folder, "store.h5");
    struct store *store;
    struct error error = {0};

    assert_ok(store_open(path, &store, &error), &error);
    return store;
}

static struct memory_needs needs_of(struct store *store, enum shuffle shuffle, uint32_t window,
                                    uint64_t limit)
{
    return (struct memory_needs){.store = store,
                                 .limit = limit,
                                 .is_limit_given = true,
                                 .order = {shuffle, 1, CHUNK, window},
                                 .batch_size = 256,
                                 .model_nbytes = 1000,
                                 .num_holders = 1,
                                 .num_threads = 2};
}

/* The least limit for which the needs are met, to 4 KiB. */
static uint64_t find_least(struct memory_needs needs)
{
    uint64_t refused = 0, taken = 1 << 30;

    while (taken - refused > 4096) {
        struct memory_plan plan;
        struct error error = {0};

        needs.limit = refused + (taken - refused) / 2;
        if (memory_plan_make(&needs, &plan, &error))
            taken = needs.limit;
        else
            refused = needs.limit;
    }
    return taken;
}

static void test_make_by_falling_limit_streams_validation_first(void **state)
{
    struct store *store = open_store();
    bool was_whole = false, was_valid_streamed = false, was_both_streamed = false;

    (void)state;
    for (uint64_t limit = 40 << 20; limit > 16 << 20; limit -= 1 << 18) {
        struct memory_needs needs = needs_of(store, SHUFFLE_WINDOW, 2, limit);
        struct memory_plan plan;
        struct error error = {0};
        uint64_t nbytes;

        assert_ok(memory_plan_make(&needs, &plan, &error), &error);
        nbytes = dataset_nbytes(store, SPLIT_TRAIN, &plan.train) +
                 dataset_nbytes(store, SPLIT_VALID, &plan.valid);
        assert_true(nbytes + 8 * (NUM_TRAIN + NUM_VALID) + 4 * NUM_TRAIN + 1000 <= limit);
        was_whole = was_whole || (plan.train.num_slots == 0 && plan.valid.num_slots == 0);
        was_valid_streamed =
            was_valid_streamed || (plan.train.num_slots == 0 && plan.valid.num_slots > 0);
        was_both_streamed =
            was_both_streamed || (plan.train.num_slots > 0 && plan.valid.num_slots > 0);
        assert_int_equal(plan.window, 2);
        if (plan.train.num_slots > 0)
            assert_int_equal(plan.train.num_slots, 4); /* a batch touches two windows */
    }
    assert_true(was_whole && was_valid_streamed && was_both_streamed);
    store_close(store);
}

/* What the refusal advises is taken, and a little less is not. */
static void test_make_advice_is_enough(void **state)
{
    struct store *store = open_store();
    struct memory_needs needs = needs_of(store, SHUFFLE_FULL, 1, 16 << 20);
    struct memory_plan plan;
    struct error error = {0};
    unsigned megabytes, window;
    const char *advice;

    (void)state;
    assert_fails(memory_plan_make(&needs, &plan, &error), &error, STATUS_USAGE);
    advice = strstr(error.what, "take --memory-limit ");
    assert_non_null(advice);
    assert_int_equal(
        sscanf(advice, "take --memory-limit %uM or --shuffle window:%u", &megabytes, &window), 2);
    needs.limit = (uint64_t)megabytes << 20;
    error = (struct error){0};
    assert_ok(memory_plan_make(&needs, &plan, &error), &error);
    assert_int_equal(plan.train.num_slots, 0);
    needs.limit -= 2 << 20;
    assert_fails(memory_plan_make(&needs, &plan, &error), &error, STATUS_USAGE);

    needs = needs_of(store, SHUFFLE_WINDOW, window, 16 << 20);
    error = (struct error){0};
    assert_ok(memory_plan_make(&needs, &plan, &error), &error);
    assert_true(plan.train.num_slots > 0);
    needs.order.window++;
    assert_fails(memory_plan_make(&needs, &plan, &error), &error, STATUS_USAGE);
    assert_non_null(strstr(error.what, "--shuffle window:"));
    store_close(store);
}

static void test_make_longer_windows_and_batches_need_more(void **state)
{
    struct store *store = open_store();
    struct memory_needs needs = needs_of(store, SHUFFLE_WINDOW, 1, 0);
    uint64_t small = find_least(needs), window, batch, none;

    (void)state;
    needs.order.window = 4;
    window = find_least(needs);
    assert_true(window >= small + 6 * CHUNK_NBYTES - 8192);
    needs = needs_of(store, SHUFFLE_WINDOW, 1, 0);
    needs.batch_size = 3 * CHUNK;
    batch = find_least(needs);
    assert_true(batch >= small + 2 * CHUNK_NBYTES - 8192);
    none = find_least(needs_of(store, SHUFFLE_NONE, 1, 0));
    assert_true(none <= small + 8192);
    needs = needs_of(store, SHUFFLE_FULL, 1, 0);
    needs.is_fitted = true; /* takes the samples as stored, whatever the order */
    assert_true(find_least(needs) < window);
    store_close(store);
}

/* The ranks of a node hold a window once, and each adds what it reads ahead. */
static void test_make_ranks_of_a_node_need_less_each(void **state)
{
    struct store *store = open_store();
    struct memory_needs needs = needs_of(store, SHUFFLE_WINDOW, 8, 0);
    uint64_t alone = find_least(needs), shared;

    (void)state;
    needs.num_holders = 4;
    shared = find_least(needs);
    /* Of 16 chunks of the training split, and of 8 read ahead, a quarter and 4 are left. */
    assert_true(alone - shared >= 15 * CHUNK_NBYTES);
    store_close(store);
}

/* Any stretch of a batch's length lies within so many windows. */
static void test_num_slots_is_enough_for_any_batch(void **state)
{
    static const uint32_t sizes[] = {1, 5, 64, 65, 100, 127};
    uint32_t samples[128], chunks[128];

    (void)state;
    for (uint32_t chunk_rows = 1; chunk_rows <= 16; chunk_rows *= 4)
        for (uint32_t window = 1; window <= 7; window += 3)
            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                for (uint32_t batch = 1; batch <= sizes[i]; batch += 3) {
                    const struct epoch_order order = {SHUFFLE_WINDOW, 5, chunk_rows, window};
                    uint64_t num_slots = samples_num_slots(&order, sizes[i], batch), most = 0;
                    uint32_t num_chunks = epoch_order_num_chunks(&order, sizes[i]);

                    for (uint64_t epoch = 1; epoch < 8; epoch++) {
                        epoch_order_fill(&order, epoch, samples, sizes[i], chunks);
                        for (uint32_t first = 0; first + batch <= sizes[i]; first++) {
                            uint32_t begin = epoch_order_place(&order, chunks, sizes[i], first);
                            uint32_t end =
                                epoch_order_place(&order, chunks, sizes[i], first + batch - 1);
                            uint64_t touched =
                                (uint64_t)(end / window + 1 - begin / window) * window;

                            most = touched > most ? touched : most;
                        }
                    }
                    assert_true((most < num_chunks ? most : num_chunks) <= num_slots);
                    assert_true(num_slots <= most + 2 * window);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_by_falling_limit_streams_validation_first),
        cmocka_unit_test(test_make_advice_is_enough),
        cmocka_unit_test(test_make_longer_windows_and_batches_need_more),
        cmocka_unit_test(test_make_ranks_of_a_node_need_less_each),
        cmocka_unit_test(test_num_slots_is_enough_for_any_batch),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
