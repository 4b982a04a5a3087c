#include "ingest/rerun.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/store.h"
#include "ingest/ingest_options.h"
#include "ingest/report.h"

enum { MAX_DIFFERENCES_SHOWN = 5 };

/*
 * Does the file carry the mark of a store or a shard, an attribute "format" of that value?  Asked
 * of files that cannot be opened as one, such as one cut short, so HDF5 is of no help.
 */
static bool has_mark(const char *path, const char *value)
{
    static const char signature[] = "\x89HDF\r\n\x1a\n", name[] = "format";
    enum { MAX_DISTANCE = 128 }; /* a type and a shape lie between an attribute's name and value */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    const char *bytes = MAP_FAILED, *end, *found;
    bool is_found = false;

    if (fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 8)
        bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes != MAP_FAILED) {
        end = bytes + stat.st_size;
        found = memcmp(bytes, signature, sizeof(signature) - 1) == 0 ? bytes : NULL;
        while (found && !is_found) {
            found = memmem(found, (size_t)(end - found), value, strlen(value));
            if (found) {
                const char *start = found - bytes > MAX_DISTANCE ? found - MAX_DISTANCE : bytes;

                is_found = memmem(start, (size_t)(found - start), name, sizeof(name)) != NULL;
                found++;
            }
        }
        munmap((void *)bytes, (size_t)stat.st_size);
    }
    if (fd >= 0)
        close(fd);
    return is_found;
}

/* The value of "name=value" in a line of settings; its length into *length. */
static const char *find_setting(const char *settings, const char *name, size_t name_length,
                                size_t *length)
{
    const char *at = settings;

    while (*at) {
        size_t item_length = strcspn(at, " ");

        if (item_length > name_length && strncmp(at, name, name_length) == 0 &&
            at[name_length] == '=') {
            *length = item_length - name_length - 1;
            return at + name_length + 1;
        }
        at += item_length;
        at += strspn(at, " ");
    }
    *length = 4;
    return "none";
}

