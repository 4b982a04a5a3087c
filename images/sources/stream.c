#include "images/sources/stream.h"

#include <archive.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "common/file.h"
#include "common/signals.h"

enum {
    IN_NBYTES = 1 << 18,  /* read from the file at once */
    OUT_NBYTES = 1 << 20, /* decompressed bytes that are kept */
    GZIP_WINDOW_BITS = 15 + 16,
    DEFLATE_WINDOW_BITS = -15,
};

struct stream {
    int descriptor;
    const char *name;
    uint64_t start;                    /* of the part of the file that is read */
    uint64_t file_nbytes, file_offset; /* of the part; read of it so far */
    uint8_t *in, *out;
    size_t out_begin, out_end; /* what is decompressed and not taken yet */
    uint64_t offset;           /* of out_begin */
    bool is_end;               /* nothing comes after out_end */

    /* Adds bytes behind out_end, where there is room, or sets is_end. */
    bool (*fill)(struct stream *stream, struct error *error);
    z_stream gzip;
    bool is_deflate;             /* alone, without what gzip puts around it */
    bool has_gzip, is_in_member; /* between the first and the last byte of a gzip member */
    struct archive *archive;
    const uint8_t *block; /* from libarchive, not taken yet */
    size_t block_nbytes;
};

static bool stream_fail(const struct stream *stream, const char *what, const char *reason,
                        struct error *error)
{
    return error_set(error, STATUS_DATA, ERROR_AT(.file = stream->name), "%s%s%s", what,
                     reason ? ": " : "", reason ? reason : "");
}

/* As many bytes as there are of the part, from its offset on; -1 with errno. */
static ssize_t stream_read_at(const struct stream *stream, void *bytes, size_t room,
                              uint64_t offset)
{
    uint64_t left = stream->file_nbytes > offset ? stream->file_nbytes - offset : 0;

    return file_read_some_at(stream->descriptor, bytes, room < left ? room : (size_t)left,
                             stream->start + offset);
}

/* Reads on in the file; *nbytes is 0 at its end. */
static bool stream_read_file(struct stream *stream, uint8_t *bytes, size_t room, size_t *nbytes,
                             struct error *error)
{
    int signal = signals_stop_requested();
    ssize_t num_read;

    if (signal)
        return error_set(error, STATUS_STOPPED, ERROR_AT(.file = stream->name),
                         "stopped by %s; nothing was written, run again", signals_name(signal));
    num_read = stream_read_at(stream, bytes, room, stream->file_offset);
    if (num_read < 0)
        return error_set_errno(error, stream->name, "cannot read");
    stream->file_offset += (uint64_t)num_read;
    *nbytes = (size_t)num_read;
    return true;
}

/* ---- plain ---- */

static bool stream_fill_plain(struct stream *stream, struct error *error)
{
    size_t num_read = 0;

    if (!stream_read_file(stream, stream->out + stream->out_end, OUT_NBYTES - stream->out_end,
                          &num_read, error))
        return false;
    stream->out_end += num_read;
    stream->is_end = num_read == 0;
    return true;
}

/* ---- gzip ---- */

/* Makes sure that there is input; without any at the end of the file, *is_empty. */
static bool stream_read_gzip(struct stream *stream, bool *is_empty, struct error *error)
{
    z_stream *gzip = &stream->gzip;
    size_t num_read = 0;

    if (gzip->avail_in == 0) {
        if (!stream_read_file(stream, stream->in, IN_NBYTES, &num_read, error))
            return false;
        gzip->next_in = stream->in;
        gzip->avail_in = (uInt)num_read;
    }
    *is_empty = gzip->avail_in == 0;
    return true;
}

/* Between two members: zeros pad the file, another member may begin. */
static bool stream_begin_gzip_member(struct stream *stream, struct error *error)
{
    z_stream *gzip = &stream->gzip;
    bool is_empty;

    do {
        if (!stream_read_gzip(stream, &is_empty, error))
            return false;
        while (gzip->avail_in > 0 && *gzip->next_in == 0 && !stream->is_deflate) {
            gzip->next_in++;
            gzip->avail_in--;
        }
    } while (gzip->avail_in == 0 && !is_empty);
    stream->is_end = is_empty;
    if (is_empty)
        return true;
    if (stream->is_deflate)
        return stream_fail(stream, "is damaged: there is something behind its compressed bytes",
                           NULL, error);
    if (*gzip->next_in != 0x1f)
        return stream_fail(stream, "is damaged: there is something behind its last gzip member",
                           NULL, error);
    inflateReset(gzip);
    stream->is_in_member = true;
    return true;
}

