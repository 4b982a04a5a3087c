#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "ingest/tree.h"

enum { LINE_WIDTH = 100, MAX_CLASSES_SHOWN = 20 };

static uint64_t count_class(const struct tree_class *class)
{
    return class->num_images[SPLIT_TRAIN] + class->num_images[SPLIT_VALID] +
           class->num_images[SPLIT_TEST];
}

/* ---- the listing ---- */

/* Items of one line, wrapped under the first of them. */
struct line {
    FILE *stream;
    int indent;
    int column;
    size_t num_items;
};

static void print_item(struct line *line, const char *name, uint64_t count)
{
    char item[512], escaped[400], number[32];
    int length;

    if (line->num_items++ >= MAX_CLASSES_SHOWN)
        return;
    length = snprintf(item, sizeof(item), "%s %s", text_escape(escaped, sizeof(escaped), name),
                      text_group_digits(number, sizeof(number), count));
    if (line->column > line->indent && line->column + 3 + length > LINE_WIDTH) {
        fprintf(line->stream, "\n%*s", line->indent, "");
        line->column = line->indent;
    }
    line->column += fprintf(line->stream, "%s%s", line->column > line->indent ? "   " : "", item);
}

static void end_line(const struct line *line)
{
    if (line->num_items > MAX_CLASSES_SHOWN)
        fprintf(line->stream, "   and %zu more", line->num_items - MAX_CLASSES_SHOWN);
    fputc('\n', line->stream);
}

static struct line begin_line(FILE *stream, const char *what, int width, uint64_t num_images,
                              size_t num_classes)
{
    char number[32];
    int indent = fprintf(stream, "%-8s  %*s %s in %zu %s:  ", what, width,
                         text_group_digits(number, sizeof(number), num_images),
                         num_images == 1 ? "image" : "images", num_classes,
                         num_classes == 1 ? "class" : "classes");

    return (struct line){.stream = stream, .indent = indent, .column = indent};
}

static void print_split(const struct tree *tree, enum split split, int width, FILE *stream)
{
    const struct tree_class *all = tree->all_classes;
    size_t num_classes = 0;
    struct line line;

    for (size_t i = 0; i < tree->num_all_classes; i++)
        num_classes += all[i].label != TREE_LEFT_OUT && all[i].num_images[split] > 0;
    line = begin_line(stream, split_names[split], width,
                      tree->first[split + 1] - tree->first[split], num_classes);
    for (size_t label = 0; label < tree->classes.count; label++) {
        const struct tree_class *class = tree_find_class(tree, tree->classes.items[label]);

        if (class->num_images[split] > 0)
            print_item(&line, class->name, class->num_images[split]);
    }
    end_line(&line);
}

static void print_left_out(const struct tree *tree, int width, FILE *stream)
{
    uint64_t num_images = 0;
    size_t num_classes = 0;
    struct line line;

    for (size_t i = 0; i < tree->num_all_classes; i++) {
        if (tree->all_classes[i].label == TREE_LEFT_OUT) {
            num_images += count_class(&tree->all_classes[i]);
            num_classes++;
        }
    }
    if (num_classes == 0)
        return;
    line = begin_line(stream, "left out", width, num_images, num_classes);
    for (size_t i = 0; i < tree->num_all_classes; i++) {
        if (tree->all_classes[i].label == TREE_LEFT_OUT)
            print_item(&line, tree->all_classes[i].name, count_class(&tree->all_classes[i]));
    }
    end_line(&line);
}

void tree_print(const struct tree *tree, FILE *stream)
{
    char number[32];
    int width = (int)strlen(text_group_digits(number, sizeof(number), tree_num_rows(tree)));

    for (int s = 0; s < NUM_SPLITS; s++) {
        if (tree->first[s] < tree->first[s + 1])
            print_split(tree, (enum split)s, width, stream);
    }
    print_left_out(tree, width, stream);
}

/* ---- the notes ---- */

struct notes {
    struct text_list *list;
    struct error *error;
};

/* Takes the text, which is NULL when there was no memory for it. */
static bool take_note(const struct notes *notes, char *text)
{
    bool ok =
        text ? text_list_add(notes->list, text, notes->error) : error_set_memory(notes->error, 256);

    free(text);
    return ok;
}

__attribute__((format(printf, 2, 3))) static bool add_note(const struct notes *notes,
                                                           const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return take_note(notes, text);
}

static void print_name(FILE *stream, bool is_first, const char *name)
{
    fputs(is_first ? " " : ", ", stream);
    text_print_escaped(stream, name);
}

