#include "formats/store/dataset_stream.h"

#include <assert.h>
#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/store/read_ahead.h"
#include "formats/store/store_internal.h"

/*
 * The block at place i of the pass is in slot i mod num_slots.  The chunks of the file are the
 * blocks, if quern-ingest wrote it; then they come from the reader.  Otherwise (another layout, by
 * h5repack say) blocks are read as rows, when they are asked for.
 */
struct dataset_stream {
    struct store *store;
    enum split split;
    size_t block_rows;
    size_t num_slots;
    int num_threads;
    uint8_t *slots;         /* [num_slots][block_rows][row_nbytes] */
    const uint8_t **blocks; /* [num_blocks], what dataset->blocks is */
    uint32_t *sequence;     /* [num_blocks], of the pass */
    bool is_started;        /* begin and end are set */
    uint64_t begin, end;    /* places of the pass that are in memory */

    struct chunk_index index;
    struct read_ahead *reader;           /* NULL for another layout */
    struct decompressor **decompressors; /* [num_threads] */
};

/* As many bytes as a chunk takes in the file when it does not shrink, and some more. */
static uint64_t bound_chunk(uint64_t block_nbytes)
{
    return block_nbytes + block_nbytes / 1000 + 1024;
}

static bool is_block_by_block(const struct chunk_index *index, size_t block_rows, uint64_t num_rows)
{
    if (!index->is_direct || index->max_nbytes > bound_chunk(block_rows * index->row_nbytes))
        return false;
    /* Of a small split the only chunk may be shorter than a block. */
    return index->chunk_rows == block_rows ||
           (num_rows <= index->chunk_rows && index->chunk_rows <= block_rows);
}

static bool open_reader(struct dataset_stream *stream, uint64_t num_rows, size_t num_ahead,
                        struct error *error)
{
    bool ok;

    store_read_chunk_index(stream->store, stream->split, &stream->index, error);
    if (!error_ok(error) || !is_block_by_block(&stream->index, stream->block_rows, num_rows))
        return error_ok(error);
    ok = memory_allocate(&stream->decompressors, (size_t)stream->num_threads,
                         sizeof(*stream->decompressors), error);
    for (int i = 0; i < stream->num_threads && ok; i++)
        if (!(stream->decompressors[i] = decompressor_create()))
            ok = error_set(error, STATUS_INTERNAL, NULL, "no memory to inflate");
    if (ok)
        ok = read_ahead_create(&stream->reader, &stream->index, num_ahead, error);
    return ok;
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
    ok = memory_allocate_unset(&stream->slots, stream->num_slots, block_rows * dataset->row_nbytes,
                               error);
    if (ok)
        ok = memory_allocate(&stream->blocks, dataset->num_blocks, sizeof(*stream->blocks), error);
    if (ok)
        ok = memory_allocate(&stream->sequence, dataset->num_blocks, sizeof(*stream->sequence),
                             error);
    if (ok)
        ok = open_reader(stream, dataset->num_rows, plan->num_ahead, error);
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
    free(stream->slots);
    free(stream);
}

size_t dataset_stream_num_slots(const struct dataset_stream *stream)
{
    return stream->num_slots;
}

uint64_t dataset_stream_nbytes(struct store *store, enum split split,
                               const struct dataset_plan *plan)
{
    uint64_t block_rows = store_chunk_rows(store);
    uint64_t block_nbytes = block_rows * image_num_values(store_image_shape(store));
    uint64_t num_blocks = (store_num_rows(store, split) + block_rows - 1) / block_rows;
    uint64_t num_slots = plan->num_slots < num_blocks ? plan->num_slots : num_blocks;
    uint64_t per_block = sizeof(uint8_t *) + sizeof(uint32_t) + sizeof(struct chunk_place);

    return num_slots * block_nbytes + plan->num_ahead * bound_chunk(block_nbytes) +
           num_blocks * per_block + store_reading_nbytes(store, split, plan->num_threads);
}

/* ---- passes ---- */

static void forget_blocks(struct dataset_stream *stream, uint64_t before)
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
    forget_blocks(stream, stream->end);
    stream->is_started = false;
    for (uint64_t i = 0; i < dataset->num_blocks; i++)
        stream->sequence[i] = sequence ? sequence[i] : (uint32_t)i;
}

