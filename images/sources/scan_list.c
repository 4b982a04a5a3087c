#include "images/sources/scan_list.h"

#include <string.h>

#include "formats/list_file.h"

/* Folders of classes are at the top, or below folders of splits. */
static bool is_of_classes(const struct scan_rules *rules)
{
    return rules->top_folders == NULL;
}

bool scan_list_write(const char *path, const char *source_name, const struct scan_rules *rules,
                     const struct scan *scan, bool is_forced, struct error *error)
{
    struct list_file list = {
        .source = source_name,
        .is_of_classes = is_of_classes(rules),
        .num_others = scan->num_others,
        .num_loops = scan->num_loops,
        .num_folders = scan->folders.count,
        .num_top_others = scan->top_others.count,
        .num_images = scan->num_images,
        .folders = (const char *const *)scan->folders.items,
        .top_others = (const char *const *)scan->top_others.items,
        .images = scan->paths,
    };

    return list_file_write(path, &list, is_forced, error);
}

/* Whether a walk by these rules goes down to such a path, so that its parts can be relied upon. */
static bool is_within(const struct scan_rules *rules, const char *path)
{
    size_t top_length = strcspn(path, "/");

    if (path[top_length] == '\0' || !rules->top_folders)
        return true;
    for (const char *const *top = rules->top_folders; *top; top++)
        if (strlen(*top) == top_length && memcmp(*top, path, top_length) == 0)
            return true;
    return false;
}

static size_t count_parts(const char *path)
{
    size_t num_parts = 1;

    for (; *path; path++)
        num_parts += *path == '/';
    return num_parts;
}

static bool check_paths(const char *path, const struct list_file *list,
                        const struct scan_rules *rules, struct error *error)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < list->num_folders && !wrong; i++)
        if (!is_within(rules, list->folders[i]) ||
            count_parts(list->folders[i]) > rules->folder_depth)
            wrong = list->folders[i];
    for (size_t i = 0; i < list->num_top_others && !wrong; i++)
        if (strchr(list->top_others[i], '/'))
            wrong = list->top_others[i];
    for (size_t i = 0; i < list->num_images && !wrong; i++)
        if (!is_within(rules, list->images[i]))
            wrong = list->images[i];
    return wrong ? error_set(error, STATUS_DATA, ERROR_AT(.file = path, .found = wrong),
                             "holds a name that no walk finds")
                 : true;
}

static bool check_list(const char *path, const char *source_name, const struct list_file *list,
                       const struct scan_rules *rules, struct error *error)
{
    if (list->is_of_classes != is_of_classes(rules))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                         "was written %s --valid-fraction: use it so, or write another",
                         list->is_of_classes ? "with" : "without");
    if (strcmp(list->source, source_name) != 0)
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = path, .expected = source_name, .found = list->source),
                         "is the list of another source");
    return check_paths(path, list, rules, error);
}

static bool add_texts(struct text_list *texts, const char *const *items, size_t count,
                      struct error *error)
{
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++)
        ok = text_list_add(texts, items[i], error);
    return ok;
}

bool scan_list_read(const char *path, const char *source_name, const struct scan_rules *rules,
                    struct scan *scan, struct error *error)
{
    struct list_file_content content;
    const struct list_file *list = &content.list;
    bool ok = list_file_read(path, &content, error);

    *scan = (struct scan){0};
    if (ok)
        ok = check_list(path, source_name, list, rules, error);
    if (ok)
        ok = add_texts(&scan->folders, list->folders, list->num_folders, error);
    if (ok)
        ok = add_texts(&scan->top_others, list->top_others, list->num_top_others, error);
    if (ok) {
        scan->num_others = list->num_others;
        scan->num_loops = list->num_loops;
        scan->num_images = list->num_images;
        /* The paths stay where they were read, behind the other names. */
        scan->path_bytes = content.bytes;
        scan->paths = content.names;
        memmove(scan->paths, list->images, list->num_images * sizeof(*scan->paths));
        return true;
    }
    list_file_free(&content);
    scan_free(scan);
    return ok;
}
