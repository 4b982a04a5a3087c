/*
 * Sorting many paths that begin alike.
 */
#ifndef QUERN_INGEST_PATH_ORDER_H
#define QUERN_INGEST_PATH_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct path_order {
    const char *path;
    size_t index; /* the caller's: equal paths are in order of it */
    uint64_t key; /* for sorting */
};

/* Sorts bytewise, by eight bytes at a time: a compare is mostly one of two numbers. */
void path_order_sort(struct path_order *paths, size_t count);

#endif
