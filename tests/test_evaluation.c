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

#include "formats/evaluation.h"
#include "formats/hdf5/hdf5.h"
#include "tests/support.h"

static char folder[] = "/tmp/quern-test-XXXXXX";
static char path[64];

static char *class_names[] = {"3", "seven", "é"};
static char *sample_paths[] = {"valid/3/1.png", "valid/3/10.png", "valid/seven/a b.png"};
static const struct text_list classes = {.count = 3, .items = class_names};
static const struct text_list paths = {.count = 3, .items = sample_paths};
static const uint64_t confusion[] = {1, 1, 0, 0, 1, 0, 0, 0, 0};
static const uint32_t labels[] = {0, 0, 1};
static const uint32_t predictions[] = {0, 1, 1};
static const float scores[] = {0.5f, 0.25f, 0.25f, 0.125f, 0.75f, 0.125f, 0.0f, 1.0f, 0.0f};

static const uint64_t store_rows[] = {0, 1, 3};
static const struct evaluation_figure figures[] = {{"accuracy", 2.0 / 3.0, 0.25, 0.875},
                                                   {"mean_class_accuracy", 0.75, NAN, NAN},
                                                   {"loss", 0.625, NAN, NAN}};
static const double precisions[] = {1, 0.5, NAN}, intervals[] = {0.25, 1, 0.125, 0.75, NAN, NAN};
static const struct evaluation_class_figure class_figures[] = {
    {"precision", "of what was taken for it", precisions, intervals}};
static const double edges[] = {0, 0.5, 1}, confidences[] = {NAN, 0.75},
                    accuracies[] = {NAN, 2.0 / 3};
static const uint64_t totals[] = {0, 3};
static const struct settings config = {
    .count = 2,
    .items = {{"learning_rate", SETTING_REAL, .real = 0.5}, {"loss", SETTING_TEXT, .text = "mae"}}};

static const struct evaluation three_samples = {
    .model = "linear",
    .split = "valid",
    .store_fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    .scores_meaning = "probability",
    .checkpoint_digest = "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
    .epoch = 7,
    .config = &config,
    .classes = &classes,
    .num_samples = 3,
    .num_correct = 2,
    .num_figures = 3,
    .figures = figures,
    .num_class_figures = 1,
    .class_figures = class_figures,
    .bins = {2, edges, totals, confidences, accuracies},
    .confusion = confusion,
    .paths = &paths,
    .rows = store_rows,
    .labels = labels,
    .predictions = predictions,
    .scores = scores,
};

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/evaluation.h5", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static hid_t write_and_open(const struct evaluation *evaluation)
{
    struct error error = {0};
    hid_t file;

    assert_true(evaluation_write(path, evaluation, false, &error));
    assert_int_equal(h5_num_live_handles(), 0);
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* Reads a dataset of the expected shape and checks that it carries its explanation. */
static void read_dataset(hid_t file, const char *name, int rank, hsize_t rows, hsize_t columns,
                         hid_t type, void *data)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset);
    hsize_t shape[2] = {0, 0};

    assert_true(dataset >= 0);
    assert_int_equal(H5Sget_simple_extent_ndims(space), rank);
    H5Sget_simple_extent_dims(space, shape, NULL);
    assert_int_equal(shape[0], rows);
    assert_int_equal(shape[1], rank == 2 ? columns : 0);
    assert_true(H5Aexists(dataset, "description") > 0);
    assert_true(H5Aexists(dataset, "DIMENSION_LABELS") > 0);
    if (data)
        assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Sclose(space);
    H5Dclose(dataset);
}

static void read_texts(hid_t file, const char *name, hsize_t rows, char (*texts)[32])
{
    hid_t type = H5Tcopy(H5T_C_S1);

    H5Tset_size(type, 32);
    H5Tset_cset(type, H5T_CSET_UTF8);
    read_dataset(file, name, 1, rows, 0, type, texts);
    H5Tclose(type);
}

static double read_number(hid_t file, const char *name)
{
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    double value = -1;

    assert_true(attribute >= 0);
    assert_true(H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) >= 0);
    H5Aclose(attribute);
    return value;
}

static void check_text(hid_t file, const char *name, const char *expected)
{
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
    char text[100] = "";

    assert_true(attribute >= 0);
    H5Tset_size(type, sizeof(text));
    H5Tset_cset(type, H5T_CSET_UTF8);
    assert_true(H5Aread(attribute, type, text) >= 0);
    assert_string_equal(text, expected);
    H5Tclose(type);
    H5Aclose(attribute);
}

