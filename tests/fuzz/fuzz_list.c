/*
 * The list of paths, without its seal: what is accepted has one way of writing only, the bytes that
 * were read, and paths that stay below the source.
 */
#include <string.h>

#include "images/sources/path_list.h"
#include "tests/fuzz/fuzz.h"

static void check_list(const struct scan *scan, const uint8_t *bytes, size_t nbytes)
{
    size_t used = strlen("quern list 2\n");

    FUZZ_DEMAND(nbytes >= used && memcmp(bytes, "quern list 2\n", used) == 0);
    for (size_t i = 0; i < scan->num_images; i++) {
        const char *path = scan->paths[i];
        size_t length = strlen(path) + 1;

        FUZZ_DEMAND(path[0] != '/' && path[0] != '.' && !strstr(path, "/."));
        FUZZ_DEMAND(i == 0 || strcmp(scan->paths[i - 1], path) < 0);
        FUZZ_DEMAND(length <= nbytes - used && memcmp(bytes + used, path, length) == 0);
        used += length;
    }
    FUZZ_DEMAND(used == nbytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    static const struct scan_rules rules = {2, NULL, NULL};
    char *copy = malloc(nbytes + 1);
    struct scan scan;
    struct error error = {0};
    bool ok;

    FUZZ_DEMAND(copy);
    if (nbytes > 0)
        memcpy(copy, bytes, nbytes);
    copy[nbytes] = '\0';
    ok = path_list_parse("list", copy, nbytes, &rules, &scan, &error);
    FUZZ_DEMAND(ok || error.status == STATUS_DATA);
    FUZZ_DEMAND(ok == error_ok(&error));
    if (ok)
        check_list(&scan, bytes, nbytes);
    scan_free(&scan);
    return 0;
}
