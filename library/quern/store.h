/*
 * The library of quern's file formats: reading a store, which quern-ingest writes.
 *
 *     struct quern_error error = {0};
 *     struct quern_store *store;
 *
 *     if (!quern_store_open("store.h5", &store, &error))
 *         fprintf(stderr, "%s\n", error.message);
 *
 * A store may come from anybody: what is not as the specification (FORMAT.md) says is refused, and
 * nothing of it is believed before it was checked.  Split, class and label are its words: samples
 * of a split are counted from 0, and a label is the index of a class.
 */
#ifndef QUERN_STORE_H
#define QUERN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quern/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum quern_split { QUERN_TRAIN, QUERN_VALID, QUERN_TEST };

struct quern_store;

/*
 * Opens a store, reads every byte once to see that it is whole, and checks all but the pixels,
 * which are checked as they are read.  QUERN_IO if it cannot be opened, QUERN_DATA if it is no
 * store, or damaged.  Close it with quern_store_close.
 */
bool quern_store_open(const char *path, struct quern_store **store, struct quern_error *error);

/* Frees all that the store has given out, too.  NULL is fine. */
void quern_store_close(struct quern_store *store);

/* All images have one size; channels are 1 (gray) or 3 (RGB). */
size_t quern_store_height(const struct quern_store *store);
size_t quern_store_width(const struct quern_store *store);
size_t quern_store_channels(const struct quern_store *store);

/* Bytes of one image: height * width * channels. */
size_t quern_store_image_nbytes(const struct quern_store *store);

size_t quern_store_num_classes(const struct quern_store *store);

/* The name of a class, UTF-8 or whatever the source had; NULL where there is no such label. */
const char *quern_store_class(const struct quern_store *store, size_t label);

/* 64 hexadecimal digits, over all of the store that affects training. */
const char *quern_store_fingerprint(const struct quern_store *store);

/* 0 where the store has no such split. */
uint64_t quern_store_num_samples(const struct quern_store *store, enum quern_split split);

/* The label of each sample of a split; NULL where the split has none, or is not there. */
const uint32_t *quern_store_labels(const struct quern_store *store, enum quern_split split);

/*
 * Reads the images of samples first .. first + count - 1 into pixels, which has room for
 * count * quern_store_image_nbytes bytes: [count][height][width][channels], 0 to 255.  num_threads
 * threads decompress them, and the checksum of each image is checked: QUERN_DATA names the sample
 * that is damaged.  What is in pixels after a failure is of no meaning.
 */
bool quern_store_read_images(struct quern_store *store, enum quern_split split, uint64_t first,
                             uint64_t count, int num_threads, uint8_t *pixels,
                             struct quern_error *error);

/*
 * The path of each sample of a split in its source, relative to it; read at the first call.  *paths
 * lives as long as the store, and is NULL where the split is not there.
 */
bool quern_store_paths(struct quern_store *store, enum quern_split split, const char *const **paths,
                       struct quern_error *error);

#ifdef __cplusplus
}
#endif

#endif
