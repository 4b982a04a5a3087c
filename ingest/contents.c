#include "ingest/contents.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "ingest/split.h"

/* ---- the hash ---- */

enum { NUM_LANES = 4, STRIDE = NUM_LANES * 8 };

/* Odd numbers of random bits; multiplying by one loses nothing. */
static const uint64_t contents_factors[NUM_LANES] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9,
                                                     0x94d049bb133111eb, 0xd6e8feb86659fd93};

/* Eight bytes, the first the least, whatever the machine; one load where it is so. */
static inline uint64_t contents_load(const uint8_t *at)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static inline uint64_t contents_mix(uint64_t hash, uint64_t value, uint64_t factor)
{
    hash = (hash ^ value) * factor;
    return hash << 29 | hash >> 35;
}

/* So that each bit depends on all (the finisher of MurmurHash3). */
static inline uint64_t contents_finish(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
    return hash ^ hash >> 33;
}

uint64_t contents_of(const uint8_t *pixels, const struct image_shape *shape)
{
    size_t nbytes = image_num_values(shape), at = 0, rest;
    uint64_t lanes[NUM_LANES] = {shape->height, shape->width, shape->channels, 0}, hash = nbytes;
    uint8_t tail[STRIDE] = {0};
    bool is_constant = nbytes == shape->channels ||
                       (nbytes > shape->channels &&
                        memcmp(pixels, pixels + shape->channels, nbytes - shape->channels) == 0);

    for (; nbytes - at >= STRIDE; at += STRIDE) {
        for (size_t i = 0; i < NUM_LANES; i++)
            lanes[i] =
                contents_mix(lanes[i], contents_load(pixels + at + 8 * i), contents_factors[i]);
    }
    rest = nbytes - at;
    if (rest > 0)
        memcpy(tail, pixels + at, rest);
    for (size_t i = 0; i < NUM_LANES; i++) {
        lanes[i] = contents_mix(lanes[i], contents_load(tail + 8 * i), contents_factors[i]);
        hash = contents_finish(hash ^ lanes[i]);
    }
    hash &= ~(uint64_t)1;
    return (hash ? hash : 2) | is_constant;
}

/* ---- equal images ---- */

struct contents_item {
    uint64_t content;
    size_t row;
};

