/*
 * Virtual stores, read.  The shards are opened here and read as stores are, with their chunks read
 * and inflated by all threads, instead of through HDF5's virtual datasets, which take zeros for the
 * rows of a shard that is missing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/file/seal.h"
#include "formats/store/rows.h"
#include "formats/store/store_reader.h"

struct store_parts {
    size_t count;
    struct store_link *links; /* [count] */
    char **paths;             /* [count], as they can be opened from here; owned */
    struct store **shards;    /* [count] */
};

bool store_is_virtual_dataset(const struct h5_context *file, hid_t images)
{
    hid_t list = H5I_INVALID_HID;
    bool is_virtual;

    if (h5_ok(file))
        list = h5_hold(file, H5Dget_create_plist(images), "images", "cannot read the layout");
    is_virtual = h5_ok(file) && H5Pget_layout(list) == H5D_VIRTUAL;
    h5_close(file, &list);
    return is_virtual;
}

/* ---- the links ---- */

static uint64_t *read_numbers(const struct h5_context *file, hid_t group, const char *name,
                              size_t width, size_t count)
{
    hid_t dataset = h5_open_dataset(file, group, name);
    uint64_t shape[2] = {0, 1}, *numbers = NULL;

    h5_check_dataset(file, dataset, name, H5T_INTEGER, width > 1 ? 2 : 1, shape);
    if (h5_ok(file) && (shape[0] != count || shape[1] != width))
        h5_refuse(file, name, "not as many as paths of shards", NULL, NULL);
    if (h5_ok(file) && memory_allocate(&numbers, count * width, sizeof(*numbers), file->error))
        h5_read_dataset(file, dataset, name, H5T_NATIVE_UINT64, numbers);
    h5_close(file, &dataset);
    return numbers;
}

static void fill_links(const struct h5_context *file, struct store_parts *parts,
                       struct text_list *paths, hid_t group)
{
    uint64_t *num_rows = read_numbers(file, group, "num_rows", NUM_SPLITS, paths->count);
    uint64_t *nbytes = read_numbers(file, group, "nbytes", 1, paths->count);
    uint64_t *crc32 = read_numbers(file, group, "crc32", 1, paths->count);

    for (size_t i = 0; i < paths->count && h5_ok(file); i++) {
        struct store_link *link = &parts->links[i];

        link->path = paths->items[i];
        paths->items[i] = NULL;
        memcpy(link->num_rows, num_rows + i * NUM_SPLITS, sizeof(link->num_rows));
        link->nbytes = nbytes[i];
        link->crc32 = (uint32_t)crc32[i];
    }
    free(num_rows);
    free(nbytes);
    free(crc32);
}

static void read_links(const struct h5_context *file, const struct store *store,
                       struct store_parts *parts)
{
    struct text_list paths = {0};
    hid_t group = H5I_INVALID_HID;

    if (!h5_exists(file, store_root(store), "shards"))
        h5_refuse(file, "/shards", "images are virtual, and nothing says of which shards", NULL,
                  NULL);
    group = h5_open_group(file, store_root(store), "shards");
    h5_read_texts(file, group, "path", &paths);
    if (h5_ok(file) && (paths.count < 1 || paths.count > STORE_MAX_SHARDS))
        h5_refuse(file, "/shards/path", "wrong number of shards", TEXT("1 to %d", STORE_MAX_SHARDS),
                  TEXT("%zu", paths.count));
    if (h5_ok(file) &&
        memory_allocate(&parts->links, paths.count, sizeof(*parts->links), file->error) &&
        memory_allocate(&parts->paths, paths.count, sizeof(char *), file->error) &&
        memory_allocate(&parts->shards, paths.count, sizeof(struct store *), file->error)) {
        parts->count = paths.count;
        fill_links(file, parts, &paths, group);
    }
    text_list_free(&paths);
    h5_close(file, &group);
}

/* ---- the shards ---- */

/* What is wrong with a shard is said of the store, which names it. */
static bool blame(const struct h5_context *file, const char *path, const struct error *reason)
{
    return error_set(file->error, reason->status,
                     ERROR_AT(.file = file->path,
                              .expected = reason->expected[0] ? reason->expected : NULL,
                              .found = reason->found[0] ? reason->found : NULL),
                     "its shard %s: %s", path, reason->what);
}

static bool is_no_path(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ENAMETOOLONG || number == ELOOP;
}

static bool check_seal(const struct h5_context *file, const char *path,
                       const struct store_link *link)
{
    struct error reason = {0};
    struct stat info;
    struct seal seal;

    /* The path is data: that nothing can be there is no fault of the system. */
    if (stat(path, &info) != 0) {
        if (is_no_path(errno))
            return error_set(file->error, STATUS_DATA, ERROR_AT(.file = file->path),
                             "its shard %s is missing", path);
    } else if (!S_ISREG(info.st_mode)) {
        return error_set(file->error, STATUS_DATA, ERROR_AT(.file = file->path),
                         "its shard %s is not a regular file", path);
    }
    if (!seal_read(path, path, &seal, &reason))
        return blame(file, path, &reason);
    if (seal.nbytes != link->nbytes || seal.crc32 != link->crc32)
        return error_set(file->error, STATUS_DATA,
                         ERROR_AT(.file = file->path, .expected = TEXT("%08x", link->crc32),
                                  .found = TEXT("%08x", seal.crc32)),
                         "its shard %s is not the one that it was made of", path);
    return true;
}

