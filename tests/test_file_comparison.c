#include "tests/support.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "formats/checkpoint/checkpoint.h"
#include "formats/comparison/file_comparison.h"

static const struct image_shape shape = {4, 5, 1};

static void compare(const char *a, const char *b, struct file_comparison *comparison)
{
    const char *const paths[2] = {a, b};
    struct error error = {0};

    assert_ok(file_comparison_run(paths, 1, comparison, &error), &error);
}

/* One list of what differs as a text. */
static void assert_differences(const struct difference_list *list, const char *expected)
{
    char text[8192] = "";
    size_t used = 0;

    for (size_t i = 0; i < list->count && i < FILE_COMPARISON_MAX_KEPT; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s: %s\n", list->kept[i].place,
                                 list->kept[i].what);
    assert_string_equal(text, expected);
}

/* Opens a file for HDF5 to change, which takes its seal. */
static hid_t open_to_change(const char *path)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);

    assert_true(file >= 0);
    return file;
}

/* Writes one value of a dataset of numbers. */
static void change_value(const char *path, const char *name, const hsize_t *place, int rank,
                         int value)
{
    const hsize_t one[] = {1, 1, 1, 1};
    hid_t file = open_to_change(path), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, one, NULL);

    assert_int_equal(H5Sget_simple_extent_ndims(space), rank);
    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, place, NULL, one, NULL) >= 0);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT, memory, space, H5P_DEFAULT, &value) >= 0);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
}

static void test_file_comparison_equal_files_are_the_same_bytes(void **state)
{
    const char *a = support_path(*state, "a.h5"), *b = support_path(*state, "b.h5");
    struct file_comparison comparison;

    support_write_store(a, shape, 2, 30, 5, 1);
    support_write_store(b, shape, 2, 30, 5, 1);
    compare(a, b, &comparison);
    assert_int_equal(comparison.result, FILE_COMPARISON_SAME_BYTES);
    assert_int_equal(comparison.kinds[0], FILE_KIND_STORE);
}

static void test_file_comparison_rewritten_file_has_the_same_contents(void **state)
{
    const char *a = support_path(*state, "a.h5"), *b = support_path(*state, "b.h5");
    struct file_comparison comparison;
    unsigned char *bytes;
    size_t nbytes;

    support_write_store(a, shape, 2, 30, 5, 1);
    bytes = support_read_file(a, &nbytes);
    support_write_file(b, bytes, nbytes);
    free(bytes);
    H5Fclose(open_to_change(b));
    compare(a, b, &comparison);
    assert_int_equal(comparison.result, FILE_COMPARISON_SAME_CONTENTS);
    assert_true(comparison.is_sealed[0]);
    assert_false(comparison.is_sealed[1]);
}

static void test_file_comparison_changed_pixels_are_counted_and_the_first_is_named(void **state)
{
    const char *a = support_path(*state, "a.h5"), *b = support_path(*state, "b.h5");
    struct file_comparison comparison;
    uint8_t pixels[20];
    uint32_t label;
    char expected[300];

    support_write_store(a, shape, 2, 30, 5, 1);
    support_write_store(b, shape, 2, 30, 5, 1);
    support_store_row(shape, 2, SPLIT_TRAIN, 7, pixels, &label);
    change_value(b, "/train/images", (const hsize_t[]){7, 2, 3}, 3, (uint8_t)(pixels[13] + 1));
    change_value(b, "/train/images", (const hsize_t[]){7, 2, 4}, 3, (uint8_t)(pixels[14] + 1));
    change_value(b, "/train/images", (const hsize_t[]){29, 0, 0}, 3, 0);
    compare(a, b, &comparison);
    assert_int_equal(comparison.result, FILE_COMPARISON_DIFFERENT);
    snprintf(expected, sizeof(expected),
             "/train/images: first at [7, 2, 3] (train/000007.png)\nA has %d\nB has %d\n"
             "3 of 600 values differ, in 2 of 30 rows\n",
             pixels[13], (uint8_t)(pixels[13] + 1));
    assert_differences(&comparison.differences, expected);
    assert_int_equal(comparison.derived.count, 0);
}

static void test_file_comparison_longer_store_says_where_the_paths_part(void **state)
{
    const char *a = support_path(*state, "a.h5"), *b = support_path(*state, "b.h5");
    struct file_comparison comparison;
    const struct difference_list *list = &comparison.differences;

    support_write_store(a, shape, 2, 30, 5, 1);
    support_write_store(b, shape, 2, 28, 5, 1);
    compare(a, b, &comparison);
    assert_int_equal(comparison.result, FILE_COMPARISON_DIFFERENT);
    assert_string_equal(list->kept[0].place, "/train/paths");
    assert_string_equal(list->kept[0].what, "A has 30 values\nB has 28");
    /* What follows from it is apart. */
    assert_true(comparison.derived.count >= 2);
    for (size_t i = 0; i < list->count; i++)
        assert_null(strstr(list->kept[i].place, "crc32"));
}

