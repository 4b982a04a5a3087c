#include "ingest/class_alike.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/text_alike.h"

struct class_key {
    char *lower; /* decomposed, in lower case */
    const char *name;
};

static int class_alike_compare(const void *a, const void *b)
{
    const struct class_key *left = a, *right = b;
    int order = strcmp(left->lower, right->lower);

    return order ? order : strcmp(left->name, right->name);
}

static bool class_alike_print_alike(const char *a, const char *b)
{
    char *left = text_decompose(a, false), *right = text_decompose(b, false);
    bool are_equal = left && right && strcmp(left, right) == 0;

    free(left);
    free(right);
    return are_equal;
}

bool class_alike_list(const char *const *names, size_t count, struct class_alike **pairs,
                      size_t *num_pairs, struct error *error)
{
    struct class_key *keys = NULL;
    bool ok = memory_allocate(&keys, count, sizeof(*keys), error) &&
              memory_allocate(pairs, count, sizeof(**pairs), error);

    *num_pairs = 0;
    for (size_t i = 0; i < count && ok; i++) {
        keys[i] = (struct class_key){text_decompose(names[i], true), names[i]};
        ok = keys[i].lower || error_set_memory(error, strlen(names[i]));
    }
    if (ok && count > 1)
        qsort(keys, count, sizeof(*keys), class_alike_compare);
    for (size_t i = 1; i < count && ok; i++) {
        const char *a = keys[i - 1].name, *b = keys[i].name;

        if (strcmp(keys[i - 1].lower, keys[i].lower) == 0)
            (*pairs)[(*num_pairs)++] = (struct class_alike){
                {a, b}, class_alike_print_alike(a, b) ? ALIKE_BUT_FOR_ACCENTS : ALIKE_BUT_FOR_CASE};
    }
    for (size_t i = 0; keys && i < count; i++)
        free(keys[i].lower);
    free(keys);
    return ok;
}

/* "Cafe\\xcc\\x81": what prints alike differs in bytes. */
static void class_alike_spell(const char *name, char *text, size_t size)
{
    size_t used = 0;

    for (; *name && used + 5 < size; name++)
        used += (size_t)((unsigned char)*name < 0x80
                             ? snprintf(text + used, size - used, "%c", *name)
                             : snprintf(text + used, size - used, "\\x%02x", (unsigned char)*name));
    text[used] = '\0';
}

const char *class_alike_describe(const struct class_alike *alike, char text[CLASS_ALIKE_MAX_NBYTES])
{
    char first[100], second[100];
    const char *a = alike->names[0], *b = alike->names[1];

    if (alike->likeness == ALIKE_BUT_FOR_CASE)
        return text_format(text, CLASS_ALIKE_MAX_NBYTES,
                           "classes '%.100s' and '%.100s' differ in upper and lower case only", a,
                           b);
    class_alike_spell(a, first, sizeof(first));
    class_alike_spell(b, second, sizeof(second));
    return text_format(
        text, CLASS_ALIKE_MAX_NBYTES,
        "classes '%.80s' and '%.80s' print alike and differ in how their accents are "
        "encoded (%s and %s: %s)",
        a, b, first, second, strlen(a) < strlen(b) ? "NFC and NFD" : "NFD and NFC");
}
