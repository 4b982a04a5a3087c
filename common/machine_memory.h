/*
 * How much memory this process may use.
 */
#ifndef QUERN_COMMON_MACHINE_MEMORY_H
#define QUERN_COMMON_MACHINE_MEMORY_H

#include <stdint.h>

/*
 * Bytes of the machine's memory, or the limit of this process' control group (of a batch job or a
 * container) or address space if that is less.
 */
uint64_t machine_memory_nbytes(void);

#endif
