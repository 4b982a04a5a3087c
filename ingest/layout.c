#include "ingest/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "common/text.h"

static const struct split_directory {
    const char *name;
    enum split split;
} split_directories[] = {
    {"train", SPLIT_TRAIN},      {"training", SPLIT_TRAIN}, {"valid", SPLIT_VALID},
    {"validation", SPLIT_VALID}, {"val", SPLIT_VALID},      {"test", SPLIT_TEST},
    {"testing", SPLIT_TEST},
};

enum { NUM_SPLIT_DIRECTORIES = sizeof(split_directories) / sizeof(split_directories[0]) };

static const char *const split_directory_names[] = {"train", "training", "valid",   "validation",
                                                    "val",   "test",     "testing", NULL};

const char *const layout_choices[] = {"splits", "classes", NULL};

struct scan_rules layout_scan_rules(const struct layout_rules *rules)
{
    return (struct scan_rules){.folder_depth = 2,
                               .split_folders = split_directory_names,
                               .descent = rules->choice == LAYOUT_CLASSES ? SCAN_INTO_ALL
                                          : rules->choice == LAYOUT_SPLITS
                                              ? SCAN_INTO_SPLITS
                                              : SCAN_INTO_SEVERAL_SPLITS};
}

/* ---- splits ---- */

bool layout_find_split(const char *name, size_t length, enum split *split)
{
    for (int i = 0; i < NUM_SPLIT_DIRECTORIES; i++) {
        if (strncasecmp(split_directories[i].name, name, length) == 0 &&
            split_directories[i].name[length] == '\0') {
            *split = split_directories[i].split;
            return true;
        }
    }
    return false;
}

bool layout_is_split(const char *name)
{
    enum split ignored;

    return layout_find_split(name, strlen(name), &ignored);
}

/* ---- what lies at the top ---- */

/* A directory at the top, and how many images lie in it. */
struct layout_top {
    const char *name;
    bool is_split;
    enum split split;
    uint64_t num_images;
    uint64_t num_in_splits;           /* in directories in it that have the name of a split, */
    uint64_t num_deeper;              /* and of those, in directories of that one */
    const char *in_split, *elsewhere; /* examples of paths, or NULL */
};

struct survey {
    const char *source;
    const struct scan *scan;
    const struct layout_rules *rules;
    struct layout_top *tops;
    size_t num_tops;
    size_t num_splits;  /* of the tops, without the one of images without labels */
    size_t num_others;  /* that are no splits and hold images */
    size_t num_holding; /* of which some are in splits within */
    struct layout *layout;
    struct error *error;
};

static bool layout_list_tops(struct survey *survey)
{
    const struct text_list *folders = &survey->scan->folders;

    if (!memory_allocate(&survey->tops, folders->count, sizeof(*survey->tops), survey->error))
        return false;
    for (size_t i = 0; i < folders->count; i++) {
        struct layout_top *top = &survey->tops[survey->num_tops];

        if (strchr(folders->items[i], '/'))
            continue;
        top->name = folders->items[i];
        top->is_split = layout_find_split(top->name, strlen(top->name), &top->split);
        survey->num_tops++;
    }
    return true;
}

static int layout_compare_top(const void *key, const void *top)
{
    const char *path = key, *name = ((const struct layout_top *)top)->name;
    size_t length = strcspn(path, "/");
    int order = strncmp(path, name, length);

    return order ? order : -(name[length] != '\0');
}

static void layout_count_image(struct layout_top *top, const char *path)
{
    const char *second = strchr(path, '/') + 1;
    size_t length = strcspn(second, "/");
    enum split split;

    top->num_images++;
    if (second[length] == '/' && layout_find_split(second, length, &split)) {
        top->num_in_splits++;
        top->num_deeper += strchr(second + length + 1, '/') != NULL;
        top->in_split = path;
    } else {
        top->elsewhere = path;
    }
}

static bool layout_is_unlabelled(const struct survey *survey, const struct layout_top *top)
{
    return survey->rules->has_unlabelled && top->is_split &&
           top->split == survey->rules->unlabelled;
}

static void layout_count_splits(struct survey *survey)
{
    for (size_t i = 0; i < survey->num_tops; i++)
        survey->num_splits +=
            survey->tops[i].is_split && !layout_is_unlabelled(survey, &survey->tops[i]);
}

