#include "ingest/shard_set.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/signals.h"
#include "common/text.h"

/* A shard that was just opened, and the set that it may belong to. */
struct newcomer {
    const char *path;
    struct store *store;
    struct store_shard place;
    char name[1024];
    char settings[INGEST_MAX_SETTINGS];
    char digest[64]; /* of its own files: not looked at */
    struct error *error;
};

static bool refuse(const struct newcomer *newcomer, const char *what, const char *expected,
                   const char *found)
{
    return error_set(newcomer->error, STATUS_DATA,
                     ERROR_AT(.file = newcomer->path, .expected = expected, .found = found), "%s",
                     what);
}

static bool open_newcomer(struct newcomer *newcomer, int num_threads)
{
    struct store_checks checks = {.num_threads = num_threads, .is_shard = true};
    struct error *error = newcomer->error;

    if (!store_open_with(newcomer->path, &checks, &newcomer->store, error) ||
        !store_read_shard(newcomer->store, &newcomer->place, error) ||
        !store_read_source(newcomer->store, newcomer->settings, sizeof(newcomer->settings),
                           newcomer->digest, sizeof(newcomer->digest), error) ||
        !store_read_source_name(newcomer->store, newcomer->name, sizeof(newcomer->name), error))
        return false;
    /* Chunks and sums are taken over as they are, so nobody else may have had a hand in them. */
    if (!store_is_sealed(newcomer->store))
        return refuse(newcomer,
                      "has no seal: another program has rewritten it; make the shard again", NULL,
                      NULL);
    return true;
}

/* ---- against the first ---- */

/* The first of the shards says what all of them must be. */
static bool begin_set(struct shard_set *set, struct newcomer *first, size_t num_paths)
{
    struct error *error = first->error;

    memcpy(set->num_files, first->place.num_files, sizeof(set->num_files));
    set->max_path_nbytes = first->place.max_path_nbytes;
    set->compression_level = (int)first->place.compression_level;
    set->class_files = first->place.class_files;
    first->place.class_files = NULL;
    text_format(set->name, sizeof(set->name), "%s", first->name);
    text_format(set->settings, sizeof(set->settings), "%s", first->settings);
    memcpy(set->list_digest, first->place.list_digest, sizeof(set->list_digest));
    if (!memory_allocate(&set->members, num_paths, sizeof(*set->members), error))
        return false;
    return text_list_copy(&set->classes, store_classes(first->store), error);
}

/* The first setting that differs, both as "name=value". */
static bool refuse_settings(const struct shard_set *set, const struct newcomer *newcomer)
{
    const char *expected = set->settings, *found = newcomer->settings;

    while (*expected && *found) {
        size_t expected_length = strcspn(expected, " "), found_length = strcspn(found, " ");

        if (expected_length != found_length || strncmp(expected, found, found_length) != 0)
            break;
        expected += expected_length + strspn(expected + expected_length, " ");
        found += found_length + strspn(found + found_length, " ");
    }
    return refuse(newcomer, TEXT("was made with another setting than %.200s", set->members[0].path),
                  TEXT("%.*s", (int)strcspn(expected, " "), expected),
                  TEXT("%.*s", (int)strcspn(found, " "), found));
}

static bool compare_source(const struct shard_set *set, const struct newcomer *newcomer)
{
    const char *first = set->members[0].path;
    size_t num_class_files = NUM_SPLITS * set->classes.count;

    if (strcmp(set->name, newcomer->name) != 0)
        return refuse(newcomer, TEXT("was made from another source than %.200s", first), set->name,
                      newcomer->name);
    if (strcmp(set->settings, newcomer->settings) != 0)
        return refuse_settings(set, newcomer);
    if (strcmp(set->list_digest, newcomer->place.list_digest) != 0)
        return refuse(newcomer,
                      TEXT("was made when the source had other files than for %.150s: make the "
                           "older of the two again",
                           first),
                      NULL, NULL);
    if (!text_list_equal(&set->classes, store_classes(newcomer->store)) ||
        memcmp(set->num_files, newcomer->place.num_files, sizeof(set->num_files)) != 0 ||
        set->max_path_nbytes != newcomer->place.max_path_nbytes ||
        memcmp(set->class_files, newcomer->place.class_files, num_class_files * sizeof(uint64_t)) !=
            0)
        return refuse(newcomer, TEXT("has other classes or files than %.200s", first), NULL, NULL);
    return true;
}

