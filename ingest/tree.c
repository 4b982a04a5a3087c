#include "ingest/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "common/text.h"
#include "images/sources/labelling.h"
#include "ingest/class_alike.h"

struct build {
    const char *source;
    const struct scan *scan;
    const struct tree_rules *rules;
    struct tree *tree;
    uint8_t *splits;   /* [images of the scan] */
    uint32_t *classes; /* [images] index in all_classes, TREE_LEFT_OUT or TREE_NO_LABEL */
    struct error *error;
};

static struct layout_rules tree_layout_rules(const struct tree_rules *rules)
{
    return (struct layout_rules){.choice = rules->layout,
                                 .wants_classes = rules->is_split_by_hash,
                                 .has_unlabelled = rules->has_unlabelled,
                                 .unlabelled = rules->unlabelled};
}

struct scan_rules tree_scan_rules(const struct tree_rules *rules)
{
    const struct layout_rules layout = tree_layout_rules(rules);
    struct scan_rules scan = layout_scan_rules(&layout);

    if (rules->has_labels) {
        scan.folder_depth = 0;
        scan.descent = SCAN_INTO_ALL;
    }
    return scan;
}

/* The split of an image that has a label, before any are drawn by hash. */
static enum split tree_find_labelled_split(const struct labelling *labelling, size_t image)
{
    enum split split = SPLIT_TRAIN;
    const char *word;

    if (labelling->splits.count > 0) {
        word = labelling->splits.items[labelling->split_of[image]];
        layout_find_split(word, strlen(word), &split);
    }
    return split;
}

/* A labelling leaves nothing to the layout. */
static bool tree_check_labelling(struct build *build)
{
    const struct tree_rules *rules = build->rules;
    const struct text_list *words = &build->scan->labelling->splits;
    bool has_valid = false;

    build->tree->layout = (struct layout){.kind = LAYOUT_CLASS};
    for (size_t i = 0; i < words->count; i++) {
        enum split split = SPLIT_TRAIN;

        layout_find_split(words->items[i], strlen(words->items[i]), &split);
        has_valid |= split == SPLIT_VALID;
    }
    if (rules->layout != LAYOUT_UNDECIDED || rules->has_unlabelled)
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "has labels of its own, not by folders: leave out --layout and "
                         "--unlabelled");
    if (build->scan->num_images == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "holds no PNG or JPEG images");
    if (words->count == 0 && !rules->is_split_by_hash)
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "the labels of its images name no splits: --valid-fraction 0.2 splits "
                         "them");
    if (has_valid && rules->is_split_by_hash)
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "has images for valid already, so --valid-fraction takes none from train: "
                         "leave it out");
    return true;
}

static bool tree_find_layout(struct build *build)
{
    const struct layout_rules rules = tree_layout_rules(build->rules);

    if (build->scan->labelling)
        return tree_check_labelling(build);
    return layout_find(build->source, build->scan, &rules, &build->tree->layout, build->error);
}

bool tree_is_unlabelled(const struct tree *tree, enum split split)
{
    return tree->layout.has_unlabelled && tree->layout.unlabelled == split;
}

/* ---- classes ---- */

static int tree_compare_classes(const void *a, const void *b)
{
    return strcmp(((const struct tree_class *)a)->name, ((const struct tree_class *)b)->name);
}

/* The class of which this is the directory itself, not one around or within it; NULL: of none. */
static const char *tree_name_class(const struct layout *layout, const char *directory)
{
    const struct layout_position position = layout_locate(layout, directory, true);
    const char *slash = strchr(directory, '/');

    if (layout->kind == LAYOUT_SPLIT_CLASS)
        return slash && position.place == LAYOUT_IN_CLASS ? slash + 1 : NULL;
    return slash || position.place == LAYOUT_UNLABELLED ? NULL : directory;
}

/* Merges entries of one name, which are neighbours. */
static size_t tree_merge_classes(struct tree_class *all, size_t count)
{
    size_t num_unique = 0;

    for (size_t i = 0; i < count; i++) {
        if (num_unique > 0 && strcmp(all[num_unique - 1].name, all[i].name) == 0) {
            for (int s = 0; s < NUM_SPLITS; s++)
                all[num_unique - 1].has_directory[s] |= all[i].has_directory[s];
        } else {
            all[num_unique] = all[i];
            all[num_unique++].label = TREE_LEFT_OUT;
        }
    }
    return num_unique;
}

