/* What writing and reading a store share.  For files inside formats/ only. */
#ifndef QUERN_FORMATS_STORE_INTERNAL_H
#define QUERN_FORMATS_STORE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "formats/store/store.h"

#define STORE_FORMAT "quern store"
#define STORE_SHARD_FORMAT "quern shard"
#define STORE_VERSION "1.0"
enum { STORE_MAJOR_VERSION = 1 };

/* The part of a store that its fingerprint covers; FORMAT.md specifies the bytes. */
struct store_contents {
    struct image_shape image;
    const struct text_list *classes;
    uint64_t num_rows[NUM_SPLITS];
    const uint32_t *labels[NUM_SPLITS];
    const uint32_t *pixel_crc32[NUM_SPLITS];
};

void store_compute_fingerprint(const struct store_contents *contents, char fingerprint[65]);

/* ---- for the streaming of a split ---- */

struct chunk_index;
struct chunk_fault;

/* Indexes all chunks of a split, which has rows. */
void store_read_chunk_index(struct store *store, enum split split, struct chunk_index *index,
                            struct error *error);
/* Fills the error record with what is wrong with a chunk of a split, if anything. */
bool store_report_fault(const struct store *store, enum split split,
                        const struct chunk_fault *fault, struct error *error);
/* Bytes of memory that it takes to read rows of a split on num_threads threads, beside the rows. */
uint64_t store_reading_nbytes(struct store *store, enum split split, int num_threads);

/* Rank 3 for gray, 4 for RGB: [N, H, W] or [N, H, W, 3]. */
size_t store_image_rank(const struct image_shape *image);

#endif
