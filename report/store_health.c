#include "report/store_health.h"

#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"

enum { NUM_GRAYS = 256 };

/* An image: what it looks like by its checksums, and which it is among those of all splits. */
struct health_entry {
    uint32_t pixel_crc32, file_crc32;
    uint64_t index;
};

struct health_search {
    struct store *store;
    uint64_t first[NUM_SPLITS + 1]; /* index of each split's first image */
    struct health_entry *entries;   /* by pixels, then by file, then by index */
    size_t num_compared;
    uint8_t *pixels[2]; /* of two rows */
    struct store_health *health;
    struct error *error;
};

static struct health_row health_locate(const struct health_search *search, uint64_t index)
{
    int split = 0;

    while (index >= search->first[split + 1])
        split++;
    return (struct health_row){(enum split)split, index - search->first[split]};
}

static int health_compare(const void *a, const void *b)
{
    const struct health_entry *first = a, *second = b;

    if (first->pixel_crc32 != second->pixel_crc32)
        return first->pixel_crc32 < second->pixel_crc32 ? -1 : 1;
    if (first->file_crc32 != second->file_crc32)
        return first->file_crc32 < second->file_crc32 ? -1 : 1;
    return (first->index > second->index) - (first->index < second->index);
}

static bool health_read(struct health_search *search, const struct health_entry *entry, int place)
{
    struct health_row at = health_locate(search, entry->index);

    return store_read_pixels(search->store, at.split, at.row, 1, 1, search->pixels[place],
                             search->error);
}

/* Are the pixels of two images with equal checksums of their pixels equal? */
static bool health_is_equal(struct health_search *search, const struct health_entry *a,
                            const struct health_entry *b)
{
    if (a->file_crc32 == b->file_crc32 || search->num_compared >= HEALTH_MAX_COMPARED)
        return true;
    search->num_compared++;
    return health_read(search, a, 0) && health_read(search, b, 1) &&
           memcmp(search->pixels[0], search->pixels[1],
                  image_num_values(store_image_shape(search->store))) == 0;
}

static void health_note(struct health_search *search, struct health_count *count, uint64_t number,
                        uint64_t one, uint64_t other)
{
    if (count->num_images == 0) {
        count->one = health_locate(search, one);
        count->other = health_locate(search, other);
    }
    count->num_images += number;
}

static uint32_t health_label(const struct health_search *search, uint64_t index)
{
    struct health_row at = health_locate(search, index);
    const uint32_t *labels = store_labels(search->store, at.split);

    return labels ? labels[at.row] : UINT32_MAX;
}

/* Members [count], two or more, are equal and in rising order of index. */
static void health_add_group(struct health_search *search, const uint64_t *members, size_t count)
{
    struct store_health *health = search->health;
    size_t begin[NUM_SPLITS + 1] = {0}, other = 0;

    for (int s = 0; s < NUM_SPLITS; s++) {
        begin[s + 1] = begin[s];
        while (begin[s + 1] < count && members[begin[s + 1]] < search->first[s + 1])
            begin[s + 1]++;
    }
    for (int s = 0; s < NUM_SPLITS; s++) {
        size_t in_split = begin[s + 1] - begin[s];

        if (in_split > 1)
            health_note(search, &health->repeated[s], in_split - 1, members[begin[s] + 1],
                        members[begin[s]]);
        for (int t = 0; t < s && in_split > 0; t++)
            if (begin[t + 1] > begin[t])
                health_note(search, &health->shared[s][t], in_split, members[begin[s]],
                            members[begin[t]]);
    }
    for (size_t i = 1; i < count && other == 0; i++) {
        uint32_t label = health_label(search, members[i]);

        if (label != health_label(search, members[0]) && label != UINT32_MAX &&
            health_label(search, members[0]) != UINT32_MAX)
            other = i;
    }
    if (other > 0)
        health_note(search, &health->contradicting, count, members[other], members[0]);
}

