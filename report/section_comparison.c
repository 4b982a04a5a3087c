#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apply/best.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "metrics/comparison.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/chart.h"
#include "view/svg/markup.h"

enum {
    MAX_CLASSES = 60,
    MAX_NAME = 60,
    VALUE_SIZE = 4400,
};

struct versus {
    const struct section *section;
    const struct report_run *runs;
    size_t num_runs;
    size_t best;  /* the first of the highest accuracy */
    char **names; /* [num_runs]; owned */
    bool is_same; /* all were evaluated on the same samples */
};

/* ---- names ---- */

static bool versus_name_runs(struct versus *versus)
{
    struct error *error = versus->section->error;
    bool is_unique = true;
    char name[512];

    if (!memory_allocate(&versus->names, versus->num_runs, sizeof(*versus->names), error))
        return false;
    for (size_t i = 0; i < versus->num_runs; i++) {
        versus->names[i] = strdup(section_run_name(&versus->runs[i], name, sizeof(name)));
        if (!versus->names[i])
            return error_set_memory(error, sizeof(name));
        for (size_t j = 0; j < i; j++)
            is_unique &= strcmp(versus->names[i], versus->names[j]) != 0;
    }
    for (size_t i = 0; i < versus->num_runs && !is_unique; i++) {
        free(versus->names[i]);
        versus->names[i] = strdup(versus->runs[i].file->path);
        if (!versus->names[i])
            return error_set_memory(error, sizeof(name));
    }
    return true;
}

static void versus_free(struct versus *versus)
{
    for (size_t i = 0; versus->names && i < versus->num_runs; i++)
        free(versus->names[i]);
    free(versus->names);
}

static void versus_write_name(const struct versus *versus, size_t index)
{
    fprintf(versus->section->stream, "<th scope=\"row\" class=\"name%s\">",
            index == versus->best ? " best" : "");
    markup_text_cut(versus->section->stream, versus->names[index], MAX_NAME);
    fputs("</th>", versus->section->stream);
}

/* ---- the table ---- */

static bool versus_is_same(const struct report_run *a, const struct report_run *b)
{
    return a->num_samples == b->num_samples &&
           memcmp(a->rows, b->rows, a->num_samples * sizeof(*a->rows)) == 0;
}

/* McNemar's test asks of each sample only whether each run is right: classes may be in another
 * order. */
static bool versus_compare(const struct versus *versus, size_t index, struct comparison *result)
{
    const struct report_run *runs[] = {&versus->runs[versus->best], &versus->runs[index]};
    uint64_t count = runs[0]->num_samples;
    uint32_t *is_wrong[3] = {NULL, NULL, NULL}; /* the last: what is right, none */
    bool ok = true;

    *result = (struct comparison){0};
    for (size_t i = 0; i < 3 && ok; i++)
        ok = memory_allocate(&is_wrong[i], count, sizeof(uint32_t), versus->section->error);
    for (uint64_t i = 0; i < count && ok; i++)
        for (size_t run = 0; run < 2; run++)
            is_wrong[run][i] = runs[run]->labels[i] != runs[run]->predictions[i];
    ok = ok && comparison_compute(2, is_wrong[2], is_wrong[0], is_wrong[1], count, result,
                                  versus->section->error);
    for (size_t i = 0; i < 3; i++)
        free(is_wrong[i]);
    return ok;
}

/* Of the accuracy to the best run's, with its interval, and the p-value. */
static bool versus_write_difference(const struct versus *versus, size_t index)
{
    struct comparison result;
    FILE *stream = versus->section->stream;
    bool ok;

    if (index == versus->best || !versus->is_same) {
        fprintf(stream, "<td class=\"n\">%s</td><td class=\"n\"></td>",
                index == versus->best ? "best" : "–");
        return true;
    }
    ok = versus_compare(versus, index, &result);
    if (ok) {
        fprintf(stream, "<td class=\"n\">%+.2f <span class=\"range\">%+.2f to %+.2f</span></td>",
                100 * result.difference, 100 * result.difference_interval.low,
                100 * result.difference_interval.high);
        if (result.mcnemar.p_value < 0.0001)
            page_cell(stream, "&lt; 0.0001");
        else
            page_cell(stream, TEXT("%.4f", result.mcnemar.p_value));
    }
    comparison_destroy(&result);
    return ok;
}

