/*
 * The size of every decoded file, 8 bytes each, so that an error about unequal sizes can say how
 * many there are of each and which file is the first that differs from the most.
 */
#ifndef QUERN_INGEST_SIZES_H
#define QUERN_INGEST_SIZES_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Height and width in one number; 0 stands for a file that could not be decoded. */
static inline uint64_t sizes_pack(size_t height, size_t width)
{
    return (uint64_t)height << 32 | (uint64_t)width;
}

/*
 * STATUS_DATA if the known sizes differ: names the first file, by its path, that is not of the
 * most common size (of the smaller, where two are equally common) and the counts, as in
 * "14,433 of 28x28, 1 of 30x28".
 */
bool sizes_check(const uint64_t *sizes, const char *const *paths, size_t count,
                 struct error *error);

#endif
