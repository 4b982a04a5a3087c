/*
 * All that the readers give of a file, as digests: two files with equal digests give equal results.
 */
#ifndef QUERN_TESTS_ROT_CONTENTS_H
#define QUERN_TESTS_ROT_CONTENTS_H

#include <stdbool.h>

#include "common/error.h"

struct contents {
    bool is_sealed;
    char results[65]; /* over all that can influence training or evaluation */
    char rest[65];    /* over what only informs: paths, file checksums, source, rejects */
};

/* Opens, reads everything, closes. */
typedef bool contents_reader(const char *path, struct contents *contents, struct error *error);

contents_reader contents_read_store;
contents_reader contents_read_store_unverified; /* does not look at the seal */
contents_reader contents_read_shard;
contents_reader contents_read_checkpoint;
contents_reader contents_read_evaluation;

#endif