static void test_evaluation_write_attributes_read_back(void **state)
{
    hid_t file = write_and_open(&three_samples);

    (void)state;
    check_text(file, "format", "quern evaluation");
    check_text(file, "format_version", "1.1");
    check_text(file, "created_by", "quern " QUERN_VERSION);
    check_text(file, "model", "linear");
    check_text(file, "split", "valid");
    check_text(file, "store_fingerprint", three_samples.store_fingerprint);
    check_text(file, "scores_meaning", "probability");
    assert_true(read_number(file, "correct") == 2);
    assert_true(read_number(file, "total") == 3);
    assert_true(read_number(file, "accuracy") == 2.0 / 3.0);
    assert_true(read_number(file, "mean_class_accuracy") == 0.75);
    assert_true(read_number(file, "loss") == 0.625);
    H5Fclose(file);
}

static void test_evaluation_write_class_figures_read_back(void **state)
{
    hid_t file = write_and_open(&three_samples);
    char names[3][32];
    uint64_t counts[9];
    double accuracy[3], both_ends[6];

    (void)state;
    read_texts(file, "/classes", 3, names);
    for (size_t c = 0; c < 3; c++)
        assert_string_equal(names[c], class_names[c]);
    read_dataset(file, "/confusion", 2, 3, 3, H5T_NATIVE_UINT64, counts);
    assert_memory_equal(counts, confusion, sizeof(confusion));
    read_dataset(file, "/per_class/correct", 1, 3, 0, H5T_NATIVE_UINT64, counts);
    assert_memory_equal(counts, ((uint64_t[]){1, 1, 0}), 3 * sizeof(*counts));
    read_dataset(file, "/per_class/total", 1, 3, 0, H5T_NATIVE_UINT64, counts);
    assert_memory_equal(counts, ((uint64_t[]){2, 1, 0}), 3 * sizeof(*counts));
    read_dataset(file, "/per_class/accuracy", 1, 3, 0, H5T_NATIVE_DOUBLE, accuracy);
    assert_true(accuracy[0] == 0.5);
    assert_true(accuracy[1] == 1.0);
    assert_true(isnan(accuracy[2]));
    read_dataset(file, "/per_class/precision", 1, 3, 0, H5T_NATIVE_DOUBLE, accuracy);
    assert_memory_equal(accuracy, precisions, sizeof(precisions));
    read_dataset(file, "/per_class/precision_interval", 2, 3, 2, H5T_NATIVE_DOUBLE, both_ends);
    assert_memory_equal(both_ends, intervals, sizeof(intervals));
    read_dataset(file, "/calibration/edges", 1, 3, 0, H5T_NATIVE_DOUBLE, accuracy);
    assert_memory_equal(accuracy, edges, sizeof(edges));
    read_dataset(file, "/calibration/total", 1, 2, 0, H5T_NATIVE_UINT64, counts);
    assert_memory_equal(counts, totals, sizeof(totals));
    H5Fclose(file);
}

static void test_evaluation_write_samples_read_back(void **state)
{
    hid_t file = write_and_open(&three_samples);
    char names[3][32];
    uint32_t indices[3];
    float values[9];

    (void)state;
    read_texts(file, "/samples/paths", 3, names);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(names[i], sample_paths[i]);
    read_dataset(file, "/samples/labels", 1, 3, 0, H5T_NATIVE_UINT32, indices);
    assert_memory_equal(indices, labels, sizeof(labels));
    read_dataset(file, "/samples/predictions", 1, 3, 0, H5T_NATIVE_UINT32, indices);
    assert_memory_equal(indices, predictions, sizeof(predictions));
    read_dataset(file, "/samples/scores", 2, 3, 3, H5T_NATIVE_FLOAT, values);
    assert_memory_equal(values, scores, sizeof(scores));
    H5Fclose(file);
}

static void check_is_deflated(hid_t file, const char *name)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t list = H5Dget_create_plist(dataset);

    assert_int_equal(H5Pget_layout(list), H5D_CHUNKED);
    assert_true(H5Pget_filter_by_id2(list, H5Z_FILTER_DEFLATE, NULL, NULL, NULL, 0, NULL, NULL) >=
                0);
    H5Pclose(list);
    H5Dclose(dataset);
}

