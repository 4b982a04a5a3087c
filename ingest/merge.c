#include "ingest/merge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "ingest/ingest_memory.h"
#include "ingest/report.h"
#include "ingest/rerun.h"
#include "ingest/shards.h"
#include "model/class_means.h"

/* The most pixels of rows that are copied at a time; the writer buffers others. */
enum { WINDOW_NBYTES = 8 << 20 };

struct merge {
    const struct ingest_options *options;
    FILE *results;
    FILE *messages;
    struct shard_set set;
    struct store_writer *writer;
    float *split_means[NUM_SPLITS];
    struct text_list reject_paths, reject_reasons, image_decoders;
    struct progress progress;
    uint64_t num_done; /* rows, for progress */
    struct error *error;
};

static uint64_t merge_count_rows(const struct shard_set *set, enum split split)
{
    uint64_t num_rows = 0;

    for (size_t i = 0; i < set->count; i++)
        num_rows += set->members[i].num_rows[split];
    return num_rows;
}

/* ---- compare with the store that is there ---- */

/* Whether rows `first` and on of a split of the store are those of the shard. */
static bool merge_has_rows_of(const struct store *store, const struct store *shard,
                              enum split split, uint64_t first)
{
    size_t nbytes = store_num_rows(shard, split) * sizeof(uint32_t);

    return nbytes == 0 ||
           (memcmp(store_labels(store, split) + first, store_labels(shard, split), nbytes) == 0 &&
            memcmp(store_pixel_crc32(store, split) + first, store_pixel_crc32(shard, split),
                   nbytes) == 0);
}

static bool merge_compare_rows(const struct merge *merge, struct store *store, bool *is_equal,
                               struct error *error)
{
    const struct shard_set *set = &merge->set;
    uint64_t first[NUM_SPLITS] = {0};
    bool ok = true;

    *is_equal = true;
    for (int s = 0; s < NUM_SPLITS; s++)
        *is_equal = *is_equal && merge_count_rows(set, s) == store_num_rows(store, s);
    for (size_t i = 0; i < set->count && *is_equal && ok; i++) {
        struct store *shard = NULL;

        ok = shard_set_open(&set->members[i], &shard, error);
        for (int s = 0; s < NUM_SPLITS && ok && *is_equal; s++) {
            *is_equal = merge_has_rows_of(store, shard, s, first[s]);
            first[s] += set->members[i].num_rows[s];
        }
        store_close(shard);
    }
    return ok;
}

static bool merge_compare_store(const void *context, struct store *store, FILE *said,
                                bool *is_current, struct error *error)
{
    const struct merge *merge = context;
    char settings[INGEST_MAX_SETTINGS], digest[64];
    bool is_equal, ok = true;

    if (!store_read_source(store, settings, sizeof(settings), digest, sizeof(digest), error))
        return false;
    is_equal = strcmp(settings, merge->set.settings) == 0 &&
               strcmp(digest, merge->set.digest) == 0 &&
               text_list_equal(store_classes(store), &merge->set.classes) &&
               memcmp(store_image_shape(store), &merge->set.image, sizeof(merge->set.image)) == 0;
    if (is_equal)
        ok = merge_compare_rows(merge, store, &is_equal, error);
    if (ok && !is_equal)
        report_say(said, "%s: made again: it is not of these shards", merge->options->store);
    *is_current = is_equal;
    return ok;
}

static bool merge_list_paths(const void *context, struct rerun_paths *paths, struct error *error)
{
    const struct merge *merge = context;
    bool ok = true;

    for (size_t i = 0; i < merge->set.count && ok; i++) {
        struct store *shard = NULL;

        ok = shard_set_open(&merge->set.members[i], &shard, error) &&
             rerun_add_paths(paths, shard, error);
        store_close(shard);
    }
    return ok;
}

/* ---- write ---- */

