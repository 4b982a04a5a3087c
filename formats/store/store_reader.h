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

#endif
