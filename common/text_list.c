#include "common/text_list.h"

#include <stdlib.h>
#include <string.h>

bool text_list_add(struct text_list *list, const char *text, struct error *error)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16;
        char **items = realloc(list->items, capacity * sizeof(*items));

        if (!items)
            return error_set_memory(error, capacity * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count] = strdup(text);
    if (!list->items[list->count])
        return error_set_memory(error, strlen(text) + 1);
    list->count++;
    return true;
}

bool text_list_add_sorted(struct text_list *list, const char *text, struct error *error)
{
    if (text_list_find(list, text) < list->count)
        return true;
    if (!text_list_add(list, text, error))
        return false;
    for (size_t i = list->count - 1; i > 0 && strcmp(list->items[i - 1], list->items[i]) > 0; i--) {
        char *greater = list->items[i - 1];

        list->items[i - 1] = list->items[i];
        list->items[i] = greater;
    }
    return true;
}

bool text_list_copy(struct text_list *list, const struct text_list *source, struct error *error)
{
    bool ok = true;

    for (size_t i = 0; i < source->count && ok; i++)
        ok = text_list_add(list, source->items[i], error);
    return ok;
}

size_t text_list_find(const struct text_list *list, const char *text)
{
    size_t i = 0;

    while (i < list->count && strcmp(list->items[i], text) != 0)
        i++;
    return i;
}

bool text_list_equal(const struct text_list *a, const struct text_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}
