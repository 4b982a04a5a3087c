/* Rows of a shard into a store that is being written. */
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/store_internal.h"
#include "formats/store/store_shard.h"

/* Consecutive rows of a split of a shard, without their pixels. */
struct shard_rows {
    uint64_t first, count;
    uint32_t *file_crc32;   /* [count] */
    char *paths;            /* [count][path_nbytes] */
    size_t path_nbytes;     /* with a NUL at the end */
    struct store_row *rows; /* [count] */
};

/* Reads elements first to first + count - 1 of a one-dimensional dataset. */
static void shard_rows_read_elements(const struct h5_context *file, hid_t dataset, const char *name,
                                     hid_t memory_type, const struct shard_rows *taken, void *data)
{
    hsize_t start = taken->first, count = taken->count;
    hid_t file_space = H5I_INVALID_HID, memory_space = H5I_INVALID_HID;

    if (h5_ok(file))
        file_space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the shape");
    if (h5_ok(file))
        memory_space =
            h5_hold(file, H5Screate_simple(1, &count, NULL), name, "cannot make a dataspace");
    if (h5_ok(file) &&
        (H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, NULL, &count, NULL) < 0 ||
         H5Dread(dataset, memory_type, memory_space, file_space, H5P_DEFAULT, data) < 0))
        h5_fail(file, STATUS_DATA, name, "cannot read rows");
    h5_close(file, &memory_space);
    h5_close(file, &file_space);
}

/* Opens a dataset of a split that has as many rows as the split. */
static hid_t shard_rows_open(const struct h5_context *file, const struct store *shard,
                             enum split which, const char *name, H5T_class_t type_class)
{
    hid_t dataset = h5_open_dataset(file, store_root(shard), name);
    uint64_t num_rows = 0;

    h5_check_dataset(file, dataset, name, type_class, 1, &num_rows);
    if (h5_ok(file) && num_rows != store_num_rows(shard, which))
        h5_refuse(file, name, "wrong number of rows",
                  TEXT("%llu", (unsigned long long)store_num_rows(shard, which)),
                  TEXT("%llu", (unsigned long long)num_rows));
    return dataset;
}

static void shard_rows_read_paths(const struct h5_context *file, const struct store *shard,
                                  enum split which, size_t max_path_nbytes,
                                  struct shard_rows *taken)
{
    const char *name = TEXT("/%s/paths", split_names[which]);
    hid_t dataset = shard_rows_open(file, shard, which, name, H5T_STRING);
    hid_t type = H5I_INVALID_HID, memory_type = H5I_INVALID_HID;

    if (h5_ok(file))
        type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the dataset's type");
    if (h5_ok(file) && (H5Tis_variable_str(type) != 0 || H5Tget_size(type) > max_path_nbytes))
        h5_refuse(file, name, "the dataset has the wrong type",
                  TEXT("strings of at most %zu bytes", max_path_nbytes), NULL);
    taken->path_nbytes = max_path_nbytes + 1;
    if (h5_ok(file) &&
        memory_allocate(&taken->paths, taken->count, taken->path_nbytes, file->error)) {
        memory_type = h5_create_text_type(file, taken->path_nbytes);
        shard_rows_read_elements(file, dataset, name, memory_type, taken, taken->paths);
    }
    h5_close(file, &memory_type);
    h5_close(file, &type);
    h5_close(file, &dataset);
}

static void shard_rows_read(const struct h5_context *file, const struct store *shard,
                            enum split which, size_t max_path_nbytes, struct shard_rows *taken)
{
    const char *name = TEXT("/%s/crc32", split_names[which]);
    const uint32_t *labels = store_labels(shard, which) + taken->first;
    const uint32_t *pixel_crc32 = store_pixel_crc32(shard, which) + taken->first;
    hid_t dataset = shard_rows_open(file, shard, which, name, H5T_INTEGER);

    if (h5_ok(file) &&
        memory_allocate(&taken->file_crc32, taken->count, sizeof(uint32_t), file->error))
        shard_rows_read_elements(file, dataset, name, H5T_NATIVE_UINT32, taken, taken->file_crc32);
    h5_close(file, &dataset);
    shard_rows_read_paths(file, shard, which, max_path_nbytes, taken);
    if (!h5_ok(file) ||
        !memory_allocate(&taken->rows, taken->count, sizeof(*taken->rows), file->error))
        return;
    for (uint64_t i = 0; i < taken->count; i++)
        taken->rows[i] = (struct store_row){taken->paths + i * taken->path_nbytes, labels[i],
                                            taken->file_crc32[i], pixel_crc32[i]};
}

/* Copies the chunk that begins with row `done` of those taken. */
static void shard_rows_copy_chunk(struct store_writer *writer, const struct h5_context *file,
                                  const struct store *shard, enum split which,
                                  const struct shard_rows *taken, uint64_t done)
{
    struct split_writer *split = &writer->splits[which];
    uint64_t first = taken->first + done, count = split->images.chunk_rows;

    if (!store_check_planned(writer, which, count) ||
        !store_append_facts(writer, which, count, taken->rows + done))
        return;
    row_writer_copy_chunk(&split->images, file, store_images(shard, which), first);
    split->num_rows += count;
}

static void shard_rows_append_pixels(struct store_writer *writer, struct store *shard,
                                     enum split which, const struct shard_rows *taken,
                                     uint64_t done, struct error *error)
{
    uint64_t count = taken->count - done;
    uint8_t *pixels;

    if (memory_allocate(&pixels, count, image_num_values(&writer->image), error) &&
        store_read_pixels(shard, which, taken->first + done, count, writer->num_threads, pixels,
                          error))
        store_append(writer, which, count, taken->rows + done, pixels, error);
    free(pixels);
}

bool store_append_shard(struct store_writer *writer, struct store *shard, enum split which,
                        uint64_t first, uint64_t count, struct error *error)
{
    struct h5_context file = store_context(shard, error);
    struct split_writer *split = &writer->splits[which];
    struct shard_rows taken = {.first = first, .count = count};
    uint64_t done = 0;

    writer->file.error = error;
    if (count == 0)
        return error_ok(error);
    if (first > store_num_rows(shard, which) || count > store_num_rows(shard, which) - first ||
        !split->is_open)
        return error_set(error, STATUS_INTERNAL, ERROR_AT(.file = file.path),
                         "rows past the end of a split");
    shard_rows_read(&file, shard, which, writer->max_path_nbytes, &taken);
    while (done < count && h5_ok(&file) &&
           row_writer_can_copy(&split->images, &file, store_images(shard, which), first + done,
                               count - done)) {
        shard_rows_copy_chunk(writer, &file, shard, which, &taken, done);
        done += split->images.chunk_rows;
    }
    if (done < count && h5_ok(&file))
        shard_rows_append_pixels(writer, shard, which, &taken, done, error);
    free(taken.file_crc32);
    free(taken.paths);
    free(taken.rows);
    return error_ok(error);
}
