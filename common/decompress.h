/*
 * Decompressing zlib and deflate streams of a known length: by libdeflate where quern is built with
 * it, which takes less than half of zlib's time, otherwise by zlib.  The results are the same.
 */
#ifndef QUERN_COMMON_DECOMPRESS_H
#define QUERN_COMMON_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A deflate stream decompresses to at most that many times its length (zlib's technical details).
 */
enum { DECOMPRESS_MAX_RATIO = 1032 };

/* The state of one thread, for any number of streams one after the other. */
struct decompressor;

/* NULL for want of memory. */
struct decompressor *decompressor_create(void);
/* NULL is fine. */
void decompressor_destroy(struct decompressor *decompressor);

enum decompress_result { DECOMPRESS_OK, DECOMPRESS_DAMAGED, DECOMPRESS_NO_MEMORY };

/* Decompresses one stream to exactly out_nbytes; a stream of any other length is damaged. */
enum decompress_result decompressor_run(struct decompressor *decompressor, const void *in,
                                        size_t in_nbytes, void *out, size_t out_nbytes);
/* The same for deflate alone, without zlib's header and checksum, as zip has it. */
enum decompress_result decompressor_run_deflate(struct decompressor *decompressor, const void *in,
                                                size_t in_nbytes, void *out, size_t out_nbytes);

#endif
