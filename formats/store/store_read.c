#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "common/text.h"
#include "formats/hdf5/hdf5.h"
#include "formats/limits.h"
#include "formats/store/chunk_index.h"
#include "formats/store/rows.h"
#include "formats/store/store_internal.h"

const char *const split_names[NUM_SPLITS + 1] = {"train", "valid", "test", NULL};

size_t store_image_rank(const struct image_shape *image)
{
    return image->channels == 1 ? 3 : 4;
}

struct split_reader {
    hid_t images; /* H5I_INVALID_HID: there is no such split */
    uint64_t num_rows;
    uint32_t *labels;
    uint32_t *pixel_crc32;
};

struct store {
    char *path;
    struct h5_storage *storage;
    hid_t root;
    bool is_sealed;
    struct image_shape image;
    struct text_list classes;
    char fingerprint[STORE_FINGERPRINT_LENGTH + 1];
    struct split_reader splits[NUM_SPLITS];
};

/* The image shape comes from the first split's images and must be that of all. */
static void store_read_images_shape(const struct h5_context *file, struct store *store,
                                    struct split_reader *split, const char *name)
{
    uint64_t shape[ROWS_MAX_RANK] = {0, 0, 0, 1};
    size_t rank;

    split->images = h5_open_dataset(file, store->root, name);
    rank = h5_dataset_rank(file, split->images, name);
    if (h5_ok(file) && rank != 3 && rank != 4)
        h5_refuse(file, name, "wrong number of dimensions", "3 or 4", TEXT("%zu", rank));
    h5_check_dataset(file, split->images, name, H5T_INTEGER, rank, shape);
    if (h5_ok(file) && rank == 4 && shape[3] != 3)
        h5_refuse(file, name, "wrong image shape", "[N, height, width] or [N, height, width, 3]",
                  TEXT("%llu channels", (unsigned long long)shape[3]));
    if (!h5_ok(file) ||
        !limits_check_image(file->path, name, shape[1], shape[2], shape[3], file->error))
        return;
    if (store->image.height == 0)
        store->image = (struct image_shape){shape[1], shape[2], shape[3]};
    if (store->image.height != shape[1] || store->image.width != shape[2] ||
        store->image.channels != shape[3])
        h5_refuse(file, name, "another image shape than the other splits", NULL, NULL);
    split->num_rows = shape[0];
}

/* The image shape of a shard that has no images. */
static void store_read_shape_attribute(const struct h5_context *file, struct store *store)
{
    uint64_t shape[] = {0, 0, 1};
    size_t num_values = h5_num_attribute_values(file, store->root, "image_shape");

    if (h5_ok(file) && num_values != 2 && num_values != 3)
        h5_refuse(file, "image_shape", "wrong number of values", "2 or 3", TEXT("%zu", num_values));
    h5_read_counts_attribute(file, store->root, "image_shape", shape, num_values);
    if (h5_ok(file) &&
        limits_check_image(file->path, "image_shape", shape[0], shape[1], shape[2], file->error))
        store->image = (struct image_shape){shape[0], shape[1], shape[2]};
}

