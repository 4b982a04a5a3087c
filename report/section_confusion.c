#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

enum {
    MAX_MATRIX_CLASSES = 24,
    MAX_PAIRS = 25,
    FEW_PAIRS = 10,     /* beside the matrix */
    MAX_NAME = 24,      /* characters of a class in the matrix */
    MAX_LEVEL_NAME = 4, /* longer names of columns stand upright, of few columns */
    MAX_FEW_NAME = 12,  /* those */
    MAX_WIDTH = 12,     /* of a column, in digits: what report/style.c has classes for */
    NUM_LEVELS = 10,
};

/* Of its class, a confusion that is as strongly marked as can be, or more. */
#define LEAST_SHARE 0.02

/* ---- the matrix ---- */

static double matrix_find_most(const struct report_run *run)
{
    double most = 0;

    for (size_t i = 0; i < run->confusion->num_cells; i++) {
        const struct confusion_cell *cell = &run->confusion->cells[i];
        double share =
            (double)cell->num_samples / (double)run->figures->classes[cell->label].num_samples;

        if (cell->label != cell->prediction && share > most)
            most = share;
    }
    return most;
}

/* From 0 for nothing to NUM_LEVELS; mistakes, which are few, are lifted by the root, the more the
 * fewer there are: most is the largest share of them. */
static int matrix_level(uint64_t count, uint64_t total, bool is_mistake, double most)
{
    double share = total > 0 ? (double)count / (double)total : 0;
    double lifted = sqrt(share / (most > LEAST_SHARE ? most : LEAST_SHARE));
    int level = (int)ceil(NUM_LEVELS * (is_mistake ? lifted : share) - 1e-9);

    return count == 0 ? 0 : level < 1 ? 1 : level > NUM_LEVELS ? NUM_LEVELS : level;
}

static size_t matrix_longest_name(const struct section *section, size_t num_classes)
{
    size_t longest = 0;

    for (uint32_t c = 0; c < num_classes; c++) {
        size_t length = markup_count_characters(section_class_name(section, c));

        longest = length > longest ? length : longest;
    }
    return longest;
}

static bool matrix_has_long_names(const struct section *section, size_t num_classes)
{
    return matrix_longest_name(section, num_classes) >
           (num_classes > 4 ? MAX_LEVEL_NAME : MAX_FEW_NAME);
}

/* Of all columns alike, or a wide one would seem to weigh more. */
static size_t matrix_find_width(const struct section *section, size_t num_classes)
{
    const struct confusion *confusion = section->run->confusion;
    size_t width =
        matrix_has_long_names(section, num_classes) ? 0 : matrix_longest_name(section, num_classes);
    char text[PAGE_TEXT_SIZE];

    for (size_t i = 0; i < confusion->num_cells; i++) {
        /* The room beside the digits takes their commas. */
        size_t length =
            strlen(text_format(text, sizeof(text), "%" PRIu64, confusion->cells[i].num_samples));

        width = length > width ? length : width;
    }
    return width < 2 ? 2 : width > MAX_WIDTH ? MAX_WIDTH : width;
}

static void matrix_write_columns(const struct section *section, size_t num_classes)
{
    bool is_long = matrix_has_long_names(section, num_classes);

    fprintf(section->stream,
            "<thead>\n<tr><td></td><th scope=\"colgroup\" colspan=\"%zu\" class=\"axes\">predicted "
            "as</th></tr>\n<tr><th scope=\"col\" class=\"axes\">is</th>",
            num_classes);
    for (uint32_t c = 0; c < num_classes; c++) {
        fprintf(section->stream, "<th scope=\"col\">%s", is_long ? "<span class=\"long\">" : "");
        markup_text_cut(section->stream, section_class_name(section, c), MAX_NAME);
        fprintf(section->stream, "%s</th>", is_long ? "</span>" : "");
    }
    fputs("</tr>\n</thead>\n", section->stream);
}

static void matrix_write_cell(const struct section *section, uint32_t label, uint32_t prediction,
                              const uint64_t *row, double most)
{
    uint64_t total = section->run->figures->classes[label].num_samples;
    int level = matrix_level(row[prediction], total, label != prediction, most);
    char text[PAGE_TEXT_SIZE];

    if (level == 0) {
        fputs("<td class=\"zero\">·</td>", section->stream);
        return;
    }
    fprintf(section->stream, "<td class=\"%c%d\" title=\"", label == prediction ? 'h' : 'm', level);
    markup_text_cut(section->stream, section_class_name(section, label), MAX_NAME);
    fputs(" predicted as ", section->stream);
    markup_text_cut(section->stream, section_class_name(section, prediction), MAX_NAME);
    fprintf(section->stream, ": %s of ", page_count(text, row[prediction]));
    fprintf(section->stream, "%s, ", page_count(text, total));
    fprintf(section->stream, "%s\">", page_percent(text, (double)row[prediction] / (double)total));
    fprintf(section->stream, "%s</td>", page_count(text, row[prediction]));
}

