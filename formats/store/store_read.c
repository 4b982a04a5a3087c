#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/hdf5/hdf5_internal.h"
#include "formats/store/chunk_index.h"
#include "formats/store/rows.h"
#include "formats/store/store_reader.h"

struct split_reader {
    hid_t group;
    hid_t images;
    uint64_t num_rows;
    uint32_t *labels;
    uint32_t *pixel_crc32;
};

struct store {
    char *path;
    hid_t root;
    bool is_sealed;
    struct image_shape image;
    struct text_list classes;
    char fingerprint[STORE_FINGERPRINT_LENGTH + 1];
    struct split_reader splits[NUM_SPLITS];
};

static void check_classes(const struct h5_context *file, const struct store *store)
{
    const struct text_list *classes = &store->classes;

    if (h5_ok(file) && (classes->count < 2 || classes->count > STORE_MAX_CLASSES))
        h5_refuse(file, "/classes", "wrong number of classes", TEXT("2 to %d", STORE_MAX_CLASSES),
                  TEXT("%zu", classes->count));
}

/* The image shape comes from the first split's images and must be that of all. */
static void read_images_shape(const struct h5_context *file, struct store *store,
                              struct split_reader *split, const char *name)
{
    uint64_t shape[ROWS_MAX_RANK] = {0, 0, 0, 1};
    hid_t space = H5I_INVALID_HID;
    int rank = 0;

    split->images = h5_open_dataset(file, split->group, "images");
    if (h5_ok(file)) {
        space = h5_hold(file, H5Dget_space(split->images), name, "cannot read the shape");
        rank = h5_ok(file) ? H5Sget_simple_extent_ndims(space) : 0;
        h5_close(file, &space);
    }
    if (h5_ok(file) && rank != 3 && rank != 4)
        h5_refuse(file, name, "wrong number of dimensions", "3 or 4", TEXT("%d", rank));
    h5_check_dataset(file, split->images, name, H5T_INTEGER, (size_t)rank, shape);
    if (!h5_ok(file))
        return;
    if (shape[1] < 1 || shape[1] > 65535 || shape[2] < 1 || shape[2] > 65535 ||
        (rank == 4 && shape[3] != 3)) {
        h5_refuse(file, name, "wrong image shape", "[N, height, width] or [N, height, width, 3]",
                  TEXT("[%llu, %llu, %llu, %llu]", (unsigned long long)shape[0],
                       (unsigned long long)shape[1], (unsigned long long)shape[2],
                       (unsigned long long)shape[3]));
        return;
    }
    if (store->image.height == 0)
        store->image = (struct image_shape){shape[1], shape[2], shape[3]};
    if (store->image.height != shape[1] || store->image.width != shape[2] ||
        store->image.channels != shape[3])
        h5_refuse(file, name, "another image shape than the other splits", NULL, NULL);
    split->num_rows = shape[0];
    rows_check_plausible(file, split->images, name, split->num_rows,
                         image_num_values(&store->image));
}

/* The image shape of a shard that has no images. */
static void read_shape_attribute(const struct h5_context *file, struct store *store)
{
    uint64_t shape[] = {0, 0, 1};
    size_t num_values = h5_num_attribute_values(file, store->root, "image_shape");

    if (h5_ok(file) && num_values != 2 && num_values != 3)
        h5_refuse(file, "image_shape", "wrong number of values", "2 or 3", TEXT("%zu", num_values));
    if (h5_ok(file))
        h5_read_counts_attribute(file, store->root, "image_shape", shape, num_values);
    if (h5_ok(file) && (shape[0] < 1 || shape[0] > 65535 || shape[1] < 1 || shape[1] > 65535 ||
                        (num_values == 3 && shape[2] != 3)))
        h5_refuse(file, "image_shape", "wrong image shape", "[height, width] or [height, width, 3]",
                  NULL);
    store->image = (struct image_shape){shape[0], shape[1], shape[2]};
}

