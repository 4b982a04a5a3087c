#include "formats/inflate.h"

#include <stdlib.h>
#include <zlib.h>

#ifdef QUERN_HAVE_LIBDEFLATE

#include <libdeflate.h>

struct inflater *inflater_create(void)
{
    return (struct inflater *)libdeflate_alloc_decompressor();
}

void inflater_destroy(struct inflater *inflater)
{
    libdeflate_free_decompressor((struct libdeflate_decompressor *)inflater);
}

enum inflate_result inflater_run(struct inflater *inflater, const void *in, size_t in_nbytes,
                                 void *out, size_t out_nbytes)
{
    size_t num_read;

    /* Without a place for the length of the output it wants out_nbytes exactly. */
    return libdeflate_zlib_decompress_ex((struct libdeflate_decompressor *)inflater, in, in_nbytes,
                                         out, out_nbytes, &num_read, NULL) == LIBDEFLATE_SUCCESS &&
                   num_read == in_nbytes
               ? INFLATE_OK
               : INFLATE_DAMAGED;
}

#else

struct inflater {
    z_stream stream;
};

struct inflater *inflater_create(void)
{
    struct inflater *inflater = calloc(1, sizeof(*inflater));

    if (inflater && inflateInit(&inflater->stream) != Z_OK) {
        free(inflater);
        inflater = NULL;
    }
    return inflater;
}

void inflater_destroy(struct inflater *inflater)
{
    if (inflater)
        inflateEnd(&inflater->stream);
    free(inflater);
}

enum inflate_result inflater_run(struct inflater *inflater, const void *in, size_t in_nbytes,
                                 void *out, size_t out_nbytes)
{
    z_stream *stream = &inflater->stream;
    const unsigned char *next_in = in;
    unsigned char *next_out = out;
    const size_t most = 1u << 30; /* its counters are unsigned int */
    int result = inflateReset(stream);

    stream->avail_in = stream->avail_out = 0;
    while (result == Z_OK) {
        size_t in_taken = in_nbytes < most ? in_nbytes : most;
        size_t out_taken = out_nbytes < most ? out_nbytes : most;

        stream->next_in = (z_const Bytef *)next_in;
        stream->avail_in = (uInt)in_taken;
        stream->next_out = next_out;
        stream->avail_out = (uInt)out_taken;
        result = inflate(stream, Z_NO_FLUSH);
        in_taken -= stream->avail_in;
        out_taken -= stream->avail_out;
        next_in += in_taken;
        in_nbytes -= in_taken;
        next_out += out_taken;
        out_nbytes -= out_taken;
    }
    if (result == Z_MEM_ERROR)
        return INFLATE_NO_MEMORY;
    return result == Z_STREAM_END && out_nbytes == 0 && in_nbytes == 0 ? INFLATE_OK
                                                                       : INFLATE_DAMAGED;
}

#endif
