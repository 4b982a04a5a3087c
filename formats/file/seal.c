#include "formats/file/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "common/text.h"

/* Bytes whose checksum one thread computes in one go, while they are in its cache; checksums of
 * blocks are combined in order. */
enum { BLOCK_NBYTES = 1 << 18, MAGIC_NBYTES = 13, SEALED_PART_NBYTES = SEAL_NBYTES - 9 };

static const char magic[] = "quern seal 1 ";

/* Reads exactly nbytes at offset; false with errno set, 0 for a file that has become shorter. */
static bool read_at(int descriptor, void *bytes, size_t nbytes, uint64_t offset)
{
    char *next = bytes;

    while (nbytes > 0) {
        ssize_t num_read = pread(descriptor, next, nbytes, (off_t)offset);

        if (num_read < 0 && errno == EINTR)
            continue;
        if (num_read <= 0) {
            errno = num_read < 0 ? errno : 0;
            return false;
        }
        next += num_read;
        nbytes -= (size_t)num_read;
        offset += (uint64_t)num_read;
    }
    return true;
}

/* CRC-32 of the first nbytes of a file, read in blocks by several threads. */
static bool compute_crc32(int descriptor, const char *name, uint64_t nbytes, int num_threads,
                          uint32_t *result, struct error *error)
{
    uint64_t num_blocks = (nbytes + BLOCK_NBYTES - 1) / BLOCK_NBYTES;
    uint32_t *block_crc32 = NULL;
    unsigned char *buffers = NULL;
    int read_errno = -1;
    uLong crc = crc32_z(0, NULL, 0);
    bool ok = memory_allocate(&block_crc32, (size_t)num_blocks, sizeof(*block_crc32), error);

    if ((uint64_t)num_threads > num_blocks)
        num_threads = num_blocks ? (int)num_blocks : 1;
    if (ok)
        ok = memory_allocate_unset(&buffers, (size_t)num_threads, BLOCK_NBYTES, error);
    if (!ok)
        goto out;
#pragma omp parallel for num_threads(num_threads) schedule(static, 1) reduction(max : read_errno)
    for (uint64_t block = 0; block < num_blocks; block++) {
        /* static, 1: block i is thread i mod num_threads's, and so is its buffer. */
        unsigned char *buffer = buffers + block % (uint64_t)num_threads * BLOCK_NBYTES;
        uint64_t offset = block * BLOCK_NBYTES;
        size_t size = nbytes - offset < BLOCK_NBYTES ? nbytes - offset : BLOCK_NBYTES;

        if (read_at(descriptor, buffer, size, offset))
            block_crc32[block] = crc32_of(buffer, size);
        else
            read_errno = errno;
    }
    if (read_errno >= 0) {
        errno = read_errno ? read_errno : EIO;
        ok = error_set_errno(error, name, "cannot read");
        goto out;
    }
    for (uint64_t block = 0; block < num_blocks; block++) {
        uint64_t offset = block * BLOCK_NBYTES;
        uint64_t size = nbytes - offset < BLOCK_NBYTES ? nbytes - offset : BLOCK_NBYTES;

        crc = crc32_combine(crc, block_crc32[block], (z_off_t)size);
    }
    *result = (uint32_t)crc;
out:
    free(buffers);
    free(block_crc32);
    return ok;
}

static void format_line(char line[SEAL_NBYTES + 1], uint64_t nbytes, uint32_t crc32)
{
    snprintf(line, SEAL_NBYTES + 1, "%s%020" PRIu64 " %08" PRIx32 " ", magic, nbytes, crc32);
    snprintf(line + SEALED_PART_NBYTES, SEAL_NBYTES + 1 - SEALED_PART_NBYTES, "%08" PRIx32 "\n",
             crc32_of(line, SEALED_PART_NBYTES));
}

