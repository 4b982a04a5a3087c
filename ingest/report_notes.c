#include "ingest/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/wrap.h"
#include "images/sources/labelling.h"
#include "images/sources/webdataset.h"

enum { MAX_UNLABELLED_SHOWN = 5 };

enum { MAX_NAMES_SHOWN = 20 };

struct notes {
    struct text_list *list;
    struct error *error;
};

/* Adds a text that was allocated, and frees it; NULL: there was no memory for it. */
static bool report_take_note(const struct notes *notes, char *text)
{
    bool ok =
        text ? text_list_add(notes->list, text, notes->error) : error_set_memory(notes->error, 256);

    free(text);
    return ok;
}

__attribute__((format(printf, 2, 3))) static bool report_add_note(const struct notes *notes,
                                                                  const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return report_take_note(notes, text);
}

static void report_name(FILE *stream, bool is_first, const char *name)
{
    fputs(is_first ? " " : ", ", stream);
    text_print_escaped(stream, name);
}

/* Directories beside the splits, and files at the top. */
static bool report_note_top(const struct notes *notes, const struct tree *tree,
                            const struct scan *scan)
{
    char *text = NULL;
    size_t nbytes, num_named = 0;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return report_take_note(notes, NULL);
    fputs("ignored at the top of the source:", stream);
    for (size_t i = 0; i < scan->folders.count && tree->layout.kind == LAYOUT_SPLIT_CLASS; i++) {
        const char *name = scan->folders.items[i];

        if (!strchr(name, '/') && !layout_is_split(name) && num_named++ < SCAN_MAX_OTHERS) {
            report_name(stream, num_named == 1, name);
            fputc('/', stream);
        }
    }
    for (size_t i = 0; i < scan->top_others.count; i++) {
        if (num_named++ < SCAN_MAX_OTHERS)
            report_name(stream, num_named == 1, scan->top_others.items[i]);
    }
    if (num_named > SCAN_MAX_OTHERS)
        fputs(" and more", stream);
    fclose(stream);
    if (num_named > 0)
        return report_take_note(notes, text);
    free(text);
    return true;
}

static bool report_note_left_out(const struct notes *notes, const struct tree *tree)
{
    char *text = NULL, number[32];
    size_t nbytes, num_named = 0;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return report_take_note(notes, NULL);
    fputs("left out, because --classes does not name them:", stream);
    for (size_t i = 0; i < tree->num_all_classes; i++) {
        const struct tree_class *class = &tree->all_classes[i];
        uint64_t count = tree_class_num_images(class);

        if (class->label != TREE_LEFT_OUT)
            continue;
        report_name(stream, num_named++ == 0, class->name);
        fprintf(stream, " (%s %s)", text_group_digits(number, sizeof(number), count),
                count == 1 ? "image" : "images");
    }
    fclose(stream);
    if (num_named > 0)
        return report_take_note(notes, text);
    free(text);
    return true;
}

/* Classes of which all folders are empty. */
static bool report_note_empty(const struct notes *notes, const struct tree *tree)
{
    char *text = NULL;
    size_t nbytes, num_empty = 0;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return report_take_note(notes, NULL);
    for (size_t i = 0; i < tree->num_all_classes; i++) {
        if (tree->all_classes[i].label != TREE_EMPTY)
            continue;
        if (num_empty++ < MAX_NAMES_SHOWN)
            report_name(stream, num_empty == 1, tree->all_classes[i].name);
    }
    if (num_empty > MAX_NAMES_SHOWN)
        fprintf(stream, " and %zu more", num_empty - MAX_NAMES_SHOWN);
    fclose(stream);
    if (num_empty > 0 && text) {
        bool ok =
            report_add_note(notes, "left out %zu class folder%s without a PNG or JPEG image:%s",
                            num_empty, num_empty == 1 ? "" : "s", text);

        free(text);
        return ok;
    }
    free(text);
    return true;
}

static bool report_note_alike(const struct notes *notes, const struct tree *tree)
{
    bool ok = true;

    for (size_t i = 0; i < tree->num_alike && ok; i++) {
        char text[CLASS_ALIKE_MAX_NBYTES], escaped[CLASS_ALIKE_MAX_NBYTES];

        ok = report_add_note(
            notes, "%s",
            text_escape(escaped, sizeof(escaped), class_alike_describe(&tree->alike[i], text)));
    }
    return ok;
}

/* What systems and tools leave behind, by name. */
static bool report_note_junk(const struct notes *notes, const struct scan *scan)
{
    char *text = NULL, number[32];
    size_t nbytes, num_kinds = 0;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return report_take_note(notes, NULL);
    fputs("skipped what systems and tools leave behind:", stream);
    for (int kind = 0; kind < JUNK_NUM_KINDS; kind++) {
        if (scan->num_junk[kind] == 0)
            continue;
        report_name(stream, num_kinds++ == 0, junk_name(kind));
        fprintf(stream, " (%s)", text_group_digits(number, sizeof(number), scan->num_junk[kind]));
    }
    fclose(stream);
    if (num_kinds > 0)
        return report_take_note(notes, text);
    free(text);
    return true;
}

