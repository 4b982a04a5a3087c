#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "apply/model_file.h"
#include "common/checksum.h"
#include "common/text.h"
#include "evaluate/split_evaluation.h"
#include "tests/support.h"

/*
 * Images of 2x2 gray: class "dark" has the mean 0, "middle" 128 and "light" 255, and each image is
 * of one value, so that what nearest-mean predicts can be told by hand.
 */
enum { HEIGHT = 2, WIDTH = 2, NUM_VALUES = HEIGHT * WIDTH, NUM_CLASSES = 3, NUM_ROWS = 100 };

static char *model_names[] = {"dark", "middle", "light"};
static const uint8_t model_levels[] = {0, 128, 255};

static char folder[] = "/tmp/quern-test-XXXXXX";
static char store_path[64], first_path[64], second_path[64], third_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(store_path, sizeof(store_path), "%s/store.h5", folder);
    snprintf(first_path, sizeof(first_path), "%s/epoch-0001.h5", folder);
    snprintf(second_path, sizeof(second_path), "%s/epoch-0002.h5", folder);
    snprintf(third_path, sizeof(third_path), "%s/epoch-0003.h5", folder);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(store_path);
    unlink(first_path);
    unlink(second_path);
    unlink(third_path);
    return 0;
}

static int remove_folder(void **state)
{
    remove_files(state);
    return rmdir(folder);
}

/* Every tenth image is one class lighter than its label says (the lightest: dark). */
static bool is_mislabelled(size_t row)
{
    return row % 10 == 9;
}

/* names are the store's classes; in_order are the same in the order of model_levels. */
static void write_store(char **names, char **in_order, size_t height)
{
    const struct text_list classes = {.count = NUM_CLASSES, .items = names};
    const struct text_list none = {0};
    const float means[NUM_CLASSES * 64] = {0};
    const struct store_plan plan = {
        .image = {height, WIDTH, 1},
        .classes = &classes,
        .max_rows = {[SPLIT_TRAIN] = 1, [SPLIT_VALID] = NUM_ROWS},
        .max_path_nbytes = 64,
        .compression_level = 1,
        .num_threads = 1,
    };
    const struct store_ending ending = {
        .source = {"digits", "settings", "digest"},
        .class_means = {[SPLIT_TRAIN] = means, [SPLIT_VALID] = means},
        .reject_paths = &none,
        .reject_reasons = &none,
    };
    struct store_writer *writer = NULL;
    struct error error = {0};
    uint8_t pixels[64] = {0};
    const struct store_row train_row = {
        .path = "train/0.png", .pixel_crc32 = crc32_of(pixels, image_num_values(&plan.image))};

    assert_true(store_create(store_path, &plan, &writer, &error));
    assert_true(store_append(writer, SPLIT_TRAIN, 1, &train_row, pixels, &error));
    for (size_t i = 0; i < NUM_ROWS; i++) {
        size_t class = i % NUM_CLASSES;
        size_t shown = is_mislabelled(i) ? (class + 1) % NUM_CLASSES : class;
        char path[64];
        struct store_row row = {.path = path};

        snprintf(path, sizeof(path), "valid/%03zu.png", i);
        row.label = (uint32_t)text_list_find(&classes, in_order[class]);
        memset(pixels, model_levels[shown], sizeof(pixels));
        row.pixel_crc32 = crc32_of(pixels, image_num_values(&plan.image));
        assert_true(store_append(writer, SPLIT_VALID, 1, &row, pixels, &error));
    }
    assert_true(store_finish(writer, &ending, &error));
}

/* spoil, if not NULL, may change the checkpoint before it is written. */
static void write_model(const char *path, const struct model *model,
                        void (*spoil)(struct checkpoint *))
{
    bool is_linear = model->spec.kind == MODEL_LINEAR;
    struct checkpoint checkpoint = {
        .classes = {.count = NUM_CLASSES, .items = model_names},
        .image = model->spec.image,
        .epoch = 1,
        .epochs = 1,
        .finished = true,
        .num_parameters = model->num_tensors,
    };
    struct error error = {0};

    settings_add_text(&checkpoint.config, "model", is_linear ? "linear" : "nearest-mean");
    settings_add_text(&checkpoint.config, is_linear ? "loss" : "distance",
                      is_linear ? "mae" : "l1");
    memset(checkpoint.store_fingerprint, '0', sizeof(checkpoint.store_fingerprint) - 1);
    for (size_t i = 0; i < model->num_tensors; i++)
        checkpoint.parameters[i] = model->tensors[i];
    if (spoil)
        spoil(&checkpoint);
    assert_true(checkpoint_write(path, &checkpoint, false, &error));
}