static bool merge_create_store(struct merge *merge)
{
    const struct shard_set *set = &merge->set;
    struct store_plan plan = {.image = set->image,
                              .classes = &set->classes,
                              .max_path_nbytes = set->max_path_nbytes,
                              .compression_level = set->compression_level,
                              .num_threads = merge->options->num_threads,
                              .is_forced = merge->options->force};

    struct ingest_memory_plan memory = {.num_io_threads = 1};
    struct ingest_memory_needs needs = {.limit = merge->options->memory_limit, .store = &plan};

    for (int s = 0; s < NUM_SPLITS; s++) {
        plan.max_rows[s] = set->num_files[s];
        needs.num_files += set->num_files[s];
    }
    return ingest_memory_make_plan(&needs, &memory, merge->error) &&
           store_create(merge->options->store, &plan, &merge->writer, merge->error);
}

static bool merge_copy_rows(struct merge *merge, struct store *shard, enum split split)
{
    const struct image_shape *image = &merge->set.image;
    uint64_t granule = store_shard_granule(image), num_rows = store_num_rows(shard, split);
    uint64_t num_granules = WINDOW_NBYTES / (granule * image_num_values(image));
    uint64_t window = granule * (num_granules ? num_granules : 1);
    bool ok = true;

    for (uint64_t first = 0; first < num_rows && ok; first += window) {
        uint64_t count = num_rows - first < window ? num_rows - first : window;

        ok = store_append_shard(merge->writer, shard, split, first, count, merge->error);
        merge->num_done += count;
        progress_update(&merge->progress, merge->num_done);
        if (ok && signals_stop_requested())
            ok = error_set(merge->error, STATUS_STOPPED, ERROR_AT(.file = merge->options->store),
                           "stopped by %s; nothing was written, run again",
                           signals_name(signals_stop_requested()));
    }
    return ok;
}

/*
 * Adds the rejects of a split of a shard.  A shard lists its rejects in the order of its files,
 * split by split, and a split has as many as it has files without a row.
 */
static bool merge_add_rejects(struct merge *merge, struct store *shard,
                              const struct shard_set_member *member, enum split split)
{
    struct text_list paths = {0}, reasons = {0};
    size_t first = 0, count = 0;
    bool ok = store_read_rejects(shard, &paths, &reasons, merge->error);

    for (int s = 0; s <= (int)split; s++) {
        first += count;
        count = member->place.end[s] - member->place.first[s] - member->num_rows[s];
    }
    if (ok && first + count > paths.count)
        ok = error_set(merge->error, STATUS_DATA,
                       ERROR_AT(.file = member->path, .dataset = "/rejects"),
                       "fewer rejects than files without a row");
    for (size_t i = first; i < first + count && ok; i++) {
        ok = text_list_add(&merge->reject_paths, paths.items[i], merge->error);
        if (ok)
            ok = text_list_add(&merge->reject_reasons, reasons.items[i], merge->error);
    }
    text_list_free(&paths);
    text_list_free(&reasons);
    return ok;
}

static bool merge_add_shard(struct merge *merge, const struct shard_set_member *member,
                            enum split split, struct class_means *means)
{
    struct store *shard = NULL;
    bool ok = shard_set_open(member, &shard, merge->error);

    if (ok)
        ok = merge_add_rejects(merge, shard, member, split) &&
             store_read_image_decoders(shard, &merge->image_decoders, merge->error);
    if (ok && member->num_rows[split] > 0) {
        const uint32_t *labels = store_labels(shard, split);

        for (uint64_t row = 0; row < member->num_rows[split]; row++)
            means->counts[labels[row]]++;
        ok = store_add_class_sums(shard, split, means->sums, merge->error);
    }
    if (ok)
        ok = merge_copy_rows(merge, shard, split);
    store_close(shard);
    return ok;
}