static bool stream_fill_gzip(struct stream *stream, struct error *error)
{
    z_stream *gzip = &stream->gzip;
    bool is_empty;
    int result;

    if (!stream->is_in_member && !stream_begin_gzip_member(stream, error))
        return false;
    if (stream->is_end)
        return true;
    if (!stream_read_gzip(stream, &is_empty, error))
        return false;
    gzip->next_out = stream->out + stream->out_end;
    gzip->avail_out = (uInt)(OUT_NBYTES - stream->out_end);
    result = inflate(gzip, Z_NO_FLUSH);
    stream->out_end = OUT_NBYTES - gzip->avail_out;
    if (result == Z_MEM_ERROR)
        return error_set_memory(error, sizeof(*gzip));
    if (result == Z_BUF_ERROR && is_empty)
        return stream_fail(stream,
                           stream->is_deflate ? "is cut short: it ends within compressed bytes"
                                              : "is cut short: it ends within a gzip member",
                           NULL, error);
    if (result == Z_NEED_DICT || (result < 0 && result != Z_BUF_ERROR))
        return stream_fail(stream, "is damaged", gzip->msg ? gzip->msg : "no gzip member", error);
    stream->is_in_member = result != Z_STREAM_END;
    return true;
}

/* ---- xz, zstd and bzip2 ---- */

static la_ssize_t stream_give_bytes(struct archive *archive, void *context, const void **bytes)
{
    struct stream *stream = context;
    ssize_t num_read = stream_read_at(stream, stream->in, IN_NBYTES, stream->file_offset);

    if (num_read < 0)
        archive_set_error(archive, errno, "%s", strerror(errno));
    else
        stream->file_offset += (uint64_t)num_read;
    *bytes = stream->in;
    return num_read;
}

/* What libarchive says, about the file or about the system. */
static bool stream_fail_archive(const struct stream *stream, struct error *error)
{
    int number = archive_errno(stream->archive);
    const char *reason = archive_error_string(stream->archive);

    if (number == EIO || number == ENOSPC) {
        errno = number;
        return error_set_errno(error, stream->name, "cannot read");
    }
    if (number == ENOMEM || !reason)
        return error_set_memory(error, IN_NBYTES);
    return stream_fail(stream, "is damaged", reason, error);
}

static bool stream_next_block(struct stream *stream, struct error *error)
{
    int signal = signals_stop_requested();
    const void *block;
    la_int64_t offset;
    int result;

    if (signal)
        return error_set(error, STATUS_STOPPED, ERROR_AT(.file = stream->name),
                         "stopped by %s; nothing was written, run again", signals_name(signal));
    result = archive_read_data_block(stream->archive, &block, &stream->block_nbytes, &offset);
    stream->block = block;
    stream->is_end = result == ARCHIVE_EOF;
    if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
        return stream_fail_archive(stream, error);
    /* libarchive stops where it finds no further stream, whatever is there. */
    if (stream->is_end && (uint64_t)archive_filter_bytes(stream->archive, -1) < stream->file_nbytes)
        return stream_fail(stream, "is damaged: there is something behind its compressed bytes",
                           NULL, error);
    if (stream->is_end)
        stream->block_nbytes = 0;
    return true;
}

static bool stream_fill_archive(struct stream *stream, struct error *error)
{
    size_t room = OUT_NBYTES - stream->out_end, taken;

    if (stream->block_nbytes == 0 && !stream_next_block(stream, error))
        return false;
    if (stream->block_nbytes == 0)
        return true;
    taken = stream->block_nbytes < room ? stream->block_nbytes : room;
    memcpy(stream->out + stream->out_end, stream->block, taken);
    stream->block += taken;
    stream->block_nbytes -= taken;
    stream->out_end += taken;
    return true;
}

/* ---- open and close ---- */

static bool stream_open_gzip(struct stream *stream, struct error *error)
{
    stream->fill = stream_fill_gzip;
    stream->is_in_member = true;
    stream->has_gzip = inflateInit2(&stream->gzip, stream->is_deflate ? DEFLATE_WINDOW_BITS
                                                                      : GZIP_WINDOW_BITS) == Z_OK;
    return stream->has_gzip || error_set_memory(error, sizeof(stream->gzip));
}

static bool stream_open_archive(struct stream *stream, int (*support_filter)(struct archive *),
                                struct error *error)
{
    struct archive_entry *entry;
    int result;

    stream->fill = stream_fill_archive;
    stream->archive = archive_read_new();
    if (!stream->archive || archive_read_support_format_raw(stream->archive) != ARCHIVE_OK)
        return error_set_memory(error, sizeof(void *));
    result = support_filter(stream->archive);
    if (result == ARCHIVE_FATAL)
        return error_set_memory(error, sizeof(void *));
    /* Built without the library, it would run a program. */
    if (result != ARCHIVE_OK)
        return stream_fail(stream, "is compressed in a way that libarchive was built without", NULL,
                           error);
    if (archive_read_open(stream->archive, stream, NULL, stream_give_bytes, NULL) != ARCHIVE_OK)
        return stream_fail_archive(stream, error);
    result = archive_read_next_header(stream->archive, &entry);
    return result == ARCHIVE_OK || stream_fail_archive(stream, error);
}