static uint64_t versus_count_parameters(const struct report_run *run)
{
    uint64_t total = 0;

    for (size_t i = 0; i < run->file->checkpoint.num_parameters; i++)
        total += tensor_num_elements(&run->file->checkpoint.parameters[i]);
    return total;
}

/* Of a run whose last epoch is not its best, the best one too. */
static void versus_write_epoch(FILE *stream, const struct checkpoint *checkpoint)
{
    const struct epoch_record *best = best_before_last(checkpoint->records, checkpoint->num_records,
                                                       best_monitor(&checkpoint->config));
    char text[PAGE_TEXT_SIZE];

    fprintf(stream, "<td class=\"n\">%s", page_count(text, checkpoint->epoch));
    if (best)
        fprintf(stream, " <span class=\"range\">best %s</span>", page_count(text, best->epoch));
    fputs("</td>", stream);
}

static bool versus_write_row(const struct versus *versus, size_t index)
{
    const struct report_run *run = &versus->runs[index];
    const struct figures *figures = run->figures;
    FILE *stream = versus->section->stream;
    const char *model = section_setting_text(run, "model");
    char text[PAGE_TEXT_SIZE];
    bool ok;

    fputs("<tr>", stream);
    versus_write_name(versus, index);
    page_percent_cell(stream, figures->values[FIGURE_ACCURACY],
                      figures->intervals[FIGURE_ACCURACY]);
    ok = versus_write_difference(versus, index);
    page_cell(stream, page_percent(text, figures->values[FIGURE_BALANCED_ACCURACY]));
    page_cell(stream, page_real(text, figures->values[FIGURE_LOSS], 4));
    page_cell(stream, page_percent(text, figures->values[FIGURE_CALIBRATION_ERROR]));
    versus_write_epoch(stream, &run->file->checkpoint);
    page_cell(stream, page_count(text, versus_count_parameters(run)));
    fputs("<td>", stream);
    markup_text(stream, model ? model : "");
    fputs("</td>", stream);
    fputs("</tr>\n", stream);
    return ok;
}

static bool versus_write_table(const struct versus *versus)
{
    FILE *stream = versus->section->stream;
    bool ok = true;

    page_begin_table(
        stream, "tight", "The runs",
        versus->is_same
            ? "Difference: of the accuracy to the best run's, in percentage points, with its 95 % "
              "interval; p: by McNemar's test on the same samples, how often equally good runs "
              "would differ as much. Calibration error: how far confidence is from accuracy."
            : "The runs were evaluated on different samples, because they know different classes: "
              "they cannot be compared sample by sample.");
    fputs("<thead><tr><th scope=\"col\">run</th><th scope=\"col\" class=\"n\">accuracy</th><th "
          "scope=\"col\" class=\"n\">difference</th><th scope=\"col\" class=\"n\">p</th><th "
          "scope=\"col\" class=\"n\">balanced<br>accuracy</th><th scope=\"col\" "
          "class=\"n\">loss</th><th scope=\"col\" class=\"n\">calibration<br>error</th><th "
          "scope=\"col\" class=\"n\">epoch</th><th scope=\"col\" "
          "class=\"n\">parameters</th><th scope=\"col\">model</th></tr></thead>\n<tbody>\n",
          stream);
    for (size_t i = 0; i < versus->num_runs && ok; i++)
        ok = versus_write_row(versus, i);
    fputs("</tbody>\n", stream);
    page_end_table(stream);
    return ok;
}

/* ---- curves over each other ---- */

enum versus_column { COLUMN_TRAIN_LOSS, COLUMN_VALID_LOSS, COLUMN_VALID_ACCURACY, NUM_COLUMNS };

static double versus_value(const struct epoch_record *record, enum versus_column column)
{
    return column == COLUMN_TRAIN_LOSS   ? record->train_loss
           : column == COLUMN_VALID_LOSS ? record->valid_loss
                                         : record->valid_accuracy;
}

