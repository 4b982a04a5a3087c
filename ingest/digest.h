/*
 * A digest by which a source is known again without reading it: over path, size and time of last
 * change of all images.
 */
#ifndef QUERN_INGEST_DIGEST_H
#define QUERN_INGEST_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/sources/source.h"
#include "ingest/tree.h"

enum { DIGEST_LENGTH = 16 };

/* The part of one image. */
uint64_t digest_hash_image(const char *path, const struct source_stamp *stamp);

/* hashes [count] of all images in order of the tree. */
void digest_finish(const uint64_t *hashes, size_t count, char digest[DIGEST_LENGTH + 1]);

/* Over the paths of the tree alone: whether two processes found the same files. */
void digest_paths(const struct tree *tree, char digest[DIGEST_LENGTH + 1]);

/* Looks at all files, by num_threads threads. */
bool digest_compute(const struct source *source, const struct tree *tree, int num_threads,
                    char digest[DIGEST_LENGTH + 1], struct error *error);

#endif
