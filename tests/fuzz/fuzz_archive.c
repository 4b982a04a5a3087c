/*
 * Archives: listed as a source, with their contents brought near, and all images read.  Whatever
 * they say, paths stay below the source, and each image gives bytes or a reason.  Mutations go into
 * what gzip holds, and are mended half of the time: checksums of tar headers are made right again,
 * or hardly one would get past them.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "images/sources/source.h"
#include "tests/fuzz/fuzz.h"

#ifdef QUERN_LIBFUZZER
enum {
    BLOCK_NBYTES = 512,
    CHECKSUM_AT = 148,
    GZIP_WINDOW_BITS = 15 + 16,
    MAX_TAR_NBYTES = 1 << 16
};

/* Blocks that look like headers get the sum of their bytes. */
static void mend_headers(uint8_t *bytes, size_t nbytes)
{
    for (size_t at = 0; at + BLOCK_NBYTES <= nbytes; at += BLOCK_NBYTES) {
        uint8_t *block = bytes + at;
        unsigned sum = 0;
        char text[8];

        if (memcmp(block + 257, "ustar", 5) != 0)
            continue;
        memset(block + CHECKSUM_AT, ' ', 8);
        for (int i = 0; i < BLOCK_NBYTES; i++)
            sum += block[i];
        snprintf(text, sizeof(text), "%06o", sum);
        memcpy(block + CHECKSUM_AT, text, 7);
    }
}

static size_t mutate_tar(uint8_t *bytes, size_t nbytes, size_t max_nbytes, unsigned seed)
{
    nbytes = LLVMFuzzerMutate(bytes, nbytes, max_nbytes);
    if (seed % 2 == 0)
        mend_headers(bytes, nbytes);
    return nbytes;
}

/* The tar in a gzip file, mutated and compressed again; 0 if it is none or grows too large. */
static size_t mutate_gzip(uint8_t *bytes, size_t nbytes, size_t max_nbytes, unsigned seed)
{
    static uint8_t tar[MAX_TAR_NBYTES];
    z_stream stream = {.next_in = bytes,
                       .avail_in = (uInt)nbytes,
                       .next_out = tar,
                       .avail_out = MAX_TAR_NBYTES / 2};
    size_t tar_nbytes;
    int result;

    if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
        return 0;
    result = inflate(&stream, Z_FINISH);
    tar_nbytes = stream.total_out;
    inflateEnd(&stream);
    if (result != Z_STREAM_END)
        return 0;
    tar_nbytes = mutate_tar(tar, tar_nbytes, MAX_TAR_NBYTES, seed);
    stream = (z_stream){.next_in = tar,
                        .avail_in = (uInt)tar_nbytes,
                        .next_out = bytes,
                        .avail_out = (uInt)max_nbytes};
    if (deflateInit2(&stream, 1, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    result = deflate(&stream, Z_FINISH);
    nbytes = stream.total_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? nbytes : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t nbytes, size_t max_nbytes, unsigned seed)
{
    bool is_gzip = nbytes > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    size_t mutated =
        is_gzip && seed % 8 != 0 ? mutate_gzip(bytes, nbytes, max_nbytes, seed / 8) : 0;

    return mutated ? mutated : mutate_tar(bytes, nbytes, max_nbytes, seed);
}
#endif

static void demand_good_path(const char *path)
{
    FUZZ_DEMAND(path[0] != '/' && path[0] != '.' && path[0] != '\0');
    FUZZ_DEMAND(strstr(path, "/.") == NULL && strstr(path, "//") == NULL);
    FUZZ_DEMAND(strncmp(path, "../", 3) != 0);
}

static void read_all(const struct source *source, const struct scan *scan)
{
    struct source_reader reader = {0};

    for (size_t i = 0; i < scan->num_images; i++) {
        struct source_image image = {scan->paths[i], i};
        struct source_file file;
        struct error error = {0};

        demand_good_path(image.path);
        FUZZ_DEMAND(i == 0 || strcmp(scan->paths[i - 1], image.path) < 0);
        if (source_read(source, &image, &reader, &file, &error)) {
            /* The last byte is there to be read. */
            FUZZ_DEMAND(file.nbytes > 0);
            FUZZ_DEMAND(((const volatile uint8_t *)file.bytes)[file.nbytes - 1] <= 255);
        } else {
            FUZZ_DEMAND(error.status == STATUS_DATA && error.what[0] != '\0');
        }
    }
    source_reader_free(&reader);
}

static void scan_bytes(const uint8_t *bytes, size_t nbytes, const char *charset)
{
    static const char *const splits[] = {"train", "valid", "test", NULL};
    static const struct scan_rules rules = {2, NULL, splits, SCAN_INTO_SEVERAL_SPLITS};
    int fd = memfd_create("archive", 0);
    struct source *source = NULL;
    struct scan scan = {0};
    struct error error = {0};
    char path[64];

    FUZZ_DEMAND(fd >= 0 && write(fd, bytes, nbytes) == (ssize_t)nbytes);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    FUZZ_DEMAND(source_open(path, "/tmp/quern-fuzz", &source, &error));
    FUZZ_DEMAND(source_set_names_charset(source, charset, &error));
    if (source_scan(source, &rules, true, &scan, &error)) {
        FUZZ_DEMAND(source_has_contents(source));
        read_all(source, &scan);
        scan_free(&scan);
    } else {
        FUZZ_DEMAND(error.status == STATUS_DATA && error.what[0] != '\0' && error.file[0] != '\0');
    }
    source_close(source);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    scan_bytes(bytes, nbytes, NULL);
    scan_bytes(bytes, nbytes, "GBK");
    return 0;
}
