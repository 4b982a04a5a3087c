/*
 * Archives: listed as a source, with their contents brought near, and all images read.  Whatever
 * they say, paths stay below the source, and each image gives bytes or a reason.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "images/sources/source.h"
#include "tests/fuzz/fuzz.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    static const struct scan_rules rules = {2, NULL, NULL};
    int fd = memfd_create("archive", 0);
    struct source *source = NULL;
    struct scan scan = {0};
    struct error error = {0};
    char path[64];

    FUZZ_DEMAND(fd >= 0 && write(fd, bytes, nbytes) == (ssize_t)nbytes);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    FUZZ_DEMAND(source_open(path, "/tmp/quern-fuzz", &source, &error));
    if (source_scan(source, &rules, true, &scan, &error)) {
        FUZZ_DEMAND(source_has_contents(source));
        read_all(source, &scan);
        scan_free(&scan);
    } else {
        FUZZ_DEMAND(error.status == STATUS_DATA && error.what[0] != '\0' && error.file[0] != '\0');
    }
    source_close(source);
    close(fd);
    return 0;
}
