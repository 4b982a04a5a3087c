/* From the members of an archive to the scan of the directory that unpacking would make. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "images/decoder.h"
#include "images/sources/archive_member.h"
#include "images/sources/archive_member_links.h"

struct sorting {
    struct member_index index;
    const struct scan_rules *given;
    struct scan_rules rules;
    bool is_data_set;   /* and no mere collection of images */
    size_t root_length; /* of what stands before each path, with its slash */
    struct scan *scan;
    struct member_contents *contents;
    struct error *error;
};

/* ---- the directory around all else ---- */

/* What lies directly in a directory, seen by its members in order. */
struct level {
    const struct sorting *sorting;
    const char *prefix; /* of all paths in it, with a slash at its end unless it is the top */
    size_t prefix_length;
    size_t position;      /* in the order */
    const char *folder;   /* the path of the last member that lies in a directory of this one, */
    size_t folder_length; /* and how much of it is that directory's */
};

/* One thing that lies in the directory. */
struct level_entry {
    const char *path; /* of a member, of which the name begins at the end of the prefix */
    const char *name;
    size_t length;
    bool is_folder, is_image;
};

/* Has the archive a member of its own for the first length bytes of a path? */
static bool members_have(const struct member_index *index, const char *path, size_t length)
{
    char own[MEMBER_MAX_PATH_NBYTES + 1];

    memcpy(own, path, length);
    own[length] = '\0';
    return member_index_find(index, own) != NULL;
}

/* Is what a path leads to listed by another member, an earlier one or one of its own? */
static bool level_has_listed(struct level *level, const struct level_entry *entry, bool is_below)
{
    const struct member_index *index = &level->sorting->index;
    size_t length = level->prefix_length + entry->length, next = level->position + 1;

    if (!is_below)
        return next < index->count && strcmp(entry->path, index->order[next].path) == 0;
    if (level->folder && level->folder_length == length &&
        member_index_is_below(entry->path, level->folder, length))
        return true;
    level->folder = entry->path;
    level->folder_length = length;
    return members_have(index, entry->path, length);
}

/* The next one, without junk; each once. */
static bool level_next(struct level *level, struct level_entry *entry)
{
    const struct member_index *index = &level->sorting->index;

    for (; level->position < index->count; level->position++) {
        const char *path = index->order[level->position].path;
        const struct member *member = member_index_at(index, level->position);
        bool is_below;

        if (strncmp(path, level->prefix, level->prefix_length) != 0)
            break;
        if (member->is_hidden)
            continue;
        entry->path = path;
        entry->name = path + level->prefix_length;
        entry->length = strcspn(entry->name, "/");
        is_below = entry->name[entry->length] == '/';
        if (level_has_listed(level, entry, is_below))
            continue;
        entry->is_folder = is_below || member_index_is_directory(index, member);
        entry->is_image = !entry->is_folder && decoder_has_extension(entry->name);
        level->position++;
        return true;
    }
    return false;
}

static struct level level_begin(const struct sorting *sorting, const char *prefix, size_t length)
{
    return (struct level){.sorting = sorting,
                          .prefix = prefix,
                          .prefix_length = length,
                          .position = member_index_find_first(&sorting->index, prefix)};
}

/* Is there a directory in this one? */
static bool level_has_folder(const struct sorting *sorting, const char *prefix)
{
    struct level level = level_begin(sorting, prefix, strlen(prefix));
    struct level_entry entry;

    while (level_next(&level, &entry))
        if (entry.is_folder)
            return true;
    return false;
}

static void level_look_into(const struct sorting *sorting, const char *prefix,
                            struct scan_look *look)
{
    struct level level = level_begin(sorting, prefix, strlen(prefix));
    struct level_entry entry;
    char inner[MEMBER_MAX_PATH_NBYTES + 2];

    while (level_next(&level, &entry)) {
        look->has_images |= entry.is_image;
        look->num_folders += entry.is_folder;
        if (!entry.is_folder ||
            !scan_is_one_of(sorting->given->split_folders, entry.name, entry.length))
            continue;
        look->num_splits++;
        memcpy(inner, entry.path, level.prefix_length + entry.length);
        memcpy(inner + level.prefix_length + entry.length, "/", 2);
        look->has_classes = look->has_classes || level_has_folder(sorting, inner);
    }
}

/* Makes the prefix longer by the one directory in it, if that is a root and no image is beside. */
static bool members_enter_root(struct sorting *sorting, char prefix[MEMBER_MAX_PATH_NBYTES + 2])
{
    struct level level = level_begin(sorting, prefix, strlen(prefix));
    struct level_entry entry, folder = {0};
    struct scan_look look = {0};
    size_t num_others = 0;

    while (level_next(&level, &entry)) {
        if (entry.is_image || (entry.is_folder && folder.path) ||
            (!entry.is_folder && !sorting->is_data_set))
            return false;
        if (entry.is_folder)
            folder = entry;
        else
            num_others++;
    }
    if (!folder.path || scan_is_one_of(sorting->given->split_folders, folder.name, folder.length))
        return false;
    memcpy(prefix, folder.path, level.prefix_length + folder.length);
    memcpy(prefix + level.prefix_length + folder.length, "/", 2);
    level_look_into(sorting, prefix, &look);
    if (sorting->is_data_set && !scan_is_root(&look, true)) {
        prefix[level.prefix_length] = '\0';
        return false;
    }
    sorting->scan->num_others += num_others;
    return true;
}

