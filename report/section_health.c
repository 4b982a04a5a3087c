#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "report/store_health.h"
#include "view/svg/markup.h"

enum { MAX_CLASSES = 100, FEW_CLASSES = 24, MAX_REJECTS = 20, MAX_NAME = 60, MAX_PATH = 200 };

/* ---- counts ---- */

/* counts [NUM_SPLITS][C] */
static void health_count_classes(const struct section *section, uint64_t *counts)
{
    size_t num_classes = store_classes(section->store)->count;

    for (int s = 0; s < NUM_SPLITS; s++) {
        const uint32_t *labels = store_labels(section->store, (enum split)s);

        for (uint64_t i = 0; labels && i < store_num_rows(section->store, (enum split)s); i++)
            counts[(size_t)s * num_classes + labels[i]]++;
    }
}

static void health_write_count_rows(const struct section *section, const uint64_t *counts,
                                    size_t num_shown)
{
    const struct text_list *classes = store_classes(section->store);
    char text[PAGE_TEXT_SIZE];

    for (size_t c = 0; c < num_shown; c++) {
        fputs("<tr><th scope=\"row\" class=\"name\">", section->stream);
        markup_text_cut(section->stream, classes->items[c], MAX_NAME);
        fputs("</th>", section->stream);
        for (int s = 0; s < NUM_SPLITS; s++)
            if (store_num_rows(section->store, (enum split)s) > 0)
                page_cell(section->stream,
                          store_labels(section->store, (enum split)s)
                              ? page_count(text, counts[(size_t)s * classes->count + c])
                              : "–");
        fputs("</tr>\n", section->stream);
    }
    fputs("<tr class=\"sums\"><th scope=\"row\">all</th>", section->stream);
    for (int s = 0; s < NUM_SPLITS; s++)
        if (store_num_rows(section->store, (enum split)s) > 0)
            page_cell(section->stream,
                      page_count(text, store_num_rows(section->store, (enum split)s)));
    fputs("</tr>\n", section->stream);
}

static void health_write_counts(const struct section *section, const uint64_t *counts)
{
    size_t num_classes = store_classes(section->store)->count;
    size_t num_shown = num_classes < MAX_CLASSES ? num_classes : MAX_CLASSES;

    if (num_classes > FEW_CLASSES)
        fputs("<details><summary>Images of each class</summary>\n", section->stream);
    page_begin_table(section->stream, "", "Images by class and split",
                     num_shown < num_classes
                         ? TEXT("The first %zu of %zu classes.", num_shown, num_classes)
                         : NULL);
    fputs("<thead><tr><th scope=\"col\">class</th>", section->stream);
    for (int s = 0; s < NUM_SPLITS; s++)
        if (store_num_rows(section->store, (enum split)s) > 0)
            fprintf(section->stream, "<th scope=\"col\" class=\"n\">%s</th>", split_names[s]);
    fputs("</tr></thead>\n<tbody>\n", section->stream);
    health_write_count_rows(section, counts, num_shown);
    fputs("</tbody>\n", section->stream);
    page_end_table(section->stream);
    if (num_classes > FEW_CLASSES)
        fputs("</details>\n", section->stream);
}

/* ---- findings ---- */

static void health_write_path(const struct section *section, struct health_row at)
{
    char *path = NULL;

    if (store_read_path(section->store, at.split, at.row, &path, section->error)) {
        fputs("<code>", section->stream);
        markup_text_cut(section->stream, path, MAX_PATH);
        fputs("</code>", section->stream);
    }
    free(path);
}

__attribute__((format(printf, 3, 4))) static void
health_write_finding(const struct section *section, const struct health_count *count,
                     const char *format, ...)
{
    va_list arguments;
    char number[PAGE_TEXT_SIZE];
    bool has_other = count->one.split != count->other.split || count->one.row != count->other.row;

    if (count->num_images == 0)
        return;
    fprintf(section->stream, "<li>%s ", page_count(number, count->num_images));
    va_start(arguments, format);
    vfprintf(section->stream, format, arguments);
    va_end(arguments);
    fputs(has_other ? ": such as " : ": first ", section->stream);
    health_write_path(section, count->one);
    if (has_other) {
        fputs(", which is ", section->stream);
        health_write_path(section, count->other);
    }
    fputs("</li>\n", section->stream);
}

static bool health_write_images(const struct section *section)
{
    struct store_health health;
    bool has_findings;

    if (!store_health_find(section->store, &health, section->error))
        return false;
    has_findings = health.contradicting.num_images > 0 || health.constant.num_images > 0;
    for (int s = 0; s < NUM_SPLITS; s++) {
        has_findings |= health.repeated[s].num_images > 0;
        for (int t = 0; t < s; t++)
            has_findings |= health.shared[s][t].num_images > 0;
    }
    if (!has_findings) {
        fputs("<p>No image is there twice, in one split or in two, and none is of one gray "
              "throughout.</p>\n",
              section->stream);
        return true;
    }
    fputs("<ul class=\"plain\">\n", section->stream);
    for (int s = SPLIT_VALID; s < NUM_SPLITS; s++)
        for (int t = 0; t < s; t++)
            health_write_finding(section, &health.shared[s][t],
                                 "of the images of %s %s in %s, too, so that figures of %s are "
                                 "too good",
                                 split_names[s],
                                 page_plural(health.shared[s][t].num_images, "is", "are"),
                                 split_names[t], split_names[s]);
    for (int s = 0; s < NUM_SPLITS; s++)
        health_write_finding(section, &health.repeated[s], "of the images of %s %s one before",
                             split_names[s],
                             page_plural(health.repeated[s].num_images, "equals", "equal"));
    health_write_finding(section, &health.contradicting, "images equal one of another class");
    health_write_finding(section, &health.constant, "%s of one gray throughout",
                         page_plural(health.constant.num_images, "image is", "images are"));
    fputs("</ul>\n", section->stream);
    return error_ok(section->error);
}

