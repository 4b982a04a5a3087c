#include "formats/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/file/atomic_file.h"
#include "formats/file/seal.h"

static const char magic[] = "quern list 1\n";

/* ---- writing ---- */

static void write_names(FILE *stream, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fwrite(names[i], 1, strlen(names[i]) + 1, stream);
}

static void write_list(FILE *stream, const struct list_file *list)
{
    fprintf(stream,
            "%slayout %s\nothers %" PRIu64 "\nloops %" PRIu64
            "\nfolders %zu\ntop-others %zu\nimages %zu\n\n",
            magic, list->is_of_classes ? "classes" : "splits", list->num_others, list->num_loops,
            list->num_folders, list->num_top_others, list->num_images);
    write_names(stream, &list->source, 1);
    write_names(stream, list->folders, list->num_folders);
    write_names(stream, list->top_others, list->num_top_others);
    write_names(stream, list->images, list->num_images);
}

/* Somebody's file stays. */
static bool check_replaceable(const char *path, struct error *error)
{
    char found[sizeof(magic)] = "";
    FILE *stream = fopen(path, "rb");
    bool is_list;

    if (!stream)
        return errno == ENOENT || error_set_errno(error, path, "cannot open");
    is_list = fread(found, 1, sizeof(magic) - 1, stream) == sizeof(magic) - 1 &&
              memcmp(found, magic, strlen("quern list ")) == 0;
    fclose(stream);
    return is_list || error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                                "exists and is no quern list; --force replaces it");
}

bool list_file_write(const char *path, const struct list_file *list, bool is_forced,
                     struct error *error)
{
    struct atomic_file file;
    FILE *stream;
    bool ok = is_forced ? true : check_replaceable(path, error);

    if (!ok || !atomic_file_begin(&file, path, FILE_KIND_LIST, is_forced, error))
        return false;
    stream = fopen(file.temporary_path, "wb");
    if (!stream) {
        ok = error_set_errno(error, path, "cannot open");
        goto out;
    }
    write_list(stream, list);
    if (fflush(stream) != 0 || ferror(stream))
        ok = error_set_errno(error, path, "cannot write");
    if (fclose(stream) != 0 && ok)
        ok = error_set_errno(error, path, "cannot write");
    if (ok)
        ok = atomic_file_commit(&file, error);
out:
    atomic_file_abandon(&file);
    return ok;
}

/* ---- reading ---- */

/* What is left of the bytes of a list. */
struct parser {
    const char *path;
    const char *next, *end;
    struct error *error;
};

static bool refuse(const struct parser *parser, const char *what, const char *found)
{
    return error_set(parser->error, STATUS_DATA, ERROR_AT(.file = parser->path, .found = found),
                     "%s", what);
}

/* Takes a line "NAME VALUE\n"; the value becomes a text. */
static bool take_line(struct parser *parser, const char *name, char value[32])
{
    size_t left = (size_t)(parser->end - parser->next), name_length = strlen(name), length;
    const char *line_end = memchr(parser->next, '\n', left);

    if (line_end && (size_t)(line_end - parser->next) > name_length &&
        memcmp(parser->next, name, name_length) == 0 && parser->next[name_length] == ' ') {
        length = (size_t)(line_end - parser->next) - name_length - 1;
        if (length < 32) {
            memcpy(value, parser->next + name_length + 1, length);
            value[length] = '\0';
            parser->next = line_end + 1;
            if (strlen(value) == length)
                return true;
        }
    }
    return refuse(parser, TEXT("has no line '%s' where it belongs", name), NULL);
}

static bool take_count(struct parser *parser, const char *name, uint64_t *count)
{
    char value[32], again[32];

    if (!take_line(parser, name, value))
        return false;
    errno = 0;
    *count = strtoull(value, NULL, 10);
    /* As it is written, in one way only. */
    snprintf(again, sizeof(again), "%" PRIu64, *count);
    if (errno != 0 || strcmp(value, again) != 0)
        return refuse(parser, TEXT("'%s' is no number", name), value);
    return true;
}

static bool take_size(struct parser *parser, const char *name, size_t *count)
{
    uint64_t value;

    if (!take_count(parser, name, &value))
        return false;
    /* Each name has one byte at least, and its NUL. */
    if (value > (uint64_t)(parser->end - parser->next) / 2)
        return refuse(parser, TEXT("'%s' is more than the list can hold", name), NULL);
    *count = (size_t)value;
    return true;
}

/* No part of it is empty or begins with a dot, as ".." does. */
static bool is_found_by_walks(const char *name)
{
    for (const char *part = name;; part++) {
        if (*part == '\0' || *part == '/' || *part == '.')
            return false;
        part = strchr(part, '/');
        if (!part)
            return true;
    }
}

