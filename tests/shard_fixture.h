/*
 * Small stores, shards and merged stores, written with the functions of formats/.  Row i of a split
 * is the same in all of them: row i of an endless sequence, of class i % 2 of the classes "a", "b".
 */
#ifndef QUERN_TESTS_SHARD_FIXTURE_H
#define QUERN_TESTS_SHARD_FIXTURE_H

#include "formats/store/store_shard.h"

void shard_fixture_fill_row(struct image_shape image, enum split split, uint64_t i, uint8_t *pixels,
                            uint32_t *label);

/* A store of num_rows [NUM_SPLITS] rows, given to the writer `window` at a time. */
void shard_fixture_write_whole(const char *path, struct image_shape image, const uint64_t *num_rows,
                               uint64_t window);

/* Shard index (1 to 3) of such a store: the train rows from borders[index - 1] to before
 * borders[index]; the last shard has all of the other splits. */
void shard_fixture_write(const char *path, struct image_shape image, const uint64_t *num_rows,
                         uint64_t index, const uint64_t borders[4]);

struct store *shard_fixture_open(const char *path);

/* Where shard i + 1 of a folder is. */
const char *shard_fixture_path(const char *folder, size_t i);

/* Makes the store `name` of the three shards in its folder, `window` rows at a time. */
void shard_fixture_merge(const char *folder, const char *name, struct image_shape image,
                         const uint64_t *num_rows, uint64_t window);

#endif