/* Folders beside the splits, and files at the top. */
static bool note_top(const struct notes *notes, const struct tree *tree, const struct scan *scan)
{
    char *text = NULL;
    size_t nbytes, num_named = 0;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return take_note(notes, NULL);
    fputs("ignored at the top of the source:", stream);
    for (size_t i = 0; i < scan->folders.count && tree->split_folders[SPLIT_TRAIN]; i++) {
        const char *name = scan->folders.items[i];

        if (!strchr(name, '/') && !tree_is_split_folder(name) && num_named++ < SCAN_MAX_OTHERS) {
            print_name(stream, num_named == 1, name);
            fputc('/', stream);
        }
    }
    for (size_t i = 0; i < scan->top_others.count; i++) {
        if (num_named++ < SCAN_MAX_OTHERS)
            print_name(stream, num_named == 1, scan->top_others.items[i]);
    }
    if (num_named > SCAN_MAX_OTHERS)
        fputs(" and more", stream);
    fclose(stream);
    if (num_named > 0)
        return take_note(notes, text);
    free(text);
    return true;
}

static bool note_left_out(const struct notes *notes, const struct tree *tree)
{
    char *text = NULL, number[32];
    size_t nbytes, num_named = 0;
    FILE *stream = open_memstream(&text, &nbytes);

    if (!stream)
        return take_note(notes, NULL);
    fputs("left out, because --classes does not name them:", stream);
    for (size_t i = 0; i < tree->num_all_classes; i++) {
        const struct tree_class *class = &tree->all_classes[i];
        uint64_t count = count_class(class);

        if (class->label != TREE_LEFT_OUT)
            continue;
        print_name(stream, num_named++ == 0, class->name);
        fprintf(stream, " (%s %s)", text_group_digits(number, sizeof(number), count),
                count == 1 ? "image" : "images");
    }
    fclose(stream);
    if (num_named > 0)
        return take_note(notes, text);
    free(text);
    return true;
}

static bool note_missing_classes(const struct notes *notes, const struct tree *tree)
{
    bool ok = true;
    char name[512];

    for (int s = SPLIT_VALID; s < NUM_SPLITS; s++) {
        bool has_split = tree->first[s] < tree->first[s + 1];

        for (size_t i = 0; has_split && i < tree->num_all_classes && ok; i++) {
            const struct tree_class *class = &tree->all_classes[i];

            if (class->label != TREE_LEFT_OUT && class->num_images[s] == 0)
                ok = add_note(notes, "class %s has no image in %s",
                              text_escape(name, sizeof(name), class->name), split_names[s]);
        }
    }
    return ok;
}

static bool note_count(const struct notes *notes, const char *what, uint64_t count)
{
    char number[32];

    return count == 0
               ? true
               : add_note(notes, "%s: %s", what, text_group_digits(number, sizeof(number), count));
}

static bool note_root(const struct notes *notes, const struct scan *scan)
{
    char name[512];

    return scan->root
               ? add_note(notes, "all of the archive lies in %s/, which is taken as the source",
                          text_escape(name, sizeof(name), scan->root))
               : true;
}

static bool note_counts(const struct notes *notes, const struct tree *tree, const struct scan *scan)
{
    const struct {
        const char *what;
        uint64_t count;
    } counts[] = {
        {"ignored because their names do not end in .png", scan->num_others},
        {"ignored because they lie in no class folder", tree->num_outside},
        {"links not followed because they lead back up", scan->num_loops},
        {"members ignored because their paths are absolute, too long or lead up by ..",
         scan->num_unsafe_paths},
        {"members ignored because they are links", scan->num_links},
        {"members ignored because they are devices, pipes or sockets", scan->num_special},
    };
    bool ok = true;

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]) && ok; i++)
        ok = note_count(notes, counts[i].what, counts[i].count);
    return ok;
}

bool tree_list_notes(const struct tree *tree, const struct scan *scan,
                     const struct tree_rules *rules, struct text_list *notes, struct error *error)
{
    struct notes out = {notes, error};
    bool wants_no_valid = rules->is_split_by_hash && rules->valid_fraction == 0;
    bool ok = note_root(&out, scan);

    if (ok)
        ok = note_top(&out, tree, scan);
    if (ok)
        ok = note_left_out(&out, tree);
    if (ok)
        ok = note_counts(&out, tree, scan);
    if (ok)
        ok = note_missing_classes(&out, tree);
    if (ok && tree->first[SPLIT_VALID] == tree->first[SPLIT_VALID + 1] && !wants_no_valid)
        ok = add_note(&out, "no images for valid: the store gets no valid split");
    return ok;
}
