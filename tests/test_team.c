/* What the threads of a trainer share: blocks of slices, copies of small models, a barrier. */
#include "tests/support.h"

#include <omp.h>
#include <string.h>

#include "train/team.h"

static struct model make_model(size_t num_classes)
{
    const struct model_spec spec = {
        .kind = MODEL_LINEAR, .loss = LOSS_MAE, .image = {10, 10, 1}, .num_classes = num_classes};
    struct model model;
    struct error error = {0};

    assert_ok(model_create(&spec, &model, &error), &error);
    model_init_normal(&model, 1.0, 1);
    return model;
}

static struct team make_team(const struct model *model, size_t num_threads, size_t num_slices,
                             bool adds_blocks)
{
    const size_t both[2] = {num_slices, 1};
    struct team team;
    struct error error = {0};

    assert_ok(team_create(&team, model, num_threads, both, adds_blocks, &error), &error);
    return team;
}

static void test_team_block_slices_are_long_and_fairly_shared(void **state)
{
    struct model model = make_model(2);

    (void)state;
    for (size_t num_threads = 1; num_threads <= 9; num_threads++) {
        for (size_t num_slices = 1; num_slices <= 300; num_slices++) {
            struct team team = make_team(&model, num_threads, num_slices, true);
            size_t block = team_block_slices(&team, num_slices), num_members = team.num_members;
            size_t num_blocks = (num_slices + block - 1) / block;
            size_t share = (num_slices + num_members - 1) / num_members;

            assert_int_equal(block & (block - 1), 0);
            assert_int_equal(num_members, num_threads < num_slices ? num_threads : num_slices);
            assert_in_range(num_blocks, num_members > 1 ? 2 : 1, team.max_blocks);
            /* The longest share of blocks, beside that of slices. */
            if (num_blocks > num_members)
                assert_true((num_blocks + num_members - 1) / num_members * block <=
                            share + share / 16);
            if (num_members == 1)
                assert_int_equal(num_blocks, 1);
            team_destroy(&team);
        }
    }
    model_destroy(&model);
}

static void test_team_create_several_ranks_keep_every_slice(void **state)
{
    struct model model = make_model(2);
    struct team team = make_team(&model, 2, 40, false);

    (void)state;
    assert_int_equal(team_block_slices(&team, 40), 1);
    assert_int_equal(team.max_blocks, 40);
    team_destroy(&team);
    model_destroy(&model);
}

/* Each thread counts its rounds; after a barrier all have the same count.  More threads than
 * processors have to sleep and to be woken. */
static void test_barrier_wait_nobody_passes_before_all_came(void **state)
{
    enum { MAX_THREADS = 9, NUM_ROUNDS = 500 };
    const int num_threads[] = {1, 2, 3, MAX_THREADS};

    (void)state;
    for (int i = 0; i < 4; i++) {
        int counts[MAX_THREADS] = {0}, num_failed = 0;
        struct barrier barrier;

        barrier_init(&barrier, (unsigned)num_threads[i]);
        if (i % 2)
            barrier.num_looks = 3; /* sleeps at once, with processors enough too */
#pragma omp parallel num_threads(num_threads[i]) reduction(+ : num_failed)
        for (int round = 0; round < NUM_ROUNDS; round++) {
            counts[omp_get_thread_num()]++;
            barrier_wait(&barrier);
            for (int other = 0; other < num_threads[i]; other++)
                num_failed += counts[other] != round + 1;
            barrier_wait(&barrier);
        }
        assert_int_equal(counts[num_threads[i] - 1], NUM_ROUNDS);
        assert_int_equal(num_failed, 0);
    }
}

/* What the last thread to come does alone, before the others go on. */
static void test_barrier_arrive_last_works_while_the_others_wait(void **state)
{
    enum { NUM_ROUNDS = 500 };

    (void)state;
    for (int num_threads = 1; num_threads <= 3; num_threads++) {
        struct barrier barrier;
        int num_arrived = 0, num_released = 0, num_failed = 0, num_given;

#pragma omp parallel num_threads(num_threads) reduction(+ : num_failed)
        {
#pragma omp single
            {
                num_given = omp_get_num_threads();
                barrier_init(&barrier, (unsigned)num_given);
            }
            for (int round = 0; round < NUM_ROUNDS; round++) {
#pragma omp atomic
                num_arrived++;
                if (barrier_arrive(&barrier)) {
                    num_failed += num_arrived != (round + 1) * num_given;
                    num_released++;
                    barrier_release(&barrier);
                }
                num_failed += num_released != round + 1;
                barrier_wait(&barrier);
            }
        }
        assert_int_equal(num_failed, 0);
        assert_int_equal(num_released, NUM_ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_team_block_slices_are_long_and_fairly_shared),
        cmocka_unit_test(test_team_create_several_ranks_keep_every_slice),
        cmocka_unit_test(test_barrier_wait_nobody_passes_before_all_came),
        cmocka_unit_test(test_barrier_arrive_last_works_while_the_others_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