/* Reads a per-row dataset of unsigned integers as uint32 [num_rows]. */
static uint32_t *read_row_numbers(const struct h5_context *file, const struct split_reader *split,
                                  const char *dataset_name, const char *name)
{
    hid_t dataset = h5_open_dataset(file, split->group, dataset_name);
    uint64_t num_rows = 0;
    uint32_t *numbers = NULL;

    h5_check_dataset(file, dataset, name, H5T_INTEGER, 1, &num_rows);
    if (h5_ok(file) && num_rows != split->num_rows)
        h5_refuse(file, name, "wrong number of rows",
                  TEXT("%llu", (unsigned long long)split->num_rows),
                  TEXT("%llu", (unsigned long long)num_rows));
    if (h5_ok(file) && memory_allocate(&numbers, num_rows, sizeof(*numbers), file->error))
        h5_read_dataset(file, dataset, name, H5T_NATIVE_UINT32, numbers);
    h5_close(file, &dataset);
    return numbers;
}

static void open_split(const struct h5_context *file, struct store *store, enum split which)
{
    struct split_reader *split = &store->splits[which];
    const char *images = TEXT("/%s/images", split_names[which]);
    const char *labels = TEXT("/%s/labels", split_names[which]);
    const char *pixel_crc32 = TEXT("/%s/pixel_crc32", split_names[which]);

    if (!h5_exists(file, store->root, split_names[which]))
        return;
    split->group = h5_open_group(file, store->root, split_names[which]);
    read_images_shape(file, store, split, images);
    split->labels = read_row_numbers(file, split, "labels", labels);
    split->pixel_crc32 = read_row_numbers(file, split, "pixel_crc32", pixel_crc32);
    for (uint64_t i = 0; h5_ok(file) && i < split->num_rows; i++)
        if (split->labels[i] >= store->classes.count)
            error_set(file->error, STATUS_DATA,
                      ERROR_AT(.file = file->path, .dataset = labels, .row = &i,
                               .expected = TEXT("below %zu", store->classes.count),
                               .found = TEXT("%u", split->labels[i])),
                      "a label outside the classes");
}

static void check_fingerprint(const struct h5_context *file, const struct store *store)
{
    struct store_contents contents = {.image = store->image, .classes = &store->classes};
    char computed[STORE_FINGERPRINT_LENGTH + 1];

    if (!h5_ok(file))
        return;
    for (int which = 0; which < NUM_SPLITS; which++) {
        contents.num_rows[which] = store->splits[which].num_rows;
        contents.labels[which] = store->splits[which].labels;
        contents.pixel_crc32[which] = store->splits[which].pixel_crc32;
    }
    store_compute_fingerprint(&contents, computed);
    if (strcmp(computed, store->fingerprint) != 0)
        h5_refuse(file, NULL,
                  "classes, labels or row checksums do not match the fingerprint: the file is "
                  "damaged or was edited",
                  store->fingerprint, computed);
}

static void check_format(const struct h5_context *file, hid_t root, bool is_shard)
{
    char format[64] = "";

    if (!is_shard && h5_ok(file) && h5_found(file, H5Aexists(root, "format"), "format")) {
        h5_read_text_attribute(file, root, "format", format, sizeof(format));
        if (h5_ok(file) && strcmp(format, STORE_SHARD_FORMAT) == 0)
            h5_refuse(file, NULL,
                      "is one shard of a store, not all of it: quern-ingest --merge makes a store "
                      "of all its shards",
                      NULL, NULL);
    }
    h5_check_format(file, root, is_shard ? STORE_SHARD_FORMAT : STORE_FORMAT, STORE_MAJOR_VERSION);
}

bool store_open(const char *path, struct store **result, struct error *error)
{
    return store_open_with(path, &(struct store_checks){.num_threads = 1}, result, error);
}

