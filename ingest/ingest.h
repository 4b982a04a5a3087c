/*
 * quern-ingest: a directory or an archive of images into a store.
 */
#ifndef QUERN_INGEST_INGEST_H
#define QUERN_INGEST_INGEST_H

#include <stdio.h>

#include "common/error.h"
#include "ingest/ingest_options.h"

/*
 * Finds the images, compares them with the store that is there, and decodes and writes them if it
 * is not of them.  Results go to results, notes and the names of bad files to messages.  On failure
 * the store is as it was before.
 */
bool ingest_run(const struct ingest_options *options, FILE *results, FILE *messages,
                struct error *error);

#endif
