#include "images/sources/path_order.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const struct path_order *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* The eight bytes at depth as a number, zeros from the end of the path on. */
static uint64_t make_key(const char *at)
{
    uint64_t key = 0;

    for (int i = 0; i < 8; i++) {
        key = key << 8 | (unsigned char)*at;
        at += *at != '\0';
    }
    return key;
}

/* Sorts paths that are equal in their first depth bytes, none of which is their end. */
static void sort_from(struct path_order *paths, size_t count, size_t depth)
{
    size_t first = 0;

    for (size_t i = 0; i < count; i++)
        paths[i].key = make_key(paths[i].path + depth);
    qsort(paths, count, sizeof(*paths), compare);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && paths[i].key == paths[first].key)
            continue;
        /* A key that ends in a zero holds the end of the path: those paths are equal. */
        if (i - first > 1 && (paths[first].key & 0xff) != 0)
            sort_from(paths + first, i - first, depth + 8);
        first = i;
    }
}

void path_order_sort(struct path_order *paths, size_t count)
{
    if (count > 1)
        sort_from(paths, count, 0);
}