/* A nearest-mean checkpoint of the levels. */
static void write_checkpoint(const char *path, void (*spoil)(struct checkpoint *))
{
    const struct model_spec spec = {
        .kind = MODEL_NEAREST_MEAN,
        .distance = DISTANCE_L1,
        .image = {HEIGHT, WIDTH, 1},
        .num_classes = NUM_CLASSES,
    };
    struct model model;
    struct error error = {0};
    float means[NUM_CLASSES * NUM_VALUES];

    for (size_t i = 0; i < NUM_CLASSES * NUM_VALUES; i++)
        means[i] = (float)model_levels[i / NUM_VALUES] / 255.0f;
    assert_true(model_create(&spec, &model, &error));
    model_fit_class_means(&model, means);
    write_model(path, &model, spoil);
    model_destroy(&model);
}

static void run_threads(char **store_names, int num_threads)
{
    struct model_file file;
    struct split_evaluation result;
    struct error error = {0};
    uint64_t num_correct = 0;

    write_store(store_names, model_names, HEIGHT);
    write_checkpoint(first_path, NULL);
    assert_true(model_file_open(first_path, &file, &error));
    assert_true(
        split_evaluation_run(&file,
                             &(struct split_request){.store_path = store_path,
                                                     .split = SPLIT_VALID,
                                                     .with_samples = true,
                                                     .checks = {.num_threads = num_threads}},
                             &result, &error));
    assert_int_equal(result.num_samples, NUM_ROWS);
    assert_int_equal(result.paths.count, NUM_ROWS);
    assert_string_equal(result.paths.items[7], "valid/007.png");
    for (size_t i = 0; i < NUM_ROWS; i++) {
        size_t class = i % NUM_CLASSES;

        assert_int_equal(result.labels[i], class);
        assert_int_equal(result.predictions[i],
                         is_mislabelled(i) ? (class + 1) % NUM_CLASSES : class);
        assert_true(result.scores[i * NUM_CLASSES + result.predictions[i]] > -1e-6f);
        num_correct += !is_mislabelled(i);
    }
    assert_int_equal(result.figures.num_correct, num_correct);
    assert_true(isnan(result.loss));
    split_evaluation_destroy(&result);
    model_file_close(&file);
}

static void test_split_evaluation_run_same_order_predicts_every_row(void **state)
{
    (void)state;
    for (int num_threads = 1; num_threads <= 3; num_threads++)
        run_threads(model_names, num_threads);
}

static void test_split_evaluation_run_other_order_maps_the_labels(void **state)
{
    char *store_names[] = {"light", "dark", "middle"};

    (void)state;
    for (int num_threads = 1; num_threads <= 3; num_threads++)
        run_threads(store_names, num_threads);
}

/* The mean loss of a linear model of random parameters, all zero if the deviation is. */
static double compute_linear_loss(double standard_deviation, int num_threads)
{
    const struct model_spec spec = {
        .kind = MODEL_LINEAR,
        .loss = LOSS_MAE,
        .image = {HEIGHT, WIDTH, 1},
        .num_classes = NUM_CLASSES,
    };
    struct model model;
    struct model_file file;
    struct split_evaluation result;
    struct error error = {0};
    double loss, loss_sum = 0;

    write_store(model_names, model_names, HEIGHT);
    assert_true(model_create(&spec, &model, &error));
    model_init_normal(&model, standard_deviation, 1);
    write_model(first_path, &model, NULL);
    model_destroy(&model);
    assert_true(model_file_open(first_path, &file, &error));
    assert_true(
        split_evaluation_run(&file,
                             &(struct split_request){.store_path = store_path,
                                                     .split = SPLIT_VALID,
                                                     .num_resamples = 100,
                                                     .seed = 1,
                                                     .checks = {.num_threads = num_threads}},
                             &result, &error));
    loss = result.loss;
    /* The samples' own losses, which the bootstrap draws, are those that the mean is of. */
    for (size_t i = 0; i < NUM_ROWS; i++)
        loss_sum += result.losses[i];
    support_assert_close("mean of losses", loss_sum / NUM_ROWS, loss, 1e-12);
    assert_true(result.bootstrap.values[FIGURE_LOSS].low <= loss + 1e-12);
    assert_true(result.bootstrap.values[FIGURE_LOSS].high >= loss - 1e-12);
    split_evaluation_destroy(&result);
    model_file_close(&file);
    return loss;
}

