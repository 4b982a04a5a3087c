#include "common/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum status memory_allocate(void *array, size_t num_elements, size_t element_nbytes,
                            struct error *error)
{
    void *block = NULL;
    size_t nbytes;

    memcpy(array, &block, sizeof(block));
    if (__builtin_mul_overflow(num_elements, element_nbytes, &nbytes) ||
        nbytes > SIZE_MAX - MEMORY_ALIGNMENT)
        return error_set_memory(error, UINT64_MAX);
    nbytes = (nbytes + MEMORY_ALIGNMENT) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
    block = aligned_alloc(MEMORY_ALIGNMENT, nbytes);
    if (!block)
        return error_set_memory(error, nbytes);
    memset(block, 0, nbytes);
    memcpy(array, &block, sizeof(block));
    return STATUS_OK;
}
