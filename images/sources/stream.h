/*
 * The bytes of an archive in order, decompressed where its first bytes say that it is compressed:
 * gzip by zlib, which checks each member's CRC-32 and length; xz, zstd and bzip2 by libarchive.
 * Several compressed streams in a row are read as one, and zeros behind the last are padding.
 * Anything else behind it, and any damage, is STATUS_DATA; STATUS_STOPPED after a signal.
 */
#ifndef QUERN_IMAGES_SOURCES_STREAM_H
#define QUERN_IMAGES_SOURCES_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct stream;

/* What stream_peek can show at once. */
enum { STREAM_MAX_PEEK_NBYTES = 1 << 16 };

/*
 * Reads an open file from its start; name is for messages and must outlive the stream.  Free with
 * stream_close, after a failure too.
 */
bool stream_open(int descriptor, const char *name, struct stream **stream, struct error *error);

/* Some bytes of a file, such as a member of an archive. */
struct stream_part {
    uint64_t offset, nbytes;
    bool is_deflated; /* by deflate alone, as in a zip; otherwise the first bytes tell */
};

/* The same for a part of the file. */
bool stream_open_part(int descriptor, const char *name, const struct stream_part *part,
                      struct stream **stream, struct error *error);
/* NULL is fine. */
void stream_close(struct stream *stream);

bool stream_is_compressed(const struct stream *stream);
/* Where the next byte is among the decompressed ones. */
uint64_t stream_offset(const struct stream *stream);
/* The size of the file, or part, and how far it has been read. */
uint64_t stream_file_nbytes(const struct stream *stream);
uint64_t stream_file_offset(const struct stream *stream);

/*
 * Shows the next bytes, at least wanted (up to STREAM_MAX_PEEK_NBYTES) of them unless the stream
 * ends before: *nbytes.  They stay as they are until the next call.
 */
bool stream_peek(struct stream *stream, size_t wanted, const uint8_t **bytes, size_t *nbytes,
                 struct error *error);
/* Goes on by nbytes; STATUS_DATA if the stream ends before. */
bool stream_skip(struct stream *stream, uint64_t nbytes, struct error *error);

#endif