static void write_checkpoint(const char *path, uint64_t seed, float weight)
{
    float values[2] = {weight, 1};
    char *classes[] = {"a", "b"};
    struct checkpoint checkpoint = {.classes = {2, 2, classes},
                                    .image = {1, 2, 1},
                                    .epochs = 5,
                                    .num_parameters = 1,
                                    .parameters = {{"linear/weight", 2, {1, 2}, values}}};
    struct error error = {0};

    settings_add_text(&checkpoint.config, "model", "linear");
    settings_add_count(&checkpoint.config, "seed", seed);
    assert_ok(checkpoint_write(path, &checkpoint, false, &error), &error);
}

static void test_file_comparison_checkpoints_differ_in_settings_and_bits(void **state)
{
    const char *a = support_path(*state, "a.h5"), *b = support_path(*state, "b.h5");
    struct file_comparison comparison;

    write_checkpoint(a, 1, 0.0f);
    write_checkpoint(b, 2, -0.0f);
    compare(a, b, &comparison);
    assert_differences(&comparison.differences,
                       "attribute seed of /config: A has 1\nB has 2\n"
                       "/parameters/linear/weight: first at [0, 0]\nA has 0\nB has -0\n"
                       "1 of 2 values differ, in 1 of 1 rows\n");
    assert_differences(&comparison.derived,
                       "attribute crc32 of /parameters/linear/weight: A has 3905382943\n"
                       "B has 1495390861\n"
                       "attribute digest: A has "
                       "336fee0a774cd76c65ab612a7ac68f4a4f5ced432d0ea371026325c2e1b672e5\n"
                       "B has f272dddedfbe44e31f5bcf92010f22473ea78ef6f37283be140b1a98cc589901\n");
}

