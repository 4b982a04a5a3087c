#include "formats/file/file_kind.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"

static const char *const kind_names[] = {
    [FILE_KIND_NONE] = "another file",
    [FILE_KIND_OTHER] = "another file",
    [FILE_KIND_STORE] = "quern store",
    [FILE_KIND_SHARD] = "quern shard",
    [FILE_KIND_CHECKPOINT] = "quern checkpoint",
    [FILE_KIND_EVALUATION] = "quern evaluation",
    [FILE_KIND_PREDICTIONS] = "quern predictions",
    [FILE_KIND_LIST] = "quern list",
    [FILE_KIND_TABLE] = "table of predictions",
    [FILE_KIND_REPORT] = "quern report",
    [FILE_KIND_PNG] = "PNG picture",
};

static const char hdf5_signature[] = "\x89HDF\r\n\x1a\n", list_signature[] = "quern list ",
                  csv_signature[] = "path,class,probability,", jsonl_signature[] = "{\"path\":",
                  report_signature[] = "<!DOCTYPE html><!--quern report ",
                  png_signature[] = "\x89PNG\r\n\x1a\n";

enum {
    SIGNATURE_NBYTES = 32,
    WINDOW_NBYTES = 1 << 20, /* searched at once */
    /* A type and a shape lie between the name of an attribute and its value. */
    MAX_DISTANCE = 128,
    OVERLAP_NBYTES = 2 * MAX_DISTANCE, /* of windows: holds a whole mark */
};

const char *file_kind_name(enum file_kind kind)
{
    return kind_names[kind];
}

/* The kind whose name begins at text, which has nbytes. */
static enum file_kind file_kind_of_name(const char *text, size_t nbytes)
{
    for (int kind = FILE_KIND_STORE; kind <= FILE_KIND_PREDICTIONS; kind++) {
        size_t length = strlen(kind_names[kind]);

        if (length <= nbytes && memcmp(text, kind_names[kind], length) == 0)
            return (enum file_kind)kind;
    }
    return FILE_KIND_OTHER;
}

/* Looks for an attribute named "format" that has the name of a kind as its value. */
static enum file_kind file_kind_search(const char *bytes, size_t nbytes)
{
    static const char name[] = "format"; /* and the NUL after it */
    const char *end = bytes + nbytes, *found = bytes;

    while ((found = memmem(found, (size_t)(end - found), "quern ", 6)) != NULL) {
        const char *start = found - bytes > MAX_DISTANCE ? found - MAX_DISTANCE : bytes;
        enum file_kind kind = file_kind_of_name(found, (size_t)(end - found));

        if (kind != FILE_KIND_OTHER &&
            memmem(start, (size_t)(found - start), name, sizeof(name)) != NULL)
            return kind;
        found++;
    }
    return FILE_KIND_OTHER;
}

/* Searches an HDF5 file, in windows: the last one first, because a store has its mark near its end.
 */
static bool file_kind_search_file(int descriptor, const char *path, uint64_t file_nbytes,
                                  enum file_kind *kind, struct error *error)
{
    uint64_t last = file_nbytes > WINDOW_NBYTES ? file_nbytes - WINDOW_NBYTES : 0, offset = last;
    char *window = malloc(WINDOW_NBYTES);
    bool ok = window || error_set_memory(error, WINDOW_NBYTES), is_first = true;

    while (ok && *kind == FILE_KIND_OTHER) {
        ssize_t nbytes = file_read_some_at(descriptor, window, WINDOW_NBYTES, offset);

        ok = nbytes >= 0 || error_set_errno(error, path, "cannot read");
        if (ok)
            *kind = file_kind_search(window, (size_t)nbytes);
        offset = is_first ? 0 : offset + WINDOW_NBYTES - OVERLAP_NBYTES;
        is_first = false;
        if (offset >= last)
            break;
    }
    free(window);
    return ok;
}

bool file_kind_find(const char *path, enum file_kind *kind, struct error *error)
{
    char signature[SIGNATURE_NBYTES] = "";
    struct stat info;
    uint64_t nbytes = 0;
    int descriptor;
    bool ok = true;

    *kind = FILE_KIND_NONE;
    if (!file_exists(path))
        return true;
    *kind = FILE_KIND_OTHER;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return true;
    descriptor = file_open(path, &nbytes, error);
    if (descriptor < 0)
        return false;
    if (file_read_some_at(descriptor, signature, sizeof(signature), 0) < 0)
        ok = error_set_errno(error, path, "cannot read");
    else if (memcmp(signature, list_signature, sizeof(list_signature) - 1) == 0)
        *kind = FILE_KIND_LIST;
    else if (memcmp(signature, csv_signature, sizeof(csv_signature) - 1) == 0 ||
             memcmp(signature, jsonl_signature, sizeof(jsonl_signature) - 1) == 0)
        *kind = FILE_KIND_TABLE;
    else if (memcmp(signature, report_signature, sizeof(report_signature) - 1) == 0)
        *kind = FILE_KIND_REPORT;
    else if (memcmp(signature, png_signature, sizeof(png_signature) - 1) == 0)
        *kind = FILE_KIND_PNG;
    else if (memcmp(signature, hdf5_signature, sizeof(hdf5_signature) - 1) == 0)
        ok = file_kind_search_file(descriptor, path, nbytes, kind, error);
    file_close(&descriptor);
    return ok;
}

bool file_kind_check_output(const char *path, enum file_kind kind, bool is_forced,
                            struct error *error)
{
    char *resolved = file_resolve(path, error); /* refuses what is there and is no regular file */
    enum file_kind found;

    if (!resolved)
        return false;
    free(resolved);
    if (is_forced)
        return true;
    if (!file_kind_find(path, &found, error))
        return false;
    if (found == kind || found == FILE_KIND_NONE)
        return true;
    return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                     "exists and is no %s: %s; --force replaces it", kind_names[kind],
                     found != FILE_KIND_OTHER     ? kind_names[found]
                     : kind == FILE_KIND_PNG ? "another file"
                                             : "not a file of quern");
}
