/* Small datasets, written and read whole. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/hdf5/hdf5_internal.h"
#include "formats/store/rows.h"

hid_t h5_write_dataset(const struct h5_context *file, hid_t parent, const char *name,
                       hid_t file_type, hid_t memory_type, size_t rank, const uint64_t *shape,
                       const void *data)
{
    hid_t space = H5I_INVALID_HID, list = H5I_INVALID_HID, dataset = H5I_INVALID_HID;
    hsize_t dimensions[H5S_MAX_RANK];
    bool is_empty = false;

    if (!h5_ok(file))
        return dataset;
    for (size_t i = 0; i < rank; i++) {
        dimensions[i] = shape[i];
        is_empty = is_empty || shape[i] == 0;
    }
    space = h5_hold(file, H5Screate_simple((int)rank, dimensions, NULL), name,
                    "cannot make a dataspace");
    list = h5_create_dataset_list(file);
    if (h5_ok(file))
        dataset = h5_hold(
            file, H5Dcreate2(parent, name, file_type, space, H5P_DEFAULT, list, H5P_DEFAULT), name,
            "cannot create the dataset");
    if (h5_ok(file) && !is_empty &&
        H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        h5_fail(file, STATUS_IO, name, "cannot write the dataset");
    h5_close(file, &list);
    h5_close(file, &space);
    return dataset;
}

void h5_write_texts(const struct h5_context *file, hid_t parent, const char *name,
                    const struct text_list *texts)
{
    size_t longest = 1;
    uint64_t count = texts->count;
    char *block = NULL;
    hid_t type = H5I_INVALID_HID, dataset = H5I_INVALID_HID;

    if (!h5_ok(file))
        return;
    for (size_t i = 0; i < texts->count; i++) {
        size_t nbytes = strlen(texts->items[i]);

        longest = nbytes > longest ? nbytes : longest;
    }
    if (!memory_allocate(&block, texts->count, longest, file->error))
        return;
    for (size_t i = 0; i < texts->count; i++)
        memcpy(block + i * longest, texts->items[i], strlen(texts->items[i]));
    type = h5_create_text_type(file, longest);
    dataset = h5_write_dataset(file, parent, name, type, type, 1, &count, block);
    h5_close(file, &dataset);
    h5_close(file, &type);
    free(block);
}

void h5_check_dataset(const struct h5_context *file, hid_t dataset, const char *name,
                      H5T_class_t type_class, size_t rank, uint64_t *shape)
{
    hid_t space = H5I_INVALID_HID, type = H5I_INVALID_HID;
    hsize_t dimensions[H5S_MAX_RANK];
    int found_rank = 0;

    if (!h5_ok(file))
        return;
    type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (h5_ok(file) && H5Tget_class(type) != type_class)
        h5_refuse(file, name, "the dataset has the wrong type",
                  type_class == H5T_INTEGER ? "integers"
                  : type_class == H5T_FLOAT ? "floating-point numbers"
                                            : "strings",
                  NULL);
    if (h5_ok(file))
        space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the dataset's shape");
    if (h5_ok(file)) {
        found_rank = H5Sget_simple_extent_ndims(space);
        if (found_rank != (int)rank)
            h5_refuse(file, name, "the dataset has the wrong number of dimensions",
                      TEXT("%zu", rank), TEXT("%d", found_rank));
        else if (H5Sget_simple_extent_dims(space, dimensions, NULL) < 0)
            h5_fail(file, STATUS_DATA, name, "cannot read the dataset's shape");
    }
    for (size_t i = 0; h5_ok(file) && i < rank; i++)
        shape[i] = dimensions[i];
    h5_close(file, &space);
    h5_close(file, &type);
}

void h5_read_dataset(const struct h5_context *file, hid_t dataset, const char *name,
                     hid_t memory_type, void *data)
{
    hid_t space = H5I_INVALID_HID, type = H5I_INVALID_HID;

    if (!h5_ok(file))
        return;
    space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the dataset's shape");
    type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (h5_ok(file))
        rows_check_plausible(file, dataset, name, (uint64_t)H5Sget_simple_extent_npoints(space),
                             H5Tget_size(type));
    if (h5_ok(file) && H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the dataset");
    h5_close(file, &type);
    h5_close(file, &space);
}

void h5_read_texts(const struct h5_context *file, hid_t parent, const char *name,
                   struct text_list *texts)
{
    hid_t dataset = h5_open_dataset(file, parent, name), type = H5I_INVALID_HID;
    uint64_t count = 0;
    size_t nbytes = 0;
    char *block = NULL, *text = NULL;

    h5_check_dataset(file, dataset, name, H5T_STRING, 1, &count);
    if (h5_ok(file))
        type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (h5_ok(file) && H5Tis_variable_str(type) != 0)
        h5_refuse(file, name, "the dataset has the wrong type", "fixed-length strings",
                  "variable-length strings");
    if (!h5_ok(file))
        goto out;
    nbytes = H5Tget_size(type);
    rows_check_plausible(file, dataset, name, count, nbytes);
    if (!h5_ok(file) || !memory_allocate(&block, count, nbytes, file->error) ||
        !memory_allocate(&text, nbytes + 1, 1, file->error))
        goto out;
    if (count > 0)
        h5_read_dataset(file, dataset, name, type, block);
    for (uint64_t i = 0; i < count && h5_ok(file); i++) {
        memcpy(text, block + i * nbytes, nbytes);
        text_list_add(texts, text, file->error);
    }
out:
    free(text);
    free(block);
    h5_close(file, &type);
    h5_close(file, &dataset);
}
