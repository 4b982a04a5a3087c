#include "images/sources/array_reading.h"

#include <inttypes.h>
#include <zlib.h>

#include "common/text.h"

enum { MAX_RATIO = 1200 }; /* deflate shrinks to 1/1032 at the most */

bool array_reading_begin(struct array_reading *reading, const struct array_place *place,
                         struct error *error)
{
    *reading = (struct array_reading){.place = place, .error = error};
    return stream_open_part(place->descriptor, place->name, &place->part, &reading->stream, error);
}

bool array_reading_peek(struct array_reading *reading, size_t wanted, uint64_t left,
                        const uint8_t **bytes, size_t *nbytes)
{
    if (!stream_peek(reading->stream, wanted, bytes, nbytes, reading->error))
        return false;
    if (*nbytes < wanted)
        return error_set(reading->error, STATUS_DATA, ERROR_AT(.file = reading->place->name),
                         "is cut short");
    if (*nbytes > left)
        *nbytes = (size_t)left;
    return true;
}

bool array_reading_take(struct array_reading *reading, const uint8_t *bytes, size_t nbytes)
{
    reading->crc32 = (uint32_t)crc32_z(reading->crc32, bytes, nbytes);
    return stream_skip(reading->stream, nbytes, reading->error);
}

bool array_reading_take_header(struct array_reading *reading, bool is_npy,
                               struct array_header *header)
{
    const uint8_t *bytes;
    size_t nbytes;

    if (!stream_peek(reading->stream, ARRAY_MAX_HEADER_NBYTES, &bytes, &nbytes, reading->error))
        return false;
    return (is_npy ? npy_parse_header : idx_parse_header)(reading->place->name, bytes, nbytes,
                                                          header, reading->error) &&
           array_reading_take(reading, bytes, header->header_nbytes);
}

bool array_reading_check_end(struct array_reading *reading)
{
    const uint8_t *bytes;
    size_t nbytes;

    if (!stream_peek(reading->stream, 1, &bytes, &nbytes, reading->error))
        return false;
    if (nbytes > 0)
        return error_set(reading->error, STATUS_DATA, ERROR_AT(.file = reading->place->name),
                         "is damaged: its bytes are more than its header says");
    /* The checksum of a zip is over the member, which may itself be compressed. */
    if (reading->place->has_crc32 &&
        (reading->place->part.is_deflated || !stream_is_compressed(reading->stream)) &&
        reading->crc32 != reading->place->crc32)
        return error_set(reading->error, STATUS_DATA, ERROR_AT(.file = reading->place->name),
                         "is damaged in the archive: wrong checksum");
    return true;
}

bool array_reading_check_size(const struct array_reading *reading, uint64_t header_nbytes,
                              uint64_t nbytes)
{
    const struct array_place *place = reading->place;
    uint64_t known = stream_is_compressed(reading->stream) ? place->nbytes : place->part.nbytes;

    if (known != UINT64_MAX && (known < header_nbytes || known - header_nbytes != nbytes))
        return error_set(reading->error, STATUS_DATA,
                         ERROR_AT(.file = place->name,
                                  .expected = TEXT("%" PRIu64, header_nbytes + nbytes),
                                  .found = TEXT("%" PRIu64, known)),
                         "is damaged: its bytes are not as many as its header says");
    if (nbytes / MAX_RATIO > place->part.nbytes)
        return error_set(reading->error, STATUS_DATA, ERROR_AT(.file = place->name),
                         "is damaged: its header says more bytes than are compressed in it");
    return true;
}