static bool has_rows(const struct shard_set_member *member)
{
    return member->num_rows[SPLIT_TRAIN] + member->num_rows[SPLIT_VALID] +
               member->num_rows[SPLIT_TEST] >
           0;
}

/* The shape that a shard without images has does not count. */
static bool compare_image(struct shard_set *set, const struct newcomer *newcomer)
{
    const struct shard_set_member *member = &set->members[set->count - 1];
    const struct image_shape *expected = &set->image, *found = &member->image;
    const char *first = "";

    if (!has_rows(member))
        return true;
    for (size_t i = set->count - 1; i-- > 0;)
        if (has_rows(&set->members[i]))
            first = set->members[i].path;
    if (set->image.height == 0)
        set->image = member->image;
    if (expected->channels != found->channels)
        return refuse(newcomer,
                      TEXT("holds %s images, but %.150s %s ones: make all shards again with "
                           "--channels rgb, or gray",
                           found->channels == 1 ? "gray" : "RGB", first,
                           expected->channels == 1 ? "gray" : "RGB"),
                      NULL, NULL);
    if (expected->height != found->height || expected->width != found->width)
        return refuse(newcomer, TEXT("holds images of another size than %.200s", first),
                      TEXT("%zux%zu", expected->height, expected->width),
                      TEXT("%zux%zu", found->height, found->width));
    return true;
}

static bool add_member(struct shard_set *set, struct newcomer *newcomer)
{
    struct shard_set_member *member = &set->members[set->count];

    *member = (struct shard_set_member){.path = newcomer->path, .place = newcomer->place};
    member->place.class_files = NULL;
    member->image = *store_image_shape(newcomer->store);
    for (int s = 0; s < NUM_SPLITS; s++)
        member->num_rows[s] = store_num_rows(newcomer->store, (enum split)s);
    memcpy(member->fingerprint, store_fingerprint(newcomer->store), sizeof(member->fingerprint));
    set->count++; /* so that it is freed */
    return store_read_file_hashes(newcomer->store, &member->place, &member->file_hashes,
                                  newcomer->error);
}

static bool add_shard(struct shard_set *set, const char *path, size_t num_paths, int num_threads,
                      struct error *error)
{
    struct newcomer newcomer = {.path = path, .error = error};
    bool ok = open_newcomer(&newcomer, num_threads);

    if (ok)
        ok = set->members ? compare_source(set, &newcomer) : begin_set(set, &newcomer, num_paths);
    if (ok)
        ok = add_member(set, &newcomer);
    if (ok)
        ok = compare_image(set, &newcomer);
    free(newcomer.place.class_files);
    store_close(newcomer.store);
    return ok;
}

/* ---- all together ---- */

static int compare_members(const void *a, const void *b)
{
    uint64_t first = ((const struct shard_set_member *)a)->place.index;
    uint64_t second = ((const struct shard_set_member *)b)->place.index;

    return (first > second) - (first < second);
}