/* A series for each run that has a history; the arrays of the first are owned and hold all. */
static bool versus_make_series(const struct versus *versus, enum versus_column column,
                               struct chart_series *series, double **values)
{
    size_t total = 0, at = 0;

    for (size_t i = 0; i < versus->num_runs; i++)
        total += versus->runs[i].file->checkpoint.num_records;
    if (!memory_allocate(values, 2 * total, sizeof(double), versus->section->error))
        return false;
    for (size_t i = 0; i < versus->num_runs; i++) {
        const struct checkpoint *checkpoint = &versus->runs[i].file->checkpoint;
        double *x = *values + at, *y = *values + total + at;

        series[i] = (struct chart_series){.name = versus->names[i],
                                          .mark = CHART_LINE,
                                          .style = i,
                                          .count = checkpoint->num_records,
                                          .x = x,
                                          .y = y};
        for (size_t e = 0; e < checkpoint->num_records; e++) {
            x[e] = (double)checkpoint->records[e].epoch;
            y[e] = versus_value(&checkpoint->records[e], column);
        }
        at += checkpoint->num_records;
    }
    return true;
}

static bool versus_write_chart(const struct versus *versus, enum versus_column column)
{
    static const char *const ids[] = {"curve-train", "curve-valid", "curve-accuracy"};
    static const char *const titles[] = {"Mean loss on train", "Mean loss on valid",
                                         "Accuracy on valid, %"};
    bool is_accuracy = column == COLUMN_VALID_ACCURACY;
    struct chart chart = {.id = ids[column],
                          .title = titles[column],
                          .description = "One line for each run, over its epochs.",
                          .x_label = "epoch",
                          .x_name = "epoch",
                          .y_name = is_accuracy ? "accuracy" : "loss",
                          .x_format = CHART_FORMAT_COUNT,
                          .y_format = is_accuracy ? CHART_FORMAT_PERCENT : CHART_FORMAT_REAL,
                          .num_series = versus->num_runs,
                          .x_marked = NAN,
                          .is_without_labels = true};
    struct chart_series *series;
    double *values = NULL, low = NAN, high = NAN, first = NAN, last = NAN;
    bool ok = memory_allocate(&series, versus->num_runs, sizeof(*series), versus->section->error) &&
              versus_make_series(versus, column, series, &values);

    for (size_t i = 0; i < versus->num_runs && ok; i++) {
        chart_widen(series[i].y, series[i].count, &low, &high);
        chart_widen(series[i].x, series[i].count, &first, &last);
    }
    if (ok && !isnan(low)) {
        axis_plan_exact(&chart.x_axis, first == last ? 0 : first, last, 6, true);
        axis_plan_linear(&chart.y_axis, low > 0 && low < 0.6 * high ? 0 : low, high, 5);
        if (is_accuracy)
            chart.y_axis.label_factor = 100;
        chart.series = series;
        fprintf(versus->section->stream, "<figure>\n<p class=\"title\">%s</p>\n", chart.title);
        chart_write(versus->section->stream, &chart);
        fputs("</figure>\n", versus->section->stream);
    }
    free(values);
    free(series);
    return ok;
}

static bool versus_write_curves(const struct versus *versus)
{
    FILE *stream = versus->section->stream;
    struct chart_series *series;
    size_t count = 0;
    bool has_curve = false;
    bool ok = memory_allocate(&series, versus->num_runs, sizeof(*series), versus->section->error);

    for (size_t i = 0; i < versus->num_runs && ok; i++)
        if (versus->runs[i].file->checkpoint.num_records > 0) {
            has_curve |= versus->runs[i].file->checkpoint.num_records > 1;
            series[count++] =
                (struct chart_series){.name = versus->names[i], .mark = CHART_LINE, .style = i};
        }
    if (ok && has_curve) {
        page_begin_section(stream, "curves", "Learning curves");
        chart_write_legend(stream, series, count);
        fputs("<div class=\"charts\">\n", stream);
        for (int column = 0; column < NUM_COLUMNS && ok; column++)
            ok = versus_write_chart(versus, (enum versus_column)column);
        fputs("</div>\n", stream);
        page_end_section(stream);
    }
    free(series);
    return ok;
}

