#include "formats/file/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/file/seal.h"

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

/* Says in HDF5's own words that a file system without locks will do: Lustre mounted without them
 * (ENOSYS), NFS without its lock service (ENOLCK). */
static bool may_go_without(int number)
{
    const char *wish = getenv("HDF5_USE_FILE_LOCKING");

    return wish && (number == ENOSYS || number == ENOLCK || number == EOPNOTSUPP) &&
           (strcmp(wish, "FALSE") == 0 || strcmp(wish, "0") == 0 ||
            strcmp(wish, "BEST_EFFORT") == 0);
}

bool atomic_file_lock(int descriptor, const char *path, const char *what, struct error *error)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(descriptor, F_OFD_SETLK, &whole) == 0 || may_go_without(errno))
        return true;
    if (errno == EAGAIN || errno == EACCES)
        return error_set(error, STATUS_IO, ERROR_AT(.file = path), "%s", what);
    return error_set_errno(error, path, "the file system cannot lock files");
}

/*
 * Opens and locks the temporary file.  Between the two, its owner may have renamed it to the
 * final name: then what is locked is not what bears the temporary name, and all starts again.
 */
static bool open_temporary(struct atomic_file *file, struct error *error)
{
    struct stat locked, named;

    for (;;) {
        file->lock = open(file->temporary_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file->lock < 0)
            return error_set_errno(error, file->path, "cannot create");
        if (!atomic_file_lock(file->lock, file->path, "another process is writing this file",
                              error))
            return false;
        if (fstat(file->lock, &locked) != 0)
            goto fail;
        if (stat(file->temporary_path, &named) != 0) {
            if (errno != ENOENT)
                goto fail;
        } else if (named.st_ino == locked.st_ino && named.st_dev == locked.st_dev) {
            break;
        }
        close(file->lock);
    }
    if (ftruncate(file->lock, 0) == 0)
        return true;
fail:
    error_set_errno(error, file->path, "cannot create");
    /* Locked, so ours or a dead process's. */
    unlink(file->temporary_path);
    return false;
}

bool atomic_file_begin(struct atomic_file *file, const char *path, struct error *error)
{
    struct stat info;
    bool ok;

    *file = (struct atomic_file){.lock = -1, .path = strdup(path)};
    /* A rename over a device or a folder would not do what was meant. */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        ok = error_set(error, STATUS_IO, ERROR_AT(.file = path), "is not a regular file");
        goto fail;
    }
    file->temporary_path = temporary_name(path);
    if (!file->path || !file->temporary_path) {
        ok = error_set_memory(error, strlen(path));
        goto fail;
    }
    ok = open_temporary(file, error);
    if (ok)
        return true;
    free(file->temporary_path);
    file->temporary_path = NULL; /* not ours to remove */
fail:
    atomic_file_abandon(file);
    return ok;
}

static bool flush_to_disk(const char *path, const char *name, int flags, struct error *error)
{
    int descriptor = open(path, flags | O_CLOEXEC);
    bool ok = true;

    if (descriptor < 0)
        return error_set_errno(error, name, "cannot open to flush to disk");
    /* Some file systems cannot flush a folder and say EINVAL: there is nothing to wait for. */
    if (fsync(descriptor) != 0 && !((flags & O_DIRECTORY) && errno == EINVAL))
        ok = error_set_errno(error, name, "cannot flush to disk");
    close(descriptor);
    return ok;
}

bool atomic_file_commit(struct atomic_file *file, struct error *error)
{
    char *folder = folder_of(file->path);
    bool ok = true;

    if (!folder)
        ok = error_set_memory(error, strlen(file->path));
    if (ok)
        ok = seal_append(file->temporary_path, file->path, error);
    if (ok)
        ok = flush_to_disk(file->temporary_path, file->path, O_RDONLY, error);
    if (ok && rename(file->temporary_path, file->path) != 0)
        ok = error_set_errno(error, file->path, "cannot rename the finished file");
    if (ok) {
        free(file->temporary_path);
        file->temporary_path = NULL;
        ok = flush_to_disk(folder, file->path, O_RDONLY | O_DIRECTORY, error);
    }
    free(folder);
    atomic_file_abandon(file);
    return ok;
}

void atomic_file_abandon(struct atomic_file *file)
{
    if (file->temporary_path)
        unlink(file->temporary_path);
    if (file->lock >= 0 && file->path)
        close(file->lock);
    free(file->temporary_path);
    free(file->path);
    *file = (struct atomic_file){.lock = -1};
}