static void layout_count_images(struct survey *survey)
{
    struct layout_top *top = NULL;

    for (size_t i = 0; i < survey->scan->num_images; i++) {
        const char *path = survey->scan->paths[i];

        if (!strchr(path, '/'))
            continue;
        /* Paths are sorted: most lie where the one before does. */
        if (!top || layout_compare_top(path, top) != 0)
            top = bsearch(path, survey->tops, survey->num_tops, sizeof(*survey->tops),
                          layout_compare_top);
        if (top)
            layout_count_image(top, path);
    }
    for (size_t i = 0; i < survey->num_tops; i++) {
        survey->num_others += !survey->tops[i].is_split && survey->tops[i].num_images > 0;
        survey->num_holding += !survey->tops[i].is_split && survey->tops[i].num_in_splits > 0;
    }
}

/* ---- questions ---- */

static bool layout_refuse(const struct survey *survey, enum status status, const char *what)
{
    return error_set(survey->error, status, ERROR_AT(.file = survey->source), "%s", what);
}

/* "cats/ (5 images), dogs/ (7 images) and 3 more" of the tops that are no splits. */
static void layout_name_others(const struct survey *survey, char *text, size_t size)
{
    size_t num_named = 0;
    char name[128], number[32];

    text[0] = '\0';
    for (size_t i = 0; i < survey->num_tops && num_named < 3; i++) {
        const struct layout_top *top = &survey->tops[i];
        size_t used = strlen(text);

        if (top->is_split || top->num_images == 0)
            continue;
        text_format(text + used, size - used, "%s%s/ (%s %s)", num_named++ ? ", " : "",
                    text_escape(name, sizeof(name), top->name),
                    text_group_digits(number, sizeof(number), top->num_images),
                    top->num_images == 1 ? "image" : "images");
    }
    if (survey->num_others > num_named)
        text_format(text + strlen(text), size - strlen(text), " and %zu more",
                    survey->num_others - num_named);
}

static const char decisions[] = "--layout splits takes it for a split and leaves out the others, "
                                "--layout classes takes all of them for classes (with "
                                "--valid-fraction, which splits them)";

/* One split beside other directories with images. */
static bool layout_ask_about_split(const struct survey *survey)
{
    const struct layout_top *split = survey->tops;
    char others[512], name[64], number[32], what[1024];

    while (!split->is_split || layout_is_unlabelled(survey, split))
        split++;
    layout_name_others(survey, others, sizeof(others));
    text_format(what, sizeof(what), "holds %s/ (%s %s) beside %s: is %s/ a split or a class? %s",
                text_escape(name, sizeof(name), split->name),
                text_group_digits(number, sizeof(number), split->num_images),
                split->num_images == 1 ? "image" : "images", others, name, decisions);
    if (split->split != SPLIT_TRAIN)
        text_format(what + strlen(what), sizeof(what) - strlen(what),
                    "; --unlabelled %s takes it for images without labels",
                    split_names[split->split]);
    return layout_refuse(survey, STATUS_USAGE, what);
}

/* Some images in a split within a class, and others outside of any. */
static bool layout_ask_about_mixture(const struct survey *survey, const char *in_split,
                                     const char *elsewhere)
{
    char inside[256], outside[256], what[1024];

    text_format(what, sizeof(what),
                "holds %s, as if splits lay in classes, but also %s, in no split: --layout splits "
                "takes the splits in classes and leaves out all else, --layout classes takes all "
                "that is in a folder of the top for one class (with --valid-fraction, which splits "
                "them); for a folder within, give that as the source",
                text_escape(inside, sizeof(inside), in_split),
                text_escape(outside, sizeof(outside), elsewhere));
    return layout_refuse(survey, STATUS_USAGE, what);
}

/* ---- decisions ---- */

/* Takes the splits at the top, two names for one of which are refused. */
static bool layout_take_splits(struct survey *survey)
{
    const char **found = survey->layout->split_directories;
    bool are_all = survey->layout->kind == LAYOUT_SPLIT_CLASS;

    for (size_t i = 0; i < survey->num_tops; i++) {
        const struct layout_top *top = &survey->tops[i];
        char first[256], second[256];

        if (!top->is_split || !(are_all || layout_is_unlabelled(survey, top)))
            continue;
        if (found[top->split])
            return layout_refuse(survey, STATUS_DATA,
                                 TEXT("holds both %.80s/ and %.80s/, two names of the same split",
                                      text_escape(first, sizeof(first), found[top->split]),
                                      text_escape(second, sizeof(second), top->name)));
        found[top->split] = top->name;
    }
    if (survey->rules->has_unlabelled && !found[survey->rules->unlabelled])
        return layout_refuse(survey, STATUS_USAGE,
                             TEXT("holds no folder %s/, which --unlabelled names",
                                  split_names[survey->rules->unlabelled]));
    return true;
}

