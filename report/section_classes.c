#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/markup.h"

enum { MAX_CLASSES = 50, MAX_NAME = 60 };

/* A class and by what it is ordered: the worst F1 first. */
struct classes_entry {
    double f1;
    uint32_t label;
};

static int classes_compare(const void *a, const void *b)
{
    const struct classes_entry *first = a, *second = b;

    /* What is not defined comes last. */
    if (isnan(first->f1) != isnan(second->f1))
        return isnan(first->f1) - isnan(second->f1);
    if (!isnan(first->f1) && first->f1 != second->f1)
        return first->f1 < second->f1 ? -1 : 1;
    return (first->label > second->label) - (first->label < second->label);
}

static void classes_write_columns(FILE *stream, bool has_areas)
{
    fputs("<thead><tr><th scope=\"col\">class</th><th scope=\"col\" class=\"n\">samples</th><th "
          "scope=\"col\" class=\"n\">recall</th><th scope=\"col\" class=\"n\">precision</th><th "
          "scope=\"col\" class=\"n\">F1</th>",
          stream);
    if (has_areas)
        fputs("<th scope=\"col\" class=\"n\"><abbr title=\"area under the ROC curve, this class "
              "against the others\">ROC area</abbr></th><th scope=\"col\" class=\"n\"><abbr "
              "title=\"area under the precision-recall curve, this class against the others: the "
              "average precision\">PR area</abbr></th>",
              stream);
    fputs("</tr></thead>\n<tbody>\n", stream);
}

static void classes_write_values(FILE *stream, const double values[NUM_CLASS_FIGURES],
                                 const struct interval *intervals, bool has_areas)
{
    const struct interval none = INTERVAL_NONE;
    char text[PAGE_TEXT_SIZE];

    page_percent_cell(stream, values[CLASS_RECALL], intervals ? intervals[CLASS_RECALL] : none);
    page_percent_cell(stream, values[CLASS_PRECISION],
                      intervals ? intervals[CLASS_PRECISION] : none);
    page_cell(stream, page_percent(text, values[CLASS_F1]));
    if (has_areas) {
        page_cell(stream, page_real(text, values[CLASS_ROC_AREA], 4));
        page_cell(stream, page_real(text, values[CLASS_AVERAGE_PRECISION], 4));
    }
    fputs("</tr>\n", stream);
}

static bool classes_have_areas(const struct figures *figures)
{
    return !isnan(figures->macro[CLASS_ROC_AREA]) ||
           !isnan(figures->macro[CLASS_AVERAGE_PRECISION]);
}

static void classes_write_table(const struct section *section, const struct classes_entry *entries,
                                size_t num_shown)
{
    const struct figures *figures = section->run->figures;
    bool has_areas = classes_have_areas(figures);
    FILE *stream = section->stream;
    char text[PAGE_TEXT_SIZE], shown[PAGE_TEXT_SIZE], all[PAGE_TEXT_SIZE];

    page_begin_table(
        stream, "", "Figures of each class",
        TEXT(
            "Recall: of the samples of a class, how many were found. Precision: of those predicted "
            "as it, how many are. F1: the harmonic mean of both. Small print: 95 %% intervals.%s",
            num_shown < figures->num_classes
                ? TEXT(" The %s classes of the lowest F1, of %s.", page_count(shown, num_shown),
                       page_count(all, figures->num_classes))
                : ""));
    classes_write_columns(stream, has_areas);
    for (size_t i = 0; i < num_shown; i++) {
        const struct class_figures *class = &figures->classes[entries[i].label];

        fputs("<tr><th scope=\"row\" class=\"name\">", stream);
        markup_text_cut(stream, section_class_name(section, entries[i].label), MAX_NAME);
        fputs("</th>", stream);
        page_cell(stream, page_count(text, class->num_samples));
        classes_write_values(stream, class->values, class->intervals, has_areas);
    }
    fputs("<tr class=\"sums\"><th scope=\"row\">mean</th><td></td>", stream);
    classes_write_values(stream, figures->macro, NULL, has_areas);
    fputs("<tr><th scope=\"row\">weighted mean</th>", stream);
    page_cell(stream, page_count(text, figures->num_samples));
    classes_write_values(stream, figures->weighted, NULL, has_areas);
    fputs("</tbody>\n", stream);
    page_end_table(stream);
}

bool section_write_classes(const struct section *section)
{
    const struct figures *figures = section->run->figures;
    size_t num_shown = figures->num_classes < MAX_CLASSES ? figures->num_classes : MAX_CLASSES;
    struct classes_entry *entries;

    if (!memory_allocate(&entries, figures->num_classes, sizeof(*entries), section->error))
        return false;
    for (uint32_t c = 0; c < figures->num_classes; c++)
        entries[c] = (struct classes_entry){figures->classes[c].values[CLASS_F1], c};
    /* All classes stand in their own order. */
    if (num_shown < figures->num_classes)
        qsort(entries, figures->num_classes, sizeof(*entries), classes_compare);
    page_begin_section(section->stream, "classes", "Classes");
    classes_write_table(section, entries, num_shown);
    page_end_section(section->stream);
    free(entries);
    return true;
}
