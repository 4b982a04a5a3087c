/*
 * One shard of a tree: consecutive files of each split, cut at borders of chunks.
 */
#ifndef QUERN_INGEST_SHARD_H
#define QUERN_INGEST_SHARD_H

#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/tensor.h"
#include "formats/store/store_shard.h"
#include "ingest/tree.h"

struct shard {
    struct store_shard place; /* owns class_files */
    struct tree tree;         /* the files of the shard; classes and names are the whole tree's */
};

/*
 * Cuts shard index (1 to count) out of a tree.  Chunks of each split are shared out evenly, so a
 * split of fewer chunks than shards leaves some of them without.  The image gives height and width.
 * The whole tree must outlive the shard.
 */
bool shard_cut(const struct tree *whole, uint64_t index, uint64_t count,
               const struct image_shape *image, struct shard *shard, struct error *error);
void shard_free(struct shard *shard);

/* "shard 2 of 4: train 3,072 of 12,396, valid 512 of 2,038" */
void shard_print(const struct shard *shard, FILE *stream);

#endif
