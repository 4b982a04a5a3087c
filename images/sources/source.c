#include "images/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "images/sources/folder.h"
#include "images/sources/members.h"
#include "images/sources/spool.h"

struct source {
    const char *path;
    int fd;
    bool is_archive;
    struct source_stamp stamp; /* of an archive, which is that of all its images */
    struct spool spool;
    struct members members;
    struct member_location *locations; /* [images of the scan] */
};

bool source_open(const char *path, const char *spool_path, struct source **result,
                 struct error *error)
{
    struct source *source = calloc(1, sizeof(*source));
    struct stat stat;

    *result = NULL;
    if (!source)
        return error_set_memory(error, sizeof(*source));
    source->path = path;
    spool_begin(&source->spool, spool_path);
    /* Not blocking: a named pipe would wait for a writer for ever. */
    source->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &stat) != 0) {
        error_set_errno(error, path, "cannot open the source");
    } else if (S_ISREG(stat.st_mode)) {
        source->is_archive = true;
        source->stamp = source_stamp_of(&stat);
    } else if (!S_ISDIR(stat.st_mode)) {
        error_set(error, STATUS_DATA, ERROR_AT(.file = path), "is neither a folder nor an archive");
    }
    if (error_ok(error))
        *result = source;
    else
        source_close(source);
    return error_ok(error);
}

bool source_is_archive(const struct source *source)
{
    return source->is_archive;
}

bool source_has_input(const struct source *source, const char *path)
{
    char *directory, *file;
    size_t length;
    bool is_below;

    if (source->is_archive)
        return file_is_same(source->path, path);
    directory = realpath(source->path, NULL);
    file = realpath(path, NULL);
    length = directory ? strlen(directory) : 0;
    is_below = directory && file && strncmp(directory, file, length) == 0 &&
               (file[length] == '/' || directory[length - 1] == '/') && scan_is_image(file);
    free(directory);
    free(file);
    return is_below;
}

static void forget_scan(struct source *source)
{
    members_free(&source->members);
    free(source->locations);
    source->locations = NULL;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    forget_scan(source);
    spool_end(&source->spool);
    if (source->fd >= 0)
        close(source->fd);
    free(source);
}

bool source_scan(struct source *source, const struct scan_rules *rules, bool wants_contents,
                 struct scan *scan, struct error *error)
{
    bool ok;

    if (!source->is_archive)
        return scan_folder(source->path, source->fd, rules, scan, error);
    *scan = (struct scan){0};
    forget_scan(source);
    ok = members_list(source->fd, source->path, wants_contents, &source->spool, &source->members,
                      error);
    if (ok)
        ok = members_scan(&source->members, rules, scan, &source->locations, error);
    /* Their order is known now. */
    free(source->members.items);
    source->members.items = NULL;
    return ok;
}

bool source_has_contents(const struct source *source)
{
    return !source->is_archive || source->members.has_contents;
}

static bool read_member(const struct source *source, const struct member_location *location,
                        struct source_reader *reader, struct source_file *file, struct error *error)
{
    int fd = location->is_spooled ? source->spool.fd : source->fd;
    bool ok;

    if (location->is_damaged)
        return error_set(error, STATUS_DATA, NULL, "is damaged in the archive");
    ok = source_reader_reserve(reader, location->nbytes, error);
    while (ok && file->nbytes < location->nbytes) {
        ssize_t num_read =
            pread(fd, reader->bytes + file->nbytes, (size_t)location->nbytes - file->nbytes,
                  (off_t)(location->offset + file->nbytes));

        if (num_read == 0)
            break; /* the archive shrank meanwhile: decoding will find the image cut short */
        if (num_read < 0 && errno != EINTR)
            ok = error_set(error, STATUS_IO, NULL, "cannot be read: %s", strerror(errno));
        if (num_read > 0)
            file->nbytes += (size_t)num_read;
    }
    file->bytes = reader->bytes;
    return ok;
}

bool source_read(const struct source *source, const struct source_image *image,
                 struct source_reader *reader, struct source_file *file, struct error *error)
{
    *file = (struct source_file){0};
    if (!source->is_archive)
        return folder_read(source->fd, image->path, reader, file, error);
    file->stamp = source->stamp;
    return read_member(source, &source->locations[image->index], reader, file, error);
}

bool source_look(const struct source *source, const struct source_image *image,
                 struct source_stamp *stamp, struct error *error)
{
    if (!source->is_archive)
        return folder_look(source->fd, image->path, stamp, error);
    *stamp = source->stamp;
    return true;
}

struct source_stamp source_stamp_of(const struct stat *stat)
{
    return (struct source_stamp){(uint64_t)stat->st_size, (uint64_t)stat->st_mtim.tv_sec,
                                 (uint64_t)stat->st_mtim.tv_nsec};
}

bool source_reader_reserve(struct source_reader *reader, uint64_t nbytes, struct error *error)
{
    if (nbytes == 0)
        return error_set(error, STATUS_DATA, NULL, "is empty");
    if (nbytes > SOURCE_MAX_FILE_NBYTES)
        return error_set(error, STATUS_DATA, NULL, "has %" PRIu64 " bytes, more than 1 GiB",
                         nbytes);
    if (nbytes <= reader->capacity_nbytes)
        return true;
    free(reader->bytes);
    reader->bytes = malloc((size_t)nbytes);
    reader->capacity_nbytes = reader->bytes ? (size_t)nbytes : 0;
    return reader->bytes || error_set_memory(error, nbytes);
}

void source_reader_free(struct source_reader *reader)
{
    folder_reader_free(reader);
    free(reader->bytes);
    *reader = (struct source_reader){0};
}
