#include "ingest/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/progress.h"
#include "common/text.h"
#include "common/text_width.h"
#include "common/wrap.h"
#include "formats/store/store.h"

enum { LINE_WIDTH = 100, MAX_CLASSES_SHOWN = 20 };

/* ---- the listing ---- */

/* Items of one line, wrapped under the first of them. */
struct line {
    FILE *stream;
    int width;
    int indent;
    int column;
    size_t num_items;
};

static void report_item(struct line *line, const char *name, uint64_t count)
{
    char item[512], escaped[400], number[32];
    const char *gap = line->num_items == 0 ? "" : "   ";
    int width;

    if (line->num_items++ >= MAX_CLASSES_SHOWN)
        return;
    snprintf(item, sizeof(item), "%s %s", text_escape(escaped, sizeof(escaped), name),
             text_group_digits(number, sizeof(number), count));
    width = (int)text_width(item);
    if (line->column > line->indent && line->column + (int)strlen(gap) + width > line->width) {
        fprintf(line->stream, "\n%*s", line->indent, "");
        line->column = line->indent;
        gap = "";
    }
    fprintf(line->stream, "%s%s", gap, item);
    line->column += (int)strlen(gap) + width;
}

static void report_end_line(const struct line *line)
{
    if (line->num_items > MAX_CLASSES_SHOWN)
        fprintf(line->stream, "   and %zu more", line->num_items - MAX_CLASSES_SHOWN);
    fputc('\n', line->stream);
}

static struct line report_begin_line(FILE *stream, const char *what, int width, uint64_t num_images,
                                     size_t num_classes)
{
    char number[32];
    int column = fprintf(stream, "%-8s  %*s %s in %zu %s:  ", what, width,
                         text_group_digits(number, sizeof(number), num_images),
                         num_images == 1 ? "image" : "images", num_classes,
                         num_classes == 1 ? "class" : "classes");
    int columns = (int)text_width_of_terminal(fileno(stream));
    int line_width = columns > 0 && columns < LINE_WIDTH ? columns : LINE_WIDTH;

    /* A narrow terminal has no room beside what stands before the classes. */
    return (struct line){.stream = stream,
                         .width = line_width,
                         .indent = column > line_width / 2 ? 2 : column,
                         .column = column};
}

static void report_split(const struct tree *tree, enum split split, int width, FILE *stream)
{
    const struct tree_class *all = tree->all_classes;
    size_t num_classes = 0;
    struct line line;
    char number[32];

    if (tree_is_unlabelled(tree, split)) {
        uint64_t count = tree->first[split + 1] - tree->first[split];

        fprintf(stream, "%-8s  %*s %s without labels\n", split_names[split], width,
                text_group_digits(number, sizeof(number), count), count == 1 ? "image" : "images");
        return;
    }

    for (size_t i = 0; i < tree->num_all_classes; i++)
        num_classes += all[i].label < STORE_MAX_CLASSES && all[i].num_images[split] > 0;
    line = report_begin_line(stream, split_names[split], width,
                             tree->first[split + 1] - tree->first[split], num_classes);
    for (size_t label = 0; label < tree->classes.count; label++) {
        const struct tree_class *class = tree_find_class(tree, tree->classes.items[label]);

        if (class->num_images[split] > 0)
            report_item(&line, class->name, class->num_images[split]);
    }
    report_end_line(&line);
}

static void report_left_out(const struct tree *tree, int width, FILE *stream)
{
    uint64_t num_images = 0;
    size_t num_classes = 0;
    struct line line;

    for (size_t i = 0; i < tree->num_all_classes; i++) {
        if (tree->all_classes[i].label == TREE_LEFT_OUT) {
            num_images += tree_class_num_images(&tree->all_classes[i]);
            num_classes++;
        }
    }
    if (num_classes == 0)
        return;
    line = report_begin_line(stream, "left out", width, num_images, num_classes);
    for (size_t i = 0; i < tree->num_all_classes; i++) {
        if (tree->all_classes[i].label == TREE_LEFT_OUT)
            report_item(&line, tree->all_classes[i].name,
                        tree_class_num_images(&tree->all_classes[i]));
    }
    report_end_line(&line);
}

void report_tree(const struct tree *tree, FILE *stream)
{
    char number[32];
    int width = (int)strlen(text_group_digits(number, sizeof(number), tree_num_rows(tree)));

    for (int s = 0; s < NUM_SPLITS; s++) {
        if (tree->first[s] < tree->first[s + 1])
            report_split(tree, (enum split)s, width, stream);
    }
    report_left_out(tree, width, stream);
}

/* ---- how images became rows ---- */

static void report_background(const struct preparation *preparation, uint64_t num_transparent,
                              FILE *messages)
{
    const uint8_t *color = preparation->rule.background;
    char number[32];

    if (num_transparent > 0)
        report_say(messages, "note: put on the background %02x%02x%02x, because not opaque: %s",
                   color[0], color[1], color[2],
                   text_group_digits(number, sizeof(number), num_transparent));
    else if (preparation->fit != FIT_PAD)
        report_say(messages,
                   "note: all images are opaque throughout, so --background changed nothing");
}