static bool take_names(struct parser *parser, size_t count, const char **names)
{
    for (size_t i = 0; i < count; i++) {
        size_t left = (size_t)(parser->end - parser->next);
        const char *name_end = memchr(parser->next, '\0', left);

        if (!name_end)
            return refuse(parser, "ends within its names", NULL);
        names[i] = parser->next;
        parser->next = name_end + 1;
        if (!is_found_by_walks(names[i]))
            return refuse(parser, "holds a name that no walk finds", names[i]);
        if (i > 0 && strcmp(names[i - 1], names[i]) >= 0)
            return refuse(parser, "holds a name out of order", names[i]);
    }
    return true;
}

static bool take_head(struct parser *parser, struct list_file *list)
{
    char layout[32] = "";
    size_t magic_length = sizeof(magic) - 1;

    if ((size_t)(parser->end - parser->next) < magic_length ||
        memcmp(parser->next, magic, magic_length) != 0)
        return refuse(parser, "is no list of version 1 (quern-ingest --write-list makes one)",
                      NULL);
    parser->next += magic_length;
    if (!take_line(parser, "layout", layout) || !take_count(parser, "others", &list->num_others) ||
        !take_count(parser, "loops", &list->num_loops) ||
        !take_size(parser, "folders", &list->num_folders) ||
        !take_size(parser, "top-others", &list->num_top_others) ||
        !take_size(parser, "images", &list->num_images))
        return false;
    list->is_of_classes = strcmp(layout, "classes") == 0;
    if (!list->is_of_classes && strcmp(layout, "splits") != 0)
        return refuse(parser, "has an unknown layout", layout);
    if (list->num_top_others > LIST_FILE_MAX_TOP_OTHERS)
        return refuse(parser, "names too many files at the top", NULL);
    if (parser->next == parser->end || *parser->next != '\n')
        return refuse(parser, "has no empty line before its names", NULL);
    parser->next++;
    return true;
}

/* The name of the source is any that a folder can have. */
static bool take_source(struct parser *parser, const char **name)
{
    const char *end = memchr(parser->next, '\0', (size_t)(parser->end - parser->next));

    if (!end)
        return refuse(parser, "ends within the name of the source", NULL);
    *name = parser->next;
    parser->next = end + 1;
    return true;
}

bool list_file_parse(const char *path, char *bytes, size_t nbytes,
                     struct list_file_content *content, struct error *error)
{
    struct parser parser = {path, bytes, bytes + nbytes, error};
    struct list_file *list = &content->list;
    const char **names;

    *content = (struct list_file_content){.bytes = bytes};
    if (!take_head(&parser, list) || !take_source(&parser, &list->source) ||
        !memory_allocate(&content->names,
                         list->num_folders + list->num_top_others + list->num_images,
                         sizeof(*names), error))
        goto out;
    names = content->names;
    list->folders = names;
    list->top_others = names + list->num_folders;
    list->images = list->top_others + list->num_top_others;
    if (!take_names(&parser, list->num_folders, names))
        goto out;
    names += list->num_folders;
    if (!take_names(&parser, list->num_top_others, names))
        goto out;
    names += list->num_top_others;
    if (take_names(&parser, list->num_images, names) && parser.next != parser.end)
        refuse(&parser, "holds more than its names", NULL);
out:
    if (!error_ok(error))
        list_file_free(content);
    return error_ok(error);
}

/* The whole file, with a NUL after it; its seal is checked. */
static bool read_sealed(const char *path, char **bytes, size_t *nbytes, struct error *error)
{
    bool is_sealed;
    FILE *stream = NULL;
    struct stat info;
    bool ok = seal_check_path(path, true, 1, &is_sealed, error);

    *bytes = NULL;
    if (ok && !is_sealed)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                       "is no whole list: it has no seal (quern-ingest --write-list makes one)");
    if (!ok)
        return ok;
    stream = fopen(path, "rb");
    if (!stream || fstat(fileno(stream), &info) != 0) {
        ok = error_set_errno(error, path, "cannot open");
        goto out;
    }
    *nbytes = (size_t)info.st_size;
    *bytes = malloc(*nbytes + 1);
    if (!*bytes) {
        ok = error_set_memory(error, *nbytes + 1);
        goto out;
    }
    if (*nbytes < SEAL_NBYTES || fread(*bytes, 1, *nbytes, stream) != *nbytes) {
        ok = error_set(error, STATUS_IO, ERROR_AT(.file = path), "cannot be read");
        goto out;
    }
    *nbytes -= SEAL_NBYTES;
    (*bytes)[*nbytes] = '\0';
out:
    if (stream)
        fclose(stream);
    if (!ok) {
        free(*bytes);
        *bytes = NULL;
    }
    return ok;
}

bool list_file_read(const char *path, struct list_file_content *content, struct error *error)
{
    char *bytes;
    size_t nbytes = 0;
    bool ok = read_sealed(path, &bytes, &nbytes, error);

    *content = (struct list_file_content){0};
    return ok && list_file_parse(path, bytes, nbytes, content, error);
}

void list_file_free(struct list_file_content *content)
{
    free(content->names);
    free(content->bytes);
    *content = (struct list_file_content){0};
}
