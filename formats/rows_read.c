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

/* What a batch of chunks needs besides its rows. */
struct chunk_batch {
    unsigned char *raw[BATCH_CHUNKS]; /* as in the file */
    size_t raw_nbytes[BATCH_CHUNKS];
    unsigned char *inflated; /* [BATCH_CHUNKS][chunk_nbytes] */
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

/* Reads the raw bytes of the chunk that starts at first_row. */
static void fetch_chunk(const struct h5_context *file, hid_t dataset, const char *name,
                        uint64_t first_row, uint64_t max_nbytes, unsigned char **raw,
                        size_t *raw_nbytes, bool *is_deflated)
{
    hsize_t offset[ROWS_MAX_RANK] = {first_row}, nbytes = 0;
    uint32_t filter_mask = 0;

    if (H5Dget_chunk_storage_size(dataset, offset, &nbytes) < 0 || nbytes == 0) {
        h5_fail(file, STATUS_DATA, name, "a chunk is missing");
        return;
    }
    if (nbytes > max_nbytes) {
        h5_refuse(file, name, "a chunk claims to be larger than the file", NULL, NULL);
        return;
    }
    if (memory_allocate(raw, nbytes, 1, file->error) != STATUS_OK)
        return;
    if (H5Dread_chunk(dataset, H5P_DEFAULT, offset, &filter_mask, *raw) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read a chunk");
    *raw_nbytes = nbytes;
    *is_deflated = *is_deflated && filter_mask == 0;
}

static bool unfold_chunk(const unsigned char *raw, size_t raw_nbytes, bool is_deflated,
                         unsigned char *out, size_t out_nbytes)
{
    uLongf inflated_nbytes = (uLongf)out_nbytes;

    if (is_deflated)
        return uncompress(out, &inflated_nbytes, raw, (uLong)raw_nbytes) == Z_OK &&
               inflated_nbytes == out_nbytes;
    if (raw_nbytes != out_nbytes)
        return false;
    memcpy(out, raw, out_nbytes);
    return true;
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

static void read_chunks(const struct h5_context *file, hid_t dataset, const char *name,
                        size_t row_nbytes, size_t chunk_rows, bool is_deflated, uint64_t first,
                        uint64_t count, const uint32_t *crc32, int num_threads, uint8_t *bytes)
{
    size_t chunk_nbytes = chunk_rows * row_nbytes;
    uint64_t first_chunk = first / chunk_rows, end_chunk = (first + count - 1) / chunk_rows + 1;
    uint64_t file_nbytes = get_file_nbytes(file, dataset, name);
    struct chunk_batch batch = {0};

    for (uint64_t next = first_chunk; next < end_chunk && h5_ok(file); next += BATCH_CHUNKS) {
        size_t num_chunks = end_chunk - next < BATCH_CHUNKS ? end_chunk - next : BATCH_CHUNKS;
        bool chunk_is_deflated[BATCH_CHUNKS];
        uint64_t damaged_chunk = UINT64_MAX, damaged_row = UINT64_MAX;

        for (size_t i = 0; i < num_chunks && h5_ok(file); i++) {
            chunk_is_deflated[i] = is_deflated;
            fetch_chunk(file, dataset, name, (next + i) * chunk_rows, file_nbytes, &batch.raw[i],
                        &batch.raw_nbytes[i], &chunk_is_deflated[i]);
            /* Before there is memory for what it is said to unfold to. */
            if (h5_ok(file) && chunk_nbytes / MAX_DEFLATE_RATIO > batch.raw_nbytes[i])
                h5_refuse(file, name, "a chunk claims more data than it can hold", NULL, NULL);
        }
        if (h5_ok(file) && !batch.inflated)
            memory_allocate(&batch.inflated, num_chunks, chunk_nbytes, file->error);
#pragma omp parallel for num_threads(num_threads) schedule(dynamic)                                \
    reduction(min                                                                                  \
              : damaged_chunk, damaged_row) if (h5_ok(file))
        for (size_t i = 0; i < num_chunks; i++) {
            uint64_t chunk_first = (next + i) * chunk_rows;
            uint64_t begin = chunk_first > first ? chunk_first : first;
            uint64_t end =
                chunk_first + chunk_rows < first + count ? chunk_first + chunk_rows : first + count;
            unsigned char *inflated = batch.inflated + i * chunk_nbytes;
            uint64_t wrong;

            if (!h5_ok(file))
                continue;
            /* A chunk that is wanted whole goes straight to its place. */
            if (end - begin == chunk_rows)
                inflated = bytes + (begin - first) * row_nbytes;
            if (!unfold_chunk(batch.raw[i], batch.raw_nbytes[i], chunk_is_deflated[i], inflated,
                              chunk_nbytes)) {
                damaged_chunk = begin < damaged_chunk ? begin : damaged_chunk;
                continue;
            }
            if (end - begin != chunk_rows)
                memcpy(bytes + (begin - first) * row_nbytes,
                       inflated + (begin - chunk_first) * row_nbytes, (end - begin) * row_nbytes);
            wrong = first_wrong_row(bytes + (begin - first) * row_nbytes, row_nbytes, end - begin,
                                    crc32 + (begin - first));
            if (wrong < end - begin && begin + wrong < damaged_row)
                damaged_row = begin + wrong;
        }
        for (size_t i = 0; i < num_chunks; i++) {
            free(batch.raw[i]);
            batch.raw[i] = NULL;
        }
        if (damaged_chunk != UINT64_MAX)
            error_set(file->error, STATUS_DATA,
                      ERROR_AT(.file = file->path, .dataset = name, .row = &damaged_chunk),
                      "the chunk from this row on cannot be inflated: the file is damaged");
        else if (damaged_row != UINT64_MAX)
            refuse_row(file, name, damaged_row);
    }
    free(batch.inflated);
}

/* By HDF5's own hyperslabs: any layout and filter that the library knows. */
static void read_hyperslab(const struct h5_context *file, hid_t dataset, const char *name,
                           uint64_t first, uint64_t count, uint8_t *bytes)
{
    hid_t file_space = h5_hold(file, H5Dget_space(dataset), name, "cannot read the shape");
    hid_t memory_space = H5I_INVALID_HID;
    hsize_t start[ROWS_MAX_RANK] = {first}, size[ROWS_MAX_RANK];

    if (h5_ok(file) && H5Sget_simple_extent_dims(file_space, size, NULL) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot read the shape");
    if (!h5_ok(file))
        goto out;
    size[0] = count;
    memory_space =
        h5_hold(file, H5Screate_simple(H5Sget_simple_extent_ndims(file_space), size, NULL), name,
                "cannot make a dataspace");
    if (h5_ok(file) &&
        (H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
         H5Dread(dataset, H5T_NATIVE_UINT8, memory_space, file_space, H5P_DEFAULT, bytes) < 0))
        h5_fail(file, STATUS_DATA, name, "cannot read rows");
out:
    h5_close(file, &memory_space);
    h5_close(file, &file_space);
}

void rows_read(const struct h5_context *file, hid_t dataset, const char *name, size_t row_nbytes,
               uint64_t first, uint64_t count, const uint32_t *crc32, int num_threads,
               uint8_t *bytes)
{
    size_t chunk_rows;
    bool is_deflated;

    if (!h5_ok(file) || count == 0)
        return;
    chunk_rows = direct_chunk_rows(file, dataset, &is_deflated);
    if (chunk_rows > 0) {
        read_chunks(file, dataset, name, row_nbytes, chunk_rows, is_deflated, first, count, crc32,
                    num_threads, bytes);
    } else {
        uint64_t wrong;

        read_hyperslab(file, dataset, name, first, count, bytes);
        if (!h5_ok(file))
            return;
        wrong = first_wrong_row(bytes, row_nbytes, count, crc32);
        if (wrong < count)
            refuse_row(file, name, first + wrong);
    }
}

void rows_check_plausible(const struct h5_context *file, hid_t dataset, const char *name,
                          uint64_t num_rows, size_t row_nbytes)
{
    uint64_t claimed, stored;
    uint64_t file_nbytes = get_file_nbytes(file, dataset, name);

    if (!h5_ok(file))
        return;
    /* What is stored in other files counts as storage too. */
    stored = H5Dget_storage_size(dataset);
    if (stored > file_nbytes)
        stored = file_nbytes;
    if (__builtin_mul_overflow(num_rows, (uint64_t)row_nbytes, &claimed) ||
        claimed / MAX_DEFLATE_RATIO > stored)
        h5_refuse(file, name, "claims more data than the file can hold",
                  TEXT("at most %d times its %" PRIu64 " bytes", MAX_DEFLATE_RATIO, stored),
                  TEXT("%" PRIu64 " rows of %zu bytes", num_rows, row_nbytes));
}
