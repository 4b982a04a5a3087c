/* Splits that are streamed: a thread that reads chunks ahead of their use, and the passes. */
#include <assert.h>
#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "formats/store/chunk_index.h"
#include "formats/store/dataset.h"
#include "formats/store/store_internal.h"

/* ---- reading ahead ---- */

/*
 * A thread that reads chunks of a file before they are asked for: those at places first, first +
 * stride, ... of the sequence of a pass, as items 0, 1, ...  Item i goes to buffer i mod
 * num_buffers. The thread calls the system only, never HDF5.  All functions are for one other
 * thread.
 */
struct read_ahead {
    const struct chunk_index *index;
    size_t num_buffers;
    size_t buffer_nbytes;
    unsigned char *buffers; /* [num_buffers][buffer_nbytes] */
    int *errnos;            /* [num_buffers], 0 for a chunk that was read */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t may_read; /* told to the thread */
    pthread_cond_t has_read; /* told by the thread */
    /* Under the mutex: */
    const uint32_t *sequence; /* of chunks, from the place of item 0 on */
    uint64_t stride;
    uint64_t next_wanted; /* items before are given back */
    uint64_t next_read;   /* items before are read */
    uint64_t num_items;
    bool is_reading;
    bool is_ending;
};

static bool read_ahead_may_read(const struct read_ahead *reader)
{
    return reader->next_read < reader->num_items &&
           reader->next_read - reader->next_wanted < reader->num_buffers;
}

static void *read_ahead_run(void *argument)
{
    struct read_ahead *reader = argument;

    pthread_mutex_lock(&reader->mutex);
    for (;;) {
        const struct chunk_place *place;
        size_t buffer;
        int result;

        while (!reader->is_ending && !read_ahead_may_read(reader))
            pthread_cond_wait(&reader->may_read, &reader->mutex);
        if (reader->is_ending)
            break;
        buffer = reader->next_read % reader->num_buffers;
        place = &reader->index->places[reader->sequence[reader->next_read * reader->stride]];
        reader->is_reading = true;
        pthread_mutex_unlock(&reader->mutex);
        result = chunk_read(reader->index->descriptor, place,
                            reader->buffers + buffer * reader->buffer_nbytes);
        pthread_mutex_lock(&reader->mutex);
        reader->is_reading = false;
        reader->errnos[buffer] = result;
        reader->next_read++;
        pthread_cond_signal(&reader->has_read);
    }
    pthread_mutex_unlock(&reader->mutex);
    return NULL;
}

