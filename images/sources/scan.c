#include "images/sources/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "images/sources/path_order.h"

enum kind { KIND_FOLDER, KIND_IMAGE, KIND_OTHER };

/* The folders from the one being read up to the source, on the stack of the walk. */
struct ancestor {
    dev_t device;
    ino_t inode;
    const struct ancestor *parent;
};

struct walk {
    const char *source;
    const struct scan_rules *rules;
    struct scan *scan;
    size_t path_nbytes, path_capacity;
    char *prefix; /* the folder being read, relative to the source, with a slash at its end */
    size_t prefix_length, prefix_capacity;
    struct error *error;
};

static bool fail_at(const struct walk *walk, const char *name, const char *what)
{
    int saved_errno = errno;
    char path[1024];

    snprintf(path, sizeof(path), "%s/%.*s%s", walk->source, (int)walk->prefix_length,
             walk->prefix ? walk->prefix : "", name);
    errno = saved_errno;
    return error_set_errno(walk->error, path, what);
}

bool scan_is_image(const char *name)
{
    size_t length = strlen(name);

    return length > 4 && strcasecmp(name + length - 4, ".png") == 0;
}

static enum kind find_kind(int folder_fd, const struct dirent *entry)
{
    struct stat status;

    /* Asking the system about every file would double the time of a scan: ask where the folder
     * does not say it. */
    if (entry->d_type == DT_DIR)
        return KIND_FOLDER;
    if ((entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) &&
        fstatat(folder_fd, entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode))
        return KIND_FOLDER;
    return scan_is_image(entry->d_name) ? KIND_IMAGE : KIND_OTHER;
}

static bool add_image(struct walk *walk, const char *name)
{
    struct scan *scan = walk->scan;
    size_t name_nbytes = strlen(name) + 1;
    bool ok = memory_grow(&scan->path_bytes, &walk->path_capacity,
                          walk->path_nbytes + walk->prefix_length + name_nbytes, 1, walk->error);

    if (!ok)
        return ok;
    scan->num_images++;
    if (walk->prefix_length > 0)
        memcpy(scan->path_bytes + walk->path_nbytes, walk->prefix, walk->prefix_length);
    memcpy(scan->path_bytes + walk->path_nbytes + walk->prefix_length, name, name_nbytes);
    walk->path_nbytes += walk->prefix_length + name_nbytes;
    return true;
}

static bool add_other(struct walk *walk, const char *name)
{
    struct scan *scan = walk->scan;

    scan->num_others++;
    if (walk->prefix_length > 0 || scan->top_others.count == SCAN_MAX_OTHERS)
        return true;
    return text_list_add(&scan->top_others, name, walk->error);
}

static bool is_wanted(const struct walk *walk, size_t depth, const char *name)
{
    const char *const *wanted = walk->rules->top_folders;

    if (depth > 0 || !wanted)
        return true;
    while (*wanted && strcmp(*wanted, name) != 0)
        wanted++;
    return *wanted != NULL;
}

static bool walk_folder(struct walk *walk, DIR *folder, size_t depth, const struct ancestor *self);

/* Lists one folder and goes down into it, with the prefix longer by its name meanwhile. */
static bool enter_folder(struct walk *walk, int parent_fd, const char *name, size_t depth,
                         const struct ancestor *parent)
{
    struct ancestor self = {.parent = parent};
    size_t name_length = strlen(name), old_length = walk->prefix_length;
    struct stat stat;
    DIR *folder = NULL;
    int fd = -1;
    bool ok = true;

    if (fstatat(parent_fd, name, &stat, 0) != 0)
        return fail_at(walk, name, "cannot open the folder");
    self.device = stat.st_dev;
    self.inode = stat.st_ino;
    for (const struct ancestor *above = parent; above; above = above->parent) {
        if (above->device == self.device && above->inode == self.inode) {
            walk->scan->num_loops++;
            return true;
        }
    }
    ok = memory_grow(&walk->prefix, &walk->prefix_capacity, old_length + name_length + 2, 1,
                     walk->error);
    if (!ok)
        return ok;
    memcpy(walk->prefix + old_length, name, name_length + 1);
    if (depth < walk->rules->folder_depth)
        ok = text_list_add(&walk->scan->folders, walk->prefix, walk->error);
    if (!ok || !is_wanted(walk, depth, name))
        return ok;

    fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        ok = fail_at(walk, name, "cannot open the folder");
        if (fd >= 0)
            close(fd);
        return ok;
    }
    walk->prefix[old_length + name_length] = '/';
    walk->prefix_length = old_length + name_length + 1;
    ok = walk_folder(walk, folder, depth + 1, &self);
    walk->prefix_length = old_length;
    closedir(folder);
    return ok;
}

/* ---- the entries of one folder, in order ---- */

/*
 * Names of folders end in a slash, so that walking entries in bytewise order gives paths in
 * bytewise order.
 */
