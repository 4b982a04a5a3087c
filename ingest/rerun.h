/*
 * Is there anything to do?  Compares the store that is there with the source and the settings.
 */
#ifndef QUERN_INGEST_RERUN_H
#define QUERN_INGEST_RERUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "formats/store/store_shard.h"
#include "ingest/decode.h"
#include "ingest/tree.h"

struct rerun_request {
    const char *store_path;
    const char *settings;
    const struct store_shard *shard; /* NULL: a whole store */
    const struct tree *tree;         /* the files that it is made of */
    struct decode_source source;
    bool verify; /* compare contents, and ignore the digest */
    int num_threads;
    int num_io_threads; /* that look at files or read them */
    FILE *messages;     /* says here why a store is made again */
};

/*
 * *is_current: the store at store_path is whole and is what would be made.  STATUS_DATA if what is
 * there is no store: it is somebody's file, and stays.
 */
bool rerun_check(const struct rerun_request *request, bool *is_current, struct error *error);

/* Is the open store, or shard, what would be made?  STATUS_DATA: it is damaged. */
typedef bool rerun_comparison(const void *context, struct store *store, bool *is_current,
                              struct error *error);

/* The same with another comparison, for whatever else makes a store or, if is_shard, a shard. */
bool rerun_check_with(const char *store_path, bool is_shard, int num_threads, FILE *messages,
                      rerun_comparison *compare, const void *context, bool *is_current,
                      struct error *error);

#endif
