#include "images/sources/archive_member_links.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "images/decoder.h"

enum {
    MAX_HARD_HOPS = 8,      /* hard links to hard links: a circle of them ends there */
    MAX_SYMBOLIC_HOPS = 40, /* on the way to one file: Linux has the same limit */
    /* Directories that are reached by links can multiply the members: more is refused. */
    MAX_VISITS_PER_MEMBER = 64,
    MIN_MAX_VISITS = 1 << 16,
};

/* ---- the index ---- */

bool member_index_make(struct member_index *index, const struct members *members,
                       struct error *error)
{
    index->members = members;
    index->count = members->count;
    if (!memory_allocate_unset(&index->order, index->count, sizeof(*index->order), error))
        return false;
    for (size_t i = 0; i < index->count; i++)
        index->order[i] = (struct scan_order){members->paths + members->items[i].path, i, 0};
    scan_sort(index->order, index->count);
    return true;
}

size_t member_index_find_first(const struct member_index *index, const char *path)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(index->order[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct member *member_index_find(const struct member_index *index, const char *path)
{
    size_t position = member_index_find_first(index, path);
    const struct member *found = NULL;

    for (; position < index->count && strcmp(index->order[position].path, path) == 0; position++)
        found = member_index_at(index, position);
    return found;
}

bool member_index_is_below(const char *path, const char *directory, size_t length)
{
    return strncmp(path, directory, length) == 0 && path[length] == '/';
}

bool member_index_has_children(const struct member_index *index, const char *path)
{
    char prefix[MEMBER_MAX_PATH_NBYTES + 2];
    size_t length = strlen(path), position;

    memcpy(prefix, path, length);
    memcpy(prefix + length, "/", 2);
    position = member_index_find_first(index, prefix);
    return position < index->count &&
           member_index_is_below(index->order[position].path, path, length);
}

const struct member *member_index_follow(const struct member_index *index,
                                         const struct member *member)
{
    for (int hop = 0; hop < MAX_HARD_HOPS && member && member->kind == MEMBER_HARD_LINK; hop++)
        member = member_index_find(index, index->members->paths + member->target);
    return member && member->kind != MEMBER_HARD_LINK ? member : NULL;
}

/* ---- where a link leads ---- */

enum link_end { LINK_TO_NOTHING, LINK_TO_FILE, LINK_TO_DIRECTORY };

/* A path on the way, and what is left to go. */
struct link_way {
    char *real, *rest; /* [MEMBER_MAX_PATH_NBYTES + 2] each */
    size_t real_length;
    int num_hops;
};

/* Puts the target of a link before what is left; false for one that is absolute or too long. */
static bool link_take_target(struct link_way *way, const char *target)
{
    size_t length = strlen(target), rest_length = strlen(way->rest);

    if (target[0] == '/' || target[0] == '\0' ||
        length + rest_length + 2 > MEMBER_MAX_PATH_NBYTES || ++way->num_hops > MAX_SYMBOLIC_HOPS)
        return false;
    memmove(way->rest + length + 1, way->rest, rest_length + 1);
    memcpy(way->rest, target, length);
    way->rest[length] = '/';
    return true;
}

static void link_leave_part(struct link_way *way)
{
    while (way->real_length > 0 && way->real[way->real_length - 1] != '/')
        way->real_length--;
    way->real_length -= way->real_length > 0;
    way->real[way->real_length] = '\0';
}

/* Goes on by one part of the path; false: it leads nowhere, or out of the archive. */
static bool link_take_part(struct link_way *way, const char *part, size_t length)
{
    if (length == 2 && memcmp(part, "..", 2) == 0) {
        if (way->real_length == 0)
            return false;
        link_leave_part(way);
        return true;
    }
    if (way->real_length + length + 2 > MEMBER_MAX_PATH_NBYTES)
        return false;
    if (way->real_length > 0)
        way->real[way->real_length++] = '/';
    memcpy(way->real + way->real_length, part, length);
    way->real_length += length;
    way->real[way->real_length] = '\0';
    return true;
}

/* Follows what is left from the directory real; real is then the path itself, without any link. */
static enum link_end link_resolve(const struct member_index *index, struct link_way *way,
                                  const struct member **file)
{
    while (way->rest[0] != '\0') {
        size_t length = strcspn(way->rest, "/"), skipped = length + (way->rest[length] == '/');
        char part[MEMBER_MAX_PATH_NBYTES + 2];
        const struct member *member;

        memcpy(part, way->rest, length);
        memmove(way->rest, way->rest + skipped, strlen(way->rest + skipped) + 1);
        if (length == 0 || (length == 1 && part[0] == '.'))
            continue;
        if (!link_take_part(way, part, length))
            return LINK_TO_NOTHING;
        if (way->real_length == 0 || member_index_has_children(index, way->real))
            continue;
        member = member_index_follow(index, member_index_find(index, way->real));
        if (!member)
            return LINK_TO_NOTHING;
        if (member->kind == MEMBER_DIRECTORY)
            continue;
        if (member->kind == MEMBER_FILE) {
            *file = member;
            return way->rest[strspn(way->rest, "/")] == '\0' ? LINK_TO_FILE : LINK_TO_NOTHING;
        }
        link_leave_part(way);
        if (!link_take_target(way, index->members->paths + member->target))
            return LINK_TO_NOTHING;
    }
    return LINK_TO_DIRECTORY;
}

/* Follows a symbolic link that lies at a path; real [MEMBER_MAX_PATH_NBYTES + 2] is where it leads.
 */
static enum link_end link_follow(const struct member_index *index, const char *path,
                                 const struct member *link, char *real, const struct member **file)
{
    char rest[MEMBER_MAX_PATH_NBYTES + 2] = "";
    struct link_way way = {.real = real, .rest = rest, .real_length = strlen(path)};

    memcpy(real, path, way.real_length + 1);
    link_leave_part(&way);
    return link_take_target(&way, index->members->paths + link->target)
               ? link_resolve(index, &way, file)
               : LINK_TO_NOTHING;
}

bool member_index_is_directory(const struct member_index *index, const struct member *member)
{
    char real[MEMBER_MAX_PATH_NBYTES + 2];
    const struct member *file;
    const char *path = index->members->paths + member->path;

    if (member->kind == MEMBER_DIRECTORY)
        return true;
    member = member_index_follow(index, member);
    return member && member->kind == MEMBER_SYMBOLIC_LINK &&
           link_follow(index, path, member, real, &file) == LINK_TO_DIRECTORY;
}

/* ---- the walk ---- */

/* A directory that is being walked: by its own path, without links. */
struct link_directory {
    char *real; /* [MEMBER_MAX_PATH_NBYTES + 2], with a slash at its end unless it is the top */
    size_t real_length;
    size_t depth;
    const struct link_directory *parent;
};

struct link_walk {
    const struct member_index *index;
    const struct scan_rules *rules;
    struct scan *scan;
    char path[MEMBER_MAX_PATH_NBYTES + 2]; /* of the directory as it is reached, with a slash */
    size_t path_length;
    size_t path_nbytes, path_capacity; /* of the scan's paths */
    struct member_contents *contents;
    size_t contents_capacity;
    uint64_t num_visits, max_visits;
    struct error *error;
};

static bool link_add_image(struct link_walk *walk, const char *name,
                           const struct member_contents *contents)
{
    struct scan *scan = walk->scan;
    size_t nbytes = strlen(name) + 1;

    if (!memory_grow(&scan->path_bytes, &walk->path_capacity,
                     walk->path_nbytes + walk->path_length + nbytes, 1, walk->error) ||
        !memory_grow(&walk->contents, &walk->contents_capacity, scan->num_images + 1,
                     sizeof(*walk->contents), walk->error))
        return false;
    memcpy(scan->path_bytes + walk->path_nbytes, walk->path, walk->path_length);
    memcpy(scan->path_bytes + walk->path_nbytes + walk->path_length, name, nbytes);
    walk->path_nbytes += walk->path_length + nbytes;
    walk->contents[scan->num_images++] = *contents;
    return true;
}

static bool link_add_other(struct link_walk *walk, const char *name)
{
    if (walk->path_length == 0)
        return scan_add_other(walk->scan, name, walk->error);
    if (!foreign_count(&walk->scan->foreign, name))
        walk->scan->num_others++;
    return true;
}

static bool link_walk_directory(struct link_walk *walk, const struct link_directory *self);

static bool link_is_loop(const struct link_directory *self)
{
    for (const struct link_directory *above = self->parent; above; above = above->parent)
        if (above->real_length == self->real_length &&
            memcmp(above->real, self->real, self->real_length) == 0)
            return true;
    return false;
}

/* Walks the directory of a path of its own, real, that is reached by a name in the one above. */
static bool link_enter(struct link_walk *walk, const char *name, size_t length, char *real,
                       size_t real_length, const struct link_directory *above)
{
    struct link_directory self = {real, real_length, above->depth + 1, above};
    size_t old_length = walk->path_length;
    bool ok = true;

    if (link_is_loop(&self)) {
        walk->scan->num_loops++;
        return true;
    }
    if (old_length + length + 2 > MEMBER_MAX_PATH_NBYTES) {
        walk->scan->num_links++;
        return true;
    }
    memcpy(walk->path + old_length, name, length);
    walk->path[old_length + length] = '\0';
    if (above->depth < walk->rules->folder_depth)
        ok = text_list_add(&walk->scan->folders, walk->path, walk->error);
    if (ok && (above->depth > 0 || !walk->rules->top_folders ||
               scan_is_one_of(walk->rules->top_folders, walk->path, length))) {
        walk->path[old_length + length] = '/';
        walk->path_length = old_length + length + 1;
        ok = link_walk_directory(walk, &self);
        walk->path_length = old_length;
    }
    return ok;
}

/* A member that is no directory, and has none below it. */
static bool link_visit_file(struct link_walk *walk, const char *name, const char *path,
                            const struct member *member, const struct link_directory *self)
{
    const struct member *file = member;
    enum link_end end = member ? LINK_TO_FILE : LINK_TO_NOTHING;
    char *real = NULL;
    bool ok;

    if (member && member->kind == MEMBER_SYMBOLIC_LINK) {
        real = malloc(MEMBER_MAX_PATH_NBYTES + 2);
        if (!real)
            return error_set_memory(walk->error, MEMBER_MAX_PATH_NBYTES);
        end = link_follow(walk->index, path, member, real, &file);
    }
    if (end == LINK_TO_DIRECTORY) {
        size_t length = strlen(real);

        if (length > 0)
            memcpy(real + length++, "/", 2);
        ok = link_enter(walk, name, strlen(name), real, length, self);
    } else if (end == LINK_TO_NOTHING) {
        walk->scan->num_links++;
        ok = true;
    } else if (decoder_has_extension(name)) {
        ok = link_add_image(walk, name, &file->contents);
    } else {
        ok = link_add_other(walk, name);
    }
    free(real);
    return ok;
}

static bool link_count_visit(struct link_walk *walk)
{
    return ++walk->num_visits <= walk->max_visits ||
           error_set(walk->error, STATUS_DATA, NULL,
                     "its links lead to directories again and again, to more than %" PRIu64
                     " files: refused",
                     walk->max_visits);
}

/* The position behind all that lies below a directory. */
static size_t link_find_end(const struct member_index *index, char *real, size_t real_length)
{
    size_t end;

    real[real_length - 1] = '/' + 1;
    end = member_index_find_first(index, real);
    real[real_length - 1] = '/';
    return end;
}

/* Visits what lies below a directory in another; *position goes on behind it. */
static bool link_visit_below(struct link_walk *walk, const struct link_directory *self,
                             const char *name, size_t length, size_t *position)
{
    size_t real_length = self->real_length + length + 1;
    bool is_junk = junk_find(name, length) != JUNK_NONE, ok = true;

    memcpy(self->real + self->real_length, name, length);
    memcpy(self->real + self->real_length + length, "/", 2);
    if (is_junk)
        walk->scan->num_junk[junk_find(name, length)]++;
    else
        ok = link_enter(walk, name, length, self->real, real_length, self);
    *position = link_find_end(walk->index, self->real, real_length);
    self->real[self->real_length] = '\0';
    return ok;
}

static bool link_visit(struct link_walk *walk, const struct link_directory *self, const char *path)
{
    const struct member_index *index = walk->index;
    const char *name = path + self->real_length;
    const struct member *member = member_index_find(index, path);
    int kind = junk_find(name, strlen(name));

    if (kind != JUNK_NONE) {
        walk->scan->num_junk[kind]++;
        return true;
    }
    if (member->kind == MEMBER_DIRECTORY) { /* an empty one */
        size_t ignored;

        return link_visit_below(walk, self, name, strlen(name), &ignored);
    }
    return link_visit_file(walk, name, path, member_index_follow(index, member), self);
}

static bool link_walk_directory(struct link_walk *walk, const struct link_directory *self)
{
    const struct member_index *index = walk->index;
    size_t position = member_index_find_first(index, self->real);
    bool ok = true;

    while (position < index->count && ok) {
        const char *path = index->order[position].path, *name = path + self->real_length;
        size_t length;

        if (strncmp(path, self->real, self->real_length) != 0)
            break;
        if (!link_count_visit(walk))
            return false;
        length = strcspn(name, "/");
        if (name[length] == '/') {
            ok = link_visit_below(walk, self, name, length, &position);
            continue;
        }
        /* What has something below it is visited there; of equal paths the last one counts. */
        if (!member_index_has_children(index, path) &&
            (position + 1 == index->count || strcmp(path, index->order[position + 1].path) != 0))
            ok = link_visit(walk, self, path);
        position++;
    }
    return ok;
}

/* ---- the result ---- */

static void link_count_replaced(struct link_walk *walk)
{
    const struct member_index *index = walk->index;

    for (size_t i = 0; i + 1 < index->count; i++) {
        const struct member *member = member_index_at(index, i);

        walk->scan->num_replaced += !member->is_hidden && member->kind != MEMBER_DIRECTORY &&
                                    strcmp(index->order[i].path, index->order[i + 1].path) == 0;
    }
}

/* Puts images into the order of their paths. */
static bool link_sort(struct link_walk *walk, struct member_contents **contents)
{
    struct scan *scan = walk->scan;
    size_t count = scan->num_images;
    struct scan_order *order = NULL;
    const char *next = scan->path_bytes;
    bool ok = memory_allocate_unset(&order, count, sizeof(*order), walk->error) &&
              memory_allocate_unset(&scan->paths, count, sizeof(*scan->paths), walk->error) &&
              memory_allocate_unset(contents, count, sizeof(**contents), walk->error);

    for (size_t i = 0; i < count && ok; i++) {
        order[i] = (struct scan_order){next, i, 0};
        next += strlen(next) + 1;
    }
    if (ok)
        scan_sort(order, count);
    for (size_t i = 0; i < count && ok; i++) {
        scan->paths[i] = order[i].path;
        (*contents)[i] = walk->contents[order[i].index];
    }
    free(order);
    return ok;
}

bool member_links_walk(const struct member_index *index, const struct scan_rules *rules,
                       struct scan *scan, struct member_contents **contents, struct error *error)
{
    char real[MEMBER_MAX_PATH_NBYTES + 2] = "";
    struct link_walk walk = {.index = index, .rules = rules, .scan = scan, .error = error};
    struct link_directory top = {.real = real};
    bool ok;

    walk.max_visits = (uint64_t)index->count * MAX_VISITS_PER_MEMBER + MIN_MAX_VISITS;
    if (scan->root) {
        top.real_length = strlen(scan->root) + 1;
        memcpy(real, scan->root, top.real_length - 1);
        memcpy(real + top.real_length - 1, "/", 2);
    }
    ok = link_walk_directory(&walk, &top) && link_sort(&walk, contents);
    link_count_replaced(&walk);
    free(walk.contents);
    scan_finish(scan);
    return ok;
}
