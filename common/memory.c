#include "common/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    HUGE_PAGE_NBYTES = 2 << 20,         /* of most systems */
    MANY_NBYTES = 4 * HUGE_PAGE_NBYTES, /* arrays from here on are put into huge pages */
};

/*
 * Memory for num_elements, whole units of its alignment and never none; *nbytes is its size.  NULL
 * on failure, with the record filled.
 */
static void *memory_allocate_block(size_t num_elements, size_t element_nbytes, bool may_be_huge,
                                   size_t *nbytes, struct error *error)
{
    size_t alignment = MEMORY_ALIGNMENT;
    void *block;

    if (__builtin_mul_overflow(num_elements, element_nbytes, nbytes) ||
        *nbytes > SIZE_MAX - HUGE_PAGE_NBYTES) {
        error_set_memory(error, UINT64_MAX);
        return NULL;
    }
    if (may_be_huge && *nbytes >= MANY_NBYTES)
        alignment = HUGE_PAGE_NBYTES;
    *nbytes = (*nbytes + alignment) / alignment * alignment;
    block = aligned_alloc(alignment, *nbytes);
    if (!block)
        error_set_memory(error, *nbytes);
    else if (alignment == HUGE_PAGE_NBYTES)
        madvise(block, *nbytes, MADV_HUGEPAGE); /* may fail: small pages do */
    return block;
}

bool memory_allocate(void *array, size_t num_elements, size_t element_nbytes, struct error *error)
{
    size_t nbytes = 0;
    void *block = memory_allocate_block(num_elements, element_nbytes, false, &nbytes, error);

    if (block)
        memset(block, 0, nbytes);
    memcpy(array, &block, sizeof(block));
    return block != NULL;
}

bool memory_allocate_unset(void *array, size_t num_elements, size_t element_nbytes,
                           struct error *error)
{
    size_t nbytes = 0;
    void *block = memory_allocate_block(num_elements, element_nbytes, true, &nbytes, error);

    memcpy(array, &block, sizeof(block));
    return block != NULL;
}

bool memory_grow(void *block, size_t *capacity, size_t needed, size_t element_nbytes,
                 struct error *error)
{
    size_t new_capacity = *capacity ? *capacity : 4096;
    void *old, *moved;

    if (needed <= *capacity)
        return true;
    while (new_capacity < needed)
        new_capacity += new_capacity / 2;
    memcpy(&old, block, sizeof(old));
    moved = realloc(old, new_capacity * element_nbytes);
    if (!moved)
        return error_set_memory(error, new_capacity * element_nbytes);
    memcpy(block, &moved, sizeof(moved));
    *capacity = new_capacity;
    return true;
}

void memory_add_nbytes(uint64_t *total, uint64_t count, uint64_t nbytes)
{
    if (__builtin_mul_overflow(count, nbytes, &nbytes) ||
        __builtin_add_overflow(*total, nbytes, total))
        *total = UINT64_MAX;
}
