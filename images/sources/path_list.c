#include "images/sources/path_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/file.h"
#include "common/memory.h"
#include "images/decoder.h"

static const char magic[] = "quern list 2\n";
static const char any_magic[] = "quern list ";

/* "quern seal 1 NNNNNNNNNNNNNNNNNNNN CCCCCCCC SSSSSSSS\n": see FORMAT.md. */
enum { SEAL_NBYTES = 52, SEAL_LAST_AT = 43 };

/* ---- writing ---- */

static void path_list_make_seal(const void *bytes, size_t nbytes, char seal[SEAL_NBYTES + 1])
{
    snprintf(seal, SEAL_NBYTES + 1, "quern seal 1 %020" PRIu64 " %08" PRIx32 " ", (uint64_t)nbytes,
             crc32_of(bytes, nbytes));
    snprintf(seal + SEAL_LAST_AT, SEAL_NBYTES + 1 - SEAL_LAST_AT, "%08" PRIx32 "\n",
             crc32_of(seal, SEAL_LAST_AT));
}

/* Somebody's file stays. */
static bool path_list_check_replaceable(const char *path, struct error *error)
{
    char found[sizeof(any_magic)] = "";
    int descriptor;
    bool is_list;

    if (!file_exists(path))
        return true;
    descriptor = file_open(path, NULL, error);
    if (descriptor < 0)
        return false;
    is_list = file_read_some_at(descriptor, found, sizeof(any_magic) - 1, 0) >= 0 &&
              strcmp(found, any_magic) == 0;
    file_close(&descriptor);
    return is_list || error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                                "exists and is no quern list; --force replaces it");
}

bool path_list_write(const char *path, const struct scan *scan, bool is_forced, struct error *error)
{
    size_t nbytes = sizeof(magic) - 1, used = sizeof(magic) - 1;
    char *bytes;
    bool ok;

    if (!is_forced && !path_list_check_replaceable(path, error))
        return false;
    for (size_t i = 0; i < scan->num_images; i++)
        nbytes += strlen(scan->paths[i]) + 1;
    bytes = malloc(nbytes + SEAL_NBYTES + 1);
    if (!bytes)
        return error_set_memory(error, nbytes);
    memcpy(bytes, magic, used);
    for (size_t i = 0; i < scan->num_images; i++) {
        size_t length = strlen(scan->paths[i]) + 1;

        memcpy(bytes + used, scan->paths[i], length);
        used += length;
    }
    path_list_make_seal(bytes, nbytes, bytes + nbytes);
    ok = file_replace(path, bytes, nbytes + SEAL_NBYTES, true, error);
    free(bytes);
    return ok;
}

/* ---- reading ---- */

static bool path_list_refuse(const char *path, const char *what, const char *found,
                             struct error *error)
{
    return error_set(error, STATUS_DATA, ERROR_AT(.file = path, .found = found), "%s", what);
}

/* The name of an image, no part of which is empty or junk, as ".." is. */
static bool path_list_is_found_by_walks(const char *name)
{
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/' && part != name;
        if (*part == '\0' || *part == '/' || junk_find(part, strcspn(part, "/")) != JUNK_NONE)
            return false;
    }
    return decoder_has_extension(name);
}

/* The rules for those directories that the paths have at the top. */
static struct scan_rules path_list_choose_top(const char *bytes, const char *end,
                                              const struct scan_rules *rules)
{
    struct scan_top top = {0};
    size_t length = 0;
    const char *last = NULL;

    for (const char *at = bytes; at < end; at += strlen(at) + 1) {
        if (last && strncmp(at, last, length + 1) == 0)
            continue;
        last = at;
        length = strcspn(at, "/");
        if (at[length] == '/')
            scan_count_top(&top, rules, at, length);
    }
    return scan_choose_top(&top, rules);
}

/* Adds the paths that a walk by the rules would find; *bytes are those behind the magic. */
static bool path_list_add_all(const char *path, const char *bytes, size_t nbytes,
                              const struct scan_rules *rules, struct scan *scan,
                              struct error *error)
{
    const char *end = bytes + nbytes, *last = NULL;
    const struct scan_rules chosen = path_list_choose_top(bytes, end, rules);
    bool is_outside;

    for (const char *at = bytes; at < end; last = at, at += strlen(at) + 1) {
        if (!path_list_is_found_by_walks(at))
            return path_list_refuse(path, "holds a path that no walk finds", at, error);
        if (last && strcmp(last, at) >= 0)
            return path_list_refuse(path, "holds a path out of order", at, error);
        if (!scan_add_directories(scan, &chosen, at, false, &is_outside, error))
            return false;
        if (!is_outside)
            scan->paths[scan->num_images++] = at;
    }
    scan_finish(scan);
    return true;
}

bool path_list_parse(const char *path, char *bytes, size_t nbytes, const struct scan_rules *rules,
                     struct scan *scan, struct error *error)
{
    size_t first = sizeof(magic) - 1, count = 0;
    bool ok = nbytes >= first && memcmp(bytes, magic, first) == 0;

    *scan = (struct scan){.path_bytes = bytes};
    if (!ok)
        path_list_refuse(path, "is no list of version 2 (quern-ingest --write-list makes one)",
                         NULL, error);
    else if (nbytes > first && bytes[nbytes - 1] != '\0')
        ok = path_list_refuse(path, "ends within a path", NULL, error);
    for (size_t i = first; ok && i < nbytes; i++)
        count += bytes[i] == '\0';
    ok = ok && memory_allocate(&scan->paths, count, sizeof(*scan->paths), error) &&
         path_list_add_all(path, bytes + first, nbytes - first, rules, scan, error);
    if (!ok)
        scan_free(scan);
    return ok;
}

bool path_list_read(const char *path, const struct scan_rules *rules, struct scan *scan,
                    struct error *error)
{
    char seal[SEAL_NBYTES + 1];
    uint8_t *bytes;
    size_t nbytes;

    *scan = (struct scan){0};
    if (!file_read_whole(path, UINT64_MAX, &bytes, &nbytes, error))
        return false;
    if (nbytes < sizeof(any_magic) || memcmp(bytes, any_magic, sizeof(any_magic) - 1) != 0) {
        path_list_refuse(path, "is no list (quern-ingest --write-list makes one)", NULL, error);
    } else if (nbytes >= SEAL_NBYTES) {
        nbytes -= SEAL_NBYTES;
        path_list_make_seal(bytes, nbytes, seal);
        if (memcmp(bytes + nbytes, seal, SEAL_NBYTES) != 0)
            path_list_refuse(path, "is damaged or cut short: its seal does not fit; write it again",
                             NULL, error);
    } else {
        path_list_refuse(path, "is cut short: it has no seal; write it again", NULL, error);
    }
    if (!error_ok(error)) {
        free(bytes);
        return false;
    }
    bytes[nbytes] = '\0';
    return path_list_parse(path, (char *)bytes, nbytes, rules, scan, error);
}
