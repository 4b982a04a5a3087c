#include "ingest/shards.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/signals.h"
#include "common/text.h"

/* ---- one shard of a tree ---- */

/* The first file of shard index in a split: the shards before it have (index - 1) / count of its
 * chunks. */
static uint64_t shard_find_first(uint64_t num_files, uint64_t granule, uint64_t index,
                                 uint64_t count)
{
    uint64_t num_chunks = (num_files + granule - 1) / granule;
    uint64_t first = num_chunks * (index - 1) / count * granule;

    return first < num_files ? first : num_files;
}

static bool shard_count_class_files(const struct tree *whole, struct store_shard *place,
                                    struct error *error)
{
    size_t num_classes = whole->classes.count;

    if (!memory_allocate(&place->class_files, NUM_SPLITS * num_classes, sizeof(uint64_t), error))
        return false;
    for (size_t label = 0; label < num_classes; label++) {
        const struct tree_class *class = tree_find_class(whole, whole->classes.items[label]);

        for (int s = 0; s < NUM_SPLITS; s++)
            place->class_files[(size_t)s * num_classes + label] = class->num_images[s];
    }
    return true;
}

static bool shard_copy_rows(const struct tree *whole, struct shard *shard, struct error *error)
{
    const struct store_shard *place = &shard->place;
    struct tree *part = &shard->tree;
    size_t num_rows = 0;

    *part = *whole;
    part->paths = NULL;
    part->labels = NULL;
    part->images = NULL;
    for (int s = 0; s < NUM_SPLITS; s++) {
        part->first[s] = num_rows;
        num_rows += place->end[s] - place->first[s];
    }
    part->first[NUM_SPLITS] = num_rows;
    if (!memory_allocate(&part->paths, num_rows, sizeof(*part->paths), error) ||
        !memory_allocate(&part->labels, num_rows, sizeof(*part->labels), error) ||
        !memory_allocate(&part->images, num_rows, sizeof(*part->images), error))
        return false;
    for (int s = 0; s < NUM_SPLITS; s++) {
        size_t from = whole->first[s] + place->first[s], count = place->end[s] - place->first[s];

        memcpy(part->paths + part->first[s], whole->paths + from, count * sizeof(*part->paths));
        memcpy(part->images + part->first[s], whole->images + from, count * sizeof(*part->images));
        memcpy(part->labels + part->first[s], whole->labels + from, count * sizeof(*part->labels));
    }
    return true;
}

bool shard_cut(const struct tree *whole, uint64_t index, uint64_t count,
               const struct image_shape *image, struct shard *shard, struct error *error)
{
    uint64_t granule = store_shard_granule(image);
    struct store_shard *place = &shard->place;
    bool ok;

    *shard = (struct shard){.place = {.index = index, .count = count}};
    for (int s = 0; s < NUM_SPLITS; s++) {
        place->num_files[s] = whole->first[s + 1] - whole->first[s];
        place->first[s] = shard_find_first(place->num_files[s], granule, index, count);
        place->end[s] = index < count
                            ? shard_find_first(place->num_files[s], granule, index + 1, count)
                            : place->num_files[s];
    }
    for (size_t i = 0; i < tree_num_rows(whole); i++) {
        size_t nbytes = strlen(whole->paths[i]);

        if (nbytes > place->max_path_nbytes)
            place->max_path_nbytes = nbytes;
    }
    tree_digest_paths(whole, place->list_digest);
    ok = shard_count_class_files(whole, place, error) && shard_copy_rows(whole, shard, error);
    if (!ok)
        shard_free(shard);
    return ok;
}

void shard_free(struct shard *shard)
{
    free(shard->place.class_files);
    free(shard->tree.paths);
    free(shard->tree.labels);
    free(shard->tree.images);
    *shard = (struct shard){0};
}

/* ---- a set of shards ---- */

/* A shard that was just opened and may become a member of the set. */
struct shard_candidate {
    const char *path;
    struct store *store;
    struct store_shard place;
    char name[1024];
    char settings[INGEST_MAX_SETTINGS];
    char digest[64]; /* of the files of this shard alone, which is not compared */
    struct error *error;
};

