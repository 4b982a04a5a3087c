#include "tests/support.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "train/trainer.h"

static struct ranks alone = {.count = 1, .node_count = 1};

enum { HEIGHT = 5, WIDTH = 7, D = HEIGHT * WIDTH, N = 333 };

/* Random pixels and labels of C classes, which own some columns each. */
struct fixture {
    struct dataset dataset;
    uint32_t labels[N];
    struct model model;
    struct checkpoint progress;
};

static void set_up(struct fixture *fixture, size_t num_classes, enum model_loss loss)
{
    struct model_spec spec = {.kind = MODEL_LINEAR,
                              .loss = loss,
                              .image = {HEIGHT, WIDTH, 1},
                              .num_classes = num_classes};
    struct error error = {0};
    uint8_t *pixels = malloc(N * D);

    for (uint64_t i = 0; i < N; i++)
        support_store_row(spec.image, num_classes, SPLIT_TRAIN, i, pixels + i * D,
                          &fixture->labels[i]);
    assert_ok(dataset_take(&fixture->dataset, N, D, pixels, fixture->labels, &error), &error);
    assert_ok(model_create(&spec, &fixture->model, &error), &error);
    model_init_normal(&fixture->model, 0.1, 3);
}

static void tear_down(struct fixture *fixture)
{
    model_destroy(&fixture->model);
    dataset_close(&fixture->dataset);
}

static struct epoch_order order_of(const struct train_options *options)
{
    return (struct epoch_order){
        .shuffle = options->shuffle, .seed = options->seed, .chunk_rows = 16, .window = 2};
}

static void create_trainer(struct trainer *trainer, struct fixture *fixture,
                           const struct train_options *options)
{
    const struct trainer_settings settings = {
        .order = order_of(options),
        .update = {.optimizer = {.kind = OPTIMIZER_SGD,
                                 .momentum = options->momentum,
                                 .weight_decay = options->weight_decay},
                   .schedule = {.kind = SCHEDULE_CONSTANT,
                                .learning_rate = options->learning_rate,
                                .momentum = options->momentum}}};
    struct error error = {0};

    fixture->progress = (struct checkpoint){0};
    assert_ok(trainer_create(trainer, options, &settings, &fixture->model, &fixture->dataset,
                             &alone, &fixture->progress, &error),
              &error);
}

static double run_epochs(struct fixture *fixture, const struct train_options *settings,
                         uint64_t num_epochs, uint64_t *num_steps)
{
    struct trainer trainer;
    struct error error = {0};
    double loss = NAN;
    bool is_complete;

    create_trainer(&trainer, fixture, settings);
    for (uint64_t epoch = 1; epoch <= num_epochs; epoch++) {
        assert_ok(trainer_run_epoch(&trainer, epoch, NULL, NULL, &is_complete, &error), &error);
        assert_true(is_complete);
        loss = trainer_end_epoch(&trainer);
    }
    *num_steps = fixture->progress.step;
    trainer_destroy(&trainer);
    return loss;
}

static const struct train_options plain = {.batch_size = 100,
                                           .accumulate = 1,
                                           .shuffle = SHUFFLE_FULL,
                                           .seed = 5,
                                           .learning_rate = 0.5,
                                           .threads = 1};

/*
 * The algorithm as the lesson writes it, in double and with no slices: for two classes and the
 * mean of 1 - p(true class), batches in stored order.  w is [D], *b the bias.
 */
