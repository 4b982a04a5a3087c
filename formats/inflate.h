/*
 * Inflating zlib streams of a known length: by libdeflate where quern is built with it, which takes
 * less than half of zlib's time, otherwise by zlib.  The results are the same.
 *
 * For files inside formats/ only.
 */
#ifndef QUERN_FORMATS_INFLATE_H
#define QUERN_FORMATS_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that deflate can shrink (zlib's technical details). */
enum { INFLATE_MAX_RATIO = 1032 };

/* What one thread inflates with; any number of streams, one after the other. */
struct inflater;

/* NULL for want of memory. */
struct inflater *inflater_create(void);
/* NULL is fine. */
void inflater_destroy(struct inflater *inflater);

enum inflate_result { INFLATE_OK, INFLATE_DAMAGED, INFLATE_NO_MEMORY };

/* Inflates one stream to exactly out_nbytes; anything else in it is damage. */
enum inflate_result inflater_run(struct inflater *inflater, const void *in, size_t in_nbytes,
                                 void *out, size_t out_nbytes);

#endif