static bool shard_refuse(const struct shard_candidate *candidate, const char *what,
                         const char *expected, const char *found)
{
    return error_set(candidate->error, STATUS_DATA,
                     ERROR_AT(.file = candidate->path, .expected = expected, .found = found), "%s",
                     what);
}

static bool shard_open_candidate(struct shard_candidate *candidate, int num_threads)
{
    struct store_checks checks = {.num_threads = num_threads, .is_shard = true};
    struct error *error = candidate->error;

    if (!store_open_with(candidate->path, &checks, &candidate->store, error) ||
        !store_read_shard(candidate->store, &candidate->place, error) ||
        !store_read_source(candidate->store, candidate->settings, sizeof(candidate->settings),
                           candidate->digest, sizeof(candidate->digest), error) ||
        !store_read_source_name(candidate->store, candidate->name, sizeof(candidate->name), error))
        return false;
    /* Merging copies chunks and sums without checking them, so they must be what quern wrote. */
    if (!store_is_sealed(candidate->store))
        return shard_refuse(candidate,
                            "has no seal: another program has rewritten it; make the shard again",
                            NULL, NULL);
    return true;
}

/* ---- against the first ---- */

/* The first of the shards says what all of them must be. */
static bool shard_set_begin(struct shard_set *set, struct shard_candidate *first, size_t num_paths)
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
static bool shard_refuse_settings(const struct shard_set *set,
                                  const struct shard_candidate *candidate)
{
    const char *expected = set->settings, *found = candidate->settings;

    while (*expected && *found) {
        size_t expected_length = strcspn(expected, " "), found_length = strcspn(found, " ");

        if (expected_length != found_length || strncmp(expected, found, found_length) != 0)
            break;
        expected += expected_length + strspn(expected + expected_length, " ");
        found += found_length + strspn(found + found_length, " ");
    }
    return shard_refuse(candidate,
                        TEXT("was made with another setting than %.200s", set->members[0].path),
                        TEXT("%.*s", (int)strcspn(expected, " "), expected),
                        TEXT("%.*s", (int)strcspn(found, " "), found));
}

static bool shard_compare_source(const struct shard_set *set,
                                 const struct shard_candidate *candidate)
{
    const char *first = set->members[0].path;
    size_t num_class_files = NUM_SPLITS * set->classes.count;

    if (strcmp(set->name, candidate->name) != 0)
        return shard_refuse(candidate, TEXT("was made from another source than %.200s", first),
                            set->name, candidate->name);
    if (strcmp(set->settings, candidate->settings) != 0)
        return shard_refuse_settings(set, candidate);
    if (strcmp(set->list_digest, candidate->place.list_digest) != 0)
        return shard_refuse(
            candidate,
            TEXT("was made when the source had other files than for %.150s: make the "
                 "older of the two again",
                 first),
            NULL, NULL);
    if (!text_list_equal(&set->classes, store_classes(candidate->store)) ||
        memcmp(set->num_files, candidate->place.num_files, sizeof(set->num_files)) != 0 ||
        set->max_path_nbytes != candidate->place.max_path_nbytes ||
        memcmp(set->class_files, candidate->place.class_files,
               num_class_files * sizeof(uint64_t)) != 0)
        return shard_refuse(candidate, TEXT("has other classes or files than %.200s", first), NULL,
                            NULL);
    return true;
}

static bool shard_has_rows(const struct shard_set_member *member)
{
    return member->num_rows[SPLIT_TRAIN] + member->num_rows[SPLIT_VALID] +
               member->num_rows[SPLIT_TEST] >
           0;
}

/* A shard without images has a shape that means nothing. */
static bool shard_compare_image(struct shard_set *set, const struct shard_candidate *candidate)
{
    const struct shard_set_member *member = &set->members[set->count - 1];
    const struct image_shape *expected = &set->image, *found = &member->image;
    const char *first = "";

    if (!shard_has_rows(member))
        return true;
    for (size_t i = set->count - 1; i-- > 0;)
        if (shard_has_rows(&set->members[i]))
            first = set->members[i].path;
    if (set->image.height == 0)
        set->image = member->image;
    if (expected->channels != found->channels)
        return shard_refuse(candidate,
                            TEXT("holds %s images, but %.150s %s ones: make all shards again with "
                                 "--channels rgb, or gray",
                                 found->channels == 1 ? "gray" : "RGB", first,
                                 expected->channels == 1 ? "gray" : "RGB"),
                            NULL, NULL);
    if (expected->height != found->height || expected->width != found->width)
        return shard_refuse(candidate, TEXT("holds images of another size than %.200s", first),
                            TEXT("%zux%zu", expected->height, expected->width),
                            TEXT("%zux%zu", found->height, found->width));
    return true;
}

