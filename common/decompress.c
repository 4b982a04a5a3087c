#include "common/decompress.h"

#include <stdlib.h>
#include <zlib.h>

#ifdef QUERN_HAVE_LIBDEFLATE

#include <libdeflate.h>

struct decompressor *decompressor_create(void)
{
    return (struct decompressor *)libdeflate_alloc_decompressor();
}

void decompressor_destroy(struct decompressor *decompressor)
{
    libdeflate_free_decompressor((struct libdeflate_decompressor *)decompressor);
}

enum decompress_result decompressor_run(struct decompressor *decompressor, const void *in,
                                        size_t in_nbytes, void *out, size_t out_nbytes)
{
    size_t num_read;

    /* NULL for the length of the output makes libdeflate demand exactly out_nbytes. */
    return libdeflate_zlib_decompress_ex((struct libdeflate_decompressor *)decompressor, in,
                                         in_nbytes, out, out_nbytes, &num_read,
                                         NULL) == LIBDEFLATE_SUCCESS &&
                   num_read == in_nbytes
               ? DECOMPRESS_OK
               : DECOMPRESS_DAMAGED;
}

enum decompress_result decompressor_run_deflate(struct decompressor *decompressor, const void *in,
                                                size_t in_nbytes, void *out, size_t out_nbytes)
{
    size_t num_read;

    return libdeflate_deflate_decompress_ex((struct libdeflate_decompressor *)decompressor, in,
                                            in_nbytes, out, out_nbytes, &num_read,
                                            NULL) == LIBDEFLATE_SUCCESS &&
                   num_read == in_nbytes
               ? DECOMPRESS_OK
               : DECOMPRESS_DAMAGED;
}

#else

enum { ZLIB_WINDOW_BITS = 15, DEFLATE_WINDOW_BITS = -15 };

struct decompressor {
    z_stream stream;
};

struct decompressor *decompressor_create(void)
{
    struct decompressor *decompressor = calloc(1, sizeof(*decompressor));

    if (decompressor && inflateInit(&decompressor->stream) != Z_OK) {
        free(decompressor);
        decompressor = NULL;
    }
    return decompressor;
}

void decompressor_destroy(struct decompressor *decompressor)
{
    if (decompressor)
        inflateEnd(&decompressor->stream);
    free(decompressor);
}

static enum decompress_result decompressor_run_zlib(struct decompressor *decompressor,
                                                    int window_bits, const void *in,
                                                    size_t in_nbytes, void *out, size_t out_nbytes)
{
    z_stream *stream = &decompressor->stream;
    const unsigned char *next_in = in;
    unsigned char *next_out = out;
    const size_t most = 1u << 30; /* at a time: zlib's counters are unsigned int */
    int result = inflateReset2(stream, window_bits);

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
        return DECOMPRESS_NO_MEMORY;
    return result == Z_STREAM_END && out_nbytes == 0 && in_nbytes == 0 ? DECOMPRESS_OK
                                                                       : DECOMPRESS_DAMAGED;
}

enum decompress_result decompressor_run(struct decompressor *decompressor, const void *in,
                                        size_t in_nbytes, void *out, size_t out_nbytes)
{
    return decompressor_run_zlib(decompressor, ZLIB_WINDOW_BITS, in, in_nbytes, out, out_nbytes);
}

enum decompress_result decompressor_run_deflate(struct decompressor *decompressor, const void *in,
                                                size_t in_nbytes, void *out, size_t out_nbytes)
{
    return decompressor_run_zlib(decompressor, DEFLATE_WINDOW_BITS, in, in_nbytes, out, out_nbytes);
}

#endif
