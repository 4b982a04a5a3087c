#include "common/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/checksum.h"

static const char temporary_suffix[] = ".partial";

enum { NUM_RANDOM_DIGITS = 16, MAX_LINKS = 40 };

/* ---- opening and closing ---- */

/* Takes what open returned: a regular file, or -1 with the record filled. */
static int file_check_opened(int descriptor, const char *path, struct stat *info,
                             struct error *error)
{
    if (descriptor < 0 || fstat(descriptor, info) != 0)
        error_set_errno(error, path, "cannot open");
    else if (!S_ISREG(info->st_mode))
        error_set(error, STATUS_IO, ERROR_AT(.file = path), "is not a regular file");
    else
        return descriptor;
    file_close(&descriptor);
    return -1;
}

int file_open(const char *path, uint64_t *nbytes, struct error *error)
{
    struct stat info;
    /* Without O_NONBLOCK, opening a FIFO waits for who writes into it. */
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    descriptor = file_check_opened(descriptor, path, &info, error);
    if (descriptor >= 0 && nbytes)
        *nbytes = (uint64_t)info.st_size;
    return descriptor;
}

int file_open_at(int directory, const char *path)
{
    return openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

DIR *file_open_directory_at(int directory, const char *path)
{
    int descriptor = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = descriptor >= 0 ? fdopendir(descriptor) : NULL;

    if (descriptor >= 0 && !entries) {
        int number = errno;

        close(descriptor);
        errno = number;
    }
    return entries;
}

int file_open_appending(const char *path, struct error *error)
{
    struct stat info;
    int flags = O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    return file_check_opened(open(path, flags, 0666), path, &info, error);
}

int file_open_writing(const char *path, struct error *error)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);

    if (descriptor < 0)
        error_set_errno(error, path, "cannot open");
    return descriptor;
}

void file_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

bool file_close_written(int *descriptor, const char *name, struct error *error)
{
    /* After EINTR the descriptor is gone on Linux: closing it again could close another's. */
    bool ok = *descriptor < 0 || close(*descriptor) == 0 || errno == EINTR;

    *descriptor = -1;
    return ok || error_set_errno(error, name, "cannot close");
}

/* ---- reading and writing ---- */

ssize_t file_read_some_at(int descriptor, void *bytes, size_t nbytes, uint64_t offset)
{
    size_t done = 0;

    while (done < nbytes) {
        ssize_t count =
            pread(descriptor, (char *)bytes + done, nbytes - done, (off_t)(offset + done));

        if (count == 0)
            break;
        if (count > 0)
            done += (size_t)count;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)done;
}

bool file_size(int descriptor, const char *name, uint64_t *nbytes, struct error *error)
{
    struct stat info;

    if (fstat(descriptor, &info) != 0)
        return error_set_errno(error, name, "cannot tell the size");
    *nbytes = (uint64_t)info.st_size;
    return true;
}

bool file_truncate(int descriptor, const char *name, uint64_t nbytes, struct error *error)
{
    return ftruncate(descriptor, (off_t)nbytes) == 0 || error_set_errno(error, name, "cannot cut");
}

bool file_read_at(int descriptor, const char *name, void *bytes, size_t nbytes, uint64_t offset,
                  struct error *error)
{
    ssize_t count = file_read_some_at(descriptor, bytes, nbytes, offset);

    if (count < 0)
        return error_set_errno(error, name, "cannot read");
    return (size_t)count == nbytes ||
           error_set(error, STATUS_DATA, ERROR_AT(.file = name), "is truncated");
}

bool file_write(int descriptor, const char *name, const void *bytes, size_t nbytes,
                struct error *error)
{
    const char *next = bytes;

    while (nbytes > 0) {
        ssize_t count = write(descriptor, next, nbytes);

        if (count >= 0) {
            next += count;
            nbytes -= (size_t)count;
        } else if (errno != EINTR) {
            return error_set_errno(error, name, "cannot write");
        }
    }
    return true;
}

