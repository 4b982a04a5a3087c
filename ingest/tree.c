#include "ingest/tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "images/sources/labelling.h"
#include "ingest/class_alike.h"
#include "ingest/contents.h"

/* Of each image of the scan. */
struct placing {
    uint8_t *splits;
    uint32_t *labels;
    struct tree_class **classes; /* NULL: it lies in no class directory */
};

struct build {
    const char *source;
    const struct scan *scan;
    const struct tree_rules *rules;
    struct tree *tree;
    struct placing placing;
    struct tree_class no_class; /* that of images without labels that are kept */
    struct error *error;
};

static struct layout_rules tree_layout_rules(const struct tree_rules *rules)
{
    return (struct layout_rules){.choice = rules->layout,
                                 .split = &rules->split,
                                 .may_be_unsplit = rules->may_be_unsplit,
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
    const struct split_rules *rules = &build->rules->split;
    const struct text_list *words = &build->scan->labelling->splits;
    bool found[NUM_SPLITS] = {false};

    build->tree->layout =
        (struct layout){.kind = words->count > 0 ? LAYOUT_LABELLED : LAYOUT_CLASS};
    for (size_t i = 0; i < words->count; i++) {
        enum split split = SPLIT_TRAIN;

        layout_find_split(words->items[i], strlen(words->items[i]), &split);
        found[split] = true;
    }
    if (build->rules->layout != LAYOUT_UNDECIDED || build->rules->has_unlabelled)
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "has labels of its own, not by folders: leave out --layout and "
                         "--unlabelled");
    if (build->scan->num_images == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "holds no PNG or JPEG images");
    if (words->count == 0 && !build->rules->may_be_unsplit && !split_is_wanted(rules))
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "the labels of its images name no splits: --valid-fraction 0.2 splits "
                         "them");
    if (found[SPLIT_VALID] && (rules->has_valid || rules->num_folds > 0))
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "has images for valid already, so %s takes none from train: leave it out",
                         rules->has_valid ? "--valid-fraction" : "--folds");
    if (found[SPLIT_TEST] && rules->has_test)
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "has images for test already, so --test-fraction takes none from train: "
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
        count += class->num_found[s];
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

/* The place of an image of a labelling. */
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
        position.split = SPLIT_TRAIN; /* of which others are drawn */
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
            count += tree->all_classes[i].num_found[s];
        if (count == 0 && tree->layout.split_directories[s])
            tree->num_unlabelled[s] = num_outside[s];
        else
            tree->num_outside += num_outside[s];
    }
}

