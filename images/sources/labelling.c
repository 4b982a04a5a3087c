#include "images/sources/labelling.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"

enum { FIRST_NUM_SLOTS = 64 };

bool labelling_create(size_t num_images, struct labelling **result, struct error *error)
{
    struct labelling *labelling = *result = calloc(1, sizeof(*labelling));

    if (!labelling)
        return error_set_memory(error, sizeof(*labelling));
    labelling->num_images = num_images;
    if (!memory_allocate_unset(&labelling->labels, num_images, sizeof(uint32_t), error) ||
        !memory_allocate(&labelling->split_of, num_images, 1, error)) {
        labelling_free(labelling);
        *result = NULL;
        return false;
    }
    for (size_t i = 0; i < num_images; i++)
        labelling->labels[i] = LABELLING_NONE;
    return true;
}

void labelling_free(struct labelling *labelling)
{
    if (!labelling)
        return;
    text_list_free(&labelling->classes);
    text_list_free(&labelling->splits);
    free(labelling->labels);
    free(labelling->split_of);
    free(labelling->slots);
    free(labelling);
}

/* ---- classes by name ---- */

/* The slot of a class, or the empty one where it would be. */
static size_t *labelling_find_slot(const struct labelling *labelling, const char *name)
{
    size_t at = random_hash(0, name, strlen(name)) & (labelling->num_slots - 1);

    while (labelling->slots[at] != 0 &&
           strcmp(labelling->classes.items[labelling->slots[at] - 1], name) != 0)
        at = (at + 1) & (labelling->num_slots - 1);
    return &labelling->slots[at];
}

/* Keeps the table at most half full. */
static bool labelling_grow_slots(struct labelling *labelling, struct error *error)
{
    size_t num_slots = labelling->num_slots ? 2 * labelling->num_slots : FIRST_NUM_SLOTS;

    if (labelling->classes.count < labelling->num_slots / 2)
        return true;
    free(labelling->slots);
    labelling->num_slots = 0;
    if (!memory_allocate(&labelling->slots, num_slots, sizeof(size_t), error))
        return false;
    labelling->num_slots = num_slots;
    for (size_t i = 0; i < labelling->classes.count; i++)
        *labelling_find_slot(labelling, labelling->classes.items[i]) = i + 1;
    return true;
}

static bool labelling_find_class(struct labelling *labelling, const char *name, uint32_t *label,
                                 struct error *error)
{
    size_t *slot;

    if (!labelling_grow_slots(labelling, error))
        return false;
    slot = labelling_find_slot(labelling, name);
    if (*slot == 0) {
        if (!text_list_add(&labelling->classes, name, error))
            return false;
        *slot = labelling->classes.count;
    }
    *label = (uint32_t)(*slot - 1);
    return true;
}

bool labelling_set(struct labelling *labelling, size_t image, const char *class_name,
                   const char *split, struct error *error)
{
    if (split) {
        size_t index = text_list_find(&labelling->splits, split);

        if (index == labelling->splits.count && !text_list_add(&labelling->splits, split, error))
            return false;
        labelling->split_of[image] = (uint8_t)index;
    }
    return labelling_find_class(labelling, class_name, &labelling->labels[image], error);
}

uint64_t labelling_hash(const struct labelling *labelling, const char *const *paths)
{
    uint64_t hash = labelling->splits.count > 0;

    /* Each text is hashed with its NUL, so that ("ab", "c") differs from ("a", "bc"). */
    for (size_t i = 0; i < labelling->num_images; i++) {
        const char *texts[3] = {paths[i], NULL, ""};

        if (labelling->labels[i] == LABELLING_NONE)
            continue;
        texts[1] = labelling->classes.items[labelling->labels[i]];
        if (labelling->splits.count > 0)
            texts[2] = labelling->splits.items[labelling->split_of[i]];
        for (int t = 0; t < 3; t++)
            hash = random_hash(hash, texts[t], strlen(texts[t]) + 1);
    }
    return hash;
}