static void test_split_evaluation_run_zero_parameters_have_the_loss_of_chance(void **state)
{
    (void)state;
    assert_true(fabs(compute_linear_loss(0, 1) - 2.0 / 3.0) < 1e-6);
}

static void test_split_evaluation_run_more_threads_give_the_same_loss(void **state)
{
    double loss = compute_linear_loss(1, 1);

    (void)state;
    assert_true(loss > 0 && loss < 1);
    assert_true(compute_linear_loss(1, 2) == loss);
    assert_true(compute_linear_loss(1, 3) == loss);
}

/* ---- many classes ---- */

enum { MANY_CLASSES = 4096 };

/* One row a split, and a nearest-mean checkpoint of means that are 0. */
static void write_many_classes(void)
{
    const struct image_shape image = {HEIGHT, WIDTH, 1};
    const struct model_spec spec = {
        .kind = MODEL_NEAREST_MEAN, .image = image, .num_classes = MANY_CLASSES};
    const struct text_list none = {0};
    float *means = calloc(MANY_CLASSES * NUM_VALUES, sizeof(float));
    const struct store_ending ending = {
        .source = {"many", "settings", "digest"},
        .class_means = {[SPLIT_TRAIN] = means, [SPLIT_VALID] = means},
        .reject_paths = &none,
        .reject_reasons = &none,
    };
    struct checkpoint checkpoint = {.image = image, .epoch = 1, .epochs = 1, .finished = true};
    const struct store_plan plan = {
        .image = image,
        .classes = &checkpoint.classes,
        .max_rows = {[SPLIT_TRAIN] = 1, [SPLIT_VALID] = 1},
        .max_path_nbytes = 64,
        .compression_level = 1,
        .num_threads = 1,
    };
    const uint8_t pixels[NUM_VALUES] = {0};
    const struct store_row row = {.path = "0.png", .pixel_crc32 = crc32_of(pixels, NUM_VALUES)};
    struct store_writer *writer = NULL;
    struct model model;
    struct error error = {0};

    for (unsigned c = 0; c < MANY_CLASSES; c++)
        assert_true(text_list_add(&checkpoint.classes, TEXT("%04u", c), &error));
    assert_true(store_create(store_path, &plan, &writer, &error));
    for (int split = SPLIT_TRAIN; split <= SPLIT_VALID; split++)
        assert_true(store_append(writer, split, 1, &row, pixels, &error));
    assert_true(store_finish(writer, &ending, &error));
    assert_true(model_create(&spec, &model, &error));
    settings_add_text(&checkpoint.config, "model", "nearest-mean");
    settings_add_text(&checkpoint.config, "distance", "l1");
    memset(checkpoint.store_fingerprint, '0', sizeof(checkpoint.store_fingerprint) - 1);
    checkpoint.num_parameters = model.num_tensors;
    checkpoint.parameters[0] = model.tensors[0];
    assert_true(checkpoint_write(first_path, &checkpoint, false, &error));
    model_destroy(&model);
    text_list_free(&checkpoint.classes);
    free(means);
}

