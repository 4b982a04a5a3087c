#include "tests/support.h"

#include <math.h>
#include <quern/checkpoint.h>
#include <quern/evaluation.h>
#include <quern/store.h>
#include <string.h>

#include "formats/checkpoint/checkpoint.h"
#include "formats/evaluation.h"

enum { NUM_TRAIN = 70, NUM_VALID = 5, HEIGHT = 3, WIDTH = 5, CHANNELS = 3 };

static const struct image_shape library_image = {HEIGHT, WIDTH, CHANNELS};

static struct quern_store *library_open_store(const char *folder)
{
    const char *path = support_path(folder, "store.h5");
    struct quern_error error = {0};
    struct quern_store *store;

    support_write_store(path, library_image, 2, NUM_TRAIN, NUM_VALID, 1);
    if (!quern_store_open(path, &store, &error))
        fail_msg("%s", error.message);
    return store;
}

static void test_store_gives_what_was_written(void **state)
{
    struct quern_store *store = library_open_store(*state);

    assert_int_equal(quern_store_height(store), HEIGHT);
    assert_int_equal(quern_store_width(store), WIDTH);
    assert_int_equal(quern_store_channels(store), CHANNELS);
    assert_int_equal(quern_store_image_nbytes(store), HEIGHT * WIDTH * CHANNELS);
    assert_int_equal(quern_store_num_classes(store), 2);
    assert_string_equal(quern_store_class(store, 0), "a");
    assert_string_equal(quern_store_class(store, 1), "b");
    assert_null(quern_store_class(store, 2));
    assert_int_equal(strlen(quern_store_fingerprint(store)), 64);
    assert_int_equal(quern_store_num_samples(store, QUERN_TRAIN), NUM_TRAIN);
    assert_int_equal(quern_store_num_samples(store, QUERN_VALID), NUM_VALID);
    assert_int_equal(quern_store_num_samples(store, QUERN_TEST), 0);
    assert_null(quern_store_labels(store, QUERN_TEST));
    quern_store_close(store);
}

static void test_store_read_images_gives_the_rows_for_any_number_of_threads(void **state)
{
    struct quern_store *store = library_open_store(*state);
    uint8_t pixels[NUM_TRAIN][HEIGHT * WIDTH * CHANNELS], expected[HEIGHT * WIDTH * CHANNELS];
    struct quern_error error = {0};
    uint32_t label;

    for (int num_threads = 1; num_threads <= 3; num_threads++) {
        uint64_t first = (uint64_t)num_threads * 7;

        memset(pixels, 0, sizeof(pixels));
        assert_true(quern_store_read_images(store, QUERN_TRAIN, first, NUM_TRAIN - first,
                                            num_threads, pixels[0], &error));
        for (uint64_t i = first; i < NUM_TRAIN; i++) {
            support_store_row(library_image, 2, SPLIT_TRAIN, i, expected, &label);
            assert_memory_equal(pixels[i - first], expected, sizeof(expected));
            assert_int_equal(quern_store_labels(store, QUERN_TRAIN)[i], label);
        }
    }
    quern_store_close(store);
}

static void test_store_paths_are_read_once_and_kept(void **state)
{
    struct quern_store *store = library_open_store(*state);
    const char *const *paths, *const *again;
    struct quern_error error = {0};

    assert_true(quern_store_paths(store, QUERN_VALID, &paths, &error));
    for (int i = 1; i < NUM_VALID; i++)
        assert_true(strcmp(paths[i - 1], paths[i]) < 0);
    assert_true(quern_store_paths(store, QUERN_VALID, &again, &error));
    assert_ptr_equal(paths, again);
    assert_true(quern_store_paths(store, QUERN_TEST, &paths, &error));
    assert_null(paths);
    quern_store_close(store);
}

