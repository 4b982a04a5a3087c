/* What a shard has besides a store: which part it is, and the sums of its pixels. */
#include "formats/store/store_shard.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/store_internal.h"

uint64_t store_shard_granule(const struct image_shape *image)
{
    /* Chunks of gray images have as many rows as those of RGB images, or a multiple. */
    return rows_choose_chunk_rows(image->height * image->width);
}

/* ---- writing ---- */

void store_write_class_sums(struct store_writer *writer, enum split which, const uint64_t *sums)
{
    static const char *const labels[] = {"class", "height", "width", "channel"};
    const struct h5_context *file = &writer->file;
    uint64_t shape[] = {writer->classes.count, writer->image.height, writer->image.width,
                        writer->image.channels};
    size_t rank = store_image_rank(&writer->image);
    hid_t dataset = h5_write_dataset(file, writer->splits[which].group, "class_sums", H5T_STD_U64LE,
                                     H5T_NATIVE_UINT64, rank, shape, sums);

    h5_write_dimension_labels(file, dataset, labels, rank);
    h5_write_text_attribute(file, dataset, "units", "sum of intensities, each 0 to 255");
    h5_close(file, &dataset);
}

void store_write_shard(struct store_writer *writer, const uint64_t *file_hashes)
{
    static const char *const labels[] = {"split", "class"};
    const struct h5_context *file = &writer->file;
    const struct store_shard *shard = writer->shard;
    uint64_t shape[] = {NUM_SPLITS, writer->classes.count};
    uint64_t num_files = store_shard_num_files(shard);
    hid_t group = h5_create_group(file, writer->root, "shard"), dataset;

    h5_write_text_attribute(file, group, "description",
                            "this file holds the files first to end - 1 of each split's list; "
                            "numbers of three are of train, valid and test");
    h5_write_count_attribute(file, group, "index", shard->index);
    h5_write_count_attribute(file, group, "count", shard->count);
    h5_write_counts_attribute(file, group, "first", shard->first, NUM_SPLITS);
    h5_write_counts_attribute(file, group, "end", shard->end, NUM_SPLITS);
    h5_write_counts_attribute(file, group, "num_files", shard->num_files, NUM_SPLITS);
    h5_write_count_attribute(file, group, "max_path_nbytes", shard->max_path_nbytes);
    h5_write_count_attribute(file, group, "compression_level", (uint64_t)writer->compression_level);
    h5_write_text_attribute(file, group, "list_digest", shard->list_digest);
    dataset = h5_write_dataset(file, group, "class_files", H5T_STD_U64LE, H5T_NATIVE_UINT64, 2,
                               shape, shard->class_files);
    h5_write_dimension_labels(file, dataset, labels, 2);
    h5_write_text_attribute(file, dataset, "description",
                            "files of each class in each split of the whole source");
    h5_close(file, &dataset);
    dataset = h5_write_dataset(file, group, "file_hashes", H5T_STD_U64LE, H5T_NATIVE_UINT64, 1,
                               &num_files, file_hashes);
    h5_write_text_attribute(file, dataset, "description",
                            "of path, size and time of each file of the shard, split by split; "
                            "/source/digest of the whole store is made of them");
    h5_close(file, &dataset);
    h5_close(file, &group);
}

/* ---- reading ---- */

static void store_shard_check_ranges(const struct h5_context *file, const struct store *store,
                                     const struct store_shard *shard)
{
    if (!h5_ok(file))
        return;
    if (shard->count > STORE_MAX_SHARDS || shard->index < 1 || shard->index > shard->count)
        h5_refuse(file, "/shard", "wrong number of the shard",
                  TEXT("1 to the count, at most %d", STORE_MAX_SHARDS),
                  TEXT("%llu of %llu", (unsigned long long)shard->index,
                       (unsigned long long)shard->count));
    if (shard->compression_level < 1 || shard->compression_level > 9)
        h5_refuse(file, "/shard", "wrong compression_level", "1 to 9",
                  TEXT("%llu", (unsigned long long)shard->compression_level));
    if (shard->max_path_nbytes > STORE_MAX_PATH_NBYTES)
        h5_refuse(file, "/shard", "wrong max_path_nbytes",
                  TEXT("at most %d", STORE_MAX_PATH_NBYTES),
                  TEXT("%llu", (unsigned long long)shard->max_path_nbytes));
    for (int s = 0; s < NUM_SPLITS; s++)
        if (shard->first[s] > shard->end[s] || shard->end[s] > shard->num_files[s] ||
            shard->num_files[s] > UINT64_MAX / NUM_SPLITS || /* so that sums do not wrap round */
            store_num_rows(store, (enum split)s) > shard->end[s] - shard->first[s])
            h5_refuse(file, "/shard", "wrong range of files",
                      TEXT("%llu rows or more of %llu files",
                           (unsigned long long)store_num_rows(store, (enum split)s),
                           (unsigned long long)shard->num_files[s]),
                      TEXT("files %llu to %llu", (unsigned long long)shard->first[s],
                           (unsigned long long)shard->end[s]));
}