bool file_write_at(int descriptor, const char *name, const void *bytes, size_t nbytes,
                   uint64_t offset, struct error *error)
{
    const char *next = bytes;

    while (nbytes > 0) {
        ssize_t count = pwrite(descriptor, next, nbytes, (off_t)offset);

        if (count >= 0) {
            next += count;
            nbytes -= (size_t)count;
            offset += (uint64_t)count;
        } else if (errno != EINTR) {
            return error_set_errno(error, name, "cannot write");
        }
    }
    return true;
}

bool file_read_whole(const char *path, uint64_t max_nbytes, uint8_t **bytes, size_t *nbytes,
                     struct error *error)
{
    uint64_t size;
    int descriptor = file_open(path, &size, error);
    bool ok = descriptor >= 0;

    *bytes = NULL;
    *nbytes = 0;
    if (ok && size > max_nbytes)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = path), "has %llu bytes, more than %llu",
                       (unsigned long long)size, (unsigned long long)max_nbytes);
    if (ok) {
        *bytes = malloc((size_t)size + 1);
        ok = *bytes || error_set_memory(error, size + 1);
    }
    ok = ok && file_read_at(descriptor, path, *bytes, (size_t)size, 0, error);
    file_close(&descriptor);
    if (!ok) {
        free(*bytes);
        *bytes = NULL;
        return false;
    }
    (*bytes)[size] = '\0';
    *nbytes = (size_t)size;
    return true;
}

/* ---- names ---- */

const char *file_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *file_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* What the link path points to, as a path from where we are; malloc'ed. */
static char *file_follow_link(const char *path, struct error *error)
{
    char target[PATH_MAX], *directory, *result = NULL;
    ssize_t length = readlink(path, target, sizeof(target) - 1);

    if (length < 0) {
        error_set_errno(error, path, "cannot follow the symbolic link");
        return NULL;
    }
    target[length] = '\0';
    if (target[0] == '/') {
        result = strdup(target);
    } else {
        directory = file_directory_of(path);
        if (directory && asprintf(&result, "%s/%s", directory, target) < 0)
            result = NULL;
        free(directory);
    }
    if (!result)
        error_set_memory(error, strlen(path) + strlen(target));
    return result;
}

char *file_resolve(const char *path, struct error *error)
{
    char *resolved = strdup(path);
    struct stat info;

    if (!resolved)
        error_set_memory(error, strlen(path) + 1);
    for (int i = 0; resolved && lstat(resolved, &info) == 0 && S_ISLNK(info.st_mode); i++) {
        char *next = i < MAX_LINKS ? file_follow_link(resolved, error) : NULL;

        if (i == MAX_LINKS) {
            errno = ELOOP;
            error_set_errno(error, path, "cannot follow the symbolic link");
        }
        free(resolved);
        resolved = next;
    }
    /* A rename over a device or a directory would not do what was meant.  It is path that is looked
     * at: /dev/stdout leads to a link whose text, "pipe:[123]", is the name of no file. */
    if (resolved && stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        error_set(error, STATUS_IO, ERROR_AT(.file = path), "is not a regular file");
        free(resolved);
        resolved = NULL;
    }
    return resolved;
}

/* What a temporary name has of its file's: whole, or the beginning and a mark of the whole. */
struct file_stem {
    int length;
    char mark[12]; /* "" or "~" and 8 digits */
};

/*
 * The names that a directory can take are NAME_MAX bytes long, so that there would be no room for
 * the ending behind a name nearly so long.  What is longer still is left as it is: to create it
 * fails, and that is to be seen before the work and not at the rename.
 */
static struct file_stem file_stem_of(const char *base)
{
    size_t ending_length = NUM_RANDOM_DIGITS + sizeof(temporary_suffix);
    size_t room = NAME_MAX - 1 - ending_length, length = strlen(base);
    struct file_stem stem = {.length = (int)length, .mark = ""};

