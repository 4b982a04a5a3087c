#include "evaluate/evaluation_pair.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"

struct pair_class {
    const char *name;
    uint32_t index;
};

static int evaluation_pair_compare_names(const void *a, const void *b)
{
    return strcmp(((const struct pair_class *)a)->name, ((const struct pair_class *)b)->name);
}

/* Adds what the second alone knows to the classes of the first; map [C of the second] says which of
 * all each of its classes is. */
static bool evaluation_pair_join_classes(struct evaluation_pair *pair, uint32_t *map,
                                         struct error *error)
{
    const struct text_list *second = &pair->contents[1].classes;
    size_t count = pair->contents[0].classes.count;
    struct pair_class *sorted = NULL;
    bool ok = text_list_copy(&pair->classes, &pair->contents[0].classes, error) &&
              memory_allocate(&sorted, count, sizeof(*sorted), error);

    for (size_t i = 0; i < count && ok; i++)
        sorted[i] = (struct pair_class){pair->classes.items[i], (uint32_t)i};
    if (ok)
        qsort(sorted, count, sizeof(*sorted), evaluation_pair_compare_names);
    for (size_t i = 0; i < second->count && ok; i++) {
        const struct pair_class key = {.name = second->items[i]};
        const struct pair_class *found =
            bsearch(&key, sorted, count, sizeof(*sorted), evaluation_pair_compare_names);

        map[i] = found ? found->index : (uint32_t)pair->classes.count;
        ok = found || text_list_add(&pair->classes, second->items[i], error);
    }
    free(sorted);
    return ok;
}

static bool evaluation_pair_match_classes(struct evaluation_pair *pair, struct error *error)
{
    struct evaluation_contents *second = &pair->contents[1];
    uint32_t *map = NULL;
    bool ok = memory_allocate(&map, second->classes.count, sizeof(*map), error) &&
              evaluation_pair_join_classes(pair, map, error);

    for (uint64_t i = 0; i < second->num_samples && ok; i++) {
        second->labels[i] = map[second->labels[i]];
        second->predictions[i] = map[second->predictions[i]];
    }
    free(map);
    return ok;
}

static bool evaluation_pair_refuse(const struct evaluation_pair *pair, const char *what,
                                   const char *expected, const char *found, struct error *error)
{
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = pair->paths[1], .expected = expected, .found = found),
                     "not the same samples as in %s: %s", pair->paths[0], what);
}

static bool evaluation_pair_match_samples(struct evaluation_pair *pair, struct error *error)
{
    const struct evaluation_contents *first = &pair->contents[0], *second = &pair->contents[1];

    if (strcmp(first->store_fingerprint, second->store_fingerprint) != 0)
        return evaluation_pair_refuse(pair, "another store, by its fingerprint",
                                      first->store_fingerprint, second->store_fingerprint, error);
    if (strcmp(first->split, second->split) != 0)
        return evaluation_pair_refuse(pair, "another split", first->split, second->split, error);
    if (first->num_samples != second->num_samples)
        return evaluation_pair_refuse(
            pair, "another number, because one checkpoint knows classes that the other does not",
            TEXT("%" PRIu64, first->num_samples), TEXT("%" PRIu64, second->num_samples), error);
    if (!evaluation_pair_match_classes(pair, error))
        return false;
    for (uint64_t i = 0; i < first->num_samples; i++) {
        if (strcmp(first->paths.items[i], second->paths.items[i]) != 0)
            return evaluation_pair_refuse(pair, "another path", first->paths.items[i],
                                          second->paths.items[i], error);
        if (first->labels[i] != second->labels[i])
            return evaluation_pair_refuse(pair, TEXT("another class of %s", first->paths.items[i]),
                                          pair->classes.items[first->labels[i]],
                                          pair->classes.items[second->labels[i]], error);
    }
    return true;
}

bool evaluation_pair_compare(const char *first, const char *second, uint64_t memory_limit,
                             struct evaluation_pair *pair, struct error *error)
{
    struct evaluation_request request = {.with_paths = true, .memory_limit = memory_limit / 2};

    *pair = (struct evaluation_pair){.paths = {first, second}};
    return evaluation_read(first, &request, &pair->contents[0], error) &&
           evaluation_read(second, &request, &pair->contents[1], error) &&
           evaluation_pair_match_samples(pair, error) &&
           comparison_compute(pair->classes.count, pair->contents[0].labels,
                              pair->contents[0].predictions, pair->contents[1].predictions,
                              pair->contents[0].num_samples, &pair->comparison, error);
}

void evaluation_pair_destroy(struct evaluation_pair *pair)
{
    evaluation_free(&pair->contents[0]);
    evaluation_free(&pair->contents[1]);
    text_list_free(&pair->classes);
    comparison_destroy(&pair->comparison);
}
