/*
 * The tensor store ("quern store"): labelled images as HDF5.  FORMAT.md is the specification.
 *
 * Reading and writing compress and decompress chunks in parallel in our own threads; HDF5 is
 * called from the calling thread only.  A store object belongs to one thread at a time.
 */
#ifndef QUERN_FORMATS_STORE_H
#define QUERN_FORMATS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "common/text_list.h"
#include "formats/limits.h"

enum split { SPLIT_TRAIN, SPLIT_VALID, SPLIT_TEST, NUM_SPLITS };

/* "train", "valid", "test". */
extern const char *const split_names[NUM_SPLITS + 1];

enum {
    STORE_FINGERPRINT_LENGTH = 64,
    STORE_MAX_CLASSES = LIMITS_MAX_CLASSES,
    STORE_MAX_DECODERS_NBYTES = 256
};

/* ---- reading ---- */

struct store;

/*
 * Opens a store and checks everything but the pixels: format and version, types and shapes of all
 * datasets, labels within the classes, and the fingerprint over classes, shapes, labels and row
 * checksums.  STATUS_IO if it cannot be opened, STATUS_DATA if it is no whole store.
 */
bool store_open(const char *path, struct store **store, struct error *error);

/* How much of the file to read before anything in it is believed. */
struct store_checks {
    /* Not the seal's CRC-32 over every byte: the length, the fingerprint and, when pixels are read,
     * the CRC-32 of each row remain. */
    bool skip_seal;
    int num_threads; /* that compute it */
    bool is_shard;   /* it must be a shard of a store; otherwise a shard is refused */
};

/* store_open is this with the whole seal checked by one thread. */
bool store_open_with(const char *path, const struct store_checks *checks, struct store **store,
                     struct error *error);
/* False for a file that another program has rewritten. */
bool store_is_sealed(const struct store *store);
void store_close(struct store *store);

/* All pointers live as long as the store. */
const struct image_shape *store_image_shape(const struct store *store);
const struct text_list *store_classes(const struct store *store);
const char *store_fingerprint(const struct store *store);             /* 64 hexadecimal digits */
uint64_t store_num_rows(const struct store *store, enum split split); /* 0: no such split */
/* NULL where the split has no labels. */
const uint32_t *store_labels(const struct store *store, enum split split);
const uint32_t *store_pixel_crc32(const struct store *store, enum split split); /* of each row */

/* Rows of a chunk of images as quern-ingest writes it: a power of two that depends on the size of
 * an image alone.  A file that another program has rewritten may have other chunks. */
size_t store_chunk_rows(const struct store *store);

/* Bytes of memory that an open store takes for each row of each split: labels and checksums. */
uint64_t store_rows_nbytes(const struct store *store);

/*
 * Reads rows first .. first + count - 1 into pixels [count][H * W * channels], decompressing on
 * num_threads threads, and checks each row against its stored CRC-32 (STATUS_DATA names the row).
 */
bool store_read_pixels(struct store *store, enum split split, uint64_t first, uint64_t count,
                       int num_threads, uint8_t *pixels, struct error *error);

/* The paths of all rows of a split, added to paths. */
bool store_read_paths(struct store *store, enum split split, struct text_list *paths,
                      struct error *error);

/* CRC-32 of each row's source file, count numbers. */
bool store_read_file_crc32(struct store *store, enum split split, uint32_t *crc32,
                           struct error *error);

/* What the source looked like when the store was made; see struct store_source. */
bool store_read_source(struct store *store, char *settings, size_t settings_size, char *digest,
                       size_t digest_size, struct error *error);

/* How images were made, as struct store_ending has it; empty where that is not recorded.  Stores
 * of before have the size that images were resized to, "size=HxW", if they were. */
bool store_read_preparation(struct store *store, char *text, size_t size, struct error *error);

/* The last part of the source's path. */
bool store_read_source_name(struct store *store, char *name, size_t size, struct error *error);

/* Files that were skipped, as "path" and "reason" pairs; both empty when none were. */
bool store_read_rejects(struct store *store, struct text_list *paths, struct text_list *reasons,
                        struct error *error);

/* Adds the libraries that decoded the store's images (struct store_ending), in bytewise order. */
bool store_read_image_decoders(struct store *store, struct text_list *libraries,
                               struct error *error);

/* ---- some rows, for whoever looks at them: as much is read ---- */

