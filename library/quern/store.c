#include <quern/store.h>

#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/store.h"
#include "library/quern/error_fill.h"

struct quern_store {
    struct store *store;
    struct text_list paths[NUM_SPLITS]; /* once they were asked for */
};

_Static_assert((int)QUERN_TRAIN == (int)SPLIT_TRAIN && (int)QUERN_VALID == (int)SPLIT_VALID &&
                   (int)QUERN_TEST == (int)SPLIT_TEST,
               "the numbers of splits are the library's promise");

/* An enum of C may hold any number. */
static bool quern_store_is_split(enum quern_split split)
{
    return (int)split >= 0 && (int)split < NUM_SPLITS;
}

QUERN_API bool quern_store_open(const char *path, struct quern_store **store,
                                struct quern_error *error)
{
    struct quern_store *opened;
    struct error reason = {0};

    *store = NULL;
    if (quern_error_holds(error))
        return false;
    if (!memory_allocate(&opened, 1, sizeof(*opened), &reason))
        return quern_error_fill(error, &reason);
    if (!store_open(path, &opened->store, &reason)) {
        free(opened);
        return quern_error_fill(error, &reason);
    }
    *store = opened;
    return true;
}

QUERN_API void quern_store_close(struct quern_store *store)
{
    if (!store)
        return;
    for (int split = 0; split < NUM_SPLITS; split++)
        text_list_free(&store->paths[split]);
    store_close(store->store);
    free(store);
}

QUERN_API size_t quern_store_height(const struct quern_store *store)
{
    return store_image_shape(store->store)->height;
}

QUERN_API size_t quern_store_width(const struct quern_store *store)
{
    return store_image_shape(store->store)->width;
}

QUERN_API size_t quern_store_channels(const struct quern_store *store)
{
    return store_image_shape(store->store)->channels;
}

QUERN_API size_t quern_store_image_nbytes(const struct quern_store *store)
{
    return image_num_values(store_image_shape(store->store));
}

QUERN_API size_t quern_store_num_classes(const struct quern_store *store)
{
    return store_classes(store->store)->count;
}

QUERN_API const char *quern_store_class(const struct quern_store *store, size_t label)
{
    const struct text_list *classes = store_classes(store->store);

    return label < classes->count ? classes->items[label] : NULL;
}

QUERN_API const char *quern_store_fingerprint(const struct quern_store *store)
{
    return store_fingerprint(store->store);
}

QUERN_API uint64_t quern_store_num_samples(const struct quern_store *store, enum quern_split split)
{
    return quern_store_is_split(split) ? store_num_rows(store->store, (enum split)split) : 0;
}

QUERN_API const uint32_t *quern_store_labels(const struct quern_store *store,
                                             enum quern_split split)
{
    return quern_store_is_split(split) ? store_labels(store->store, (enum split)split) : NULL;
}

/* What a caller can ask for and no store has. */
static bool quern_store_check_range(const struct quern_store *store, enum quern_split split,
                                    uint64_t first, uint64_t count, int num_threads,
                                    struct error *reason)
{
    uint64_t num_samples = quern_store_num_samples(store, split);

    if (num_threads < 1)
        return error_set(reason, STATUS_USAGE,
                         ERROR_AT(.expected = "1 or more", .found = TEXT("%d", num_threads)),
                         "no number of threads");
    if (first > num_samples || count > num_samples - first)
        return error_set(
            reason, STATUS_USAGE,
            ERROR_AT(.dataset = quern_store_is_split(split) ? split_names[split] : NULL,
                     .expected = TEXT("%" PRIu64 " samples at most", num_samples),
                     .found = TEXT("%" PRIu64 " from %" PRIu64, count, first)),
            "samples that are not there");
    return true;
}

QUERN_API bool quern_store_read_images(struct quern_store *store, enum quern_split split,
                                       uint64_t first, uint64_t count, int num_threads,
                                       uint8_t *pixels, struct quern_error *error)
{
    struct error reason = {0};

    if (quern_error_holds(error))
        return false;
    if (!quern_store_check_range(store, split, first, count, num_threads, &reason))
        return quern_error_fill(error, &reason);
    return count == 0 ||
           store_read_pixels(store->store, (enum split)split, first, count, num_threads, pixels,
                             &reason) ||
           quern_error_fill(error, &reason);
}

QUERN_API bool quern_store_paths(struct quern_store *store, enum quern_split split,
                                 const char *const **paths, struct quern_error *error)
{
    struct error reason = {0};

    *paths = NULL;
    if (quern_error_holds(error))
        return false;
    if (quern_store_num_samples(store, split) == 0)
        return true;
    if (store->paths[split].count == 0 &&
        !store_read_paths(store->store, (enum split)split, &store->paths[split], &reason)) {
        /* What was read before the failure is not all of them. */
        text_list_free(&store->paths[split]);
        return quern_error_fill(error, &reason);
    }
    *paths = (const char *const *)store->paths[split].items;
    return true;
}
