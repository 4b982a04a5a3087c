#include "images/sources/array_pairs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

/* What a name says of its array. */
struct array_role {
    bool is_labels, is_npy, is_gzip;
    char key[200]; /* the same for images and labels that belong together */
    const char *split;
};

static bool array_ends_with(const char *name, const char *end, size_t *length)
{
    size_t end_length = strlen(end);

    if (*length < end_length || strncasecmp(name + *length - end_length, end, end_length) != 0)
        return false;
    *length -= end_length;
    return true;
}

/* ---- IDX ---- */

/* The split that the last word of the text before "images" or "labels" names. */
static const char *array_find_idx_split(const char *name, size_t length)
{
    static const struct {
        const char *word, *split;
    } words[] = {{"train", "train"}, {"training", "train"},  {"t10k", "test"},
                 {"test", "test"},   {"testing", "test"},    {"valid", "valid"},
                 {"val", "valid"},   {"validation", "valid"}};
    size_t first;

    while (length > 0 && strchr("-_.", name[length - 1]))
        length--;
    first = length;
    while (first > 0 && !strchr("-_.", name[first - 1]))
        first--;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i].word) == length - first &&
            strncasecmp(words[i].word, name + first, length - first) == 0)
            return words[i].split;
    return NULL;
}

/* "PREFIXimages-idx3-ubyte", with a dot for the first dash, with .gz or without. */
static bool array_parse_idx(const char *name, struct array_role *role)
{
    size_t length = strlen(name);

    *role = (struct array_role){0};
    role->is_gzip = array_ends_with(name, ".gz", &length);
    if (!array_ends_with(name, "-ubyte", &length) || length == 0 ||
        !isdigit((unsigned char)name[length - 1]))
        return false;
    length--;
    if (!array_ends_with(name, "-idx", &length) && !array_ends_with(name, ".idx", &length))
        return false;
    role->is_labels = array_ends_with(name, "labels", &length);
    if ((!role->is_labels && !array_ends_with(name, "images", &length)) ||
        length >= sizeof(role->key))
        return false;
    text_format(role->key, sizeof(role->key), "%.*s", (int)length, name);
    role->split = array_find_idx_split(name, length);
    return true;
}

/* ---- npz ---- */

static const struct {
    const char *images, *labels, *split;
} npz_names[] = {
    {"x_train", "y_train", "train"},
    {"x_valid", "y_valid", "valid"},
    {"x_val", "y_val", "valid"},
    {"x_test", "y_test", "test"},
    {"train_images", "train_labels", "train"}, /* MedMNIST */
    {"val_images", "val_labels", "valid"},
    {"valid_images", "valid_labels", "valid"},
    {"test_images", "test_labels", "test"},
    {"images", "labels", NULL},
};

enum { NUM_NPZ_NAMES = sizeof(npz_names) / sizeof(npz_names[0]) };

static bool array_is_npy(const char *name, size_t *length)
{
    *length = strlen(name);
    return array_ends_with(name, ".npy", length);
}

static bool array_parse_npz(const char *name, struct array_role *role)
{
    char base[32];
    size_t length;

    *role = (struct array_role){.is_npy = true};
    if (!array_is_npy(name, &length) || length >= sizeof(base))
        return false;
    text_format(base, sizeof(base), "%.*s", (int)length, name);
    for (size_t i = 0; i < NUM_NPZ_NAMES; i++) {
        role->is_labels = strcasecmp(base, npz_names[i].labels) == 0;
        if (!role->is_labels && strcasecmp(base, npz_names[i].images) != 0)
            continue;
        text_format(role->key, sizeof(role->key), "%s", npz_names[i].images);
        role->split = npz_names[i].split;
        return true;
    }
    return false;
}

/* ---- pairs ---- */

static bool array_parse_name(const char *name, struct array_role *role)
{
    return array_parse_idx(name, role) || array_parse_npz(name, role);
}

bool array_pairs_has_name(const char *name)
{
    struct array_role role;
    size_t length;

    return array_is_npy(name, &length) || array_parse_idx(name, &role);
}

/* The array of a role, not compressed if there are both; names->count if there is none. */
static size_t array_find(const struct text_list *names, const struct array_role *wanted)
{
    size_t found = names->count;

    for (size_t i = 0; i < names->count; i++) {
        struct array_role role;

        if (array_parse_name(names->items[i], &role) && role.is_labels == wanted->is_labels &&
            role.is_npy == wanted->is_npy && strcmp(role.key, wanted->key) == 0 &&
            (found == names->count || !role.is_gzip))
            found = i;
    }
    return found;
}

static bool array_add_pair(const char *source, const struct text_list *names, size_t name,
                           const struct array_role *role, struct array_pair *pairs, size_t *count,
                           struct error *error)
{
    struct array_role other = *role;
    size_t own = array_find(names, role), partner;

    other.is_labels = !role->is_labels;
    partner = array_find(names, &other);
    if (partner == names->count)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = source),
                         "holds %s, but not the %s that belong to it", names->items[name],
                         role->is_labels ? "images" : "labels");
    if (role->is_labels || own != name)
        return true;
    for (size_t i = 0; i < *count; i++)
        if (!role->split || !pairs[i].split || strcmp(role->split, pairs[i].split) == 0)
            return error_set(error, STATUS_DATA, ERROR_AT(.file = source),
                             "holds %s and %s, images of two data sets: leave one of them in it",
                             names->items[pairs[i].images], names->items[name]);
    /* Three splits at most: what does not fit is of one that is there. */
    pairs[(*count)++] = (struct array_pair){name, partner, role->split, role->is_npy};
    return true;
}

static int array_compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct array_pair *)a)->split, ((const struct array_pair *)b)->split);
}

bool array_pairs_find(const char *source, const struct text_list *names,
                      struct array_pair pairs[ARRAY_MAX_PAIRS], size_t *count, struct error *error)
{
    const char *unknown = NULL;

    *count = 0;
    for (size_t i = 0; i < names->count; i++) {
        struct array_role role;
        size_t length;

        if (array_parse_name(names->items[i], &role)) {
            if (!array_add_pair(source, names, i, &role, pairs, count, error))
                return false;
        } else if (array_is_npy(names->items[i], &length)) {
            unknown = names->items[i];
        }
    }
    if (unknown && *count == 0)
        return error_set(
            error, STATUS_DATA, ERROR_AT(.file = source),
            "holds arrays, but none of a known name: save the images as x_train, x_val "
            "and x_test, their labels as y_train, y_val and y_test, not as '%s'",
            unknown);
    if (*count > 1)
        qsort(pairs, *count, sizeof(*pairs), array_compare_pairs);
    return true;
}
