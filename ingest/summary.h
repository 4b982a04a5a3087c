/*
 * What is in a store that was written or found, in one line.
 */
#ifndef QUERN_INGEST_SUMMARY_H
#define QUERN_INGEST_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"

/*
 * "wrote STORE.h5: 14,434 images of 28x28 gray, 2 classes, 2.9 MB, fingerprint 0123456789abcdef",
 * without a newline, where before is "wrote " and after is empty.  The file was just written or
 * just checked: its seal is not.
 */
bool summary_print(const char *path, bool is_shard, const char *before, const char *after,
                   FILE *stream, struct error *error);

#endif