/* Two directories of one class must not stand for the same split. */
static bool layout_check_inner_splits(const struct survey *survey)
{
    const struct text_list *folders = &survey->scan->folders;
    const char *known[NUM_SPLITS] = {NULL};

    for (size_t i = 0; i < folders->count; i++) {
        const char *path = folders->items[i], *slash = strchr(path, '/');
        char first[256], second[256];
        enum split split;

        if (!slash || !layout_find_split(slash + 1, strlen(slash + 1), &split))
            continue;
        if (known[split] && strncmp(known[split], path, (size_t)(slash - path) + 1) == 0)
            return layout_refuse(survey, STATUS_DATA,
                                 TEXT("holds both %.80s/ and %.80s/, two names of the same split",
                                      text_escape(first, sizeof(first), known[split]),
                                      text_escape(second, sizeof(second), path)));
        known[split] = path;
    }
    return true;
}

/* A split that is there is not made again, and without train there is nothing to make it of. */
static bool layout_check_made(const struct survey *survey, const char *const found[NUM_SPLITS])
{
    const struct split_rules *rules = survey->rules->split;
    enum split split =
        found[SPLIT_VALID] && (rules->has_valid || rules->num_folds > 0) ? SPLIT_VALID : SPLIT_TEST;
    const char *option = split == SPLIT_TEST && rules->has_test ? "--test-fraction"
                         : rules->num_folds == 0                ? "--valid-fraction"
                                                                : "--folds";
    char what[1024], name[256];

    if (found[split] && (split == SPLIT_VALID || rules->has_test))
        text_format(what, sizeof(what),
                    "holds a folder %s/, but %s makes another %s split: leave the option out, or "
                    "give the folder of classes, such as SOURCE/train",
                    text_escape(name, sizeof(name), found[split]), option, split_names[split]);
    else if (split_is_wanted(rules) && !found[SPLIT_TRAIN])
        text_format(what, sizeof(what), "holds no folder train/, of which %s takes images",
                    rules->has_valid ? "--valid-fraction" : option);
    else
        return true;
    return layout_refuse(survey, STATUS_USAGE, what);
}

/* All images lie in CLASS/SPLIT, or the user says so. */
static bool layout_choose_inner_splits(struct survey *survey)
{
    const struct text_list *folders = &survey->scan->folders;
    const char *found[NUM_SPLITS] = {NULL};

    survey->layout->kind = LAYOUT_CLASS_SPLIT;
    for (size_t i = 0; i < folders->count; i++) {
        const char *slash = strchr(folders->items[i], '/');
        enum split split;

        if (slash && layout_find_split(slash + 1, strlen(slash + 1), &split))
            found[split] = folders->items[i];
    }
    return layout_check_inner_splits(survey) && layout_check_made(survey, found);
}

/* There is no split at the top, but some within. */
static bool layout_weigh_inner_splits(struct survey *survey)
{
    const char *in_split = NULL, *elsewhere = NULL;
    size_t num_deep = 0;

    for (size_t i = 0; i < survey->num_tops; i++) {
        const struct layout_top *top = &survey->tops[i];

        if (top->is_split)
            continue;
        in_split = top->in_split ? top->in_split : in_split;
        elsewhere = top->elsewhere ? top->elsewhere : elsewhere;
        num_deep += top->num_in_splits > 0 && top->num_deeper == top->num_in_splits;
    }
    if (survey->rules->choice != LAYOUT_SPLITS && elsewhere)
        return layout_ask_about_mixture(survey, in_split, elsewhere);
    /* DATA/SPLIT/CLASS beside other folders. */
    if (survey->num_holding == 1 && num_deep == 1)
        return layout_refuse(survey, STATUS_DATA,
                             TEXT("holds splits and classes a folder deeper: give SOURCE/%.*s",
                                  (int)strcspn(in_split, "/"), in_split));
    return layout_choose_inner_splits(survey);
}

/* All that is there is images, beside a table perhaps. */
static bool layout_refuse_flat(const struct survey *survey)
{
    const struct text_list *others = &survey->scan->top_others;
    const char *table = NULL;
    uint64_t count = survey->scan->num_images;
    char number[32], name[256], what[600];

    for (size_t i = 0; i < others->count && !table; i++) {
        const char *dot = strrchr(others->items[i], '.');

        if (dot && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".tsv") == 0))
            table = others->items[i];
    }
    if (table)
        text_escape(name, sizeof(name), table);
    text_format(what, sizeof(what),
                "%s %s in no class folder; --labels FILE takes classes from a table%s%s%s",
                text_group_digits(number, sizeof(number), count),
                count == 1 ? "image lies" : "images lie", table ? ", such as " : "",
                table ? name : "", table ? ", which lies there" : "");
    return layout_refuse(survey, STATUS_DATA, what);
}

