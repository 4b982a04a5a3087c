/* The insides of a store that is open or being written, for files inside formats/ only. */
#ifndef QUERN_FORMATS_STORE_INTERNAL_H
#define QUERN_FORMATS_STORE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "formats/file/atomic_file.h"
#include "formats/hdf5/hdf5.h"
#include "formats/store/rows.h"
#include "formats/store/store.h"

struct store_shard;

#define STORE_FORMAT "quern store"
#define STORE_SHARD_FORMAT "quern shard"
#define STORE_VERSION "1.0"
/* Of a store that says how its images were made, which 1.0 did not know. */
#define STORE_VERSION_PREPARED "1.1"
enum { STORE_MAJOR_VERSION = 1 };

/* The part of a store that its fingerprint covers; FORMAT.md specifies the bytes. */
struct store_contents {
    struct image_shape image;
    const struct text_list *classes;
    uint64_t num_rows[NUM_SPLITS];
    const uint32_t *labels[NUM_SPLITS];
    const uint32_t *pixel_crc32[NUM_SPLITS];
};

void store_compute_fingerprint(const struct store_contents *contents, char fingerprint[65]);

/* ---- for the streaming of a split ---- */

struct chunk_index;
struct chunk_fault;

/* Indexes all chunks of a split, which has rows. */
void store_read_chunk_index(struct store *store, enum split split, struct chunk_index *index,
                            struct error *error);
/* Fills the error record with what is wrong with a chunk of a split, if anything. */
bool store_report_fault(const struct store *store, enum split split,
                        const struct chunk_fault *fault, struct error *error);
/* Bytes of memory that it takes to read rows of a split on num_threads threads, beside the rows. */
uint64_t store_reading_nbytes(struct store *store, enum split split, int num_threads);

/* Rank 3 for gray, 4 for RGB: [N, H, W] or [N, H, W, 3]. */
size_t store_image_rank(const struct image_shape *image);

/* ---- an open store ---- */

/* For calls that fill error. */
struct h5_context store_context(const struct store *store, struct error *error);
/* Both stay the store's. */
hid_t store_root(const struct store *store);
hid_t store_images(const struct store *store, enum split split);

/*
 * Opens the finished file of a store or shard that is about to be committed, as any reader would
 * but for the pixels.  STATUS_INTERNAL if a reader would refuse it.
 */
bool store_check_output(const struct atomic_file *output, bool is_shard, struct error *error);

/* ---- a store being written ---- */

/* One split while it grows. */
struct split_writer {
    bool is_open;
    hid_t group;
    struct row_writer images;
    struct row_writer labels;
    struct row_writer paths;
    struct row_writer file_crc32;
    /* Kept for the fingerprint as well as written: 8 bytes a row. */
    uint64_t num_rows;
    uint64_t max_rows; /* in this file */
    uint32_t *row_labels;
    uint32_t *row_pixel_crc32;
};

struct store_writer {
    struct h5_context file;
    struct atomic_file output;
    hid_t root;
    hid_t path_type;
    struct image_shape image;
    struct text_list classes;
    size_t max_path_nbytes;
    int num_threads;
    int compression_level;
    const struct store_shard *shard;
    struct split_writer splits[NUM_SPLITS];
};

/* STATUS_INTERNAL if so many rows more were not planned for. */
bool store_check_planned(const struct store_writer *writer, enum split which, uint64_t count);
/* Appends what rows are but their pixels, and does not count them yet. */
bool store_append_facts(struct store_writer *writer, enum split which, uint64_t count,
                        const struct store_row *rows);

/* What a shard has besides, into the open file. */
void store_write_class_sums(struct store_writer *writer, enum split which, const uint64_t *sums);
void store_write_shard(struct store_writer *writer, const uint64_t *file_hashes);

#endif
