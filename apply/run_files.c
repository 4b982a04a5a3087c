#include "apply/run_files.h"

#include <stdlib.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/file.h"
#include "formats/checkpoint/checkpoint_folder.h"

/* Is path DIRECTORY/NAME? */
static bool run_files_is_named(const char *directory, const char *name, const char *path,
                               bool *is_included, struct error *error)
{
    char *full = NULL;

    if (asprintf(&full, "%s/%s", directory, name) < 0)
        return error_set_memory(error, strlen(directory) + strlen(name));
    *is_included |= file_is_same(full, path);
    free(full);
    return true;
}

static bool run_files_is_checkpoint(const char *directory, const char *path, bool *is_included,
                                    struct error *error)
{
    struct checkpoint_folder list;
    struct error reason = {0};
    bool ok = true;

    /* The directory of a checkpoint that was named need not let anybody list it. */
    if (!checkpoint_folder_list(directory, &list, &reason) && reason.status != STATUS_IO) {
        *error = reason;
        ok = false;
    }
    for (size_t i = 0; i < list.count && ok; i++) {
        char *checkpoint = checkpoint_folder_path(directory, list.epochs[i], error);

        ok = checkpoint != NULL;
        if (ok)
            *is_included |= file_is_same(checkpoint, path);
        free(checkpoint);
    }
    checkpoint_folder_free(&list);
    return ok;
}

bool run_files_include(const char *run, const char *path, bool *is_included, struct error *error)
{
    static const char *const names[] = {MODEL_FILE_BEST, "interrupted.h5", "log.jsonl"};
    char *directory;
    bool ok;

    *is_included = file_is_same(run, path);
    if (*is_included || !file_exists(path))
        return true;
    directory = file_is_directory(run) ? strdup(run) : file_directory_of(run);
    ok = directory || error_set_memory(error, strlen(run) + 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && ok; i++)
        ok = run_files_is_named(directory, names[i], path, is_included, error);
    ok = ok && run_files_is_checkpoint(directory, path, is_included, error);
    free(directory);
    return ok;
}
