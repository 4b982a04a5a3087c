/*
 * Shards: the rows of one store in several files, so that several processes can write them.  A
 * shard ("quern shard") is laid out as a store is, and has besides what merging needs; it holds
 * consecutive files of each split's list, cut at borders of chunks.  FORMAT.md is the
 * specification.
 *
 * Merging copies the compressed chunks as they are, in memory that does not grow with their number,
 * and gives the bytes of the store that would have been written in one go.
 */
#ifndef QUERN_FORMATS_STORE_SHARD_H
#define QUERN_FORMATS_STORE_SHARD_H

#include "formats/store/store.h"

enum {
    STORE_MAX_SHARDS = 65536,
    STORE_MAX_PATH_NBYTES = 65535, /* in a shard: far more than systems have */
    STORE_LIST_DIGEST_LENGTH = 16
};

/* Which part of a store a shard is.  The same in all shards but for index, first and end. */
struct store_shard {
    uint64_t index, count; /* 1 <= index <= count */
    /* Files first .. end - 1 of each split's list are this shard's; those that could not be decoded
     * are no rows. */
    uint64_t first[NUM_SPLITS], end[NUM_SPLITS];
    uint64_t num_files[NUM_SPLITS]; /* of the whole source */
    uint64_t max_path_nbytes;       /* of the whole source */
    uint64_t compression_level;
    char list_digest[STORE_LIST_DIGEST_LENGTH + 1]; /* over the paths of the whole source */
    uint64_t *class_files;                          /* [NUM_SPLITS][C], of the whole source */
};

/* Rows at whose multiples a split of images of this height and width may be cut, be they gray or
 * RGB: borders of chunks. */
uint64_t store_shard_granule(const struct image_shape *image);

/* What the shard is; class_files is allocated.  STATUS_DATA for ranges that contradict. */
bool store_read_shard(struct store *store, struct store_shard *shard, struct error *error);

static inline uint64_t store_shard_num_files(const struct store_shard *shard)
{
    uint64_t num_files = 0;

    for (int s = 0; s < NUM_SPLITS; s++)
        num_files += shard->end[s] - shard->first[s];
    return num_files;
}

/* *hashes [files of the shard], as they were given to store_finish, are allocated; to be freed
 * after a failure too. */
bool store_read_file_hashes(struct store *store, const struct store_shard *shard, uint64_t **hashes,
                            struct error *error);

/* Adds the sums of each class's pixels, of a split that the shard has, to sums [C][D]. */
bool store_add_class_sums(struct store *store, enum split split, uint64_t *sums,
                          struct error *error);

/*
 * Appends rows first .. first + count - 1 of a split of a shard, which must have the image shape
 * and the classes of the store being written.  Whole chunks that come to lie where chunks begin are
 * copied as they are; all others are decompressed, checked and compressed again.  Takes memory for
 * count rows.
 */
bool store_append_shard(struct store_writer *writer, struct store *shard, enum split split,
                        uint64_t first, uint64_t count, struct error *error);

#endif
