#include "ingest/sizes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { MAX_SIZES_SHOWN = 5 };

struct size_count {
    uint64_t size;
    size_t count;
};

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int compare_counts(const void *a, const void *b)
{
    const struct size_count *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return compare_numbers(&x->size, &y->size);
}

static const char *describe_size(char *buffer, size_t size, uint64_t packed)
{
    return text_format(buffer, size, "%ux%u", (unsigned)(packed >> 32),
                       (unsigned)(packed & UINT32_MAX));
}

static void describe_counts(const struct size_count *counts, size_t num_counts, char *buffer,
                            size_t size)
{
    buffer[0] = '\0';
    for (size_t i = 0; i < num_counts && i < MAX_SIZES_SHOWN; i++) {
        char number[32], name[32];

        text_format(buffer + strlen(buffer), size - strlen(buffer), "%s%s of %s", i ? ", " : "",
                    text_group_digits(number, sizeof(number), counts[i].count),
                    describe_size(name, sizeof(name), counts[i].size));
    }
    if (num_counts > MAX_SIZES_SHOWN)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " and %zu sizes more",
                    num_counts - MAX_SIZES_SHOWN);
}

/* Counts each size; counts has room for all. */
static size_t count_sizes(uint64_t *sorted, size_t num_sorted, struct size_count *counts)
{
    size_t num_counts = 0;

    qsort(sorted, num_sorted, sizeof(*sorted), compare_numbers);
    for (size_t i = 0; i < num_sorted; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1])
            counts[num_counts++] = (struct size_count){.size = sorted[i]};
        counts[num_counts - 1].count++;
    }
    qsort(counts, num_counts, sizeof(*counts), compare_counts);
    return num_counts;
}

static bool are_equal(const uint64_t *sizes, size_t count)
{
    uint64_t known = 0;

    for (size_t i = 0; i < count; i++) {
        if (sizes[i] != 0 && known == 0)
            known = sizes[i];
        if (sizes[i] != 0 && sizes[i] != known)
            return false;
    }
    return true;
}

bool sizes_check(const uint64_t *sizes, const char *const *paths, size_t count, struct error *error)
{
    uint64_t *sorted;
    struct size_count *counts;
    size_t num_known = 0, num_counts, first = 0;
    char all[300], usual[32], found[32];
    bool ok = true;

    if (are_equal(sizes, count))
        return true;
    sorted = malloc((count + 1) * sizeof(*sorted));
    counts = malloc((count + 1) * sizeof(*counts));
    if (!sorted || !counts) {
        ok = error_set_memory(error, count * sizeof(*counts));
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] != 0)
            sorted[num_known++] = sizes[i];
    }
    num_counts = count_sizes(sorted, num_known, counts);
    if (num_counts < 2)
        goto out;
    while (sizes[first] == 0 || sizes[first] == counts[0].size)
        first++;
    describe_counts(counts, num_counts, all, sizeof(all));
    ok = error_set(error, STATUS_DATA,
                   ERROR_AT(.file = paths[first],
                            .expected = describe_size(usual, sizeof(usual), counts[0].size),
                            .found = describe_size(found, sizeof(found), sizes[first])),
                   "images of unequal sizes, %s (--size HxW resizes them)", all);
out:
    free(sorted);
    free(counts);
    return ok;
}
