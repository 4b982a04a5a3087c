#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/rows.h"

enum {
    /* Chunks in flight: enough for many threads, little memory beside the pixels. */
    BATCH_CHUNKS = 64,
    /* The most that deflate can shrink (zlib's technical details). */
    MAX_DEFLATE_RATIO = 1032,
};

/* One call of rows_read. */
struct request {
    const struct h5_context *file;
    hid_t dataset;
    const char *name;
    size_t row_nbytes;
    uint64_t first;
    uint64_t count;
    const uint32_t *crc32; /* [count] */
    uint8_t *bytes;        /* [count][row_nbytes] */
    /* for chunks read directly: */
    size_t chunk_rows;
    bool is_deflated;
    uint64_t file_nbytes;
};

/* Consecutive chunks on their way from the file to their rows. */
struct chunk_batch {
    uint64_t first_chunk;
    size_t num_chunks;
    struct {
        unsigned char *raw; /* as in the file */
        size_t raw_nbytes;
        bool is_deflated;
    } chunks[BATCH_CHUNKS];
    unsigned char *unfolded; /* [BATCH_CHUNKS][chunk_rows][row_nbytes] */
};

/* What is wrong with a chunk, if anything: the lowest row of each kind, or UINT64_MAX. */
struct damage {
    uint64_t chunk_from_row;
    uint64_t row;
    bool is_without_memory; /* nothing is known of it */
};

/* The chunk length along N if chunks are whole rows, deflated or plain; 0 for any other layout
 * (a file rewritten with other filters, say), which HDF5 has to read itself. */
static size_t direct_chunk_rows(const struct h5_context *file, hid_t dataset, bool *is_deflated)
{
    hid_t list = h5_hold(file, H5Dget_create_plist(dataset), NULL, "cannot read the layout");
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    hsize_t chunk[ROWS_MAX_RANK], shape[ROWS_MAX_RANK];
    size_t num_values = 1, rows = 0;
    unsigned flags;
    int rank, num_filters;

    *is_deflated = false;
    type = h5_hold(file, H5Dget_type(dataset), NULL, "cannot read the type");
    space = h5_hold(file, H5Dget_space(dataset), NULL, "cannot read the shape");
    if (!h5_ok(file) || H5Pget_layout(list) != H5D_CHUNKED || H5Tequal(type, H5T_STD_U8LE) <= 0)
        goto out;
    rank = H5Sget_simple_extent_ndims(space);
    num_filters = H5Pget_nfilters(list);
    if (rank < 1 || rank > ROWS_MAX_RANK || H5Pget_chunk(list, ROWS_MAX_RANK, chunk) != rank ||
        H5Sget_simple_extent_dims(space, shape, NULL) != rank || num_filters < 0 || num_filters > 1)
        goto out;
    *is_deflated = num_filters == 1;
    if (*is_deflated &&
        H5Pget_filter2(list, 0, &flags, &(size_t){0}, NULL, 0, NULL, NULL) != H5Z_FILTER_DEFLATE)
        goto out;
    for (int i = 1; i < rank; i++) {
        if (chunk[i] != shape[i])
            goto out;
        num_values *= chunk[i];
    }
    rows = num_values > 0 ? (size_t)chunk[0] : 0;
out:
    H5Eclear2(H5E_DEFAULT);
    h5_close(file, &space);
    h5_close(file, &type);
    h5_close(file, &list);
    return rows;
}