/* The classes of a labelling, whose names differ, with the splits in which they occur. */
static bool tree_list_labelled_classes(struct build *build)
{
    const struct labelling *labelling = build->scan->labelling;
    size_t count = labelling->classes.count;
    struct tree_class *all = calloc(count + 1, sizeof(*all));

    if (!all)
        return error_set_memory(build->error, count * sizeof(*all));
    for (size_t i = 0; i < count; i++)
        all[i] = (struct tree_class){.name = labelling->classes.items[i], .label = TREE_LEFT_OUT};
    for (size_t i = 0; i < labelling->num_images && labelling->splits.count > 0; i++)
        if (labelling->labels[i] != LABELLING_NONE)
            all[labelling->labels[i]].has_directory[tree_find_labelled_split(labelling, i)] = true;
    qsort(all, count, sizeof(*all), tree_compare_classes);
    build->tree->all_classes = all;
    build->tree->num_all_classes = count;
    return true;
}

/* Lists each name of a class directory once, with the splits in which it occurs. */
static bool tree_list_all_classes(struct build *build)
{
    const struct text_list *directories = &build->scan->folders;
    const struct layout *layout = &build->tree->layout;
    struct tree_class *all;
    size_t count = 0;

    if (build->scan->labelling)
        return tree_list_labelled_classes(build);
    all = calloc(directories->count + 1, sizeof(*all));
    if (!all)
        return error_set_memory(build->error, directories->count * sizeof(*all));
    build->tree->all_classes = all;
    for (size_t i = 0; i < directories->count; i++) {
        const char *directory = directories->items[i], *name = tree_name_class(layout, directory);

        if (!name)
            continue;
        all[count].has_directory[layout_locate(layout, directory, true).split] =
            layout->kind == LAYOUT_SPLIT_CLASS;
        all[count++].name = name;
    }
    qsort(all, count, sizeof(*all), tree_compare_classes);
    build->tree->num_all_classes = tree_merge_classes(all, count);
    return true;
}

static struct tree_class *tree_search_class(const struct tree *tree, const char *name,
                                            size_t length)
{
    size_t low = 0, high = tree->num_all_classes;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct tree_class *class = &tree->all_classes[middle];
        int order = strncmp(name, class->name, length);

        if (order == 0 && class->name[length] == '\0')
            return class;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Notes which splits lie in the directories of classes. */
static bool tree_list_inner_splits(struct build *build)
{
    const struct text_list *directories = &build->scan->folders;
    struct tree *tree = build->tree;

    for (size_t i = 0; i < directories->count && tree->layout.kind == LAYOUT_CLASS_SPLIT; i++) {
        const struct layout_position position =
            layout_locate(&tree->layout, directories->items[i], true);

        if (position.place == LAYOUT_IN_CLASS)
            tree_search_class(tree, position.class, position.class_length)
                ->has_directory[position.split] = true;
    }
    return true;
}

static int tree_compare_natural(const void *a, const void *b)
{
    return text_compare_natural(*(const char *const *)a, *(const char *const *)b);
}

static uint64_t tree_count_class(const struct tree_class *class)
{
    uint64_t count = 0;

    for (int s = 0; s < NUM_SPLITS; s++)
        count += class->num_images[s];
    return count;
}

/* All classes that hold images, in natural order; the others are left out as empty. */
static bool tree_take_all_classes(struct build *build)
{
    struct tree *tree = build->tree;
    struct text_list *classes = &tree->classes;

    for (size_t i = 0; i < tree->num_all_classes; i++) {
        struct tree_class *class = &tree->all_classes[i];

        if (tree_count_class(class) == 0)
            class->label = TREE_EMPTY;
        else if (!text_list_add(classes, class->name, build->error))
            return false;
    }
    if (classes->count > 1)
        qsort(classes->items, classes->count, sizeof(char *), tree_compare_natural);
    return true;
}

static bool tree_label_class(struct build *build, const char *name, uint32_t label)
{
    struct tree_class *class = tree_search_class(build->tree, name, strlen(name));

    if (!class)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "holds no %s of class '%s', which --classes names",
                         build->scan->labelling ? "image" : "folder", name);
    if (!text_is_utf8(name, strlen(name)))
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "has a class whose name is not UTF-8: '%s'; %s", name,
                         build->scan->is_archive
                             ? "--names-charset says what it is, such as GBK, CP932 or CP866"
                             : "rename its folder, as convmv does");
    class->label = label;
    return true;
}

