/*
 * Reading an array of a source from its start to its end, wherever its bytes are.
 */
#ifndef QUERN_IMAGES_SOURCES_ARRAY_READING_H
#define QUERN_IMAGES_SOURCES_ARRAY_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/sources/array_header.h"
#include "images/sources/stream.h"

/* Where the bytes of an array are. */
struct array_place {
    char *name; /* for messages */
    int descriptor;
    bool is_own; /* the descriptor is this place's to close */
    struct stream_part part;
    uint64_t nbytes; /* of the array, decompressed; UINT64_MAX: not known */
    bool has_crc32;
    uint32_t crc32;
};

/* Every function below puts its error there. */
struct array_reading {
    const struct array_place *place;
    struct stream *stream; /* to be closed by stream_close in any case */
    uint32_t crc32;        /* of what was taken */
    struct error *error;
};

bool array_reading_begin(struct array_reading *reading, const struct array_place *place,
                         struct error *error);

/* Takes the header, of npy or IDX. */
bool array_reading_take_header(struct array_reading *reading, bool is_npy,
                               struct array_header *header);

/* Are the bytes as many as the header says, as far as that can be known without decompressing
 * them? */
bool array_reading_check_size(const struct array_reading *reading, uint64_t header_nbytes,
                              uint64_t nbytes);

/* Shows the next bytes: at least wanted of them, and not more than left.  STATUS_DATA if there are
 * fewer. */
bool array_reading_peek(struct array_reading *reading, size_t wanted, uint64_t left,
                        const uint8_t **bytes, size_t *nbytes);
/* Goes on behind bytes that were shown. */
bool array_reading_take(struct array_reading *reading, const uint8_t *bytes, size_t nbytes);

/* Nothing may be left, and all must have been what the archive has a checksum of. */
bool array_reading_check_end(struct array_reading *reading);

#endif