/* Bytes of the file that holds the dataset: what a dataset stores there cannot be more. */
static uint64_t get_file_nbytes(const struct h5_context *file, hid_t dataset, const char *name)
{
    hsize_t nbytes = 0;
    hid_t id = H5I_INVALID_HID;

    if (!h5_ok(file))
        return 0;
    id = h5_hold(file, H5Iget_file_id(dataset), name, "cannot find its file");
    if (h5_ok(file) && H5Fget_filesize(id, &nbytes) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot tell the size of the file");
    h5_close(file, &id);
    return nbytes;
}

/* Reads the raw bytes of one chunk of the batch. */
static void fetch_chunk(const struct request *request, struct chunk_batch *batch, size_t i)
{
    const struct h5_context *file = request->file;
    hsize_t offset[ROWS_MAX_RANK] = {(batch->first_chunk + i) * request->chunk_rows}, nbytes = 0;
    size_t chunk_nbytes = request->chunk_rows * request->row_nbytes;
    uint32_t filter_mask = 0;

    if (H5Dget_chunk_storage_size(request->dataset, offset, &nbytes) < 0 || nbytes == 0) {
        h5_fail(file, STATUS_DATA, request->name, "a chunk is missing");
        return;
    }
    /* Both before there is memory for what is claimed. */
    if (nbytes > request->file_nbytes)
        h5_refuse(file, request->name, "a chunk claims to be larger than the file", NULL, NULL);
    if (chunk_nbytes / MAX_DEFLATE_RATIO > nbytes)
        h5_refuse(file, request->name, "a chunk claims more data than it can hold", NULL, NULL);
    if (!h5_ok(file) || memory_allocate(&batch->chunks[i].raw, nbytes, 1, file->error) != STATUS_OK)
        return;
    if (H5Dread_chunk(request->dataset, H5P_DEFAULT, offset, &filter_mask, batch->chunks[i].raw) <
        0)
        h5_fail(file, STATUS_DATA, request->name, "cannot read a chunk");
    batch->chunks[i].raw_nbytes = nbytes;
    batch->chunks[i].is_deflated = request->is_deflated && filter_mask == 0;
}

/* Z_OK, Z_MEM_ERROR, or Z_DATA_ERROR for anything that is not out_nbytes when unfolded. */
static int unfold_chunk(const unsigned char *raw, size_t raw_nbytes, bool is_deflated,
                        unsigned char *out, size_t out_nbytes)
{
    uLongf inflated_nbytes = (uLongf)out_nbytes;
    int result;

    if (is_deflated) {
        result = uncompress(out, &inflated_nbytes, raw, (uLong)raw_nbytes);
        if (result == Z_MEM_ERROR)
            return Z_MEM_ERROR;
        return result == Z_OK && inflated_nbytes == out_nbytes ? Z_OK : Z_DATA_ERROR;
    }
    if (raw_nbytes != out_nbytes)
        return Z_DATA_ERROR;
    memcpy(out, raw, out_nbytes);
    return Z_OK;
}

/* The first row that fails its checksum among count rows at bytes, or count. */
static uint64_t first_wrong_row(const uint8_t *bytes, size_t row_nbytes, uint64_t count,
                                const uint32_t *expected)
{
    for (uint64_t i = 0; i < count; i++)
        if ((uint32_t)crc32_z(0, bytes + i * row_nbytes, row_nbytes) != expected[i])
            return i;
    return count;
}

static void refuse_row(const struct h5_context *file, const char *name, uint64_t row)
{
    error_set(file->error, STATUS_DATA, ERROR_AT(.file = file->path, .dataset = name, .row = &row),
              "the pixels do not match their stored CRC-32: the file is damaged");
}

/* Unfolds one chunk of the batch into the rows that are wanted of it, and checks them. */
static struct damage place_chunk(const struct request *request, const struct chunk_batch *batch,
                                 size_t i)
{
    struct damage damage = {UINT64_MAX, UINT64_MAX, false};
    size_t row_nbytes = request->row_nbytes, chunk_nbytes = request->chunk_rows * row_nbytes;
    uint64_t chunk_first = (batch->first_chunk + i) * request->chunk_rows;
    uint64_t chunk_end = chunk_first + request->chunk_rows;
    uint64_t wanted_end = request->first + request->count;
    uint64_t begin = chunk_first > request->first ? chunk_first : request->first;
    uint64_t end = chunk_end < wanted_end ? chunk_end : wanted_end;
    uint8_t *rows = request->bytes + (begin - request->first) * row_nbytes;
    bool is_whole = end - begin == request->chunk_rows;
    /* A chunk that is wanted whole goes straight to its place. */
    unsigned char *unfolded = is_whole ? rows : batch->unfolded + i * chunk_nbytes;
    int result = unfold_chunk(batch->chunks[i].raw, batch->chunks[i].raw_nbytes,
                              batch->chunks[i].is_deflated, unfolded, chunk_nbytes);
    uint64_t wrong;

    damage.is_without_memory = result == Z_MEM_ERROR;
    if (result == Z_DATA_ERROR)
        damage.chunk_from_row = begin;
    if (result != Z_OK)
        return damage;
    if (!is_whole)
        memcpy(rows, unfolded + (begin - chunk_first) * row_nbytes, (end - begin) * row_nbytes);
    wrong =
        first_wrong_row(rows, row_nbytes, end - begin, request->crc32 + (begin - request->first));
    if (wrong < end - begin)
        damage.row = begin + wrong;
    return damage;
}

/* Places all chunks of a batch in parallel. */
static void place_batch(const struct request *request, const struct chunk_batch *batch,
                        int num_threads)
{
    const struct h5_context *file = request->file;
    uint64_t chunk_from_row = UINT64_MAX, row = UINT64_MAX;
    bool is_without_memory = false;

#pragma omp parallel for num_threads(num_threads) schedule(dynamic)                                \
    reduction(min                                                                                  \
              : chunk_from_row, row) reduction(||                                                  \
                                               : is_without_memory)
    for (size_t i = 0; i < batch->num_chunks; i++) {
        struct damage damage = place_chunk(request, batch, i);

        chunk_from_row =
            damage.chunk_from_row < chunk_from_row ? damage.chunk_from_row : chunk_from_row;
        row = damage.row < row ? damage.row : row;
        is_without_memory = is_without_memory || damage.is_without_memory;
    }
    if (is_without_memory)
        error_set(file->error, STATUS_INTERNAL,
                  ERROR_AT(.file = file->path, .dataset = request->name),
                  "no memory to inflate a chunk");
    else if (chunk_from_row != UINT64_MAX)
        error_set(file->error, STATUS_DATA,
                  ERROR_AT(.file = file->path, .dataset = request->name, .row = &chunk_from_row),
                  "the chunk from this row on cannot be inflated: the file is damaged");
    else if (row != UINT64_MAX)
        refuse_row(file, request->name, row);
}

static void read_chunks(const struct request *request, int num_threads)
{
    const struct h5_context *file = request->file;
    uint64_t end_chunk = (request->first + request->count - 1) / request->chunk_rows + 1;
    struct chunk_batch batch = {.first_chunk = request->first / request->chunk_rows};

    while (batch.first_chunk < end_chunk && h5_ok(file)) {
        uint64_t num_left = end_chunk - batch.first_chunk;

        batch.num_chunks = num_left < BATCH_CHUNKS ? num_left : BATCH_CHUNKS;
        for (size_t i = 0; i < batch.num_chunks && h5_ok(file); i++)
            fetch_chunk(request, &batch, i);
        if (h5_ok(file) && !batch.unfolded)
            memory_allocate(&batch.unfolded, batch.num_chunks,
                            request->chunk_rows * request->row_nbytes, file->error);
        if (h5_ok(file))
            place_batch(request, &batch, num_threads);
        for (size_t i = 0; i < batch.num_chunks; i++) {
            free(batch.chunks[i].raw);
            batch.chunks[i].raw = NULL;
        }
        batch.first_chunk += batch.num_chunks;
    }
    free(batch.unfolded);
}

/* By HDF5's own hyperslabs: any layout and filter that the library knows. */
static void read_hyperslab(const struct request *request)
{
    const struct h5_context *file = request->file;
    const char *name = request->name;
    hid_t file_space = h5_hold(file, H5Dget_space(request->dataset), name, "cannot read the shape");
    hid_t memory_space = H5I_INVALID_HID;
    hsize_t start[ROWS_MAX_RANK] = {request->first}, size[ROWS_MAX_RANK];
    uint64_t wrong;

    if (h5_ok(file) && H5Sget_simple_extent_dims(file_space, size, NULL) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the shape");
    if (!h5_ok(file))
        goto out;
    size[0] = request->count;
    memory_space =
        h5_hold(file, H5Screate_simple(H5Sget_simple_extent_ndims(file_space), size, NULL), name,
                "cannot make a dataspace");
    if (h5_ok(file) &&
        (H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
         H5Dread(request->dataset, H5T_NATIVE_UINT8, memory_space, file_space, H5P_DEFAULT,
                 request->bytes) < 0))
        h5_fail(file, STATUS_DATA, name, "cannot read rows");
    if (!h5_ok(file))
        goto out;
    wrong = first_wrong_row(request->bytes, request->row_nbytes, request->count, request->crc32);
    if (wrong < request->count)
        refuse_row(file, name, request->first + wrong);
out:
    h5_close(file, &memory_space);
    h5_close(file, &file_space);
}

void rows_read(const struct h5_context *file, hid_t dataset, const char *name, size_t row_nbytes,
               uint64_t first, uint64_t count, const uint32_t *crc32, int num_threads,
               uint8_t *bytes)
{
    struct request request = {.file = file,
                              .dataset = dataset,
                              .name = name,
                              .row_nbytes = row_nbytes,
                              .first = first,
                              .count = count,
                              .crc32 = crc32,
                              .bytes = bytes};

    if (!h5_ok(file) || count == 0)
        return;
    request.chunk_rows = direct_chunk_rows(file, dataset, &request.is_deflated);
    request.file_nbytes = get_file_nbytes(file, dataset, name);
    if (request.chunk_rows > 0) {
        read_chunks(&request, num_threads);
    } else {
        rows_check_plausible(file, dataset, name, count, row_nbytes);
        read_hyperslab(&request);
    }
}

/* Bytes of one chunk when unfolded, which HDF5 makes room for whatever the dataset's shape; 0 for
 * a dataset without chunks. */
static uint64_t get_chunk_nbytes(const struct h5_context *file, hid_t dataset, const char *name)
{
    hid_t list = h5_hold(file, H5Dget_create_plist(dataset), name, "cannot read the layout");
    hid_t type = h5_hold(file, H5Dget_type(dataset), name, "cannot read the type");
    hsize_t chunk[H5S_MAX_RANK];
    uint64_t nbytes = 0;
    int rank;

    if (h5_ok(file) && H5Pget_layout(list) == H5D_CHUNKED) {
        rank = H5Pget_chunk(list, H5S_MAX_RANK, chunk);
        nbytes = H5Tget_size(type);
        for (int i = 0; i < rank; i++)
            if (__builtin_mul_overflow(nbytes, (uint64_t)chunk[i], &nbytes))
                nbytes = UINT64_MAX;
    }
    h5_close(file, &type);
    h5_close(file, &list);
    return nbytes;
}

void rows_check_plausible(const struct h5_context *file, hid_t dataset, const char *name,
                          uint64_t num_rows, size_t row_nbytes)
{
    uint64_t claimed, stored, chunk_nbytes;
    uint64_t file_nbytes = get_file_nbytes(file, dataset, name);

    if (!h5_ok(file))
        return;
    chunk_nbytes = get_chunk_nbytes(file, dataset, name);
    /* What is stored in other files counts as storage too. */
    stored = H5Dget_storage_size(dataset);
    if (stored > file_nbytes)
        stored = file_nbytes;
    if (__builtin_mul_overflow(num_rows, (uint64_t)row_nbytes, &claimed))
        claimed = UINT64_MAX;
    if (claimed < chunk_nbytes && num_rows > 0)
        claimed = chunk_nbytes;
    if (claimed / MAX_DEFLATE_RATIO > stored)
        h5_refuse(file, name, "claims more data than the file can hold",
                  TEXT("at most %d times its %" PRIu64 " bytes", MAX_DEFLATE_RATIO, stored),
                  TEXT("%" PRIu64 " rows of %zu bytes, chunks of %" PRIu64, num_rows, row_nbytes,
                       chunk_nbytes));
}
