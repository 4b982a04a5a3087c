#include "train/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint_folder.h"

bool run_folder_make(const char *folder, struct error *error)
{
    char *path = strdup(folder);
    bool ok = true;
    struct stat info;

    if (!path)
        return error_set_memory(error, strlen(folder) + 1);
    for (char *slash = strchr(path + 1, '/'); ok; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            ok = error_set_errno(error, path, "cannot make the folder");
        if (!slash)
            break;
        *slash = '/';
    }
    if (ok && stat(folder, &info) != 0)
        ok = error_set_errno(error, folder, "cannot look at the folder");
    else if (ok && !S_ISDIR(info.st_mode))
        ok = error_set(error, STATUS_IO, ERROR_AT(.file = folder), "is not a folder");
    free(path);
    return ok;
}

static bool is_partial_checkpoint(const char *name)
{
    const char *end = strstr(name, ".h5.");
    char base[64];

    if ((strncmp(name, ".epoch-", 7) != 0 && strncmp(name, ".interrupted", 12) != 0) || !end ||
        (size_t)(end - name) + 3 > sizeof(base))
        return false;
    snprintf(base, sizeof(base), "%.*s", (int)(end - name) + 2, name + 1);
    return file_is_temporary_of(name, base);
}

bool run_folder_remove_partial(const char *folder, struct error *error)
{
    DIR *directory = opendir(folder);
    bool ok = true;
    struct dirent *entry;

    if (!directory)
        return error_set_errno(error, folder, "cannot read the folder");
    while ((entry = readdir(directory)) != NULL && ok)
        if (is_partial_checkpoint(entry->d_name) &&
            unlinkat(dirfd(directory), entry->d_name, 0) != 0 && errno != ENOENT)
            ok = error_set_errno(error, folder, "cannot remove a temporary file");
    closedir(directory);
    return ok;
}

static char *interrupted_path(const char *folder, struct error *error)
{
    char *path = NULL;

    if (asprintf(&path, "%s/interrupted.h5", folder) >= 0)
        return path;
    error_set_memory(error, strlen(folder) + 16);
    return NULL;
}

/* Reads one; says what is wrong with a broken one, which is no error. */
static bool read_or_pass_over(const char *program, const char *path, struct checkpoint *checkpoint,
                              bool *is_whole, struct error *error)
{
    struct error broken = {0};
    bool ok = checkpoint_read(path, checkpoint, &broken);

    *is_whole = ok;
    if (ok)
        return true;
    if (broken.status != STATUS_DATA || !checkpoint_is_damaged(path)) {
        *error = broken;
        return ok;
    }
    error_print(&broken, program, stderr);
    return true;
}

/* Takes interrupted.h5 instead of the newest epoch's, if it is further. */
static bool consider_interrupted(const char *program, const char *folder,
                                 struct run_folder_newest *newest, struct error *error)
{
    char *path = interrupted_path(folder, error);
    struct checkpoint interrupted;
    bool is_whole = false;
    bool ok = true;

    if (!path)
        return false;
    newest->has_interrupted = access(path, F_OK) == 0;
    if (newest->has_interrupted)
        ok = read_or_pass_over(program, path, &interrupted, &is_whole, error);
    if (is_whole) {
        newest->interrupted_step = interrupted.step;
        if (!newest->is_found || interrupted.step > newest->checkpoint.step) {
            if (newest->is_found)
                checkpoint_free(&newest->checkpoint);
            newest->checkpoint = interrupted;
            newest->is_found = true;
        } else {
            checkpoint_free(&interrupted);
        }
    }
    free(path);
    return ok;
}