bool store_open_with(const char *path, const struct store_checks *checks, struct store **result,
                     struct error *error)
{
    struct store *store = calloc(1, sizeof(*store));
    struct h5_context file = {.path = path,
                              .error = error,
                              .skip_seal = checks->skip_seal,
                              .num_threads = checks->num_threads};

    *result = NULL;
    if (!store || !(store->path = strdup(path))) {
        free(store);
        return error_set_memory(error, sizeof(*store));
    }
    for (int which = 0; which < NUM_SPLITS; which++)
        store->splits[which].group = store->splits[which].images = H5I_INVALID_HID;
    store->root = h5_open_file(&file, &store->is_sealed);
    check_format(&file, store->root, checks->is_shard);
    if (h5_ok(&file)) {
        h5_read_text_attribute(&file, store->root, "fingerprint", store->fingerprint,
                               sizeof(store->fingerprint));
        h5_read_texts(&file, store->root, "classes", &store->classes);
        check_classes(&file, store);
    }
    for (int which = 0; which < NUM_SPLITS; which++)
        if (h5_ok(&file))
            open_split(&file, store, which);
    if (store->image.height == 0 && checks->is_shard)
        read_shape_attribute(&file, store);
    if (h5_ok(&file) && store->splits[SPLIT_TRAIN].num_rows == 0 && !checks->is_shard)
        h5_refuse(&file, "/train/images", "the store has no training images", NULL, NULL);
    check_fingerprint(&file, store);
    if (!h5_ok(&file)) {
        store_close(store);
        return error_ok(error);
    }
    *result = store;
    return true;
}

void store_close(struct store *store)
{
    struct error ignored = {0};
    struct h5_context file = {.path = "", .error = &ignored};

    if (!store)
        return;
    for (int which = 0; which < NUM_SPLITS; which++) {
        h5_close(&file, &store->splits[which].images);
        h5_close(&file, &store->splits[which].group);
        free(store->splits[which].labels);
        free(store->splits[which].pixel_crc32);
    }
    h5_close(&file, &store->root);
    text_list_free(&store->classes);
    free(store->path);
    free(store);
}

bool store_is_sealed(const struct store *store)
{
    return store->is_sealed;
}

const struct image_shape *store_image_shape(const struct store *store)
{
    return &store->image;
}

const struct text_list *store_classes(const struct store *store)
{
    return &store->classes;
}

const char *store_fingerprint(const struct store *store)
{
    return store->fingerprint;
}

uint64_t store_num_rows(const struct store *store, enum split which)
{
    return store->splits[which].num_rows;
}

const uint32_t *store_labels(const struct store *store, enum split which)
{
    return store->splits[which].labels;
}

const uint32_t *store_pixel_crc32(const struct store *store, enum split which)
{
    return store->splits[which].pixel_crc32;
}

struct h5_context store_context(const struct store *store, struct error *error)
{
    return (struct h5_context){.path = store->path, .error = error};
}

hid_t store_root(const struct store *store)
{
    return store->root;
}

hid_t store_images(const struct store *store, enum split which)
{
    return store->splits[which].images;
}

bool store_read_pixels(struct store *store, enum split which, uint64_t first, uint64_t count,
                       int num_threads, uint8_t *pixels, struct error *error)
{
    struct h5_context file = {.path = store->path, .error = error};
    const struct split_reader *split = &store->splits[which];

    if (first > split->num_rows || count > split->num_rows - first)
        return error_set(error, STATUS_INTERNAL, ERROR_AT(.file = store->path),
                         "rows past the end of a split");
    if (count > 0)
        rows_read(&file, split->images, TEXT("/%s/images", split_names[which]),
                  image_num_values(&store->image), first, count, split->pixel_crc32 + first,
                  num_threads, pixels);
    return error_ok(error);
}

size_t store_chunk_rows(const struct store *store)
{
    return rows_choose_chunk_rows(image_num_values(&store->image));
}

