#include "images/sources/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "images/decoder.h"

/* ---- the directory around all else ---- */

static bool directory_is_subdirectory(int parent, const struct dirent *entry)
{
    struct stat info;

    /* A question about every file would double the time of a scan: it is asked only where the
     * directory itself does not say what an entry is. */
    if (entry->d_type == DT_DIR)
        return true;
    return (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) &&
           fstatat(parent, entry->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

/* Does a directory have one in it? */
static bool directory_has_folder(int parent, const char *name)
{
    DIR *entries = file_open_directory_at(parent, name);
    const struct dirent *entry;
    bool found = false;

    while (entries && !found && (entry = readdir(entries)))
        found = junk_find(entry->d_name, strlen(entry->d_name)) == JUNK_NONE &&
                directory_is_subdirectory(dirfd(entries), entry);
    if (entries)
        closedir(entries);
    return found;
}

/* Looks at what is directly in a directory. */
static void directory_look_into(int parent, const char *name, const struct scan_rules *rules,
                                struct scan_look *look)
{
    DIR *entries = file_open_directory_at(parent, name);
    const struct dirent *entry;

    while (entries && (entry = readdir(entries))) {
        size_t length = strlen(entry->d_name);

        if (junk_find(entry->d_name, length) != JUNK_NONE)
            continue;
        if (!directory_is_subdirectory(dirfd(entries), entry)) {
            look->has_images |= decoder_has_extension(entry->d_name);
            continue;
        }
        look->num_folders++;
        if (!scan_is_one_of(rules->split_folders, entry->d_name, length))
            continue;
        look->num_splits++;
        look->has_classes =
            look->has_classes || directory_has_folder(dirfd(entries), entry->d_name);
    }
    if (entries)
        closedir(entries);
}

/* Neither "." nor ".." is counted. */
static bool directory_is_junk(struct scan *scan, const char *name)
{
    int kind = junk_find(name, strlen(name));

    if (kind != JUNK_NONE && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        scan->num_junk[kind]++;
    return kind != JUNK_NONE;
}

/* Is there one directory and no image, and is it a root?  *name is its; what is beside it counts.
 */
static bool directory_has_root(const struct scan_rules *rules, struct directory_root *root,
                               char name[256])
{
    DIR *entries = file_open_directory_at(root->descriptor, ".");
    const struct dirent *entry;
    struct scan_look look = {0};
    struct scan beside = {0};
    size_t num_folders = 0;
    bool has_images = false;

    while (entries && num_folders < 2 && !has_images && (entry = readdir(entries))) {
        if (directory_is_junk(&beside, entry->d_name))
            continue;
        if (directory_is_subdirectory(dirfd(entries), entry)) {
            num_folders++;
            snprintf(name, 256, "%s", entry->d_name);
        } else {
            has_images = decoder_has_extension(entry->d_name);
            beside.num_others++;
        }
    }
    if (entries)
        closedir(entries);
    if (num_folders != 1 || has_images || scan_is_one_of(rules->split_folders, name, strlen(name)))
        return false;
    directory_look_into(root->descriptor, name, rules, &look);
    if (!scan_is_root(&look, false))
        return false;
    for (int i = 0; i < JUNK_NUM_KINDS; i++)
        root->num_junk[i] += beside.num_junk[i];
    root->num_others += beside.num_others;
    return true;
}

bool directory_find_root(const struct scan_rules *rules, struct directory_root *root,
                         struct error *error)
{
    char name[256];

    for (int depth = 0; depth < SCAN_MAX_ROOT_DEPTH; depth++) {
        char *longer;
        int inner;

        if (!directory_has_root(rules, root, name) ||
            (inner = file_open_at(root->descriptor, name)) < 0)
            break;
        file_close(&root->descriptor);
        root->descriptor = inner;
        if (asprintf(&longer, "%s%s%s", root->path ? root->path : "", root->path ? "/" : "", name) <
            0)
            return error_set_memory(error, sizeof(name));
        free(root->path);
        root->path = longer;
    }
    return true;
}

/* ---- the walk ---- */

/* The directories from the one being read up to the source, on the stack of the walk. */
struct ancestor {
    dev_t device;
    ino_t inode;
    const struct ancestor *parent;
};

struct walk {
    const char *source;
    struct scan_rules rules;
    struct scan *scan;
    size_t path_nbytes, path_capacity;
    char *prefix; /* the directory being read, relative to the source, with a slash at its end */
    size_t prefix_length, prefix_capacity;
    struct progress progress;
    size_t num_entries; /* met so far */
    struct error *error;
};

static bool directory_fail(const struct walk *walk, const char *name, const char *what)
{
    int saved_errno = errno;
    char path[1024];

    snprintf(path, sizeof(path), "%s/%.*s%s", walk->source, (int)walk->prefix_length,
             walk->prefix ? walk->prefix : "", name);
    errno = saved_errno;
    return error_set_errno(walk->error, path, what);
}

static bool directory_add_image(struct walk *walk, const char *name)
{
    struct scan *scan = walk->scan;
    size_t name_nbytes = strlen(name) + 1;

    if (!memory_grow(&scan->path_bytes, &walk->path_capacity,
                     walk->path_nbytes + walk->prefix_length + name_nbytes, 1, walk->error))
        return false;
    scan->num_images++;
    if (walk->prefix_length > 0)
        memcpy(scan->path_bytes + walk->path_nbytes, walk->prefix, walk->prefix_length);
    memcpy(scan->path_bytes + walk->path_nbytes + walk->prefix_length, name, name_nbytes);
    walk->path_nbytes += walk->prefix_length + name_nbytes;
    return true;
}

static bool directory_add_other(struct walk *walk, const char *name)
{
    /* Which directory it is in matters for the top alone. */
    if (walk->prefix_length == 0)
        return scan_add_other(walk->scan, name, walk->error);
    if (!foreign_count(&walk->scan->foreign, name))
        walk->scan->num_others++;
    return true;
}

static bool directory_walk(struct walk *walk, DIR *entries, size_t depth,
                           const struct ancestor *self);

static bool directory_is_loop(const struct ancestor *self)
{
    for (const struct ancestor *above = self->parent; above; above = above->parent)
        if (above->device == self->device && above->inode == self->inode)
            return true;
    return false;
}

/* Lists a directory and walks it, with the prefix longer by its name meanwhile. */
static bool directory_enter(struct walk *walk, int parent, const char *name, size_t depth,
                            const struct ancestor *above)
{
    const struct scan_rules *rules = &walk->rules;
    size_t name_length = strlen(name), old_length = walk->prefix_length;
    struct ancestor self = {.parent = above};
    struct stat info;
    DIR *entries;
    bool ok;

    if (fstatat(parent, name, &info, 0) != 0)
        return directory_fail(walk, name, "cannot open the directory");
    self.device = info.st_dev;
    self.inode = info.st_ino;
    if (directory_is_loop(&self)) {
        walk->scan->num_loops++;
        return true;
    }
    if (!memory_grow(&walk->prefix, &walk->prefix_capacity, old_length + name_length + 2, 1,
                     walk->error))
        return false;
    memcpy(walk->prefix + old_length, name, name_length + 1);
    if (depth < rules->folder_depth &&
        !text_list_add(&walk->scan->folders, walk->prefix, walk->error))
        return false;
    if (depth == 0 && rules->top_folders && !scan_is_one_of(rules->top_folders, name, name_length))
        return true;

    entries = file_open_directory_at(parent, name);
    if (!entries)
        return directory_fail(walk, name, "cannot open the directory");
    walk->prefix[old_length + name_length] = '/';
    walk->prefix_length = old_length + name_length + 1;
    ok = directory_walk(walk, entries, depth + 1, &self);
    walk->prefix_length = old_length;
    closedir(entries);
    return ok;
}

/* ---- the entries of one directory, in order ---- */

/*
 * Names of subdirectories end in a slash, so that walking entries in bytewise order gives paths in
 * bytewise order.
 */
struct listing {
    char *names; /* one after the other */
    size_t names_nbytes, names_capacity;
    size_t count;
};

static bool directory_add_entry(struct walk *walk, struct listing *listing, const char *name,
                                bool is_directory)
{
    size_t length = strlen(name);

    if (!memory_grow(&listing->names, &listing->names_capacity, listing->names_nbytes + length + 2,
                     1, walk->error))
        return false;
    listing->count++;
    memcpy(listing->names + listing->names_nbytes, name, length);
    listing->names_nbytes += length;
    if (is_directory)
        listing->names[listing->names_nbytes++] = '/';
    listing->names[listing->names_nbytes++] = '\0';
    return true;
}

/* The entries in order; the index is that of the name in the block.  NULL without memory. */
static struct scan_order *directory_sort(const struct walk *walk, const struct listing *listing)
{
    struct scan_order *order = malloc((listing->count + 1) * sizeof(*order));
    const char *next = listing->names;

    if (!order) {
        error_set_memory(walk->error, listing->count * sizeof(*order));
        return NULL;
    }
    for (size_t i = 0; i < listing->count; i++) {
        order[i] = (struct scan_order){.path = next, .index = (size_t)(next - listing->names)};
        next += strlen(next) + 1;
    }
    scan_sort(order, listing->count);
    return order;
}

static bool directory_list(struct walk *walk, DIR *entries, struct listing *listing)
{
    int signal = signals_stop_requested();
    struct scan_top top = {0};
    bool ok = true;

    /* A walk over a slow file system takes minutes. */
    if (signal)
        return error_set(walk->error, STATUS_STOPPED, ERROR_AT(.file = walk->source),
                         "stopped by %s; nothing was written, run again", signals_name(signal));
    while (ok) {
        const struct dirent *entry;

        errno = 0;
        entry = readdir(entries);
        if (!entry && errno != 0)
            ok = directory_fail(walk, "", "cannot read the directory");
        if (!entry)
            break;
        if (directory_is_junk(walk->scan, entry->d_name))
            continue;
        if (directory_is_subdirectory(dirfd(entries), entry)) {
            if (walk->prefix_length == 0)
                scan_count_top(&top, &walk->rules, entry->d_name, strlen(entry->d_name));
            ok = directory_add_entry(walk, listing, entry->d_name, true);
        } else if (decoder_has_extension(entry->d_name))
            ok = directory_add_entry(walk, listing, entry->d_name, false);
        else
            ok = directory_add_other(walk, entry->d_name);
        /* Seldom: a look at the clock takes as long as an entry. */
        if (++walk->num_entries % 64 == 0)
            progress_update(&walk->progress, walk->num_entries);
    }
    if (walk->prefix_length == 0)
        walk->rules = scan_choose_top(&top, &walk->rules);
    return ok;
}

static bool directory_walk(struct walk *walk, DIR *entries, size_t depth,
                           const struct ancestor *self)
{
    struct listing listing = {0};
    struct scan_order *order = NULL;
    bool ok = directory_list(walk, entries, &listing) && (order = directory_sort(walk, &listing));

    for (size_t i = 0; i < listing.count && ok; i++) {
        char *name = listing.names + order[i].index, *last = name + strlen(name) - 1;

        if (*last == '/') {
            *last = '\0';
            ok = directory_enter(walk, dirfd(entries), name, depth, self);
        } else {
            ok = directory_add_image(walk, name);
        }
    }
    free(order);
    free(listing.names);
    return ok;
}

/* Points at the paths, now that their block stays where it is. */
static bool directory_finish_paths(struct walk *walk)
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
    scan_finish(scan);
    return true;
}

bool directory_scan(const char *source, int descriptor, const struct scan_rules *rules,
                    struct scan *scan, struct error *error)
{
    struct walk walk = {.source = source,
                        .rules = *rules,
                        .scan = scan,
                        .progress = progress_begin(NULL, "list", "files", 0),
                        .error = error};
    struct ancestor self = {.parent = NULL};
    struct stat info;
    DIR *entries = NULL;
    bool ok;

    *scan = (struct scan){0};
    /* A second descriptor: closedir closes the one it reads from. */
    if (fstat(descriptor, &info) != 0 || !(entries = file_open_directory_at(descriptor, ".")))
        return error_set_errno(error, source, "cannot open the directory");
    self.device = info.st_dev;
    self.inode = info.st_ino;
    ok = directory_walk(&walk, entries, 0, &self) && directory_finish_paths(&walk);
    progress_clear(&walk.progress);
    closedir(entries);
    free(walk.prefix);
    if (!ok)
        scan_free(scan);
    return ok;
}

/* ---- one file ---- */

/* An error of the file itself (STATUS_DATA) or of the system around it (STATUS_IO). */
static bool directory_fail_open(struct error *error)
{
    switch (errno) {
    case EACCES:
    case EPERM:
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENXIO:
    case ENODEV:
        return error_set(error, STATUS_DATA, NULL, "cannot be opened: %s", strerror(errno));
    default:
        return error_set(error, STATUS_IO, NULL, "cannot be opened: %s", strerror(errno));
    }
}

bool directory_look(int descriptor, const char *path, struct source_stamp *stamp,
                    struct error *error)
{
    struct stat info;

    *stamp = (struct source_stamp){0};
    if (fstatat(descriptor, path, &info, 0) == 0)
        *stamp = source_stamp_of(&info);
    else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP)
        return error_set(error, STATUS_IO, NULL, "cannot look at: %s", strerror(errno));
    return true;
}

/*
 * Opens a file by its name in its directory, when the last file was in the same one: the system
 * then walks no path.  A directory of a single image is not worth opening.
 */
static int directory_open_file(int descriptor, const char *path, struct source_reader *reader)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (length == 0)
        return file_open_at(descriptor, path);
    if (reader->directory_length != length || memcmp(reader->directory_path, path, length) != 0) {
        int old = reader->directory_plus_1 - 1;

        file_close(&old);
        reader->directory_plus_1 = 0;
        reader->directory_path = path;
        reader->directory_length = length;
        return file_open_at(descriptor, path);
    }
    if (!reader->directory_plus_1) {
        char directory[4096];

        if (length >= sizeof(directory))
            return file_open_at(descriptor, path);
        memcpy(directory, path, length);
        directory[length] = '\0';
        reader->directory_plus_1 = file_open_at(descriptor, directory) + 1;
        if (!reader->directory_plus_1)
            return file_open_at(descriptor, path);
    }
    return file_open_at(reader->directory_plus_1 - 1, slash + 1);
}

bool directory_read(int descriptor, const char *path, struct source_reader *reader,
                    struct source_file *file, struct error *error)
{
    struct error ignored = {0};
    bool ok;
    int opened = directory_open_file(descriptor, path, reader);

    if (opened < 0) {
        ok = directory_fail_open(error);
        *file = (struct source_file){0};
        directory_look(descriptor, path, &file->stamp, &ignored);
        return ok;
    }
    ok = source_file_read_whole(opened, reader, file, error);
    file_close(&opened);
    return ok;
}