static int contents_compare(const void *a, const void *b)
{
    const struct contents_item *left = a, *right = b;

    if (left->content != right->content)
        return left->content < right->content ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

/* All images that are known, equal ones together. */
static bool contents_sort(const uint64_t *contents, const uint32_t *labels, size_t count,
                          struct contents_item **items, size_t *num_items, struct error *error)
{
    *num_items = 0;
    if (!memory_allocate_unset(items, count, sizeof(**items), error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (contents[i] != 0 && labels[i] != SPLIT_NO_LABEL)
            (*items)[(*num_items)++] = (struct contents_item){contents[i], i};
    }
    if (*num_items > 1)
        qsort(*items, *num_items, sizeof(**items), contents_compare);
    return true;
}

/* How many items from the first on are equal to it. */
static size_t contents_count_equal(const struct contents_item *items, size_t num_items)
{
    size_t count = 1;

    while (count < num_items && items[count].content == items[0].content)
        count++;
    return count;
}

static void contents_add(struct contents_count *to, uint64_t num_images, size_t row, size_t other)
{
    if (to->num_images == 0 || (num_images > 0 && row < to->row)) {
        to->row = row;
        to->other = other;
    }
    to->num_images += num_images;
}

/* The first of the items whose label is not that of the first item; NULL if there is none. */
static const struct contents_item *contents_find_other_label(const struct contents_item *items,
                                                             size_t count, const uint32_t *labels)
{
    for (size_t i = 1; i < count; i++) {
        if (labels[items[i].row] != labels[items[0].row])
            return &items[i];
    }
    return NULL;
}

/* Counts what one set of equal images, two or more, says. */
static void contents_count_set(const struct contents_rows *rows, const struct contents_item *items,
                               size_t count, struct contents_findings *findings)
{
    const struct contents_item *other = contents_find_other_label(items, count, rows->labels);
    uint64_t counts[NUM_SPLITS] = {0};
    size_t first[NUM_SPLITS] = {0}, at = 0;

    for (int s = 0; s < NUM_SPLITS; s++) {
        first[s] = at;
        while (at < count && items[at].row < rows->first[s + 1])
            at++;
        counts[s] = at - first[s];
        if (counts[s] > 1)
            contents_add(&findings->repeated[s], counts[s] - 1, items[first[s] + 1].row,
                         items[first[s]].row);
        for (int t = 0; t < s && counts[s] > 0; t++) {
            if (counts[t] > 0)
                contents_add(&findings->shared[s][t], counts[s], items[first[s]].row,
                             items[first[t]].row);
        }
    }
    if (other)
        contents_add(&findings->contradicting, count, items[0].row, other->row);
}

static bool contents_find_uniform_classes(const struct contents_rows *rows,
                                          struct contents_findings *findings, struct error *error)
{
    uint64_t *seen; /* of each class: its first image's content, 0 at first, 1 once one differs */
    bool *is_repeated;
    bool ok = memory_allocate(&seen, rows->num_classes, sizeof(*seen), error);

    if (!ok)
        return false;
    if (!memory_allocate(&is_repeated, rows->num_classes, sizeof(*is_repeated), error)) {
        free(seen);
        return false;
    }
    for (size_t i = 0; i < rows->first[NUM_SPLITS]; i++) {
        uint64_t *first;

        if (rows->contents[i] == 0 || rows->labels[i] == SPLIT_NO_LABEL)
            continue;
        first = &seen[rows->labels[i]];
        is_repeated[rows->labels[i]] |= *first != 0;
        if (*first == 0)
            *first = rows->contents[i];
        else if (*first != rows->contents[i])
            *first = 1;
    }
    for (size_t label = 0; label < rows->num_classes; label++) {
        if (seen[label] > 1 && is_repeated[label] && findings->num_uniform_classes++ == 0)
            findings->uniform_class = (uint32_t)label;
    }
    free(seen);
    free(is_repeated);
    return true;
}

bool contents_find(const struct contents_rows *rows, struct contents_findings *findings,
                   struct error *error)
{
    struct contents_item *items = NULL;
    size_t num_items, count;
    bool ok;

    *findings = (struct contents_findings){0};
    ok = contents_sort(rows->contents, rows->labels, rows->first[NUM_SPLITS], &items, &num_items,
                       error) &&
         contents_find_uniform_classes(rows, findings, error);
    for (size_t i = 0; ok && i < num_items; i += count) {
        count = contents_count_equal(items + i, num_items - i);
        if (count > 1)
            contents_count_set(rows, items + i, count, findings);
        if (contents_is_constant(items[i].content))
            contents_add(&findings->constant, count, items[i].row, items[i].row);
    }
    free(items);
    return ok;
}

bool contents_deduplicate(const uint64_t *contents, const uint32_t *labels, size_t num_images,
                          uint8_t *fates, uint32_t *others, struct error *error)
{
    struct contents_item *items = NULL;
    size_t num_items, count;

    if (num_images > UINT32_MAX)
        return error_set(error, STATUS_DATA, NULL, "more than 4,294,967,295 images");
    memset(fates, CONTENTS_KEPT, num_images);
    if (!contents_sort(contents, labels, num_images, &items, &num_items, error))
        return false;
    for (size_t i = 0; i < num_items; i += count) {
        const struct contents_item *other;

        count = contents_count_equal(items + i, num_items - i);
        other = contents_find_other_label(items + i, count, labels);
        for (size_t j = other ? 0 : 1; j < count; j++) {
            size_t row = items[i + j].row;

            fates[row] = other ? CONTENTS_CONTRADICTING : CONTENTS_REPEATED;
            others[row] = (uint32_t)(other && labels[row] == labels[items[i].row] ? other->row
                                                                                  : items[i].row);
        }
    }
    free(items);
    return true;
}