/* How images were made: their range was given, and settings are equal, so that only shards of
 * programs of another version differ here. */
static bool shard_compare_preparation(struct shard_set *set,
                                      const struct shard_candidate *candidate)
{
    const struct shard_set_member *member = &set->members[set->count - 1];
    char preparation[sizeof(set->preparation)];
    bool is_first = true;

    if (!store_read_preparation(candidate->store, preparation, sizeof(preparation),
                                candidate->error))
        return false;
    for (size_t i = 0; i + 1 < set->count; i++)
        is_first = is_first && !shard_has_rows(&set->members[i]);
    if (!shard_has_rows(member))
        return true;
    if (is_first)
        text_format(set->preparation, sizeof(set->preparation), "%s", preparation);
    return strcmp(set->preparation, preparation) == 0 ||
           shard_refuse(candidate, "says otherwise than other shards how images were made",
                        set->preparation, preparation);
}

static bool shard_set_add_member(struct shard_set *set, struct shard_candidate *candidate)
{
    struct shard_set_member *member = &set->members[set->count];

    *member = (struct shard_set_member){.path = candidate->path, .place = candidate->place};
    member->place.class_files = NULL;
    member->image = *store_image_shape(candidate->store);
    for (int s = 0; s < NUM_SPLITS; s++)
        member->num_rows[s] = store_num_rows(candidate->store, (enum split)s);
    memcpy(member->fingerprint, store_fingerprint(candidate->store), sizeof(member->fingerprint));
    set->count++; /* so that it is freed */
    return store_read_file_hashes(candidate->store, &member->place, &member->file_hashes,
                                  candidate->error);
}

static bool shard_set_add(struct shard_set *set, const char *path, size_t num_paths,
                          int num_threads, struct error *error)
{
    struct shard_candidate candidate = {.path = path, .error = error};
    bool ok = shard_open_candidate(&candidate, num_threads);

    if (ok)
        ok = set->members ? shard_compare_source(set, &candidate)
                          : shard_set_begin(set, &candidate, num_paths);
    if (ok)
        ok = shard_set_add_member(set, &candidate);
    if (ok)
        ok = shard_compare_image(set, &candidate) && shard_compare_preparation(set, &candidate);
    free(candidate.place.class_files);
    store_close(candidate.store);
    return ok;
}

/* ---- all together ---- */

static int shard_compare_members(const void *a, const void *b)
{
    uint64_t first = ((const struct shard_set_member *)a)->place.index;
    uint64_t second = ((const struct shard_set_member *)b)->place.index;

    return (first > second) - (first < second);
}

static bool shard_set_check_order(const struct shard_set *set, struct error *error)
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

/* Computes the digest that one run over all files finds: over the files of train of all shards,
 * then those of valid, then those of test. */
static bool shard_set_compute_digest(struct shard_set *set, struct error *error)
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
    tree_finish_digest(hashes, num_files, set->digest);
    free(hashes);
    return true;
}

bool shard_set_check(char *const *paths, size_t count, int num_threads, struct shard_set *set,
                     struct error *error)
{
    bool ok = true;

    *set = (struct shard_set){0};
    for (size_t i = 0; i < count && ok; i++) {
        ok = shard_set_add(set, paths[i], count, num_threads, error);
        if (ok && signals_stop_requested())
            ok = error_set(error, STATUS_STOPPED, NULL,
                           "stopped by %s; nothing was written, run again",
                           signals_name(signals_stop_requested()));
    }
    if (ok) {
        qsort(set->members, set->count, sizeof(*set->members), shard_compare_members);
        ok = shard_set_check_order(set, error);
    }
    if (ok)
        ok = shard_set_compute_digest(set, error);
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
