#include "images/sources/spool.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"

enum { BUFFER_NBYTES = 1 << 20 };

void spool_begin(struct spool *spool, const char *path)
{
    *spool = (struct spool){.descriptor = -1, .path = path};
}

bool spool_append(struct spool *spool, const void *bytes, size_t nbytes, struct error *error)
{
    const uint8_t *next = bytes;

    if (!spool->buffer && !(spool->buffer = malloc(BUFFER_NBYTES)))
        return error_set_memory(error, BUFFER_NBYTES);
    while (nbytes > 0) {
        size_t room = BUFFER_NBYTES - spool->num_buffered, taken = nbytes < room ? nbytes : room;

        memcpy(spool->buffer + spool->num_buffered, next, taken);
        spool->num_buffered += taken;
        spool->nbytes += taken;
        next += taken;
        nbytes -= taken;
        if (spool->num_buffered == BUFFER_NBYTES && !spool_flush(spool, error))
            return false;
    }
    return true;
}

bool spool_flush(struct spool *spool, struct error *error)
{
    uint64_t offset = spool->nbytes - spool->num_buffered;

    if (spool->num_buffered > 0 && spool->descriptor < 0)
        spool->descriptor = file_create_nameless(spool->path, error);
    if (spool->num_buffered > 0 &&
        (spool->descriptor < 0 || !file_write_at(spool->descriptor, spool->path, spool->buffer,
                                                 spool->num_buffered, offset, error)))
        return false;
    spool->num_buffered = 0;
    return true;
}

void spool_end(struct spool *spool)
{
    file_close(&spool->descriptor);
    free(spool->buffer);
    *spool = (struct spool){.descriptor = -1};
}