static double reference_epoch(const struct fixture *fixture, const struct train_options *settings,
                              double *w, double *b, double *velocity)
{
    double loss_sum = 0, grad[D + 1] = {0};
    uint64_t num_accumulated = 0;

    for (uint64_t first = 0; first < N; first += settings->batch_size) {
        uint64_t size = N - first < settings->batch_size ? N - first : settings->batch_size;

        for (uint64_t i = first; i < first + size; i++) {
            const uint8_t *x = dataset_row(&fixture->dataset, i);
            double z = *b, p, sign = fixture->labels[i] ? -1 : 1;

            for (int k = 0; k < D; k++)
                z += x[k] / 255.0 * w[k];
            p = 1 / (1 + exp(-z));
            loss_sum += fixture->labels[i] ? 1 - p : p;
            for (int k = 0; k < D; k++)
                grad[k] += sign * p * (1 - p) * x[k] / 255.0 / (double)size;
            grad[D] += sign * p * (1 - p) / (double)size;
        }
        if (++num_accumulated < settings->accumulate && first + size < N)
            continue;
        for (int k = 0; k <= D; k++) {
            double *parameter = k < D ? &w[k] : b;
            double g = grad[k] + (double)settings->weight_decay * *parameter;

            velocity[k] = (double)settings->momentum * velocity[k] + g;
            *parameter -= (double)settings->learning_rate * velocity[k];
            grad[k] = 0;
        }
        num_accumulated = 0;
    }
    return loss_sum / N;
}

static void assert_follows_reference(struct train_options settings, uint64_t expected_steps)
{
    struct fixture fixture;
    double w[D], b, velocity[D + 1] = {0}, expected_loss = 0, loss;
    uint64_t num_steps;

    settings.shuffle = SHUFFLE_NONE;
    set_up(&fixture, 2, LOSS_MAE);
    for (int k = 0; k < D; k++)
        w[k] = fixture.model.tensors[0].data[k];
    b = fixture.model.tensors[1].data[0];
    for (int epoch = 0; epoch < 3; epoch++)
        expected_loss = reference_epoch(&fixture, &settings, w, &b, velocity);
    loss = run_epochs(&fixture, &settings, 3, &num_steps);
    assert_true(fabs(loss - expected_loss) < 1e-6);
    for (int k = 0; k < D; k++)
        assert_true(fabs(fixture.model.tensors[0].data[k] - w[k]) < 1e-5);
    assert_true(fabs(fixture.model.tensors[1].data[0] - b) < 1e-5);
    assert_int_equal(num_steps, expected_steps);
    tear_down(&fixture);
}

static void test_trainer_run_epoch_plain_follows_the_reference(void **state)
{
    (void)state;
    assert_follows_reference(plain, 12); /* 3 epochs of 4 batches: 100, 100, 100, 33 */
}

static void test_trainer_run_epoch_momentum_and_decay_follow_the_reference(void **state)
{
    struct train_options settings = plain;

    (void)state;
    settings.momentum = 0.9f;
    settings.weight_decay = 0.01f;
    assert_follows_reference(settings, 12);
}

static void test_trainer_run_epoch_accumulate_adds_gradients(void **state)
{
    struct train_options settings = plain;

    (void)state;
    settings.accumulate = 3;
    settings.threads = 2;
    assert_follows_reference(settings, 6); /* 3 batches, then the one that is left */
}

static void test_trainer_run_epoch_batch_larger_than_the_split_is_one_step(void **state)
{
    struct train_options settings = plain;

    (void)state;
    settings.batch_size = 5000;
    assert_follows_reference(settings, 3);
}

/* Trains on one thread and on more; both must end with the same bits. */
static void assert_threads_do_not_matter(size_t num_classes, enum model_loss loss,
                                         struct train_options settings)
{
    const uint64_t num_threads[] = {2, 3, 7};
    struct fixture one;
    uint64_t num_steps;
    double one_loss;

    settings.threads = 1;
    set_up(&one, num_classes, loss);
    one_loss = run_epochs(&one, &settings, 3, &num_steps);
    for (int i = 0; i < 3; i++) {
        struct fixture other;
        double other_loss;

        settings.threads = num_threads[i];
        set_up(&other, num_classes, loss);
        other_loss = run_epochs(&other, &settings, 3, &num_steps);
        assert_memory_equal(&one_loss, &other_loss, sizeof(one_loss));
        assert_memory_equal(one.model.parameters, other.model.parameters,
                            one.model.num_parameters * sizeof(float));
        tear_down(&other);
    }
    tear_down(&one);
}

