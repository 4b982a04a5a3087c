#include "images/sources/archive_member.h"

#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "images/decoder.h"

enum {
    MAX_PATH_NBYTES = 4096, /* the system's own limit for an unpacked tree */
    MAX_HOPS = 8,           /* hard links to hard links: a circle of them ends there */
};

/* ---- paths ---- */

/*
 * Writes the path without ".", doubled slashes and a slash at the end; returns its length, 0 for
 * one that is nothing but those, and -1 for one that leads elsewhere or is too long.
 */
static ptrdiff_t members_clean_path(const char *path, char clean[MAX_PATH_NBYTES])
{
    size_t used = 0;

    if (path[0] == '/')
        return -1;
    while (*path) {
        size_t length = strcspn(path, "/");
        bool is_dot = length == 1 && path[0] == '.';

        if (length == 2 && path[0] == '.' && path[1] == '.')
            return -1;
        if (length > 0 && !is_dot) {
            if (used + length + 2 > MAX_PATH_NBYTES)
                return -1;
            if (used > 0)
                clean[used++] = '/';
            memcpy(clean + used, path, length);
            used += length;
        }
        path += length;
        path += *path == '/';
    }
    clean[used] = '\0';
    return (ptrdiff_t)used;
}

/* As a scan skips them; __MACOSX holds what the Finder adds to a zip, and no unpacked tree has. */
static bool members_is_hidden(const char *path)
{
    return path[0] == '.' || strstr(path, "/.") != NULL ||
           (strncmp(path, "__MACOSX", 8) == 0 && (path[8] == '/' || path[8] == '\0'));
}

static bool members_add_path(struct members *members, const char *path, size_t *offset,
                             struct error *error)
{
    size_t nbytes = strlen(path) + 1;

    if (!memory_grow(&members->paths, &members->paths_capacity, members->paths_nbytes + nbytes, 1,
                     error))
        return false;
    *offset = members->paths_nbytes;
    memcpy(members->paths + members->paths_nbytes, path, nbytes);
    members->paths_nbytes += nbytes;
    return true;
}

/* ---- members ---- */

void members_refuse(struct members *members, const char *path, enum member_refusal why)
{
    char clean[MAX_PATH_NBYTES];
    ptrdiff_t length = members_clean_path(path, clean);

    if (length < 0)
        members->num_refused[REFUSED_PATH]++;
    else if (length > 0 && !members_is_hidden(clean))
        members->num_refused[why]++;
}

static bool members_add(struct members *members, const char *path, struct member *member,
                        struct error *error)
{
    char clean[MAX_PATH_NBYTES];
    ptrdiff_t length = members_clean_path(path, clean);

    if (length < 0)
        members->num_refused[REFUSED_PATH]++;
    if (length <= 0)
        return true;
    member->is_hidden = members_is_hidden(clean);
    if (!memory_grow(&members->items, &members->capacity, members->count + 1,
                     sizeof(*members->items), error) ||
        !members_add_path(members, clean, &member->path, error))
        return false;
    members->items[members->count++] = *member;
    return true;
}

bool members_add_directory(struct members *members, const char *path, struct error *error)
{
    return members_add(members, path, &(struct member){.kind = MEMBER_DIRECTORY}, error);
}

bool members_add_file(struct members *members, const char *path,
                      const struct member_contents *contents, struct error *error)
{
    return members_add(members, path, &(struct member){.kind = MEMBER_FILE, .contents = *contents},
                       error);
}

bool members_add_hard_link(struct members *members, const char *path, const char *target,
                           struct error *error)
{
    struct member member = {.kind = MEMBER_HARD_LINK};
    char clean[MAX_PATH_NBYTES];

    if (members_clean_path(target, clean) <= 0) {
        members->num_refused[REFUSED_PATH]++;
        return true;
    }
    return members_add_path(members, clean, &member.target, error) &&
           members_add(members, path, &member, error);
}

void members_free(struct members *members)
{
    free(members->paths);
    free(members->items);
    *members = (struct members){0};
}

/* ---- the scan ---- */

struct sorting {
    const struct members *members;
    const struct scan_rules *rules;
    struct scan_order *order; /* all members by path, equal paths in order of the archive */
    size_t root_length;       /* of what stands before each path, with its slash */
    struct scan *scan;
    struct member_contents *contents;
    struct error *error;
};

static const struct member *members_at(const struct sorting *sorting, size_t position)
{
    return &sorting->members->items[sorting->order[position].index];
}

/* The directory around all members that a scan does not skip. */
static bool members_find_root(struct sorting *sorting)
{
    const struct members *members = sorting->members;
    const char *first = NULL;
    size_t length = 0;

    for (size_t i = 0; i < members->count; i++) {
        const char *path = members->paths + members->items[i].path;

        if (members->items[i].is_hidden)
            continue;
        if (!first) {
            first = path;
            length = strcspn(first, "/");
        }
        if (strncmp(path, first, length) != 0 || (path[length] != '/' && path[length] != '\0') ||
            (path[length] == '\0' && members->items[i].kind != MEMBER_DIRECTORY))
            return true;
    }
    if (!first || scan_is_one_of(sorting->rules->split_folders, first, length))
        return true;
    sorting->scan->root = strndup(first, length);
    sorting->root_length = length + 1;
    return sorting->scan->root || error_set_memory(sorting->error, length + 1);
}