static bool merge_check_lost_classes(const struct merge *merge, enum split split,
                                     const struct class_means *means)
{
    const struct text_list *classes = &merge->set.classes;
    const uint64_t *num_files = merge->set.class_files + (size_t)split * classes->count;

    for (size_t label = 0; label < classes->count; label++)
        if (means->counts[label] == 0 && num_files[label] > 0)
            return error_set(merge->error, STATUS_DATA, NULL,
                             "class '%s' has no readable image left in %s", classes->items[label],
                             split_names[split]);
    return true;
}

static bool merge_split(struct merge *merge, enum split split)
{
    const struct shard_set *set = &merge->set;
    size_t num_values = image_num_values(&set->image);
    struct class_means means;
    bool ok;

    if (set->num_files[split] == 0)
        return true;
    ok = class_means_create(&means, set->classes.count, num_values, merge->error);
    for (size_t i = 0; i < set->count && ok; i++)
        ok = merge_add_shard(merge, &set->members[i], split, &means);
    if (ok)
        ok = merge_check_lost_classes(merge, split, &means);
    if (ok)
        ok = memory_allocate(&merge->split_means[split], set->classes.count * num_values,
                             sizeof(float), merge->error);
    if (ok)
        class_means_finish(&means, merge->split_means[split]);
    class_means_destroy(&means);
    return ok;
}

static bool merge_finish_store(struct merge *merge)
{
    struct store_ending ending = {
        .source = {merge->set.name, merge->set.settings, merge->set.digest},
        .preparation = merge->set.preparation[0] ? merge->set.preparation : NULL,
        .reject_paths = &merge->reject_paths,
        .reject_reasons = &merge->reject_reasons,
        .image_decoders = &merge->image_decoders,
    };
    struct store_writer *writer = merge->writer;

    for (int s = 0; s < NUM_SPLITS; s++)
        ending.class_means[s] = merge->split_means[s];
    merge->writer = NULL;
    return store_finish(writer, &ending, merge->error);
}

static bool merge_write_store(struct merge *merge)
{
    uint64_t num_rows = 0;
    bool ok = merge_create_store(merge);

    for (int s = 0; s < NUM_SPLITS; s++)
        num_rows += merge_count_rows(&merge->set, (enum split)s);
    merge->progress = progress_begin("quern-ingest", "merge", "images", num_rows);
    for (int s = 0; s < NUM_SPLITS && ok; s++)
        ok = merge_split(merge, (enum split)s);
    progress_clear(&merge->progress);
    if (ok)
        ok = merge_finish_store(merge);
    store_abandon(merge->writer);
    return ok;
}

/* Refuses to write the store to a file that is one of its shards. */
static bool merge_check_names(const struct ingest_options *options, struct error *error)
{
    for (size_t i = 0; i < options->num_shards_to_merge; i++)
        if (file_is_same(options->store, options->shards[i]))
            return error_set(
                error, STATUS_USAGE, ERROR_AT(.file = options->store),
                "is a shard to be merged, so it cannot be written: give the output another "
                "name");
    return true;
}

bool merge_run(const struct ingest_options *options, FILE *results, FILE *messages,
               struct error *error)
{
    struct merge merge = {
        .options = options, .results = results, .messages = messages, .error = error};
    const struct rerun_comparison comparison = {&merge, merge_compare_store, merge_list_paths};
    bool is_current = false;
    bool ok = merge_check_names(options, error) &&
              shard_set_check(options->shards, options->num_shards_to_merge, options->num_threads,
                              &merge.set, error);

    if (ok && !options->force)
        ok = rerun_check_with(options->store, false, options->num_threads, messages, &comparison,
                              &is_current, error);
    ok = ok && (is_current || merge_write_store(&merge)) &&
         report_store(options->store, false, is_current ? "" : "wrote ",
                      is_current ? " is up to date" : "", results, error);
    if (ok)
        fputc('\n', results);
    for (int s = 0; s < NUM_SPLITS; s++)
        free(merge.split_means[s]);
    text_list_free(&merge.reject_paths);
    text_list_free(&merge.reject_reasons);
    text_list_free(&merge.image_decoders);
    shard_set_free(&merge.set);
    return ok;
}
