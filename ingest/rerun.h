/*
 * Is there anything to do?  Compares the store that is there with the source and the settings.
 */
#ifndef QUERN_INGEST_RERUN_H
#define QUERN_INGEST_RERUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "ingest/decode.h"
#include "ingest/tree.h"

enum { RERUN_DIGEST_LENGTH = 16 };

/* A digest over path, size and modification time of all files of the tree. */
enum status rerun_compute_digest(const struct tree *tree, int source_fd, int num_threads,
                                 char digest[RERUN_DIGEST_LENGTH + 1], struct error *error);

struct rerun_request {
    const char *store_path;
    const char *settings;
    const char *digest;
    const struct tree *tree;
    struct decode_source source;
    bool verify; /* compare contents, and ignore the digest */
    int num_threads;
    FILE *messages; /* says here why a store is made again */
};

/*
 * *is_current: the store at store_path is whole and is what would be made.  STATUS_DATA if what is
 * there is no store: it is somebody's file, and stays.
 */
enum status rerun_check(const struct rerun_request *request, bool *is_current, struct error *error);

#endif
