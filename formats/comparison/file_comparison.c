/* Two files: their kinds, their bytes, and the groups and attributes of HDF5 files. */
#include "formats/comparison/file_comparison.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "formats/comparison/file_comparison_internal.h"

enum {
    READ_NBYTES = 1 << 18,         /* of each file, at a time */
    MAX_DEPTH = 8,                 /* of groups; files of quern have 3 */
    MAX_TEXT_NBYTES = 1 << 16,     /* of an attribute */
    MAX_ATTRIBUTE_COUNT = 1 << 11, /* numbers of an attribute */
    MAX_NUMBER_NBYTES = 30,        /* as text, with a blank and a NUL */
    EXCERPT_NBYTES = 120,          /* of a line of text */
};

void file_comparison_note(struct file_comparison *comparison, bool is_derived, const char *place,
                          const char *what)
{
    struct difference_list *list = is_derived ? &comparison->derived : &comparison->differences;

    if (list->count < FILE_COMPARISON_MAX_KEPT) {
        struct difference *difference = &list->kept[list->count];

        snprintf(difference->place, sizeof(difference->place), "%s", place);
        snprintf(difference->what, sizeof(difference->what), "%s", what);
        if (*what && difference->what[strlen(difference->what) - 1] == '\n')
            difference->what[strlen(difference->what) - 1] = '\0';
    }
    list->count++;
}

/* ---- bytes ---- */

/* Where two files part, and in which line, from 1, that is. */
struct file_comparison_parting {
    bool is_found;
    uint64_t offset;
    uint64_t line;
    uint64_t line_offset; /* where that line begins */
};

static void file_comparison_skip(struct file_comparison_parting *parting, const uint8_t *bytes,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] == '\n') {
            parting->line++;
            parting->line_offset = parting->offset + i + 1;
        }
    parting->offset += count;
}

static bool file_comparison_find_parting(const char *const paths[2], const int descriptors[2],
                                         struct file_comparison_parting *parting,
                                         struct error *error)
{
    uint8_t *bytes[2] = {malloc(READ_NBYTES), malloc(READ_NBYTES)};
    bool ok = (bytes[0] && bytes[1]) || error_set_memory(error, READ_NBYTES), is_end = false;

    *parting = (struct file_comparison_parting){.line = 1};
    while (ok && !parting->is_found && !is_end) {
        ssize_t counts[2];
        size_t count, same = 0;

        for (int i = 0; i < 2 && ok; i++) {
            counts[i] = file_read_some_at(descriptors[i], bytes[i], READ_NBYTES, parting->offset);
            ok = counts[i] >= 0 || error_set_errno(error, paths[i], "cannot read");
        }
        if (!ok)
            break;
        count = (size_t)(counts[0] < counts[1] ? counts[0] : counts[1]);
        is_end = counts[0] < READ_NBYTES || counts[1] < READ_NBYTES;
        if (memcmp(bytes[0], bytes[1], count) == 0)
            same = count;
        while (same < count && bytes[0][same] == bytes[1][same])
            same++;
        parting->is_found = same < count || counts[0] != counts[1];
        file_comparison_skip(parting, bytes[0], same);
    }
    free(bytes[0]);
    free(bytes[1]);
    return ok;
}

/* The line that begins at offset, or its beginning, as text; "the end of the file" there. */
static bool file_comparison_read_line(const char *path, int descriptor, uint64_t offset,
                                      char text[EXCERPT_NBYTES + 8], struct error *error)
{
    ssize_t count = file_read_some_at(descriptor, text, EXCERPT_NBYTES, offset);
    char *end;

    if (count < 0)
        return error_set_errno(error, path, "cannot read");
    text[count] = '\0';
    end = strchr(text, '\n');
    if (count == 0)
        snprintf(text, EXCERPT_NBYTES, "the end of the file");
    else if (end)
        *end = '\0';
    else if (count == EXCERPT_NBYTES)
        memcpy(text + count, "...", 4);
    return true;
}

