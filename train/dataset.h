/*
 * A split of a store in memory, as uint8.
 */
#ifndef QUERN_TRAIN_DATASET_H
#define QUERN_TRAIN_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/store.h"

struct dataset {
    uint64_t num_rows;
    size_t row_nbytes;      /* D */
    uint8_t *pixels;        /* [num_rows][row_nbytes], owned */
    const uint32_t *labels; /* [num_rows], the store's */
};

/* An absent split loads as no rows. */
enum status dataset_load(struct dataset *dataset, struct store *store, enum split split,
                         int num_threads, struct error *error);
void dataset_free(struct dataset *dataset);

#endif
