#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "images/sources/members.h"
#include "images/sources/path_order.h"

/* Hard links that lead to hard links; tar makes none, so this is for ends, not for use. */
enum { MAX_HOPS = 8 };

struct sorting {
    const struct members *members;
    const struct scan_rules *rules;
    struct path_order *order; /* all members by path, equal paths in order of the archive */
    size_t root_length;       /* of what stands before each path, with its slash */
    struct scan *scan;
    struct member_location *locations;
    struct error *error;
};

static const char *path_of(const struct sorting *sorting, size_t place)
{
    return sorting->order[place].path;
}

static const struct member *member_at(const struct sorting *sorting, size_t place)
{
    return &sorting->members->items[sorting->order[place].index];
}

/* ---- the folder around all ---- */

static bool is_one_of(const char *const *names, const char *name, size_t length)
{
    while (names && *names && !(strncmp(*names, name, length) == 0 && (*names)[length] == '\0'))
        names++;
    return names && *names;
}

static bool find_root(struct sorting *sorting)
{
    const struct members *members = sorting->members;
    const char *first = members->count > 0 ? members->paths + members->items[0].path : "";
    size_t length = strcspn(first, "/");
    char *root;

    for (size_t i = 0; i < members->count; i++) {
        const char *path = members->paths + members->items[i].path;

        if (strncmp(path, first, length) != 0 || (path[length] != '/' && path[length] != '\0') ||
            (path[length] == '\0' && members->items[i].kind != MEMBER_FOLDER))
            return true;
    }
    if (length == 0)
        return true;
    root = strndup(first, length);
    if (!root)
        return error_set_memory(sorting->error, length + 1);
    if (is_one_of(sorting->rules->split_folders, root, length)) {
        free(root);
        return true;
    }
    sorting->scan->root = root;
    sorting->root_length = length + 1;
    return true;
}

/* ---- folders ---- */

static bool is_wanted(const struct scan_rules *rules, const char *path, size_t length)
{
    return !rules->top_folders || is_one_of(rules->top_folders, path, length);
}

static bool add_folder(struct sorting *sorting, const char *path, size_t length)
{
    struct text_list *folders = &sorting->scan->folders;
    char *folder;
    bool ok;

    /* Most members lie where the one before did, whose folders, one of each depth, came last. */
    for (size_t i = 1; i <= sorting->rules->folder_depth && i <= folders->count; i++) {
        const char *last = folders->items[folders->count - i];

        if (strncmp(last, path, length) == 0 && last[length] == '\0')
            return true;
    }
    folder = strndup(path, length);
    ok = folder ? text_list_add(folders, folder, sorting->error)
                : error_set_memory(sorting->error, length + 1);
    free(folder);
    return ok;
}

/*
 * Adds the folders above a member, and itself if it is one, as deep as the rules ask; *is_outside:
 * the scan of a folder would not go down to it.
 */
