/*
 * Memory for arrays: overflow-checked, zeroed unless it says otherwise, on a 64-byte boundary (a
 * cache line, and the widest vector).  Freed with free().
 */
#ifndef QUERN_COMMON_MEMORY_H
#define QUERN_COMMON_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { MEMORY_ALIGNMENT = 64 };

/* *array is NULL on failure and never NULL on success, even for no elements. */
bool memory_allocate(void *array, size_t num_elements, size_t element_nbytes, struct error *error);

/*
 * The same, but not zeroed, for large arrays that several threads fill: the system gives a page to
 * the processor that touches it first, and zeroing here would be a second pass over the memory.
 * Arrays of 8 MiB and more lie in huge pages where the system has them.
 */
bool memory_allocate_unset(void *array, size_t num_elements, size_t element_nbytes,
                           struct error *error);

/*
 * Makes room for needed elements in a growing array: block points to the pointer to it, *capacity
 * is how many elements it has room for.  A larger array is at least half as large again, and may
 * move.  Unlike the others it is aligned as malloc aligns.
 */
bool memory_grow(void *block, size_t *capacity, size_t needed, size_t element_nbytes,
                 struct error *error);

/* For what would be taken: *total += count * nbytes, UINT64_MAX where that is more. */
void memory_add_nbytes(uint64_t *total, uint64_t count, uint64_t nbytes);

#endif
