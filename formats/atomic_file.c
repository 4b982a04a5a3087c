#include "formats/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder part of path, malloc'ed; NULL without memory. */
static char *folder_of(const char *path)
{
    char *copy = strdup(path);
    char *folder = copy ? strdup(dirname(copy)) : NULL;

    free(copy);
    return folder;
}

static char *temporary_name(const char *path)
{
    char *copy = strdup(path), *folder = folder_of(path), *name = NULL;

    if (copy && folder && asprintf(&name, "%s/.%s.partial", folder, basename(copy)) < 0)
        name = NULL;
    free(folder);
    free(copy);
    return name;
}

enum status atomic_file_begin(struct atomic_file *file, const char *path, struct error *error)
{
    int descriptor;

    file->path = strdup(path);
    file->temporary_path = temporary_name(path);
    if (!file->path || !file->temporary_path) {
        atomic_file_abandon(file);
        return error_set_memory(error, strlen(path));
    }
    descriptor = open(file->temporary_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        enum status status = error_set_errno(error, path, "cannot create");

        free(file->temporary_path);
        file->temporary_path = NULL; /* not ours to remove */
        atomic_file_abandon(file);
        return status;
    }
    close(descriptor);
    return STATUS_OK;
}

static enum status flush_to_disk(const char *path, int flags, struct error *error)
{
    int descriptor = open(path, flags | O_CLOEXEC);
    enum status status = STATUS_OK;

    if (descriptor < 0)
        return error_set_errno(error, path, "cannot open to flush to disk");
    /* Some file systems cannot flush a folder and say EINVAL: there is nothing to wait for. */
    if (fsync(descriptor) != 0 && !((flags & O_DIRECTORY) && errno == EINVAL))
        status = error_set_errno(error, path, "cannot flush to disk");
    close(descriptor);
    return status;
}

enum status atomic_file_commit(struct atomic_file *file, struct error *error)
{
    char *folder = folder_of(file->path);
    enum status status = STATUS_OK;

    if (!folder)
        status = error_set_memory(error, strlen(file->path));
    if (status == STATUS_OK)
        status = flush_to_disk(file->temporary_path, O_RDONLY, error);
    if (status == STATUS_OK && rename(file->temporary_path, file->path) != 0)
        status = error_set_errno(error, file->path, "cannot rename the finished file");
    if (status == STATUS_OK) {
        free(file->temporary_path);
        file->temporary_path = NULL;
        status = flush_to_disk(folder, O_RDONLY | O_DIRECTORY, error);
    }
    free(folder);
    atomic_file_abandon(file);
    return status;
}

void atomic_file_abandon(struct atomic_file *file)
{
    if (file->temporary_path)
        unlink(file->temporary_path);
    free(file->temporary_path);
    free(file->path);
    *file = (struct atomic_file){0};
}

static enum status write_all(int descriptor, const char *path, const void *bytes, size_t nbytes,
                             struct error *error)
{
    const char *next = bytes;

    while (nbytes > 0) {
        ssize_t written = write(descriptor, next, nbytes);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(error, path, "cannot write");
        next += written;
        nbytes -= (size_t)written;
    }
    return STATUS_OK;
}

enum status atomic_file_write(const char *path, const void *bytes, size_t nbytes,
                              struct error *error)
{
    struct atomic_file file;
    enum status status = atomic_file_begin(&file, path, error);
    int descriptor;

    if (status != STATUS_OK)
        return status;
    descriptor = open(file.temporary_path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) {
        status = error_set_errno(error, path, "cannot write");
    } else {
        status = write_all(descriptor, path, bytes, nbytes, error);
        if (close(descriptor) != 0 && status == STATUS_OK)
            status = error_set_errno(error, path, "cannot close");
    }
    if (status == STATUS_OK)
        return atomic_file_commit(&file, error);
    atomic_file_abandon(&file);
    return status;
}