static void say_changed_settings(const struct rerun_request *request, const char *old)
{
    const char *at = request->settings;

    while (*at) {
        size_t name_length = strcspn(at, "="), old_length, new_length;
        const char *old_value = find_setting(old, at, name_length, &old_length);
        const char *new_value = find_setting(request->settings, at, name_length, &new_length);

        if (old_length == new_length && strncmp(old_value, new_value, old_length) == 0)
            ;
        else if (strncmp(at, "classes=", name_length + 1) == 0) /* a hash, which tells nobody */
            report_say(request->messages, "%s: made again: --classes is not as it was",
                       request->store_path);
        else
            report_say(request->messages, "%s: made again: %.*s was %.*s, is %.*s",
                       request->store_path, (int)name_length, at, (int)old_length, old_value,
                       (int)new_length, new_value);
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
}

/* ---- comparing contents ---- */

/* What the store says of one split, and how far it was compared. */
struct comparison {
    const struct rerun_request *request;
    struct store *store;
    struct text_list reject_paths, reject_reasons;
    size_t num_rejects_met;
    uint64_t num_differences;
    struct error *error;
};

static void add_difference(struct comparison *comparison, const char *path, const char *what)
{
    if (comparison->num_differences++ < MAX_DIFFERENCES_SHOWN)
        report_say(comparison->request->messages, "%s: %s", path, what);
}

struct file_now {
    uint32_t crc32;
    bool is_readable; /* could be read as bytes or, where asked, decoded */
};

/* Reads all files of a split; files that were rejected are decoded, to see if they still would. */
static bool read_files(const struct comparison *comparison, enum split split, const bool *is_reject,
                       struct file_now *files)
{
    const struct rerun_request *request = comparison->request;
    size_t first = request->tree->first[split];
    size_t count = request->tree->first[split + 1] - first;
    struct decode_buffer *buffers;

    if (!memory_allocate(&buffers, (size_t)request->num_io_threads, sizeof(*buffers),
                         comparison->error))
        return false;
#pragma omp parallel for num_threads(request->num_io_threads) schedule(dynamic, 16)
    for (size_t i = 0; i < count; i++) {
        struct decode_buffer *buffer = &buffers[omp_get_thread_num()];
        struct source_image image = tree_image(request->tree, first + i);
        struct error error = {0};
        struct decoded decoded;

        files[i].is_readable =
            is_reject[i]
                ? decode_file(&request->source, &image, 1, buffer, &decoded, &error)
                : decode_file_crc32(&request->source, &image, buffer, &files[i].crc32, &error);
    }
    for (int t = 0; t < request->num_io_threads; t++)
        decode_buffer_free(&buffers[t]);
    free(buffers);
    return true;
}

/* Marks the files of a split that the store lists as rejects; both are in the same order. */
static void mark_rejects(struct comparison *comparison, enum split split, bool *is_reject)
{
    const struct tree *tree = comparison->request->tree;
    const struct text_list *rejects = &comparison->reject_paths;
    char printable[8192];

    for (size_t i = tree->first[split]; i < tree->first[split + 1]; i++) {
        if (comparison->num_rejects_met < rejects->count &&
            strcmp(text_make_utf8(printable, sizeof(printable), tree->paths[i]),
                   rejects->items[comparison->num_rejects_met]) == 0) {
            is_reject[i - tree->first[split]] = true;
            comparison->num_rejects_met++;
        }
    }
}

/* Walks the files there are and the rows there were, both by path, side by side. */
static void compare_rows(struct comparison *comparison, enum split split,
                         const struct text_list *old_paths, const uint32_t *old_crc32,
                         const bool *is_reject, const struct file_now *files)
{
    const struct tree *tree = comparison->request->tree;
    size_t first = tree->first[split], count = tree->first[split + 1] - first, row = 0;

    for (size_t i = 0; i < count; i++) {
        const char *path = tree->paths[first + i];

        if (is_reject[i]) {
            if (files[i].is_readable)
                add_difference(comparison, path, "was skipped, is readable now");
            continue;
        }
        while (row < old_paths->count && strcmp(old_paths->items[row], path) < 0)
            add_difference(comparison, old_paths->items[row++], "is in the store only");
        if (row == old_paths->count || strcmp(old_paths->items[row], path) != 0)
            add_difference(comparison, path, "is new");
        else if (!files[i].is_readable || files[i].crc32 != old_crc32[row++])
            add_difference(comparison, path, "has other contents");
    }
    while (row < old_paths->count)
        add_difference(comparison, old_paths->items[row++], "is in the store only");
}

static bool compare_split(struct comparison *comparison, enum split split)
{
    const struct tree *tree = comparison->request->tree;
    size_t count = tree->first[split + 1] - tree->first[split];
    size_t num_rows = store_num_rows(comparison->store, split);
    struct error *error = comparison->error;
    struct text_list paths = {0};
    uint32_t *crc32 = NULL;
    bool *is_reject = NULL;
    struct file_now *files = NULL;

    if (memory_allocate(&crc32, num_rows, sizeof(*crc32), error) &&
        memory_allocate(&is_reject, count, sizeof(*is_reject), error) &&
        memory_allocate(&files, count, sizeof(*files), error) &&
        (num_rows == 0 || (store_read_paths(comparison->store, split, &paths, error) &&
                           store_read_file_crc32(comparison->store, split, crc32, error)))) {
        mark_rejects(comparison, split, is_reject);
        if (read_files(comparison, split, is_reject, files))
            compare_rows(comparison, split, &paths, crc32, is_reject, files);
    }
    text_list_free(&paths);
    free(crc32);
    free(is_reject);
    free(files);
    return error_ok(error);
}

/* All pixels can be inflated and have their checksums. */
static bool check_pixels(const struct comparison *comparison)
{
    enum { WINDOW_NBYTES = 4 << 20 };
    size_t num_values = image_num_values(store_image_shape(comparison->store));
    uint64_t window = num_values < WINDOW_NBYTES ? WINDOW_NBYTES / num_values : 1;
    uint8_t *pixels;

    if (!memory_allocate(&pixels, window, num_values, comparison->error))
        return false;
    for (int s = 0; s < NUM_SPLITS; s++) {
        uint64_t num_rows = store_num_rows(comparison->store, (enum split)s);

        for (uint64_t row = 0; row < num_rows && error_ok(comparison->error); row += window)
            store_read_pixels(comparison->store, (enum split)s, row,
                              num_rows - row < window ? num_rows - row : window,
                              comparison->request->num_threads, pixels, comparison->error);
    }
    free(pixels);
    return error_ok(comparison->error);
}

static bool compare_contents(const struct rerun_request *request, struct store *store,
                             bool *is_equal, struct error *error)
{
    struct comparison comparison = {.request = request, .store = store, .error = error};
    bool ok =
        store_read_rejects(store, &comparison.reject_paths, &comparison.reject_reasons, error);

    for (int s = 0; s < NUM_SPLITS && ok; s++)
        ok = compare_split(&comparison, (enum split)s);
    if (ok) {
        for (size_t i = comparison.num_rejects_met; i < comparison.reject_paths.count; i++)
            add_difference(&comparison, comparison.reject_paths.items[i], "is gone");
        ok = check_pixels(&comparison);
    }
    if (comparison.num_differences > 0)
        report_say(request->messages, "%s: made again: %" PRIu64 " %s differ from the source",
                   request->store_path, comparison.num_differences,
                   comparison.num_differences == 1 ? "file" : "files");
    *is_equal = comparison.num_differences == 0;
    text_list_free(&comparison.reject_paths);
    text_list_free(&comparison.reject_reasons);
    return ok;
}

/* Another shard, or one of another number of them, or of other files. */
static bool compare_place(const struct rerun_request *request, struct store *store, bool *is_equal,
                          struct error *error)
{
    const struct store_shard *wanted = request->shard;
    struct store_shard found;
    bool ok = store_read_shard(store, &found, error);

    *is_equal = false;
    if (!ok)
        return ok;
    free(found.class_files);
    if (found.index != wanted->index || found.count != wanted->count)
        report_say(request->messages,
                   "%s: made again: was shard %" PRIu64 " of %" PRIu64 ", is %" PRIu64
                   " of %" PRIu64,
                   request->store_path, found.index, found.count, wanted->index, wanted->count);
    else if (strcmp(found.list_digest, wanted->list_digest) != 0)
        report_say(request->messages, "%s: made again: the source has other files now",
                   request->store_path);
    else
        *is_equal = true;
    return true;
}

static bool compare_store(const void *context, struct store *store, bool *is_current,
                          struct error *error)
{
    const struct rerun_request *request = context;
    char settings[INGEST_MAX_SETTINGS], old_digest[64], digest[TREE_DIGEST_LENGTH + 1];
    bool is_same_place = true;
    bool ok =
        store_read_source(store, settings, sizeof(settings), old_digest, sizeof(old_digest), error);

    if (!ok)
        return ok;
    if (strcmp(settings, request->settings) != 0) {
        say_changed_settings(request, settings);
        return true;
    }
    if (request->shard)
        ok = compare_place(request, store, &is_same_place, error);
    if (!ok || !is_same_place)
        return ok;
    if (request->verify)
        return compare_contents(request, store, is_current, error);
    ok = tree_digest(request->source.source, request->tree, request->num_io_threads, digest, error);
    *is_current = ok && strcmp(digest, old_digest) == 0;
    if (ok && !*is_current)
        report_say(request->messages,
                   "%s: made again: paths, sizes or times of the source have changed",
                   request->store_path);
    return ok;
}

bool rerun_check_with(const char *store_path, bool is_shard, int num_threads, FILE *messages,
                      rerun_comparison *compare, const void *context, bool *is_current,
                      struct error *error)
{
    const char *kind = is_shard ? "quern shard" : "quern store";
    struct store_checks checks = {.num_threads = num_threads, .is_shard = is_shard};
    struct error reason = {0};
    struct store *store = NULL;
    char damage[2048];
    bool ok;

    *is_current = false;
    if (access(store_path, F_OK) != 0 && errno == ENOENT)
        return true;
    ok = store_open_with(store_path, &checks, &store, &reason);
    if (ok)
        ok = compare(context, store, is_current, &reason);
    store_close(store);
    if (ok || reason.status != STATUS_DATA) {
        if (!ok)
            *error = reason;
        return ok;
    }
    *is_current = false;
    decode_describe(damage, sizeof(damage), &reason);
    if (!has_mark(store_path, kind))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = store_path),
                         "exists and is no %s (%s); --force replaces it", kind, damage);
    report_say(messages, "%s: made again: the %s is damaged: %s", store_path,
               is_shard ? "shard" : "store", damage);
    return true;
}

bool rerun_check(const struct rerun_request *request, bool *is_current, struct error *error)
{
    return rerun_check_with(request->store_path, request->shard != NULL, request->num_threads,
                            request->messages, compare_store, request, is_current, error);
}
