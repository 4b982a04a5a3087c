/*
 * The insides of an open store, for files inside formats/ only.
 */
#ifndef QUERN_FORMATS_STORE_READER_H
#define QUERN_FORMATS_STORE_READER_H

#include "formats/hdf5/hdf5_internal.h"
#include "formats/store/store_internal.h"
#include "formats/store/store_shard.h"

/* For calls that fill error. */
struct h5_context store_context(const struct store *store, struct error *error);
/* Both stay the store's. */
hid_t store_root(const struct store *store);
hid_t store_images(const struct store *store, enum split split);
/* Frees labels and checksums of rows, which another store has as well. */
void store_forget_rows(struct store *store);

/* ---- virtual stores: store_parts.c ---- */

/* The shards that a virtual store has its pixels in, open. */
struct store_parts;

/* Is this dataset of images virtual? */
bool store_is_virtual_dataset(const struct h5_context *file, hid_t images);

/*
 * Opens the shards that the virtual store names, and checks that each is the one that it was made
 * of and that their rows are the store's.  A shard that is missing is STATUS_DATA.
 */
bool store_parts_open(const struct store *store, const struct store_checks *checks,
                      struct store_parts **parts, struct error *error);
/* NULL is fine. */
void store_parts_close(struct store_parts *parts);
bool store_parts_have_links(const struct store_parts *parts, const struct store_link *links,
                            size_t count);

/* As rows_read; crc32 [count] is of these rows. */
void store_parts_read(const struct store_parts *parts, enum split split, uint64_t first,
                      uint64_t count, const uint32_t *crc32, int num_threads, uint8_t *pixels,
                      struct error *error);

#endif
