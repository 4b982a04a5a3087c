#include "ingest/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/text.h"
#include "formats/png_file.h"

/* No image of sane size needs more; a file grown beyond it is a mistake, not data. */
#define MAX_FILE_NBYTES ((off_t)1 << 30)

static enum status reserve(uint8_t **block, size_t *capacity, size_t nbytes, struct error *error)
{
    if (nbytes <= *capacity)
        return STATUS_OK;
    free(*block);
    *capacity = 0;
    *block = malloc(nbytes);
    if (!*block)
        return error_set_memory(error, nbytes);
    *capacity = nbytes;
    return STATUS_OK;
}

/* An error of the file itself (STATUS_DATA) or of the system around it (STATUS_IO). */
static enum status fail_open(struct error *error)
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

static enum status read_open_file(int fd, struct decode_buffer *buffer, size_t *nbytes,
                                  struct error *error)
{
    struct stat stat;
    enum status status;

    if (fstat(fd, &stat) != 0)
        return error_set(error, STATUS_IO, NULL, "cannot be read: %s", strerror(errno));
    if (!S_ISREG(stat.st_mode))
        return error_set(error, STATUS_DATA, NULL, "is no regular file");
    if (stat.st_size == 0)
        return error_set(error, STATUS_DATA, NULL, "is empty");
    if (stat.st_size > MAX_FILE_NBYTES)
        return error_set(error, STATUS_DATA, NULL, "has %" PRId64 " bytes, more than 1 GiB",
                         (int64_t)stat.st_size);
    status = reserve(&buffer->bytes, &buffer->bytes_capacity, (size_t)stat.st_size, error);
    *nbytes = 0;
    while (status == STATUS_OK && *nbytes < (size_t)stat.st_size) {
        ssize_t num_read = read(fd, buffer->bytes + *nbytes, (size_t)stat.st_size - *nbytes);

        if (num_read == 0)
            break; /* the file shrank meanwhile: decoding will find it cut short */
        if (num_read < 0 && errno != EINTR)
            status = error_set(error, STATUS_IO, NULL, "cannot be read: %s", strerror(errno));
        if (num_read > 0)
            *nbytes += (size_t)num_read;
    }
    return status;
}

static enum status read_file(const struct decode_source *source, const char *path,
                             struct decode_buffer *buffer, size_t *nbytes, struct error *error)
{
    /* Not blocking: a named pipe would wait for a writer for ever. */
    int fd = openat(source->folder_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    enum status status;

    if (fd < 0)
        return fail_open(error);
    status = read_open_file(fd, buffer, nbytes, error);
    close(fd);
    return status;
}

enum status decode_file(const struct decode_source *source, const char *path, size_t channels,
                        struct decode_buffer *buffer, struct decoded *decoded, struct error *error)
{
    struct png_file_info info;
    size_t nbytes;
    enum status status;

    if (!text_is_utf8(path, strlen(path)))
        return error_set(error, STATUS_DATA, NULL, "has a name that is not UTF-8");
    status = read_file(source, path, buffer, &nbytes, error);
    if (status == STATUS_OK)
        status = png_file_read_info("", buffer->bytes, nbytes, source->max_pixels, &info, error);
    if (status == STATUS_OK)
        status = reserve(&buffer->pixels, &buffer->pixels_capacity,
                         (size_t)info.height * info.width * channels, error);
    if (status == STATUS_OK)
        status = png_file_read_pixels("", buffer->bytes, nbytes, source->max_pixels,
                                      (unsigned)channels, buffer->pixels, error);
    if (status != STATUS_OK)
        return status;
    decoded->shape = (struct image_shape){info.height, info.width, channels};
    decoded->is_gray = info.is_gray;
    decoded->file_crc32 = (uint32_t)crc32_z(0, buffer->bytes, nbytes);
    decoded->pixels = buffer->pixels;
    return STATUS_OK;
}

enum status decode_file_crc32(const struct decode_source *source, const char *path,
                              struct decode_buffer *buffer, uint32_t *crc32, struct error *error)
{
    size_t nbytes;
    enum status status = read_file(source, path, buffer, &nbytes, error);

    if (status == STATUS_OK)
        *crc32 = (uint32_t)crc32_z(0, buffer->bytes, nbytes);
    return status;
}

void decode_buffer_free(struct decode_buffer *buffer)
{
    free(buffer->bytes);
    free(buffer->pixels);
    *buffer = (struct decode_buffer){0};
}

const char *decode_describe(char *buffer, size_t size, const struct error *error)
{
    bool has_expected = error->expected[0] != '\0', has_found = error->found[0] != '\0';

    return text_format(buffer, size, "%s%s%s%s%s", error->what, has_expected ? ": expected " : "",
                       error->expected, has_found ? (has_expected ? ", found " : ": found ") : "",
                       error->found);
}
