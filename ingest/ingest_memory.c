#include "ingest/ingest_memory.h"

#include <inttypes.h>

#include "common/machine.h"
#include "common/text.h"

enum {
    PROGRAM_NBYTES = 16 << 20,     /* code, libraries, HDF5's caches */
    FILE_NBYTES = 136,             /* of the lists: path, stamp, size, label, hashes of one file */
    COMPRESSOR_NBYTES = 512 << 10, /* zlib's state of a thread */
    THREAD_NBYTES = 256 << 10,     /* libpng's and the decompressor's state, the stack */
};

/* Sums of pixels are 8 bytes wide and of one split at a time, but for shards, which store them; the
 * means of all splits, 4 bytes wide, are held until the store is finished. */
static uint64_t ingest_memory_means_nbytes(const struct store_plan *store)
{
    uint64_t num_values = store->classes->count * (uint64_t)image_num_values(&store->image);
    uint64_t num_splits = 0;

    for (int s = 0; s < NUM_SPLITS; s++)
        num_splits += store->max_rows[s] > 0;
    return num_values *
           (num_splits * sizeof(float) + (store->shard ? num_splits : 1) * sizeof(uint64_t));
}

/* What a thread needs for an image: the bytes of the file, about as many as its pixels at worst,
 * the decompressed rows, and pixels where they do not go to their row at once. */
static uint64_t ingest_memory_image_nbytes(const struct ingest_memory_needs *needs)
{
    const struct image_shape *decoded = &needs->decoded;
    uint64_t nbytes = image_num_values(decoded) + decoded->height;
    uint64_t scratch_nbytes =
        2 * needs->store->image.width * needs->store->image.channels * sizeof(uint64_t);

    if (!needs->resize)
        return 2 * nbytes;
    return 2 * nbytes + decoded->height * decoded->width * needs->store->image.channels +
           scratch_nbytes;
}

uint64_t ingest_memory_limit(uint64_t given)
{
    return given ? given : machine_memory_nbytes() / 4 * 3;
}

/* Rounded up, as the option takes it: "12M". */
static const char *ingest_memory_format(char buffer[32], uint64_t nbytes)
{
    if (nbytes < 1 << 20)
        return text_format(buffer, 32, "%" PRIu64 "K", (nbytes + 1023) >> 10);
    return text_format(buffer, 32, "%" PRIu64 "M", (nbytes + (1 << 20) - 1) >> 20);
}

static bool ingest_memory_refuse(const struct ingest_memory_needs *needs, uint64_t nbytes,
                                 uint64_t means_nbytes, struct error *error)
{
    const struct store_plan *store = needs->store;
    char enough[32], means[32], limit[32];

    return error_set(
        error, STATUS_USAGE, NULL,
        "%zux%zu images of %zu classes take %s of memory, %s of it for the mean image of each "
        "class, but %s %s: take --memory-limit %s%s",
        store->image.height, store->image.width, store->classes->count,
        ingest_memory_format(enough, nbytes), ingest_memory_format(means, means_nbytes),
        needs->limit ? "--memory-limit is" : "the limit by default is",
        ingest_memory_format(limit, ingest_memory_limit(needs->limit)), enough,
        needs->decoded.height ? ", or smaller images with --size" : "");
}

bool ingest_memory_make_plan(const struct ingest_memory_needs *needs,
                             struct ingest_memory_plan *plan, struct error *error)
{
    const struct store_plan *store = needs->store;
    uint64_t limit = ingest_memory_limit(needs->limit);
    uint64_t means_nbytes = ingest_memory_means_nbytes(store);
    uint64_t fixed_nbytes = PROGRAM_NBYTES + needs->num_files * FILE_NBYTES +
                            store_writing_nbytes(store) + means_nbytes +
                            (uint64_t)store->num_threads * COMPRESSOR_NBYTES;
    uint64_t thread_nbytes = THREAD_NBYTES + ingest_memory_image_nbytes(needs);
    uint64_t share;

    if (fixed_nbytes > limit || thread_nbytes > limit - fixed_nbytes)
        return ingest_memory_refuse(needs, fixed_nbytes + thread_nbytes, means_nbytes, error);
    while (plan->num_io_threads > 1 &&
           (uint64_t)plan->num_io_threads * thread_nbytes > limit - fixed_nbytes)
        plan->num_io_threads--;
    /* A third for the bytes of the file. */
    share = (limit - fixed_nbytes) / (uint64_t)plan->num_io_threads - THREAD_NBYTES;
    plan->max_image_nbytes = share - share / 3;
    return true;
}
