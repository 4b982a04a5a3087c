/*
 * Shards: the part of a tree that becomes one, and, for merging, the shards of one store: each
 * checked by itself and against the others, and put in order.
 */
#ifndef QUERN_INGEST_SHARDS_H
#define QUERN_INGEST_SHARDS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "common/text_list.h"
#include "formats/store/store_shard.h"
#include "images/preparation.h"
#include "ingest/ingest_options.h"
#include "ingest/tree.h"

/* Consecutive files of each split of a tree, cut at borders of chunks. */
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

struct shard_set_member {
    const char *path;
    struct store_shard place; /* without class_files */
    struct image_shape image;
    uint64_t num_rows[NUM_SPLITS];
    uint64_t *file_hashes; /* until the digest of all together is known */
    char fingerprint[STORE_FINGERPRINT_LENGTH + 1];
};

struct shard_set {
    size_t count;
    struct shard_set_member *members; /* [count], by index */
    /* What they have in common: */
    struct image_shape image;
    struct text_list classes;
    uint64_t num_files[NUM_SPLITS]; /* of the whole source */
    uint64_t max_path_nbytes;
    int compression_level;
    uint64_t *class_files; /* [NUM_SPLITS][C] */
    char list_digest[STORE_LIST_DIGEST_LENGTH + 1];
    char name[1024]; /* of the source */
    char settings[INGEST_MAX_SETTINGS];
    char preparation[2 * PREPARATION_MAX_TEXT]; /* how images were made; empty: not recorded */
    /* Of all together: */
    char digest[TREE_DIGEST_LENGTH + 1];
};

/*
 * Reads all files once, to check their seals, and keeps none open.  Paths are in any order and must
 * outlive the set.  STATUS_DATA names the shard and what is wrong with it: no whole shard, not of
 * this store, there twice, missing.
 */
bool shard_set_check(char *const *paths, size_t count, int num_threads, struct shard_set *set,
                     struct error *error);
void shard_set_free(struct shard_set *set);

/* Opens a member again; STATUS_DATA if it has changed since. */
bool shard_set_open(const struct shard_set_member *member, struct store **store,
                    struct error *error);

#endif
