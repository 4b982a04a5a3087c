#include "formats/store/chunk_index.h"

#include <errno.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "formats/store/rows.h"

/* The length of a chunk along N if chunks are whole rows of uint8, by deflate or plain; else 0. */
static size_t chunk_find_direct_rows(const struct h5_context *file, hid_t dataset,
                                     bool *is_deflated)
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
static int chunk_find_descriptor(const struct h5_context *file, hid_t dataset, const char *name)
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

static void chunk_find_place(const struct h5_context *file, hid_t dataset, const char *name,
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
    index->chunk_rows = chunk_find_direct_rows(file, dataset, &is_deflated);
    if (!h5_ok(file) || index->chunk_rows == 0)
        return;
    index->descriptor = chunk_find_descriptor(file, dataset, name);
    if (index->descriptor < 0)
        return;
    index->first_chunk = first / index->chunk_rows;
    index->num_chunks = (first + count - 1) / index->chunk_rows + 1 - index->first_chunk;
    if (!memory_allocate(&index->places, index->num_chunks, sizeof(*index->places), file->error))
        return;
    for (uint64_t i = 0; i < index->num_chunks && h5_ok(file); i++)
        chunk_find_place(file, dataset, name, file_nbytes, is_deflated, index, i);
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

enum decompress_result chunk_decompress(const struct chunk_place *place, const void *raw,
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
    case FAULT_DECOMPRESS:
        what = "the chunk from this row on cannot be decompressed: the file is damaged";
        break;
    case FAULT_CRC32:
        what = "the pixels do not match their stored CRC-32: the file is damaged";
        break;
    case FAULT_NO_MEMORY:
        status = STATUS_INTERNAL;
        what = "no memory to decompress a chunk";
        break;
    }
    error_set(file->error, status,
              ERROR_AT(.file = file->path, .dataset = name, .row = &fault->row), "%s%s",
              fault->kind == FAULT_READ ? "cannot read a chunk: " : what,
              fault->kind == FAULT_READ ? strerror(fault->read_errno) : "");
}

/* ---- whole rows ---- */

/* One call of chunk_read_rows. */
struct request {
    const struct h5_context *file;
    hid_t dataset;
    const char *name;
    size_t row_nbytes;
    uint64_t first;
    uint64_t count;
    const uint32_t *crc32; /* [count] */
    uint8_t *bytes;        /* [count][row_nbytes] */
};

/* What each thread reads and decompresses with. */
struct worker {
    struct decompressor *decompressor;
    unsigned char *raw; /* the largest chunk as in the file */
    unsigned char
        *decompressed; /* [chunk_rows][row_nbytes], for a chunk that is not wanted whole */
};

static bool chunk_make_workers(const struct chunk_index *index, int num_threads,
                               struct worker **workers, struct error *error)
{
    bool ok = memory_allocate(workers, (size_t)num_threads, sizeof(**workers), error);

    for (int i = 0; i < num_threads && ok; i++) {
        struct worker *worker = &(*workers)[i];

        worker->decompressor = decompressor_create();
        if (!worker->decompressor)
            return error_set(error, STATUS_INTERNAL, NULL, "no memory to decompress");
        ok = memory_allocate_unset(&worker->raw, index->max_nbytes, 1, error);
        if (ok)
            ok = memory_allocate_unset(&worker->decompressed, index->chunk_rows, index->row_nbytes,
                                       error);
    }
    return ok;
}

static void chunk_free_workers(struct worker *workers, int num_threads)
{
    for (int i = 0; workers && i < num_threads; i++) {
        decompressor_destroy(workers[i].decompressor);
        free(workers[i].raw);
        free(workers[i].decompressed);
    }
    free(workers);
}

