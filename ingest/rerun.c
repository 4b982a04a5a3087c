#include "ingest/rerun.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/random.h"
#include "common/text.h"
#include "formats/file/file_kind.h"
#include "formats/store/store.h"
#include "ingest/ingest_options.h"
#include "ingest/report.h"

enum { MAX_DIFFERENCES_SHOWN = 5 };

/* ---- is it of the same source? ---- */

static bool rerun_add_path(struct rerun_paths *paths, const char *path, struct error *error)
{
    if (!memory_grow(&paths->hashes, &paths->capacity, paths->count + 1, sizeof(*paths->hashes),
                     error))
        return false;
    paths->hashes[paths->count++] = random_hash(0, path, strlen(path));
    return true;
}

static bool rerun_add_list(struct rerun_paths *paths, const struct text_list *list,
                           struct error *error)
{
    bool ok = true;

    for (size_t i = 0; i < list->count && ok; i++)
        ok = rerun_add_path(paths, list->items[i], error);
    return ok;
}

bool rerun_add_paths(struct rerun_paths *paths, struct store *store, struct error *error)
{
    struct text_list rejects = {0}, reasons = {0};
    bool ok = store_read_rejects(store, &rejects, &reasons, error) &&
              rerun_add_list(paths, &rejects, error);

    for (int s = 0; s < NUM_SPLITS && ok; s++) {
        struct text_list rows = {0};

        ok = store_num_rows(store, (enum split)s) == 0 ||
             (store_read_paths(store, (enum split)s, &rows, error) &&
              rerun_add_list(paths, &rows, error));
        text_list_free(&rows);
    }
    text_list_free(&rejects);
    text_list_free(&reasons);
    return ok;
}

