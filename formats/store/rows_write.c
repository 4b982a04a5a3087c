#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/rows.h"

/* About 256 KiB: large enough for deflate and for one read to pay, small enough that a store of
 * some thousand images gives every thread work. */
enum { CHUNK_NBYTES = 256 * 1024 };

enum { DEFAULT_MEM_LEVEL = 8 }; /* zlib's, which its header does not name */

/* A power of two, so that a border of chunks of gray images is one of RGB images as well. */
size_t rows_choose_chunk_rows(size_t row_nbytes)
{
    size_t rows = 1;

    while (2 * rows * row_nbytes <= CHUNK_NBYTES)
        rows *= 2;
    return rows;
}

static size_t row_layout_nbytes(const struct row_layout *layout)
{
    size_t nbytes = layout->value_nbytes;

    for (size_t i = 1; i < layout->rank; i++)
        nbytes *= layout->shape[i];
    return nbytes;
}

static size_t row_layout_chunk_rows(const struct row_layout *layout)
{
    size_t chunk_rows = rows_choose_chunk_rows(row_layout_nbytes(layout));

    /* HDF5 wants no chunk longer than its dataset can become. */
    return chunk_rows > layout->shape[0] ? layout->shape[0] : chunk_rows;
}

uint64_t row_writer_nbytes(const struct row_layout *layout, size_t buffer_chunks, uint64_t num_rows)
{
    uint64_t chunk_rows = row_layout_chunk_rows(layout);
    uint64_t chunk_nbytes = chunk_rows * row_layout_nbytes(layout);
    uint64_t num_chunks = (num_rows + chunk_rows - 1) / chunk_rows;

    /* Buffers of chunks that never come are never touched. */
    if (num_chunks > buffer_chunks)
        num_chunks = buffer_chunks;
    return num_chunks * (chunk_nbytes + compressBound((uLong)chunk_nbytes));
}

static size_t row_writer_compressed_bound(const struct row_writer *writer)
{
    return compressBound((uLong)(writer->chunk_rows * writer->row_nbytes));
}

static void row_writer_create_dataset(struct row_writer *writer, hid_t parent)
{
    const struct h5_context *file = writer->file;
    const struct row_layout *layout = &writer->layout;
    hid_t space = H5I_INVALID_HID, list = H5I_INVALID_HID;
    hsize_t none[ROWS_MAX_RANK], most[ROWS_MAX_RANK], chunk[ROWS_MAX_RANK];

    for (size_t i = 0; i < layout->rank; i++)
        none[i] = most[i] = chunk[i] = layout->shape[i];
    none[0] = 0;
    chunk[0] = writer->chunk_rows;
    space = h5_hold(file, H5Screate_simple((int)layout->rank, none, most), writer->name,
                    "cannot make a dataspace");
    list = h5_create_dataset_list(file);
    if (h5_ok(file) && (H5Pset_chunk(list, (int)layout->rank, chunk) < 0 ||
                        H5Pset_deflate(list, (unsigned)writer->compression_level) < 0 ||
                        H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) < 0))
        h5_fail(file, STATUS_INTERNAL, writer->name, "cannot set dataset properties");
    if (h5_ok(file))
        writer->dataset = h5_hold(
            file,
            H5Dcreate2(parent, writer->name, layout->type, space, H5P_DEFAULT, list, H5P_DEFAULT),
            writer->name, "cannot create the dataset");
    h5_write_dimension_labels(file, writer->dataset, layout->labels, layout->rank);
    h5_close(file, &list);
    h5_close(file, &space);
}

void row_writer_begin(struct row_writer *writer, const struct h5_context *file, hid_t parent,
                      const char *name, const struct row_layout *layout, size_t buffer_chunks,
                      int compression_level, int num_threads)
{
    *writer = (struct row_writer){.file = file,
                                  .name = name,
                                  .dataset = H5I_INVALID_HID,
                                  .layout = *layout,
                                  .max_chunks = buffer_chunks,
                                  .compression_level = compression_level,
                                  .num_threads = num_threads};
    if (!h5_ok(file))
        return;
    writer->row_nbytes = row_layout_nbytes(layout);
    writer->chunk_rows = row_layout_chunk_rows(layout);
    if (!memory_allocate_unset(&writer->pending, writer->max_chunks * writer->chunk_rows,
                               writer->row_nbytes, file->error) ||
        !memory_allocate_unset(&writer->compressed, writer->max_chunks,
                               row_writer_compressed_bound(writer), file->error) ||
        !memory_allocate(&writer->compressed_nbytes, writer->max_chunks,
                         sizeof(*writer->compressed_nbytes), file->error))
        return;
    row_writer_create_dataset(writer, parent);
}