static bool matrix_write_matrix(const struct section *section, size_t num_classes)
{
    double most = matrix_find_most(section->run);
    uint64_t *row;
    size_t cell = 0;

    if (!memory_allocate(&row, num_classes, sizeof(*row), section->error))
        return false;
    page_begin_table(section->stream, TEXT("matrix w%zu", matrix_find_width(section, num_classes)),
                     "Confusion matrix", NULL);
    matrix_write_columns(section, num_classes);
    fputs("<tbody>\n", section->stream);
    for (uint32_t label = 0; label < num_classes; label++) {
        cell = confusion_fill_row(section->run->confusion, label, cell, row);
        fputs("<tr><th scope=\"row\">", section->stream);
        markup_text_cut(section->stream, section_class_name(section, label), MAX_NAME);
        fputs("</th>", section->stream);
        for (uint32_t prediction = 0; prediction < num_classes; prediction++)
            matrix_write_cell(section, label, prediction, row, most);
        fputs("</tr>\n", section->stream);
    }
    fputs("</tbody>\n", section->stream);
    page_end_table(section->stream);
    free(row);
    return true;
}

/* ---- the most frequent confusions ---- */

static void matrix_write_pairs(const struct section *section)
{
    struct confusion_cell pairs[MAX_PAIRS];
    size_t num_classes = section->run->confusion->num_classes;
    size_t count = confusion_find_frequent(
        section->run->confusion, pairs, num_classes <= MAX_MATRIX_CLASSES ? FEW_PAIRS : MAX_PAIRS);
    uint64_t num_pairs = 0;
    char text[PAGE_TEXT_SIZE];

    for (size_t i = 0; i < section->run->confusion->num_cells; i++)
        num_pairs +=
            section->run->confusion->cells[i].label != section->run->confusion->cells[i].prediction;
    if (count == 0) {
        fputs("<p>No sample was taken for another class.</p>\n", section->stream);
        return;
    }
    page_begin_table(section->stream, "",
                     count < num_pairs ? TEXT("The %zu most frequent of %s confusions", count,
                                              page_count(text, num_pairs))
                                       : "Confusions, the most frequent first",
                     NULL);
    fputs("<thead><tr><th scope=\"col\">is</th><th scope=\"col\">predicted as</th><th "
          "scope=\"col\" class=\"n\">samples</th><th scope=\"col\" class=\"n\">of its "
          "class</th></tr></thead>\n<tbody>\n",
          section->stream);
    for (size_t i = 0; i < count; i++) {
        uint64_t total = section->run->figures->classes[pairs[i].label].num_samples;

        fputs("<tr><th scope=\"row\" class=\"name\">", section->stream);
        markup_text_cut(section->stream, section_class_name(section, pairs[i].label), 80);
        fputs("</th><td class=\"name\">", section->stream);
        markup_text_cut(section->stream, section_class_name(section, pairs[i].prediction), 80);
        fputs("</td>", section->stream);
        page_cell(section->stream, page_count(text, pairs[i].num_samples));
        page_cell(section->stream,
                  page_percent(text, (double)pairs[i].num_samples / (double)total));
        fputs("</tr>\n", section->stream);
    }
    fputs("</tbody>\n", section->stream);
    page_end_table(section->stream);
}

/* A few steps of the colors, and which share of a row the strongest stands for. */
static void matrix_write_key(const struct section *section)
{
    double most = matrix_find_most(section->run);
    FILE *stream = section->stream;
    char text[PAGE_TEXT_SIZE];

    fputs("<p class=\"note\">Rows are the true classes, columns the predicted ones. The stronger "
          "the color, the larger the share of its row.</p>\n<ul class=\"legend\"><li><span "
          "class=\"key\">",
          stream);
    for (int level = 1; level <= NUM_LEVELS; level += 3)
        fprintf(stream, "<span class=\"h%d\"></span>", level);
    fputs("</span>right, up to 100 % of the row</li>", stream);
    if (most > 0) {
        fputs("<li><span class=\"key\">", stream);
        for (int level = 1; level <= NUM_LEVELS; level += 3)
            fprintf(stream, "<span class=\"m%d\"></span>", level);
        fprintf(stream, "</span>wrong, up to %s of the row</li>",
                page_percent(text, most > LEAST_SHARE ? most : LEAST_SHARE));
    }
    fputs("</ul>\n", stream);
}

bool section_write_confusion(const struct section *section)
{
    size_t num_classes = section->run->confusion->num_classes;
    bool ok = true;

    page_begin_section(section->stream, "confusion", "Confusion");
    if (num_classes <= MAX_MATRIX_CLASSES)
        matrix_write_key(section);
    fputs("<div class=\"beside\">\n", section->stream);
    if (num_classes <= MAX_MATRIX_CLASSES)
        ok = matrix_write_matrix(section, num_classes);
    if (num_classes > 2) {
        fputs("<div>\n", section->stream);
        matrix_write_pairs(section);
        fputs("</div>\n", section->stream);
    }
    fputs("</div>\n", section->stream);
    page_end_section(section->stream);
    return ok;
}
