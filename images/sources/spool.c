#include "images/sources/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_NBYTES = 1 << 20 };

void spool_begin(struct spool *spool, const char *path)
{
    *spool = (struct spool){.fd = -1, .path = path};
}

/* ".NAME.spool.partial" in the folder of the store, malloc'ed; NULL without memory. */
static char *make_name(const char *path)
{
    char *for_folder = strdup(path), *for_name = strdup(path), *name = NULL;

    if (for_folder && for_name &&
        asprintf(&name, "%s/.%s.spool.partial", dirname(for_folder), basename(for_name)) < 0)
        name = NULL;
    free(for_folder);
    free(for_name);
    return name;
}

/*
 * The name goes at once.  What a process left that died in between is removed; where another is
 * just between the two, each still has a file of its own.
 */
static bool create(struct spool *spool, struct error *error)
{
    char *name = make_name(spool->path);
    bool ok = true;

    if (!name)
        return error_set_memory(error, strlen(spool->path));
    do {
        spool->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    } while (spool->fd < 0 && errno == EEXIST && (unlink(name) == 0 || errno == ENOENT));
    if (spool->fd < 0)
        ok = error_set_errno(error, name, "cannot create");
    else if (unlink(name) != 0 && errno != ENOENT)
        ok = error_set_errno(error, name, "cannot remove the name of");
    free(name);
    return ok;
}

uint8_t *spool_reserve(struct spool *spool, size_t *room, struct error *error)
{
    if (!spool->buffer)
        spool->buffer = malloc(BUFFER_NBYTES);
    if (!spool->buffer) {
        error_set_memory(error, BUFFER_NBYTES);
        return NULL;
    }
    *room = BUFFER_NBYTES - spool->num_buffered;
    return spool->buffer + spool->num_buffered;
}

bool spool_flush(struct spool *spool, struct error *error)
{
    uint64_t offset = spool->nbytes - spool->num_buffered;
    size_t done = 0;

    if (spool->num_buffered > 0 && spool->fd < 0 && !create(spool, error))
        return error_ok(error);
    while (done < spool->num_buffered) {
        ssize_t written = pwrite(spool->fd, spool->buffer + done, spool->num_buffered - done,
                                 (off_t)(offset + done));

        if (written < 0 && errno != EINTR)
            return error_set_errno(error, spool->path, "cannot write a temporary file beside it");
        if (written > 0)
            done += (size_t)written;
    }
    spool->num_buffered = 0;
    return true;
}

bool spool_append(struct spool *spool, size_t nbytes, struct error *error)
{
    spool->nbytes += nbytes;
    spool->num_buffered += nbytes;
    return spool->num_buffered < BUFFER_NBYTES ? true : spool_flush(spool, error);
}

bool spool_cut(struct spool *spool, uint64_t nbytes, struct error *error)
{
    uint64_t written = spool->nbytes - spool->num_buffered;

    if (nbytes >= written) {
        spool->num_buffered = (size_t)(nbytes - written);
    } else {
        spool->num_buffered = 0;
        if (ftruncate(spool->fd, (off_t)nbytes) != 0)
            return error_set_errno(error, spool->path, "cannot cut a temporary file beside it");
    }
    spool->nbytes = nbytes;
    return true;
}

void spool_end(struct spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    free(spool->buffer);
    *spool = (struct spool){.fd = -1};
}