/*
 * zlib's run-length strategy on gray digits: 1.6 times as fast as its level 1 and a tenth smaller.
 * On gray photographs and screenshots it is 5 % larger, but on flat colours of interleaved RGB,
 * where equal bytes lie three apart, three times as large; so it depends on the layout.
 */
static int row_writer_choose_strategy(const struct row_writer *writer)
{
    return writer->layout.has_runs && writer->compression_level == 1 ? Z_RLE : Z_DEFAULT_STRATEGY;
}

/* Compresses pending chunk i; false without memory, as nothing else can fail with a buffer of the
 * bound's size. */
static bool row_writer_compress_chunk(struct row_writer *writer, z_stream *stream, size_t i)
{
    size_t chunk_nbytes = writer->chunk_rows * writer->row_nbytes;
    size_t bound = row_writer_compressed_bound(writer);

    if (deflateReset(stream) != Z_OK)
        return false;
    stream->next_in = writer->pending + i * chunk_nbytes;
    stream->avail_in = (uInt)chunk_nbytes; /* HDF5 has no chunks of 4 GiB */
    stream->next_out = writer->compressed + i * bound;
    stream->avail_out = (uInt)bound;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return false;
    writer->compressed_nbytes[i] = stream->total_out;
    return true;
}

/* Compresses, in parallel, those of num_chunks pending chunks that were not copied; how many could
 * not be. */
static int row_writer_compress_chunks(struct row_writer *writer, size_t num_chunks)
{
    size_t num_copied = 0;
    int num_failed = 0;

    for (size_t i = 0; i < num_chunks; i++)
        num_copied += writer->compressed_nbytes[i] > 0;
    if (num_copied == num_chunks)
        return 0;
#pragma omp parallel num_threads(writer->num_threads) reduction(+ : num_failed)
    {
        z_stream stream = {0}; /* used again: its tables are larger than a chunk */
        bool is_ready = deflateInit2(&stream, writer->compression_level, Z_DEFLATED, MAX_WBITS,
                                     DEFAULT_MEM_LEVEL, row_writer_choose_strategy(writer)) == Z_OK;

        /* The end of the region is the one place to meet. */
#pragma omp for schedule(dynamic) nowait
        for (size_t i = 0; i < num_chunks; i++)
            if (writer->compressed_nbytes[i] == 0)
                num_failed += !is_ready || !row_writer_compress_chunk(writer, &stream, i);
        deflateEnd(&stream);
    }
    return num_failed;
}

/* Compresses num_chunks pending chunks and writes them in order. */
static void row_writer_write_chunks(struct row_writer *writer, size_t num_chunks)
{
    const struct h5_context *file = writer->file;
    size_t bound = row_writer_compressed_bound(writer);
    uint64_t first_row = writer->num_rows - writer->num_pending_rows;
    hsize_t offset[ROWS_MAX_RANK] = {0}, size[ROWS_MAX_RANK];

    if (!h5_ok(file) || num_chunks == 0)
        return;
    if (row_writer_compress_chunks(writer, num_chunks) > 0) {
        error_set(file->error, STATUS_INTERNAL,
                  ERROR_AT(.file = file->path, .dataset = writer->name),
                  "no memory to compress a chunk");
        return;
    }
    for (size_t i = 0; i < writer->layout.rank; i++)
        size[i] = writer->layout.shape[i];
    size[0] = writer->num_rows;
    if (H5Dset_extent(writer->dataset, size) < 0)
        h5_fail(file, STATUS_IO, writer->name, "cannot enlarge the dataset");
    for (size_t i = 0; i < num_chunks && h5_ok(file); i++) {
        offset[0] = first_row + i * writer->chunk_rows;
        if (H5Dwrite_chunk(writer->dataset, H5P_DEFAULT, 0, offset, writer->compressed_nbytes[i],
                           writer->compressed + i * bound) < 0 ||
            h5_errno(file) != 0)
            h5_fail(file, STATUS_IO, writer->name, "cannot write a chunk");
        writer->compressed_nbytes[i] = 0;
    }
    writer->num_pending_rows = 0;
}

/* Counts rows that are in the buffers, and writes the buffers when they are full. */
static void row_writer_count_rows(struct row_writer *writer, size_t num_rows)
{
    writer->num_pending_rows += num_rows;
    writer->num_rows += num_rows;
    if (writer->num_pending_rows == writer->max_chunks * writer->chunk_rows)
        row_writer_write_chunks(writer, writer->max_chunks);
}

void *row_writer_reserve(const struct row_writer *writer, uint64_t *count)
{
    *count = writer->max_chunks * writer->chunk_rows - writer->num_pending_rows;
    return writer->pending + writer->num_pending_rows * writer->row_nbytes;
}