static bool tree_label_classes(struct build *build)
{
    struct text_list *classes = &build->tree->classes;
    bool ok = build->rules->classes->count > 0
                  ? text_list_copy(classes, build->rules->classes, build->error)
                  : tree_take_all_classes(build);

    for (size_t label = 0; label < classes->count && ok; label++)
        ok = tree_label_class(build, classes->items[label], (uint32_t)label);
    if (ok && classes->count > STORE_MAX_CLASSES)
        ok = error_set(build->error, STATUS_DATA,
                       ERROR_AT(.file = build->source,
                                .expected = TEXT("at most %d classes", STORE_MAX_CLASSES),
                                .found = TEXT("%zu", classes->count)),
                       "has too many classes");
    return ok;
}

/* ---- rows ---- */

static bool tree_is_drawn_for_valid(const struct tree_rules *rules, const char *path)
{
    uint64_t hash = random_hash(rules->seed, path, strlen(path));

    return (double)(hash >> 11) * 0x1p-53 < rules->valid_fraction;
}

/* The same for an image of a labelling. */
static struct layout_position tree_place_labelled(const struct build *build, size_t image,
                                                  struct tree_class **class)
{
    const struct labelling *labelling = build->scan->labelling;
    struct layout_position position = {.place = LAYOUT_OUTSIDE};
    const char *name;

    if (labelling->labels[image] == LABELLING_NONE)
        return position;
    position.place = LAYOUT_IN_CLASS;
    position.split = tree_find_labelled_split(labelling, image);
    if (position.split == SPLIT_TRAIN && build->rules->is_split_by_hash &&
        tree_is_drawn_for_valid(build->rules, build->scan->paths[image]))
        position.split = SPLIT_VALID;
    name = labelling->classes.items[labelling->labels[image]];
    if (!*class || (*class)->name != name)
        *class = tree_search_class(build->tree, name, strlen(name));
    return position;
}

/* The place of an image, with its class where it has one. */
static struct layout_position tree_place_image(const struct build *build, size_t image,
                                               struct tree_class **class)
{
    const char *path = build->scan->paths[image];
    struct layout_position position;

    if (build->scan->labelling)
        return tree_place_labelled(build, image, class);
    position = layout_locate(&build->tree->layout, path, false);
    if (position.place != LAYOUT_IN_CLASS)
        return position;
    if (!position.has_split)
        position.split = tree_is_drawn_for_valid(build->rules, path) ? SPLIT_VALID : SPLIT_TRAIN;
    /* Paths are sorted, so most images are of the class of the image before. */
    if (!*class || strncmp((*class)->name, position.class, position.class_length) != 0 ||
        (*class)->name[position.class_length] != '\0')
        *class = tree_search_class(build->tree, position.class, position.class_length);
    return position;
}

/* Counts images outside of classes; all of a split are one without labels. */
static void tree_count_outside(struct tree *tree, const uint64_t num_outside[NUM_SPLITS])
{
    for (int s = 0; s < NUM_SPLITS; s++) {
        uint64_t count = 0;

        for (size_t i = 0; i < tree->num_all_classes; i++)
            count += tree->all_classes[i].num_images[s];
        if (count == 0 && tree->layout.split_directories[s])
            tree->num_unlabelled[s] = num_outside[s];
        else
            tree->num_outside += num_outside[s];
    }
}

/* Finds the split of each image, and its class as an index in all_classes. */
static bool tree_place_images(struct build *build)
{
    const struct scan *scan = build->scan;
    struct tree *tree = build->tree;
    uint64_t num_outside[NUM_SPLITS] = {0};
    struct tree_class *class = NULL;

    if (!memory_allocate_unset(&build->splits, scan->num_images, sizeof(uint8_t), build->error) ||
        !memory_allocate_unset(&build->classes, scan->num_images, sizeof(uint32_t), build->error))
        return false;
    for (size_t i = 0; i < scan->num_images; i++) {
        const struct layout_position position = tree_place_image(build, i, &class);

        build->splits[i] = (uint8_t)position.split;
        build->classes[i] = position.place == LAYOUT_UNLABELLED ? TREE_NO_LABEL : TREE_LEFT_OUT;
        if (position.place == LAYOUT_IN_CLASS) {
            build->classes[i] = (uint32_t)(class - tree->all_classes);
            class->num_images[position.split]++;
        } else if (position.place == LAYOUT_OUTSIDE && position.has_split) {
            num_outside[position.split]++;
        } else if (position.place == LAYOUT_OUTSIDE) {
            tree->num_outside++;
        }
    }
    tree_count_outside(tree, num_outside);
    return true;
}

static uint32_t tree_label_of(const struct build *build, size_t image)
{
    uint32_t class = build->classes[image];

    return class == TREE_NO_LABEL || class == TREE_LEFT_OUT ? class
                                                            : build->tree->all_classes[class].label;
}