/* Beyond this ratio of the largest class to the smallest, which they are is worth a sentence. */
#define NEARLY_EQUAL 1.1

static size_t health_count_equals(const uint64_t *counts, size_t num_classes, uint64_t count)
{
    size_t num_equals = 0;

    for (size_t c = 0; c < num_classes; c++)
        num_equals += counts[c] == count;
    return num_equals;
}

/* "deer has", or "deer and 2 other classes have" of equally many images. */
static void health_write_extreme(const struct section *section, const uint64_t *counts, size_t at)
{
    const struct text_list *classes = store_classes(section->store);
    size_t num_equals = health_count_equals(counts, classes->count, counts[at]);

    markup_text_cut(section->stream, classes->items[at], MAX_NAME);
    if (num_equals > 1)
        fprintf(section->stream, " and %zu other %s have", num_equals - 1,
                page_plural(num_equals - 1, "class", "classes"));
    else
        fputs(" has", section->stream);
}

/* How unlike in number the classes of the training samples are. */
static void health_write_balance(const struct section *section, const uint64_t *counts)
{
    const struct text_list *classes = store_classes(section->store);
    size_t least = 0, most = 0;
    char text[PAGE_TEXT_SIZE], fewest[PAGE_TEXT_SIZE];

    if (!store_labels(section->store, SPLIT_TRAIN) || classes->count < 2)
        return;
    for (size_t c = 1; c < classes->count; c++) {
        least = counts[c] < counts[least] ? c : least;
        most = counts[c] > counts[most] ? c : most;
    }
    fputs("<p>", section->stream);
    if (counts[least] == counts[most]) {
        fprintf(section->stream, "All classes have %s images in train.</p>\n",
                page_count(text, counts[most]));
        return;
    }
    if ((double)counts[most] < NEARLY_EQUAL * (double)counts[least]) {
        fprintf(section->stream,
                "The classes have nearly equally many images in train, %s to %s.</p>\n",
                page_count(fewest, counts[least]), page_count(text, counts[most]));
        return;
    }
    fputs("In train, ", section->stream);
    health_write_extreme(section, counts, most);
    fprintf(section->stream, " the most images, %s, and ", page_count(text, counts[most]));
    health_write_extreme(section, counts, least);
    if (counts[least] > 0)
        fprintf(section->stream, " the fewest, %s: a ratio of %.2f.</p>\n",
                page_count(text, counts[least]), (double)counts[most] / (double)counts[least]);
    else
        fputs(" none.</p>\n", section->stream);
}

static bool health_write_rejects(const struct section *section)
{
    struct text_list paths = {0}, reasons = {0};
    bool ok = store_read_rejects(section->store, &paths, &reasons, section->error);
    size_t num_shown = paths.count < MAX_REJECTS ? paths.count : MAX_REJECTS;
    char text[PAGE_TEXT_SIZE];

    if (ok && paths.count == 0)
        fputs("<p>No file was skipped when the store was made.</p>\n", section->stream);
    if (ok && paths.count > 0) {
        page_begin_table(
            section->stream, "", "Files that were skipped",
            TEXT("%s %s skipped when the store was made%s.", page_count(text, paths.count),
                 page_plural(paths.count, "file was", "files were"),
                 num_shown < paths.count ? TEXT(", of which %zu are here", num_shown) : ""));
        fputs("<thead><tr><th scope=\"col\">file</th><th "
              "scope=\"col\">reason</th></tr></thead>\n<tbody>\n",
              section->stream);
        for (size_t i = 0; i < num_shown; i++) {
            fputs("<tr><th scope=\"row\" class=\"name mono\">", section->stream);
            markup_text_cut(section->stream, paths.items[i], MAX_PATH);
            fputs("</th><td>", section->stream);
            markup_text_cut(section->stream, reasons.items[i], MAX_PATH);
            fputs("</td></tr>\n", section->stream);
        }
        fputs("</tbody>\n", section->stream);
        page_end_table(section->stream);
    }
    text_list_free(&reasons);
    text_list_free(&paths);
    return ok;
}

bool section_write_health(const struct section *section)
{
    uint64_t *counts = NULL;
    bool ok = memory_allocate(&counts, NUM_SPLITS * store_classes(section->store)->count,
                              sizeof(*counts), section->error);

    if (ok) {
        health_count_classes(section, counts);
        page_begin_section(section->stream, "health", "The data");
        health_write_balance(section, counts);
        ok = health_write_images(section) && health_write_rejects(section);
    }
    if (ok) {
        health_write_counts(section, counts);
        page_end_section(section->stream);
    }
    free(counts);
    return ok;
}