/* What a file of text or a list has beside its bytes: nothing. */
static bool file_comparison_note_bytes(const char *const paths[2], const int descriptors[2],
                                       const struct file_comparison_parting *parting,
                                       struct file_comparison *comparison, struct error *error)
{
    char lines[2][EXCERPT_NBYTES + 8], what[sizeof(comparison->differences.kept[0].what)];

    comparison->result = FILE_COMPARISON_DIFFERENT;
    if (comparison->kinds[0] != FILE_KIND_TABLE) {
        file_comparison_note(comparison, false, TEXT("byte %" PRIu64, parting->offset),
                             "the first byte that differs; counted from 0");
        return true;
    }
    for (int i = 0; i < 2; i++)
        if (!file_comparison_read_line(paths[i], descriptors[i], parting->line_offset, lines[i],
                                       error))
            return false;
    snprintf(what, sizeof(what), "A has %s\nB has %s", lines[0], lines[1]);
    file_comparison_note(comparison, false, TEXT("line %" PRIu64, parting->line), what);
    return true;
}

/* ---- attributes ---- */

/* What follows from other values, so that it tells nothing that they do not tell better. */
static bool file_comparison_is_derived(const char *name)
{
    static const char *const names[] = {"fingerprint", "digest",           "crc32",
                                        "pixel_crc32", "class_means",      "class_sums",
                                        "created_by",  "store_fingerprint"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* An attribute of one of the files. */
struct attribute_value {
    bool is_there;
    struct h5_attribute_info info;
    void *numbers; /* 8 bytes each: double, int64_t or uint64_t; NULL for texts */
    char *text;    /* [MAX_TEXT_NBYTES]; of numbers, with blanks between */
};

static void attribute_value_read_numbers(const struct h5_context *file, hid_t object,
                                         const char *name, struct attribute_value *value)
{
    const struct h5_attribute_info *info = &value->info;
    size_t count = info->num_values, used = 0;

    if (count > MAX_ATTRIBUTE_COUNT)
        h5_refuse(file, name, "the attribute has too many values",
                  TEXT("at most %d", MAX_ATTRIBUTE_COUNT), TEXT("%zu", count));
    if (!h5_ok(file) || !memory_allocate(&value->numbers, count, sizeof(uint64_t), file->error))
        return;
    if (info->type_class == H5T_FLOAT)
        h5_read_reals_attribute(file, object, name, value->numbers, count);
    else if (info->is_signed)
        h5_read_integers_attribute(file, object, name, value->numbers, count);
    else
        h5_read_counts_attribute(file, object, name, value->numbers, count);
    for (size_t i = 0; h5_ok(file) && i < count && used + MAX_NUMBER_NBYTES < MAX_TEXT_NBYTES;
         i++) {
        char *text = value->text + used;
        const char *blank = i ? " " : "";

        if (info->type_class == H5T_FLOAT)
            used += (size_t)snprintf(text, MAX_NUMBER_NBYTES, "%s%.17g", blank,
                                     ((double *)value->numbers)[i]);
        else if (info->is_signed)
            used += (size_t)snprintf(text, MAX_NUMBER_NBYTES, "%s%" PRId64, blank,
                                     ((int64_t *)value->numbers)[i]);
        else
            used += (size_t)snprintf(text, MAX_NUMBER_NBYTES, "%s%" PRIu64, blank,
                                     ((uint64_t *)value->numbers)[i]);
    }
}

static void attribute_value_read(const struct h5_context *file, hid_t object, const char *name,
                                 struct attribute_value *value)
{
    if (!h5_ok(file) || !memory_allocate(&value->text, MAX_TEXT_NBYTES, 1, file->error))
        return;
    if (!value->is_there) {
        snprintf(value->text, MAX_TEXT_NBYTES, "none");
        return;
    }
    h5_describe_attribute(file, object, name, &value->info);
    if (value->info.type_class == H5T_STRING)
        h5_read_text_attribute(file, object, name, value->text, MAX_TEXT_NBYTES);
    else if (h5_ok(file))
        attribute_value_read_numbers(file, object, name, value);
}

/* Texts may have room of any length, as those of datasets. */
static bool attribute_values_have_same_type(const struct attribute_value values[2])
{
    const struct h5_attribute_info *a = &values[0].info, *b = &values[1].info;

    return a->type_class == b->type_class && a->num_values == b->num_values && a->rank == b->rank &&
           memcmp(a->shape, b->shape, a->rank * sizeof(a->shape[0])) == 0 &&
           (a->type_class == H5T_STRING ||
            (a->type_nbytes == b->type_nbytes && a->is_signed == b->is_signed));
}

/* What differs, in words; false: nothing does. */
static bool attribute_values_describe(const struct attribute_value values[2], char *what,
                                      size_t size)
{
    const struct attribute_value *a = &values[0], *b = &values[1];
    bool are_there = a->is_there && b->is_there, is_same_text = strcmp(a->text, b->text) == 0;
    char types[2][64], shapes[2][128];

    if (are_there && !attribute_values_have_same_type(values)) {
        for (int i = 0; i < 2; i++) {
            const struct h5_attribute_info *info = &values[i].info;

            file_comparison_format_type(types[i], info->type_class, info->is_signed,
                                        info->type_nbytes);
            file_comparison_format_shape(shapes[i], info->rank, info->shape);
        }
        snprintf(what, size, "A has %s, %s: %.400s\nB has %s, %s: %.400s", types[0], shapes[0],
                 a->text, types[1], shapes[1], b->text);
        return true;
    }
    if (a->is_there == b->is_there && is_same_text &&
        (!a->numbers || memcmp(a->numbers, b->numbers, a->info.num_values * sizeof(uint64_t)) == 0))
        return false;
    /* NaNs of two kinds print alike. */
    snprintf(what, size, "A has %.600s\nB has %.600s%s", a->text, b->text,
             are_there && is_same_text ? "\nin other bits" : "");
    return true;
}

static void file_comparison_compare_attribute(struct file_comparison_pair *pair,
                                              const hid_t objects[2], const char *object_name,
                                              const char *name, const bool is_there[2])
{
    char place[sizeof(((struct difference *)0)->place)];
    char what[sizeof(((struct difference *)0)->what)];
    struct attribute_value values[2] = {{.is_there = is_there[0]}, {.is_there = is_there[1]}};
    bool is_root = strcmp(object_name, "/") == 0;

    text_format(place, sizeof(place), "attribute %s%s%s", name, is_root ? "" : " of ",
                is_root ? "" : object_name);
    for (int i = 0; i < 2; i++)
        attribute_value_read(&pair->files[i], objects[i], name, &values[i]);
    if (h5_ok(&pair->files[0]) && attribute_values_describe(values, what, sizeof(what)))
        file_comparison_note(pair->comparison, file_comparison_is_derived(name), place, what);
    for (int i = 0; i < 2; i++) {
        free(values[i].numbers);
        free(values[i].text);
    }
}

/* The names in either list, in bytewise order. */
static void file_comparison_merge_names(const struct text_list lists[2], struct text_list *names,
                                        struct error *error)
{
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < lists[i].count && error_ok(error); k++)
            text_list_add_sorted(names, lists[i].items[k], error);
}

static void file_comparison_compare_attributes(struct file_comparison_pair *pair,
                                               const hid_t objects[2], const char *object_name)
{
    struct text_list lists[2] = {{0}, {0}}, names = {0};

    for (int i = 0; i < 2; i++)
        h5_list_attributes(&pair->files[i], objects[i], &lists[i]);
    file_comparison_merge_names(lists, &names, pair->files[0].error);
    for (size_t i = 0; i < names.count && h5_ok(&pair->files[0]); i++) {
        const char *name = names.items[i];
        const bool is_there[2] = {text_list_find(&lists[0], name) < lists[0].count,
                                  text_list_find(&lists[1], name) < lists[1].count};

        if (strcmp(name, "DIMENSION_LABELS") != 0)
            file_comparison_compare_attribute(pair, objects, object_name, name, is_there);
    }
    for (int i = 0; i < 2; i++)
        text_list_free(&lists[i]);
    text_list_free(&names);
}

/* ---- groups ---- */

/* What is in a group of both files, or in one. */
struct file_comparison_children {
    struct text_list groups[2], datasets[2];
    struct text_list names; /* of all of them */
};

static void file_comparison_free_children(struct file_comparison_children *children)
{
    for (int i = 0; i < 2; i++) {
        text_list_free(&children->groups[i]);
        text_list_free(&children->datasets[i]);
    }
    text_list_free(&children->names);
}

static void file_comparison_list_children(struct file_comparison_pair *pair, const hid_t groups[2],
                                          const char *name,
                                          struct file_comparison_children *children)
{
    struct error *error = pair->files[0].error;

    for (int i = 0; i < 2; i++)
        h5_list_children(&pair->files[i], groups[i], name, &children->groups[i],
                         &children->datasets[i]);
    file_comparison_merge_names(children->datasets, &children->names, error);
    file_comparison_merge_names(children->groups, &children->names, error);
}

static void file_comparison_compare_dataset(struct file_comparison_pair *pair, const char *name,
                                            const char *base)
{
    hid_t datasets[2];

    file_comparison_compare_values(pair, name, file_comparison_is_derived(base));
    for (int i = 0; i < 2; i++)
        datasets[i] = h5_open_dataset(&pair->files[i], pair->roots[i], name);
    file_comparison_compare_attributes(pair, datasets, name);
    for (int i = 0; i < 2; i++)
        h5_close(&pair->files[i], &datasets[i]);
}

static void file_comparison_compare_groups(struct file_comparison_pair *pair, const char *name,
                                           int depth);

static void file_comparison_compare_child(struct file_comparison_pair *pair, const char *parent,
                                          const struct file_comparison_children *children,
                                          const char *base, int depth)
{
    bool is_group[2], is_dataset[2];
    char name[sizeof(((struct difference *)0)->place)];

    if (strlen(parent) + strlen(base) + 2 > sizeof(name)) {
        h5_refuse(&pair->files[0], parent, "holds an object with too long a name", NULL, NULL);
        return;
    }
    text_format(name, sizeof(name), "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, base);
    for (int i = 0; i < 2; i++) {
        is_group[i] = text_list_find(&children->groups[i], base) < children->groups[i].count;
        is_dataset[i] = text_list_find(&children->datasets[i], base) < children->datasets[i].count;
    }
    if (is_group[0] && is_group[1])
        file_comparison_compare_groups(pair, name, depth + 1);
    else if (is_dataset[0] && is_dataset[1])
        file_comparison_compare_dataset(pair, name, base);
    else if (is_group[0] + is_dataset[0] + is_group[1] + is_dataset[1] == 1)
        file_comparison_note(pair->comparison, file_comparison_is_derived(base), name,
                             is_group[0] || is_dataset[0] ? "is in A only" : "is in B only");
    else
        file_comparison_note(pair->comparison, false, name,
                             "is a group in one file and a dataset in the other");
}

/* Paths come first: they say best where the rows of two files part. */
static void file_comparison_compare_groups(struct file_comparison_pair *pair, const char *name,
                                           int depth)
{
    struct file_comparison_children children = {0};
    hid_t groups[2];
    size_t paths_index;

    if (depth > MAX_DEPTH) {
        h5_refuse(&pair->files[0], name, "is too deep among groups", NULL, NULL);
        return;
    }
    for (int i = 0; i < 2; i++)
        groups[i] = h5_open_group(&pair->files[i], pair->roots[i], name);
    if (h5_ok(&pair->files[0]))
        file_comparison_list_children(pair, groups, name, &children);
    paths_index = text_list_find(&children.names, "paths");
    if (paths_index < children.names.count && h5_ok(&pair->files[0]))
        file_comparison_compare_child(pair, name, &children, "paths", depth);
    for (size_t i = 0; i < children.names.count && h5_ok(&pair->files[0]); i++)
        if (i != paths_index)
            file_comparison_compare_child(pair, name, &children, children.names.items[i], depth);
    if (h5_ok(&pair->files[0]))
        file_comparison_compare_attributes(pair, groups, name);
    for (int i = 0; i < 2; i++)
        h5_close(&pair->files[i], &groups[i]);
    file_comparison_free_children(&children);
}

static bool file_comparison_compare_contents(const char *const paths[2], int num_threads,
                                             struct file_comparison *comparison,
                                             struct error *error)
{
    const struct h5_opening opening = {.num_threads = num_threads};
    struct file_comparison_pair pair = {.comparison = comparison};

    for (int i = 0; i < 2; i++) {
        pair.files[i] = (struct h5_context){.path = paths[i], .error = error};
        pair.roots[i] = h5_open_file(&pair.files[i], &opening, &comparison->is_sealed[i]);
    }
    if (error_ok(error))
        file_comparison_compare_groups(&pair, "/", 0);
    for (int i = 0; i < 2; i++)
        h5_close_file(&pair.files[i], &pair.roots[i]);
    if (comparison->differences.count + comparison->derived.count > 0)
        comparison->result = FILE_COMPARISON_DIFFERENT;
    else
        comparison->result = FILE_COMPARISON_SAME_CONTENTS;
    return error_ok(error);
}

/* ---- files ---- */

static bool file_comparison_has_contents(enum file_kind kind)
{
    return kind == FILE_KIND_STORE || kind == FILE_KIND_SHARD || kind == FILE_KIND_CHECKPOINT ||
           kind == FILE_KIND_EVALUATION || kind == FILE_KIND_PREDICTIONS;
}

static bool file_comparison_find_kinds(const char *const paths[2],
                                       struct file_comparison *comparison, struct error *error)
{
    for (int i = 0; i < 2; i++) {
        enum file_kind *kind = &comparison->kinds[i];

        if (!file_kind_find(paths[i], kind, error))
            return false;
        if (*kind == FILE_KIND_NONE)
            return error_set(error, STATUS_IO, ERROR_AT(.file = paths[i]),
                             "cannot open: no such file");
        if (*kind == FILE_KIND_OTHER)
            return error_set(error, STATUS_DATA, ERROR_AT(.file = paths[i]),
                             "not a file of quern; cmp compares the bytes of any two");
    }
    return true;
}

bool file_comparison_run(const char *const paths[2], int num_threads,
                         struct file_comparison *comparison, struct error *error)
{
    struct file_comparison_parting parting = {0};
    int descriptors[2] = {-1, -1};
    bool ok;

    *comparison = (struct file_comparison){.result = FILE_COMPARISON_SAME_BYTES};
    ok = file_comparison_find_kinds(paths, comparison, error);
    for (int i = 0; i < 2 && ok; i++) {
        descriptors[i] = file_open(paths[i], &comparison->nbytes[i], error);
        ok = descriptors[i] >= 0;
    }
    if (ok && comparison->kinds[0] != comparison->kinds[1]) {
        comparison->result = FILE_COMPARISON_DIFFERENT;
        file_comparison_note(comparison, false, "kind",
                             TEXT("A is a %s\nB is a %s", file_kind_name(comparison->kinds[0]),
                                  file_kind_name(comparison->kinds[1])));
    } else if (ok) {
        ok = file_comparison_find_parting(paths, descriptors, &parting, error);
        if (ok && parting.is_found && file_comparison_has_contents(comparison->kinds[0]))
            ok = file_comparison_compare_contents(paths, num_threads, comparison, error);
        else if (ok && parting.is_found)
            ok = file_comparison_note_bytes(paths, descriptors, &parting, comparison, error);
    }
    for (int i = 0; i < 2; i++)
        file_close(&descriptors[i]);
    return ok;
}
