/*
 * Where the chunks of a dataset [N, ...] of uint8 lie in its file: asked of HDF5 once, after which
 * any thread can read and decompress them, which HDF5 cannot do.  For files inside formats/ only.
 */
#ifndef QUERN_FORMATS_CHUNK_INDEX_H
#define QUERN_FORMATS_CHUNK_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/decompress.h"
#include "formats/hdf5/hdf5.h"

/* One chunk as it is in the file. */
struct chunk_place {
    uint64_t address;
    uint64_t nbytes;
    bool is_deflated;
};

struct chunk_index {
    /* Each chunk is whole rows, compressed by deflate alone or not at all.  Otherwise HDF5 has to
     * read the rows, and the rest is unset. */
    bool is_direct;
    int descriptor; /* HDF5's own: good as long as the file is open */
    size_t row_nbytes;
    size_t chunk_rows;
    uint64_t first_chunk; /* of places */
    uint64_t num_chunks;
    struct chunk_place *places; /* [num_chunks], owned */
    uint64_t max_nbytes;        /* of the largest of them */
};

/*
 * Indexes the chunks that hold rows first .. first + count - 1, count > 0.  Each is checked to lie
 * within the file and to claim no more data than it can hold.  The result has no HDF5 handle.
 */
void chunk_index_read(const struct h5_context *file, hid_t dataset, const char *name,
                      size_t row_nbytes, uint64_t first, uint64_t count, struct chunk_index *index);
void chunk_index_free(struct chunk_index *index);

/* Reads the bytes of a chunk into raw [place->nbytes]: 0, or an errno; EIO for a file that has
 * become shorter.  Any thread. */
int chunk_read(int descriptor, const struct chunk_place *place, void *raw);

/* Decompresses a chunk into exactly out_nbytes.  Any thread, each with its own decompressor. */
enum decompress_result chunk_decompress(const struct chunk_place *place, const void *raw,
                                    struct decompressor *decompressor, void *out,
                                    size_t out_nbytes);

/* The first row that fails its checksum among count rows at bytes, or count. */
uint64_t chunk_first_wrong_row(const uint8_t *bytes, size_t row_nbytes, uint64_t count,
                               const uint32_t *expected);

/* ---- whole rows ---- */

/*
 * Reads rows first .. first + count - 1 of a uint8 dataset [N, ...] into bytes.  row_nbytes is
 * the size of a row.  crc32 [count] holds the expected CRC-32 of each row; a row that differs is
 * refused by its number.
 */
void chunk_read_rows(const struct h5_context *file, hid_t dataset, const char *name,
                     size_t row_nbytes, uint64_t first, uint64_t count, const uint32_t *crc32,
                     int num_threads, uint8_t *bytes);

/* ---- what can be wrong with a chunk ---- */

struct chunk_fault {
    enum { FAULT_NONE, FAULT_READ, FAULT_DECOMPRESS, FAULT_CRC32, FAULT_NO_MEMORY } kind;
    uint64_t row;   /* the first that is affected */
    int read_errno; /* of FAULT_READ */
};

/* Keeps of two faults that of the lower row. */
struct chunk_fault chunk_fault_first(struct chunk_fault a, struct chunk_fault b);

/* Fills the error record; nothing for FAULT_NONE. */
void chunk_fault_report(const struct h5_context *file, const char *name,
                        const struct chunk_fault *fault);

#endif