static void test_store_read_images_refuses_what_is_not_there(void **state)
{
    static const struct {
        enum quern_split split;
        uint64_t first, count;
        int num_threads;
        const char *message;
    } cases[] = {
        {QUERN_TRAIN, 0, NUM_TRAIN + 1, 1, "expected 70 samples at most, found 71 from 0"},
        {QUERN_TRAIN, NUM_TRAIN, 1, 1, "samples that are not there"},
        {QUERN_TRAIN, 1, UINT64_MAX, 1, "samples that are not there"},
        {QUERN_TRAIN, UINT64_MAX, 2, 1, "samples that are not there"},
        {QUERN_TEST, 0, 1, 1, "test: samples that are not there"},
        {(enum quern_split)7, 0, 1, 1, "samples that are not there"},
        {(enum quern_split) - 1, 0, 1, 1, "samples that are not there"},
        {QUERN_TRAIN, 0, 1, 0, "no number of threads"},
    };
    struct quern_store *store = library_open_store(*state);
    uint8_t pixel = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct quern_error error = {0};

        assert_false(quern_store_read_images(store, cases[i].split, cases[i].first, cases[i].count,
                                             cases[i].num_threads, &pixel, &error));
        assert_int_equal(error.status, QUERN_USAGE);
        assert_non_null(strstr(error.message, cases[i].message));
    }
    assert_false(quern_store_read_images(store, QUERN_TEST, 0, 1, 1, &pixel, NULL));
    quern_store_close(store);
}

static void test_store_open_refuses_and_the_first_error_stays(void **state)
{
    const char *missing = support_path(*state, "no\nstore.h5"),
               *other = support_path(*state, "other.h5");
    struct quern_error error = {0};
    struct quern_store *store;
    struct quern_checkpoint *checkpoint;
    struct quern_evaluation *evaluation;

    assert_false(quern_store_open(missing, &store, &error));
    assert_null(store);
    assert_int_equal(error.status, QUERN_IO);
    assert_non_null(strstr(error.message, "no\\nstore.h5: "));

    support_write_file(other, "not HDF5", 8);
    assert_false(quern_checkpoint_open(other, &checkpoint, &error));
    assert_null(checkpoint);
    assert_int_equal(error.status, QUERN_IO);

    error = (struct quern_error){0};
    assert_false(quern_checkpoint_open(other, &checkpoint, &error));
    assert_int_equal(error.status, QUERN_DATA);
    assert_false(quern_store_open(other, &store, NULL));
    error = (struct quern_error){0};
    assert_false(quern_evaluation_open(other, &evaluation, &error));
    assert_null(evaluation);
    assert_int_equal(error.status, QUERN_DATA);
    quern_store_close(NULL);
    quern_evaluation_close(NULL);
    quern_checkpoint_close(NULL);
}

static void test_checkpoint_gives_what_was_written(void **state)
{
    const char *path = support_path(*state, "epoch-0002.h5");
    static float weight[6] = {1, -2, 3.5f, 0, 4, 5};
    static char *classes[] = {"three", "seven"};
    static struct epoch_record records[] = {{1, 0.5, 0.25, 0.75, 0.1}, {2, 0.4, NAN, NAN, 0.05}};
    struct checkpoint written = {
        .classes = {2, 2, classes},
        .image = {1, 3, 1},
        .epoch = 2,
        .step = 98,
        .epochs = 5,
        .num_records = 2,
        .records = records,
        .num_parameters = 1,
        .parameters = {{"linear/weight", 2, {2, 3}, weight}},
    };
    struct error reason = {0};
    struct quern_error error = {0};
    struct quern_checkpoint *checkpoint;
    struct quern_tensor tensor;
    struct quern_epoch epoch;
    char text[8];

    memset(written.store_fingerprint, 'f', 64);
    settings_add_text(&written.config, "model", "a long name");
    settings_add_real(&written.config, "learning_rate", 0.1);
    assert_ok(checkpoint_write(path, &written, false, &reason), &reason);
    if (!quern_checkpoint_open(path, &checkpoint, &error))
        fail_msg("%s", error.message);

    assert_int_equal(quern_checkpoint_epoch(checkpoint), 2);
    assert_int_equal(quern_checkpoint_step(checkpoint), 98);
    assert_int_equal(quern_checkpoint_num_classes(checkpoint), 2);
    assert_string_equal(quern_checkpoint_class(checkpoint, 1), "seven");
    assert_null(quern_checkpoint_class(checkpoint, 2));
    assert_string_equal(quern_checkpoint_store_fingerprint(checkpoint), written.store_fingerprint);

    assert_true(quern_checkpoint_setting(checkpoint, "learning_rate", text, sizeof(text)));
    assert_string_equal(text, "0.1");
    assert_true(quern_checkpoint_setting(checkpoint, "model", text, sizeof(text)));
    assert_string_equal(text, "a long ");
    assert_false(quern_checkpoint_setting(checkpoint, "mode", text, sizeof(text)));

    assert_int_equal(quern_checkpoint_num_parameters(checkpoint), 1);
    assert_true(quern_checkpoint_parameter(checkpoint, 0, &tensor));
    assert_string_equal(tensor.name, "linear/weight");
    assert_int_equal(tensor.rank, 2);
    assert_int_equal(tensor.shape[0], 2);
    assert_int_equal(tensor.shape[1], 3);
    assert_memory_equal(tensor.values, weight, sizeof(weight));
    assert_false(quern_checkpoint_parameter(checkpoint, 1, &tensor));

    assert_int_equal(quern_checkpoint_num_epochs(checkpoint), 2);
    assert_true(quern_checkpoint_history(checkpoint, 1, &epoch));
    assert_int_equal(epoch.epoch, 2);
    assert_true(epoch.train_loss == 0.4 && isnan(epoch.valid_loss) && isnan(epoch.valid_accuracy));
    assert_true(epoch.learning_rate == 0.05);
    assert_false(quern_checkpoint_history(checkpoint, 2, &epoch));
    quern_checkpoint_close(checkpoint);
}

