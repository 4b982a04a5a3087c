/*
 * What is in a group or at an object, in order of names.
 *
 * To list in order of names, HDF5 makes a table of all attributes, or links, of an object.  Where
 * one of them is damaged, it gives up in the middle and then releases the whole table, the places
 * that it has not filled too, and crashes.  So each list begins with a question after a name that
 * nothing has: HDF5 answers it without a table, by looking at each attribute or link that lies in
 * the object's header, and fails where one is damaged.  Those that lie elsewhere, in a heap, are
 * listed without a table as long as no order is asked for; the order is made here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "formats/hdf5/hdf5.h"

/* Of groups below a group, and of all that is listed there: checkpoints have far less of both. */
enum { MAX_DEPTH = 8, MAX_OBJECTS = 1 << 16 };

static const char absent_name[] = "a name that no file of quern has";

static int h5_compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the names from the first on. */
static void h5_sort_names(struct text_list *names, size_t first)
{
    if (names->count > first)
        qsort(names->items + first, names->count - first, sizeof(*names->items), h5_compare_names);
}

/* The answer about the absent name: refuses what is damaged, and an object that has that name. */
static bool h5_check_list(const struct h5_context *file, htri_t result, const char *name,
                          const char *what)
{
    if (result < 0)
        h5_fail(file, STATUS_DATA, name, what);
    else if (result > 0)
        h5_refuse(file, name, TEXT("has %s", absent_name), NULL, NULL);
    return h5_ok(file);
}

/* ---- attributes ---- */

struct attribute_names {
    const struct h5_context *file;
    struct text_list *list;
};

static herr_t h5_take_attribute_name(hid_t object, const char *name, const H5A_info_t *info,
                                     void *data)
{
    const struct attribute_names *names = data;

    (void)object;
    (void)info;
    return text_list_add(names->list, name, names->file->error) ? 0 : -1;
}

void h5_list_attributes(const struct h5_context *file, hid_t object, struct text_list *names)
{
    struct attribute_names found = {file, names};
    const char *what = "cannot list the attributes";
    size_t first = names->count;

    if (!h5_ok(file) || !h5_check_list(file, H5Aexists(object, absent_name), NULL, what))
        return;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, h5_take_attribute_name, &found) <
        0)
        h5_fail(file, STATUS_DATA, NULL, what);
    h5_sort_names(names, first);
}

/* ---- groups ---- */

struct link_names {
    const struct h5_context *file;
    const char *group_name;
    struct text_list *list;
};

static herr_t h5_take_link_name(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    const struct link_names *names = data;

    (void)group;
    if (info->type != H5L_TYPE_HARD) {
        h5_refuse(names->file, TEXT("%s/%s", names->group_name, name), "leads elsewhere",
                  "an object of this file", "a link");
        return -1;
    }
    return text_list_add(names->list, name, names->file->error) ? 0 : -1;
}

static void h5_list_links(const struct h5_context *file, hid_t group, const char *name,
                          struct text_list *names)
{
    struct link_names found = {file, name, names};
    const char *what = "cannot list the group";

    if (!h5_ok(file) ||
        !h5_check_list(file, H5Lexists(group, absent_name, H5P_DEFAULT), name, what))
        return;
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, h5_take_link_name, &found) < 0)
        h5_fail(file, STATUS_DATA, name, what);
    h5_sort_names(names, 0);
}

static hid_t h5_open_child(const struct h5_context *file, hid_t group, const char *name,
                           const char *group_name)
{
    if (!h5_ok(file))
        return H5I_INVALID_HID;
    return h5_hold(file, H5Oopen(group, name, H5P_DEFAULT), group_name, "cannot list the group");
}

void h5_list_children(const struct h5_context *file, hid_t group, const char *name,
                      struct text_list *groups, struct text_list *datasets)
{
    struct text_list names = {0};

    h5_list_links(file, group, name, &names);
    for (size_t i = 0; i < names.count && h5_ok(file); i++) {
        const char *child_name = names.items[i];
        hid_t child = h5_open_child(file, group, child_name, name);
        H5I_type_t type = H5Iget_type(child);

        if (h5_ok(file) && type == H5I_GROUP)
            text_list_add(groups, child_name, file->error);
        else if (h5_ok(file) && type == H5I_DATASET)
            text_list_add(datasets, child_name, file->error);
        else if (h5_ok(file))
            h5_refuse(file, TEXT("%s/%s", name, child_name),
                      "is an object that no file of quern has", "a group or a dataset", NULL);
        h5_close(file, &child);
    }
    text_list_free(&names);
}

/* "PARENT/CHILD", or the one that is not empty, to be freed; NULL on failure. */
static char *h5_join(const struct h5_context *file, const char *parent, const char *child)
{
    size_t size = strlen(parent) + strlen(child) + 2;
    char *path = malloc(size);

    if (path)
        snprintf(path, size, "%s%s%s", parent, *parent && *child ? "/" : "", child);
    else
        error_set_memory(file->error, size);
    return path;
}

/* What a walk through the groups below one has found. */
struct dataset_walk {
    const struct h5_context *file;
    const char *group_name; /* of the first */
    size_t num_objects;
    struct text_list *names;
};

/* Takes what is in a group whose name, relative to the first, is path ("" for the first). */
static void h5_walk_group(struct dataset_walk *walk, hid_t group, const char *path, int depth)
{
    const struct h5_context *file = walk->file;
    char *name = h5_join(file, walk->group_name, path);
    struct text_list children = {0};

    if (h5_ok(file) && depth > MAX_DEPTH)
        h5_refuse(file, name, "is too deep among groups", NULL, NULL);
    h5_list_links(file, group, name, &children);
    walk->num_objects += children.count;
    if (h5_ok(file) && walk->num_objects > MAX_OBJECTS)
        h5_refuse(file, walk->group_name, "holds too many objects", TEXT("at most %d", MAX_OBJECTS),
                  NULL);
    for (size_t i = 0; i < children.count && h5_ok(file); i++) {
        hid_t child = h5_open_child(file, group, children.items[i], name);
        H5I_type_t type = H5Iget_type(child);
        char *child_path = h5_join(file, path, children.items[i]);

        if (child_path && type == H5I_GROUP)
            h5_walk_group(walk, child, child_path, depth + 1);
        else if (child_path && type == H5I_DATASET)
            text_list_add(walk->names, child_path, file->error);
        free(child_path);
        h5_close(file, &child);
    }
    text_list_free(&children);
    free(name);
}

void h5_list_datasets(const struct h5_context *file, hid_t group, const char *name,
                      struct text_list *names)
{
    struct dataset_walk walk = {.file = file, .group_name = name, .names = names};

    if (h5_ok(file))
        h5_walk_group(&walk, group, "", 0);
}