/* More rows than one chunk holds, and a last chunk that is not full. */
static void test_evaluation_write_many_samples_read_back(void **state)
{
    enum { NUM_SAMPLES = 100003 };
    struct evaluation evaluation = three_samples;
    uint32_t *indices = calloc(NUM_SAMPLES, sizeof(*indices));
    uint32_t *read = calloc(NUM_SAMPLES, sizeof(*read));
    float *values = calloc(NUM_SAMPLES, 3 * sizeof(*values));
    float *read_values = calloc(NUM_SAMPLES, 3 * sizeof(*read_values));
    char **names = calloc(NUM_SAMPLES, sizeof(*names));
    uint64_t *many_rows = calloc(NUM_SAMPLES, sizeof(*many_rows));
    const struct text_list many_paths = {.count = NUM_SAMPLES, .items = names};
    hid_t file;

    (void)state;
    assert_true(indices && read && values && read_values && names && many_rows);
    for (size_t i = 0; i < NUM_SAMPLES; i++) {
        indices[i] = (uint32_t)(i % 3);
        many_rows[i] = i;
        names[i] = sample_paths[i % 3];
        values[3 * i + 1] = (float)i;
    }
    evaluation.num_samples = NUM_SAMPLES;
    evaluation.paths = &many_paths;
    evaluation.rows = many_rows;
    evaluation.labels = indices;
    evaluation.predictions = indices;
    evaluation.scores = values;
    file = write_and_open(&evaluation);
    read_dataset(file, "/samples/labels", 1, NUM_SAMPLES, 0, H5T_NATIVE_UINT32, read);
    assert_memory_equal(read, indices, NUM_SAMPLES * sizeof(*read));
    read_dataset(file, "/samples/scores", 2, NUM_SAMPLES, 3, H5T_NATIVE_FLOAT, read_values);
    assert_memory_equal(read_values, values, NUM_SAMPLES * 3 * sizeof(*values));
    check_is_deflated(file, "/samples/paths");
    check_is_deflated(file, "/samples/labels");
    check_is_deflated(file, "/samples/predictions");
    check_is_deflated(file, "/samples/scores");
    H5Fclose(file);
    free(indices);
    free(read);
    free(values);
    free(read_values);
    free(names);
    free(many_rows);
}

static void test_evaluation_write_no_samples_has_empty_datasets(void **state)
{
    const struct text_list no_paths = {0};
    const uint64_t no_counts[9] = {0};
    struct evaluation evaluation = three_samples;
    hid_t file;

    (void)state;
    evaluation.num_samples = 0;
    evaluation.num_correct = 0;
    evaluation.num_figures = 2;
    evaluation.figures =
        (const struct evaluation_figure[]){{"accuracy", NAN, NAN, NAN}, {"loss", NAN, NAN, NAN}};
    evaluation.confusion = no_counts;
    evaluation.rows = NULL;
    evaluation.paths = &no_paths;
    evaluation.labels = NULL;
    evaluation.predictions = NULL;
    evaluation.scores = NULL;
    file = write_and_open(&evaluation);
    assert_true(isnan(read_number(file, "accuracy")));
    assert_true(isnan(read_number(file, "loss")));
    read_dataset(file, "/samples/paths", 1, 0, 0, H5T_NATIVE_UINT32, NULL);
    read_dataset(file, "/samples/labels", 1, 0, 0, H5T_NATIVE_UINT32, NULL);
    read_dataset(file, "/samples/scores", 2, 0, 3, H5T_NATIVE_FLOAT, NULL);
    H5Fclose(file);
}

static void test_evaluation_write_missing_folder_is_io_error(void **state)
{
    struct error error = {0};

    (void)state;
    assert_fails(evaluation_write("/nonexistent/e.h5", &three_samples, false, &error), &error,
                 STATUS_IO);
    assert_string_equal(error.file, "/nonexistent/e.h5");
    assert_int_equal(h5_num_live_handles(), 0);
}

static long read_bytes(char **bytes)
{
    FILE *stream = fopen(path, "rb");
    long size;

    assert_non_null(stream);
    fseek(stream, 0, SEEK_END);
    size = ftell(stream);
    rewind(stream);
    *bytes = malloc((size_t)size);
    assert_int_equal(fread(*bytes, 1, (size_t)size, stream), size);
    fclose(stream);
    return size;
}