uint64_t store_rows_nbytes(const struct store *store)
{
    uint64_t num_rows = 0;

    for (int which = 0; which < NUM_SPLITS; which++)
        num_rows += store->splits[which].num_rows;
    return num_rows * 2 * sizeof(uint32_t);
}

void store_read_chunk_index(struct store *store, enum split which, struct chunk_index *index,
                            struct error *error)
{
    struct h5_context file = {.path = store->path, .error = error};
    const struct split_reader *split = &store->splits[which];

    chunk_index_read(&file, split->images, TEXT("/%s/images", split_names[which]),
                     image_num_values(&store->image), 0, split->num_rows, index);
}

bool store_report_fault(const struct store *store, enum split which,
                        const struct chunk_fault *fault, struct error *error)
{
    struct h5_context file = {.path = store->path, .error = error};

    chunk_fault_report(&file, TEXT("/%s/images", split_names[which]), fault);
    return error_ok(error);
}

uint64_t store_reading_nbytes(struct store *store, enum split which, int num_threads)
{
    struct error ignored = {0};
    struct h5_context file = {.path = store->path, .error = &ignored};
    uint64_t chunk_nbytes =
        store->splits[which].num_rows > 0
            ? rows_chunk_nbytes(&file, store->splits[which].images, split_names[which])
            : 0;

    /* A chunk as it is in the file and unfolded, for each thread; HDF5 itself has one of each, and
     * one more in its cache. */
    return chunk_nbytes * 2 * (num_threads > 2 ? (uint64_t)num_threads : 2);
}

bool store_read_paths(struct store *store, enum split which, struct text_list *paths,
                      struct error *error)
{
    struct h5_context file = {.path = store->path, .error = error};
    size_t num_before = paths->count;

    h5_read_texts(&file, store->root, TEXT("/%s/paths", split_names[which]), paths);
    if (h5_ok(&file) && paths->count - num_before != store->splits[which].num_rows)
        h5_refuse(&file, TEXT("/%s/paths", split_names[which]), "wrong number of rows", NULL, NULL);
    return error_ok(error);
}

bool store_read_file_crc32(struct store *store, enum split which, uint32_t *crc32,
                           struct error *error)
{
    struct h5_context file = {.path = store->path, .error = error};
    uint32_t *numbers = read_row_numbers(&file, &store->splits[which], "crc32",
                                         TEXT("/%s/crc32", split_names[which]));

    if (h5_ok(&file))
        memcpy(crc32, numbers, store->splits[which].num_rows * sizeof(*numbers));
    free(numbers);
    return error_ok(error);
}

bool store_read_source(struct store *store, char *settings, size_t settings_size, char *digest,
                       size_t digest_size, struct error *error)
{
    struct h5_context file = {.path = store->path, .error = error};
    hid_t group = h5_open_group(&file, store->root, "source");

    h5_read_text_attribute(&file, group, "settings", settings, settings_size);
    h5_read_text_attribute(&file, group, "digest", digest, digest_size);
    h5_close(&file, &group);
    return error_ok(error);
}

bool store_read_source_name(struct store *store, char *name, size_t size, struct error *error)
{
    struct h5_context file = store_context(store, error);
    hid_t group = h5_open_group(&file, store->root, "source");

    h5_read_text_attribute(&file, group, "name", name, size);
    h5_close(&file, &group);
    return error_ok(error);
}

bool store_read_rejects(struct store *store, struct text_list *paths, struct text_list *reasons,
                        struct error *error)
{
    struct h5_context file = {.path = store->path, .error = error};
    hid_t group;

    if (!h5_exists(&file, store->root, "rejects"))
        return true;
    group = h5_open_group(&file, store->root, "rejects");
    h5_read_texts(&file, group, "path", paths);
    h5_read_texts(&file, group, "reason", reasons);
    h5_close(&file, &group);
    if (h5_ok(&file) && paths->count != reasons->count)
        h5_refuse(&file, "/rejects", "not as many reasons as paths", NULL, NULL);
    return error_ok(error);
}