/* Splits whose images lie in no class folder, and splits with nothing in them. */
static bool report_note_splits(const struct notes *notes, const struct tree *tree)
{
    bool ok = true;
    char number[32], name[512];

    for (int s = 0; s < NUM_SPLITS && ok; s++) {
        const char *directory = tree->layout.split_directories[s];
        uint64_t count = tree->num_unlabelled[s];

        if (!directory)
            continue;
        text_escape(name, sizeof(name), directory);
        if (count > 0)
            ok = report_add_note(
                notes, "left out %s/: its %s %s in no class folder%s", name,
                text_group_digits(number, sizeof(number), count),
                count == 1 ? "image lies" : "images lie",
                s == SPLIT_TEST ? " (--unlabelled test keeps them as a split without labels)" : "");
        else if (tree->first[s] == tree->first[s + 1])
            ok = report_add_note(notes, "left out %s/: it holds no image of any class", name);
        else if (tree_is_unlabelled(tree, (enum split)s))
            ok = report_add_note(notes, "%s is a split without labels, to predict only",
                                 split_names[s]);
    }
    return ok;
}

enum { MAX_MISSING_SHOWN = 10 };

static bool report_is_missing(const struct tree_class *class, int split)
{
    return class->label < STORE_MAX_CLASSES && class->num_images[split] == 0;
}

/* The classes that have no image in a split, in a line for all of them. */
static bool report_note_missing_in(const struct notes *notes, const struct tree *tree, int split)
{
    char *text = NULL;
    size_t nbytes, num_missing = 0;
    FILE *stream = open_memstream(&text, &nbytes);
    bool ok = true;

    if (!stream)
        return report_take_note(notes, NULL);
    for (size_t label = 0; label < tree->classes.count; label++) {
        const struct tree_class *class = tree_find_class(tree, tree->classes.items[label]);

        if (report_is_missing(class, split) && num_missing++ < MAX_MISSING_SHOWN)
            report_name(stream, num_missing == 1, class->name);
    }
    if (num_missing > MAX_MISSING_SHOWN)
        fputs(", ...", stream);
    fclose(stream);
    if (num_missing > 0 && !text)
        ok = report_take_note(notes, NULL);
    else if (num_missing == 1)
        ok = report_add_note(notes, "class%s has no image in %s", text, split_names[split]);
    else if (num_missing > 1)
        ok = report_add_note(notes, "%zu classes have no image in %s:%s", num_missing,
                             split_names[split], text);
    free(text);
    return ok;
}

static bool report_note_missing_classes(const struct notes *notes, const struct tree *tree)
{
    bool ok = true;

    for (int s = 0; s < NUM_SPLITS && ok; s++) {
        if (tree->first[s] < tree->first[s + 1] && !tree_is_unlabelled(tree, (enum split)s))
            ok = report_note_missing_in(notes, tree, s);
    }
    return ok;
}

/* Images that --deduplicate left out. */
static bool report_note_deduplicated(const struct notes *notes, const struct tree *tree)
{
    char number[32], names[2048] = "";

    for (size_t i = 0; i < tree->contradictions.count; i++)
        text_format(names + strlen(names), sizeof(names) - strlen(names), "%s %s", i ? "," : "",
                    tree->contradictions.items[i]);
    return (tree->num_repeated == 0 ||
            report_add_note(notes, "left out by --deduplicate: %s %s one before",
                            text_group_digits(number, sizeof(number), tree->num_repeated),
                            tree->num_repeated == 1 ? "image that equals" : "images that equal")) &&
           (tree->num_contradicting == 0 ||
            report_add_note(notes,
                            "left out by --deduplicate: %s images that equal one of another "
                            "class:%s%s",
                            text_group_digits(number, sizeof(number), tree->num_contradicting),
                            names,
                            tree->contradictions.count == TREE_MAX_CONTRADICTIONS ? ", ..." : ""));
}

static bool report_note_groups(const struct notes *notes, const struct tree *tree,
                               const struct tree_rules *rules)
{
    const struct split_outcome *drawn = &tree->drawn;
    char groups[32], images[32], others[32];
    const char *unmatched =
        drawn->num_unmatched == 0
            ? ""
            : TEXT("; %s not match and %s of %s own",
                   drawn->num_unmatched == 1
                       ? "1 image does"
                       : TEXT("%s images do",
                              text_group_digits(others, sizeof(others), drawn->num_unmatched)),
                   drawn->num_unmatched == 1 ? "is a group" : "are each a group",
                   drawn->num_unmatched == 1 ? "its" : "their");

    return !rules->split.group_by ||
           report_add_note(notes, "--group-by makes %s groups of %s images%s",
                           text_group_digits(groups, sizeof(groups), drawn->num_groups),
                           text_group_digits(images, sizeof(images), drawn->num_images), unmatched);
}

