#include "ingest/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/random.h"
#include "common/text.h"
#include "images/sources/labelling.h"

static const struct split_directory {
    const char *name;
    enum split split;
} split_directories[] = {
    {"train", SPLIT_TRAIN}, {"valid", SPLIT_VALID}, {"validation", SPLIT_VALID},
    {"val", SPLIT_VALID},   {"test", SPLIT_TEST},   {"testing", SPLIT_TEST},
};

enum { NUM_SPLIT_DIRECTORIES = sizeof(split_directories) / sizeof(split_directories[0]) };

static const char *const split_directory_names[] = {"train", "valid",   "validation", "val",
                                                    "test",  "testing", NULL};

struct build {
    const char *source;
    const struct scan *scan;
    const struct tree_rules *rules;
    struct tree *tree;
    struct error *error;
};

struct scan_rules tree_scan_rules(const struct tree_rules *rules)
{
    if (rules->has_labels)
        return (struct scan_rules){0, NULL, split_directory_names};
    return rules->is_split_by_hash
               ? (struct scan_rules){1, NULL, split_directory_names}
               : (struct scan_rules){2, split_directory_names, split_directory_names};
}

/* ---- directories ---- */

static const struct split_directory *tree_find_split_directory(const char *name, size_t length)
{
    for (int i = 0; i < NUM_SPLIT_DIRECTORIES; i++) {
        if (strncmp(split_directories[i].name, name, length) == 0 &&
            split_directories[i].name[length] == '\0')
            return &split_directories[i];
    }
    return NULL;
}

/* The splits that a labelling names. */
static bool tree_find_labelled_splits(struct build *build)
{
    const struct text_list *words = &build->scan->labelling->splits;
    const char **found = build->tree->split_directories;

    for (size_t i = 0; i < words->count; i++)
        found[tree_find_split_directory(words->items[i], strlen(words->items[i]))->split] =
            words->items[i];
    if (build->scan->num_images == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "holds no PNG images");
    if (words->count == 0 && !build->rules->is_split_by_hash)
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "the labels of its images name no splits: --valid-fraction 0.2 splits "
                         "them");
    if (found[SPLIT_VALID] && build->rules->is_split_by_hash)
        return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                         "has images for valid already, so --valid-fraction takes none from train: "
                         "leave it out");
    return true;
}

static bool tree_find_split_directories(struct build *build)
{
    const struct text_list *directories = &build->scan->folders;
    const char **found = build->tree->split_directories;

    if (build->scan->labelling)
        return tree_find_labelled_splits(build);
    for (size_t i = 0; i < directories->count; i++) {
        const char *name = directories->items[i];
        const struct split_directory *directory = tree_find_split_directory(name, strlen(name));

        if (!directory)
            continue;
        if (build->rules->is_split_by_hash)
            return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                             "holds a folder %s/, but --valid-fraction splits folders of classes: "
                             "leave the option out, or give the folder of classes, such as "
                             "SOURCE/train",
                             name);
        if (found[directory->split])
            return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                             "holds both %s/ and %s/, two names of the same split",
                             found[directory->split], name);
        found[directory->split] = name;
    }
    if (build->scan->folders.count == 0 && build->scan->num_images == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "holds no folders and no PNG or JPEG images");
    if (build->rules->is_split_by_hash || found[SPLIT_TRAIN])
        return true;
    if (found[SPLIT_VALID] || found[SPLIT_TEST])
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                         "holds a folder %s/ but no folder train/",
                         found[SPLIT_VALID] ? found[SPLIT_VALID] : found[SPLIT_TEST]);
    return error_set(build->error, STATUS_USAGE, ERROR_AT(.file = build->source),
                     "holds no folder train/; if its folders are classes, "
                     "--valid-fraction 0.2 splits them");
}

/* ---- classes ---- */

/* Finds the name and the split of a class directory; false for a directory of another level. */
static bool tree_find_class_directory(const struct build *build, const char *directory,
                                      const char **name, enum split *split)
{
    const char *slash = strchr(directory, '/');

    *split = SPLIT_TRAIN;
    *name = directory;
    if (build->rules->is_split_by_hash)
        return true;
    if (!slash)
        return false;
    *split = tree_find_split_directory(directory, (size_t)(slash - directory))->split;
    *name = slash + 1;
    return true;
}

static int tree_compare_classes(const void *a, const void *b)
{
    return strcmp(((const struct tree_class *)a)->name, ((const struct tree_class *)b)->name);
}

/* The split of an image that has a label, before any are drawn by hash. */
static enum split tree_find_labelled_split(const struct labelling *labelling, size_t image)
{
    const char *word;

    if (labelling->splits.count == 0)
        return SPLIT_TRAIN;
    word = labelling->splits.items[labelling->split_of[image]];
    return tree_find_split_directory(word, strlen(word))->split;
}

