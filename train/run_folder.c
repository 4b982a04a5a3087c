#include "train/run_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/progress.h"
#include "formats/checkpoint_folder.h"

enum status run_folder_make(const char *folder, struct error *error)
{
    char *path = strdup(folder);
    enum status status = STATUS_OK;
    struct stat info;

    if (!path)
        return error_set_memory(error, strlen(folder) + 1);
    for (char *slash = strchr(path + 1, '/'); status == STATUS_OK; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            status = error_set_errno(error, path, "cannot make the folder");
        if (!slash)
            break;
        *slash = '/';
    }
    if (status == STATUS_OK && (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)))
        status = error_set(error, STATUS_IO, ERROR_AT(.file = folder), "is not a folder");
    free(path);
    return status;
}

enum status run_folder_read_newest(const char *program, const char *folder,
                                   struct checkpoint *newest, bool *found, struct error *error)
{
    struct checkpoint_folder list = {0};
    struct error broken = {0};
    enum status status = checkpoint_folder_list(folder, &list, error);

    *found = false;
    for (size_t i = list.count; i-- > 0 && status == STATUS_OK && !*found;) {
        char *path = checkpoint_folder_path(folder, list.epochs[i], error);

        if (!path) {
            status = error->status;
            break;
        }
        broken = (struct error){0};
        if (checkpoint_read(path, newest, &broken) == STATUS_OK)
            *found = true;
        else
            error_print(&broken, program, stderr);
        free(path);
    }
    if (status == STATUS_OK && !*found && list.count > 0)
        status = error_set(error, STATUS_DATA, ERROR_AT(.file = folder),
                           "holds checkpoints, but none that is whole; --force removes them and "
                           "starts anew");
    checkpoint_folder_free(&list);
    return status;
}

enum status run_folder_compare(const char *folder, const struct checkpoint *existing,
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
    return STATUS_OK;
}

static enum status remove_checkpoint(const char *folder, uint64_t epoch, struct error *error)
{
    char *path = checkpoint_folder_path(folder, epoch, error);
    enum status status = path ? STATUS_OK : error->status;

    if (path && unlink(path) != 0 && errno != ENOENT)
        status = error_set_errno(error, path, "cannot remove");
    free(path);
    return status;
}

enum status run_folder_write(const char *folder, const struct checkpoint *checkpoint, uint64_t keep,
                             struct error *error)
{
    struct checkpoint_folder list = {0};
    char *path = checkpoint_folder_path(folder, checkpoint->epoch, error);
    enum status status = path ? checkpoint_write(path, checkpoint, error) : error->status;

    if (status == STATUS_OK && keep > 0)
        status = checkpoint_folder_list(folder, &list, error);
    for (size_t i = 0; i + keep < list.count && status == STATUS_OK; i++)
        if (list.epochs[i] < checkpoint->epoch)
            status = remove_checkpoint(folder, list.epochs[i], error);
    checkpoint_folder_free(&list);
    free(path);
    return status;
}

enum status run_folder_clear(const char *folder, struct error *error)
{
    struct checkpoint_folder list = {0};
    enum status status = checkpoint_folder_list(folder, &list, error);

    for (size_t i = 0; i < list.count && status == STATUS_OK; i++)
        status = remove_checkpoint(folder, list.epochs[i], error);
    checkpoint_folder_free(&list);
    return status;
}
