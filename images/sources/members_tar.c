#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/signals.h"
#include "images/sources/members.h"

/* A header as POSIX.1-1988 (ustar) has it, and GNU tar but for the prefix. */
struct header {
    char name[100];
    char mode[8], user[8], group[8];
    char size[12];
    char time[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[8];
    char user_name[32], group_name[32], device[16];
    char prefix[155];
    char padding[12];
};

_Static_assert(sizeof(struct header) == 512, "a header fills one block");

enum { TAR_BLOCK_NBYTES = 512, BUFFER_NBYTES = 1 << 20, MAX_NAME_NBYTES = 100 + 1 + 155 + 1 };

/* A window onto the archive, moved to where the next header is. */
struct window {
    int fd;
    uint8_t *bytes;
    uint64_t start;
    size_t nbytes;
};

/* The header at an offset; NULL when the archive ends before, or cannot be read. */
static const struct header *find_header(struct window *window, uint64_t offset)
{
    if (offset < window->start || offset + TAR_BLOCK_NBYTES > window->start + window->nbytes) {
        ssize_t num_read = pread(window->fd, window->bytes, BUFFER_NBYTES, (off_t)offset);

        window->start = offset;
        window->nbytes = num_read > 0 ? (size_t)num_read : 0;
        if (window->nbytes < TAR_BLOCK_NBYTES)
            return NULL;
    }
    return (const struct header *)(window->bytes + (offset - window->start));
}

/* An octal number that ends in a blank or zero byte, or fills its field; false for others. */
static bool read_octal(const char *field, size_t nbytes, uint64_t *number)
{
    size_t i = 0;

    *number = 0;
    while (i < nbytes && field[i] == ' ')
        i++;
    for (; i < nbytes && field[i] >= '0' && field[i] <= '7'; i++)
        *number = *number * 8 + (uint64_t)(field[i] - '0');
    return i == nbytes || field[i] == ' ' || field[i] == '\0';
}

static bool has_checksum(const struct header *header)
{
    const uint8_t *bytes = (const uint8_t *)header;
    uint64_t expected;
    unsigned sum = 8 * ' '; /* what stands for the checksum itself */

    for (size_t i = 0; i < TAR_BLOCK_NBYTES; i++)
        sum += bytes[i];
    for (size_t i = 0; i < sizeof(header->checksum); i++)
        sum -= (uint8_t)header->checksum[i];
    return read_octal(header->checksum, sizeof(header->checksum), &expected) && sum == expected;
}

static bool is_zero(const struct header *header)
{
    static const struct header zeros;

    return memcmp(header, &zeros, sizeof(zeros)) == 0;
}

/* The path and the kind of a regular file or folder; false for anything else. */
static bool read_header(const struct header *header, char path[MAX_NAME_NBYTES], bool *is_folder,
                        uint64_t *size)
{
    bool is_posix = memcmp(header->magic,
                           "ustar\0"
                           "00",
                           8) == 0;
    size_t used = 0, length;

    if ((!is_posix && memcmp(header->magic, "ustar  ", 8) != 0) || !has_checksum(header) ||
        !read_octal(header->size, sizeof(header->size), size))
        return false;
    if (is_posix && header->prefix[0] != '\0') {
        used = strnlen(header->prefix, sizeof(header->prefix));
        memcpy(path, header->prefix, used);
        path[used++] = '/';
    }
    length = strnlen(header->name, sizeof(header->name));
    memcpy(path + used, header->name, length);
    path[used + length] = '\0';
    *is_folder = header->type == '5';
    if (*is_folder)
        return *size == 0;
    return (header->type == '0' || header->type == '\0') && length > 0 &&
           header->name[length - 1] != '/';
}

static bool list_headers(struct window *window, const char *name, struct members *members,
                         bool *is_plain, struct error *error)
{
    uint64_t file_nbytes = (uint64_t)lseek(window->fd, 0, SEEK_END), at = 0, size;
    const struct header *header;
    bool ok = true;

    while (ok && (header = find_header(window, at)) != NULL) {
        char path[MAX_NAME_NBYTES];
        bool is_folder;

        if (is_zero(header)) {
            *is_plain = at > 0;
            break;
        }
        if (!read_header(header, path, &is_folder, &size) || size > file_nbytes - at)
            break;
        at += TAR_BLOCK_NBYTES;
        ok = members_take(members, path, is_folder, at, size, error);
        at += (size + TAR_BLOCK_NBYTES - 1) / TAR_BLOCK_NBYTES * TAR_BLOCK_NBYTES;
        if (ok)
            ok = members_check_stopped(name, error);
    }
    return ok;
}

bool members_list_tar(int fd, const char *name, struct members *members, bool *is_plain,
                      struct error *error)
{
    struct window window = {.fd = fd, .bytes = malloc(BUFFER_NBYTES)};
    bool ok;

    *is_plain = false;
    *members = (struct members){.has_contents = true};
    if (!window.bytes)
        return error_set_memory(error, BUFFER_NBYTES);
    ok = list_headers(&window, name, members, is_plain, error);
    free(window.bytes);
    if (!*is_plain)
        members_free(members);
    return ok;
}