static bool has_rows_of(const struct store *store, const struct store *shard, enum split split,
                        uint64_t first, uint64_t num_rows)
{
    uint64_t left = store_num_rows(store, split) - first;

    return num_rows == store_num_rows(shard, split) && num_rows <= left &&
           (num_rows == 0 ||
            memcmp(store_pixel_crc32(store, split) + first, store_pixel_crc32(shard, split),
                   num_rows * sizeof(uint32_t)) == 0);
}

static bool open_shard(const struct h5_context *file, const struct store *store,
                       const struct store_checks *checks, struct store_parts *parts, size_t i,
                       uint64_t first[NUM_SPLITS])
{
    struct store_checks shard_checks = *checks;
    const struct store_link *link = &parts->links[i];
    const char *path = parts->paths[i];
    struct error reason = {0};

    shard_checks.is_shard = true;
    if (!check_seal(file, path, link))
        return false;
    if (!store_open_with(path, &shard_checks, &parts->shards[i], &reason))
        return blame(file, path, &reason);
    for (int s = 0; s < NUM_SPLITS; s++) {
        if (!has_rows_of(store, parts->shards[i], (enum split)s, first[s], link->num_rows[s]) ||
            (link->num_rows[s] > 0 &&
             memcmp(store_image_shape(store), store_image_shape(parts->shards[i]),
                    sizeof(struct image_shape)) != 0))
            return error_set(file->error, STATUS_DATA, ERROR_AT(.file = file->path),
                             "its shard %s does not hold the rows that it should", path);
        first[s] += link->num_rows[s];
    }
    store_forget_rows(parts->shards[i]);
    return true;
}

/* A path that is relative to the folder of the store; malloc'ed. */
static char *resolve(const char *store_path, const char *path)
{
    const char *slash = strrchr(store_path, '/');
    char *resolved = NULL;

    if (*path == '/' || !slash)
        return strdup(path);
    if (asprintf(&resolved, "%.*s/%s", (int)(slash - store_path), store_path, path) < 0)
        return NULL;
    return resolved;
}

bool store_parts_open(const struct store *store, const struct store_checks *checks,
                      struct store_parts **result, struct error *error)
{
    struct h5_context file = store_context(store, error);
    struct store_parts *parts = calloc(1, sizeof(*parts));
    uint64_t first[NUM_SPLITS] = {0};

    *result = parts;
    if (!parts)
        return error_set_memory(error, sizeof(*parts));
    read_links(&file, store, parts);
    for (size_t i = 0; i < parts->count && h5_ok(&file); i++) {
        parts->paths[i] = resolve(file.path, parts->links[i].path);
        if (!parts->paths[i])
            return error_set_memory(error, strlen(parts->links[i].path));
        open_shard(&file, store, checks, parts, i, first);
    }
    for (int s = 0; s < NUM_SPLITS && h5_ok(&file); s++)
        if (first[s] != store_num_rows(store, (enum split)s))
            h5_refuse(&file, "/shards/num_rows", "wrong number of rows",
                      TEXT("%llu", (unsigned long long)store_num_rows(store, (enum split)s)),
                      TEXT("%llu", (unsigned long long)first[s]));
    return error_ok(error);
}

void store_parts_close(struct store_parts *parts)
{
    if (!parts)
        return;
    for (size_t i = 0; i < parts->count; i++) {
        store_close(parts->shards[i]);
        free(parts->paths[i]);
        free(parts->links[i].path);
    }
    free(parts->links);
    free(parts->paths);
    free(parts->shards);
    free(parts);
}

bool store_parts_have_links(const struct store_parts *parts, const struct store_link *links,
                            size_t count)
{
    bool are_equal = parts->count == count;

    for (size_t i = 0; i < count && are_equal; i++)
        are_equal = strcmp(parts->links[i].path, links[i].path) == 0 &&
                    parts->links[i].nbytes == links[i].nbytes &&
                    parts->links[i].crc32 == links[i].crc32;
    return are_equal;
}

void store_parts_read(const struct store_parts *parts, enum split split, uint64_t first,
                      uint64_t count, const uint32_t *crc32, int num_threads, uint8_t *pixels,
                      struct error *error)
{
    uint64_t part_first = 0;

    for (size_t i = 0; i < parts->count && count > 0 && error_ok(error); i++) {
        uint64_t num_rows = parts->links[i].num_rows[split];
        struct h5_context file = {.path = parts->paths[i], .error = error};
        size_t row_nbytes = image_num_values(store_image_shape(parts->shards[i]));
        uint64_t skipped, taken;

        if (first < part_first + num_rows) {
            skipped = first - part_first;
            taken = num_rows - skipped < count ? num_rows - skipped : count;
            rows_read(&file, store_images(parts->shards[i], split),
                      TEXT("/%s/images", split_names[split]), row_nbytes, skipped, taken, crc32,
                      num_threads, pixels);
            pixels += taken * row_nbytes;
            crc32 += taken;
            first += taken;
            count -= taken;
        }
        part_first += num_rows;
    }
}
