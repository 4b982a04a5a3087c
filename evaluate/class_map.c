#include "evaluate/class_map.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct named_class {
    const char *name;
    uint32_t index;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct named_class *)a)->name, ((const struct named_class *)b)->name);
}

static bool sort_classes(const struct text_list *classes, struct named_class **sorted,
                         struct error *error)
{
    bool ok = memory_allocate(sorted, classes->count, sizeof(**sorted), error);

    if (!ok)
        return ok;
    for (size_t i = 0; i < classes->count; i++)
        (*sorted)[i] = (struct named_class){classes->items[i], (uint32_t)i};
    qsort(*sorted, classes->count, sizeof(**sorted), compare_names);
    return true;
}

bool class_map_fill(const char *store_path, const struct text_list *store_classes,
                    const struct text_list *model_classes, uint32_t *map, struct error *error)
{
    struct named_class *in_store = NULL, *in_model = NULL;
    const struct error_context *place = ERROR_AT(.file = store_path, .dataset = "/classes");
    size_t s = 0, m = 0;
    bool ok = sort_classes(store_classes, &in_store, error);

    if (ok)
        ok = sort_classes(model_classes, &in_model, error);
    while (ok && (s < store_classes->count || m < model_classes->count)) {
        int order = s == store_classes->count   ? 1
                    : m == model_classes->count ? -1
                                                : compare_names(&in_store[s], &in_model[m]);

        if (order < 0)
            ok =
                error_set(error, STATUS_DATA, place,
                          "class '%s' of the store is unknown to the checkpoint", in_store[s].name);
        else if (order > 0)
            ok = error_set(error, STATUS_DATA, place,
                           "class '%s' of the checkpoint is missing here", in_model[m].name);
        else
            map[in_store[s++].index] = in_model[m++].index;
    }
    free(in_store);
    free(in_model);
    return ok;
}
