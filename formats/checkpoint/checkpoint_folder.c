#include "formats/checkpoint/checkpoint_folder.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"

enum { NAME_SIZE = 40 };

static const char *checkpoint_folder_format_name(char buffer[NAME_SIZE], uint64_t epoch)
{
    return text_format(buffer, NAME_SIZE, "epoch-%04" PRIu64 ".h5", epoch);
}

/* True if name is what format_name makes of some epoch, byte for byte. */
static bool checkpoint_folder_parse_name(const char *name, uint64_t *epoch)
{
    char digits[NAME_SIZE], again[NAME_SIZE];
    size_t num_digits;

    if (strncmp(name, "epoch-", 6) != 0)
        return false;
    num_digits = strspn(name + 6, "0123456789");
    if (num_digits >= sizeof(digits))
        return false;
    memcpy(digits, name + 6, num_digits);
    digits[num_digits] = '\0';
    return text_to_count(digits, epoch) &&
           strcmp(checkpoint_folder_format_name(again, *epoch), name) == 0;
}

static int checkpoint_folder_compare_epochs(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

bool checkpoint_folder_list(const char *folder, struct checkpoint_folder *list, struct error *error)
{
    struct text_list names;
    bool ok;

    *list = (struct checkpoint_folder){0};
    ok = file_list_directory(folder, &names, error) &&
         memory_allocate(&list->epochs, names.count, sizeof(*list->epochs), error);
    for (size_t i = 0; ok && i < names.count; i++)
        if (checkpoint_folder_parse_name(names.items[i], &list->epochs[list->count]))
            list->count++;
    text_list_free(&names);
    if (list->count > 1)
        qsort(list->epochs, list->count, sizeof(*list->epochs), checkpoint_folder_compare_epochs);
    return ok;
}

void checkpoint_folder_free(struct checkpoint_folder *list)
{
    free(list->epochs);
    *list = (struct checkpoint_folder){0};
}

char *checkpoint_folder_path(const char *folder, uint64_t epoch, struct error *error)
{
    char name[NAME_SIZE];
    size_t size = strlen(folder) + 1 + NAME_SIZE;
    char *path = malloc(size);

    if (!path) {
        error_set_memory(error, size);
        return NULL;
    }
    snprintf(path, size, "%s/%s", folder, checkpoint_folder_format_name(name, epoch));
    return path;
}