    if (length <= room || length > NAME_MAX)
        return stem;
    snprintf(stem.mark, sizeof(stem.mark), "~%08x", (unsigned)crc32_of(base, length));
    stem.length = (int)(room - strlen(stem.mark));
    /* Characters stay whole: there are file systems that take nothing but UTF-8. */
    while (stem.length > 0 && (base[stem.length] & 0xc0) == 0x80)
        stem.length--;
    return stem;
}

char *file_temporary_name(const char *path, struct error *error)
{
    char *directory = file_directory_of(path), *name = NULL;
    const char *base = file_base_name(path);
    struct file_stem stem = file_stem_of(base);
    uint64_t number;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
        error_set_errno(error, path, "the system gives no random numbers");
    } else if (!directory ||
               asprintf(&name, "%s/.%.*s%s.%0*llx%s", directory, stem.length, base, stem.mark,
                        (int)NUM_RANDOM_DIGITS, (unsigned long long)number, temporary_suffix) < 0) {
        error_set_memory(error, strlen(path));
        name = NULL;
    }
    free(directory);
    return name;
}

/* What a temporary name has behind the name of its file. */
static bool file_is_temporary_ending(const char *ending)
{
    return ending[0] == '.' && strspn(ending + 1, "0123456789abcdef") == NUM_RANDOM_DIGITS &&
           strcmp(ending + 1 + NUM_RANDOM_DIGITS, temporary_suffix) == 0;
}

bool file_is_temporary(const char *name)
{
    size_t length = strlen(name), ending_length = NUM_RANDOM_DIGITS + sizeof(temporary_suffix);

    return name[0] == '.' && length > ending_length + 1 &&
           file_is_temporary_ending(name + length - ending_length);
}

bool file_is_temporary_of(const char *name, const char *base)
{
    struct file_stem stem = file_stem_of(base);
    size_t length = (size_t)stem.length, mark_length = strlen(stem.mark);

    return name[0] == '.' && strncmp(name + 1, base, length) == 0 &&
           strncmp(name + 1 + length, stem.mark, mark_length) == 0 &&
           file_is_temporary_ending(name + 1 + length + mark_length);
}