/* Rows are gray because the user says so. */
static void report_gray_background(const struct samples_rule *rule, FILE *messages)
{
    const uint8_t *color = rule->background;
    uint8_t gray[3];

    samples_background(rule, 1, gray);
    if (color[0] != color[1] || color[0] != color[2])
        report_say(messages,
                   "note: of --background %02x%02x%02x --channels gray takes the gray %02x%02x%02x",
                   color[0], color[1], color[2], gray[0], gray[0], gray[0]);
}

/* Samples of 16 bits: mapped by a range, given or found, or narrowed. */
static void report_range(const struct samples_rule *rule, bool is_found,
                         const struct preparation_findings *findings, FILE *messages)
{
    bool is_cut = findings->has_range && (findings->low < rule->low || findings->high > rule->high);
    char number[32];

    text_group_digits(number, sizeof(number), findings->num_deep);
    if (!rule->has_range)
        report_say(messages,
                   "note: narrowed from 16 bits to 8, 65535 becoming 255 (see --range): %s; their "
                   "values are %u to %u",
                   number, findings->low, findings->high);
    else
        report_say(messages,
                   "note: 16-bit images of which %u to %u became 0 to 255: %s; their values are "
                   "%u to %u%s",
                   rule->low, rule->high, number, findings->low, findings->high,
                   is_found ? " (the range of all images)"
                   : is_cut ? ", and those outside became 0 or 255"
                            : "");
}

void report_preparation(const struct preparation *preparation, const struct ingest_options *options,
                        const struct preparation_findings *findings, FILE *messages)
{
    const bool has_range = preparation->rule.has_range || options->finds_range;
    const uint64_t num_flat = findings->num_images - findings->num_deep;
    char number[32];

    if (preparation->rule.has_background)
        report_background(preparation, findings->num_transparent, messages);
    if (preparation->fit == FIT_PAD && preparation->channels == 1)
        report_gray_background(&preparation->rule, messages);
    if (findings->num_deep > 0)
        report_range(&preparation->rule, options->finds_range, findings, messages);
    if (has_range && findings->num_deep == 0)
        report_say(messages, "note: no image has 16 bits, so --range changed nothing");
    else if (has_range && num_flat > 0)
        report_say(messages, "note: --range is for 16 bits; of 8 bits, and as they are: %s",
                   text_group_digits(number, sizeof(number), num_flat));
}

/* ---- shard and store ---- */

void report_shard(const struct store_shard *place, FILE *stream)
{
    const char *before = ": ";
    char part[32], whole[32];

    fprintf(stream, "shard %" PRIu64 " of %" PRIu64, place->index, place->count);
    for (int s = 0; s < NUM_SPLITS; s++) {
        if (place->num_files[s] == 0)
            continue;
        fprintf(stream, "%s%s %s of %s", before, split_names[s],
                text_group_digits(part, sizeof(part), place->end[s] - place->first[s]),
                text_group_digits(whole, sizeof(whole), place->num_files[s]));
        before = ", ";
    }
    fputc('\n', stream);
}

static const char *report_format_nbytes(char *buffer, size_t size, uint64_t nbytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = (double)nbytes;
    size_t unit = 0;

    while (value >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1000;
        unit++;
    }
    return text_format(buffer, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

bool report_store(const char *path, bool is_shard, const char *before, const char *after,
                  FILE *stream, struct error *error)
{
    struct store_checks checks = {.skip_seal = true, .is_shard = is_shard};
    struct store *store;
    const struct image_shape *image;
    struct stat stat_of_file = {0};
    char number[32], size[32];
    uint64_t num_images = 0;

    if (!store_open_with(path, &checks, &store, error))
        return false;
    image = store_image_shape(store);
    stat(path, &stat_of_file);
    for (int s = 0; s < NUM_SPLITS; s++)
        num_images += store_num_rows(store, (enum split)s);
    fputs(before, stream);
    text_print_escaped(stream, path);
    fprintf(stream, "%s: %s images of %zux%zu %s, %zu %s, %s, fingerprint %.16s", after,
            text_group_digits(number, sizeof(number), num_images), image->height, image->width,
            image->channels == 1 ? "gray" : "RGB", store_classes(store)->count,
            store_classes(store)->count == 1 ? "class" : "classes",
            report_format_nbytes(size, sizeof(size), (uint64_t)stat_of_file.st_size),
            store_fingerprint(store));
    store_close(store);
    return true;
}

/* ---- messages ---- */

void report_say(FILE *messages, const char *format, ...)
{
    va_list arguments;
    char text[1024], escaped[4 * sizeof(text)];

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    progress_wipe();
    wrap_format(messages, 2, "quern-ingest: %s", text_escape(escaped, sizeof(escaped), text));
}