static bool add_folders_of(struct sorting *sorting, const char *path, bool is_folder,
                           bool *is_outside)
{
    bool ok = true;
    const char *at = path;

    *is_outside = false;
    for (size_t depth = 0; depth < sorting->rules->folder_depth && ok; depth++) {
        const char *end = at + strcspn(at, "/");

        if (*end == '\0' && !is_folder)
            break;
        ok = add_folder(sorting, path, (size_t)(end - path));
        *is_outside = depth == 0 && !is_wanted(sorting->rules, path, (size_t)(end - path));
        if (*end == '\0' || *is_outside)
            break;
        at = end + 1;
    }
    return ok;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_unique(struct text_list *list)
{
    size_t count = 0;

    if (list->count > 1)
        qsort(list->items, list->count, sizeof(char *), compare_texts);
    for (size_t i = 0; i < list->count; i++) {
        if (count > 0 && strcmp(list->items[count - 1], list->items[i]) == 0)
            free(list->items[i]);
        else
            list->items[count++] = list->items[i];
    }
    list->count = count;
}

/* ---- images ---- */

/* The last member of a path; NULL if there is none. */
static const struct member *find_member(const struct sorting *sorting, const char *path)
{
    size_t low = 0, high = sorting->members->count;

    while (low < high) { /* the first that is greater */
        size_t middle = low + (high - low) / 2;

        if (strcmp(path_of(sorting, middle), path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(path_of(sorting, low - 1), path) == 0 ? member_at(sorting, low - 1)
                                                                   : NULL;
}

static const struct member *follow_links(const struct sorting *sorting, const struct member *member)
{
    for (int hop = 0; hop < MAX_HOPS && member && member->kind == MEMBER_HARD_LINK; hop++)
        member = find_member(sorting, sorting->members->paths + member->target);
    return member && member->kind == MEMBER_IMAGE ? member : NULL;
}

static bool add_other(struct sorting *sorting, const char *path)
{
    struct scan *scan = sorting->scan;

    scan->num_others++;
    if (strchr(path, '/') || scan->top_others.count == SCAN_MAX_OTHERS)
        return true;
    return text_list_add(&scan->top_others, path, sorting->error);
}

static bool add_file(struct sorting *sorting, const char *path, const struct member *member)
{
    struct scan *scan = sorting->scan;

    if (!scan_is_image(path))
        return add_other(sorting, path);
    member = follow_links(sorting, member);
    if (!member) {
        scan->num_links++;
        return true;
    }
    sorting->locations[scan->num_images] =
        (struct member_location){.offset = member->offset,
                                 .nbytes = member->nbytes,
                                 .is_spooled = member->is_spooled,
                                 .is_damaged = member->is_damaged};
    scan->paths[scan->num_images++] = path;
    return true;
}

static bool add_all(struct sorting *sorting)
{
    size_t count = sorting->members->count;
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++) {
        const struct member *member = member_at(sorting, i);
        const char *path = path_of(sorting, i) + sorting->root_length;
        bool is_outside;

        /* The last of equal paths is what unpacking would leave. */
        if (i + 1 < count && strcmp(path_of(sorting, i), path_of(sorting, i + 1)) == 0)
            continue;
        if (strlen(path_of(sorting, i)) <= sorting->root_length)
            continue; /* the folder around all itself */
        ok = add_folders_of(sorting, path, member->kind == MEMBER_FOLDER, &is_outside);
        if (ok && !is_outside && member->kind != MEMBER_FOLDER)
            ok = add_file(sorting, path, member);
    }
    sort_unique(&sorting->scan->folders);
    return ok;
}

bool members_scan(const struct members *members, const struct scan_rules *rules, struct scan *scan,
                  struct member_location **locations, struct error *error)
{
    struct sorting sorting = {.members = members, .rules = rules, .scan = scan, .error = error};
    bool ok;

    *scan = (struct scan){.num_unsafe_paths = members->num_refused[REFUSED_PATH],
                          .num_links = members->num_refused[REFUSED_LINK],
                          .num_special = members->num_refused[REFUSED_SPECIAL]};
    *locations = NULL;
    ok = memory_allocate_unset(&sorting.order, members->count, sizeof(*sorting.order), error);
    if (ok)
        ok = memory_allocate_unset(&scan->paths, members->count, sizeof(*scan->paths), error);
    if (ok)
        ok = memory_allocate_unset(&sorting.locations, members->count, sizeof(*sorting.locations),
                                   error);
    for (size_t i = 0; i < members->count && ok; i++)
        sorting.order[i] = (struct path_order){members->paths + members->items[i].path, i, 0};
    if (ok) {
        path_order_sort(sorting.order, members->count);
        ok = find_root(&sorting);
    }
    if (ok)
        ok = add_all(&sorting);
    free(sorting.order);
    if (ok) {
        *locations = sorting.locations;
    } else {
        free(sorting.locations);
        scan_free(scan);
    }
    return ok;
}