static void test_split_evaluation_run_confusion_matrix_counts_in_the_memory_limit(void **state)
{
    struct split_request request = {.store_path = store_path,
                                    .split = SPLIT_VALID,
                                    .checks = {.num_threads = 1},
                                    .memory_limit = 32 << 20}; /* the matrix takes 128 MiB */
    struct model_file file;
    struct split_evaluation result;
    struct error error = {0};

    (void)state;
    write_many_classes();
    assert_true(model_file_open(first_path, &file, &error));
    /* Only an evaluation file has the whole matrix. */
    assert_ok(split_evaluation_run(&file, &request, &result, &error), &error);
    assert_int_equal(result.confusion.num_cells, 1);
    split_evaluation_destroy(&result);
    request.with_samples = true;
    assert_fails(split_evaluation_run(&file, &request, &result, &error), &error, STATUS_USAGE);
    assert_non_null(strstr(error.what, "confusion matrix of 4096 classes takes 128M"));
    assert_non_null(strstr(error.what, "leave out --output"));
    split_evaluation_destroy(&result);
    error = (struct error){0};
    request.memory_limit = 160 << 20;
    assert_ok(split_evaluation_run(&file, &request, &result, &error), &error);
    split_evaluation_destroy(&result);
    model_file_close(&file);
}

static void refuse_store(enum split split, const char *expected_words)
{
    struct model_file file;
    struct split_evaluation result;
    struct error error = {0};

    write_checkpoint(first_path, NULL);
    assert_true(model_file_open(first_path, &file, &error));
    assert_fails(split_evaluation_run(&file,
                                      &(struct split_request){.store_path = store_path,
                                                              .split = split,
                                                              .with_samples = false,
                                                              .checks = {.num_threads = 1}},
                                      &result, &error),
                 &error, STATUS_DATA);
    assert_non_null(strstr(error.what, expected_words));
    assert_string_equal(error.file, store_path);
    split_evaluation_destroy(&result);
    model_file_close(&file);
}

static void test_split_evaluation_run_no_class_in_common_is_refused(void **state)
{
    char *other_names[] = {"black", "grey", "white"};

    (void)state;
    write_store(other_names, other_names, HEIGHT);
    refuse_store(SPLIT_VALID, "no class in common");
}

/* Every third sample is of a class that the model does not know: in every slice, and the last. */
static void test_split_evaluation_run_unknown_classes_are_left_out(void **state)
{
    char *names[] = {"dark", "grey", "light"};
    const struct split_request request = {.store_path = store_path,
                                          .split = SPLIT_VALID,
                                          .with_samples = true,
                                          .checks = {.num_threads = 2}};
    struct model_file file;
    struct split_evaluation result;
    struct error error = {0};
    uint64_t i = 0;

    (void)state;
    write_store(names, names, HEIGHT);
    write_checkpoint(first_path, NULL);
    assert_true(model_file_open(first_path, &file, &error));
    assert_ok(split_evaluation_run(&file, &request, &result, &error), &error);
    assert_int_equal(result.num_unknown, NUM_ROWS / 3);
    assert_int_equal(result.num_samples, NUM_ROWS - NUM_ROWS / 3);
    assert_int_equal(result.paths.count, result.num_samples);
    assert_int_equal(result.figures.classes[1].num_samples, 0);
    assert_true(isnan(result.figures.classes[1].values[CLASS_RECALL]));
    for (size_t row = 0; row < NUM_ROWS; row++) {
        size_t class = row % NUM_CLASSES;
        size_t shown = is_mislabelled(row) ? (class + 1) % NUM_CLASSES : class;
        char path[64];

        if (class == 1)
            continue;
        snprintf(path, sizeof(path), "valid/%03zu.png", row);
        assert_string_equal(result.paths.items[i], path);
        assert_int_equal(result.labels[i], class);
        assert_int_equal(result.predictions[i], shown);
        assert_true(result.scores[i * NUM_CLASSES + shown] == 0);
        assert_int_equal(result.rows[i], row);
        assert_true(result.summaries[i].confidence == 0);
        i++;
    }
    split_evaluation_destroy(&result);
    model_file_close(&file);
}