/* Finds the split of each image and its class. */
static bool tree_place_images(struct build *build)
{
    struct placing *placing = &build->placing;
    size_t count = build->scan->num_images;
    uint64_t num_outside[NUM_SPLITS] = {0};
    struct tree_class *class = NULL;

    if (!memory_allocate(&placing->splits, count, sizeof(*placing->splits), build->error) ||
        !memory_allocate(&placing->labels, count, sizeof(*placing->labels), build->error) ||
        !memory_allocate(&placing->classes, count, sizeof(*placing->classes), build->error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct layout_position position = tree_place_image(build, i, &class);

        placing->splits[i] = (uint8_t)position.split;
        if (position.place == LAYOUT_UNLABELLED) {
            placing->classes[i] = &build->no_class;
        } else if (position.place == LAYOUT_IN_CLASS) {
            placing->classes[i] = class;
            class->num_found[position.split]++;
        } else if (position.has_split) {
            num_outside[position.split]++;
        } else {
            build->tree->num_outside++;
        }
    }
    tree_count_outside(build->tree, num_outside);
    return true;
}

static bool tree_add_contradiction(struct build *build, size_t image, size_t other)
{
    struct text_list *list = &build->tree->contradictions;
    const char *const *paths = build->scan->paths;
    char text[1024], first[400], second[400];

    if (list->count == TREE_MAX_CONTRADICTIONS)
        return true;
    text_format(text, sizeof(text), "%s is %s", text_escape(first, sizeof(first), paths[image]),
                text_escape(second, sizeof(second), paths[other]));
    return text_list_add(list, text, build->error);
}

/* Leaves out what contents_deduplicate finds. */
static bool tree_deduplicate(struct build *build)
{
    const struct placing *placing = &build->placing;
    size_t count = build->scan->num_images;
    uint8_t *fates = NULL;
    uint32_t *others = NULL;
    bool ok = memory_allocate(&fates, count, sizeof(*fates), build->error) &&
              memory_allocate(&others, count, sizeof(*others), build->error) &&
              contents_deduplicate(build->rules->contents, placing->labels, count, fates, others,
                                   build->error);

    for (size_t i = 0; i < count && ok; i++) {
        if (fates[i] == CONTENTS_KEPT)
            continue;
        placing->labels[i] = TREE_LEFT_OUT;
        placing->classes[i] = NULL;
        build->tree->num_repeated += fates[i] == CONTENTS_REPEATED;
        build->tree->num_contradicting += fates[i] == CONTENTS_CONTRADICTING;
        if (fates[i] == CONTENTS_CONTRADICTING && others[i] > i)
            ok = tree_add_contradiction(build, i, others[i]);
    }
    free(fates);
    free(others);
    return ok;
}

static bool tree_draw_splits(struct build *build)
{
    const struct split_images images = {
        .count = build->scan->num_images,
        .paths = build->scan->paths,
        .labels = build->placing.labels,
        .contents = build->rules->contents,
        .num_classes = build->tree->classes.count,
        .have_split_names = build->tree->layout.kind == LAYOUT_SPLIT_CLASS,
        .are_keyed = build->scan->labelling && build->scan->labelling->is_by_key};

    return split_draw(&build->rules->split, &images, build->placing.splits, &build->tree->drawn,
                      build->error);
}

/* Counts all images and lists the rows, one split after another. */
static bool tree_list_rows(struct build *build)
{
    const struct placing *placing = &build->placing;
    struct tree *tree = build->tree;
    size_t count = build->scan->num_images, num_rows = 0;

    if (!memory_allocate(&tree->paths, count, sizeof(*tree->paths), build->error) ||
        !memory_allocate(&tree->images, count, sizeof(*tree->images), build->error) ||
        !memory_allocate(&tree->labels, count, sizeof(*tree->labels), build->error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (placing->classes[i])
            placing->classes[i]->num_images[placing->splits[i]]++;
    }
    for (int s = 0; s < NUM_SPLITS; s++) {
        tree->first[s] = num_rows;
        for (size_t i = 0; i < count; i++) {
            if (placing->splits[i] == s &&
                (placing->labels[i] != TREE_LEFT_OUT || placing->classes[i] == &build->no_class)) {
                tree->paths[num_rows] = build->scan->paths[i];
                tree->images[num_rows] = i;
                tree->labels[num_rows++] = placing->labels[i];
            }
        }
    }
    tree->first[NUM_SPLITS] = num_rows;
    return true;
}

static bool tree_gather_rows(struct build *build)
{
    const struct tree_rules *rules = build->rules;

    for (size_t i = 0; i < build->scan->num_images; i++) {
        const struct tree_class *class = build->placing.classes[i];

        build->placing.labels[i] = class ? class->label : TREE_LEFT_OUT;
    }
    return (!rules->deduplicate || !rules->contents || tree_deduplicate(build)) &&
           (!split_is_wanted(&rules->split) || tree_draw_splits(build)) && tree_list_rows(build);
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

/* All images of a class that are shared out may lie in the fold that is valid. */
static bool tree_check_fold(const struct build *build, const struct tree_class *class)
{
    const struct split_rules *rules = &build->rules->split;

    if (rules->num_folds == 0 || class->num_images[SPLIT_TRAIN] > 0 ||
        class->num_images[SPLIT_VALID] == 0)
        return true;
    return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                     "class '%s' has no image in train: all that it has, %" PRIu64
                     ", fall into fold %" PRIu64
                     ", by their number or their groups; leave the class out with --classes, or "
                     "take fewer folds",
                     class->name, class->num_images[SPLIT_VALID], rules->fold);
}

/* Of a class or a split that deduplication leaves without images, there were some. */
static bool tree_is_deduplicated(const struct build *build)
{
    return build->tree->num_repeated + build->tree->num_contradicting > 0;
}

/* A class that train does not know, where train has any. */
static bool tree_check_class(const struct build *build, const struct tree_class *class)
{
    const struct tree *tree = build->tree;
    char alike[CLASS_ALIKE_MAX_NBYTES + 2] = "";

    if (!tree_check_fold(build, class))
        return false;
    if (tree_is_deduplicated(build) && tree_count_class(class) > 0 &&
        class->num_found[SPLIT_TRAIN] > 0 && class->num_images[SPLIT_TRAIN] == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "class '%s' has no image left in train: --deduplicate leaves out those "
                         "that equal one before or one of another class",
                         class->name);
    if (build->scan->labelling && split_is_wanted(&build->rules->split) &&
        class->num_images[SPLIT_TRAIN] == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "class '%s' has no image in train", class->name);
    if (tree->layout.kind == LAYOUT_CLASS ||
        tree->first[SPLIT_TRAIN] == tree->first[SPLIT_TRAIN + 1])
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

    build.no_class.label = TREE_LEFT_OUT;
    memset(tree, 0, sizeof(*tree));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && ok; i++)
        ok = steps[i](&build);
    free(build.placing.splits);
    free(build.placing.labels);
    free(build.placing.classes);
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
    text_list_free(&tree->contradictions);
    *tree = (struct tree){0};
}