static void test_evaluation_write_twice_gives_the_same_bytes(void **state)
{
    char *first, *second;
    long first_size, second_size;

    (void)state;
    H5Fclose(write_and_open(&three_samples));
    first_size = read_bytes(&first);
    H5Fclose(write_and_open(&three_samples));
    second_size = read_bytes(&second);
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, (size_t)first_size);
    free(first);
    free(second);
}

/* ---- reading ---- */

static const struct evaluation_request everything = {.with_scores = true, .with_paths = true};

static void test_evaluation_read_gives_what_was_written(void **state)
{
    struct evaluation_contents contents;
    struct error error = {0};

    (void)state;
    H5Fclose(write_and_open(&three_samples));
    assert_ok(evaluation_read(path, &everything, &contents, &error), &error);
    assert_int_equal(contents.minor_version, 1);
    assert_true(contents.is_sealed);
    assert_string_equal(contents.model, "linear");
    assert_string_equal(contents.split, "valid");
    assert_string_equal(contents.store_fingerprint, three_samples.store_fingerprint);
    assert_true(contents.are_probabilities);
    assert_string_equal(contents.checkpoint_digest, three_samples.checkpoint_digest);
    assert_int_equal(contents.epoch, 7);
    assert_string_equal(settings_find(&contents.config, "loss")->text, "mae");
    assert_true(settings_find(&contents.config, "learning_rate")->real == 0.5);
    assert_true(text_list_equal(&contents.classes, &classes));
    assert_true(text_list_equal(&contents.paths, &paths));
    assert_int_equal(contents.num_samples, 3);
    assert_int_equal(contents.num_correct, 2);
    assert_int_equal(contents.num_unknown, 0);
    assert_true(contents.loss == 0.625);
    assert_memory_equal(contents.labels, labels, sizeof(labels));
    assert_memory_equal(contents.predictions, predictions, sizeof(predictions));
    assert_memory_equal(contents.rows, store_rows, sizeof(store_rows));
    assert_memory_equal(contents.scores, scores, sizeof(scores));
    evaluation_free(&contents);
    assert_int_equal(h5_num_live_handles(), 0);
}

static void test_evaluation_read_part_leaves_the_rest_out(void **state)
{
    struct evaluation_contents contents;
    struct error error = {0};

    (void)state;
    H5Fclose(write_and_open(&three_samples));
    assert_ok(evaluation_read(path, &(struct evaluation_request){0}, &contents, &error), &error);
    assert_null(contents.scores);
    assert_int_equal(contents.paths.count, 0);
    assert_memory_equal(contents.labels, labels, sizeof(labels));
    evaluation_free(&contents);
}

/* Opened for writing, which takes the seal off. */
static hid_t open_to_edit(void)
{
    hid_t file;

    H5Fclose(write_and_open(&three_samples));
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void edit_dataset(const char *name, hid_t type, const void *values)
{
    hid_t file = open_to_edit(), dataset = H5Dopen2(file, name, H5P_DEFAULT);

    assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Fclose(file);
}

static void edit_attribute(const char *name, uint64_t value)
{
    hid_t file = open_to_edit(), attribute = H5Aopen(file, name, H5P_DEFAULT);

    assert_true(H5Awrite(attribute, H5T_NATIVE_UINT64, &value) >= 0);
    H5Aclose(attribute);
    H5Fclose(file);
}

/* Another text for an attribute. */
static void edit_text_attribute(const char *name, const char *text)
{
    hid_t file = open_to_edit(), type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute;

    H5Tset_size(type, strlen(text));
    H5Tset_cset(type, H5T_CSET_UTF8);
    assert_true(H5Adelete(file, name) >= 0);
    attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, text) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(file);
}

static void assert_refused(const char *what)
{
    struct evaluation_contents contents;
    struct error error = {0};

    assert_fails(evaluation_read(path, &everything, &contents, &error), &error, STATUS_DATA);
    assert_string_equal(error.file, path);
    assert_non_null(strstr(error.what, what));
    evaluation_free(&contents);
    assert_int_equal(h5_num_live_handles(), 0);
}