/* The same for the classes of a labelling, whose names differ. */
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
    struct tree_class *all;
    size_t count = 0, num_unique = 0;

    if (build->scan->labelling)
        return tree_list_labelled_classes(build);
    all = calloc(directories->count + 1, sizeof(*all));
    if (!all)
        return error_set_memory(build->error, directories->count * sizeof(*all));
    build->tree->all_classes = all;
    for (size_t i = 0; i < directories->count; i++) {
        enum split split;

        if (tree_find_class_directory(build, directories->items[i], &all[count].name, &split))
            all[count++].has_directory[split] = true;
    }
    qsort(all, count, sizeof(*all), tree_compare_classes);
    for (size_t i = 0; i < count; i++) {
        if (num_unique > 0 && strcmp(all[num_unique - 1].name, all[i].name) == 0) {
            for (int s = 0; s < NUM_SPLITS; s++)
                all[num_unique - 1].has_directory[s] |= all[i].has_directory[s];
        } else {
            all[num_unique] = all[i];
            all[num_unique++].label = TREE_LEFT_OUT;
        }
    }
    build->tree->num_all_classes = num_unique;
    return true;
}

static int tree_compare_natural(const void *a, const void *b)
{
    return text_compare_natural(*(const char *const *)a, *(const char *const *)b);
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

static bool tree_label_classes(struct build *build)
{
    struct tree *tree = build->tree;
    struct text_list *classes = &tree->classes;
    bool ok = text_list_copy(classes, build->rules->classes, build->error);

    if (build->rules->classes->count == 0) {
        for (size_t i = 0; i < tree->num_all_classes && ok; i++)
            ok = text_list_add(classes, tree->all_classes[i].name, build->error);
        if (classes->count > 1)
            qsort(classes->items, classes->count, sizeof(char *), tree_compare_natural);
    }
    for (size_t label = 0; label < classes->count && ok; label++) {
        const char *name = classes->items[label];
        struct tree_class *class = tree_search_class(tree, name, strlen(name));

        if (!class)
            return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                             "holds no %s of class '%s', which --classes names",
                             build->scan->labelling ? "image" : "folder", name);
        if (!text_is_utf8(name, strlen(name)))
            return error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                             "has a class whose name is not UTF-8: '%s'", name);
        class->label = (uint32_t)label;
    }
    if (ok && (classes->count < 2 || classes->count > STORE_MAX_CLASSES))
        ok = error_set(build->error, STATUS_DATA,
                       ERROR_AT(.file = build->source,
                                .expected = TEXT("2 to %d classes", STORE_MAX_CLASSES),
                                .found = TEXT("%zu", classes->count)),
                       "has a wrong number of class%s", build->scan->labelling ? "es" : " folders");
    return ok;
}

/* ---- rows ---- */

static bool tree_is_drawn_for_valid(const struct tree_rules *rules, const char *path)
{
    uint64_t hash = random_hash(rules->seed, path, strlen(path));

    return (double)(hash >> 11) * 0x1p-53 < rules->valid_fraction;
}

/* The same for an image of a labelling: NULL if it has no label. */
static struct tree_class *tree_place_labelled(const struct build *build, size_t image,
                                              struct tree_class *last, enum split *split)
{
    const struct labelling *labelling = build->scan->labelling;
    const char *name;

    if (labelling->labels[image] == LABELLING_NONE)
        return NULL;
    *split = tree_find_labelled_split(labelling, image);
    if (*split == SPLIT_TRAIN && build->rules->is_split_by_hash &&
        tree_is_drawn_for_valid(build->rules, build->scan->paths[image]))
        *split = SPLIT_VALID;
    name = labelling->classes.items[labelling->labels[image]];
    return last && last->name == name ? last : tree_search_class(build->tree, name, strlen(name));
}

/* The class of an image and its split; NULL if it lies in no class directory. */
static struct tree_class *tree_place_image(const struct build *build, size_t image,
                                           struct tree_class *last, enum split *split)
{
    const char *path = build->scan->paths[image];
    const char *name = path, *slash = strchr(path, '/');
    size_t length;

    if (build->scan->labelling)
        return tree_place_labelled(build, image, last, split);
    if (!slash)
        return NULL;
    if (build->rules->is_split_by_hash) {
        *split = tree_is_drawn_for_valid(build->rules, path) ? SPLIT_VALID : SPLIT_TRAIN;
    } else {
        *split = tree_find_split_directory(path, (size_t)(slash - path))->split;
        name = slash + 1;
        slash = strchr(name, '/');
        if (!slash)
            return NULL;
    }
    length = (size_t)(slash - name);
    /* Paths are sorted, so most images are of the class of the image before. */
    if (last && strncmp(last->name, name, length) == 0 && last->name[length] == '\0')
        return last;
    return tree_search_class(build->tree, name, length);
}

