#include "formats/file/seal.h"

#include <errno.h>
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "common/checksum.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"

enum {
    /* Bytes whose checksum one thread computes in one go, while they are in its cache. */
    BLOCK_NBYTES = 1 << 18,
    /* Stretches of which sums are kept: from the shortest that is worth an entry to where one that
     * grows is closed, which bounds what is read again when a part of it is overwritten. */
    MIN_SUM_NBYTES = 1 << 12,
    MAX_SUM_NBYTES = 1 << 20,
    MAGIC_NBYTES = 13,
    SEALED_PART_NBYTES = SEAL_NBYTES - 9
};

static const char magic[] = "quern seal 1 ";

/* CRC-32 of the bytes offset to offset + nbytes - 1. */
struct seal_sum {
    uint64_t offset;
    uint64_t nbytes;
    uint32_t crc32;
};

/* ---- sums of what is written ---- */

/* The index of the first stretch that ends behind offset. */
static size_t seal_sums_find(const struct seal_sums *sums, uint64_t offset)
{
    size_t low = 0, high = sums->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct seal_sum *sum = &sums->items[middle];

        if (sum->offset + sum->nbytes > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Removes the stretches first to end - 1. */
static void seal_sums_remove(struct seal_sums *sums, size_t first, size_t end)
{
    if (first == end)
        return;
    memmove(sums->items + first, sums->items + end, (sums->count - end) * sizeof(*sums->items));
    sums->count -= end - first;
}

void seal_sums_note(struct seal_sums *sums, uint64_t offset, const void *bytes, size_t nbytes)
{
    size_t first = seal_sums_find(sums, offset), end = first;
    struct seal_sum *before, sum = {offset, nbytes, 0};
    struct error ignored = {0};

    while (end < sums->count && sums->items[end].offset < offset + nbytes)
        end++;
    seal_sums_remove(sums, first, end);
    before = first > 0 ? &sums->items[first - 1] : NULL;
    if (before && before->offset + before->nbytes == offset && before->nbytes < MAX_SUM_NBYTES) {
        before->crc32 =
            (uint32_t)crc32_combine(before->crc32, crc32_of(bytes, nbytes), (z_off_t)nbytes);
        before->nbytes += nbytes;
        return;
    }
    if (nbytes < MIN_SUM_NBYTES || !memory_grow(&sums->items, &sums->capacity, sums->count + 1,
                                                sizeof(*sums->items), &ignored))
        return;
    sum.crc32 = crc32_of(bytes, nbytes);
    memmove(sums->items + first + 1, sums->items + first,
            (sums->count - first) * sizeof(*sums->items));
    sums->items[first] = sum;
    sums->count++;
}

void seal_sums_cut(struct seal_sums *sums, uint64_t nbytes)
{
    seal_sums_remove(sums, seal_sums_find(sums, nbytes), sums->count);
}

void seal_sums_free(struct seal_sums *sums)
{
    free(sums->items);
    *sums = (struct seal_sums){0};
}

/* ---- sums of what is read ---- */

/* One block of a file; 0, or the errno of what has failed. */
static int seal_sum_block(int descriptor, uint64_t offset, size_t nbytes, unsigned char *buffer,
                          uint32_t *crc32)
{
    ssize_t found;

    if (!buffer)
        return ENOMEM;
    found = file_read_some_at(descriptor, buffer, nbytes, offset);
    if (found < 0)
        return errno;
    if ((size_t)found != nbytes)
        return EIO; /* the file has become shorter */
    *crc32 = crc32_of(buffer, nbytes);
    return 0;
}

/* CRC-32 of nbytes of a file from offset on, read in blocks by several threads. */
static bool seal_compute_crc32(int descriptor, const char *name, uint64_t first, uint64_t nbytes,
                               int num_threads, uint32_t *result, struct error *error)
{
    uint64_t num_blocks = (nbytes + BLOCK_NBYTES - 1) / BLOCK_NBYTES;
    uint32_t *block_crc32 = NULL;
    uLong crc = crc32_z(0, NULL, 0);
    int first_errno = 0;
    struct progress progress = progress_begin(NULL, "check", "bytes", nbytes);

    if (!memory_allocate(&block_crc32, (size_t)num_blocks, sizeof(*block_crc32), error))
        return false;
    if ((uint64_t)num_threads > num_blocks)
        num_threads = num_blocks ? (int)num_blocks : 1;
#pragma omp parallel num_threads(num_threads) reduction(max : first_errno)
    {
        /* Each thread has its own, however many of them there are. */
        unsigned char *buffer = malloc(BLOCK_NBYTES);

        /* The end of the region is the one place to meet. */
#pragma omp for schedule(static, 1) nowait
        for (uint64_t block = 0; block < num_blocks; block++) {
            uint64_t offset = block * BLOCK_NBYTES;
            size_t size = nbytes - offset < BLOCK_NBYTES ? nbytes - offset : BLOCK_NBYTES;
            int number =
                seal_sum_block(descriptor, first + offset, size, buffer, &block_crc32[block]);

            first_errno = number > first_errno ? number : first_errno;
            if (omp_get_thread_num() == 0)
                progress_update(&progress, offset);
        }
        free(buffer);
    }
    progress_clear(&progress);
    for (uint64_t block = 0; block < num_blocks; block++) {
        uint64_t offset = block * BLOCK_NBYTES;
        uint64_t size = nbytes - offset < BLOCK_NBYTES ? nbytes - offset : BLOCK_NBYTES;

        crc = crc32_combine(crc, block_crc32[block], (z_off_t)size);
    }
    free(block_crc32);
    *result = (uint32_t)crc;
    errno = first_errno;
    if (first_errno == ENOMEM)
        return error_set_memory(error, BLOCK_NBYTES);
    return first_errno == 0 || error_set_errno(error, name, "cannot read");
}

/* CRC-32 of a file of nbytes; read where the sums leave gaps. */
static bool seal_complete_crc32(int descriptor, const char *name, uint64_t nbytes,
                                const struct seal_sums *sums, uint32_t *result, struct error *error)
{
    uint64_t done = 0;
    uLong crc = crc32_z(0, NULL, 0);

    for (size_t i = 0; i <= sums->count; i++) {
        const struct seal_sum *sum = i < sums->count ? &sums->items[i] : NULL;
        uint64_t end = sum ? sum->offset : nbytes;
        uint32_t gap_crc32;

        if (sum && sum->offset + sum->nbytes > nbytes)
            continue;
        if (end > done) {
            if (!seal_compute_crc32(descriptor, name, done, end - done, 1, &gap_crc32, error))
                return false;
            crc = crc32_combine(crc, gap_crc32, (z_off_t)(end - done));
            done = end;
        }
        if (sum) {
            crc = crc32_combine(crc, sum->crc32, (z_off_t)sum->nbytes);
            done += sum->nbytes;
        }
    }
    *result = (uint32_t)crc;
    return true;
}

/* ---- the line ---- */

static void seal_format_line(char line[SEAL_NBYTES + 1], uint64_t nbytes, uint32_t crc32)
{
    snprintf(line, SEAL_NBYTES + 1, "%s%020" PRIu64 " %08" PRIx32 " ", magic, nbytes, crc32);
    snprintf(line + SEALED_PART_NBYTES, SEAL_NBYTES + 1 - SEALED_PART_NBYTES, "%08" PRIx32 "\n",
             crc32_of(line, SEALED_PART_NBYTES));
}

bool seal_append(int descriptor, const char *name, const struct seal_sums *sums,
                 struct error *error)
{
    char line[SEAL_NBYTES + 1];
    struct stat info;
    uint64_t nbytes;
    uint32_t crc32 = 0;

    if (fstat(descriptor, &info) != 0)
        return error_set_errno(error, name, "cannot look at");
    nbytes = (uint64_t)info.st_size;
    if (!seal_complete_crc32(descriptor, name, nbytes, sums, &crc32, error))
        return false;
    seal_format_line(line, nbytes, crc32);
    return file_write_at(descriptor, name, line, SEAL_NBYTES, nbytes, error);
}

static bool seal_refuse(const char *name, const char *what, const char *expected, const char *found,
                        struct error *error)
{
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = name, .expected = expected, .found = found), "%s", what);
}

