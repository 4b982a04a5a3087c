/* Datasets: written and read whole, and what must hold for one before anything of it is read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/decompress.h"
#include "common/memory.h"
#include "common/text.h"
#include "formats/hdf5/hdf5.h"
#include "formats/hdf5/hdf5_check.h"

hid_t h5_create_dataset_list(const struct h5_context *file)
{
    hid_t list = H5I_INVALID_HID;

    if (!h5_ok(file))
        return list;
    list = H5Pcreate(H5P_DATASET_CREATE);
    if (list < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot make a property list");
    list = h5_hold(file, list, NULL, "cannot make a property list");
    if (h5_ok(file) && H5Pset_obj_track_times(list, false) < 0)
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot set dataset properties");
    return list;
}

hid_t h5_create_text_type(const struct h5_context *file, size_t nbytes)
{
    hid_t type = H5I_INVALID_HID;

    if (!h5_ok(file))
        return type;
    type = h5_hold(file, H5Tcopy(H5T_C_S1), NULL, "cannot make a string type");
    if (h5_ok(file) &&
        (H5Tset_size(type, nbytes ? nbytes : 1) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
         H5Tset_cset(type, H5T_CSET_UTF8) < 0))
        h5_fail(file, STATUS_INTERNAL, NULL, "cannot make a string type");
    return type;
}

/* ---- writing ---- */

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

/* ---- what must hold before anything is read ---- */

const char *h5_class_name(H5T_class_t type_class)
{
    return type_class == H5T_INTEGER  ? "integers"
           : type_class == H5T_FLOAT  ? "floating-point numbers"
           : type_class == H5T_STRING ? "fixed-length strings"
                                      : "another type";
}

void h5_check_type(const struct h5_context *file, hid_t type, const char *name)
{
    H5T_class_t type_class = H5Tget_class(type);
    size_t nbytes = H5Tget_size(type);

    if ((type_class != H5T_INTEGER && type_class != H5T_FLOAT && type_class != H5T_STRING) ||
        nbytes == 0)
        h5_refuse(file, name, "is of a type that no file of quern has", "numbers or strings", NULL);
    else if (type_class == H5T_STRING && H5Tis_variable_str(type) != 0)
        h5_refuse(file, name, "is of a type that no file of quern has", "fixed-length strings",
                  "variable-length strings");
    else if (type_class != H5T_STRING && nbytes > sizeof(uint64_t))
        h5_refuse(file, name, "is of a type that no file of quern has", "numbers of 8 bytes",
                  TEXT("%zu bytes", nbytes));
}

/* The values are in the file itself, as this program, or h5repack with the filters that every HDF5
 * library has, stores them. */
static void h5_check_layout(const struct h5_context *file, hid_t list, const char *name)
{
    H5D_layout_t layout = H5Pget_layout(list);
    int num_filters = H5Pget_nfilters(list);
    unsigned flags;

    if (layout == H5D_VIRTUAL)
        h5_refuse(file, name, "is a virtual dataset: its values are in other datasets", NULL, NULL);
    else if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
        h5_refuse(file, name, "has an unknown layout", NULL, NULL);
    else if (H5Pget_external_count(list) != 0)
        h5_refuse(file, name, "has external storage: its values are in another file", NULL, NULL);
    for (int i = 0; i < num_filters && h5_ok(file); i++) {
        H5Z_filter_t filter =
            H5Pget_filter2(list, (unsigned)i, &flags, &(size_t){0}, NULL, 0, NULL, NULL);

        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
            filter != H5Z_FILTER_FLETCHER32)
            h5_refuse(file, name, "has an unknown filter", "deflate, shuffle or fletcher32",
                      TEXT("filter %d", (int)filter));
    }
}

