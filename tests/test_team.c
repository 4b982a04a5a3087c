/* What the threads of a trainer share: blocks of slices, copies of small models, a barrier. */
#include "tests/support.h"

#include <omp.h>
#include <string.h>

#include "train/barrier.h"
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

static struct team make_team(struct model *model, float *velocity, size_t num_threads,
                             size_t num_slices, bool is_alone)
{
    const size_t both[2] = {num_slices, 1};
    struct team team;
    struct error error = {0};

    assert_ok(team_create(&team, model, velocity, NULL, num_threads, both, is_alone, &error),
              &error);
    return team;
}

static void test_team_block_slices_are_long_and_fairly_shared(void **state)
{
    struct model model = make_model(2);

    (void)state;
    for (size_t num_threads = 1; num_threads <= 9; num_threads++) {
        for (size_t num_slices = 1; num_slices <= 300; num_slices++) {
            struct team team = make_team(&model, NULL, num_threads, num_slices, true);
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
    struct team team = make_team(&model, NULL, 2, 40, false);

    (void)state;
    assert_int_equal(team_block_slices(&team, 40), 1);
    assert_int_equal(team.max_blocks, 40);
    assert_false(team.is_replicated);
    team_destroy(&team);
    model_destroy(&model);
}

static void test_team_begin_copies_small_models_only(void **state)
{
    const size_t num_classes[] = {2, 100};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct model model = make_model(num_classes[i]);
        float *velocity = model.parameters; /* any floats */
        struct team team = make_team(&model, velocity, 3, 12, true);

        assert_true(team.is_replicated == (i == 0));
        for (size_t m = 0; m < 3; m++) {
            struct member *member = &team.members[m];
            bool has_copy = team.is_replicated && m > 0;

            team_begin(&team, member);
            assert_true((member->model.parameters != model.parameters) == has_copy);
            assert_true((member->velocity != velocity) == has_copy);
            assert_null(member->accumulated);
            assert_memory_equal(member->model.parameters, model.parameters,
                                model.num_parameters * sizeof(float));
            assert_memory_equal(member->velocity, velocity, model.num_parameters * sizeof(float));
        }
        team_destroy(&team);
        model_destroy(&model);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_team_block_slices_are_long_and_fairly_shared),
        cmocka_unit_test(test_team_create_several_ranks_keep_every_slice),
        cmocka_unit_test(test_team_begin_copies_small_models_only),
        cmocka_unit_test(test_barrier_wait_nobody_passes_before_all_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
