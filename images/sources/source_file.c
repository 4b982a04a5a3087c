#include "images/sources/source_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

struct source_stamp source_stamp_of(const struct stat *info)
{
    return (struct source_stamp){(uint64_t)info->st_size, (uint64_t)info->st_mtim.tv_sec,
                                 (uint64_t)info->st_mtim.tv_nsec};
}

bool source_file_check_size(uint64_t nbytes, struct error *error)
{
    if (nbytes == 0)
        return error_set(error, STATUS_DATA, NULL, "is empty");
    return nbytes <= SOURCE_MAX_FILE_NBYTES ||
           error_set(error, STATUS_DATA, NULL, "has %" PRIu64 " bytes, more than 1 GiB", nbytes);
}

bool source_reader_reserve(uint8_t **bytes, size_t *capacity_nbytes, uint64_t nbytes,
                           struct error *error)
{
    if (nbytes <= *capacity_nbytes)
        return true;
    free(*bytes);
    *bytes = malloc((size_t)nbytes);
    *capacity_nbytes = *bytes ? (size_t)nbytes : 0;
    return *bytes || error_set_memory(error, nbytes);
}

bool source_file_read(int descriptor, uint64_t offset, uint64_t nbytes,
                      struct source_reader *reader, struct source_file *file, struct error *error)
{
    ssize_t num_read;

    if (!source_file_check_size(nbytes, error) ||
        !source_reader_reserve(&reader->bytes, &reader->capacity_nbytes, nbytes, error))
        return false;
    num_read = file_read_some_at(descriptor, reader->bytes, (size_t)nbytes, offset);
    if (num_read < 0)
        return error_set(error, STATUS_IO, NULL, "cannot be read: %s", strerror(errno));
    file->bytes = reader->bytes;
    file->nbytes = (size_t)num_read;
    return true;
}

bool source_file_read_whole(int descriptor, struct source_reader *reader, struct source_file *file,
                            struct error *error)
{
    struct stat info;

    *file = (struct source_file){0};
    if (fstat(descriptor, &info) != 0)
        return error_set(error, STATUS_IO, NULL, "cannot be read: %s", strerror(errno));
    file->stamp = source_stamp_of(&info);
    if (!S_ISREG(info.st_mode))
        return error_set(error, STATUS_DATA, NULL, "is no regular file");
    return source_file_read(descriptor, 0, (uint64_t)info.st_size, reader, file, error);
}

void source_reader_free(struct source_reader *reader)
{
    int directory = reader->directory_plus_1 - 1;

    file_close(&directory);
    decompressor_destroy(reader->decompressor);
    free(reader->bytes);
    free(reader->decompressed);
    *reader = (struct source_reader){0};
}