/* The thread takes no signals, so that the program's own threads get them. */
static bool read_ahead_start_thread(struct read_ahead *reader, struct error *error)
{
    sigset_t all, before;
    int result;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = pthread_create(&reader->thread, NULL, read_ahead_run, reader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    reader->has_thread = result == 0;
    if (result != 0)
        return error_set(error, STATUS_INTERNAL, NULL,
                         "cannot start the thread that reads ahead: %s", strerror(result));
    return true;
}

/* NULL is fine. */
static void read_ahead_destroy(struct read_ahead *reader)
{
    if (!reader)
        return;
    if (reader->has_thread) {
        pthread_mutex_lock(&reader->mutex);
        reader->is_ending = true;
        pthread_cond_signal(&reader->may_read);
        pthread_mutex_unlock(&reader->mutex);
        pthread_join(reader->thread, NULL);
    }
    pthread_cond_destroy(&reader->has_read);
    pthread_cond_destroy(&reader->may_read);
    pthread_mutex_destroy(&reader->mutex);
    free(reader->buffers);
    free(reader->errnos);
    free(reader);
}

/* Reads chunks of index, which must live as long. */
static bool read_ahead_create(struct read_ahead **result, const struct chunk_index *index,
                              size_t num_buffers, struct error *error)
{
    struct read_ahead *reader = calloc(1, sizeof(*reader));

    *result = NULL;
    if (!reader)
        return error_set_memory(error, sizeof(*reader));
    reader->index = index;
    reader->num_buffers = num_buffers;
    reader->buffer_nbytes = index->max_nbytes;
    pthread_mutex_init(&reader->mutex, NULL);
    pthread_cond_init(&reader->may_read, NULL);
    pthread_cond_init(&reader->has_read, NULL);
    if (!memory_allocate_unset(&reader->buffers, num_buffers, reader->buffer_nbytes, error) ||
        !memory_allocate(&reader->errnos, num_buffers, sizeof(*reader->errnos), error) ||
        !read_ahead_start_thread(reader, error)) {
        read_ahead_destroy(reader);
        return false;
    }
    *result = reader;
    return true;
}

/* Returns when the thread reads no more. */
static void read_ahead_stop(struct read_ahead *reader)
{
    pthread_mutex_lock(&reader->mutex);
    reader->num_items = 0;
    while (reader->is_reading)
        pthread_cond_wait(&reader->has_read, &reader->mutex);
    pthread_mutex_unlock(&reader->mutex);
}

/* Forgets what was read, and reads items 0 .. num_items - 1.  The sequence must stay until
 * read_ahead_stop or the next start. */
static void read_ahead_start(struct read_ahead *reader, const uint32_t *sequence, uint64_t stride,
                             uint64_t num_items)
{
    read_ahead_stop(reader);
    pthread_mutex_lock(&reader->mutex);
    reader->sequence = sequence;
    reader->stride = stride;
    reader->next_wanted = reader->next_read = 0;
    reader->num_items = num_items;
    pthread_cond_signal(&reader->may_read);
    pthread_mutex_unlock(&reader->mutex);
}

/*
 * Waits for the next items and returns how many are there: most, which must be at least 1 and not
 * go past the last, or fewer, but then half of what there are buffers for, so that it pays to share
 * them among threads while the other half is being read.
 */
static uint64_t read_ahead_wait(struct read_ahead *reader, uint64_t most)
{
    uint64_t half = (reader->num_buffers + 1) / 2, least = most < half ? most : half, count;

    pthread_mutex_lock(&reader->mutex);
    while (reader->next_read - reader->next_wanted < least)
        pthread_cond_wait(&reader->has_read, &reader->mutex);
    count = reader->next_read - reader->next_wanted;
    pthread_mutex_unlock(&reader->mutex);
    return count < most ? count : most;
}

/* The bytes of the i-th item that is there, as in the file, or NULL and its errno. */
static const unsigned char *read_ahead_bytes(const struct read_ahead *reader, uint64_t i,
                                             int *read_errno)
{
    /* Only the caller changes next_wanted, and the thread leaves items before next_read alone. */
    size_t buffer = (reader->next_wanted + i) % reader->num_buffers;

    *read_errno = reader->errnos[buffer];
    return *read_errno ? NULL : reader->buffers + buffer * reader->buffer_nbytes;
}

/* Gives back the first count items that are there. */
static void read_ahead_release(struct read_ahead *reader, uint64_t count)
{
    pthread_mutex_lock(&reader->mutex);
    reader->next_wanted += count;
    pthread_cond_signal(&reader->may_read);
    pthread_mutex_unlock(&reader->mutex);
}

/* ---- a streamed split ---- */

/*
 * The block at place i of the pass is in slot i mod num_slots.  Processes that share the slots fill
 * them in turn: process p of n those of places p, p + n, ...
 *
 * The chunks of a file that quern-ingest wrote are the blocks, and come from the reader.  Of
 * another layout (made by h5repack, say) blocks are read as rows when they are asked for.
 */
struct dataset_stream {
    struct store *store;
    enum split split;
    size_t block_rows;
    size_t num_slots;
    int num_threads;
    struct dataset_share share; /* with a count of 1 for a process alone */
    uint8_t *slots;             /* [num_slots][block_rows][row_nbytes]: the share's, or own_slots */
    uint8_t *own_slots;
    const uint8_t **blocks; /* [num_blocks], what dataset->blocks is */
    uint32_t *sequence;     /* [num_blocks], of the pass */
    bool is_started;        /* begin and end are set */
    uint64_t begin, end;    /* places of the pass that are in memory */
    uint64_t next_own;      /* the next place that this process fills */

    struct chunk_index index;
    struct read_ahead *reader;           /* NULL for another layout */
    struct decompressor **decompressors; /* [num_threads] */
};

/* As many bytes as a chunk takes in the file when it does not shrink, and some more. */
static uint64_t stream_bound_chunk(uint64_t block_nbytes)
{
    return block_nbytes + block_nbytes / 1000 + 1024;
}

static bool stream_is_block_by_block(const struct chunk_index *index, size_t block_rows,
                                     uint64_t num_rows)
{
    if (!index->is_direct || index->max_nbytes > stream_bound_chunk(block_rows * index->row_nbytes))
        return false;
    /* Of a small split the only chunk may be shorter than a block. */
    return index->chunk_rows == block_rows ||
           (num_rows <= index->chunk_rows && index->chunk_rows <= block_rows);
}

static bool stream_open_reader(struct dataset_stream *stream, uint64_t num_rows, size_t num_ahead,
                               struct error *error)
{
    store_read_chunk_index(stream->store, stream->split, &stream->index, error);
    if (!error_ok(error) || !stream_is_block_by_block(&stream->index, stream->block_rows, num_rows))
        return error_ok(error);
    if (!memory_allocate(&stream->decompressors, (size_t)stream->num_threads,
                         sizeof(*stream->decompressors), error))
        return false;
    for (int i = 0; i < stream->num_threads; i++)
        if (!(stream->decompressors[i] = decompressor_create()))
            return error_set(error, STATUS_INTERNAL, NULL, "no memory to decompress chunks");
    return read_ahead_create(&stream->reader, &stream->index, num_ahead, error);
}

static bool stream_allocate(struct dataset_stream *stream, const struct dataset *dataset,
                            struct error *error)
{
    stream->slots = stream->share.memory;
    if (!stream->slots) {
        if (!memory_allocate_unset(&stream->own_slots, stream->num_slots,
                                   stream->block_rows * dataset->row_nbytes, error))
            return false;
        stream->slots = stream->own_slots;
    }
    return memory_allocate(&stream->blocks, dataset->num_blocks, sizeof(*stream->blocks), error) &&
           memory_allocate(&stream->sequence, dataset->num_blocks, sizeof(*stream->sequence),
                           error);
}

bool dataset_stream_open(struct dataset *dataset, struct store *store, enum split split,
                         const struct dataset_plan *plan, struct error *error)
{
    struct dataset_stream *stream = calloc(1, sizeof(*stream));
    size_t block_rows = store_chunk_rows(store);
    bool ok;

    if (!stream)
        return error_set_memory(error, sizeof(*stream));
    *stream = (struct dataset_stream){.store = store,
                                      .split = split,
                                      .block_rows = block_rows,
                                      .num_slots = plan->num_slots,
                                      .num_threads = plan->num_threads,
                                      .share = plan->share ? *plan->share
                                                           : (struct dataset_share){.count = 1},
                                      .index = {.descriptor = -1}};
    *dataset = (struct dataset){.num_rows = store_num_rows(store, split),
                                .row_nbytes = image_num_values(store_image_shape(store)),
                                .labels = store_labels(store, split),
                                .stream = stream};
    while ((size_t)1 << dataset->block_shift < block_rows)
        dataset->block_shift++;
    dataset->num_blocks = (dataset->num_rows - 1) / block_rows + 1;
    if (stream->num_slots > dataset->num_blocks)
        stream->num_slots = dataset->num_blocks;
    ok = stream_allocate(stream, dataset, error) &&
         stream_open_reader(stream, dataset->num_rows, plan->num_ahead, error);
    dataset->blocks = stream->blocks;
    dataset_begin_pass(dataset, NULL);
    return ok;
}

void dataset_stream_close(struct dataset_stream *stream)
{
    if (!stream)
        return;
    read_ahead_destroy(stream->reader);
    for (int i = 0; stream->decompressors && i < stream->num_threads; i++)
        decompressor_destroy(stream->decompressors[i]);
    free(stream->decompressors);
    chunk_index_free(&stream->index);
    free(stream->sequence);
    free(stream->blocks);
    free(stream->own_slots);
    free(stream);
}

size_t dataset_stream_num_slots(const struct dataset_stream *stream)
{
    return stream->num_slots;
}

uint64_t dataset_stream_own_nbytes(struct store *store, enum split split,
                                   const struct dataset_plan *plan)
{
    uint64_t block_rows = store_chunk_rows(store);
    uint64_t block_nbytes = block_rows * image_num_values(store_image_shape(store));
    uint64_t num_blocks = (store_num_rows(store, split) + block_rows - 1) / block_rows;
    uint64_t per_block = sizeof(uint8_t *) + sizeof(uint32_t) + sizeof(struct chunk_place);

    return plan->num_ahead * stream_bound_chunk(block_nbytes) + num_blocks * per_block +
           store_reading_nbytes(store, split, plan->num_threads);
}

/* ---- passes ---- */

static uint8_t *stream_slot(const struct dataset *dataset, uint64_t place)
{
    const struct dataset_stream *stream = dataset->stream;

    return stream->slots + place % stream->num_slots * stream->block_rows * dataset->row_nbytes;
}

static void stream_forget_blocks(struct dataset_stream *stream, uint64_t before)
{
    for (; stream->begin < before; stream->begin++)
        stream->blocks[stream->sequence[stream->begin]] = NULL;
}

void dataset_begin_pass(struct dataset *dataset, const uint32_t *sequence)
{
    struct dataset_stream *stream = dataset->stream;

    if (!stream || !stream->sequence)
        return;
    if (stream->reader)
        read_ahead_stop(stream->reader);
    stream_forget_blocks(stream, stream->end);
    stream->is_started = false;
    for (uint64_t i = 0; i < dataset->num_blocks; i++)
        stream->sequence[i] = sequence ? sequence[i] : (uint32_t)i;
}

/* Nothing is in memory, and place first is the next that is asked for. */
static void stream_start(struct dataset *dataset, uint64_t first)
{
    struct dataset_stream *stream = dataset->stream;
    uint64_t turn = first % stream->share.count, count = stream->share.count;

    if (stream->is_started)
        stream_forget_blocks(stream, stream->end);
    stream->is_started = true;
    stream->begin = stream->end = first;
    stream->next_own = first + (stream->share.index + count - turn) % count;
    if (stream->reader)
        read_ahead_start(stream->reader, stream->sequence + stream->next_own, count,
                         stream->next_own < dataset->num_blocks
                             ? (dataset->num_blocks - stream->next_own + count - 1) / count
                             : 0);
}

/* Decompresses the i-th chunk that has been read into the slot of its place, and checks its rows.
 */
static struct chunk_fault stream_decompress(const struct dataset *dataset, uint64_t i, int thread)
{
    const struct dataset_stream *stream = dataset->stream;
    uint64_t place = stream->next_own + i * stream->share.count, block = stream->sequence[place];
    uint64_t first_row = block * stream->block_rows, num_left = dataset->num_rows - first_row;
    uint64_t num_rows = num_left < stream->block_rows ? num_left : stream->block_rows;
    size_t chunk_nbytes = stream->index.chunk_rows * dataset->row_nbytes;
    uint8_t *slot = stream_slot(dataset, place);
    struct chunk_fault fault = {.row = first_row};
    const unsigned char *raw = read_ahead_bytes(stream->reader, i, &fault.read_errno);
    const uint32_t *crc32 = store_pixel_crc32(stream->store, stream->split) + first_row;
    uint64_t wrong;

    if (!raw) {
        fault.kind = FAULT_READ;
        return fault;
    }
    switch (chunk_decompress(&stream->index.places[block], raw, stream->decompressors[thread], slot,
                             chunk_nbytes)) {
    case DECOMPRESS_OK:
        break;
    case DECOMPRESS_DAMAGED:
        fault.kind = FAULT_DECOMPRESS;
        return fault;
    case DECOMPRESS_NO_MEMORY:
        fault.kind = FAULT_NO_MEMORY;
        return fault;
    }
    wrong = chunk_first_wrong_row(slot, dataset->row_nbytes, num_rows, crc32);
    if (wrong < num_rows)
        fault = (struct chunk_fault){.kind = FAULT_CRC32, .row = first_row + wrong};
    return fault;
}

/* Decompresses what the reader has, at most count chunks; *num_done: how many those were. */
static bool stream_take_chunks(struct dataset *dataset, uint64_t count, uint64_t *num_done,
                               struct error *error)
{
    struct dataset_stream *stream = dataset->stream;
    struct chunk_fault first_fault = {0};

    count = read_ahead_wait(stream->reader, count);
#pragma omp parallel for num_threads(stream->num_threads) schedule(dynamic)
    for (uint64_t i = 0; i < count; i++) {
        struct chunk_fault fault = stream_decompress(dataset, i, omp_get_thread_num());

        if (fault.kind != FAULT_NONE) {
#pragma omp critical
            first_fault = chunk_fault_first(first_fault, fault);
        }
    }
    read_ahead_release(stream->reader, count);
    *num_done = count;
    return first_fault.kind == FAULT_NONE ||
           store_report_fault(stream->store, stream->split, &first_fault, error);
}

/* Reads the rows of the next block, and of at most count - 1 that follow it in the file, the pass
 * and the slots alike. */
static bool stream_read_blocks(struct dataset *dataset, uint64_t count, uint64_t *num_done,
                               struct error *error)
{
    struct dataset_stream *stream = dataset->stream;
    uint64_t place = stream->next_own, block = stream->sequence[place];
    uint64_t slot = place % stream->num_slots, num_blocks = 1, num_rows;
    uint64_t first_row = block * stream->block_rows, num_left = dataset->num_rows - first_row;

    while (stream->share.count == 1 && num_blocks < count &&
           slot + num_blocks < stream->num_slots &&
           stream->sequence[place + num_blocks] == block + num_blocks)
        num_blocks++;
    num_rows = num_blocks * stream->block_rows;
    *num_done = num_blocks;
    return store_read_pixels(stream->store, stream->split, first_row,
                             num_left < num_rows ? num_left : num_rows, stream->num_threads,
                             stream_slot(dataset, place), error);
}

/* Fills this process's share of the slots from next_own to before end. */
static bool stream_fill(struct dataset *dataset, uint64_t end, struct error *error)
{
    struct dataset_stream *stream = dataset->stream;
    uint64_t stride = stream->share.count;

    while (stream->next_own < end) {
        uint64_t count = (end - stream->next_own + stride - 1) / stride, num_done;

        if (stream->reader ? !stream_take_chunks(dataset, count, &num_done, error)
                           : !stream_read_blocks(dataset, count, &num_done, error))
            return false;
        stream->next_own += num_done * stride;
    }
    return true;
}

bool dataset_reach_blocks(struct dataset *dataset, uint64_t first, uint64_t end,
                          struct error *error)
{
    struct dataset_stream *stream = dataset->stream;
    const struct dataset_share *share = stream ? &stream->share : NULL;
    bool ok = true;

    if (!stream)
        return true;
    assert(first <= end && end <= dataset->num_blocks && end - first <= stream->num_slots);
    if (!stream->is_started || first < stream->begin || first > stream->end)
        stream_start(dataset, first);
    stream_forget_blocks(stream, first);
    if (stream->end >= end)
        return true;
    if (share->meet)
        share->meet(share->context); /* none reads what is overwritten now */
    ok = stream_fill(dataset, end, error);
    if (share->meet)
        share->meet(share->context); /* all have filled their share */
    for (; ok && stream->end < end; stream->end++)
        stream->blocks[stream->sequence[stream->end]] = stream_slot(dataset, stream->end);
    return ok;
}
