#include "formats/store/chunk_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "formats/store/rows.h"

/* The length of a chunk along N if chunks are whole rows of uint8, deflated or plain; else 0. */
static size_t find_direct_rows(const struct h5_context *file, hid_t dataset, bool *is_deflated)
{
    hid_t list = h5_hold(file, H5Dget_create_plist(dataset), NULL, "cannot read the layout");
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    hsize_t chunk[ROWS_MAX_RANK], shape[ROWS_MAX_RANK];
    size_t num_values = 1, rows = 0;
    unsigned flags, chunk_options = 0;
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
    /* Chunks at the end may be stored unfiltered then, and are not marked. */
    if (H5Pget_chunk_opts(list, &chunk_options) < 0 || chunk_options != 0)
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

/* The descriptor of the dataset's file, or -1 when addresses in it are not offsets. */
static int find_descriptor(const struct h5_context *file, hid_t dataset, const char *name)
{
    hid_t id = H5Iget_file_id(dataset), list = H5I_INVALID_HID;
    hsize_t user_block = 0;
    void *handle = NULL;

    list = h5_hold(file, H5Fget_create_plist(id), name, "cannot read the file's properties");
    if (h5_ok(file) && (H5Fget_vfd_handle(id, H5P_DEFAULT, &handle) < 0 || !handle ||
                        H5Pget_userblock(list, &user_block) < 0))
        h5_fail(file, STATUS_DATA, name, "cannot look at its file");
    h5_close(file, &list);
    if (id >= 0)
        H5Fclose(id);
    return h5_ok(file) && user_block == 0 ? *(const int *)handle : -1;
}

static void find_place(const struct h5_context *file, hid_t dataset, const char *name,
                       uint64_t file_nbytes, bool is_deflated, struct chunk_index *index,
                       uint64_t i)
{
    hsize_t offset[ROWS_MAX_RANK] = {(index->first_chunk + i) * index->chunk_rows}, nbytes = 0;
    size_t chunk_nbytes = index->chunk_rows * index->row_nbytes;
    haddr_t address = HADDR_UNDEF;
    unsigned filter_mask = 0;

    if (H5Dget_chunk_info_by_coord(dataset, offset, &filter_mask, &address, &nbytes) < 0)
        h5_fail(file, STATUS_DATA, name, "cannot find a chunk");
    else if (address == HADDR_UNDEF || nbytes == 0)
        h5_refuse(file, name, "a chunk is missing", NULL, NULL);
    /* Before there is memory for what is claimed. */
    else if (nbytes > file_nbytes || address > file_nbytes - nbytes)
        h5_refuse(file, name, "a chunk claims to be larger than the file", NULL, NULL);
    else if (chunk_nbytes / DECOMPRESS_MAX_RATIO > nbytes)
        h5_refuse(file, name, "a chunk claims more data than it can hold", NULL, NULL);
    index->places[i] = (struct chunk_place){
        .address = address, .nbytes = nbytes, .is_deflated = is_deflated && filter_mask == 0};
    if (nbytes > index->max_nbytes)
        index->max_nbytes = nbytes;
}

void chunk_index_read(const struct h5_context *file, hid_t dataset, const char *name,
                      size_t row_nbytes, uint64_t first, uint64_t count, struct chunk_index *index)
{
    uint64_t file_nbytes = h5_file_nbytes(file, dataset);
    bool is_deflated = false;

    *index = (struct chunk_index){.descriptor = -1, .row_nbytes = row_nbytes};
    if (!h5_ok(file))
        return;
    index->chunk_rows = find_direct_rows(file, dataset, &is_deflated);
    if (!h5_ok(file) || index->chunk_rows == 0)
        return;
    index->descriptor = find_descriptor(file, dataset, name);
    if (index->descriptor < 0)
        return;
    index->first_chunk = first / index->chunk_rows;
    index->num_chunks = (first + count - 1) / index->chunk_rows + 1 - index->first_chunk;
    if (!memory_allocate(&index->places, index->num_chunks, sizeof(*index->places), file->error))
        return;
    for (uint64_t i = 0; i < index->num_chunks && h5_ok(file); i++)
        find_place(file, dataset, name, file_nbytes, is_deflated, index, i);
    index->is_direct = h5_ok(file);
}

void chunk_index_free(struct chunk_index *index)
{
    free(index->places);
    *index = (struct chunk_index){.descriptor = -1};
}

int chunk_read(int descriptor, const struct chunk_place *place, void *raw)
{
    char *next = raw;
    uint64_t offset = place->address, left = place->nbytes;

    while (left > 0) {
        ssize_t num_read = pread(descriptor, next, left, (off_t)offset);

        if (num_read < 0 && errno == EINTR)
            continue;
        if (num_read <= 0)
            return num_read < 0 ? errno : EIO;
        next += num_read;
        offset += (uint64_t)num_read;
        left -= (uint64_t)num_read;
    }
    return 0;
}

enum decompress_result chunk_unfold(const struct chunk_place *place, const void *raw,
                                    struct decompressor *decompressor, void *out, size_t out_nbytes)
{
    if (place->is_deflated)
        return decompressor_run(decompressor, raw, place->nbytes, out, out_nbytes);
    if (place->nbytes != out_nbytes)
        return DECOMPRESS_DAMAGED;
    memcpy(out, raw, out_nbytes);
    return DECOMPRESS_OK;
}

uint64_t chunk_first_wrong_row(const uint8_t *bytes, size_t row_nbytes, uint64_t count,
                               const uint32_t *expected)
{
    for (uint64_t i = 0; i < count; i++)
        if (crc32_of(bytes + i * row_nbytes, row_nbytes) != expected[i])
            return i;
    return count;
}

struct chunk_fault chunk_fault_first(struct chunk_fault a, struct chunk_fault b)
{
    if (a.kind == FAULT_NONE || (b.kind != FAULT_NONE && b.row < a.row))
        return b;
    return a;
}

void chunk_fault_report(const struct h5_context *file, const char *name,
                        const struct chunk_fault *fault)
{
    enum status status = STATUS_DATA;
    const char *what = "";

    switch (fault->kind) {
    case FAULT_NONE:
        return;
    case FAULT_READ:
        status = STATUS_IO;
        break;
    case FAULT_INFLATE:
        what = "the chunk from this row on cannot be inflated: the file is damaged";
        break;
    case FAULT_CRC32:
        what = "the pixels do not match their stored CRC-32: the file is damaged";
        break;
    case FAULT_NO_MEMORY:
        status = STATUS_INTERNAL;
        what = "no memory to inflate a chunk";
        break;
    }
    error_set(file->error, status,
              ERROR_AT(.file = file->path, .dataset = name, .row = &fault->row), "%s%s",
              fault->kind == FAULT_READ ? "cannot read a chunk: " : what,
              fault->kind == FAULT_READ ? strerror(fault->read_errno) : "");
}
