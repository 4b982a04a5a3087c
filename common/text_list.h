/*
 * Lists of texts: names, paths, messages.
 */
#ifndef QUERN_COMMON_TEXT_LIST_H
#define QUERN_COMMON_TEXT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* A list of strings that owns its strings; {0} is an empty list. */
struct text_list {
    size_t count;
    size_t capacity;
    char **items;
};

bool text_list_add(struct text_list *list, const char *text, struct error *error);
/* Adds a text before the first that is greater, bytewise; not again where it is in the list. */
bool text_list_add_sorted(struct text_list *list, const char *text, struct error *error);
/* Adds every text of source. */
bool text_list_copy(struct text_list *list, const struct text_list *source, struct error *error);
/* The index of text, or list->count where it is not in the list. */
size_t text_list_find(const struct text_list *list, const char *text);
bool text_list_equal(const struct text_list *a, const struct text_list *b);
void text_list_free(struct text_list *list);

#endif
