/*
 * Lists of what is in a group or at an object.  The files are like those that other programs write:
 * no seal, and HDF5's oldest structures, which have no checksums, so that damage reaches HDF5.
 */
#include "tests/support.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "formats/hdf5/hdf5.h"

enum { NUM_ATTRIBUTES = 12, NUM_LINKS = 6 };

static void add_attribute(hid_t object, const char *name)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);

    assert_true(attribute >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

static void add_group(hid_t parent, const char *name)
{
    hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    assert_true(group >= 0);
    H5Gclose(group);
}

static void add_dataset(hid_t parent, const char *name)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t dataset =
        H5Dcreate2(parent, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    assert_true(dataset >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

/* Attributes of the root; a group "links" whose links lie in its header. */
static void write_file(const char *path)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t list = H5Pcreate(H5P_GROUP_CREATE), group;

    assert_true(file >= 0);
    for (int i = NUM_ATTRIBUTES - 1; i >= 0; i--)
        add_attribute(file, TEXT("attribute-%02d", i));
    assert_true(H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED) >= 0);
    group = H5Gcreate2(file, "links", H5P_DEFAULT, list, H5P_DEFAULT);
    for (int i = NUM_LINKS - 1; i >= 0; i--)
        add_group(group, TEXT("link-%02d", i));
    add_dataset(group, "link-02/z");
    add_dataset(group, "link-02/a");
    add_dataset(group, "link-02-a");
    H5Gclose(group);
    H5Pclose(list);
    H5Fclose(file);
}

struct lists {
    struct text_list attributes, groups, datasets, below;
};

static void free_lists(struct lists *lists)
{
    text_list_free(&lists->attributes);
    text_list_free(&lists->groups);
    text_list_free(&lists->datasets);
    text_list_free(&lists->below);
}

/* Lists everything, but what comes after the first failure. */
static bool read_lists(const char *path, struct lists *lists, struct error *error)
{
    const struct h5_opening opening = {.num_threads = 1};
    struct h5_context file = {.path = path, .error = error};
    bool is_sealed;
    hid_t root = h5_open_file(&file, &opening, &is_sealed), group;

    *lists = (struct lists){0};
    h5_list_attributes(&file, root, &lists->attributes);
    group = h5_open_group(&file, root, "/links");
    h5_list_children(&file, group, "/links", &lists->groups, &lists->datasets);
    h5_list_datasets(&file, group, "/links", &lists->below);
    h5_close(&file, &group);
    h5_close_file(&file, &root);
    return error_ok(error);
}

static void assert_list(const struct text_list *list, const char *expected)
{
    char text[1024] = "";
    size_t used = 0;

    for (size_t i = 0; i < list->count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                 list->items[i]);
    assert_string_equal(text, expected);
}

static void test_h5_list_is_in_order_of_names(void **state)
{
    const char *path = support_path(*state, "file.h5");
    struct error error = {0};
    struct lists lists;

    write_file(path);
    assert_ok(read_lists(path, &lists, &error), &error);
    assert_int_equal(lists.attributes.count, NUM_ATTRIBUTES);
    for (int i = 0; i < NUM_ATTRIBUTES; i++)
        assert_string_equal(lists.attributes.items[i], TEXT("attribute-%02d", i));
    assert_list(&lists.groups, "link-00 link-01 link-02 link-03 link-04 link-05");
    assert_list(&lists.datasets, "link-02-a");
    /* A group's own before its neighbours, whatever the bytes of the paths. */
    assert_list(&lists.below, "link-02/a link-02/z link-02-a");
    free_lists(&lists);
}

/* The place of a text in bytes; nbytes where it is not. */
static size_t find(const unsigned char *bytes, size_t nbytes, const char *text)
{
    size_t length = strlen(text), i = 0;

    while (i + length <= nbytes && memcmp(bytes + i, text, length) != 0)
        i++;
    return i + length <= nbytes ? i : nbytes;
}

/* Writes a copy with a byte changed, and demands that it is refused. */
static void assert_damage_is_refused(const char *path, unsigned char *bytes, size_t nbytes,
                                     size_t place)
{
    struct error error = {0};
    struct lists lists;
    unsigned char byte = bytes[place];

    bytes[place] = byte == 0 ? 0xff : 0;
    support_write_file(path, bytes, nbytes);
    bytes[place] = byte;
    assert_fails(read_lists(path, &lists, &error), &error, STATUS_DATA);
    assert_string_equal(error.file, path);
    assert_int_equal(h5_num_live_handles(), 0);
    free_lists(&lists);
}

/* A name cut short by a NUL, of each attribute after whole ones have been listed: HDF5 has tables
 * from them to fill again. */
static void test_h5_list_attributes_damaged_one_is_refused(void **state)
{
    const char *path = support_path(*state, "file.h5"), *copy = support_path(*state, "copy.h5");
    unsigned char *bytes;
    size_t nbytes;

    write_file(path);
    bytes = support_read_file(path, &nbytes);
    for (int i = 0; i < NUM_ATTRIBUTES; i++) {
        size_t place = find(bytes, nbytes, TEXT("attribute-%02d", i));
        struct error error = {0};
        struct lists lists;

        assert_ok(read_lists(path, &lists, &error), &error);
        free_lists(&lists);
        assert_true(place < nbytes);
        assert_damage_is_refused(copy, bytes, nbytes, place);
    }
    free(bytes);
}

/* The version of each link, which stands before its flags, order of creation and length. */
static void test_h5_list_children_damaged_link_is_refused(void **state)
{
    enum { NAME_AFTER_VERSION = 11 };
    const char *path = support_path(*state, "file.h5"), *copy = support_path(*state, "copy.h5");
    unsigned char *bytes;
    size_t nbytes;

    write_file(path);
    bytes = support_read_file(path, &nbytes);
    for (int i = 0; i < NUM_LINKS; i++) {
        size_t place = find(bytes, nbytes, TEXT("link-%02d", i));

        assert_true(place < nbytes);
        assert_int_equal(bytes[place - NAME_AFTER_VERSION], 1);
        assert_damage_is_refused(copy, bytes, nbytes, place - NAME_AFTER_VERSION);
    }
    free(bytes);
}

/* A group that holds itself. */
static void test_h5_list_datasets_loop_is_refused(void **state)
{
    const char *path = support_path(*state, "file.h5");
    struct error error = {0};
    struct lists lists;
    hid_t file;

    write_file(path);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    for (int i = 0; i < 9; i++)
        assert_true(H5Lcreate_hard(file, "links", file, TEXT("links/loop-%d", i), H5P_DEFAULT,
                                   H5P_DEFAULT) >= 0);
    H5Fclose(file);
    assert_fails(read_lists(path, &lists, &error), &error, STATUS_DATA);
    assert_non_null(strstr(error.what, "too deep"));
    assert_int_equal(h5_num_live_handles(), 0);
    free_lists(&lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_h5_list_is_in_order_of_names),
        SUPPORT_IN_FOLDER(test_h5_list_attributes_damaged_one_is_refused),
        SUPPORT_IN_FOLDER(test_h5_list_children_damaged_link_is_refused),
        SUPPORT_IN_FOLDER(test_h5_list_datasets_loop_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
