#include "tests/support.h"

#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/checkpoint/checkpoint.h"
#include "formats/file/seal.h"
#include "formats/hdf5/hdf5.h"

/* A checkpoint with all there can be in it, over static memory. */
static void fill(struct checkpoint *checkpoint)
{
    static float weight[6] = {1, -2, 3.5f, 0, -0.0f, 1e-40f}, bias[2] = {0.25f, 7},
                 momentum[6] = {9, 8, 7, 6, 5, 4};
    static char *classes[] = {"three", "a/b \n\xc3\xa9"};
    static struct epoch_record records[] = {{1, 0.5, 0.25, 0.75, 0.1}, {2, 0.4, NAN, NAN, 0.1}};

    *checkpoint = (struct checkpoint){
        .classes = {2, 2, classes},
        .image = {1, 3, 1},
        .epoch = 2,
        .step = 98,
        .epochs = 5,
        .finished = false,
        .num_records = 2,
        .records = records,
        .num_parameters = 2,
        .parameters = {{"linear/weight", 2, {2, 3}, weight}, {"linear/bias", 1, {2}, bias}},
        .num_states = 1,
        .states = {{"momentum/linear/weight", 2, {2, 3}, momentum}},
    };
    memset(checkpoint->store_fingerprint, 'f', 64);
    settings_add_text(&checkpoint->config, "model", "linear");
    settings_add_count(&checkpoint->config, "seed", UINT64_MAX);
    settings_add_real(&checkpoint->config, "learning_rate", 0.1);
}

static void test_checkpoint_round_trip_keeps_everything(void **state)
{
    const char *path = support_path(*state, "epoch-0002.h5");
    struct checkpoint written, read;
    struct error error = {0};
    char a[128], b[128];

    fill(&written);
    assert_ok(checkpoint_write(path, &written, false, &error), &error);
    assert_ok(checkpoint_read(path, &read, &error), &error);
    assert_null(settings_first_difference(&written.config, &read.config, NULL, a, b));
    assert_true(text_list_equal(&written.classes, &read.classes));
    assert_memory_equal(&written.image, &read.image, sizeof(read.image));
    assert_string_equal(written.store_fingerprint, read.store_fingerprint);
    assert_int_equal(read.epoch, 2);
    assert_int_equal(read.step, 98);
    assert_int_equal(read.epochs, 5);
    assert_false(read.finished);
    assert_int_equal(read.num_records, 2);
    assert_memory_equal(read.records, written.records, 2 * sizeof(*read.records));
    assert_int_equal(read.num_parameters, 2);
    for (int i = 0; i < 2; i++) {
        const struct tensor *mine = &written.parameters[i];
        const struct tensor *theirs = checkpoint_parameter(&read, mine->name);

        assert_non_null(theirs);
        assert_int_equal(theirs->rank, mine->rank);
        assert_memory_equal(theirs->shape, mine->shape, mine->rank * sizeof(size_t));
        assert_memory_equal(theirs->data, mine->data, tensor_num_elements(mine) * sizeof(float));
    }
    assert_int_equal(read.num_states, 1);
    assert_string_equal(read.states[0].name, "momentum/linear/weight");
    assert_memory_equal(read.states[0].data, written.states[0].data, 6 * sizeof(float));
    assert_null(checkpoint_parameter(&read, "linear/other"));
    checkpoint_free(&read);
}

static void test_checkpoint_write_twice_gives_the_same_bytes(void **state)
{
    const char *one = support_path(*state, "one.h5"), *two = support_path(*state, "two.h5");
    struct checkpoint checkpoint;
    struct error error = {0};

    fill(&checkpoint);
    assert_ok(checkpoint_write(one, &checkpoint, false, &error), &error);
    assert_ok(checkpoint_write(two, &checkpoint, false, &error), &error);
    support_assert_files_equal(one, two);
}

static void test_settings_first_difference_names_it_with_both_values(void **state)
{
    struct settings a = {0}, b = {0};
    char a_value[128], b_value[128];

    (void)state;
    settings_add_text(&a, "model", "linear");
    settings_add_real(&a, "momentum", 0.9);
    settings_add_text(&b, "model", "linear");
    settings_add_real(&b, "momentum", 0.6);
    assert_string_equal(settings_first_difference(&a, &b, NULL, a_value, b_value), "momentum");
    assert_string_equal(a_value, "0.9");
    assert_string_equal(b_value, "0.6");
    b.items[1].real = 0.9;
    assert_null(settings_first_difference(&a, &b, NULL, a_value, b_value));
    settings_add_count(&b, "seed", 3);
    assert_null(
        settings_first_difference(&a, &b, (const char *const[]){"seed", NULL}, a_value, b_value));
    assert_string_equal(settings_first_difference(&a, &b, NULL, a_value, b_value), "seed");
    assert_string_equal(a_value, "none");
    assert_string_equal(b_value, "3");
}

static void test_checkpoint_read_truncated_anywhere_is_refused(void **state)
{
    const char *whole = support_path(*state, "whole.h5"), *cut = support_path(*state, "cut.h5");
    struct checkpoint checkpoint;
    struct error error = {0};
    size_t nbytes;
    unsigned char *bytes;

    fill(&checkpoint);
    assert_ok(checkpoint_write(whole, &checkpoint, false, &error), &error);
    bytes = support_read_file(whole, &nbytes);
    for (size_t length = 0; length < nbytes; length += 31) {
        error = (struct error){0};
        support_write_file(cut, bytes, length);
        if (length >= nbytes - SEAL_NBYTES) {
            /* All is there but the seal. */
            assert_ok(checkpoint_read(cut, &checkpoint, &error), &error);
            assert_false(checkpoint.is_sealed);
            checkpoint_free(&checkpoint);
            continue;
        }
        assert_fails(checkpoint_read(cut, &checkpoint, &error), &error, STATUS_DATA);
        assert_string_equal(error.file, cut);
    }
    free(bytes);
}