/* 300 classes are too many parameters for one thread to make the step for all. */
static void test_trainer_run_epoch_any_number_of_threads_gives_the_same_bits(void **state)
{
    const size_t num_classes[] = {2, 5, 300};
    const uint64_t batch_sizes[] = {10, 100, N};

    (void)state;
    for (int c = 0; c < 3; c++) {
        for (int b = 0; b < 3; b++) {
            struct train_options settings = plain;

            settings.batch_size = batch_sizes[b];
            settings.momentum = b == 0 ? 0.0f : 0.5f;
            settings.accumulate = b == 1 ? 3 : 1;
            assert_threads_do_not_matter(num_classes[c], c ? LOSS_CROSS_ENTROPY : LOSS_MAE,
                                         settings);
        }
    }
}

static struct rank_request pause_always(void *context, uint64_t num_samples_done)
{
    (void)context;
    (void)num_samples_done;
    return (struct rank_request){.save = 1};
}

static void test_trainer_run_epoch_paused_after_every_step_gives_the_same_bits(void **state)
{
    struct train_options settings = plain;
    struct fixture whole, paused;
    struct trainer trainer;
    struct error error = {0};
    uint64_t num_steps, num_pauses = 0;
    double whole_loss, paused_loss;
    bool is_complete;

    (void)state;
    settings.batch_size = 50;
    settings.accumulate = 2;
    settings.threads = 2;
    set_up(&whole, 2, LOSS_MAE);
    set_up(&paused, 2, LOSS_MAE);
    whole_loss = run_epochs(&whole, &settings, 1, &num_steps);
    create_trainer(&trainer, &paused, &settings);
    for (;;) {
        assert_ok(trainer_run_epoch(&trainer, 1, pause_always, NULL, &is_complete, &error), &error);
        if (is_complete)
            break;
        num_pauses++;
        assert_int_equal(paused.progress.batch, 2 * num_pauses);
        assert_int_equal(paused.progress.step, num_pauses);
    }
    paused_loss = trainer_end_epoch(&trainer);
    assert_int_equal(num_pauses, 3); /* steps end after 2, 4, 6 and 7 batches */
    assert_int_equal(paused.progress.step, num_steps);
    assert_memory_equal(&whole_loss, &paused_loss, sizeof(whole_loss));
    assert_memory_equal(whole.model.parameters, paused.model.parameters,
                        whole.model.num_parameters * sizeof(float));
    trainer_destroy(&trainer);
    tear_down(&whole);
    tear_down(&paused);
}

/* The epoch ends with the batch whose loss is no number. */
static void test_trainer_run_epoch_loss_that_is_not_finite_ends_it(void **state)
{
    struct train_options settings = plain;
    struct fixture fixture;
    struct trainer trainer;
    struct error error = {0};
    bool is_complete = true;

    (void)state;
    settings.batch_size = 50;
    settings.threads = 2;
    set_up(&fixture, 4, LOSS_CROSS_ENTROPY);
    create_trainer(&trainer, &fixture, &settings);
    fixture.model.tensors[0].data[3] = NAN;
    assert_ok(trainer_run_epoch(&trainer, 1, NULL, NULL, &is_complete, &error), &error);
    assert_true(trainer.has_diverged);
    assert_false(is_complete);
    assert_int_equal(fixture.progress.step, 1);
    trainer_destroy(&trainer);
    tear_down(&fixture);
}