bool store_read_shard(struct store *store, struct store_shard *shard, struct error *error)
{
    struct h5_context file = store_context(store, error);
    uint64_t num_classes = store_classes(store)->count, shape[2] = {0};
    hid_t group = h5_open_group(&file, store_root(store), "/shard"), dataset;

    *shard = (struct store_shard){0};
    shard->index = h5_read_count_attribute(&file, group, "index");
    shard->count = h5_read_count_attribute(&file, group, "count");
    h5_read_counts_attribute(&file, group, "first", shard->first, NUM_SPLITS);
    h5_read_counts_attribute(&file, group, "end", shard->end, NUM_SPLITS);
    h5_read_counts_attribute(&file, group, "num_files", shard->num_files, NUM_SPLITS);
    shard->max_path_nbytes = h5_read_count_attribute(&file, group, "max_path_nbytes");
    shard->compression_level = h5_read_count_attribute(&file, group, "compression_level");
    h5_read_text_attribute(&file, group, "list_digest", shard->list_digest,
                           sizeof(shard->list_digest));
    store_shard_check_ranges(&file, store, shard);
    dataset = h5_open_dataset(&file, store_root(store), "/shard/class_files");
    h5_check_dataset(&file, dataset, "/shard/class_files", H5T_INTEGER, 2, shape);
    if (h5_ok(&file) && (shape[0] != NUM_SPLITS || shape[1] != num_classes))
        h5_refuse(&file, "/shard/class_files", "wrong shape", NULL, NULL);
    if (h5_ok(&file) &&
        memory_allocate(&shard->class_files, NUM_SPLITS * num_classes, sizeof(uint64_t), error))
        h5_read_dataset(&file, dataset, "/shard/class_files", H5T_NATIVE_UINT64,
                        shard->class_files);
    h5_close(&file, &dataset);
    h5_close(&file, &group);
    if (!error_ok(error)) {
        free(shard->class_files);
        shard->class_files = NULL;
    }
    return error_ok(error);
}

bool store_read_file_hashes(struct store *store, const struct store_shard *shard, uint64_t **hashes,
                            struct error *error)
{
    struct h5_context file = store_context(store, error);
    const char *name = "/shard/file_hashes";
    hid_t dataset = h5_open_dataset(&file, store_root(store), name);
    uint64_t num_files = 0;

    *hashes = NULL;
    h5_check_dataset(&file, dataset, name, H5T_INTEGER, 1, &num_files);
    if (h5_ok(&file) && num_files != store_shard_num_files(shard))
        h5_refuse(&file, name, "wrong number of files",
                  TEXT("%llu", (unsigned long long)store_shard_num_files(shard)),
                  TEXT("%llu", (unsigned long long)num_files));
    if (h5_ok(&file) && memory_allocate(hashes, num_files, sizeof(**hashes), error) &&
        num_files > 0)
        h5_read_dataset(&file, dataset, name, H5T_NATIVE_UINT64, *hashes);
    h5_close(&file, &dataset);
    return error_ok(error);
}

bool store_add_class_sums(struct store *store, enum split which, uint64_t *sums,
                          struct error *error)
{
    struct h5_context file = store_context(store, error);
    const struct image_shape *image = store_image_shape(store);
    const char *name = TEXT("/%s/class_sums", split_names[which]);
    size_t num_sums = store_classes(store)->count * image_num_values(image);
    uint64_t shape[ROWS_MAX_RANK] = {0}, *found = NULL;
    hid_t dataset = h5_open_dataset(&file, store_root(store), name);

    h5_check_dataset(&file, dataset, name, H5T_INTEGER, store_image_rank(image), shape);
    if (h5_ok(&file) &&
        (shape[0] != store_classes(store)->count || shape[1] != image->height ||
         shape[2] != image->width || (image->channels == 3 && shape[3] != image->channels)))
        h5_refuse(&file, name, "wrong shape", NULL, NULL);
    if (h5_ok(&file) && memory_allocate(&found, num_sums, sizeof(*found), error))
        h5_read_dataset(&file, dataset, name, H5T_NATIVE_UINT64, found);
    for (size_t i = 0; i < num_sums && h5_ok(&file); i++)
        sums[i] += found[i];
    free(found);
    h5_close(&file, &dataset);
    return error_ok(error);
}