/* Gathers the rows, one split after another. */
static bool tree_gather_rows(struct build *build)
{
    const struct scan *scan = build->scan;
    struct tree *tree = build->tree;
    size_t num_rows = 0;

    tree->paths = malloc((scan->num_images + 1) * sizeof(*tree->paths));
    tree->images = malloc((scan->num_images + 1) * sizeof(*tree->images));
    tree->labels = malloc((scan->num_images + 1) * sizeof(*tree->labels));
    if (!tree->paths || !tree->images || !tree->labels)
        return error_set_memory(build->error, scan->num_images * sizeof(*tree->paths));
    for (int s = 0; s < NUM_SPLITS; s++) {
        tree->first[s] = num_rows;
        for (size_t i = 0; i < scan->num_images; i++) {
            uint32_t label = build->splits[i] == s ? tree_label_of(build, i) : TREE_LEFT_OUT;

            if (label == TREE_LEFT_OUT)
                continue;
            tree->paths[num_rows] = scan->paths[i];
            tree->images[num_rows] = i;
            tree->labels[num_rows++] = label;
        }
    }
    tree->first[NUM_SPLITS] = num_rows;
    return true;
}

/* ---- what may be wrong ---- */

/* Lists classes with names that look alike, of those that are taken. */
static bool tree_list_alike(struct build *build)
{
    struct tree *tree = build->tree;
    const char **names;
    size_t count = 0;
    bool ok;

    if (!memory_allocate(&names, tree->num_all_classes, sizeof(*names), build->error))
        return false;
    for (size_t i = 0; i < tree->num_all_classes; i++)
        if (tree->all_classes[i].label < STORE_MAX_CLASSES)
            names[count++] = tree->all_classes[i].name;
    ok = class_alike_list(names, count, &tree->alike, &tree->num_alike, build->error);
    free(names);
    return ok;
}

/* "; ..." if a class has a name like another's. */
static void tree_describe_alike(const struct build *build, const char *name,
                                char text[CLASS_ALIKE_MAX_NBYTES + 2])
{
    for (size_t i = 0; i < build->tree->num_alike; i++) {
        const struct class_alike *alike = &build->tree->alike[i];

        if (strcmp(alike->names[0], name) == 0 || strcmp(alike->names[1], name) == 0) {
            memcpy(text, "; ", 2);
            class_alike_describe(alike, text + 2);
        }
    }
}

/* A class that train does not know, where train has any. */
static bool tree_check_class(const struct build *build, const struct tree_class *class)
{
    const struct tree *tree = build->tree;
    char alike[CLASS_ALIKE_MAX_NBYTES + 2] = "";

    if (build->rules->is_split_by_hash && class->num_images[SPLIT_TRAIN] == 0 &&
        class->num_images[SPLIT_VALID] > 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "class '%s' has no image in train: all fell into valid", class->name);
    if (build->rules->is_split_by_hash && build->scan->labelling &&
        class->num_images[SPLIT_TRAIN] == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "class '%s' has no image in train", class->name);
    if (build->rules->is_split_by_hash || tree->first[SPLIT_TRAIN] == tree->first[SPLIT_TRAIN + 1])
        return true;
    for (int s = 0; s < NUM_SPLITS; s++) {
        const char *directory = tree->layout.split_directories[s];

        if (class->num_images[s] == 0 || class->has_directory[SPLIT_TRAIN])
            continue;
        tree_describe_alike(build, class->name, alike);
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "class '%s' is in %s/ but missing from train/%s%s", class->name,
                         directory ? directory : split_names[s], alike,
                         s == SPLIT_TEST && !alike[0] && !build->scan->labelling
                             ? " (--unlabelled test takes all of test/ for "
                               "images without labels)"
                             : "");
    }
    return true;
}

/* Two names that print alike cannot be told apart in any report. */
static bool tree_check_alike(struct build *build)
{
    struct tree *tree = build->tree;
    bool ok = tree_list_alike(build);

    for (size_t i = 0; i < tree->num_alike && ok; i++) {
        char text[CLASS_ALIKE_MAX_NBYTES];

        if (tree->alike[i].likeness == ALIKE_BUT_FOR_ACCENTS)
            ok = error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                           "%s: give both folders one name",
                           class_alike_describe(&tree->alike[i], text));
    }
    return ok;
}