bool seal_append(const char *path, const char *name, struct error *error)
{
    int descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    char line[SEAL_NBYTES + 1];
    struct stat info;
    uint32_t crc32 = 0;
    bool ok;

    if (descriptor < 0)
        return error_set_errno(error, name, "cannot open to seal");
    if (fstat(descriptor, &info) != 0) {
        ok = error_set_errno(error, name, "cannot look at");
        goto out;
    }
    ok = compute_crc32(descriptor, name, (uint64_t)info.st_size, 1, &crc32, error);
    if (!ok)
        goto out;
    format_line(line, (uint64_t)info.st_size, crc32);
    for (size_t done = 0; done < SEAL_NBYTES && ok;) {
        ssize_t written = write(descriptor, line + done, SEAL_NBYTES - done);

        if (written >= 0)
            done += (size_t)written;
        else if (errno != EINTR)
            ok = error_set_errno(error, name, "cannot write");
    }
out:
    if (close(descriptor) != 0 && ok)
        ok = error_set_errno(error, name, "cannot close");
    return ok;
}

static bool refuse(const char *name, const char *what, const char *expected, const char *found,
                   struct error *error)
{
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = name, .expected = expected, .found = found), "%s", what);
}

static bool check_line(int descriptor, const char *name, uint64_t file_nbytes, const char *line,
                       bool is_full, int num_threads, struct error *error)
{
    char again[SEAL_NBYTES + 1];
    uint64_t nbytes;
    uint32_t sealed_crc32, found_crc32;

    if (sscanf(line + MAGIC_NBYTES, "%20" SCNu64 " %8" SCNx32, &nbytes, &sealed_crc32) != 2)
        return refuse(name, "the seal at its end is damaged", NULL, NULL, error);
    format_line(again, nbytes, sealed_crc32);
    if (memcmp(line, again, SEAL_NBYTES) != 0)
        return refuse(name, "the seal at its end is damaged", NULL, NULL, error);
    if (nbytes != file_nbytes - SEAL_NBYTES)
        return refuse(name, "the file is damaged: its length is not that of its seal",
                      TEXT("%" PRIu64, nbytes), TEXT("%" PRIu64, file_nbytes - SEAL_NBYTES), error);
    if (!is_full)
        return true;
    if (!compute_crc32(descriptor, name, nbytes, num_threads, &found_crc32, error))
        return false;
    if (found_crc32 != sealed_crc32)
        return refuse(name, "the file is damaged: its CRC-32 is not that of its seal",
                      TEXT("%08" PRIx32, sealed_crc32), TEXT("%08" PRIx32, found_crc32), error);
    return true;
}

bool seal_check(const char *path, const char *name, bool is_full, int num_threads, bool *is_sealed,
                struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char line[SEAL_NBYTES + 1] = "";
    bool ok = true;
    struct stat info;

    *is_sealed = false;
    if (descriptor < 0)
        return error_set_errno(error, name, "cannot open");
    if (fstat(descriptor, &info) != 0)
        ok = error_set_errno(error, name, "cannot look at");
    else if (!S_ISREG(info.st_mode))
        ok = error_set(error, STATUS_IO, ERROR_AT(.file = name), "is not a regular file");
    else if (info.st_size >= SEAL_NBYTES &&
             !read_at(descriptor, line, SEAL_NBYTES, (uint64_t)info.st_size - SEAL_NBYTES))
        ok = error_set_errno(error, name, "cannot read");
    if (ok && memcmp(line, magic, MAGIC_NBYTES) == 0) {
        *is_sealed = true;
        ok =
            check_line(descriptor, name, (uint64_t)info.st_size, line, is_full, num_threads, error);
    }
    close(descriptor);
    return ok;
}

bool seal_read(const char *path, const char *name, struct seal *seal, struct error *error)
{
    char line[SEAL_NBYTES + 1] = "";
    bool is_sealed;
    int descriptor = -1;
    struct stat info;
    bool ok = seal_check(path, name, false, 1, &is_sealed, error);

    if (ok && !is_sealed)
        ok = refuse(name, "has no seal: another program has rewritten it", NULL, NULL, error);
    if (!ok)
        return ok;
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &info) != 0 ||
        !read_at(descriptor, line, SEAL_NBYTES, (uint64_t)info.st_size - SEAL_NBYTES))
        ok = error_set_errno(error, name, "cannot read");
    else if (sscanf(line + MAGIC_NBYTES, "%20" SCNu64 " %8" SCNx32, &seal->nbytes, &seal->crc32) !=
             2)
        ok = refuse(name, "the seal at its end is damaged", NULL, NULL, error);
    if (descriptor >= 0)
        close(descriptor);
    return ok;
}