static bool check_order(const struct shard_set *set, struct error *error)
{
    uint64_t count = set->members[0].place.count, next = 1;
    uint64_t end[NUM_SPLITS] = {0};

    for (size_t i = 0; i < set->count; i++) {
        const struct shard_set_member *member = &set->members[i];
        const struct store_shard *place = &member->place;

        if (place->count != count)
            return error_set(error, STATUS_DATA,
                             ERROR_AT(.file = member->path, .expected = TEXT("of %" PRIu64, count),
                                      .found = TEXT("of %" PRIu64, place->count)),
                             "is one of another number of shards than %s", set->members[0].path);
        if (place->index + 1 == next)
            return error_set(error, STATUS_DATA, ERROR_AT(.file = member->path),
                             "is shard %" PRIu64 " of %" PRIu64 ", as is %s", place->index, count,
                             set->members[i - 1].path);
        if (place->index != next)
            break;
        for (int s = 0; s < NUM_SPLITS; s++) {
            if (place->first[s] != end[s])
                return error_set(
                    error, STATUS_DATA,
                    ERROR_AT(.file = member->path, .expected = TEXT("from file %" PRIu64, end[s]),
                             .found = TEXT("%" PRIu64, place->first[s])),
                    "does not go on in %s where the shard before it ends", split_names[s]);
            end[s] = place->end[s];
        }
        next++;
    }
    if (next <= count)
        return error_set(error, STATUS_DATA, NULL,
                         "shard %" PRIu64 " of %" PRIu64 " is not among the files given", next,
                         count);
    for (int s = 0; s < NUM_SPLITS; s++)
        if (end[s] != set->num_files[s])
            return error_set(error, STATUS_DATA, ERROR_AT(.file = set->members[count - 1].path),
                             "does not end where %s ends", split_names[s]);
    return true;
}

/* The digest that one run over all files would have found: they are hashed split by split. */
static bool compute_digest(struct shard_set *set, struct error *error)
{
    size_t num_files = 0, num_done = 0;
    uint64_t *hashes;

    for (int s = 0; s < NUM_SPLITS; s++)
        num_files += set->num_files[s];
    if (!memory_allocate(&hashes, num_files, sizeof(*hashes), error))
        return false;
    for (int s = 0; s < NUM_SPLITS; s++) {
        for (size_t i = 0; i < set->count; i++) {
            const struct store_shard *place = &set->members[i].place;
            const uint64_t *from = set->members[i].file_hashes;
            size_t count = place->end[s] - place->first[s];

            for (int before = 0; before < s; before++)
                from += place->end[before] - place->first[before];
            memcpy(hashes + num_done, from, count * sizeof(*hashes));
            num_done += count;
        }
    }
    digest_finish(hashes, num_files, set->digest);
    free(hashes);
    return true;
}

bool shard_set_check(char *const *paths, size_t count, int num_threads, struct shard_set *set,
                     struct error *error)
{
    bool ok = true;

    *set = (struct shard_set){0};
    for (size_t i = 0; i < count && ok; i++) {
        ok = add_shard(set, paths[i], count, num_threads, error);
        if (ok && signals_stop_requested())
            ok = error_set(error, STATUS_STOPPED, NULL,
                           "stopped by %s; nothing was written, run again",
                           signals_name(signals_stop_requested()));
    }
    if (ok) {
        qsort(set->members, set->count, sizeof(*set->members), compare_members);
        ok = check_order(set, error);
    }
    if (ok)
        ok = compute_digest(set, error);
    if (ok && set->image.height == 0)
        ok = error_set(error, STATUS_DATA, NULL, "no shard holds an image");
    if (!ok)
        shard_set_free(set);
    return ok;
}

void shard_set_free(struct shard_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->members[i].file_hashes);
    free(set->members);
    free(set->class_files);
    text_list_free(&set->classes);
    *set = (struct shard_set){0};
}

bool shard_set_open(const struct shard_set_member *member, struct store **store,
                    struct error *error)
{
    struct store_checks checks = {.skip_seal = true, .is_shard = true};
    bool ok = store_open_with(member->path, &checks, store, error);

    if (ok && strcmp(store_fingerprint(*store), member->fingerprint) != 0) {
        store_close(*store);
        *store = NULL;
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = member->path),
                       "has changed while it was merged");
    }
    return ok;
}