/* A limit that the scores of all samples do not fit into: they are seen part by part. */
static void test_split_evaluation_run_least_memory_has_all_figures_but_areas(void **state)
{
    char *names[] = {"dark", "grey", "light"};
    struct split_request request = {
        .store_path = store_path, .split = SPLIT_VALID, .checks = {.num_threads = 2}};
    struct model_file file;
    struct split_evaluation whole, part;
    uint64_t too_small = 0;
    struct error error = {0};

    (void)state;
    write_store(names, names, HEIGHT);
    write_checkpoint(first_path, NULL);
    assert_true(model_file_open(first_path, &file, &error));
    assert_ok(split_evaluation_run(&file, &request, &whole, &error), &error);
    assert_true(whole.has_areas);
    assert_false(isnan(whole.figures.macro[CLASS_ROC_AREA]));
    for (request.memory_limit = 1 << 30; request.memory_limit - too_small > 1;) {
        uint64_t tried = too_small + (request.memory_limit - too_small) / 2;
        struct split_request trial = request;
        struct error refusal = {0};

        trial.memory_limit = tried;
        if (split_evaluation_run(&file, &trial, &part, &refusal)) {
            request.memory_limit = tried;
        } else {
            assert_int_equal(refusal.status, STATUS_USAGE);
            too_small = tried;
        }
        split_evaluation_destroy(&part);
    }
    assert_ok(split_evaluation_run(&file, &request, &part, &error), &error);
    assert_false(part.has_areas);
    assert_null(part.scores);
    assert_true(isnan(part.figures.macro[CLASS_ROC_AREA]));
    assert_int_equal(part.num_samples, whole.num_samples);
    assert_memory_equal(part.summaries, whole.summaries,
                        whole.num_samples * sizeof(*whole.summaries));
    assert_true(part.figures.values[FIGURE_ACCURACY] == whole.figures.values[FIGURE_ACCURACY]);
    assert_int_equal(part.figures.num_top_k_correct, whole.figures.num_top_k_correct);
    split_evaluation_destroy(&whole);
    split_evaluation_destroy(&part);
    model_file_close(&file);
}

static void test_split_evaluation_run_other_image_shape_is_refused(void **state)
{
    (void)state;
    write_store(model_names, model_names, HEIGHT + 1);
    refuse_store(SPLIT_VALID, "image shape");
}

static void test_split_evaluation_run_missing_split_is_refused(void **state)
{
    (void)state;
    write_store(model_names, model_names, HEIGHT);
    refuse_store(SPLIT_TEST, "no split 'test'");
}

static void refuse_checkpoint(void (*spoil)(struct checkpoint *), const char *expected_words)
{
    struct model_file file;
    struct error error = {0};

    write_checkpoint(first_path, spoil);
    assert_fails(model_file_open(first_path, &file, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, expected_words));
    assert_string_equal(error.file, first_path);
    model_file_close(&file);
}

static void spoil_model_name(struct checkpoint *checkpoint)
{
    checkpoint->config.count = 0;
    settings_add_text(&checkpoint->config, "model", "oracle");
}

static void spoil_distance(struct checkpoint *checkpoint)
{
    checkpoint->config.count = 0;
    settings_add_text(&checkpoint->config, "model", "nearest-mean");
}

static void spoil_parameter_name(struct checkpoint *checkpoint)
{
    snprintf(checkpoint->parameters[0].name, TENSOR_MAX_NAME, "class_means/median");
}

static void spoil_parameter_shape(struct checkpoint *checkpoint)
{
    checkpoint->parameters[0].shape[0] = NUM_CLASSES - 1;
}

static void spoil_by_another_parameter(struct checkpoint *checkpoint)
{
    checkpoint->parameters[1] = checkpoint->parameters[0];
    snprintf(checkpoint->parameters[1].name, TENSOR_MAX_NAME, "output/weight");
    checkpoint->num_parameters = 2;
}

static float spoiled_parameters[NUM_CLASSES * NUM_VALUES];

static void spoil_last_parameter(struct checkpoint *checkpoint, float value)
{
    memcpy(spoiled_parameters, checkpoint->parameters[0].data, sizeof(spoiled_parameters));
    spoiled_parameters[NUM_CLASSES * NUM_VALUES - 1] = value;
    checkpoint->parameters[0].data = spoiled_parameters;
}

static void spoil_by_infinity(struct checkpoint *checkpoint)
{
    spoil_last_parameter(checkpoint, INFINITY);
}

static void spoil_by_nan(struct checkpoint *checkpoint)
{
    spoil_last_parameter(checkpoint, NAN);
}