static uint64_t h5_multiply(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* Bytes that a dataset claims to have. */
static uint64_t h5_claimed_nbytes(const struct h5_context *file, hid_t dataset, size_t value_nbytes,
                                  const char *name)
{
    hid_t space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the dataset's shape");
    hsize_t shape[H5S_MAX_RANK];
    uint64_t nbytes = value_nbytes;
    int rank = -1;

    if (h5_ok(file) && H5Sget_simple_extent_type(space) != H5S_NULL)
        rank = H5Sget_simple_extent_dims(space, shape, NULL);
    if (h5_ok(file) && rank < 0)
        h5_refuse(file, name, "the dataset has no shape", NULL, NULL);
    /* Sizes of 0 count as such, wherever among the others they stand. */
    for (int i = 0; i < rank; i++)
        if (shape[i] == 0)
            nbytes = 0;
    for (int i = 0; i < rank; i++)
        nbytes = h5_multiply(nbytes, shape[i]);
    h5_close(file, &space);
    return nbytes;
}

/*
 * Refuses a dataset of which the values, or one chunk, claim more than its bytes in the file can
 * decompress to; before there is memory for it, ours or HDF5's.
 */
static void h5_check_claims(const struct h5_context *file, hid_t dataset, size_t value_nbytes,
                            const char *name)
{
    uint64_t chunk_nbytes = h5_chunk_nbytes(file, dataset, name);
    uint64_t claimed = h5_claimed_nbytes(file, dataset, value_nbytes, name);
    uint64_t file_nbytes = h5_file_nbytes(file, dataset), stored = 0;
    uint64_t ratio = chunk_nbytes > 0 ? DECOMPRESS_MAX_RATIO : 1;

    if (h5_ok(file)) {
        stored = H5Dget_storage_size(dataset);
        if (stored == 0 && H5Eget_num(H5E_DEFAULT) > 0) /* 0 is its only sign of failure, too */
            h5_fail(file, STATUS_DATA, name, "cannot tell how much is stored");
    }
    if (!h5_ok(file) || claimed == 0)
        return;
    if (stored > file_nbytes)
        stored = file_nbytes;
    if (claimed < chunk_nbytes)
        claimed = chunk_nbytes;
    if (claimed / ratio > stored)
        h5_refuse(file, name, "claims more data than the file can hold",
                  TEXT("at most %" PRIu64 " times its %" PRIu64 " bytes", ratio, stored),
                  TEXT("%" PRIu64 " bytes, chunks of %" PRIu64, claimed, chunk_nbytes));
    /* HDF5 keeps half a kilobyte for each chunk that it reads. */
    if (h5_ok(file) && chunk_nbytes > 0 && claimed / chunk_nbytes > stored)
        h5_refuse(file, name, "claims more chunks than the file has bytes for",
                  TEXT("at most %" PRIu64, stored), TEXT("%" PRIu64, claimed / chunk_nbytes));
}

hid_t h5_open_dataset(const struct h5_context *file, hid_t root, const char *name)
{
    hid_t dataset = h5_open_object(file, root, name);
    hid_t list = H5I_INVALID_HID, type = H5I_INVALID_HID;

    /* The layout first: HDF5 looks for other files when it is asked for a virtual dataset's shape.
     */
    if (h5_ok(file))
        list = h5_hold(file, H5Dget_create_plist(dataset), name, "cannot read the layout");
    if (h5_ok(file))
        h5_check_layout(file, list, name);
    if (h5_ok(file))
        type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (h5_ok(file))
        h5_check_type(file, type, name);
    if (h5_ok(file))
        h5_check_claims(file, dataset, H5Tget_size(type), name);
    h5_close(file, &type);
    h5_close(file, &list);
    return dataset;
}

uint64_t h5_chunk_nbytes(const struct h5_context *file, hid_t dataset, const char *name)
{
    hid_t list = H5I_INVALID_HID, type = H5I_INVALID_HID;
    hsize_t chunk[H5S_MAX_RANK];
    uint64_t nbytes = 0;
    int rank;

    if (!h5_ok(file))
        return 0;
    list = h5_hold(file, H5Dget_create_plist(dataset), name, "cannot read the layout");
    type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the type");
    if (h5_ok(file) && H5Pget_layout(list) == H5D_CHUNKED) {
        rank = H5Pget_chunk(list, H5S_MAX_RANK, chunk);
        nbytes = H5Tget_size(type);
        for (int i = 0; i < rank; i++)
            nbytes = h5_multiply(nbytes, chunk[i]);
    }
    h5_close(file, &type);
    h5_close(file, &list);
    return nbytes;
}

/* ---- reading ---- */

size_t h5_dataset_rank(const struct h5_context *file, hid_t dataset, const char *name)
{
    hid_t space = H5I_INVALID_HID;
    int rank = 0;

    if (!h5_ok(file))
        return 0;
    space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the dataset's shape");
    if (h5_ok(file))
        rank = H5Sget_simple_extent_ndims(space);
    h5_close(file, &space);
    return rank > 0 ? (size_t)rank : 0;
}

void h5_check_dataset(const struct h5_context *file, hid_t dataset, const char *name,
                      H5T_class_t type_class, size_t rank, uint64_t *shape)
{
    hid_t space = H5I_INVALID_HID, type = H5I_INVALID_HID;
    hsize_t dimensions[H5S_MAX_RANK];
    size_t found_rank = h5_dataset_rank(file, dataset, name);

    if (!h5_ok(file))
        return;
    type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (h5_ok(file) && H5Tget_class(type) != type_class)
        h5_refuse(file, name, "the dataset has the wrong type", h5_class_name(type_class),
                  h5_class_name(H5Tget_class(type)));
    if (h5_ok(file))
        space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the dataset's shape");
    if (h5_ok(file) && found_rank != rank)
        h5_refuse(file, name, "the dataset has the wrong number of dimensions", TEXT("%zu", rank),
                  TEXT("%zu", found_rank));
    if (h5_ok(file) && H5Sget_simple_extent_dims(space, dimensions, NULL) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the dataset's shape");
    for (size_t i = 0; h5_ok(file) && i < rank; i++)
        shape[i] = dimensions[i];
    h5_close(file, &space);
    h5_close(file, &type);
}

void h5_read_dataset(const struct h5_context *file, hid_t dataset, const char *name,
                     hid_t memory_type, void *data)
{
    if (h5_ok(file) && H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the dataset");
}

void h5_read_texts(const struct h5_context *file, hid_t root, const char *name,
                   struct text_list *texts)
{
    hid_t dataset = h5_open_dataset(file, root, name), type = H5I_INVALID_HID;
    uint64_t count = 0;
    size_t nbytes = 0;
    char *block = NULL, *text = NULL;

    h5_check_dataset(file, dataset, name, H5T_STRING, 1, &count);
    if (h5_ok(file))
        type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (!h5_ok(file))
        goto out;
    nbytes = H5Tget_size(type);
    if (!memory_allocate(&block, count, nbytes, file->error) ||
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
