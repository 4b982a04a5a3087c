/*
 * Is there anything to do?  Compares the store that is there with the source and the settings, and
 * refuses to replace what is the only trace of something else: a file that is no store, and the
 * store of another source.
 *
 * A source is the same when at least half of the smaller set of paths, of the store's files or of
 * the source's images, is in the other set as well.  So a source that grew, shrank or changed is
 * the same, and so is one of which other classes or splits are taken.
 */
#ifndef QUERN_INGEST_RERUN_H
#define QUERN_INGEST_RERUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "formats/store/store_shard.h"
#include "images/decode.h"
#include "images/sources/scan.h"
#include "ingest/tree.h"

/* ---- a store of a source ---- */

struct rerun_request {
    const char *store_path;
    const char *settings;
    const struct store_shard *shard; /* NULL: a whole store */
    const struct scan *scan;         /* all images of the source */
    const struct tree *tree;         /* those of the store */
    struct decode_source source;
    bool verify; /* compare contents, and ignore the digest */
    int num_threads;
    int num_io_threads; /* that look at files or read them */
    FILE *messages;     /* says here why a store is made again */
};

/*
 * *is_current: the store at store_path is whole and is what would be made.  STATUS_DATA if what is
 * there may not be replaced.
 */
bool rerun_check(const struct rerun_request *request, bool *is_current, struct error *error);

/* ---- whatever else makes a store ---- */

/* Paths, as hashes: 8 bytes each. */
struct rerun_paths {
    uint64_t *hashes;
    size_t count, capacity;
};

/* Adds the paths of all files of a store, those that were skipped too. */
bool rerun_add_paths(struct rerun_paths *paths, struct store *store, struct error *error);

struct rerun_comparison {
    const void *context;
    /* Is the open store, or shard, what would be made?  Why it is not goes to said.  STATUS_DATA:
     * it is damaged. */
    bool (*compare)(const void *context, struct store *store, FILE *said, bool *is_current,
                    struct error *error);
    /* Adds the paths of what would be made. */
    bool (*list)(const void *context, struct rerun_paths *paths, struct error *error);
};

/* rerun_check with another comparison; is_shard: a shard would be made. */
bool rerun_check_with(const char *store_path, bool is_shard, int num_threads, FILE *messages,
                      const struct rerun_comparison *comparison, bool *is_current,
                      struct error *error);

#endif