struct listing {
    char *names; /* one after the other */
    size_t names_nbytes, names_capacity;
    size_t count;
};

static bool add_entry(struct walk *walk, struct listing *listing, const char *name, bool is_folder)
{
    size_t length = strlen(name);
    bool ok = memory_grow(&listing->names, &listing->names_capacity,
                          listing->names_nbytes + length + 2, 1, walk->error);

    if (!ok)
        return ok;
    listing->count++;
    memcpy(listing->names + listing->names_nbytes, name, length);
    listing->names_nbytes += length;
    if (is_folder)
        listing->names[listing->names_nbytes++] = '/';
    listing->names[listing->names_nbytes++] = '\0';
    return true;
}

/* The entries in order; the index is that of the name in the block.  NULL without memory. */
static struct path_order *sort_entries(const struct walk *walk, const struct listing *listing)
{
    struct path_order *entries = malloc((listing->count + 1) * sizeof(*entries));
    const char *next = listing->names;

    if (!entries) {
        error_set_memory(walk->error, listing->count * sizeof(*entries));
        return NULL;
    }
    for (size_t i = 0; i < listing->count; i++) {
        entries[i] = (struct path_order){.path = next, .index = (size_t)(next - listing->names)};
        next += strlen(next) + 1;
    }
    path_order_sort(entries, listing->count);
    return entries;
}

static bool list_folder(struct walk *walk, DIR *folder, struct listing *listing)
{
    bool ok = true;

    while (ok) {
        const struct dirent *entry;
        enum kind kind;

        errno = 0;
        entry = readdir(folder);
        if (!entry && errno != 0)
            ok = fail_at(walk, "", "cannot read the folder");
        if (!entry)
            break;
        if (entry->d_name[0] == '.')
            continue;
        kind = find_kind(dirfd(folder), entry);
        ok = kind == KIND_OTHER ? add_other(walk, entry->d_name)
                                : add_entry(walk, listing, entry->d_name, kind == KIND_FOLDER);
    }
    return ok;
}

static bool walk_folder(struct walk *walk, DIR *folder, size_t depth, const struct ancestor *self)
{
    struct listing listing = {0};
    struct path_order *entries = NULL;
    bool ok = list_folder(walk, folder, &listing);

    if (ok) {
        entries = sort_entries(walk, &listing);
        ok = error_ok(walk->error);
    }
    for (size_t i = 0; i < listing.count && ok; i++) {
        char *name = listing.names + entries[i].index, *last = name + strlen(name) - 1;

        if (*last == '/') {
            *last = '\0';
            ok = enter_folder(walk, dirfd(folder), name, depth, self);
        } else {
            ok = add_image(walk, name);
        }
    }
    free(entries);
    free(listing.names);
    return ok;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Points at the paths, now that their block stays where it is. */
static bool finish_paths(struct walk *walk)
{
    struct scan *scan = walk->scan;
    const char *next = scan->path_bytes;

    scan->paths = malloc((scan->num_images + 1) * sizeof(*scan->paths));
    if (!scan->paths)
        return error_set_memory(walk->error, scan->num_images * sizeof(*scan->paths));
    for (size_t i = 0; i < scan->num_images; i++) {
        scan->paths[i] = next;
        next += strlen(next) + 1;
    }
    if (scan->folders.count > 1)
        qsort(scan->folders.items, scan->folders.count, sizeof(char *), compare_texts);
    if (scan->top_others.count > 1)
        qsort(scan->top_others.items, scan->top_others.count, sizeof(char *), compare_texts);
    return true;
}

bool scan_folder(const char *source, int source_fd, const struct scan_rules *rules,
                 struct scan *scan, struct error *error)
{
    struct walk walk = {.source = source, .rules = rules, .scan = scan, .error = error};
    struct ancestor self = {.parent = NULL};
    struct stat stat;
    DIR *folder = NULL;
    int fd = -1;
    bool ok;

    memset(scan, 0, sizeof(*scan));
    if (fstat(source_fd, &stat) != 0) {
        ok = error_set_errno(error, source, "cannot open the folder");
        goto out;
    }
    self.device = stat.st_dev;
    self.inode = stat.st_ino;
    /* A second descriptor: closedir closes the one it reads from. */
    fd = openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        ok = error_set_errno(error, source, "cannot open the folder");
        if (fd >= 0)
            close(fd);
        goto out;
    }
    ok = walk_folder(&walk, folder, 0, &self);
    if (ok)
        ok = finish_paths(&walk);
out:
    if (folder)
        closedir(folder);
    free(walk.prefix);
    if (!ok)
        scan_free(scan);
    return ok;
}

void scan_free(struct scan *scan)
{
    free(scan->paths);
    free(scan->path_bytes);
    free(scan->root);
    text_list_free(&scan->folders);
    text_list_free(&scan->top_others);
    *scan = (struct scan){0};
}