bool run_folder_read_newest(const char *program, const char *folder,
                            struct run_folder_newest *newest, struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = checkpoint_folder_list(folder, &list, error);

    *newest = (struct run_folder_newest){0};
    for (size_t i = list.count; i-- > 0 && ok && !newest->is_found;) {
        char *path = checkpoint_folder_path(folder, list.epochs[i], error);

        ok = path ? read_or_pass_over(program, path, &newest->checkpoint, &newest->is_found, error)
                  : false;
        free(path);
    }
    if (ok)
        ok = consider_interrupted(program, folder, newest, error);
    if (ok && !newest->is_found && (list.count > 0 || newest->has_interrupted))
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = folder),
                       "holds checkpoints, but none that is whole; --force removes them and "
                       "starts anew");
    checkpoint_folder_free(&list);
    return ok;
}

bool run_folder_compare(const char *folder, const struct checkpoint *existing,
                        const struct checkpoint *current, struct error *error)
{
    char existing_value[128], current_value[128];
    const char *name = settings_first_difference(&existing->config, &current->config,
                                                 existing_value, current_value);

    if (name)
        return error_set(
            error, STATUS_DATA,
            ERROR_AT(.file = folder, .expected = existing_value, .found = current_value),
            "holds a run of another configuration, which differs in %s (--force removes its "
            "checkpoints and starts anew)",
            name);
    if (strcmp(existing->store_fingerprint, current->store_fingerprint) != 0 ||
        !text_list_equal(&existing->classes, &current->classes))
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = folder,
                                  .expected = TEXT("fingerprint %s", existing->store_fingerprint),
                                  .found = TEXT("%s", current->store_fingerprint)),
                         "holds a run on another store (--force removes its checkpoints and starts "
                         "anew)");
    return true;
}

static bool remove_checkpoint(const char *folder, uint64_t epoch, struct error *error)
{
    char *path = checkpoint_folder_path(folder, epoch, error);
    bool ok = path != NULL;

    if (path && unlink(path) != 0 && errno != ENOENT)
        ok = error_set_errno(error, path, "cannot remove");
    free(path);
    return ok;
}

/* Removes what a run has kept too many of, before this epoch. */
static bool remove_old(const char *folder, uint64_t epoch, uint64_t keep, struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = true;

    if (keep > 0)
        ok = checkpoint_folder_list(folder, &list, error);
    for (size_t i = 0; i + keep < list.count && ok; i++)
        if (list.epochs[i] < epoch)
            ok = remove_checkpoint(folder, list.epochs[i], error);
    checkpoint_folder_free(&list);
    return ok;
}

bool run_folder_write_epoch(const char *folder, const struct checkpoint *checkpoint, uint64_t keep,
                            struct error *error)
{
    char *path = checkpoint_folder_path(folder, checkpoint->epoch, error);
    bool ok = path && checkpoint_write(path, checkpoint, true, error);

    if (ok)
        ok = remove_old(folder, checkpoint->epoch, keep, error);
    free(path);
    return ok;
}

bool run_folder_tidy(const char *folder, uint64_t epoch, uint64_t keep, struct error *error)
{
    bool ok = remove_old(folder, epoch, keep, error);

    if (ok)
        ok = run_folder_remove_interrupted(folder, error);
    return ok;
}

bool run_folder_write_interrupted(const char *folder, const struct checkpoint *checkpoint,
                                  struct error *error)
{
    char *path = interrupted_path(folder, error);

    if (path)
        checkpoint_write(path, checkpoint, true, error);
    free(path);
    return error_ok(error);
}

bool run_folder_remove_interrupted(const char *folder, struct error *error)
{
    char *path = interrupted_path(folder, error);

    if (path && unlink(path) != 0 && errno != ENOENT)
        error_set_errno(error, path, "cannot remove");
    free(path);
    return error_ok(error);
}

bool run_folder_clear(const char *folder, struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = checkpoint_folder_list(folder, &list, error);

    for (size_t i = 0; i < list.count && ok; i++)
        ok = remove_checkpoint(folder, list.epochs[i], error);
    checkpoint_folder_free(&list);
    if (ok)
        ok = run_folder_remove_interrupted(folder, error);
    return ok;
}