/* Finds out by the first bytes how a file is compressed. */
static bool stream_choose(struct stream *stream, struct error *error)
{
    static const struct {
        const char *signature;
        size_t nbytes;
        int (*support_filter)(struct archive *); /* NULL: gzip */
    } kinds[] = {
        {"\x1f\x8b", 2, NULL},
        {"\xfd"
         "7zXZ",
         6, archive_read_support_filter_xz},
        {"\x28\xb5\x2f\xfd", 4, archive_read_support_filter_zstd},
        {"BZh", 3, archive_read_support_filter_bzip2},
    };
    uint8_t bytes[8];
    ssize_t num_read = stream_read_at(stream, bytes, sizeof(bytes), 0);

    if (stream->is_deflate)
        return stream_open_gzip(stream, error);
    if (num_read < 0)
        return error_set_errno(error, stream->name, "cannot read");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((size_t)num_read < kinds[i].nbytes ||
            memcmp(bytes, kinds[i].signature, kinds[i].nbytes) != 0)
            continue;
        return kinds[i].support_filter ? stream_open_archive(stream, kinds[i].support_filter, error)
                                       : stream_open_gzip(stream, error);
    }
    stream->fill = stream_fill_plain;
    return true;
}

bool stream_open_part(int descriptor, const char *name, const struct stream_part *part,
                      struct stream **result, struct error *error)
{
    struct stream *stream = *result = calloc(1, sizeof(*stream));

    if (!stream)
        return error_set_memory(error, sizeof(*stream));
    stream->descriptor = descriptor;
    stream->name = name;
    stream->start = part->offset;
    stream->file_nbytes = part->nbytes;
    stream->is_deflate = part->is_deflated;
    stream->in = malloc(IN_NBYTES);
    stream->out = malloc(OUT_NBYTES);
    if (!stream->in || !stream->out)
        return error_set_memory(error, OUT_NBYTES);
    return stream_choose(stream, error);
}

bool stream_open(int descriptor, const char *name, struct stream **stream, struct error *error)
{
    struct stat info;

    *stream = NULL;
    if (fstat(descriptor, &info) != 0)
        return error_set_errno(error, name, "cannot read");
    return stream_open_part(descriptor, name,
                            &(struct stream_part){.nbytes = (uint64_t)info.st_size}, stream, error);
}

void stream_close(struct stream *stream)
{
    if (!stream)
        return;
    if (stream->has_gzip)
        inflateEnd(&stream->gzip);
    archive_read_free(stream->archive);
    free(stream->in);
    free(stream->out);
    free(stream);
}

bool stream_is_compressed(const struct stream *stream)
{
    return stream->fill != stream_fill_plain;
}

uint64_t stream_offset(const struct stream *stream)
{
    return stream->offset;
}

uint64_t stream_file_nbytes(const struct stream *stream)
{
    return stream->file_nbytes;
}

uint64_t stream_file_offset(const struct stream *stream)
{
    return stream->file_offset;
}

/* ---- reading ---- */

bool stream_peek(struct stream *stream, size_t wanted, const uint8_t **bytes, size_t *nbytes,
                 struct error *error)
{
    if (stream->out_end - stream->out_begin < wanted && stream->out_begin > 0) {
        memmove(stream->out, stream->out + stream->out_begin, stream->out_end - stream->out_begin);
        stream->out_end -= stream->out_begin;
        stream->out_begin = 0;
    }
    while (stream->out_end - stream->out_begin < wanted && !stream->is_end)
        if (!stream->fill(stream, error))
            return false;
    *bytes = stream->out + stream->out_begin;
    *nbytes = stream->out_end - stream->out_begin;
    return true;
}

/* Goes on in a file that is not compressed without reading what lies between. */
static void stream_seek(struct stream *stream, uint64_t nbytes)
{
    uint64_t left = stream->file_nbytes > stream->offset ? stream->file_nbytes - stream->offset : 0;

    if (stream_is_compressed(stream) || nbytes > left)
        return;
    stream->offset += nbytes;
    stream->file_offset = stream->offset;
    stream->out_begin = stream->out_end = 0;
}

bool stream_skip(struct stream *stream, uint64_t nbytes, struct error *error)
{
    while (nbytes > 0) {
        const uint8_t *bytes;
        size_t available;
        uint64_t old_offset = stream->offset;

        if (nbytes > stream->out_end - stream->out_begin)
            stream_seek(stream, nbytes);
        if (stream->offset > old_offset)
            return true;
        if (!stream_peek(stream, 1, &bytes, &available, error))
            return false;
        if (available == 0)
            return stream_fail(stream, "is cut short", NULL, error);
        if (available > nbytes)
            available = (size_t)nbytes;
        stream->out_begin += available;
        stream->offset += available;
        nbytes -= available;
    }
    return true;
}
