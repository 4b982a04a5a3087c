#include "ingest/source.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "ingest/folder.h"

struct source {
    const char *path;
    int fd;
};

enum status source_open(const char *path, struct source **result, struct error *error)
{
    struct source *source = malloc(sizeof(*source));

    *result = NULL;
    if (!source)
        return error_set_memory(error, sizeof(*source));
    *source = (struct source){path, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (source->fd < 0) {
        error_set_errno(error, path, "cannot open the folder");
        source_close(source);
        return STATUS_IO;
    }
    *result = source;
    return STATUS_OK;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    if (source->fd >= 0)
        close(source->fd);
    free(source);
}

enum status source_scan(struct source *source, const struct scan_rules *rules, struct scan *scan,
                        struct error *error)
{
    return scan_folder(source->path, source->fd, rules, scan, error);
}

enum status source_read(const struct source *source, const struct source_image *image,
                        struct source_reader *reader, struct source_file *file, struct error *error)
{
    *file = (struct source_file){0};
    return folder_read(source->fd, image->path, reader, file, error);
}

enum status source_look(const struct source *source, const struct source_image *image,
                        struct source_stamp *stamp, struct error *error)
{
    return folder_look(source->fd, image->path, stamp, error);
}

enum status source_reader_reserve(struct source_reader *reader, uint64_t nbytes,
                                  struct error *error)
{
    if (nbytes == 0)
        return error_set(error, STATUS_DATA, NULL, "is empty");
    if (nbytes > SOURCE_MAX_FILE_NBYTES)
        return error_set(error, STATUS_DATA, NULL, "has %" PRIu64 " bytes, more than 1 GiB",
                         nbytes);
    if (nbytes <= reader->capacity_nbytes)
        return STATUS_OK;
    free(reader->bytes);
    reader->bytes = malloc((size_t)nbytes);
    reader->capacity_nbytes = reader->bytes ? (size_t)nbytes : 0;
    return reader->bytes ? STATUS_OK : error_set_memory(error, nbytes);
}

void source_reader_free(struct source_reader *reader)
{
    folder_reader_free(reader);
    free(reader->bytes);
    *reader = (struct source_reader){0};
}
