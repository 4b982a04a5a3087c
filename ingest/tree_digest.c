/* Digests by which a source is known again without reading it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "ingest/tree.h"

uint64_t tree_hash_image(const char *path, const struct source_stamp *stamp)
{
    const uint64_t facts[4] = {random_hash(0, path, strlen(path)), stamp->nbytes, stamp->seconds,
                               stamp->nanoseconds};

    return random_hash(1, facts, sizeof(facts));
}

void tree_finish_digest(const uint64_t *hashes, size_t count, char digest[TREE_DIGEST_LENGTH + 1])
{
    snprintf(digest, TREE_DIGEST_LENGTH + 1, "%016" PRIx64,
             random_hash(count, hashes, count * sizeof(*hashes)));
}

void tree_digest_paths(const struct tree *tree, char digest[TREE_DIGEST_LENGTH + 1])
{
    uint64_t hash = tree_num_rows(tree);

    /* Each path is hashed with its NUL, so that ("ab", "c") differs from ("a", "bc"). */
    for (size_t i = 0; i < tree_num_rows(tree); i++)
        hash = random_hash(hash, tree->paths[i], strlen(tree->paths[i]) + 1);
    snprintf(digest, TREE_DIGEST_LENGTH + 1, "%016" PRIx64, hash);
}

bool tree_digest(const struct source *source, const struct tree *tree, int num_threads,
                 char digest[TREE_DIGEST_LENGTH + 1], struct error *error)
{
    size_t num_rows = tree_num_rows(tree);
    uint64_t *hashes;

    if (!memory_allocate(&hashes, num_rows, sizeof(*hashes), error))
        return false;
#pragma omp parallel for num_threads(num_threads) schedule(dynamic, 64)
    for (size_t i = 0; i < num_rows; i++) {
        struct source_image image = tree_image(tree, i);
        struct source_stamp stamp;
        struct error failure = {0};

        if (!source_look(source, &image, &stamp, &failure)) {
#pragma omp critical(tree_digest_failed)
            error_set(error, failure.status, ERROR_AT(.file = image.path), "%s", failure.what);
        }
        hashes[i] = tree_hash_image(image.path, &stamp);
    }
    tree_finish_digest(hashes, num_rows, digest);
    free(hashes);
    return error_ok(error);
}