/* Counts all images and gathers the rows, one split after another. */
static bool tree_gather_rows(struct build *build)
{
    const struct scan *scan = build->scan;
    struct tree *tree = build->tree;
    uint8_t *splits = malloc(scan->num_images + 1);
    uint32_t *labels = malloc((scan->num_images + 1) * sizeof(*labels));
    struct tree_class *class = NULL;
    bool ok = true;
    size_t num_rows = 0;

    tree->paths = malloc((scan->num_images + 1) * sizeof(*tree->paths));
    tree->images = malloc((scan->num_images + 1) * sizeof(*tree->images));
    tree->labels = malloc((scan->num_images + 1) * sizeof(*tree->labels));
    if (!splits || !labels || !tree->paths || !tree->images || !tree->labels) {
        ok = error_set_memory(build->error, scan->num_images * sizeof(*tree->paths));
        goto out;
    }
    for (size_t i = 0; i < scan->num_images; i++) {
        enum split split = SPLIT_TRAIN;

        class = tree_place_image(build, i, class, &split);
        splits[i] = (uint8_t)split;
        labels[i] = class ? class->label : TREE_LEFT_OUT;
        if (class)
            class->num_images[split]++;
        else
            tree->num_outside++;
    }
    for (int s = 0; s < NUM_SPLITS; s++) {
        tree->first[s] = num_rows;
        for (size_t i = 0; i < scan->num_images; i++) {
            if (splits[i] == s && labels[i] != TREE_LEFT_OUT) {
                tree->paths[num_rows] = scan->paths[i];
                tree->images[num_rows] = i;
                tree->labels[num_rows++] = labels[i];
            }
        }
    }
    tree->first[NUM_SPLITS] = num_rows;
out:
    free(splits);
    free(labels);
    return ok;
}

/* ---- what may be wrong ---- */

static bool tree_check_class(const struct build *build, const struct tree_class *class)
{
    const char *source = build->source;
    bool by_hash = build->rules->is_split_by_hash;

    if (by_hash && class->num_images[SPLIT_TRAIN] == 0)
        return error_set(build->error, STATUS_DATA, ERROR_AT(.file = source),
                         "class '%s' has no image%s", class->name,
                         class->num_images[SPLIT_VALID] ? " in train: all fell into valid"
                         : build->scan->labelling       ? " in train"
                                                        : "");
    for (int s = 0; s < NUM_SPLITS && !by_hash; s++) {
        if (class->has_directory[s] && !class->has_directory[SPLIT_TRAIN])
            return error_set(build->error, STATUS_DATA, ERROR_AT(.file = source),
                             "class '%s' is in %s/ but missing from train/", class->name,
                             build->tree->split_directories[s]);
        if (class->has_directory[s] && class->num_images[s] == 0)
            return error_set(build->error, STATUS_DATA, ERROR_AT(.file = source),
                             "class folder %s/%s holds no PNG or JPEG image",
                             build->tree->split_directories[s], class->name);
    }
    return true;
}

static bool tree_check(struct build *build)
{
    const struct tree *tree = build->tree;
    bool ok = true;

    for (size_t i = 0; i < tree->num_all_classes && ok; i++) {
        if (tree->all_classes[i].label != TREE_LEFT_OUT)
            ok = tree_check_class(build, &tree->all_classes[i]);
    }
    for (int s = 0; s < NUM_SPLITS && ok; s++) {
        if (build->tree->split_directories[s] && tree->first[s] == tree->first[s + 1])
            ok = error_set(build->error, STATUS_DATA, ERROR_AT(.file = build->source),
                           "folder %s/ holds no PNG or JPEG image of any class",
                           build->tree->split_directories[s]);
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
        text_format(build->error->what + used, sizeof(build->error->what) - used,
                    " (%s)", files);
}

bool tree_build(const char *source, const struct scan *scan, const struct tree_rules *rules,
                struct tree *tree, struct error *error)
{
    struct build build = {
        .source = source, .scan = scan, .rules = rules, .tree = tree, .error = error};
    bool (*const steps[])(struct build *) = {tree_find_split_directories, tree_list_all_classes,
                                             tree_label_classes, tree_gather_rows, tree_check};
    bool ok = true;

    memset(tree, 0, sizeof(*tree));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && ok; i++)
        ok = steps[i](&build);
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

bool tree_is_split_directory(const char *name)
{
    return tree_find_split_directory(name, strlen(name)) != NULL;
}

void tree_free(struct tree *tree)
{
    text_list_free(&tree->classes);
    free(tree->all_classes);
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
