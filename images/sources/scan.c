#include "images/sources/scan.h"

#include <stdlib.h>
#include <string.h>

#include "images/sources/labelling.h"

bool scan_is_one_of(const char *const *names, const char *name, size_t length)
{
    while (names && *names && !(strncmp(*names, name, length) == 0 && (*names)[length] == '\0'))
        names++;
    return names && *names;
}

bool scan_add_other(struct scan *scan, const char *path, struct error *error)
{
    if (foreign_count(&scan->foreign, path))
        return true;
    scan->num_others++;
    if (strchr(path, '/') || scan->top_others.count == SCAN_MAX_OTHERS)
        return true;
    return text_list_add(&scan->top_others, path, error);
}

/* ---- directories ---- */

static bool scan_add_directory(struct scan *scan, const struct scan_rules *rules, const char *path,
                               size_t length, struct error *error)
{
    struct text_list *folders = &scan->folders;
    char *folder;
    bool ok;

    /* Most paths lie where the one before did, whose directories, one a level, were added last. */
    for (size_t i = 1; i <= rules->folder_depth && i <= folders->count; i++) {
        const char *last = folders->items[folders->count - i];

        if (strncmp(last, path, length) == 0 && last[length] == '\0')
            return true;
    }
    folder = strndup(path, length);
    ok = folder ? text_list_add(folders, folder, error) : error_set_memory(error, length + 1);
    free(folder);
    return ok;
}

bool scan_add_directories(struct scan *scan, const struct scan_rules *rules, const char *path,
                          bool is_directory, bool *is_outside, struct error *error)
{
    const char *at = path;

    *is_outside = false;
    for (size_t depth = 0; depth < rules->folder_depth; depth++) {
        const char *end = at + strcspn(at, "/");
        size_t length = (size_t)(end - path);

        if (*end == '\0' && !is_directory)
            break;
        if (!scan_add_directory(scan, rules, path, length, error))
            return false;
        *is_outside =
            depth == 0 && rules->top_folders && !scan_is_one_of(rules->top_folders, path, length);
        if (*end == '\0' || *is_outside)
            break;
        at = end + 1;
    }
    return true;
}

static int scan_compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void scan_sort_unique(struct text_list *list)
{
    size_t count = 0;

    if (list->count > 1)
        qsort(list->items, list->count, sizeof(char *), scan_compare_texts);
    for (size_t i = 0; i < list->count; i++) {
        if (count > 0 && strcmp(list->items[count - 1], list->items[i]) == 0)
            free(list->items[i]);
        else
            list->items[count++] = list->items[i];
    }
    list->count = count;
}

void scan_finish(struct scan *scan)
{
    scan_sort_unique(&scan->folders);
    scan_sort_unique(&scan->top_others);
}

/* ---- order ---- */

static int scan_compare_keys(const void *a, const void *b)
{
    const struct scan_order *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* The first eight bytes of a text as a number, with zeros from its end on. */
static uint64_t scan_make_key(const char *at)
{
    uint64_t key = 0;

    for (int i = 0; i < 8; i++) {
        key = key << 8 | (unsigned char)*at;
        at += *at != '\0';
    }
    return key;
}

/* Sorts paths that have the first depth bytes in common, and do not end within them. */
static void scan_sort_from(struct scan_order *paths, size_t count, size_t depth)
{
    size_t first = 0;

    for (size_t i = 0; i < count; i++)
        paths[i].key = scan_make_key(paths[i].path + depth);
    qsort(paths, count, sizeof(*paths), scan_compare_keys);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && paths[i].key == paths[first].key)
            continue;
        /* A key that ends in a zero holds the end of the path: those paths are equal. */
        if (i - first > 1 && (paths[first].key & 0xff) != 0)
            scan_sort_from(paths + first, i - first, depth + 8);
        first = i;
    }
}

void scan_sort(struct scan_order *paths, size_t count)
{
    if (count > 1)
        scan_sort_from(paths, count, 0);
}

void scan_free(struct scan *scan)
{
    free(scan->paths);
    free(scan->path_bytes);
    free(scan->root);
    labelling_free(scan->labelling);
    text_list_free(&scan->folders);
    text_list_free(&scan->top_others);
    *scan = (struct scan){0};
}
