#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/chunk_index.h"
#include "formats/store/rows.h"

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
};

/* What each thread reads and unfolds with. */
struct worker {
    struct decompressor *decompressor;
    unsigned char *raw;      /* the largest chunk as in the file */
    unsigned char *unfolded; /* [chunk_rows][row_nbytes], for a chunk that is not wanted whole */
};

static bool make_workers(const struct chunk_index *index, int num_threads, struct worker **workers,
                         struct error *error)
{
    bool ok = memory_allocate(workers, (size_t)num_threads, sizeof(**workers), error);

    for (int i = 0; i < num_threads && ok; i++) {
        struct worker *worker = &(*workers)[i];

        worker->decompressor = decompressor_create();
        if (!worker->decompressor)
            return error_set(error, STATUS_INTERNAL, NULL, "no memory to inflate");
        ok = memory_allocate_unset(&worker->raw, index->max_nbytes, 1, error);
        if (ok)
            ok = memory_allocate_unset(&worker->unfolded, index->chunk_rows, index->row_nbytes,
                                       error);
    }
    return ok;
}

static void free_workers(struct worker *workers, int num_threads)
{
    for (int i = 0; workers && i < num_threads; i++) {
        decompressor_destroy(workers[i].decompressor);
        free(workers[i].raw);
        free(workers[i].unfolded);
    }
    free(workers);
}

/* Reads and unfolds one chunk into the rows that are wanted of it, and checks them. */
static struct chunk_fault place_chunk(const struct request *request,
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
    unsigned char *unfolded = is_whole ? rows : worker->unfolded;
    struct chunk_fault fault = {.row = begin};
    uint64_t wrong;

    fault.read_errno = chunk_read(index->descriptor, place, worker->raw);
    if (fault.read_errno) {
        fault.kind = FAULT_READ;
        return fault;
    }
    switch (chunk_unfold(place, worker->raw, worker->decompressor, unfolded, chunk_nbytes)) {
    case DECOMPRESS_OK:
        break;
    case DECOMPRESS_DAMAGED:
        fault.kind = FAULT_INFLATE;
        return fault;
    case DECOMPRESS_NO_MEMORY:
        fault.kind = FAULT_NO_MEMORY;
        return fault;
    }
    if (!is_whole)
        memcpy(rows, unfolded + (begin - chunk_first) * row_nbytes, (end - begin) * row_nbytes);
    wrong = chunk_first_wrong_row(rows, row_nbytes, end - begin,
                                  request->crc32 + (begin - request->first));
    if (wrong < end - begin)
        fault = (struct chunk_fault){.kind = FAULT_CRC32, .row = begin + wrong};
    return fault;
}

static void read_chunks(const struct request *request, const struct chunk_index *index,
                        int num_threads)
{
    struct chunk_fault first_fault = {0};
    struct worker *workers = NULL;

    if ((uint64_t)num_threads > index->num_chunks)
        num_threads = (int)index->num_chunks;
    if (make_workers(index, num_threads, &workers, request->file->error)) {
#pragma omp parallel for num_threads(num_threads) schedule(dynamic)
        for (uint64_t i = 0; i < index->num_chunks; i++) {
            struct chunk_fault fault =
                place_chunk(request, index, i, &workers[omp_get_thread_num()]);

            if (fault.kind != FAULT_NONE) {
#pragma omp critical
                first_fault = chunk_fault_first(first_fault, fault);
            }
        }
        chunk_fault_report(request->file, request->name, &first_fault);
    }
    free_workers(workers, num_threads);
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
    wrong =
        chunk_first_wrong_row(request->bytes, request->row_nbytes, request->count, request->crc32);
    if (wrong < request->count)
        chunk_fault_report(
            file, name, &(struct chunk_fault){.kind = FAULT_CRC32, .row = request->first + wrong});
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

    struct chunk_index index;

    if (!h5_ok(file) || count == 0)
        return;
    chunk_index_read(file, dataset, name, row_nbytes, first, count, &index);
    if (index.is_direct) {
        read_chunks(&request, &index, num_threads);
    } else {
        rows_check_plausible(file, dataset, name, count, row_nbytes);
        read_hyperslab(&request);
    }
    chunk_index_free(&index);
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

uint64_t rows_chunk_nbytes(const struct h5_context *file, hid_t dataset, const char *name)
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
    chunk_nbytes = rows_chunk_nbytes(file, dataset, name);
    /* What is stored in other files counts as storage too. */
    stored = H5Dget_storage_size(dataset);
    if (stored == 0 && H5Eget_num(H5E_DEFAULT) > 0) /* 0 is its only sign of failure, too */
        h5_fail(file, STATUS_DATA, name, "cannot tell how much is stored");
    if (!h5_ok(file))
        return;
    if (stored > file_nbytes)
        stored = file_nbytes;
    if (__builtin_mul_overflow(num_rows, (uint64_t)row_nbytes, &claimed))
        claimed = UINT64_MAX;
    if (claimed < chunk_nbytes && num_rows > 0)
        claimed = chunk_nbytes;
    if (claimed / DECOMPRESS_MAX_RATIO > stored)
        h5_refuse(file, name, "claims more data than the file can hold",
                  TEXT("at most %d times its %" PRIu64 " bytes", DECOMPRESS_MAX_RATIO, stored),
                  TEXT("%" PRIu64 " rows of %zu bytes, chunks of %" PRIu64, num_rows, row_nbytes,
                       chunk_nbytes));
    /* HDF5 keeps half a kilobyte for each chunk that it reads. */
    if (h5_ok(file) && chunk_nbytes > 0 && claimed / chunk_nbytes > stored)
        h5_refuse(file, name, "claims more chunks than the file has bytes for",
                  TEXT("at most %" PRIu64, stored), TEXT("%" PRIu64, claimed / chunk_nbytes));
}