int file_create_temporary(const char *path, char **temporary_path, struct error *error)
{
    int descriptor;

    do {
        *temporary_path = file_temporary_name(path, error);
        if (!*temporary_path)
            return -1;
        descriptor =
            open(*temporary_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (descriptor < 0) {
            int number = errno;

            free(*temporary_path);
            *temporary_path = NULL;
            errno = number;
        }
    } while (descriptor < 0 && errno == EEXIST);
    if (descriptor < 0)
        error_set_errno(error, path, "cannot create");
    return descriptor;
}

int file_create_nameless(const char *path, struct error *error)
{
    char *name = file_directory_of(path);
    int descriptor = name ? open(name, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600) : -1;

    free(name);
    if (descriptor >= 0)
        return descriptor;
    /* Network file systems know no files without a name: make one and take its name away. */
    descriptor = file_create_temporary(path, &name, error);
    if (descriptor >= 0 && unlink(name) != 0) {
        error_set_errno(error, name, "cannot remove the name of");
        file_close(&descriptor);
    }
    free(name);
    return descriptor;
}

bool file_replace(const char *path, const void *bytes, size_t nbytes, bool is_flushed,
                  struct error *error)
{
    char *final = file_resolve(path, error), *temporary = NULL;
    int descriptor = final ? file_create_temporary(final, &temporary, error) : -1;
    bool ok = descriptor >= 0 && file_write(descriptor, path, bytes, nbytes, error) &&
              (!is_flushed || file_flush(descriptor, path, error));

    ok = file_close_written(&descriptor, path, error) && ok;
    if (ok && rename(temporary, final) != 0)
        ok = error_set_errno(error, path, "cannot rename the temporary file to");
    if (!ok && temporary)
        unlink(temporary);
    ok = ok && (!is_flushed || file_flush_directory_of(final, error));
    free(final);
    free(temporary);
    return ok;
}

static bool file_copy(const char *existing, const char *path, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t nbytes;
    bool ok = file_read_whole(existing, SIZE_MAX - 1, &bytes, &nbytes, error) &&
              file_replace(path, bytes, nbytes, true, error);

    free(bytes);
    return ok;
}

bool file_link(const char *existing, const char *path, struct error *error)
{
    char *temporary;
    bool ok;

    /* A rename of one name of a file to another does nothing, and would leave the temporary one. */
    if (file_is_same(existing, path))
        return true;
    temporary = file_temporary_name(path, error);
    if (!temporary)
        return false;
    if (link(existing, temporary) != 0) {
        free(temporary);
        return file_copy(existing, path, error);
    }
    ok = rename(temporary, path) == 0 ||
         error_set_errno(error, path, "cannot rename the temporary file to");
    if (!ok)
        unlink(temporary);
    free(temporary);
    return ok && file_flush_directory_of(path, error);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_directory(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_is_same(const char *a, const char *b)
{
    struct stat a_info, b_info;

    return stat(a, &a_info) == 0 && stat(b, &b_info) == 0 && a_info.st_dev == b_info.st_dev &&
           a_info.st_ino == b_info.st_ino;
}

/* ---- on disk ---- */

bool file_flush(int descriptor, const char *name, struct error *error)
{
    return fsync(descriptor) == 0 || error_set_errno(error, name, "cannot flush to disk");
}

static bool file_flush_directory(const char *directory, const char *name, struct error *error)
{
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = true;

    /* A directory that may be written but not read cannot be flushed by anybody. */
    if (descriptor < 0)
        return errno == EACCES || error_set_errno(error, name, "cannot open its directory");
    /* Some file systems cannot flush a directory and say EINVAL: there is nothing to wait for. */
    if (fsync(descriptor) != 0 && errno != EINVAL)
        ok = error_set_errno(error, name, "cannot flush its directory to disk");
    close(descriptor);
    return ok;
}

bool file_flush_directory_of(const char *path, struct error *error)
{
    char *directory = file_directory_of(path);
    bool ok = directory ? file_flush_directory(directory, path, error)
                        : error_set_memory(error, strlen(path));

    free(directory);
    return ok;
}

/* ---- directories ---- */

/* Makes one directory, which may be there already, and flushes it into its parent. */
static bool file_make_directory(const char *path, struct error *error)
{
    if (mkdir(path, 0777) == 0)
        return file_flush_directory_of(path, error);
    return errno == EEXIST || error_set_errno(error, path, "cannot create the directory");
}

bool file_make_directories(const char *path, struct error *error)
{
    size_t length = strlen(path);
    char *part = strdup(path);
    struct stat info;
    bool ok = part || error_set_memory(error, length + 1);

    while (ok && length > 1 && part[length - 1] == '/')
        part[--length] = '\0';
    for (size_t i = 1; ok && i < length; i++) {
        if (part[i] != '/' || part[i - 1] == '/')
            continue;
        part[i] = '\0';
        ok = stat(part, &info) == 0 || file_make_directory(part, error);
        part[i] = '/';
    }
    ok = ok && file_make_directory(part, error);
    if (ok && stat(part, &info) != 0)
        ok = error_set_errno(error, path, "cannot open");
    else if (ok && !S_ISDIR(info.st_mode))
        ok = error_set(error, STATUS_IO, ERROR_AT(.file = path), "is not a directory");
    free(part);
    return ok;
}

static int file_compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool file_list_directory(const char *path, struct text_list *names, struct error *error)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    bool ok = true;

    *names = (struct text_list){0};
    if (!directory)
        return error_set_errno(error, path, "cannot open the directory");
    while (ok && (errno = 0, entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = text_list_add(names, entry->d_name, error);
    }
    if (ok && errno != 0)
        ok = error_set_errno(error, path, "cannot read the directory");
    closedir(directory);
    if (!ok)
        text_list_free(names);
    else if (names->count > 1)
        qsort(names->items, names->count, sizeof(*names->items), file_compare_names);
    return ok;
}

bool file_remove(const char *path, struct error *error)
{
    return unlink(path) == 0 || errno == ENOENT || error_set_errno(error, path, "cannot remove");
}