/* The path of a row; *path is malloc'ed and belongs to the caller. */
bool store_read_path(struct store *store, enum split split, uint64_t row, char **path,
                     struct error *error);

/* Looks for a path through all splits, in memory that does not grow with them. */
bool store_find_path(struct store *store, const char *path, enum split *split, uint64_t *row,
                     bool *is_found, struct error *error);

/* CRC-32 of the row's source file. */
bool store_read_one_file_crc32(struct store *store, enum split split, uint64_t row, uint32_t *crc32,
                               struct error *error);

/* One class' mean [H * W * channels], 0 to 1, of a split with labels of a store that is no shard.
 */
bool store_read_class_mean(struct store *store, enum split split, uint32_t label, float *mean,
                           struct error *error);

/* How a split's images lie in the file. */
struct store_storage {
    uint64_t file_nbytes;   /* of the whole file */
    uint64_t stored_nbytes; /* of the images in it */
    uint64_t chunk_rows;    /* 0: not in chunks */
};

bool store_read_storage(struct store *store, enum split split, struct store_storage *storage,
                        struct error *error);

/* ---- writing ---- */

struct store_writer;

struct store_shard; /* of formats/store/store_shard.h */

struct store_plan {
    struct image_shape image;
    const struct text_list *classes;
    uint64_t max_rows[NUM_SPLITS]; /* upper bounds; 0 leaves the split out */
    bool is_unlabelled[NUM_SPLITS];
    size_t max_path_nbytes; /* the longest path among them */
    /* NULL: a whole store.  Otherwise the bounds above are those of the whole store all the same,
     * because they decide about chunks, and this says which part is written; it must outlive the
     * writer. */
    const struct store_shard *shard;
    int compression_level; /* zlib, 1 to 9 */
    int num_threads;
    bool is_forced; /* replace a file of another kind, too */
};

/* Bytes of memory that writing such a store takes, without what store_finish is given. */
uint64_t store_writing_nbytes(const struct store_plan *plan);

/*
 * Starts a store, or a shard, under a temporary name beside path; nothing is at path until it is
 * whole.  STATUS_DATA, before anything is written, for what no reader accepts, and for a path that
 * is a file of another kind, unless is_forced.
 */
bool store_create(const char *path, const struct store_plan *plan, struct store_writer **writer,
                  struct error *error);

struct store_row {
    const char *path; /* relative to the source */
    uint32_t label;   /* of no meaning in a split without labels */
    uint32_t file_crc32;
    uint32_t pixel_crc32; /* of the row's pixels, by which readers know that they are whole */
};

/*
 * Where the pixels of a split's next rows belong: [*count][H * W * channels] of the writer's own
 * memory, one row at least.  Rows that are put there and appended next are not copied.
 */
uint8_t *store_reserve(struct store_writer *writer, enum split split, uint64_t *count);

/* Appends rows in order; pixels is [count][H * W * channels].  Splits may be appended in turn. */
bool store_append(struct store_writer *writer, enum split split, uint64_t count,
                  const struct store_row *rows, const uint8_t *pixels, struct error *error);

/* How the source can be recognised later without reading it again. */
struct store_source {
    const char *name;     /* the last part of the source's path */
    const char *settings; /* the settings that shaped the store, one line */
    const char *digest;   /* a digest over paths, sizes and times of the source files */
};

/* class_means[split] is float32 [C][H * W * channels], 0 to 1; NULL where the split is absent or
 * has no labels. */
struct store_ending {
    struct store_source source;
    /* How images were made, "name=value" with blanks between; NULL: as they are, not recorded. */
    const char *preparation;
    const float *class_means[NUM_SPLITS];
    /* Of a shard: [C][H * W * channels], of the pixels; one for each of its files. */
    const uint64_t *class_sums[NUM_SPLITS];
    const uint64_t *file_hashes;
    const struct text_list *reject_paths;
    const struct text_list *reject_reasons;
    /* The libraries that decoded images whose pixels may depend on them, as "libjpeg-turbo 2.1.5",
     * in bytewise order; NULL or empty where there are none. */
    const struct text_list *image_decoders;
};

/*
 * Writes what is left, flushes to disk and renames.  On failure path is as it was before.  Frees
 * the writer in either case.
 */
bool store_finish(struct store_writer *writer, const struct store_ending *ending,
                  struct error *error);

/* Gives up: removes the temporary file and frees the writer.  NULL is fine. */
void store_abandon(struct store_writer *writer);

#endif
