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
    if (index.is_direct)
        read_chunks(&request, &index, num_threads);
    else
        read_hyperslab(&request);
    chunk_index_free(&index);
}