static void test_checkpoint_read_altered_tensor_is_refused_by_name(void **state)
{
    const char *path = support_path(*state, "altered.h5");
    struct checkpoint checkpoint;
    struct error error = {0};
    float values[6] = {1, -2, 3.5f, 0, 0, 1};
    hid_t file, dataset;

    fill(&checkpoint);
    assert_ok(checkpoint_write(path, &checkpoint, false, &error), &error);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    dataset = H5Dopen2(file, "/parameters/linear/weight", H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Fclose(file);
    assert_fails(checkpoint_read(path, &checkpoint, &error), &error, STATUS_DATA);
    assert_string_equal(error.dataset, "/parameters/linear/weight");
    assert_non_null(strstr(error.what, "CRC-32"));
}

static void test_checkpoint_read_other_major_version_is_refused(void **state)
{
    const char *path = support_path(*state, "version-2.h5");
    struct checkpoint checkpoint;
    struct error error = {0};
    hid_t file, attribute, type;

    fill(&checkpoint);
    assert_ok(checkpoint_write(path, &checkpoint, false, &error), &error);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    attribute = H5Aopen(file, "format_version", H5P_DEFAULT);
    type = H5Aget_type(attribute);
    assert_true(H5Awrite(attribute, type, "2.0") >= 0);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Fclose(file);
    assert_fails(checkpoint_read(path, &checkpoint, &error), &error, STATUS_DATA);
    assert_string_equal(error.expected, "1.x");
    assert_string_equal(error.found, "2.0");
}

static void test_checkpoint_write_into_a_missing_folder_is_an_io_error(void **state)
{
    const char *path = support_path(*state, "missing/epoch-0000.h5");
    struct checkpoint checkpoint;
    struct error error = {0};

    fill(&checkpoint);
    assert_fails(checkpoint_write(path, &checkpoint, false, &error), &error, STATUS_IO);
    assert_string_equal(error.file, path);
}

/* One setting too many takes no other's place: it is refused before the file is begun. */
static void test_checkpoint_write_more_settings_than_fit_is_refused(void **state)
{
    const char *path = support_path(*state, "settings.h5");
    struct checkpoint checkpoint, read;
    struct error error = {0};
    char name[32];

    fill(&checkpoint);
    while (checkpoint.config.count < SETTINGS_MAX) {
        snprintf(name, sizeof(name), "setting_%zu", checkpoint.config.count);
        settings_add_count(&checkpoint.config, name, checkpoint.config.count);
    }
    assert_ok(checkpoint_write(path, &checkpoint, false, &error), &error);
    assert_ok(checkpoint_read(path, &read, &error), &error);
    assert_int_equal(read.config.count, SETTINGS_MAX);
    checkpoint_free(&read);
    settings_add_count(&checkpoint.config, "one_more", 1);
    assert_string_equal(checkpoint.config.items[SETTINGS_MAX - 1].name, name);
    assert_fails(checkpoint_write(path, &checkpoint, false, &error), &error, STATUS_INTERNAL);
    assert_string_equal(error.dataset, "/config");
}

static void test_settings_add_too_long_a_text_or_name_is_noted(void **state)
{
    struct settings text = {0}, name = {0};
    char long_text[SETTING_MAX_TEXT + 1];

    (void)state;
    memset(long_text, 'x', SETTING_MAX_TEXT);
    long_text[SETTING_MAX_TEXT] = '\0';
    settings_add_text(&text, "model", long_text);
    assert_true(text.is_overfull);
    settings_add_text(&text, "model", long_text + 1);
    assert_string_equal(settings_find(&text, "model")->text, long_text + 1);
    long_text[SETTING_MAX_NAME] = '\0';
    settings_add_count(&name, long_text, 1);
    assert_true(name.is_overfull);
    assert_int_equal(name.count, 0);
}

static void test_checkpoint_write_what_no_reader_accepts_is_refused(void **state)
{
    const char *path = support_path(*state, "limits.h5");
    struct checkpoint checkpoint;
    struct error error = {0};

    fill(&checkpoint);
    assert_ok(checkpoint_write(path, &checkpoint, false, &error), &error);
    checkpoint.image.width = 65536;
    assert_fails(checkpoint_write(path, &checkpoint, false, &error), &error, STATUS_DATA);
    error = (struct error){0};
    fill(&checkpoint);
    checkpoint.classes.count = 1;
    assert_fails(checkpoint_write(path, &checkpoint, false, &error), &error, STATUS_DATA);
    error = (struct error){0};
    assert_ok(checkpoint_read(path, &checkpoint, &error), &error); /* as it was */
    checkpoint_free(&checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_checkpoint_round_trip_keeps_everything),
        SUPPORT_IN_FOLDER(test_checkpoint_write_twice_gives_the_same_bytes),
        SUPPORT_IN_FOLDER(test_settings_first_difference_names_it_with_both_values),
        SUPPORT_IN_FOLDER(test_checkpoint_read_truncated_anywhere_is_refused),
        SUPPORT_IN_FOLDER(test_checkpoint_read_altered_tensor_is_refused_by_name),
        SUPPORT_IN_FOLDER(test_checkpoint_read_other_major_version_is_refused),
        SUPPORT_IN_FOLDER(test_checkpoint_write_into_a_missing_folder_is_an_io_error),
        SUPPORT_IN_FOLDER(test_checkpoint_write_more_settings_than_fit_is_refused),
        SUPPORT_IN_FOLDER(test_settings_add_too_long_a_text_or_name_is_noted),
        SUPPORT_IN_FOLDER(test_checkpoint_write_what_no_reader_accepts_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
