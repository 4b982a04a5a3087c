/*
 * Classes are matched by name: the same names in another order are the same classes.
 */
#ifndef QUERN_EVALUATE_CLASS_MAP_H
#define QUERN_EVALUATE_CLASS_MAP_H

#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"

/*
 * Writes to map [store_classes->count] the index in model_classes of each class of the store.
 * STATUS_DATA names the first class, in bytewise order, that only one of the two has; store_path
 * is for that message.
 */
bool class_map_fill(const char *store_path, const struct text_list *store_classes,
                    const struct text_list *model_classes, uint32_t *map, struct error *error);

#endif