/* Reads a per-row dataset of unsigned integers as uint32 [num_rows]. */
static uint32_t *store_read_row_numbers(const struct h5_context *file, const struct store *store,
                                        const struct split_reader *split, const char *name)
{
    hid_t dataset = h5_open_dataset(file, store->root, name);
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

static void store_open_split(const struct h5_context *file, struct store *store, enum split which)
{
    struct split_reader *split = &store->splits[which];
    const char *images = TEXT("/%s/images", split_names[which]);
    const char *labels = TEXT("/%s/labels", split_names[which]);
    const char *pixel_crc32 = TEXT("/%s/pixel_crc32", split_names[which]);

    if (!h5_exists(file, store->root, split_names[which]))
        return;
    store_read_images_shape(file, store, split, images);
    /* Without labels it can be predicted, and nothing else. */
    if (h5_ok(file) && h5_exists(file, store->root, labels))
        split->labels = store_read_row_numbers(file, store, split, labels);
    split->pixel_crc32 = store_read_row_numbers(file, store, split, pixel_crc32);
    for (uint64_t i = 0; h5_ok(file) && split->labels && i < split->num_rows; i++)
        if (split->labels[i] >= store->classes.count)
            error_set(file->error, STATUS_DATA,
                      ERROR_AT(.file = file->path, .dataset = labels, .row = &i,
                               .expected = TEXT("below %zu", store->classes.count),
                               .found = TEXT("%u", split->labels[i])),
                      "a label outside the classes");
}

void store_compute_fingerprint(const struct store_contents *contents, char fingerprint[65])
{
    struct sha256 hash;

    sha256_begin(&hash);
    sha256_add(&hash, "quern fingerprint 1\n", 20);
    sha256_add_u64(&hash, contents->image.height);
    sha256_add_u64(&hash, contents->image.width);
    sha256_add_u64(&hash, contents->image.channels);
    sha256_add_u64(&hash, contents->classes->count);
    for (size_t i = 0; i < contents->classes->count; i++) {
        size_t nbytes = strlen(contents->classes->items[i]);

        sha256_add_u64(&hash, nbytes);
        sha256_add(&hash, contents->classes->items[i], nbytes);
    }
    for (int split = 0; split < NUM_SPLITS; split++) {
        sha256_add_u64(&hash, contents->num_rows[split]);
        for (uint64_t i = 0; i < contents->num_rows[split]; i++)
            sha256_add_u32(&hash,
                           contents->labels[split] ? contents->labels[split][i] : UINT32_MAX);
        for (uint64_t i = 0; i < contents->num_rows[split]; i++)
            sha256_add_u32(&hash, contents->pixel_crc32[split][i]);
    }
    sha256_finish(&hash, fingerprint);
}

static void store_check_fingerprint(const struct h5_context *file, const struct store *store)
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

static void store_check_format(const struct h5_context *file, hid_t root, bool is_shard)
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

/* Reads and checks everything but the pixels of the open file. */
static void store_read_all(struct h5_context *file, struct store *store, bool is_shard)
{
    store_check_format(file, store->root, is_shard);
    h5_read_text_attribute(file, store->root, "fingerprint", store->fingerprint,
                           sizeof(store->fingerprint));
    h5_read_texts(file, store->root, "/classes", &store->classes);
    if (h5_ok(file))
        limits_check_classes(file->path, store->classes.count, 1, file->error);
    for (int which = 0; which < NUM_SPLITS; which++)
        store_open_split(file, store, (enum split)which);
    if (store->image.height == 0 && is_shard)
        store_read_shape_attribute(file, store);
    if (h5_ok(file) && store_rows_nbytes(store) == 0 && !is_shard)
        h5_refuse(file, NULL, "the store has no images", NULL, NULL);
    store_check_fingerprint(file, store);
}

static struct store *store_make(const char *path, struct error *error)
{
    struct store *store = calloc(1, sizeof(*store));

    if (!store || !(store->path = strdup(path))) {
        free(store);
        error_set_memory(error, sizeof(*store));
        return NULL;
    }
    store->root = H5I_INVALID_HID;
    for (int which = 0; which < NUM_SPLITS; which++)
        store->splits[which].images = H5I_INVALID_HID;
    return store;
}

bool store_open(const char *path, struct store **result, struct error *error)
{
    return store_open_with(path, &(struct store_checks){.num_threads = 1}, result, error);
}

bool store_open_with(const char *path, const struct store_checks *checks, struct store **result,
                     struct error *error)
{
    const struct h5_opening opening = {checks->skip_seal, checks->num_threads};
    struct store *store = store_make(path, error);
    struct h5_context file;

    *result = NULL;
    if (!store)
        return false;
    file = store_context(store, error);
    store->root = h5_open_file(&file, &opening, &store->is_sealed);
    store->storage = file.storage;
    store_read_all(&file, store, checks->is_shard);
    if (error_ok(error))
        *result = store;
    else
        store_close(store);
    return error_ok(error);
}

bool store_check_output(const struct atomic_file *output, bool is_shard, struct error *error)
{
    struct error reason = {0};
    struct store *store = store_make(output->path, error);
    struct h5_context file;

    if (!store)
        return false;
    file = store_context(store, &reason);
    store->root = h5_open_output(&file, output);
    store->storage = file.storage;
    store_read_all(&file, store, is_shard);
    store_close(store);
    if (error_ok(&reason))
        return true;
    /* What was written is no input: that it cannot be read is not the user's mistake. */
    return error_set(
        error, reason.status == STATUS_DATA ? STATUS_INTERNAL : reason.status,
        ERROR_AT(.file = output->path, .dataset = reason.dataset[0] ? reason.dataset : NULL),
        "the finished file cannot be read back: %s", reason.what);
}

void store_close(struct store *store)
{
    struct error ignored = {0};
    struct h5_context file;

    if (!store)
        return;
    file = store_context(store, &ignored);
    for (int which = 0; which < NUM_SPLITS; which++) {
        h5_close(&file, &store->splits[which].images);
        free(store->splits[which].labels);
        free(store->splits[which].pixel_crc32);
    }
    h5_close_file(&file, &store->root);
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
    return (struct h5_context){.path = store->path, .error = error, .storage = store->storage};
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
    struct h5_context file = store_context(store, error);
    const struct split_reader *split = &store->splits[which];

    if (first > split->num_rows || count > split->num_rows - first)
        return error_set(error, STATUS_INTERNAL, ERROR_AT(.file = store->path),
                         "rows past the end of a split");
    if (count > 0)
        chunk_read_rows(&file, split->images, TEXT("/%s/images", split_names[which]),
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
    struct h5_context file = store_context(store, error);
    const struct split_reader *split = &store->splits[which];

    chunk_index_read(&file, split->images, TEXT("/%s/images", split_names[which]),
                     image_num_values(&store->image), 0, split->num_rows, index);
}

bool store_report_fault(const struct store *store, enum split which,
                        const struct chunk_fault *fault, struct error *error)
{
    struct h5_context file = store_context(store, error);

    chunk_fault_report(&file, TEXT("/%s/images", split_names[which]), fault);
    return error_ok(error);
}

uint64_t store_reading_nbytes(struct store *store, enum split which, int num_threads)
{
    struct error ignored = {0};
    struct h5_context file = store_context(store, &ignored);
    uint64_t chunk_nbytes =
        store->splits[which].num_rows > 0
            ? h5_chunk_nbytes(&file, store->splits[which].images, split_names[which])
            : 0;

    /* A chunk as it is in the file and decompressed, for each thread; HDF5 itself has one of each,
     * and one more in its cache. */
    return chunk_nbytes * 2 * (num_threads > 2 ? (uint64_t)num_threads : 2);
}

bool store_read_paths(struct store *store, enum split which, struct text_list *paths,
                      struct error *error)
{
    struct h5_context file = store_context(store, error);
    size_t num_before = paths->count;

    h5_read_texts(&file, store->root, TEXT("/%s/paths", split_names[which]), paths);
    if (h5_ok(&file) && paths->count - num_before != store->splits[which].num_rows)
        h5_refuse(&file, TEXT("/%s/paths", split_names[which]), "wrong number of rows", NULL, NULL);
    return error_ok(error);
}

bool store_read_file_crc32(struct store *store, enum split which, uint32_t *crc32,
                           struct error *error)
{
    struct h5_context file = store_context(store, error);
    uint32_t *numbers = store_read_row_numbers(&file, store, &store->splits[which],
                                               TEXT("/%s/crc32", split_names[which]));

    if (h5_ok(&file))
        memcpy(crc32, numbers, store->splits[which].num_rows * sizeof(*numbers));
    free(numbers);
    return error_ok(error);
}

bool store_read_source(struct store *store, char *settings, size_t settings_size, char *digest,
                       size_t digest_size, struct error *error)
{
    struct h5_context file = store_context(store, error);
    hid_t group = h5_open_group(&file, store->root, "/source");

    h5_read_text_attribute(&file, group, "settings", settings, settings_size);
    h5_read_text_attribute(&file, group, "digest", digest, digest_size);
    h5_close(&file, &group);
    return error_ok(error);
}

/* Of a store of before, which was not told how its images were made, "size=HxW" of its settings. */
static void store_find_size(struct store *store, char *text, size_t size, struct error *error)
{
    enum { MAX_NBYTES = 16 }; /* "size=65535x65535" */
    char settings[4096], digest[64];
    const char *at;

    if (!store_read_source(store, settings, sizeof(settings), digest, sizeof(digest), error))
        return;
    at = strstr(settings, " size=");
    if (at && strncmp(at + 6, "as-is", 5) != 0 && strcspn(at + 1, " ") <= MAX_NBYTES)
        text_format(text, size, "%.*s", (int)strcspn(at + 1, " "), at + 1);
}

bool store_read_preparation(struct store *store, char *text, size_t size, struct error *error)
{
    struct h5_context file = store_context(store, error);

    h5_read_items(&file, store->root, "preprocessing", text, size);
    if (error_ok(error) && text[0] == '\0')
        store_find_size(store, text, size, error);
    return error_ok(error);
}

bool store_read_source_name(struct store *store, char *name, size_t size, struct error *error)
{
    struct h5_context file = store_context(store, error);
    hid_t group = h5_open_group(&file, store->root, "/source");

    h5_read_text_attribute(&file, group, "name", name, size);
    h5_close(&file, &group);
    return error_ok(error);
}

bool store_read_rejects(struct store *store, struct text_list *paths, struct text_list *reasons,
                        struct error *error)
{
    struct h5_context file = store_context(store, error);

    if (!h5_exists(&file, store->root, "rejects"))
        return error_ok(error);
    h5_read_texts(&file, store->root, "/rejects/path", paths);
    h5_read_texts(&file, store->root, "/rejects/reason", reasons);
    if (h5_ok(&file) && paths->count != reasons->count)
        h5_refuse(&file, "/rejects", "not as many reasons as paths", NULL, NULL);
    return error_ok(error);
}

bool store_read_image_decoders(struct store *store, struct text_list *libraries,
                               struct error *error)
{
    struct h5_context file = store_context(store, error);
    struct text_list names = {0};
    char text[STORE_MAX_DECODERS_NBYTES] = "";
    char *rest = text;
    bool ok;

    h5_list_attributes(&file, store->root, &names);
    if (text_list_find(&names, "image_decoders") < names.count)
        h5_read_text_attribute(&file, store->root, "image_decoders", text, sizeof(text));
    text_list_free(&names);
    ok = error_ok(error);
    while (ok && *rest) {
        char *end = strstr(rest, ", ");

        if (end)
            *end = '\0';
        ok = text_list_add_sorted(libraries, rest, error);
        rest = end ? end + 2 : rest + strlen(rest);
    }
    return ok;
}
