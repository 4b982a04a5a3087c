/*
 * What writing a store row by row and merging shards share.  For files inside formats/ only.
 */
#ifndef QUERN_FORMATS_STORE_WRITER_H
#define QUERN_FORMATS_STORE_WRITER_H

#include "formats/file/atomic_file.h"
#include "formats/store/rows.h"
#include "formats/store/store_internal.h"

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
