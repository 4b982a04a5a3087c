#include "images/sources/webdataset.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "images/sources/labelling.h"

enum { MAX_CLASS_NBYTES = 1024 };

struct webdataset {
    int archive;
    const struct spool *spool;
    const char *name; /* of the archive, for messages */
    const struct members *members;
    const struct scan_rules *rules;
    struct scan *scan;
    size_t root_length;       /* of what the scan's paths leave out, with its slash */
    struct scan_order *order; /* the members that hold classes, by path */
    size_t count;
    struct source_reader reader;
    struct error *error;
};

size_t webdataset_key_length(const char *path)
{
    const char *base = file_base_name(path);

    return (size_t)(base - path) + strcspn(base, ".");
}

bool webdataset_has_name(const char *path)
{
    return strcmp(path + webdataset_key_length(path), ".cls") == 0;
}

static bool webdataset_holds_class(const struct members *members, size_t i)
{
    const struct member *member = &members->items[i];

    return member->kind == MEMBER_FILE && !member->is_hidden &&
           webdataset_has_name(members->paths + member->path);
}

bool webdataset_is_among(const struct members *members)
{
    size_t i = 0;

    while (i < members->count && !webdataset_holds_class(members, i))
        i++;
    return i < members->count;
}

/* ---- classes ---- */

static bool webdataset_list_classes(struct webdataset *set)
{
    const struct members *members = set->members;

    if (!memory_allocate_unset(&set->order, members->count, sizeof(*set->order), set->error))
        return false;
    for (size_t i = 0; i < members->count; i++) {
        const char *path = members->paths + members->items[i].path;

        if (webdataset_holds_class(members, i) && strlen(path) > set->root_length)
            set->order[set->count++] = (struct scan_order){path + set->root_length, i, 0};
    }
    scan_sort(set->order, set->count);
    return true;
}

/* The class member of an image: of several of one path the last; NULL if there is none. */
static const struct scan_order *webdataset_find(const struct webdataset *set, const char *image)
{
    char path[4096 + 8];
    size_t low = 0, high = set->count;

    if (strlen(image) >= 4096)
        return NULL;
    text_format(path, sizeof(path), "%.*s.cls", (int)webdataset_key_length(image), image);
    while (low < high) { /* the first that is greater */
        size_t middle = low + (high - low) / 2;

        if (strcmp(set->order[middle].path, path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(set->order[low - 1].path, path) == 0 ? &set->order[low - 1] : NULL;
}

static bool webdataset_refuse(const struct webdataset *set, const char *path, const char *what)
{
    return error_set(set->error, STATUS_DATA, ERROR_AT(.file = set->name), "%.300s: %s", path,
                     what);
}

/* Reads the text of a member, without blanks and line ends around it. */
static bool webdataset_read_class(struct webdataset *set, const struct scan_order *found,
                                  char text[MAX_CLASS_NBYTES + 1])
{
    const struct member_contents *contents = &set->members->items[found->index].contents;
    struct source_file file = {0};
    struct error reason = {0};
    const char *blanks = " \t\r\n";
    size_t first = 0, end;

    if (contents->nbytes > MAX_CLASS_NBYTES)
        return webdataset_refuse(set, found->path, "is too long for the name of a class");
    if (!member_read(contents->storage == MEMBER_IN_SPOOL ? set->spool->descriptor : set->archive,
                     contents, &set->reader, &file, &reason))
        return error_set(set->error, reason.status, ERROR_AT(.file = set->name), "%.300s: %s",
                         found->path, reason.what);
    end = file.nbytes;
    while (first < end && strchr(blanks, file.bytes[first]) && file.bytes[first] != '\0')
        first++;
    while (end > first && strchr(blanks, file.bytes[end - 1]) && file.bytes[end - 1] != '\0')
        end--;
    if (first == end)
        return webdataset_refuse(set, found->path, "holds no class");
    if (memchr(file.bytes + first, '\0', end - first) ||
        memchr(file.bytes + first, '\n', end - first) ||
        !text_is_utf8((const char *)file.bytes + first, end - first))
        return webdataset_refuse(set, found->path, "holds more than the name of a class");
    text_format(text, MAX_CLASS_NBYTES + 1, "%.*s", (int)(end - first),
                (const char *)file.bytes + first);
    return true;
}

/* ---- images ---- */

/* Do all images that have a class lie in directories of splits?  *count: how many they are. */
static bool webdataset_has_splits(const struct webdataset *set, size_t *count)
{
    const struct scan *scan = set->scan;
    bool has_splits = true;

    *count = 0;
    for (size_t i = 0; i < scan->num_images; i++) {
        const char *path = scan->paths[i], *slash = strchr(path, '/');

        if (!webdataset_find(set, path))
            continue;
        (*count)++;
        has_splits = has_splits && slash &&
                     scan_is_one_of(set->rules->split_folders, path, (size_t)(slash - path));
    }
    return has_splits;
}

static bool webdataset_label_images(struct webdataset *set, bool has_splits)
{
    const struct scan *scan = set->scan;
    char text[MAX_CLASS_NBYTES + 1], split[64];
    bool ok = true;

    for (size_t i = 0; i < scan->num_images && ok; i++) {
        const struct scan_order *found = webdataset_find(set, scan->paths[i]);

        if (!found)
            continue;
        text_format(split, sizeof(split), "%.*s", (int)strcspn(scan->paths[i], "/"),
                    scan->paths[i]);
        ok = webdataset_read_class(set, found, text) &&
             labelling_set(scan->labelling, i, text, has_splits ? split : NULL, set->error);
    }
    return ok;
}

/* The members that hold classes are not ignored. */
static void webdataset_forget_others(struct webdataset *set)
{
    struct text_list *others = &set->scan->top_others;
    size_t count = 0;

    set->scan->num_others -=
        set->count < set->scan->num_others ? set->count : set->scan->num_others;
    for (size_t i = 0; i < others->count; i++) {
        if (webdataset_has_name(others->items[i]))
            free(others->items[i]);
        else
            others->items[count++] = others->items[i];
    }
    others->count = count;
}

bool webdataset_label(int archive, const struct spool *spool, const char *name,
                      const struct members *members, const struct scan_rules *rules,
                      struct scan *scan, struct error *error)
{
    struct webdataset set = {.archive = archive,
                             .spool = spool,
                             .name = name,
                             .members = members,
                             .rules = rules,
                             .scan = scan,
                             .root_length = scan->root ? strlen(scan->root) + 1 : 0,
                             .error = error};
    bool ok = webdataset_list_classes(&set), has_splits;
    size_t count = 0;

    has_splits = ok && webdataset_has_splits(&set, &count);
    if (ok && count > 0) {
        ok = labelling_create(scan->num_images, &scan->labelling, error) &&
             webdataset_label_images(&set, has_splits);
        if (ok)
            scan->labelling->is_by_key = true;
        webdataset_forget_others(&set);
    }
    source_reader_free(&set.reader);
    free(set.order);
    return ok;
}
