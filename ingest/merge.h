/*
 * quern-ingest --merge: shards into a store.
 */
#ifndef QUERN_INGEST_MERGE_H
#define QUERN_INGEST_MERGE_H

#include <stdio.h>

#include "common/error.h"
#include "ingest/ingest_options.h"

/*
 * Checks all shards, compares them with the store that is there, and writes the store that would
 * have been made in one go.  Memory is bounded by some bytes a row, whatever the number of shards.
 * On failure the store is as it was before.
 */
bool merge_run(const struct ingest_options *options, FILE *results, FILE *messages,
               struct error *error);

#endif
