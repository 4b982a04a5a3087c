/*
 * Whether a store can be written within a limit on memory, and by how many threads images are read
 * and decoded then; before anything large is allocated.
 */
#ifndef QUERN_INGEST_INGEST_MEMORY_H
#define QUERN_INGEST_INGEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "formats/store/store_shard.h"

struct ingest_memory_needs {
    uint64_t limit; /* bytes; 0: three quarters of what the process may use */
    const struct store_plan *store;
    uint64_t num_files; /* that are listed */
    /* Of an image as it lies in its file; all zeros where none is decoded. */
    struct image_shape decoded;
    bool resize; /* images are decoded beside their rows */
};

struct ingest_memory_plan {
    int num_io_threads;        /* as many as fit, at most those that were asked for */
    uint64_t max_image_nbytes; /* that a thread has for the pixels of one image beside its row */
};

/* plan->num_io_threads holds what was asked for.  STATUS_USAGE with advice if nothing fits. */
bool ingest_memory_make_plan(const struct ingest_memory_needs *needs,
                             struct ingest_memory_plan *plan, struct error *error);

/* The limit in bytes, given or not. */
uint64_t ingest_memory_limit(uint64_t given);

#endif
