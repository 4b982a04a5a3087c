#include "images/png_chunks.h"

#include <string.h>

#include "common/checksum.h"
#include "common/text.h"

enum {
    SIGNATURE_NBYTES = 8,
    CHUNK_NBYTES = 12, /* around its contents: length, name, CRC-32 */
    COLOR_TYPE_AT = 9, /* in the header */
    GRAY = 0,
    RGB = 2,
    PALETTE = 3,
    GRAY_ALPHA = 4,
};

static const char truncated[] = "truncated";

static const uint8_t end_chunk[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

struct png_chunk {
    const uint8_t *bytes; /* from its length on */
    uint32_t nbytes;      /* of its contents */
    bool is_whole;
};

struct png_chunks png_chunks_begin(const void *bytes, size_t nbytes)
{
    const uint8_t *start = bytes;

    return (struct png_chunks){.next = start + SIGNATURE_NBYTES,
                               .num_left = nbytes - SIGNATURE_NBYTES,
                               .passing = start,
                               .num_passing = SIGNATURE_NBYTES};
}

static uint32_t png_chunks_get_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool png_chunk_is(const struct png_chunk *chunk, const char *name)
{
    return memcmp(chunk->bytes + 4, name, 4) == 0;
}

/* Of letters; a small one at the beginning says that pixels can do without. */
static bool png_chunk_is_ancillary(const struct png_chunk *chunk)
{
    for (int i = 4; i < 8; i++) {
        uint8_t letter = chunk->bytes[i] | 0x20;

        if (letter < 'a' || letter > 'z')
            return false;
    }
    return (chunk->bytes[4] & 0x20) != 0;
}

static bool png_chunk_has_checksum(const struct png_chunk *chunk)
{
    return crc32_of(chunk->bytes + 4, (size_t)chunk->nbytes + 4) ==
           png_chunks_get_u32(chunk->bytes + 8 + chunk->nbytes);
}

/* A name, a method of compression, which is 0, and a stream of zlib. */
static bool png_chunk_is_profile(const struct png_chunk *chunk)
{
    const uint8_t *contents = chunk->bytes + 8;
    const uint8_t *end = memchr(contents, 0, chunk->nbytes < 80 ? chunk->nbytes : 80);
    size_t used = end ? (size_t)(end - contents) + 2 : 0;

    return end && end > contents && chunk->nbytes >= used + 2 && end[1] == 0 &&
           (end[2] & 0x0f) == 8 && (end[2] << 8 | end[3]) % 31 == 0;
}

/* Is the transparency one that the image can have?  Its alpha channel, if it has one, is enough. */
static bool png_chunks_fit_transparency(const struct png_chunks *chunks,
                                        const struct png_chunk *chunk)
{
    if (chunks->has_transparency || chunks->num_data_runs > 0)
        return false;
    switch (chunks->color_type) {
    case GRAY:
        return chunk->nbytes == 2;
    case RGB:
        return chunk->nbytes == 6;
    case PALETTE:
        return chunk->nbytes > 0 && chunk->nbytes <= chunks->num_colors;
    default:
        return false;
    }
}

/* Are pixels made of the chunk?  What is to be known of it later is kept. */
static bool png_chunks_wants(struct png_chunks *chunks, const struct png_chunk *chunk)
{
    bool is_data = png_chunk_is(chunk, "IDAT");

    chunks->num_data_runs += is_data && !chunks->is_in_data && chunks->num_data_runs < 2;
    chunks->is_in_data = is_data;
    if (png_chunk_is(chunk, "IHDR") && chunk->is_whole && chunk->nbytes > COLOR_TYPE_AT)
        chunks->color_type = chunk->bytes[8 + COLOR_TYPE_AT];
    if (png_chunk_is(chunk, "PLTE")) {
        chunks->num_colors = chunk->nbytes / 3;
        return chunks->color_type == PALETTE;
    }
    if (png_chunk_is(chunk, "tRNS") && png_chunks_fit_transparency(chunks, chunk)) {
        chunks->has_transparency = true;
        return true;
    }
    return !png_chunk_is(chunk, "IEND") && !png_chunk_is_ancillary(chunk);
}

/* Keeps the first fault that is found in a chunk of which no pixels are made. */
static void png_chunks_check(struct png_chunks *chunks, const struct png_chunk *chunk)
{
    bool is_palette = png_chunk_is(chunk, "PLTE");
    const char *what = NULL;

    if (!png_chunk_has_checksum(chunk))
        what = "wrong checksum of";
    else if (png_chunk_is(chunk, "tRNS") || (png_chunk_is(chunk, "IEND") && chunk->nbytes > 0) ||
             (is_palette && (chunks->color_type == GRAY || chunks->color_type == GRAY_ALPHA)))
        what = "out of place:";
    else if ((is_palette && (chunk->nbytes % 3 != 0 || chunk->nbytes == 0)) ||
             (png_chunk_is(chunk, "iCCP") && !png_chunk_is_profile(chunk)))
        what = "damaged:";
    if (what && chunks->fault[0] == '\0')
        text_format(chunks->fault, sizeof(chunks->fault), "%s %.4s", what,
                    (const char *)chunk->bytes + 4);
}

/* Goes on to the next chunk that passes.  NULL, or why there is none. */
static const char *png_chunks_advance(struct png_chunks *chunks)
{
    for (;;) {
        struct png_chunk chunk = {.bytes = chunks->next};
        size_t nbytes;

        if (chunks->num_left < 8)
            return truncated;
        chunk.nbytes = png_chunks_get_u32(chunk.bytes);
        chunk.is_whole =
            chunks->num_left >= CHUNK_NBYTES && chunk.nbytes <= chunks->num_left - CHUNK_NBYTES;
        nbytes = chunk.is_whole ? (size_t)chunk.nbytes + CHUNK_NBYTES : chunks->num_left;
        chunks->next += nbytes;
        chunks->num_left -= nbytes;
        if (png_chunks_wants(chunks, &chunk)) {
            chunks->passing = chunk.bytes;
            chunks->num_passing = nbytes;
            return chunks->num_data_runs > 1 ? "its pixels (IDAT) are interrupted by another chunk"
                                             : NULL;
        }
        if (!chunk.is_whole)
            return truncated;
        png_chunks_check(chunks, &chunk);
        if (png_chunk_is(&chunk, "IEND")) {
            chunks->passing = end_chunk;
            chunks->num_passing = sizeof(end_chunk);
            return NULL;
        }
    }
}

const char *png_chunks_take(struct png_chunks *chunks, uint8_t *out, size_t nbytes)
{
    while (nbytes > 0) {
        size_t count;

        if (chunks->num_passing == 0) {
            const char *problem = png_chunks_advance(chunks);

            if (problem)
                return problem;
        }
        count = nbytes < chunks->num_passing ? nbytes : chunks->num_passing;
        memcpy(out, chunks->passing, count);
        chunks->passing += count;
        chunks->num_passing -= count;
        out += count;
        nbytes -= count;
    }
    return NULL;
}
