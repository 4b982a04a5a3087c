/*
 * Memory for arrays: overflow-checked, zeroed unless it says otherwise, on a 64-byte boundary (a
 * cache line, and the widest vector).  Freed with free().
 */
#ifndef QUERN_COMMON_MEMORY_H
#define QUERN_COMMON_MEMORY_H

#include <stddef.h>

#include "common/error.h"

enum { MEMORY_ALIGNMENT = 64 };

/* *array is NULL on failure and never NULL on success, even for no elements. */
bool memory_allocate(void *array, size_t num_elements, size_t element_nbytes, struct error *error);

/*
 * The same, but not zeroed, for large arrays that are filled by several threads: the memory is
 * touched first by who fills it, not twice.  What is large enough is in huge pages where the system
 * has them.
 */
bool memory_allocate_unset(void *array, size_t num_elements, size_t element_nbytes,
                           struct error *error);

/*
 * Makes an array, at block, hold needed elements: moved, and half as large again at least, when
 * *capacity is less.  Unlike the others it is on the boundary of malloc.
 */
bool memory_grow(void *block, size_t *capacity, size_t needed, size_t element_nbytes,
                 struct error *error);

#endif