static bool tree_refuse_empty(const struct build *build)
{
    const struct tree *tree = build->tree;

    for (int s = 0; s < NUM_SPLITS; s++) {
        if (tree->num_unlabelled[s] > 0)
            return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                             "holds no image in a folder of a class: %s/ holds %" PRIu64
                             " images, and no folders of classes with images",
                             tree->layout.split_directories[s], tree->num_unlabelled[s]);
    }
    return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                     build->scan->labelling ? "has no image with a label"
                                            : "holds no PNG or JPEG image in any class folder");
}

static bool tree_check(struct build *build)
{
    const struct tree *tree = build->tree;
    bool ok = true;

    if (tree->classes.count == 0 || tree_num_rows(tree) == 0)
        return tree_refuse_empty(build);
    ok = tree_check_alike(build);
    for (size_t i = 0; i < tree->num_all_classes && ok; i++) {
        if (tree->all_classes[i].label < STORE_MAX_CLASSES)
            ok = tree_check_class(build, &tree->all_classes[i]);
    }
    return ok;
}

/* Where images of other formats are all there is, an error about missing images names them. */
static void tree_name_foreign(const struct build *build)
{
    size_t used = strlen(build->error->what);
    char files[512];

    if (build->scan->num_images == 0 &&
        foreign_describe_counts(files, sizeof(files), &build->scan->foreign))
        text_format(build->error->what + used, sizeof(build->error->what) - used, " (%s)", files);
}

bool tree_build(const char *source, const struct scan *scan, const struct tree_rules *rules,
                struct tree *tree, struct error *error)
{
    struct build build = {
        .source = source, .scan = scan, .rules = rules, .tree = tree, .error = error};
    bool (*const steps[])(struct build *) = {
        tree_find_layout,  tree_list_all_classes, tree_list_inner_splits,
        tree_place_images, tree_label_classes,    tree_gather_rows,
        tree_check};
    bool ok = true;

    memset(tree, 0, sizeof(*tree));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && ok; i++)
        ok = steps[i](&build);
    free(build.splits);
    free(build.classes);
    if (!ok) {
        tree_name_foreign(&build);
        tree_free(tree);
    }
    return ok;
}

const struct tree_class *tree_find_class(const struct tree *tree, const char *name)
{
    return tree_search_class(tree, name, strlen(name));
}

void tree_free(struct tree *tree)
{
    text_list_free(&tree->classes);
    free(tree->all_classes);
    free(tree->alike);
    free(tree->paths);
    free(tree->images);
    free(tree->labels);
    *tree = (struct tree){0};
}

/* ---- digests ---- */

uint64_t tree_hash_image(const char *path, const struct source_stamp *stamp)
{
    const uint64_t facts[4] = {random_hash(0, path, strlen(path)), stamp->nbytes, stamp->seconds,
                               stamp->nanoseconds};

    return random_hash(1, facts, sizeof(facts));
}

void tree_finish_digest(const uint64_t *hashes, size_t count, char digest[TREE_DIGEST_LENGTH + 1])
{
    snprintf(digest, TREE_DIGEST_LENGTH + 1, "%016" PRIx64,
             random_hash(count, hashes, count * sizeof(*hashes)));
}

void tree_digest_paths(const struct tree *tree, char digest[TREE_DIGEST_LENGTH + 1])
{
    uint64_t hash = tree_num_rows(tree);

    /* Each path is hashed with its NUL, so that ("ab", "c") differs from ("a", "bc"). */
    for (size_t i = 0; i < tree_num_rows(tree); i++)
        hash = random_hash(hash, tree->paths[i], strlen(tree->paths[i]) + 1);
    snprintf(digest, TREE_DIGEST_LENGTH + 1, "%016" PRIx64, hash);
}

bool tree_digest(const struct source *source, const struct tree *tree, int num_threads,
                 char digest[TREE_DIGEST_LENGTH + 1], struct error *error)
{
    size_t num_rows = tree_num_rows(tree);
    uint64_t *hashes;

    if (!memory_allocate(&hashes, num_rows, sizeof(*hashes), error))
        return false;
#pragma omp parallel for num_threads(num_threads) schedule(dynamic, 64)
    for (size_t i = 0; i < num_rows; i++) {
        struct source_image image = tree_image(tree, i);
        struct source_stamp stamp;
        struct error failure = {0};

        if (!source_look(source, &image, &stamp, &failure)) {
#pragma omp critical(tree_digest_failed)
            error_set(error, failure.status, ERROR_AT(.file = image.path), "%s", failure.what);
        }
        hashes[i] = tree_hash_image(image.path, &stamp);
    }
    tree_finish_digest(hashes, num_rows, digest);
    free(hashes);
    return error_ok(error);
}
