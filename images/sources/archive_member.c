#include "images/sources/archive_member.h"

#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "images/sources/junk.h"

/* ---- paths ---- */

/*
 * Writes the path without ".", doubled slashes and a slash at the end; returns its length, 0 for
 * one that is nothing but those, and -1 for one that leads elsewhere or is too long.
 */
static ptrdiff_t members_clean_path(const char *path, char clean[MEMBER_MAX_PATH_NBYTES])
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
            if (used + length + 2 > MEMBER_MAX_PATH_NBYTES)
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

static bool members_is_hidden(const char *path)
{
    size_t begin, length;
    int kind;

    return junk_find_in_path(path, &begin, &length, &kind);
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
    char clean[MEMBER_MAX_PATH_NBYTES];
    ptrdiff_t length = members_clean_path(path, clean);

    if (length < 0)
        members->num_refused[REFUSED_PATH]++;
    else if (length > 0 && !members_is_hidden(clean))
        members->num_refused[why]++;
}

static bool members_add(struct members *members, const char *path, struct member *member,
                        struct error *error)
{
    char clean[MEMBER_MAX_PATH_NBYTES];
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
    char clean[MEMBER_MAX_PATH_NBYTES];

    if (members_clean_path(target, clean) <= 0) {
        members->num_refused[REFUSED_PATH]++;
        return true;
    }
    return members_add_path(members, clean, &member.target, error) &&
           members_add(members, path, &member, error);
}

bool members_add_symbolic_link(struct members *members, const char *path, const char *target,
                               struct error *error)
{
    struct member member = {.kind = MEMBER_SYMBOLIC_LINK};

    members->num_symbolic_links++;
    return members_add_path(members, target, &member.target, error) &&
           members_add(members, path, &member, error);
}

void members_free(struct members *members)
{
    free(members->paths);
    free(members->items);
    *members = (struct members){0};
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
