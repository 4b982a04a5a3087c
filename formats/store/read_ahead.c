#include "formats/store/read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Item i of the sequence goes to buffer i mod num_buffers. */
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
    const uint32_t *sequence;
    uint64_t next_wanted; /* items before are given back */
    uint64_t next_read;   /* items before are read */
    uint64_t end;
    bool is_reading;
    bool is_ending;
};

static bool may_read(const struct read_ahead *reader)
{
    return reader->next_read < reader->end &&
           reader->next_read - reader->next_wanted < reader->num_buffers;
}

static void *run(void *argument)
{
    struct read_ahead *reader = argument;

    pthread_mutex_lock(&reader->mutex);
    for (;;) {
        size_t buffer;
        int result;

        while (!reader->is_ending && !may_read(reader))
            pthread_cond_wait(&reader->may_read, &reader->mutex);
        if (reader->is_ending)
            break;
        buffer = reader->next_read % reader->num_buffers;
        const struct chunk_place *place =
            &reader->index->places[reader->sequence[reader->next_read]];

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

static bool start_thread(struct read_ahead *reader, struct error *error)
{
    sigset_t all, before;
    int result;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = pthread_create(&reader->thread, NULL, run, reader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    reader->has_thread = result == 0;
    if (result != 0)
        return error_set(error, STATUS_INTERNAL, NULL, "cannot start a thread: %s",
                         strerror(result));
    return true;
}

bool read_ahead_create(struct read_ahead **result, const struct chunk_index *index,
                       size_t num_buffers, struct error *error)
{
    struct read_ahead *reader = calloc(1, sizeof(*reader));
    bool ok;

    *result = reader;
    if (!reader)
        return error_set_memory(error, sizeof(*reader));
    reader->index = index;
    reader->num_buffers = num_buffers;
    reader->buffer_nbytes = index->max_nbytes;
    pthread_mutex_init(&reader->mutex, NULL);
    pthread_cond_init(&reader->may_read, NULL);
    pthread_cond_init(&reader->has_read, NULL);
    ok = memory_allocate_unset(&reader->buffers, num_buffers, reader->buffer_nbytes, error);
    if (ok)
        ok = memory_allocate(&reader->errnos, num_buffers, sizeof(*reader->errnos), error);
    if (ok)
        ok = start_thread(reader, error);
    if (!ok) {
        read_ahead_destroy(reader);
        *result = NULL;
    }
    return ok;
}

void read_ahead_destroy(struct read_ahead *reader)
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

void read_ahead_stop(struct read_ahead *reader)
{
    pthread_mutex_lock(&reader->mutex);
    reader->end = 0;
    while (reader->is_reading)
        pthread_cond_wait(&reader->has_read, &reader->mutex);
    pthread_mutex_unlock(&reader->mutex);
}

void read_ahead_start(struct read_ahead *reader, const uint32_t *sequence, uint64_t first,
                      uint64_t end)
{
    read_ahead_stop(reader);
    pthread_mutex_lock(&reader->mutex);
    reader->sequence = sequence;
    reader->next_wanted = reader->next_read = first;
    reader->end = end;
    pthread_cond_signal(&reader->may_read);
    pthread_mutex_unlock(&reader->mutex);
}

uint64_t read_ahead_wait(struct read_ahead *reader, uint64_t most)
{
    uint64_t half = (reader->num_buffers + 1) / 2, least = most < half ? most : half, count;

    pthread_mutex_lock(&reader->mutex);
    while (reader->next_read - reader->next_wanted < least)
        pthread_cond_wait(&reader->has_read, &reader->mutex);
    count = reader->next_read - reader->next_wanted;
    pthread_mutex_unlock(&reader->mutex);
    return count < most ? count : most;
}

const unsigned char *read_ahead_bytes(const struct read_ahead *reader, uint64_t i, int *read_errno)
{
    /* Only the caller changes next_wanted, and what is before next_read the thread leaves alone. */
    size_t buffer = (reader->next_wanted + i) % reader->num_buffers;

    *read_errno = reader->errnos[buffer];
    return *read_errno ? NULL : reader->buffers + buffer * reader->buffer_nbytes;
}

void read_ahead_release(struct read_ahead *reader, uint64_t count)
{
    pthread_mutex_lock(&reader->mutex);
    reader->next_wanted += count;
    pthread_cond_signal(&reader->may_read);
    pthread_mutex_unlock(&reader->mutex);
}
