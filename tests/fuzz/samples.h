/*
 * Good files, made on the spot: what the corpora begin with and doctored files are made from.
 */
#ifndef QUERN_TESTS_FUZZ_SAMPLES_H
#define QUERN_TESTS_FUZZ_SAMPLES_H

#include <stddef.h>

/* The bytes of a small store and of a checkpoint with momentum, malloc'ed. */
void *samples_make_store(size_t *nbytes);
void *samples_make_checkpoint(size_t *nbytes);

enum { SAMPLES_NUM_PNG = 30 };

/* PNG number index, each of another colour type, depth or interlacing; NULL for a combination
 * that the format does not have.  malloc'ed. */
void *samples_make_png(unsigned index, size_t *nbytes);

#endif
