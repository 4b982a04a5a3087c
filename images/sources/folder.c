#include "images/sources/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An error of the file itself (STATUS_DATA) or of the system around it (STATUS_IO). */
static bool fail_open(struct error *error)
{
    switch (errno) {
    case EACCES:
    case EPERM:
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENXIO:
    case ENODEV:
        return error_set(error, STATUS_DATA, NULL, "cannot be opened: %s", strerror(errno));
    default:
        return error_set(error, STATUS_IO, NULL, "cannot be opened: %s", strerror(errno));
    }
}

bool folder_look(int folder_fd, const char *path, struct source_stamp *stamp, struct error *error)
{
    struct stat stat;

    *stamp = (struct source_stamp){0};
    if (fstatat(folder_fd, path, &stat, 0) == 0)
        *stamp = source_stamp_of(&stat);
    else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP)
        return error_set(error, STATUS_IO, NULL, "cannot look at: %s", strerror(errno));
    return true;
}

/* ---- open ---- */

static void leave_folder(struct source_reader *reader)
{
    if (reader->folder_fd_plus_1)
        close(reader->folder_fd_plus_1 - 1);
    reader->folder_fd_plus_1 = 0;
}

/*
 * Opens a file by its name in its folder, when the last file was in the same one: the system then
 * walks no path.  A folder of a single image is not worth opening.
 */
static int open_file(int folder_fd, const char *path, struct source_reader *reader)
{
    /* Not blocking: a named pipe would wait for a writer for ever. */
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (length == 0)
        return openat(folder_fd, path, flags);
    if (reader->folder_length != length || memcmp(reader->folder_path, path, length) != 0) {
        leave_folder(reader);
        reader->folder_path = path;
        reader->folder_length = length;
        return openat(folder_fd, path, flags);
    }
    if (!reader->folder_fd_plus_1) {
        char folder[4096];

        if (length >= sizeof(folder))
            return openat(folder_fd, path, flags);
        memcpy(folder, path, length);
        folder[length] = '\0';
        reader->folder_fd_plus_1 = openat(folder_fd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC) + 1;
        if (!reader->folder_fd_plus_1)
            return openat(folder_fd, path, flags);
    }
    return openat(reader->folder_fd_plus_1 - 1, slash + 1, flags);
}

/* ---- read ---- */

static bool read_open_file(int fd, struct source_reader *reader, struct source_file *file,
                           struct error *error)
{
    struct stat stat;
    bool ok;

    if (fstat(fd, &stat) != 0)
        return error_set(error, STATUS_IO, NULL, "cannot be read: %s", strerror(errno));
    file->stamp = source_stamp_of(&stat);
    if (!S_ISREG(stat.st_mode))
        return error_set(error, STATUS_DATA, NULL, "is no regular file");
    ok = source_reader_reserve(reader, (uint64_t)stat.st_size, error);
    while (ok && file->nbytes < (size_t)stat.st_size) {
        ssize_t num_read =
            read(fd, reader->bytes + file->nbytes, (size_t)stat.st_size - file->nbytes);

        if (num_read == 0)
            break; /* the file shrank meanwhile: decoding will find it cut short */
        if (num_read < 0 && errno != EINTR)
            ok = error_set(error, STATUS_IO, NULL, "cannot be read: %s", strerror(errno));
        if (num_read > 0)
            file->nbytes += (size_t)num_read;
    }
    file->bytes = reader->bytes;
    return ok;
}

bool folder_read(int folder_fd, const char *path, struct source_reader *reader,
                 struct source_file *file, struct error *error)
{
    struct error ignored = {0};
    bool ok;
    int fd = open_file(folder_fd, path, reader);

    if (fd < 0) {
        ok = fail_open(error);
        folder_look(folder_fd, path, &file->stamp, &ignored);
        return ok;
    }
    ok = read_open_file(fd, reader, file, error);
    close(fd);
    return ok;
}

void folder_reader_free(struct source_reader *reader)
{
    leave_folder(reader);
}