/* Inflates the chunk that is the i-th to have been read into the slot of its place, and checks its
 * rows. */
static struct chunk_fault unfold(const struct dataset *dataset, uint64_t i, int thread)
{
    const struct dataset_stream *stream = dataset->stream;
    uint64_t place = stream->end + i, block = stream->sequence[place];
    uint64_t first_row = block * stream->block_rows, num_left = dataset->num_rows - first_row;
    uint64_t num_rows = num_left < stream->block_rows ? num_left : stream->block_rows;
    size_t chunk_nbytes = stream->index.chunk_rows * dataset->row_nbytes;
    uint8_t *slot =
        stream->slots + place % stream->num_slots * stream->block_rows * dataset->row_nbytes;
    struct chunk_fault fault = {.row = first_row};
    const unsigned char *raw = read_ahead_bytes(stream->reader, i, &fault.read_errno);
    const uint32_t *crc32 = store_pixel_crc32(stream->store, stream->split) + first_row;
    uint64_t wrong;

    if (!raw) {
        fault.kind = FAULT_READ;
        return fault;
    }
    switch (chunk_unfold(&stream->index.places[block], raw, stream->decompressors[thread], slot,
                         chunk_nbytes)) {
    case DECOMPRESS_OK:
        break;
    case DECOMPRESS_DAMAGED:
        fault.kind = FAULT_INFLATE;
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

/* Takes what the reader has, at most until place end of the pass. */
static bool take_chunks(struct dataset *dataset, uint64_t end, struct error *error)
{
    struct dataset_stream *stream = dataset->stream;
    uint64_t count = read_ahead_wait(stream->reader, end - stream->end);
    struct chunk_fault first_fault = {0};

#pragma omp parallel for num_threads(stream->num_threads) schedule(dynamic)
    for (uint64_t i = 0; i < count; i++) {
        struct chunk_fault fault = unfold(dataset, i, omp_get_thread_num());

        if (fault.kind != FAULT_NONE) {
#pragma omp critical
            first_fault = chunk_fault_first(first_fault, fault);
        }
    }
    read_ahead_release(stream->reader, count);
    if (first_fault.kind != FAULT_NONE)
        return store_report_fault(stream->store, stream->split, &first_fault, error);
    stream->end += count;
    return true;
}

/* Reads the rows of the block at the end of what is there, and of those that follow it in the file,
 * the pass and the slots alike. */
static bool read_blocks(struct dataset *dataset, uint64_t end, struct error *error)
{
    struct dataset_stream *stream = dataset->stream;
    uint64_t slot = stream->end % stream->num_slots, block = stream->sequence[stream->end];
    uint64_t first_row = block * stream->block_rows, num_left = dataset->num_rows - first_row;
    uint64_t count = 1, num_rows;
    bool ok;

    while (stream->end + count < end && slot + count < stream->num_slots &&
           stream->sequence[stream->end + count] == block + count)
        count++;
    num_rows = num_left < count * stream->block_rows ? num_left : count * stream->block_rows;
    ok = store_read_pixels(stream->store, stream->split, first_row, num_rows, stream->num_threads,
                           stream->slots + slot * stream->block_rows * dataset->row_nbytes, error);
    if (ok)
        stream->end += count;
    return ok;
}

bool dataset_reach_blocks(struct dataset *dataset, uint64_t first, uint64_t end,
                          struct error *error)
{
    struct dataset_stream *stream = dataset->stream;

    if (!stream)
        return true;
    assert(first <= end && end <= dataset->num_blocks && end - first <= stream->num_slots);
    if (!stream->is_started || first < stream->begin || first > stream->end) {
        if (stream->is_started)
            forget_blocks(stream, stream->end);
        stream->is_started = true;
        stream->begin = stream->end = first;
        if (stream->reader)
            read_ahead_start(stream->reader, stream->sequence, first, dataset->num_blocks);
    }
    forget_blocks(stream, first);
    while (stream->end < end) {
        uint64_t before = stream->end;
        bool ok =
            stream->reader ? take_chunks(dataset, end, error) : read_blocks(dataset, end, error);

        if (!ok)
            return ok;
        for (uint64_t place = before; place < stream->end; place++)
            stream->blocks[stream->sequence[place]] = stream->slots + place % stream->num_slots *
                                                                          stream->block_rows *
                                                                          dataset->row_nbytes;
    }
    return true;
}
