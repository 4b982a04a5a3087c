/*
 * Good files, made on the spot: what the corpora begin with and doctored files are made from.
 */
#ifndef QUERN_TESTS_FUZZ_SAMPLES_H
#define QUERN_TESTS_FUZZ_SAMPLES_H

#include <stddef.h>

/* Each writes a small file into the folder and returns its name there. */
const char *samples_write_store(const char *folder);
const char *samples_write_shard(const char *folder);
/* With momentum. */
const char *samples_write_checkpoint(const char *folder);
/* Of a network, with an average. */
const char *samples_write_network(const char *folder);
/* Of three samples, with scores. */
const char *samples_write_evaluation(const char *folder);

enum { SAMPLES_NUM_PNG = 30 };

/* PNG number index, each of another colour type, depth or interlacing; NULL for a combination
 * that the format does not have.  malloc'ed. */
void *samples_make_png(unsigned index, size_t *nbytes);

#endif