static bool members_find_root(struct sorting *sorting)
{
    char prefix[MEMBER_MAX_PATH_NBYTES + 2] = "";
    int depth = 0, max_depth = sorting->is_data_set ? SCAN_MAX_ROOT_DEPTH : 1;

    while (depth < max_depth && members_enter_root(sorting, prefix))
        depth++;
    sorting->root_length = strlen(prefix);
    if (depth == 0)
        return true;
    sorting->scan->root = strndup(prefix, sorting->root_length - 1);
    return sorting->scan->root || error_set_memory(sorting->error, sorting->root_length);
}

/* The rules for those directories that are at the top, below the root. */
static void members_choose_top(struct sorting *sorting)
{
    struct level level;
    struct level_entry entry;
    struct scan_top top = {0};
    char prefix[MEMBER_MAX_PATH_NBYTES + 2] = "";

    if (sorting->scan->root) {
        memcpy(prefix, sorting->scan->root, sorting->root_length - 1);
        memcpy(prefix + sorting->root_length - 1, "/", 2);
    }
    level = level_begin(sorting, prefix, sorting->root_length);
    while (level_next(&level, &entry))
        if (entry.is_folder)
            scan_count_top(&top, sorting->given, entry.name, entry.length);
    sorting->rules = scan_choose_top(&top, sorting->given);
}

/* ---- without symbolic links: one pass over the members in order ---- */

/* Is a path below the root in one of those directories at the top that the rules leave out? */
static bool members_is_outside(const struct sorting *sorting, const char *path)
{
    const char *top = path + sorting->root_length;

    return sorting->rules.top_folders &&
           !scan_is_one_of(sorting->rules.top_folders, top, strcspn(top, "/"));
}

static bool members_is_in_root(const struct sorting *sorting, const char *path)
{
    return !sorting->scan->root ||
           member_index_is_below(path, sorting->scan->root, sorting->root_length - 1);
}

/* Counts junk once, where it is met first, without what is in it. */
static void members_count_junk(struct sorting *sorting, size_t position)
{
    const struct member_index *index = &sorting->index;
    const char *path = index->order[position].path;
    size_t begin, length, end;
    int kind;

    if (!junk_find_in_path(path, &begin, &length, &kind) ||
        (begin > sorting->root_length && members_is_outside(sorting, path)))
        return;
    end = begin + length;
    if (path[end] == '\0'
            ? position + 1 < index->count && strcmp(path, index->order[position + 1].path) == 0
            : (position > 0 && member_index_is_below(index->order[position - 1].path, path, end)) ||
                  members_have(index, path, end))
        return;
    sorting->scan->num_junk[kind]++;
}

static bool members_scan_file(struct sorting *sorting, const char *path,
                              const struct member *member)
{
    struct scan *scan = sorting->scan;

    member = member_index_follow(&sorting->index, member);
    if (!member || member->kind != MEMBER_FILE) {
        scan->num_links++;
        return true;
    }
    if (!decoder_has_extension(path))
        return scan_add_other(scan, path, sorting->error);
    sorting->contents[scan->num_images] = member->contents;
    scan->paths[scan->num_images++] = path;
    return true;
}

static bool members_scan_all(struct sorting *sorting)
{
    const struct member_index *index = &sorting->index;
    bool ok = true;

    for (size_t i = 0; i < index->count && ok; i++) {
        const struct member *member = member_index_at(index, i);
        const char *path = index->order[i].path;
        bool is_directory = member->kind == MEMBER_DIRECTORY, is_outside;

        if (member->is_hidden) {
            members_count_junk(sorting, i);
            continue;
        }
        if (!members_is_in_root(sorting, path))
            continue; /* the directory around all itself, and files beside it */
        /* The last of equal paths is what unpacking would leave. */
        if (i + 1 < index->count && strcmp(path, index->order[i + 1].path) == 0) {
            sorting->scan->num_replaced += !is_directory;
            continue;
        }
        path += sorting->root_length;
        ok = scan_add_directories(sorting->scan, &sorting->rules, path, is_directory, &is_outside,
                                  sorting->error);
        if (ok && !is_outside && !is_directory)
            ok = members_scan_file(sorting, path, member);
    }
    scan_finish(sorting->scan);
    return ok;
}

/* A walk begins at the root, so what is beside it is counted here. */
static bool members_walk_links(struct sorting *sorting)
{
    const struct member_index *index = &sorting->index;

    for (size_t i = 0; i < index->count; i++)
        if (member_index_at(index, i)->is_hidden &&
            !members_is_in_root(sorting, index->order[i].path))
            members_count_junk(sorting, i);
    return member_links_walk(index, &sorting->rules, sorting->scan, &sorting->contents,
                             sorting->error);
}

bool members_scan(const struct members *members, const struct scan_rules *rules, struct scan *scan,
                  struct member_contents **contents, struct error *error)
{
    struct sorting sorting = {.index = {.members = members},
                              .given = rules,
                              .is_data_set = rules->folder_depth > 1,
                              .scan = scan,
                              .error = error};
    size_t count = members->count;
    bool ok;

    *scan = (struct scan){.is_archive = true,
                          .num_unsafe_paths = members->num_refused[REFUSED_PATH],
                          .num_special = members->num_refused[REFUSED_SPECIAL]};
    *contents = NULL;
    ok = member_index_make(&sorting.index, members, error) && members_find_root(&sorting);
    if (ok)
        members_choose_top(&sorting);
    if (ok && members->num_symbolic_links > 0)
        ok = members_walk_links(&sorting);
    else
        ok = ok && memory_allocate_unset(&scan->paths, count, sizeof(*scan->paths), error) &&
             memory_allocate_unset(&sorting.contents, count, sizeof(*sorting.contents), error) &&
             members_scan_all(&sorting);
    free(sorting.index.order);
    if (ok) {
        *contents = sorting.contents;
    } else {
        free(sorting.contents);
        scan_free(scan);
    }
    return ok;
}