static int rerun_compare_hashes(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

/* How many paths are in both. */
static size_t rerun_count_shared(struct rerun_paths *old, struct rerun_paths *new)
{
    size_t num_shared = 0;

    qsort(old->hashes, old->count, sizeof(*old->hashes), rerun_compare_hashes);
    qsort(new->hashes, new->count, sizeof(*new->hashes), rerun_compare_hashes);
    for (size_t i = 0, j = 0; i < old->count && j < new->count;) {
        int order = rerun_compare_hashes(&old->hashes[i], &new->hashes[j]);

        num_shared += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    return num_shared;
}

/* Says what replacing the store would lose, and how to go on. */
static bool rerun_refuse_other_source(const char *store_path, struct store *store,
                                      size_t num_shared, struct error *error)
{
    const struct text_list *classes = store_classes(store);
    char name[1024], number[32], shared[32], escaped[300];
    uint64_t num_images = 0;

    for (int s = 0; s < NUM_SPLITS; s++)
        num_images += store_num_rows(store, (enum split)s);
    if (!store_read_source_name(store, name, sizeof(name), error))
        return false;
    return error_set(
        error, STATUS_DATA, ERROR_AT(.file = store_path),
        "holds %s images of %zu classes ('%s'%s) of another source, '%s': %s of its files are in "
        "this one; give another name, or --force to replace it",
        text_group_digits(number, sizeof(number), num_images), classes->count,
        text_escape(escaped, 100, classes->items[0]), classes->count > 1 ? ", ..." : "",
        text_escape(escaped + 100, 200, name),
        num_shared == 0 ? "none" : text_group_digits(shared, sizeof(shared), num_shared));
}

/* Refuses to replace the open store if it is of another source.  STATUS_DATA in damage: its paths
 * cannot be read. */
static bool rerun_check_source(const char *store_path, struct store *store,
                               const struct rerun_comparison *comparison, struct error *damage,
                               struct error *error)
{
    struct rerun_paths old = {0}, new = {0};
    bool ok =
        rerun_add_paths(&old, store, damage) && comparison->list(comparison->context, &new, error);

    if (ok) {
        size_t num_shared = rerun_count_shared(&old, &new);
        size_t least = old.count < new.count ? old.count : new.count;

        if (num_shared < least - num_shared)
            ok = rerun_refuse_other_source(store_path, store, num_shared, error);
    }
    free(old.hashes);
    free(new.hashes);
    return ok;
}

/* ---- what is there ---- */

/*
 * Compares the store that is there and may be replaced if it is not current.  STATUS_DATA in
 * damage: it is no whole store.
 */
static bool rerun_compare_file(const char *store_path, const struct store_checks *checks,
                               FILE *messages, const struct rerun_comparison *comparison,
                               bool *is_current, struct error *damage, struct error *error)
{
    struct store *store = NULL;
    char *text = NULL;
    size_t nbytes;
    FILE *said = open_memstream(&text, &nbytes);
    bool ok;

    if (!said)
        return error_set_memory(error, 1024);
    ok = store_open_with(store_path, checks, &store, damage) &&
         comparison->compare(comparison->context, store, said, is_current, damage);
    fclose(said);
    /* A store that is refused is not made again, so why it would be is not said. */
    if (ok && !*is_current)
        ok = rerun_check_source(store_path, store, comparison, damage, error);
    if (ok && text)
        fputs(text, messages);
    free(text);
    store_close(store);
    return ok;
}

/* Of a damaged store the paths may still be there. */
static bool rerun_check_damaged(const char *store_path, bool is_shard,
                                const struct rerun_comparison *comparison, struct error *error)
{
    const struct store_checks checks = {.skip_seal = true, .num_threads = 1, .is_shard = is_shard};
    struct error damage = {0};
    struct store *store = NULL;

    if (store_open_with(store_path, &checks, &store, &damage))
        rerun_check_source(store_path, store, comparison, &damage, error);
    store_close(store);
    return error_ok(error);
}

bool rerun_check_with(const char *store_path, bool is_shard, int num_threads, FILE *messages,
                      const struct rerun_comparison *comparison, bool *is_current,
                      struct error *error)
{
    const enum file_kind kind = is_shard ? FILE_KIND_SHARD : FILE_KIND_STORE;
    const struct store_checks checks = {.num_threads = num_threads, .is_shard = is_shard};
    struct error damage = {0};
    char reason[2048];

    *is_current = false;
    if (!file_exists(store_path))
        return true;
    if (!file_kind_check_output(store_path, kind, false, error))
        return false;
    if (rerun_compare_file(store_path, &checks, messages, comparison, is_current, &damage, error))
        return true;
    *is_current = false;
    if (!error_ok(error))
        return false;
    if (damage.status != STATUS_DATA) {
        *error = damage;
        return false;
    }
    decode_describe(reason, sizeof(reason), &damage);
    if (!rerun_check_damaged(store_path, is_shard, comparison, error))
        return false;
    report_say(messages, "%s: made again: the %s is damaged: %s", store_path,
               is_shard ? "shard" : "store", reason);
    return true;
}

/* ---- what has changed ---- */

/* The value of "name=value" in a line of settings, or NULL; its length into *length. */
static const char *rerun_find_setting(const char *settings, const char *name, size_t name_length,
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
    return NULL;
}

/* Says so of a setting that is not as it was; one that a line leaves out is none. */
static void rerun_say_changed_setting(const struct rerun_request *request, const char *old,
                                      const char *name, size_t name_length)
{
    size_t old_length = strlen("none"), new_length = old_length;
    const char *old_value = rerun_find_setting(old, name, name_length, &old_length);
    const char *new_value = rerun_find_setting(request->settings, name, name_length, &new_length);

    old_value = old_value ? old_value : "none";
    new_value = new_value ? new_value : "none";
    if (old_length == new_length && strncmp(old_value, new_value, old_length) == 0)
        return;
    /* These are hashes, which tell people nothing. */
    if (strncmp(name, "classes=", name_length + 1) == 0 ||
        strncmp(name, "group-by=", name_length + 1) == 0)
        report_say(request->messages, "%s: made again: --%.*s is not as it was",
                   request->store_path, (int)name_length, name);
    else if (strncmp(name, "labels=", name_length + 1) == 0)
        report_say(request->messages, "%s: made again: the labels are not as they were",
                   request->store_path);
    else
        report_say(request->messages, "%s: made again: %.*s was %.*s, is %.*s", request->store_path,
                   (int)name_length, name, (int)old_length, old_value, (int)new_length, new_value);
}

static void rerun_say_changed_settings(const struct rerun_request *request, const char *old)
{
    const char *const lines[] = {request->settings, old};

    for (int i = 0; i < 2; i++) {
        for (const char *at = lines[i]; *at; at += strspn(at, " ")) {
            size_t name_length = strcspn(at, "="), length;

            /* Settings of the old line that are in the new one, too, were compared. */
            if (i == 0 || !rerun_find_setting(request->settings, at, name_length, &length))
                rerun_say_changed_setting(request, old, at, name_length);
            at += strcspn(at, " ");
        }
    }
}

/* ---- comparing contents ---- */

/* A comparison of the contents of all files with what the store says of them. */
struct rerun_contents {
    const struct rerun_request *request;
    struct store *store;
    struct text_list reject_paths, reject_reasons;
    size_t num_rejects_met;
    uint64_t num_differences;
    struct error *error;
};

static void rerun_add_difference(struct rerun_contents *comparison, const char *path,
                                 const char *what)
{
    if (comparison->num_differences++ < MAX_DIFFERENCES_SHOWN)
        report_say(comparison->request->messages, "%s: %s", path, what);
}

/* What a file is now. */
struct rerun_file {
    uint32_t crc32;
    enum status status; /* STATUS_OK: it could be read as bytes or, where asked, decoded */
};

/* Reads all files of a split.  Files that were rejected are decoded, to see if they still would be
 * rejected; of all others the CRC-32 is enough. */
static bool rerun_read_files(const struct rerun_contents *comparison, enum split split,
                             const bool *is_reject, struct rerun_file *files)
{
    const struct rerun_request *request = comparison->request;
    size_t first = request->tree->first[split];
    size_t count = request->tree->first[split + 1] - first;
    struct progress progress = progress_begin("quern-ingest", "compare", "files", count);
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

        if (is_reject[i])
            decode_file(&request->source, &image, 1, buffer, &decoded, &error);
        else
            decode_file_crc32(&request->source, &image, buffer, &files[i].crc32, &error);
        files[i].status = error.status;
        /* A failure of the system, such as EIO, does not mean that the file has changed. */
        if (error.status != STATUS_OK && error.status != STATUS_DATA) {
#pragma omp critical(rerun_read_failed)
            error_set(comparison->error, error.status, ERROR_AT(.file = image.path), "%s",
                      error.what);
        }
        if (omp_get_thread_num() == 0)
            progress_update(&progress, i);
    }
    progress_clear(&progress);
    for (int t = 0; t < request->num_io_threads; t++)
        decode_buffer_free(&buffers[t]);
    free(buffers);
    return error_ok(comparison->error);
}

/* Marks the files of a split that the store lists as rejects; both are in the same order. */
static void rerun_mark_rejects(struct rerun_contents *comparison, enum split split, bool *is_reject)
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

/* Compares the files of a split with the rows of the store; both are sorted by path. */
static void rerun_compare_rows(struct rerun_contents *comparison, enum split split,
                               const struct text_list *old_paths, const uint32_t *old_crc32,
                               const bool *is_reject, const struct rerun_file *files)
{
    const struct tree *tree = comparison->request->tree;
    size_t first = tree->first[split], count = tree->first[split + 1] - first, row = 0;

    for (size_t i = 0; i < count; i++) {
        const char *path = tree->paths[first + i];

        if (is_reject[i]) {
            if (files[i].status == STATUS_OK)
                rerun_add_difference(comparison, path, "was skipped, is readable now");
            continue;
        }
        while (row < old_paths->count && strcmp(old_paths->items[row], path) < 0)
            rerun_add_difference(comparison, old_paths->items[row++], "is in the store only");
        if (row == old_paths->count || strcmp(old_paths->items[row], path) != 0)
            rerun_add_difference(comparison, path, "is new");
        else if (files[i].crc32 != old_crc32[row++] || files[i].status != STATUS_OK)
            rerun_add_difference(comparison, path,
                                 files[i].status == STATUS_OK ? "has other contents"
                                                              : "cannot be read any more");
    }
    while (row < old_paths->count)
        rerun_add_difference(comparison, old_paths->items[row++], "is in the store only");
}

static bool rerun_compare_split(struct rerun_contents *comparison, enum split split)
{
    const struct tree *tree = comparison->request->tree;
    size_t count = tree->first[split + 1] - tree->first[split];
    size_t num_rows = store_num_rows(comparison->store, split);
    struct error *error = comparison->error;
    struct text_list paths = {0};
    uint32_t *crc32 = NULL;
    bool *is_reject = NULL;
    struct rerun_file *files = NULL;

    if (memory_allocate(&crc32, num_rows, sizeof(*crc32), error) &&
        memory_allocate(&is_reject, count, sizeof(*is_reject), error) &&
        memory_allocate(&files, count, sizeof(*files), error) &&
        (num_rows == 0 || (store_read_paths(comparison->store, split, &paths, error) &&
                           store_read_file_crc32(comparison->store, split, crc32, error)))) {
        rerun_mark_rejects(comparison, split, is_reject);
        if (rerun_read_files(comparison, split, is_reject, files))
            rerun_compare_rows(comparison, split, &paths, crc32, is_reject, files);
    }
    text_list_free(&paths);
    free(crc32);
    free(is_reject);
    free(files);
    return error_ok(error);
}

/* Decompresses all pixels and compares their checksums. */
static bool rerun_check_pixels(const struct rerun_contents *comparison)
{
    enum { WINDOW_NBYTES = 4 << 20 };
    size_t num_values = image_num_values(store_image_shape(comparison->store));
    uint64_t window = num_values < WINDOW_NBYTES ? WINDOW_NBYTES / num_values : 1;
    uint8_t *pixels;

    if (!memory_allocate(&pixels, window, num_values, comparison->error))
        return false;
    for (int s = 0; s < NUM_SPLITS; s++) {
        uint64_t num_rows = store_num_rows(comparison->store, (enum split)s);
        struct progress progress =
            progress_begin("quern-ingest", TEXT("check %s", split_names[s]), "images", num_rows);

        for (uint64_t row = 0; row < num_rows && error_ok(comparison->error); row += window) {
            store_read_pixels(comparison->store, (enum split)s, row,
                              num_rows - row < window ? num_rows - row : window,
                              comparison->request->num_threads, pixels, comparison->error);
            progress_update(&progress, row + window);
        }
        progress_clear(&progress);
    }
    free(pixels);
    return error_ok(comparison->error);
}

static bool rerun_compare_contents(const struct rerun_request *request, struct store *store,
                                   bool *is_equal, struct error *error)
{
    struct rerun_contents comparison = {.request = request, .store = store, .error = error};
    bool ok =
        store_read_rejects(store, &comparison.reject_paths, &comparison.reject_reasons, error);

    for (int s = 0; s < NUM_SPLITS && ok; s++)
        ok = rerun_compare_split(&comparison, (enum split)s);
    if (ok) {
        for (size_t i = comparison.num_rejects_met; i < comparison.reject_paths.count; i++)
            rerun_add_difference(&comparison, comparison.reject_paths.items[i], "is gone");
        ok = rerun_check_pixels(&comparison);
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

/* Is the shard that is there the same part of the same files?  If not, says why. */
static bool rerun_compare_place(const struct rerun_request *request, struct store *store,
                                bool *is_equal, struct error *error)
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

static bool rerun_compare(const void *context, struct store *store, FILE *said, bool *is_current,
                          struct error *error)
{
    struct rerun_request request = *(const struct rerun_request *)context;
    char settings[INGEST_MAX_SETTINGS], old_digest[64], digest[TREE_DIGEST_LENGTH + 1];
    bool is_same_place = true;

    request.messages = said;
    if (!store_read_source(store, settings, sizeof(settings), old_digest, sizeof(old_digest),
                           error))
        return false;
    if (strcmp(settings, request.settings) != 0) {
        rerun_say_changed_settings(&request, settings);
        return true;
    }
    if (request.shard && !rerun_compare_place(&request, store, &is_same_place, error))
        return false;
    if (!is_same_place)
        return true;
    if (request.verify)
        return rerun_compare_contents(&request, store, is_current, error);
    if (!tree_digest(request.source.source, request.tree, request.num_io_threads, digest, error))
        return false;
    *is_current = strcmp(digest, old_digest) == 0;
    if (!*is_current)
        report_say(said, "%s: made again: paths, sizes or times of the source have changed",
                   request.store_path);
    return true;
}

static bool rerun_list_scan(const void *context, struct rerun_paths *paths, struct error *error)
{
    const struct scan *scan = ((const struct rerun_request *)context)->scan;
    bool ok = true;

    for (size_t i = 0; i < scan->num_images && ok; i++)
        ok = rerun_add_path(paths, scan->paths[i], error);
    return ok;
}

bool rerun_check(const struct rerun_request *request, bool *is_current, struct error *error)
{
    const struct rerun_comparison comparison = {request, rerun_compare, rerun_list_scan};

    return rerun_check_with(request->store_path, request->shard != NULL, request->num_threads,
                            request->messages, &comparison, is_current, error);
}
