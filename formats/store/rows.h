/*
 * Datasets that grow row by row: [N, ...] in deflate-compressed chunks along N.  Chunks are
 * compressed and decompressed by our own threads and moved with HDF5's direct chunk calls, so any
 * HDF5 reader can open the result.  For files inside formats/ only.
 */
#ifndef QUERN_FORMATS_ROWS_H
#define QUERN_FORMATS_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "formats/hdf5/hdf5.h"

enum { ROWS_MAX_RANK = 4 };

struct row_layout {
    size_t rank;                   /* 1 for one value a row */
    uint64_t shape[ROWS_MAX_RANK]; /* shape[0]: the most rows there can be */
    size_t value_nbytes;           /* bytes of one value */
    hid_t type;                    /* of one value, in file and memory alike */
    const char *const *labels;     /* of the dimensions */
    /* Values that repeat side by side, as gray pixels do: level 1 then looks for runs alone. */
    bool has_runs;
};

struct row_writer {
    const struct h5_context *file;
    const char *name;
    hid_t dataset;
    struct row_layout layout;
    size_t row_nbytes;
    size_t chunk_rows;
    size_t max_chunks; /* that the buffers hold */
    size_t num_pending_rows;
    uint64_t num_rows; /* appended so far */
    int compression_level;
    int num_threads;
    unsigned char *pending;    /* [max_chunks][chunk_rows][row_nbytes] */
    unsigned char *compressed; /* [max_chunks][bound of a compressed chunk] */
    size_t *compressed_nbytes; /* [max_chunks]; 0 for a chunk that is not compressed yet */
};

/* Rows of a chunk, for rows of this size: about 256 KiB, a power of two. */
size_t rows_choose_chunk_rows(size_t row_nbytes);

/* Bytes of memory that a writer takes until num_rows are written. */
uint64_t row_writer_nbytes(const struct row_layout *layout, size_t buffer_chunks,
                           uint64_t num_rows);

/*
 * Makes the dataset.  The chunk size depends on the layout alone.  buffer_chunks are held before
 * they are compressed, at the most so many at once, and written: like all that decides where bytes
 * come to lie in the file, it must not depend on the number of threads.
 */
void row_writer_begin(struct row_writer *writer, const struct h5_context *file, hid_t parent,
                      const char *name, const struct row_layout *layout, size_t buffer_chunks,
                      int compression_level, int num_threads);
/*
 * Where the next rows belong: room for *count of them in the buffers, of one at least.  Rows that
 * are appended from there are not copied.
 */
void *row_writer_reserve(const struct row_writer *writer, uint64_t *count);
void row_writer_append(struct row_writer *writer, const void *rows, uint64_t count);
/*
 * Copies chunks of a dataset of another file as they are, compressed: rows first to first +
 * chunk_rows - 1.  It can where those are a whole chunk among the num_rows from first on, the
 * layout is the writer's, and no rows are pending that do not fill a chunk.
 */
bool row_writer_can_copy(const struct row_writer *writer, const struct h5_context *source_file,
                         hid_t source, uint64_t first, uint64_t num_rows);
void row_writer_copy_chunk(struct row_writer *writer, const struct h5_context *source_file,
                           hid_t source, uint64_t first);
/* Writes what is pending and cuts the dataset to the rows there are; it stays open. */
void row_writer_end(struct row_writer *writer);
/* Closes and frees, whatever happened before, a close too. */
void row_writer_close(struct row_writer *writer);

#endif