static void test_evaluation_gives_what_was_written(void **state)
{
    const char *path = support_path(*state, "evaluation.h5");
    static char *classes[] = {"three", "seven"}, *paths[] = {"valid/3/a.png", "valid/7/b.png"};
    const struct text_list class_list = {2, 2, classes}, path_list = {2, 2, paths};
    const uint64_t confusion[] = {0, 1, 0, 1}, rows[] = {0, 1};
    const uint32_t labels[] = {0, 1}, predictions[] = {1, 1};
    const float scores[] = {0.25f, 0.75f, 0.125f, 0.875f};
    const struct settings config = {0};
    const struct evaluation_figure loss = {"loss", 0.5, NAN, NAN};
    char digest[65] = "";
    const struct evaluation written = {
        .model = "linear",
        .split = "valid",
        .store_fingerprint = digest,
        .scores_meaning = "probability",
        .checkpoint_digest = digest,
        .epoch = 1,
        .config = &config,
        .classes = &class_list,
        .num_samples = 2,
        .num_correct = 1,
        .num_figures = 1,
        .figures = &loss,
        .confusion = confusion,
        .paths = &path_list,
        .rows = rows,
        .labels = labels,
        .predictions = predictions,
        .scores = scores,
    };
    struct error reason = {0};
    struct quern_error error = {0};
    struct quern_evaluation *evaluation;

    memset(digest, 'a', 64);
    assert_ok(evaluation_write(path, &written, false, &reason), &reason);
    if (!quern_evaluation_open(path, &evaluation, &error))
        fail_msg("%s", error.message);
    assert_string_equal(quern_evaluation_split(evaluation), "valid");
    assert_string_equal(quern_evaluation_store_fingerprint(evaluation), digest);
    assert_int_equal(quern_evaluation_num_classes(evaluation), 2);
    assert_string_equal(quern_evaluation_class(evaluation, 1), "seven");
    assert_null(quern_evaluation_class(evaluation, 2));
    assert_int_equal(quern_evaluation_num_samples(evaluation), 2);
    assert_int_equal(quern_evaluation_num_correct(evaluation), 1);
    assert_memory_equal(quern_evaluation_labels(evaluation), labels, sizeof(labels));
    assert_memory_equal(quern_evaluation_predictions(evaluation), predictions, sizeof(predictions));
    assert_memory_equal(quern_evaluation_scores(evaluation), scores, sizeof(scores));
    assert_true(quern_evaluation_are_probabilities(evaluation));
    assert_string_equal(quern_evaluation_paths(evaluation)[1], "valid/7/b.png");
    quern_evaluation_close(evaluation);
}

static void test_version_is_that_of_the_build(void **state)
{
    (void)state;
    assert_string_equal(quern_version(), QUERN_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_store_gives_what_was_written),
        SUPPORT_IN_FOLDER(test_store_read_images_gives_the_rows_for_any_number_of_threads),
        SUPPORT_IN_FOLDER(test_store_paths_are_read_once_and_kept),
        SUPPORT_IN_FOLDER(test_store_read_images_refuses_what_is_not_there),
        SUPPORT_IN_FOLDER(test_store_open_refuses_and_the_first_error_stays),
        SUPPORT_IN_FOLDER(test_checkpoint_gives_what_was_written),
        SUPPORT_IN_FOLDER(test_evaluation_gives_what_was_written),
        cmocka_unit_test(test_version_is_that_of_the_build),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
