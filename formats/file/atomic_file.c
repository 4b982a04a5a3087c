#include "formats/file/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"

static const char busy[] = "another process is writing this file";

/* How often a writer tries again that meets another: of two that begin at the same instant, each
 * sees the other's temporary file, and one shall win. */
enum { NUM_ATTEMPTS = 5, MAX_PAUSE_NANOSECONDS = 20000000 };

/* ---- locks ---- */

enum lock { LOCK_HELD, LOCK_BUSY, LOCK_UNKNOWN };

/* Tries to lock; LOCK_UNKNOWN, with errno, for a file system that cannot lock. */
static enum lock lock_try(int descriptor)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(descriptor, F_OFD_SETLK, &whole) == 0)
        return LOCK_HELD;
    return errno == EAGAIN || errno == EACCES ? LOCK_BUSY : LOCK_UNKNOWN;
}

/* True if the environment says, in HDF5's own words, that a file system without locks will do:
 * Lustre mounted without them (ENOSYS), NFS without its lock service (ENOLCK). */
static bool lock_may_be_missing(int number)
{
    const char *choice = getenv("HDF5_USE_FILE_LOCKING");

    return choice && (number == ENOSYS || number == ENOLCK || number == EOPNOTSUPP) &&
           (strcmp(choice, "FALSE") == 0 || strcmp(choice, "0") == 0 ||
            strcmp(choice, "BEST_EFFORT") == 0);
}

bool atomic_file_lock(int descriptor, const char *path, const char *what, struct error *error)
{
    switch (lock_try(descriptor)) {
    case LOCK_HELD:
        return true;
    case LOCK_BUSY:
        return error_set(error, STATUS_IO, ERROR_AT(.file = path), "%s", what);
    default:
        return lock_may_be_missing(errno) ||
               error_set_errno(error, path, "the file system cannot lock files");
    }
}

/* ---- temporary files of the same target ---- */

/*
 * Is the temporary file at path that of a process that is writing?  One that is not, and is this
 * user's, is removed.  A file that another user left, or that no lock can tell about, stays.
 */
static bool temporary_is_in_use(const char *path)
{
    int descriptor = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat info;
    bool is_in_use = false;

    if (descriptor < 0)
        return false;
    if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
        enum lock lock = lock_try(descriptor);

        is_in_use = lock == LOCK_BUSY;
        if (lock == LOCK_HELD && info.st_uid == geteuid())
            unlink(path);
    }
    close(descriptor);
    return is_in_use;
}

/* Looks at all temporary files of the target but this one; *is_in_use if one of them is. */
static bool temporary_look_at_others(const struct atomic_file *file, bool *is_in_use,
                                     struct error *error)
{
    const char *base = file_base_name(file->target_path);
    const char *own = file_base_name(file->temporary_path);
    char *directory = file_directory_of(file->target_path);
    struct text_list names = {0};
    struct error reason = {0};
    bool ok = directory || error_set_memory(error, strlen(file->target_path));

    *is_in_use = false;
    /* In a directory that may be written but not listed, nobody's temporary files are seen. */
    if (ok && !file_list_directory(directory, &names, &reason) && reason.status != STATUS_IO)
        ok = error_set_memory(error, 0);
    for (size_t i = 0; i < names.count && ok; i++) {
        char *path = NULL;

        if (!file_is_temporary_of(names.items[i], base) || strcmp(names.items[i], own) == 0)
            continue;
        if (asprintf(&path, "%s/%s", directory, names.items[i]) < 0)
            ok = error_set_memory(error, strlen(directory));
        else if (temporary_is_in_use(path))
            *is_in_use = true;
        if (ok)
            free(path);
    }
    text_list_free(&names);
    free(directory);
    return ok;
}

static void temporary_remove(struct atomic_file *file)
{
    if (file->temporary_path)
        unlink(file->temporary_path);
    free(file->temporary_path);
    file->temporary_path = NULL;
    file_close(&file->descriptor);
}

/*
 * Creates the temporary file, locks it and looks at the others.  The lock comes first, so that of
 * two processes at least one sees the other.  Between creation and lock, another process may take
 * the file for a dead one's, lock and remove it: that counts as in use, too.
 */
static bool temporary_make(struct atomic_file *file, bool *is_in_use, struct error *error)
{
    struct stat info;

    file->descriptor = file_create_temporary(file->target_path, &file->temporary_path, error);
    if (file->descriptor < 0)
        return false;
    switch (lock_try(file->descriptor)) {
    case LOCK_HELD:
        break;
    case LOCK_BUSY:
        return *is_in_use = true;
    default:
        if (!lock_may_be_missing(errno))
            return error_set_errno(error, file->path, "the file system cannot lock files");
    }
    if (fstat(file->descriptor, &info) != 0)
        return error_set_errno(error, file->path, "cannot create");
    *is_in_use = info.st_nlink == 0;
    return *is_in_use || temporary_look_at_others(file, is_in_use, error);
}

static void atomic_file_pause(void)
{
    struct timespec now, pause = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    pause.tv_nsec = (now.tv_nsec ^ (long)getpid() * 7919) % MAX_PAUSE_NANOSECONDS;
    nanosleep(&pause, NULL);
}

bool atomic_file_begin(struct atomic_file *file, const char *path, enum file_kind kind,
                       bool is_forced, struct error *error)
{
    bool is_in_use = true, ok;

    *file = (struct atomic_file){.descriptor = -1, .path = strdup(path)};
    ok = file->path || error_set_memory(error, strlen(path) + 1);
    ok = ok && (file->target_path = file_resolve(path, error)) != NULL &&
         file_kind_check_output(path, kind, is_forced, error);
    for (int attempt = 0; ok && is_in_use && attempt < NUM_ATTEMPTS; attempt++) {
        if (attempt > 0) {
            temporary_remove(file);
            atomic_file_pause();
        }
        ok = temporary_make(file, &is_in_use, error);
    }
    if (ok && is_in_use)
        ok = error_set(error, STATUS_IO, ERROR_AT(.file = path), "%s", busy);
    if (!ok)
        atomic_file_abandon(file);
    return ok;
}

bool atomic_file_commit(struct atomic_file *file, struct error *error)
{
    if (seal_append(file->descriptor, file->path, &file->sums, error))
        return atomic_file_commit_unsealed(file, error);
    atomic_file_abandon(file);
    return false;
}

bool atomic_file_commit_unsealed(struct atomic_file *file, struct error *error)
{
    bool ok = file_flush(file->descriptor, file->path, error);

    if (ok && rename(file->temporary_path, file->target_path) != 0)
        ok = error_set_errno(error, file->path, "cannot rename the finished file");
    if (ok) {
        free(file->temporary_path);
        file->temporary_path = NULL;
        ok = file_close_written(&file->descriptor, file->path, error) &&
             file_flush_directory_of(file->target_path, error);
    }
    atomic_file_abandon(file);
    return ok;
}

void atomic_file_abandon(struct atomic_file *file)
{
    if (file->path)
        temporary_remove(file);
    seal_sums_free(&file->sums);
    free(file->target_path);
    free(file->path);
    *file = (struct atomic_file){.descriptor = -1};
}