static bool layout_choose(struct survey *survey)
{
    const struct layout_rules *rules = survey->rules;
    const struct scan *scan = survey->scan;

    bool may_be_classes = rules->may_be_unsplit || split_is_wanted(rules->split);

    survey->layout->kind = LAYOUT_CLASS;
    if (scan->folders.count == 0 && scan->num_images == 0)
        return layout_refuse(survey, STATUS_DATA, "holds no folders and no PNG or JPEG images");
    if (may_be_classes && survey->num_others > 0 &&
        (rules->choice == LAYOUT_CLASSES || (survey->num_splits == 0 && survey->num_holding == 0)))
        return true;
    if (may_be_classes && rules->choice == LAYOUT_CLASSES && survey->num_splits > 0)
        return true;
    if (rules->choice == LAYOUT_UNDECIDED && survey->num_splits == 1 && survey->num_others > 0)
        return layout_ask_about_split(survey);
    if (rules->choice != LAYOUT_CLASSES && survey->num_splits > 0) {
        survey->layout->kind = LAYOUT_SPLIT_CLASS;
        return true;
    }
    if (rules->choice != LAYOUT_CLASSES && survey->num_holding > 0)
        return layout_weigh_inner_splits(survey);
    if (rules->has_unlabelled && survey->num_others == 0)
        return layout_refuse(survey, STATUS_DATA,
                             "holds images without labels alone: a store needs classes, and "
                             "quern-predict takes a folder of images as it is");
    if (may_be_classes && survey->num_tops > 0)
        return true; /* of which all are empty */
    if (survey->num_tops == 0)
        return layout_refuse_flat(survey);
    if (rules->choice == LAYOUT_CLASSES)
        return layout_refuse(survey, STATUS_USAGE,
                             "is to be folders of classes, so --layout classes needs "
                             "--valid-fraction 0.2, which splits them (0: all are in train)");
    return layout_refuse(survey, STATUS_USAGE,
                         "holds no folder train/; if its folders are classes, "
                         "--valid-fraction 0.2 splits them; --dry-run prints a command with all "
                         "options that it needs");
}

bool layout_find(const char *source, const struct scan *scan, const struct layout_rules *rules,
                 struct layout *layout, struct error *error)
{
    struct survey survey = {
        .source = source, .scan = scan, .rules = rules, .layout = layout, .error = error};
    bool ok;

    *layout =
        (struct layout){.has_unlabelled = rules->has_unlabelled, .unlabelled = rules->unlabelled};
    ok = layout_list_tops(&survey);
    if (ok) {
        layout_count_splits(&survey);
        /* Several splits at the top leave no question, and no other directory was looked into. */
        if (survey.num_splits < 2 || rules->choice == LAYOUT_CLASSES)
            layout_count_images(&survey);
        ok = layout_choose(&survey) && layout_take_splits(&survey) &&
             (layout->kind != LAYOUT_SPLIT_CLASS ||
              layout_check_made(&survey, layout->split_directories));
    }
    free(survey.tops);
    return ok;
}

/* ---- one path ---- */

/* The part of a path that is a directory's name, and what follows; false at the end. */
static bool layout_take_part(const char **at, bool is_directory, const char **name, size_t *length)
{
    *name = *at;
    *length = strcspn(*at, "/");
    if (*length == 0 || ((*at)[*length] == '\0' && !is_directory))
        return false;
    *at += *length + ((*at)[*length] == '/');
    return true;
}

struct layout_position layout_locate(const struct layout *layout, const char *path,
                                     bool is_directory)
{
    struct layout_position position = {.place = LAYOUT_OUTSIDE};
    const char *at = path, *first, *second;
    size_t first_length, second_length;
    enum split split;
    bool has_second;

    if (!layout_take_part(&at, is_directory, &first, &first_length))
        return position;
    has_second = layout_take_part(&at, is_directory, &second, &second_length);
    if (layout_find_split(first, first_length, &split)) {
        position.has_split = layout->kind == LAYOUT_SPLIT_CLASS;
        position.split = split;
        if (layout->has_unlabelled && layout->unlabelled == split &&
            layout->split_directories[split]) {
            position.place = LAYOUT_UNLABELLED;
            position.has_split = true;
            return position;
        }
    }
    if (layout->kind == LAYOUT_CLASS) {
        position.has_split = false;
        position.place = LAYOUT_IN_CLASS;
        position.class = first;
        position.class_length = first_length;
        return position;
    }
    if (layout->kind == LAYOUT_SPLIT_CLASS) {
        if (!position.has_split || !has_second)
            return position;
        position.class = second;
        position.class_length = second_length;
    } else {
        if (!has_second || !layout_find_split(second, second_length, &position.split))
            return position;
        position.has_split = true;
        position.class = first;
        position.class_length = first_length;
    }
    position.place = LAYOUT_IN_CLASS;
    return position;
}