void row_writer_append(struct row_writer *writer, const void *rows, uint64_t count)
{
    const unsigned char *next = rows;

    while (count > 0 && h5_ok(writer->file)) {
        uint64_t room;
        unsigned char *place = row_writer_reserve(writer, &room);
        size_t taken = (size_t)(count < room ? count : room);

        if (next != place)
            memcpy(place, next, taken * writer->row_nbytes);
        row_writer_count_rows(writer, taken);
        next += taken * writer->row_nbytes;
        count -= taken;
    }
}

/* ---- chunks from one file to another as they are ---- */

/* Are the chunks of a dataset with this creation list those that the writer would make? */
static bool row_writer_has_layout_of(const struct row_writer *writer, hid_t source_list)
{
    hsize_t chunk[ROWS_MAX_RANK];
    int rank = (int)writer->layout.rank;
    unsigned flags;

    if (H5Pget_layout(source_list) != H5D_CHUNKED ||
        H5Pget_chunk(source_list, ROWS_MAX_RANK, chunk) != rank || chunk[0] != writer->chunk_rows ||
        H5Pget_nfilters(source_list) != 1 ||
        H5Pget_filter2(source_list, 0, &flags, &(size_t){0}, NULL, 0, NULL, NULL) !=
            H5Z_FILTER_DEFLATE)
        return false;
    for (int i = 1; i < rank; i++)
        if (chunk[i] != writer->layout.shape[i])
            return false;
    return true;
}

bool row_writer_can_copy(const struct row_writer *writer, const struct h5_context *source_file,
                         hid_t source, uint64_t first, uint64_t num_rows)
{
    hid_t list = H5I_INVALID_HID, type = H5I_INVALID_HID;
    bool can_copy = false;

    if (!h5_ok(writer->file) || num_rows < writer->chunk_rows || first % writer->chunk_rows != 0 ||
        writer->num_pending_rows % writer->chunk_rows != 0)
        return false;
    list =
        h5_hold(source_file, H5Dget_create_plist(source), writer->name, "cannot read the layout");
    type = h5_hold(source_file, H5Dget_type(source), writer->name, "cannot read the type");
    if (h5_ok(source_file))
        can_copy =
            row_writer_has_layout_of(writer, list) && H5Tequal(type, writer->layout.type) > 0;
    h5_close(source_file, &type);
    h5_close(source_file, &list);
    return can_copy;
}

void row_writer_copy_chunk(struct row_writer *writer, const struct h5_context *source_file,
                           hid_t source, uint64_t first)
{
    size_t i = writer->num_pending_rows / writer->chunk_rows;
    size_t room = row_writer_compressed_bound(writer);
    hsize_t offset[ROWS_MAX_RANK] = {first}, nbytes = 0;
    uint32_t filter_mask = 0;

    if (!h5_ok(writer->file))
        return;
    if (H5Dget_chunk_storage_size(source, offset, &nbytes) < 0 || nbytes == 0)
        h5_fail(source_file, STATUS_DATA, writer->name, "a chunk is missing");
    else if (nbytes > room)
        h5_refuse(source_file, writer->name, "a chunk is larger than any that deflate makes",
                  TEXT("at most %zu bytes", room), TEXT("%llu", (unsigned long long)nbytes));
    else if (H5Dread_chunk(source, H5P_DEFAULT, offset, &filter_mask,
                           writer->compressed + i * room) < 0)
        h5_fail(source_file, STATUS_DATA, writer->name, "cannot read a chunk");
    else if (filter_mask != 0)
        h5_refuse(source_file, writer->name, "a chunk is not compressed", NULL, NULL);
    if (!h5_ok(source_file))
        return;
    writer->compressed_nbytes[i] = nbytes;
    row_writer_count_rows(writer, writer->chunk_rows);
}

/* ---- the end ---- */

void row_writer_end(struct row_writer *writer)
{
    size_t num_chunks;

    if (!h5_ok(writer->file))
        return;
    num_chunks = (writer->num_pending_rows + writer->chunk_rows - 1) / writer->chunk_rows;
    /* The last chunk is whole in the file; its rows past the end are zero. */
    memset(writer->pending + writer->num_pending_rows * writer->row_nbytes, 0,
           (num_chunks * writer->chunk_rows - writer->num_pending_rows) * writer->row_nbytes);
    row_writer_write_chunks(writer, num_chunks);
}

void row_writer_close(struct row_writer *writer)
{
    h5_close(writer->file, &writer->dataset);
    free(writer->pending);
    free(writer->compressed);
    free(writer->compressed_nbytes);
    writer->pending = writer->compressed = NULL;
    writer->compressed_nbytes = NULL;
}