enum { STRONG_IMBALANCE = 10 };

/* Of classes that have images in train at all. */
static bool report_note_imbalance(const struct notes *notes, const struct tree *tree)
{
    const struct tree_class *least = NULL, *most = NULL;
    uint64_t low, high;
    char few[32], many[32], few_name[300], many_name[300];

    for (size_t i = 0; i < tree->num_all_classes; i++) {
        const struct tree_class *class = &tree->all_classes[i];

        if (class->label == TREE_LEFT_OUT || class->num_images[SPLIT_TRAIN] == 0)
            continue;
        if (!least || class->num_images[SPLIT_TRAIN] < least->num_images[SPLIT_TRAIN])
            least = class;
        if (!most || class->num_images[SPLIT_TRAIN] > most->num_images[SPLIT_TRAIN])
            most = class;
    }
    low = least ? least->num_images[SPLIT_TRAIN] : 0;
    high = most ? most->num_images[SPLIT_TRAIN] : 0;
    if (low == 0 || high / low < STRONG_IMBALANCE || high == low * STRONG_IMBALANCE)
        return true;
    return report_add_note(notes,
                           "classes are unequal: in train %s has %s images and %s %s (quern-train "
                           "--class-weights balanced weighs them)",
                           text_escape(many_name, sizeof(many_name), most->name),
                           text_group_digits(many, sizeof(many), high),
                           text_escape(few_name, sizeof(few_name), least->name),
                           text_group_digits(few, sizeof(few), low));
}

static bool report_note_count(const struct notes *notes, const char *what, uint64_t count)
{
    char number[32];

    return count == 0 ? true
                      : report_add_note(notes, "%s: %s", what,
                                        text_group_digits(number, sizeof(number), count));
}

static bool report_note_root(const struct notes *notes, const struct scan *scan)
{
    char name[512];

    return scan->root ? report_add_note(notes, "all %s lies in %s/, which is taken as the source",
                                        scan->is_archive ? "of the archive" : "that is wanted",
                                        text_escape(name, sizeof(name), scan->root))
                      : true;
}

static bool report_note_layout(const struct notes *notes, const struct tree *tree)
{
    return tree->layout.kind != LAYOUT_CLASS_SPLIT ||
           report_add_note(notes, "the splits lie in the folders of the classes (CLASS/train)");
}

static bool report_note_foreign(const struct notes *notes, const struct scan *scan)
{
    char files[512];

    return foreign_describe_counts(files, sizeof(files), &scan->foreign)
               ? report_add_note(notes, "%s", files)
               : true;
}

/* Images of which the labelling tells nothing, the first few by name. */
static bool report_note_unlabelled(const struct notes *notes, const struct scan *scan)
{
    const struct labelling *labelling = scan->labelling;
    char *text = NULL, number[32];
    size_t nbytes;
    uint64_t count = 0;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return report_take_note(notes, NULL);
    fputs(":", stream);
    for (size_t i = 0; labelling && i < labelling->num_images; i++)
        if (labelling->labels[i] == LABELLING_NONE && count++ < MAX_UNLABELLED_SHOWN)
            report_name(stream, count == 1, scan->paths[i]);
    fputs(count > MAX_UNLABELLED_SHOWN ? ", ..." : "", stream);
    fclose(stream);
    if (count > 0)
        report_add_note(notes, "%s %s no label, so %s left out%s",
                        text_group_digits(number, sizeof(number), count),
                        count == 1 ? "image has" : "images have", count == 1 ? "it is" : "they are",
                        text);
    free(text);
    return error_ok(notes->error);
}

uint64_t report_count_shared_keys(const struct scan *scan, size_t *first)
{
    const char *const *paths = scan->paths;
    uint64_t num_keys = 0;
    size_t count = 0;

    for (size_t i = 0; scan->labelling && scan->labelling->is_by_key && i < scan->num_images; i++) {
        size_t length = webdataset_key_length(paths[i]);
        bool is_same = i > 0 && length == webdataset_key_length(paths[i - 1]) &&
                       strncmp(paths[i], paths[i - 1], length) == 0;

        count = is_same ? count + 1 : 1;
        if (count == 2 && num_keys++ == 0)
            *first = i;
    }
    return num_keys;
}