static void test_model_file_open_parameters_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    refuse_checkpoint(spoil_by_infinity, "parameter 11 is not a finite number");
    refuse_checkpoint(spoil_by_nan, "parameter 11 is not a finite number");
}

/* Weights that are finite, but whose sums over the pixels are not. */
static void write_overflowing_model(const char *path)
{
    const struct model_spec spec = {.kind = MODEL_LINEAR,
                                    .loss = LOSS_MAE,
                                    .image = {HEIGHT, WIDTH, 1},
                                    .num_classes = NUM_CLASSES};
    struct model model;
    struct error error = {0};

    assert_true(model_create(&spec, &model, &error));
    for (size_t i = 0; i < NUM_CLASSES * NUM_VALUES; i++)
        model.tensors[0].data[i] = 3e38f;
    write_model(path, &model, NULL);
    model_destroy(&model);
}

static void test_split_evaluation_run_loss_that_is_no_number_is_refused(void **state)
{
    const struct split_request request = {
        .store_path = store_path, .split = SPLIT_VALID, .checks = {.num_threads = 1}};
    struct model_file file;
    struct split_evaluation result;
    struct error error = {0};

    (void)state;
    write_store(model_names, model_names, HEIGHT);
    write_overflowing_model(first_path);
    assert_true(model_file_open(first_path, &file, &error));
    assert_fails(split_evaluation_run(&file, &request, &result, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "not a number"));
    split_evaluation_destroy(&result);
    model_file_close(&file);
}

static void test_model_file_open_unfit_checkpoint_is_refused(void **state)
{
    (void)state;
    refuse_checkpoint(spoil_model_name, "unknown value 'oracle'");
    refuse_checkpoint(spoil_distance, "no setting 'distance'");
    refuse_checkpoint(spoil_parameter_name, "missing");
    refuse_checkpoint(spoil_parameter_shape, "another shape");
    refuse_checkpoint(spoil_by_another_parameter, "does not have");
}

static void test_model_file_open_folder_takes_the_newest_whole(void **state)
{
    struct model_file file;
    struct error error = {0};

    (void)state;
    write_checkpoint(first_path, NULL);
    write_checkpoint(second_path, NULL);
    write_checkpoint(third_path, NULL);
    assert_int_equal(truncate(third_path, 1000), 0);
    assert_true(model_file_open(folder, &file, &error));
    assert_string_equal(file.path, second_path);
    assert_int_equal(file.skipped.count, 1);
    assert_non_null(strstr(file.skipped.items[0], third_path));
    model_file_close(&file);
}

static void test_model_file_open_folder_without_whole_one_is_refused(void **state)
{
    struct model_file file;
    struct error error = {0};

    (void)state;
    assert_fails(model_file_open(folder, &file, &error), &error, STATUS_DATA);
    model_file_close(&file);
    error = (struct error){0};
    write_checkpoint(first_path, NULL);
    assert_int_equal(truncate(first_path, 1000), 0);
    assert_fails(model_file_open(folder, &file, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "none of the directory's 1"));
    model_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_split_evaluation_run_same_order_predicts_every_row,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_other_order_maps_the_labels,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_zero_parameters_have_the_loss_of_chance,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_more_threads_give_the_same_loss,
                                  remove_files),
        cmocka_unit_test_teardown(
            test_split_evaluation_run_confusion_matrix_counts_in_the_memory_limit, remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_no_class_in_common_is_refused,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_unknown_classes_are_left_out,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_least_memory_has_all_figures_but_areas,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_other_image_shape_is_refused,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_missing_split_is_refused, remove_files),
        cmocka_unit_test_teardown(test_model_file_open_parameters_that_are_not_finite_are_refused,
                                  remove_files),
        cmocka_unit_test_teardown(test_split_evaluation_run_loss_that_is_no_number_is_refused,
                                  remove_files),
        cmocka_unit_test_teardown(test_model_file_open_unfit_checkpoint_is_refused, remove_files),
        cmocka_unit_test_teardown(test_model_file_open_folder_takes_the_newest_whole, remove_files),
        cmocka_unit_test_teardown(test_model_file_open_folder_without_whole_one_is_refused,
                                  remove_files),
    };

    return cmocka_run_group_tests_name("split_evaluation", tests, make_folder, remove_folder);
}