/* Threads that OpenMP does not give are not waited for. */
static void test_trainer_run_epoch_fewer_threads_than_asked_for_give_the_same_bits(void **state)
{
    struct train_options settings = plain;
    struct fixture one, fewer;
    uint64_t num_steps;
    double one_loss, fewer_loss;

    (void)state;
    for (size_t num_classes = 2; num_classes <= 300; num_classes += 298) {
        enum model_loss loss = num_classes == 2 ? LOSS_MAE : LOSS_CROSS_ENTROPY;

        set_up(&one, num_classes, loss);
        set_up(&fewer, num_classes, loss);
        settings.threads = 1;
        one_loss = run_epochs(&one, &settings, 2, &num_steps);
        settings.threads = 4;
        omp_set_dynamic(1); /* at most as many as there are processors */
        omp_set_num_threads(2);
        fewer_loss = run_epochs(&fewer, &settings, 2, &num_steps);
        omp_set_dynamic(0);
        assert_memory_equal(&one_loss, &fewer_loss, sizeof(one_loss));
        assert_memory_equal(one.model.parameters, fewer.model.parameters,
                            one.model.num_parameters * sizeof(float));
        tear_down(&one);
        tear_down(&fewer);
    }
}

static void test_trainer_run_epoch_learns_every_kind_of_loss(void **state)
{
    const size_t num_classes[] = {2, 4, 2, 4};
    const enum model_loss losses[] = {LOSS_MAE, LOSS_MAE, LOSS_CROSS_ENTROPY, LOSS_CROSS_ENTROPY};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct fixture fixture;
        struct validation before, after;
        struct error error = {0};
        uint64_t num_steps;

        set_up(&fixture, num_classes[i], losses[i]);
        assert_ok(trainer_validate(&fixture.model, &fixture.dataset, &alone, 2, &before, &error),
                  &error);
        run_epochs(&fixture, &plain, 40, &num_steps);
        assert_ok(trainer_validate(&fixture.model, &fixture.dataset, &alone, 2, &after, &error),
                  &error);
        assert_true(after.loss < before.loss);
        assert_true(after.accuracy > 0.9);
        tear_down(&fixture);
    }
}

static void test_validate_counts_what_the_model_gets_right(void **state)
{
    struct fixture fixture;
    struct validation one, three;
    struct error error = {0};
    uint64_t num_ones = 0;

    (void)state;
    set_up(&fixture, 2, LOSS_MAE);
    memset(fixture.model.parameters, 0, fixture.model.num_parameters * sizeof(float));
    fixture.model.tensors[1].data[0] = 30; /* class 1, whatever the image */
    for (int i = 0; i < N; i++)
        num_ones += fixture.labels[i];
    assert_ok(trainer_validate(&fixture.model, &fixture.dataset, &alone, 1, &one, &error), &error);
    assert_ok(trainer_validate(&fixture.model, &fixture.dataset, &alone, 3, &three, &error),
              &error);
    assert_int_equal(one.num_correct, num_ones);
    assert_true(fabs(one.loss - (double)(N - num_ones) / N) < 1e-9);
    assert_memory_equal(&one, &three, sizeof(one));
    fixture.dataset.num_rows = 0;
    assert_ok(trainer_validate(&fixture.model, &fixture.dataset, &alone, 1, &one, &error), &error);
    assert_true(isnan(one.loss) && isnan(one.accuracy));
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trainer_run_epoch_plain_follows_the_reference),
        cmocka_unit_test(test_trainer_run_epoch_momentum_and_decay_follow_the_reference),
        cmocka_unit_test(test_trainer_run_epoch_accumulate_adds_gradients),
        cmocka_unit_test(test_trainer_run_epoch_batch_larger_than_the_split_is_one_step),
        cmocka_unit_test(test_trainer_run_epoch_any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(test_trainer_run_epoch_paused_after_every_step_gives_the_same_bits),
        cmocka_unit_test(test_trainer_run_epoch_loss_that_is_not_finite_ends_it),
        cmocka_unit_test(test_trainer_run_epoch_fewer_threads_than_asked_for_give_the_same_bits),
        cmocka_unit_test(test_trainer_run_epoch_learns_every_kind_of_loss),
        cmocka_unit_test(test_validate_counts_what_the_model_gets_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