static bool report_note_keys(const struct notes *notes, const struct scan *scan,
                             const struct split_rules *rules)
{
    bool are_kept = split_is_wanted(rules) && !rules->by_content && !rules->group_by;
    size_t first = 0;
    uint64_t num_keys = report_count_shared_keys(scan, &first);
    char number[32], key[300], escaped[600];

    if (num_keys == 0)
        return true;
    text_format(key, sizeof(key), "%.*s", (int)webdataset_key_length(scan->paths[first]),
                scan->paths[first]);
    return report_add_note(notes, "keys of several images, which have one class%s: %s, first %s",
                           are_kept ? " and go to one split" : "",
                           text_group_digits(number, sizeof(number), num_keys),
                           text_escape(escaped, sizeof(escaped), key));
}

static bool report_note_counts(const struct notes *notes, uint64_t num_outside,
                               const struct scan *scan)
{
    const struct {
        const char *what;
        uint64_t count;
    } counts[] = {
        {"ignored because their names do not end in .png, .jpg or .jpeg", scan->num_others},
        {"ignored because they lie in no class folder", num_outside},
        {"links not followed because they lead back up", scan->num_loops},
        {"members ignored because their paths are absolute, too long or lead up by ..",
         scan->num_unsafe_paths},
        {"members ignored because they are links to nothing in the archive", scan->num_links},
        {"members ignored because they are devices, pipes or sockets", scan->num_special},
        {"members ignored because others of the same path come later", scan->num_replaced},
    };
    bool ok = report_note_foreign(notes, scan);

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]) && ok; i++)
        ok = report_note_count(notes, counts[i].what, counts[i].count);
    return ok;
}

bool report_list_notes(const struct tree *tree, const struct scan *scan,
                       const struct tree_rules *rules, struct text_list *notes, struct error *error)
{
    struct notes out = {notes, error};
    bool wants_no_valid = rules->split.has_valid && rules->split.valid_fraction == 0;
    bool ok = report_note_root(&out, scan) && report_note_layout(&out, tree) &&
              report_note_top(&out, tree, scan) && report_note_left_out(&out, tree) &&
              report_note_junk(&out, scan) &&
              report_note_counts(&out, scan->labelling ? 0 : tree->num_outside, scan) &&
              report_note_empty(&out, tree) && report_note_splits(&out, tree) &&
              report_note_unlabelled(&out, scan) && report_note_keys(&out, scan, &rules->split) &&
              report_note_missing_classes(&out, tree) && report_note_alike(&out, tree) &&
              report_note_deduplicated(&out, tree) && report_note_groups(&out, tree, rules) &&
              report_note_imbalance(&out, tree);

    if (ok && tree->classes.count == 1)
        ok = report_add_note(&out, "there is one class only: quern-train needs two");
    if (ok && tree->first[SPLIT_TRAIN] == tree->first[SPLIT_TRAIN + 1])
        return report_add_note(&out, "no images for train: quern-train needs a train split");
    if (ok && tree->first[SPLIT_VALID] == tree->first[SPLIT_VALID + 1] && !wants_no_valid)
        ok = report_add_note(&out, "no images for valid: the store gets no valid split");
    return ok;
}

static void report_print_notes(const struct text_list *notes, FILE *messages)
{
    for (size_t i = 0; i < notes->count; i++)
        wrap_format(messages, 2, "quern-ingest: note: %s", notes->items[i]);
}

bool report_notes(const struct tree *tree, const struct scan *scan, const struct tree_rules *rules,
                  FILE *messages, struct error *error)
{
    struct text_list notes = {0};
    bool ok = report_list_notes(tree, scan, rules, &notes, error);

    if (ok)
        report_print_notes(&notes, messages);
    text_list_free(&notes);
    return ok;
}

void report_label_notes(const struct label_table *table, FILE *messages)
{
    struct text_list notes = {0};
    struct error ignored = {0};
    struct notes out = {&notes, &ignored};
    char name[300], *text = NULL;
    size_t nbytes;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return;
    for (size_t i = 0; i < table->ignored_columns.count; i++)
        report_name(stream, i == 0, table->ignored_columns.items[i]);
    fclose(stream);
    text_escape(name, sizeof(name), table->name);
    if ((table->ignored_columns.count == 0 ||
         report_add_note(&out, "columns of %s that are not taken:%s", name, text)) &&
        report_note_count(&out, TEXT("rows of %.200s that say the same again", name),
                          table->num_repeated))
        report_print_notes(&notes, messages);
    free(text);
    text_list_free(&notes);
}

void report_scan_notes(const struct scan *scan, FILE *messages)
{
    struct text_list notes = {0};
    struct error ignored = {0};
    struct notes out = {&notes, &ignored};

    if (report_note_root(&out, scan) && report_note_junk(&out, scan) &&
        report_note_counts(&out, 0, scan))
        report_print_notes(&notes, messages);
    text_list_free(&notes);
}