/* ---- settings that differ ---- */

static bool versus_setting_differs(const struct versus *versus, const char *name)
{
    char first[VALUE_SIZE], other[VALUE_SIZE];

    setting_format(settings_find(&versus->runs[0].file->checkpoint.config, name), first,
                   sizeof(first));
    for (size_t i = 1; i < versus->num_runs; i++)
        if (strcmp(first,
                   setting_format(settings_find(&versus->runs[i].file->checkpoint.config, name),
                                  other, sizeof(other))) != 0)
            return true;
    return false;
}

/* The names of settings that differ, in the order of the runs' own lists. */
static bool versus_find_settings(const struct versus *versus, struct text_list *names)
{
    for (size_t i = 0; i < versus->num_runs; i++) {
        const struct settings *config = &versus->runs[i].file->checkpoint.config;

        for (size_t s = 0; s < config->count; s++)
            if (text_list_find(names, config->items[s].name) == names->count &&
                versus_setting_differs(versus, config->items[s].name) &&
                !text_list_add(names, config->items[s].name, versus->section->error))
                return false;
    }
    return true;
}

static void versus_write_settings_row(const struct versus *versus, size_t index,
                                      const struct text_list *names)
{
    FILE *stream = versus->section->stream;
    char value[VALUE_SIZE];

    fputs("<tr>", stream);
    versus_write_name(versus, index);
    for (size_t s = 0; s < names->count; s++) {
        const struct setting *setting =
            settings_find(&versus->runs[index].file->checkpoint.config, names->items[s]);

        fputs("<td>", stream);
        markup_text_cut(stream, setting ? setting_format(setting, value, sizeof(value)) : "–", 80);
        fputs("</td>", stream);
    }
    fputs("</tr>\n", stream);
}

static bool versus_write_settings(const struct versus *versus)
{
    FILE *stream = versus->section->stream;
    struct text_list names = {0};
    bool ok = versus_find_settings(versus, &names);

    if (ok) {
        page_begin_section(stream, "settings", "Settings that differ");
        if (names.count == 0) {
            fputs("<p>None: the runs are of one configuration.</p>\n", stream);
        } else {
            page_begin_table(stream, "", "Settings that differ",
                             "All other settings are the same; a dash is where a run has none.");
            fputs("<thead><tr><th scope=\"col\">run</th>", stream);
            for (size_t s = 0; s < names.count; s++) {
                fputs("<th scope=\"col\">", stream);
                markup_text(stream, names.items[s]);
                fputs("</th>", stream);
            }
            fputs("</tr></thead>\n<tbody>\n", stream);
            for (size_t i = 0; i < versus->num_runs; i++)
                versus_write_settings_row(versus, i, &names);
            fputs("</tbody>\n", stream);
            page_end_table(stream);
        }
        page_end_section(stream);
    }
    text_list_free(&names);
    return ok;
}

/* ---- classes ---- */

static void versus_write_class(const struct versus *versus, uint32_t class)
{
    FILE *stream = versus->section->stream;
    const char *name = versus->runs[versus->best].file->checkpoint.classes.items[class];
    char text[PAGE_TEXT_SIZE];

    fputs("<tr><th scope=\"row\" class=\"name\">", stream);
    markup_text_cut(stream, name, MAX_NAME);
    fputs("</th>", stream);
    page_cell(stream,
              page_count(text, versus->runs[versus->best].figures->classes[class].num_samples));
    for (size_t i = 0; i < versus->num_runs; i++) {
        const struct text_list *classes = &versus->runs[i].file->checkpoint.classes;
        size_t own = class < classes->count && strcmp(classes->items[class], name) == 0
                         ? class
                         : text_list_find(classes, name);

        if (own == classes->count)
            page_cell(stream, "–");
        else
            page_cell(
                stream,
                page_percent(text, versus->runs[i].figures->classes[own].values[CLASS_RECALL]));
    }
    fputs("</tr>\n", stream);
}