/* The last member of a path; NULL if there is none. */
static const struct member *members_find(const struct sorting *sorting, const char *path)
{
    size_t low = 0, high = sorting->members->count;

    while (low < high) { /* the first that is greater */
        size_t middle = low + (high - low) / 2;

        if (strcmp(sorting->order[middle].path, path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(sorting->order[low - 1].path, path) == 0 ? members_at(sorting, low - 1)
                                                                      : NULL;
}

/* The file that a member is or leads to, NULL if none. */
static const struct member *members_follow(const struct sorting *sorting,
                                           const struct member *member)
{
    for (int hop = 0; hop < MAX_HOPS && member && member->kind == MEMBER_HARD_LINK; hop++)
        member = members_find(sorting, sorting->members->paths + member->target);
    return member && member->kind == MEMBER_FILE ? member : NULL;
}

static bool members_scan_file(struct sorting *sorting, const char *path,
                              const struct member *member)
{
    struct scan *scan = sorting->scan;

    if (!decoder_has_extension(path))
        return scan_add_other(scan, path, sorting->error);
    member = members_follow(sorting, member);
    if (!member) {
        scan->num_links++;
        return true;
    }
    sorting->contents[scan->num_images] = member->contents;
    scan->paths[scan->num_images++] = path;
    return true;
}

static bool members_scan_all(struct sorting *sorting)
{
    size_t count = sorting->members->count;
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++) {
        const struct member *member = members_at(sorting, i);
        const char *path = sorting->order[i].path;
        bool is_directory = member->kind == MEMBER_DIRECTORY, is_outside;

        if (member->is_hidden || strlen(path) <= sorting->root_length)
            continue; /* strlen: the directory around all itself */
        /* The last of equal paths is what unpacking would leave. */
        if (i + 1 < count && strcmp(path, sorting->order[i + 1].path) == 0) {
            sorting->scan->num_replaced += !is_directory;
            continue;
        }
        path += sorting->root_length;
        ok = scan_add_directories(sorting->scan, sorting->rules, path, is_directory, &is_outside,
                                  sorting->error);
        if (ok && !is_outside && !is_directory)
            ok = members_scan_file(sorting, path, member);
    }
    scan_finish(sorting->scan);
    return ok;
}

bool members_scan(const struct members *members, const struct scan_rules *rules, struct scan *scan,
                  struct member_contents **contents, struct error *error)
{
    struct sorting sorting = {.members = members, .rules = rules, .scan = scan, .error = error};
    size_t count = members->count;
    bool ok;

    *scan = (struct scan){.num_unsafe_paths = members->num_refused[REFUSED_PATH],
                          .num_links = members->num_refused[REFUSED_LINK],
                          .num_special = members->num_refused[REFUSED_SPECIAL]};
    *contents = NULL;
    ok = memory_allocate_unset(&sorting.order, count, sizeof(*sorting.order), error) &&
         memory_allocate_unset(&scan->paths, count, sizeof(*scan->paths), error) &&
         memory_allocate_unset(&sorting.contents, count, sizeof(*sorting.contents), error);
    for (size_t i = 0; i < count && ok; i++)
        sorting.order[i] = (struct scan_order){members->paths + members->items[i].path, i, 0};
    if (ok)
        scan_sort(sorting.order, count);
    ok = ok && members_find_root(&sorting) && members_scan_all(&sorting);
    free(sorting.order);
    if (ok) {
        *contents = sorting.contents;
    } else {
        free(sorting.contents);
        scan_free(scan);
    }
    return ok;
}

/* ---- reading ---- */

static bool member_decompress(const struct member_contents *contents, struct source_reader *reader,
                              struct source_file *file, struct error *error)
{
    const char *damaged = "is damaged in the archive";
    uint64_t nbytes = contents->nbytes;
    enum decompress_result result;

    if (!reader->decompressor && !(reader->decompressor = decompressor_create()))
        return error_set_memory(error, sizeof(void *));
    /* Before memory is taken for a size that is not true. */
    if (nbytes / DECOMPRESS_MAX_RATIO > file->nbytes)
        return error_set(error, STATUS_DATA, NULL, "%s", damaged);
    if (!source_reader_reserve(&reader->decompressed, &reader->decompressed_capacity_nbytes, nbytes,
                               error))
        return false;
    result = decompressor_run_deflate(reader->decompressor, file->bytes, file->nbytes,
                                      reader->decompressed, (size_t)nbytes);
    if (result == DECOMPRESS_NO_MEMORY)
        return error_set_memory(error, nbytes);
    file->bytes = reader->decompressed;
    file->nbytes = (size_t)nbytes;
    return result == DECOMPRESS_OK || error_set(error, STATUS_DATA, NULL, "%s", damaged);
}

bool member_read(int descriptor, const struct member_contents *contents,
                 struct source_reader *reader, struct source_file *file, struct error *error)
{
    bool is_deflated = contents->storage == MEMBER_DEFLATED;
    uint64_t stored_nbytes = is_deflated ? contents->compressed_nbytes : contents->nbytes;

    if (contents->storage == MEMBER_SPARSE)
        return error_set(error, STATUS_DATA, NULL,
                         "is stored in pieces: pack the archive without --sparse");
    if (contents->storage == MEMBER_UNKNOWN)
        return error_set(error, STATUS_DATA, NULL,
                         "is neither stored nor deflated in the archive: pack it so");
    if (!source_file_check_size(contents->nbytes, error) ||
        !source_file_read(descriptor, contents->offset, stored_nbytes, reader, file, error) ||
        (is_deflated && !member_decompress(contents, reader, file, error)))
        return false;
    if (contents->has_crc32 && crc32_of(file->bytes, file->nbytes) != contents->crc32)
        return error_set(error, STATUS_DATA, NULL, "is damaged in the archive: wrong checksum");
    return true;
}