static void test_file_comparison_other_kinds_and_objects_differ(void **state)
{
    const char *a = support_path(*state, "a.h5"), *b = support_path(*state, "b.h5");
    struct file_comparison comparison;
    hid_t file, group;

    support_write_store(a, shape, 2, 30, 5, 1);
    write_checkpoint(b, 1, 0);
    compare(a, b, &comparison);
    assert_differences(&comparison.differences,
                       "kind: A is a quern store\nB is a quern checkpoint\n");
    assert_int_equal(remove(b), 0);
    support_write_store(b, shape, 2, 30, 5, 1);
    file = open_to_change(b);
    group = H5Gcreate2(file, "/train/notes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    H5Fclose(file);
    compare(a, b, &comparison);
    assert_differences(&comparison.differences, "/train/notes: is in B only\n");
}

static void test_file_comparison_tables_differ_in_a_line(void **state)
{
    static const char one[] = "path,class,probability,a\nx.png,a,1,1\n",
                      two[] = "path,class,probability,a\nx.png,b,1,1\ny.png,a,1,1\n";
    const char *a = support_path(*state, "a.csv"), *b = support_path(*state, "b.csv");
    struct file_comparison comparison;

    support_write_file(a, one, strlen(one));
    support_write_file(b, two, strlen(two));
    compare(a, b, &comparison);
    assert_differences(&comparison.differences, "line 2: A has x.png,a,1,1\nB has x.png,b,1,1\n");
    support_write_file(b, one, strlen(one) - 12);
    compare(a, b, &comparison);
    assert_differences(&comparison.differences,
                       "line 2: A has x.png,a,1,1\nB has the end of the file\n");
}

static void test_file_comparison_damaged_and_other_files_are_refused(void **state)
{
    const char *a = support_path(*state, "a.h5"), *b = support_path(*state, "b.h5");
    const char *const paths[2] = {a, b};
    struct file_comparison comparison;
    struct error error = {0};
    unsigned char *bytes;
    size_t nbytes;

    support_write_store(a, shape, 2, 30, 5, 1);
    bytes = support_read_file(a, &nbytes);
    for (size_t i = 600; i < nbytes - 60; i += 97) {
        bytes[i] ^= 0x55;
        support_write_file(b, bytes, nbytes);
        bytes[i] ^= 0x55;
        error = (struct error){0};
        if (file_comparison_run(paths, 1, &comparison, &error))
            assert_int_not_equal(comparison.kinds[0], comparison.kinds[1]);
        else
            assert_int_equal(error.status, STATUS_DATA);
    }
    free(bytes);
    error = (struct error){0};
    support_write_file(b, "text", 4);
    assert_fails(file_comparison_run(paths, 1, &comparison, &error), &error, STATUS_DATA);
    error = (struct error){0};
    remove(b);
    assert_fails(file_comparison_run(paths, 1, &comparison, &error), &error, STATUS_IO);
}

/* Two copies of a store with an attribute x of its own each, and what is said of it. */
struct attribute_case {
    hid_t types[2]; /* in the file */
    int ranks[2];
    hsize_t shapes[2][2];
    hid_t memory_type;
    const void *values[2];
    const char *expected; /* "": the same */
};

static void add_attribute(const char *path, const struct attribute_case *example, int index)
{
    hid_t file = open_to_change(path), attribute;
    hid_t space = example->ranks[index] > 0
                      ? H5Screate_simple(example->ranks[index], example->shapes[index], NULL)
                      : H5Screate(H5S_SCALAR);

    H5Adelete(file, "x");
    attribute = H5Acreate2(file, "x", example->types[index], space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, example->memory_type, example->values[index]) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Fclose(file);
}

static void test_file_comparison_attributes_of_other_values_types_or_shapes_differ(void **state)
{
    const int minus_five[] = {-5, 1}, minus_seven[] = {-7, 1}, count[] = {1981}, zeros[6] = {0};
    const uint64_t nans[] = {0x7ff8000000000000, 0x7ff8000000000001};
    const struct attribute_case cases[] = {
        {{H5T_STD_I64LE, H5T_STD_I64LE},
         {0},
         {{0}},
         H5T_NATIVE_INT,
         {minus_five, minus_seven},
         "attribute x: A has -5\nB has -7\n"},
        {{H5T_STD_I64LE, H5T_STD_I64LE},
         {1, 1},
         {{2}, {2}},
         H5T_NATIVE_INT,
         {minus_five, minus_seven},
         "attribute x: A has -5 1\nB has -7 1\n"},
        {{H5T_STD_I64LE, H5T_STD_I64BE}, {0}, {{0}}, H5T_NATIVE_INT, {minus_five, minus_five}, ""},
        {{H5T_STD_U64LE, H5T_STD_I64LE},
         {0},
         {{0}},
         H5T_NATIVE_INT,
         {count, minus_five},
         "attribute x: A has unsigned integers of 64 bits, one value: 1981\n"
         "B has signed integers of 64 bits, one value: -5\n"},
        {{H5T_STD_U64LE, H5T_IEEE_F64LE},
         {0},
         {{0}},
         H5T_NATIVE_INT,
         {count, count},
         "attribute x: A has unsigned integers of 64 bits, one value: 1981\n"
         "B has reals of 64 bits, one value: 1981\n"},
        {{H5T_IEEE_F32LE, H5T_IEEE_F64LE},
         {0},
         {{0}},
         H5T_NATIVE_INT,
         {count, count},
         "attribute x: A has reals of 32 bits, one value: 1981\n"
         "B has reals of 64 bits, one value: 1981\n"},
        {{H5T_IEEE_F64LE, H5T_IEEE_F64LE},
         {2, 2},
         {{2, 3}, {3, 2}},
         H5T_NATIVE_INT,
         {zeros, zeros},
         "attribute x: A has reals of 64 bits, 2 x 3: 0 0 0 0 0 0\n"
         "B has reals of 64 bits, 3 x 2: 0 0 0 0 0 0\n"},
        {{H5T_IEEE_F64LE, H5T_IEEE_F64LE},
         {0, 1},
         {{0}, {1}},
         H5T_NATIVE_INT,
         {count, count},
         "attribute x: A has reals of 64 bits, one value: 1981\n"
         "B has reals of 64 bits, 1: 1981\n"},
        {{H5T_IEEE_F64LE, H5T_IEEE_F64LE},
         {0},
         {{0}},
         H5T_IEEE_F64LE,
         {&nans[0], &nans[1]},
         "attribute x: A has nan\nB has nan\nin other bits\n"},
    };
    const char *paths[] = {support_path(*state, "a.h5"), support_path(*state, "b.h5")};

    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    for (int i = 0; i < 2; i++)
        support_write_store(paths[i], shape, 2, 30, 5, 1);
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        struct file_comparison comparison;

        for (int i = 0; i < 2; i++)
            add_attribute(paths[i], &cases[k], i);
        compare(paths[0], paths[1], &comparison);
        assert_differences(&comparison.differences, cases[k].expected);
        assert_int_equal(comparison.derived.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_file_comparison_equal_files_are_the_same_bytes),
        SUPPORT_IN_FOLDER(test_file_comparison_rewritten_file_has_the_same_contents),
        SUPPORT_IN_FOLDER(test_file_comparison_changed_pixels_are_counted_and_the_first_is_named),
        SUPPORT_IN_FOLDER(test_file_comparison_longer_store_says_where_the_paths_part),
        SUPPORT_IN_FOLDER(test_file_comparison_checkpoints_differ_in_settings_and_bits),
        SUPPORT_IN_FOLDER(test_file_comparison_other_kinds_and_objects_differ),
        SUPPORT_IN_FOLDER(test_file_comparison_attributes_of_other_values_types_or_shapes_differ),
        SUPPORT_IN_FOLDER(test_file_comparison_tables_differ_in_a_line),
        SUPPORT_IN_FOLDER(test_file_comparison_damaged_and_other_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
