#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/store_internal.h"

/* Paths that are read at a time by who looks for one. */
enum { LOOK_ROWS = 4096 };

static hid_t store_look_open(const struct h5_context *file, const struct store *store,
                             const char *name, H5T_class_t type_class, size_t rank, uint64_t *shape)
{
    hid_t dataset = h5_open_dataset(file, store_root(store), name);

    h5_check_dataset(file, dataset, name, type_class, rank, shape);
    return dataset;
}

/* Rows first .. first + count - 1 of a dataset of this rank and shape. */
static void store_look_read(const struct h5_context *file, hid_t dataset, const char *name,
                            hid_t memory_type, size_t rank, const uint64_t *shape, uint64_t first,
                            uint64_t count, void *data)
{
    hsize_t start[ROWS_MAX_RANK] = {first}, size[ROWS_MAX_RANK] = {count};
    hid_t file_space = H5I_INVALID_HID, memory_space = H5I_INVALID_HID;

    for (size_t d = 1; d < rank; d++)
        size[d] = shape[d];
    if (h5_ok(file) && (first > shape[0] || count > shape[0] - first))
        error_set(file->error, STATUS_INTERNAL, ERROR_AT(.file = file->path, .dataset = name),
                  "rows past the end of a dataset");
    if (h5_ok(file))
        file_space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the dataset's shape");
    if (h5_ok(file))
        memory_space = h5_hold(file, H5Screate_simple((int)rank, size, NULL), name,
                               "cannot describe the rows");
    if (h5_ok(file) &&
        (H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
         H5Dread(dataset, memory_type, memory_space, file_space, H5P_DEFAULT, data) < 0))
        h5_fail(file, STATUS_DATA, name, "cannot read the dataset");
    h5_close(file, &memory_space);
    h5_close(file, &file_space);
}

/* Calls take for each of the paths of some rows until it returns false. */
static void store_look_paths(const struct h5_context *file, struct store *store, enum split which,
                             uint64_t first, uint64_t end,
                             bool (*take)(void *context, uint64_t row, const char *path),
                             void *context)
{
    const char *name = TEXT("/%s/paths", split_names[which]);
    uint64_t num_rows = 0;
    hid_t dataset = store_look_open(file, store, name, H5T_STRING, 1, &num_rows);
    hid_t type = H5I_INVALID_HID;
    char *block = NULL, *path = NULL;
    size_t nbytes = 0;
    bool goes_on = true;

    if (h5_ok(file) && num_rows != store_num_rows(store, which))
        h5_refuse(file, name, "wrong number of rows", NULL, NULL);
    if (h5_ok(file))
        type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (h5_ok(file)) {
        nbytes = H5Tget_size(type);
        if (memory_allocate(&block, end - first < LOOK_ROWS ? end - first : LOOK_ROWS, nbytes,
                            file->error))
            memory_allocate(&path, nbytes + 1, 1, file->error);
    }
    for (uint64_t row = first; row < end && goes_on && h5_ok(file);) {
        uint64_t count = end - row < LOOK_ROWS ? end - row : LOOK_ROWS;

        store_look_read(file, dataset, name, type, 1, &num_rows, row, count, block);
        for (uint64_t i = 0; i < count && goes_on && h5_ok(file); i++) {
            memcpy(path, block + i * nbytes, nbytes);
            goes_on = take(context, row + i, path);
        }
        row += count;
    }
    free(path);
    free(block);
    h5_close(file, &type);
    h5_close(file, &dataset);
}

/* ---- paths ---- */

static bool store_look_copy(void *context, uint64_t row, const char *path)
{
    (void)row;
    *(char **)context = strdup(path);
    return false;
}

bool store_read_path(struct store *store, enum split which, uint64_t row, char **path,
                     struct error *error)
{
    struct h5_context file = store_context(store, error);

    *path = NULL;
    store_look_paths(&file, store, which, row, row + 1, store_look_copy, path);
    return error_ok(error) && (*path || error_set_memory(error, 1));
}

struct store_search {
    const char *path;
    uint64_t row;
    bool is_found;
};

static bool store_look_compare(void *context, uint64_t row, const char *path)
{
    struct store_search *search = context;

    search->is_found = strcmp(path, search->path) == 0;
    search->row = row;
    return !search->is_found;
}

bool store_find_path(struct store *store, const char *path, enum split *which, uint64_t *row,
                     bool *is_found, struct error *error)
{
    struct h5_context file = store_context(store, error);
    struct store_search search = {.path = path};

    for (int s = 0; s < NUM_SPLITS && !search.is_found && error_ok(error); s++) {
        *which = (enum split)s;
        if (store_num_rows(store, *which) > 0)
            store_look_paths(&file, store, *which, 0, store_num_rows(store, *which),
                             store_look_compare, &search);
    }
    *row = search.row;
    *is_found = search.is_found;
    return error_ok(error);
}

/* ---- the rest ---- */

bool store_read_one_file_crc32(struct store *store, enum split which, uint64_t row, uint32_t *crc32,
                               struct error *error)
{
    struct h5_context file = store_context(store, error);
    const char *name = TEXT("/%s/crc32", split_names[which]);
    uint64_t num_rows = 0;
    hid_t dataset = store_look_open(&file, store, name, H5T_INTEGER, 1, &num_rows);

    if (h5_ok(&file) && num_rows != store_num_rows(store, which))
        h5_refuse(&file, name, "wrong number of rows", NULL, NULL);
    store_look_read(&file, dataset, name, H5T_NATIVE_UINT32, 1, &num_rows, row, 1, crc32);
    h5_close(&file, &dataset);
    return error_ok(error);
}

bool store_read_class_mean(struct store *store, enum split which, uint32_t label, float *mean,
                           struct error *error)
{
    struct h5_context file = store_context(store, error);
    const struct image_shape *image = store_image_shape(store);
    const char *name = TEXT("/%s/class_means", split_names[which]);
    uint64_t shape[ROWS_MAX_RANK] = {0};
    hid_t dataset = store_look_open(&file, store, name, H5T_FLOAT, store_image_rank(image), shape);

    if (h5_ok(&file) &&
        (shape[0] != store_classes(store)->count || shape[1] != image->height ||
         shape[2] != image->width || (image->channels == 3 && shape[3] != image->channels)))
        h5_refuse(&file, name, "wrong shape", NULL, NULL);
    store_look_read(&file, dataset, name, H5T_NATIVE_FLOAT, store_image_rank(image), shape, label,
                    1, mean);
    h5_close(&file, &dataset);
    return error_ok(error);
}

bool store_read_storage(struct store *store, enum split which, struct store_storage *storage,
                        struct error *error)
{
    struct h5_context file = store_context(store, error);
    hid_t images = store_images(store, which), list = H5I_INVALID_HID;
    hsize_t chunk[ROWS_MAX_RANK] = {0};
    int rank = (int)store_image_rank(store_image_shape(store));

    *storage = (struct store_storage){.file_nbytes = h5_file_nbytes(&file, images)};
    storage->stored_nbytes = H5Dget_storage_size(images);
    list = h5_hold(&file, H5Dget_create_plist(images), split_names[which],
                   "cannot read how the images are stored");
    if (h5_ok(&file) && H5Pget_layout(list) == H5D_CHUNKED &&
        H5Pget_chunk(list, rank, chunk) == rank)
        storage->chunk_rows = chunk[0];
    h5_close(&file, &list);
    return error_ok(error);
}