static void test_evaluation_read_what_no_evaluation_holds_is_refused(void **state)
{
    (void)state;
    edit_dataset("/samples/labels", H5T_NATIVE_UINT32, ((uint32_t[]){0, 3, 1}));
    assert_refused("no index of a class");
    edit_dataset("/samples/predictions", H5T_NATIVE_UINT32, ((uint32_t[]){0, UINT32_MAX, 1}));
    assert_refused("no index of a class");
    edit_dataset("/samples/rows", H5T_NATIVE_UINT64, ((uint64_t[]){0, 2, 2}));
    assert_refused("rows that do not rise");
    edit_dataset("/samples/scores", H5T_NATIVE_FLOAT, ((float[9]){[4] = NAN}));
    assert_refused("not a number");
    edit_dataset("/samples/labels", H5T_NATIVE_UINT32, ((uint32_t[]){0, 1, 1}));
    assert_refused("another number than that of the samples");
    edit_attribute("total", 4);
    assert_refused("another number than that of the samples");
    edit_attribute("correct", 1);
    assert_refused("another number than that of the samples");
    edit_text_attribute("split", "\x1b[31mvalid");
    assert_refused("no split of a store");
    edit_text_attribute("split", "foo");
    assert_refused("no split of a store");
    edit_text_attribute("store_fingerprint", "f00d");
    assert_refused("no fingerprint of a store");
    edit_text_attribute("store_fingerprint",
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\x1bm");
    assert_refused("no fingerprint of a store");
}

static void test_evaluation_read_damaged_byte_is_refused(void **state)
{
    char *bytes;
    long size;
    FILE *stream;

    (void)state;
    H5Fclose(write_and_open(&three_samples));
    size = read_bytes(&bytes);
    bytes[size / 2] ^= 1;
    stream = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, (size_t)size, stream), size);
    fclose(stream);
    free(bytes);
    assert_refused("damaged");
}

static void test_evaluation_read_version_1_0_has_no_checkpoint(void **state)
{
    hid_t file = open_to_edit(), attribute, type = H5Tcopy(H5T_C_S1);
    struct evaluation_contents contents;
    struct error error = {0};

    (void)state;
    H5Tset_size(type, 3);
    H5Tset_cset(type, H5T_CSET_UTF8);
    attribute = H5Aopen(file, "format_version", H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, "1.0") >= 0);
    H5Aclose(attribute);
    H5Tclose(type);
    assert_true(H5Ldelete(file, "/checkpoint", H5P_DEFAULT) >= 0);
    assert_true(H5Ldelete(file, "/config", H5P_DEFAULT) >= 0);
    assert_true(H5Ldelete(file, "/samples/rows", H5P_DEFAULT) >= 0);
    assert_true(H5Ldelete(file, "/calibration", H5P_DEFAULT) >= 0);
    H5Fclose(file);
    assert_ok(evaluation_read(path, &everything, &contents, &error), &error);
    assert_int_equal(contents.minor_version, 0);
    assert_false(contents.is_sealed);
    assert_string_equal(contents.checkpoint_digest, "");
    assert_null(contents.rows);
    assert_memory_equal(contents.scores, scores, sizeof(scores));
    evaluation_free(&contents);
}

static void test_evaluation_read_more_than_the_limit_is_refused(void **state)
{
    const struct evaluation_request request = {
        .with_scores = true, .with_paths = true, .memory_limit = 100};
    struct evaluation_contents contents;
    struct error error = {0};

    (void)state;
    H5Fclose(write_and_open(&three_samples));
    assert_fails(evaluation_read(path, &request, &contents, &error), &error, STATUS_USAGE);
    assert_null(contents.labels);
    evaluation_free(&contents);
    assert_int_equal(h5_num_live_handles(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluation_write_attributes_read_back),
        cmocka_unit_test(test_evaluation_write_class_figures_read_back),
        cmocka_unit_test(test_evaluation_write_samples_read_back),
        cmocka_unit_test(test_evaluation_write_many_samples_read_back),
        cmocka_unit_test(test_evaluation_write_no_samples_has_empty_datasets),
        cmocka_unit_test(test_evaluation_write_missing_folder_is_io_error),
        cmocka_unit_test(test_evaluation_write_twice_gives_the_same_bytes),
        cmocka_unit_test(test_evaluation_read_gives_what_was_written),
        cmocka_unit_test(test_evaluation_read_part_leaves_the_rest_out),
        cmocka_unit_test(test_evaluation_read_what_no_evaluation_holds_is_refused),
        cmocka_unit_test(test_evaluation_read_damaged_byte_is_refused),
        cmocka_unit_test(test_evaluation_read_version_1_0_has_no_checkpoint),
        cmocka_unit_test(test_evaluation_read_more_than_the_limit_is_refused),
    };

    return cmocka_run_group_tests_name("evaluation", tests, make_folder, remove_folder);
}