static int health_compare_indices(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

/* Entries with one checksum of their pixels: those that equal the first are a group, what is left
 * of them is looked at again.  members [count] is working memory. */
static void health_add_entries(struct health_search *search, struct health_entry *entries,
                               size_t count, uint64_t *members)
{
    while (count > 1 && error_ok(search->error)) {
        size_t num_members = 1, num_left = 0;

        members[0] = entries[0].index;
        for (size_t i = 1; i < count; i++) {
            if (health_is_equal(search, &entries[0], &entries[i]))
                members[num_members++] = entries[i].index;
            else
                entries[num_left++] = entries[i];
        }
        qsort(members, num_members, sizeof(*members), health_compare_indices);
        if (num_members > 1)
            health_add_group(search, members, num_members);
        count = num_left;
    }
}

/* ---- images of one gray ---- */

static bool health_find_constant(struct health_search *search)
{
    size_t num_values = image_num_values(store_image_shape(search->store));
    uint32_t grays[NUM_GRAYS];

    for (int gray = 0; gray < NUM_GRAYS; gray++) {
        memset(search->pixels[0], gray, num_values);
        grays[gray] = crc32_of(search->pixels[0], num_values);
    }
    for (uint64_t i = 0; i < search->first[NUM_SPLITS] && error_ok(search->error); i++) {
        const struct health_entry *entry = &search->entries[i];

        for (int gray = 0; gray < NUM_GRAYS; gray++) {
            if (entry->pixel_crc32 != grays[gray])
                continue;
            memset(search->pixels[1], gray, num_values);
            if (search->num_compared++ >= HEALTH_MAX_COMPARED ||
                (health_read(search, entry, 0) &&
                 memcmp(search->pixels[0], search->pixels[1], num_values) == 0))
                health_note(search, &search->health->constant, 1, entry->index, entry->index);
        }
    }
    return error_ok(search->error);
}

/* ---- all ---- */

static bool health_fill(struct health_search *search)
{
    uint32_t *file_crc32 = NULL;
    bool ok = true;

    for (int s = 0; s < NUM_SPLITS && ok; s++) {
        uint64_t count = search->first[s + 1] - search->first[s];
        const uint32_t *pixel_crc32 = store_pixel_crc32(search->store, (enum split)s);

        if (count == 0)
            continue;
        ok = memory_allocate(&file_crc32, count, sizeof(*file_crc32), search->error) &&
             store_read_file_crc32(search->store, (enum split)s, file_crc32, search->error);
        for (uint64_t i = 0; i < count && ok; i++)
            search->entries[search->first[s] + i] =
                (struct health_entry){pixel_crc32[i], file_crc32[i], search->first[s] + i};
        free(file_crc32);
    }
    return ok;
}

static bool health_find_equal(struct health_search *search)
{
    uint64_t total = search->first[NUM_SPLITS];
    uint64_t *members = NULL;
    bool ok = memory_allocate(&members, total, sizeof(*members), search->error);

    for (uint64_t begin = 0, end; begin < total && ok; begin = end) {
        for (end = begin + 1;
             end < total && search->entries[end].pixel_crc32 == search->entries[begin].pixel_crc32;)
            end++;
        health_add_entries(search, search->entries + begin, end - begin, members);
        ok = error_ok(search->error);
    }
    free(members);
    return ok;
}

bool store_health_find(struct store *store, struct store_health *health, struct error *error)
{
    struct health_search search = {.store = store, .health = health, .error = error};
    size_t num_values = image_num_values(store_image_shape(store));
    bool ok;

    *health = (struct store_health){0};
    for (int s = 0; s < NUM_SPLITS; s++)
        search.first[s + 1] = search.first[s] + store_num_rows(store, (enum split)s);
    ok = memory_allocate(&search.entries, search.first[NUM_SPLITS], sizeof(*search.entries),
                         error) &&
         memory_allocate(&search.pixels[0], num_values, 1, error) &&
         memory_allocate(&search.pixels[1], num_values, 1, error) && health_fill(&search);
    if (ok) {
        ok = health_find_constant(&search);
        qsort(search.entries, search.first[NUM_SPLITS], sizeof(*search.entries), health_compare);
        search.num_compared = 0;
        ok = ok && health_find_equal(&search);
    }
    free(search.pixels[1]);
    free(search.pixels[0]);
    free(search.entries);
    return ok;
}