/* Reads and decompresses one chunk into the rows that are wanted of it, and checks them. */
static struct chunk_fault chunk_read_wanted(const struct request *request,
                                            const struct chunk_index *index, uint64_t i,
                                            const struct worker *worker)
{
    const struct chunk_place *place = &index->places[i];
    size_t row_nbytes = request->row_nbytes, chunk_nbytes = index->chunk_rows * row_nbytes;
    uint64_t chunk_first = (index->first_chunk + i) * index->chunk_rows;
    uint64_t chunk_end = chunk_first + index->chunk_rows;
    uint64_t wanted_end = request->first + request->count;
    uint64_t begin = chunk_first > request->first ? chunk_first : request->first;
    uint64_t end = chunk_end < wanted_end ? chunk_end : wanted_end;
    uint8_t *rows = request->bytes + (begin - request->first) * row_nbytes;
    bool is_whole = end - begin == index->chunk_rows;
    /* A chunk that is wanted whole goes straight to its place. */
    unsigned char *decompressed = is_whole ? rows : worker->decompressed;
    struct chunk_fault fault = {.row = begin};
    uint64_t wrong;

    fault.read_errno = chunk_read(index->descriptor, place, worker->raw);
    if (fault.read_errno) {
        fault.kind = FAULT_READ;
        return fault;
    }
    switch (chunk_decompress(place, worker->raw, worker->decompressor, decompressed, chunk_nbytes)) {
    case DECOMPRESS_OK:
        break;
    case DECOMPRESS_DAMAGED:
        fault.kind = FAULT_DECOMPRESS;
        return fault;
    case DECOMPRESS_NO_MEMORY:
        fault.kind = FAULT_NO_MEMORY;
        return fault;
    }
    if (!is_whole)
        memcpy(rows, decompressed + (begin - chunk_first) * row_nbytes, (end - begin) * row_nbytes);
    wrong = chunk_first_wrong_row(rows, row_nbytes, end - begin,
                                  request->crc32 + (begin - request->first));
    if (wrong < end - begin)
        fault = (struct chunk_fault){.kind = FAULT_CRC32, .row = begin + wrong};
    return fault;
}

static void chunk_read_all(const struct request *request, const struct chunk_index *index,
                           int num_threads)
{
    struct chunk_fault first_fault = {0};
    struct worker *workers = NULL;

    if ((uint64_t)num_threads > index->num_chunks)
        num_threads = (int)index->num_chunks;
    if (chunk_make_workers(index, num_threads, &workers, request->file->error)) {
#pragma omp parallel for num_threads(num_threads) schedule(dynamic)
        for (uint64_t i = 0; i < index->num_chunks; i++) {
            struct chunk_fault fault =
                chunk_read_wanted(request, index, i, &workers[omp_get_thread_num()]);

            if (fault.kind != FAULT_NONE) {
#pragma omp critical
                first_fault = chunk_fault_first(first_fault, fault);
            }
        }
        chunk_fault_report(request->file, request->name, &first_fault);
    }
    chunk_free_workers(workers, num_threads);
}

/* By HDF5's own hyperslabs: any layout and filter that the library knows. */
static void chunk_read_hyperslab(const struct request *request)
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
    wrong =
        chunk_first_wrong_row(request->bytes, request->row_nbytes, request->count, request->crc32);
    if (wrong < request->count)
        chunk_fault_report(
            file, name, &(struct chunk_fault){.kind = FAULT_CRC32, .row = request->first + wrong});
out:
    h5_close(file, &memory_space);
    h5_close(file, &file_space);
}

void chunk_read_rows(const struct h5_context *file, hid_t dataset, const char *name,
                     size_t row_nbytes, uint64_t first, uint64_t count, const uint32_t *crc32,
                     int num_threads, uint8_t *bytes)
{
    struct request request = {.file = file,
                              .dataset = dataset,
                              .name = name,
                              .row_nbytes = row_nbytes,
                              .first = first,
                              .count = count,
                              .crc32 = crc32,
                              .bytes = bytes};

    struct chunk_index index;

    if (!h5_ok(file) || count == 0)
        return;
    chunk_index_read(file, dataset, name, row_nbytes, first, count, &index);
    if (index.is_direct)
        chunk_read_all(&request, &index, num_threads);
    else
        chunk_read_hyperslab(&request);
    chunk_index_free(&index);
}