static void versus_write_classes(const struct versus *versus)
{
    FILE *stream = versus->section->stream;
    size_t num_classes = versus->runs[versus->best].figures->num_classes;
    size_t num_shown = num_classes < MAX_CLASSES ? num_classes : MAX_CLASSES;

    page_begin_section(stream, "classes", "Classes");
    page_begin_table(stream, "", "Recall of each class",
                     TEXT("Of the samples of a class, how many each run found.%s",
                          num_shown < num_classes
                              ? TEXT(" The first %zu of %zu classes.", num_shown, num_classes)
                              : ""));
    fputs("<thead><tr><th scope=\"col\">class</th><th scope=\"col\" class=\"n\">samples</th>",
          stream);
    for (size_t i = 0; i < versus->num_runs; i++) {
        fputs("<th scope=\"col\" class=\"n\">", stream);
        markup_text_cut(stream, versus->names[i], 24);
        fputs("</th>", stream);
    }
    fputs("</tr></thead>\n<tbody>\n", stream);
    for (uint32_t c = 0; c < num_shown; c++)
        versus_write_class(versus, c);
    fputs("</tbody>\n", stream);
    page_end_table(stream);
    page_end_section(stream);
}

/* ---- all ---- */

static bool versus_write_commands(const struct versus *versus)
{
    bool ok = true;

    page_begin_section(versus->section->stream, "commands", "To make it again");
    for (size_t i = 0; i < versus->num_runs && ok; i++) {
        struct section section = *versus->section;

        section.run = &versus->runs[i];
        fputs("<details><summary>", section.stream);
        markup_text_cut(section.stream, versus->names[i], MAX_NAME);
        fputs("</summary>\n", section.stream);
        ok = section_write_commands(&section, i);
        fputs("</details>\n", section.stream);
    }
    page_end_section(versus->section->stream);
    return ok;
}

static void versus_write_lede(const struct versus *versus)
{
    const struct section *section = versus->section;
    const struct figures *figures = versus->runs[versus->best].figures;
    char count[PAGE_TEXT_SIZE], percent[PAGE_TEXT_SIZE];

    fprintf(section->stream,
            "<p class=\"lede\">%zu checkpoints on the %s split of <span "
            "class=\"mono\">",
            versus->num_runs, split_names[section->request->split]);
    markup_text(section->stream, section->request->store_path);
    fprintf(section->stream, "</span>, %s samples. The best is <b>",
            page_count(count, versus->runs[versus->best].num_samples));
    markup_text_cut(section->stream, versus->names[versus->best], MAX_NAME);
    fprintf(section->stream, "</b> with an accuracy of %s",
            page_percent(percent, figures->values[FIGURE_ACCURACY]));
    fprintf(section->stream, " (%s).</p>\n",
            page_range(percent, figures->intervals[FIGURE_ACCURACY]));
}

bool section_write_comparison(const struct section *section, const struct report_run *runs,
                              size_t num_runs)
{
    struct versus versus = {
        .section = section, .runs = runs, .num_runs = num_runs, .is_same = true};
    struct section best = *section;
    bool ok;

    for (size_t i = 1; i < num_runs; i++) {
        if (runs[i].figures->values[FIGURE_ACCURACY] >
            runs[versus.best].figures->values[FIGURE_ACCURACY])
            versus.best = i;
        versus.is_same &= versus_is_same(&runs[0], &runs[i]);
    }
    best.run = &runs[versus.best];
    versus.section = &best;
    ok = versus_name_runs(&versus);
    if (ok) {
        versus_write_lede(&versus);
        page_begin_main(section->stream);
        page_begin_section(section->stream, "runs", "The runs");
        ok = versus_write_table(&versus);
        page_end_section(section->stream);
    }
    ok = ok && versus_write_curves(&versus) && versus_write_settings(&versus);
    if (ok)
        versus_write_classes(&versus);
    if (ok && versus.is_same)
        ok = section_write_agreement(&best, runs, num_runs);
    ok = ok && section_write_health(&best) && versus_write_commands(&versus);
    versus_free(&versus);
    return ok;
}