static bool seal_check_line(int descriptor, const char *name, uint64_t file_nbytes,
                            const char *line, bool is_full, int num_threads, struct error *error)
{
    char again[SEAL_NBYTES + 1];
    uint64_t nbytes;
    uint32_t sealed_crc32, found_crc32;

    if (sscanf(line + MAGIC_NBYTES, "%20" SCNu64 " %8" SCNx32, &nbytes, &sealed_crc32) != 2)
        return seal_refuse(name, "the seal at its end is damaged", NULL, NULL, error);
    seal_format_line(again, nbytes, sealed_crc32);
    if (memcmp(line, again, SEAL_NBYTES) != 0)
        return seal_refuse(name, "the seal at its end is damaged", NULL, NULL, error);
    if (nbytes != file_nbytes - SEAL_NBYTES)
        return seal_refuse(name, "the file is damaged: its length is not that of its seal",
                           TEXT("%" PRIu64, nbytes), TEXT("%" PRIu64, file_nbytes - SEAL_NBYTES),
                           error);
    if (!is_full)
        return true;
    if (!seal_compute_crc32(descriptor, name, 0, nbytes, num_threads, &found_crc32, error))
        return false;
    if (found_crc32 != sealed_crc32)
        return seal_refuse(name, "the file is damaged: its CRC-32 is not that of its seal",
                           TEXT("%08" PRIx32, sealed_crc32), TEXT("%08" PRIx32, found_crc32),
                           error);
    return true;
}

bool seal_check(int descriptor, const char *name, bool is_full, int num_threads, bool *is_sealed,
                struct error *error)
{
    char line[SEAL_NBYTES + 1] = "";
    struct stat info;

    *is_sealed = false;
    if (fstat(descriptor, &info) != 0)
        return error_set_errno(error, name, "cannot look at");
    if (info.st_size < SEAL_NBYTES)
        return true;
    if (!file_read_at(descriptor, name, line, SEAL_NBYTES, (uint64_t)info.st_size - SEAL_NBYTES,
                      error))
        return false;
    if (memcmp(line, magic, MAGIC_NBYTES) != 0)
        return true;
    *is_sealed = true;
    return seal_check_line(descriptor, name, (uint64_t)info.st_size, line, is_full, num_threads,
                           error);
}

bool seal_check_path(const char *path, bool is_full, int num_threads, bool *is_sealed,
                     struct error *error)
{
    int descriptor = file_open(path, NULL, error);
    bool ok;

    *is_sealed = false;
    if (descriptor < 0)
        return false;
    ok = seal_check(descriptor, path, is_full, num_threads, is_sealed, error);
    file_close(&descriptor);
    return ok;
}
