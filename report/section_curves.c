#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "apply/best.h"
#include "common/memory.h"
#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/chart.h"

enum { MAX_ROWS = 200, NUM_COLUMNS = 5 };

/* The history column by column: epoch, train_loss, valid_loss, valid_accuracy, learning_rate. */
struct curves {
    size_t count;
    double *columns[NUM_COLUMNS]; /* [count] each; the first is owned, the others lie behind it */
};

static bool curves_read(struct curves *curves, const struct checkpoint *checkpoint,
                        struct error *error)
{
    size_t count = checkpoint->num_records;

    *curves = (struct curves){.count = count};
    if (!memory_allocate(&curves->columns[0], NUM_COLUMNS * count, sizeof(double), error))
        return false;
    for (size_t c = 1; c < NUM_COLUMNS; c++)
        curves->columns[c] = curves->columns[0] + c * count;
    for (size_t i = 0; i < count; i++) {
        const struct epoch_record *record = &checkpoint->records[i];

        curves->columns[0][i] = (double)record->epoch;
        curves->columns[1][i] = record->train_loss;
        curves->columns[2][i] = record->valid_loss;
        curves->columns[3][i] = record->valid_accuracy;
        curves->columns[4][i] = record->learning_rate;
    }
    return true;
}

static void curves_write_figure(FILE *stream, const struct chart *chart)
{
    fprintf(stream, "<figure>\n<p class=\"title\">%s</p>\n", chart->title);
    chart_write(stream, chart);
    fputs("</figure>\n", stream);
}

/* An axis for figures that begin at 0 unless that would press them together. */
static void curves_plan_axis(struct axis *axis, double low, double high)
{
    if (low > 0 && low < 0.6 * high)
        low = 0;
    axis_plan_linear(axis, low, high, 5);
}

static void curves_write_loss(FILE *stream, const struct curves *curves, struct chart *chart)
{
    const struct chart_series series[] = {
        {.name = "train",
         .mark = CHART_LINE,
         .style = 0,
         .count = curves->count,
         .x = curves->columns[0],
         .y = curves->columns[1]},
        {.name = "valid",
         .mark = CHART_LINE,
         .style = 1,
         .count = curves->count,
         .x = curves->columns[0],
         .y = curves->columns[2]},
    };
    double low = NAN, high = NAN;

    chart_widen(curves->columns[1], curves->count, &low, &high);
    chart_widen(curves->columns[2], curves->count, &low, &high);
    curves_plan_axis(&chart->y_axis, low, high);
    chart->id = "curve-loss";
    chart->title = "Mean loss";
    chart->description = "Mean loss of each epoch on the training and the validation samples.";
    chart->y_name = "loss";
    chart->series = series;
    chart->num_series = 2;
    curves_write_figure(stream, chart);
}

static void curves_write_accuracy(FILE *stream, const struct curves *curves, struct chart *chart)
{
    const struct chart_series series = {.name = "valid",
                                        .mark = CHART_LINE,
                                        .style = 1,
                                        .count = curves->count,
                                        .x = curves->columns[0],
                                        .y = curves->columns[3]};
    double low = NAN, high = NAN;

    chart_widen(curves->columns[3], curves->count, &low, &high);
    if (isnan(low))
        return;
    curves_plan_axis(&chart->y_axis, low, high);
    chart->y_axis.label_factor = 100;
    chart->id = "curve-accuracy";
    chart->title = "Accuracy on valid, %";
    chart->description = "Share of the validation samples that are predicted correctly after each "
                         "epoch.";
    chart->y_name = "accuracy";
    chart->y_format = CHART_FORMAT_PERCENT;
    chart->series = &series;
    chart->num_series = 1;
    curves_write_figure(stream, chart);
    chart->y_format = CHART_FORMAT_REAL;
}

static void curves_write_rate(FILE *stream, const struct curves *curves, struct chart *chart)
{
    const struct chart_series series = {.mark = CHART_LINE,
                                        .style = 2,
                                        .count = curves->count,
                                        .x = curves->columns[0],
                                        .y = curves->columns[4]};
    double low = NAN, high = NAN;

    chart_widen(curves->columns[4], curves->count, &low, &high);
    axis_plan_linear(&chart->y_axis, 0, high, 5);
    chart->x_marked = NAN;
    chart->id = "curve-rate";
    chart->title = "Learning rate";
    chart->description = "Learning rate at the end of each epoch.";
    chart->y_name = "learning rate";
    chart->series = &series;
    chart->num_series = 1;
    curves_write_figure(stream, chart);
}

/* ---- the best epoch ---- */

/* What epochs are judged by, and the other figure, which may say otherwise. */
static const char *curves_format_figures(char buffer[4 * PAGE_TEXT_SIZE],
                                         const struct epoch_record *record, enum monitor monitor)
{
    char accuracy[PAGE_TEXT_SIZE], loss[PAGE_TEXT_SIZE];

    page_percent(accuracy, record->valid_accuracy);
    page_real(loss, record->valid_loss, 6); /* as quern-train prints it */
    if (monitor == MONITOR_VALID_ACCURACY)
        return text_format(buffer, 4 * PAGE_TEXT_SIZE, "%s, with a loss of %s", accuracy, loss);
    return text_format(buffer, 4 * PAGE_TEXT_SIZE, "%s, with an accuracy of %s", loss, accuracy);
}

/* What the charts mark, in a sentence: what is after the best epoch has not helped. */
static void curves_write_best(FILE *stream, const struct checkpoint *checkpoint)
{
    enum monitor monitor = best_monitor(&checkpoint->config);
    bool is_accuracy = monitor == MONITOR_VALID_ACCURACY;
    const struct epoch_record *records = checkpoint->records;
    size_t count = checkpoint->num_records;
    const struct epoch_record *best = best_find(records, count, monitor);
    char text[4 * PAGE_TEXT_SIZE];

    if (!best || count < 2)
        return;
    fprintf(stream, "<p>The %s on valid was %s after epoch %" PRIu64 ": %s.",
            is_accuracy ? "accuracy" : "loss", is_accuracy ? "highest" : "least", best->epoch,
            curves_format_figures(text, best, monitor));
    if (best_before_last(records, count, monitor))
        fprintf(stream,
                " Since then it has %s, to %s, after epoch %" PRIu64 ", of which this report is; "
                "<code class=\"whole\">quern-evaluate --select best</code> takes the best epoch "
                "instead.",
                is_accuracy ? "fallen" : "risen",
                curves_format_figures(text, &records[count - 1], monitor),
                records[count - 1].epoch);
    fputs("</p>\n", stream);
}

/* The line of the best epoch, in the charts of what epochs are judged by. */
static void curves_mark_best(struct chart *chart, const struct checkpoint *checkpoint)
{
    const struct epoch_record *best =
        best_find(checkpoint->records, checkpoint->num_records, best_monitor(&checkpoint->config));

    if (!best || checkpoint->num_records < 2)
        return;
    chart->x_marked = (double)best->epoch;
    chart->x_flag = "best epoch";
    chart->x_remark = best_monitor(&checkpoint->config) == MONITOR_VALID_ACCURACY
                          ? "the epoch of the highest accuracy on valid"
                          : "the epoch of the least loss on valid";
}

/* ---- the table ---- */

/* The same for who cannot see the charts, and for who wants the numbers. */
static void curves_write_table(FILE *stream, const struct curves *curves)
{
    size_t stride = (curves->count + MAX_ROWS - 1) / MAX_ROWS;
    char text[PAGE_TEXT_SIZE];

    fputs("<details><summary>The curves as numbers</summary>\n", stream);
    page_begin_table(
        stream, "", "Learning curves",
        TEXT("%sThe loss on train is the mean over the epoch, each sample before its update.",
             stride > 1 ? TEXT("One of %zu epochs, and the last. ", stride) : ""));
    fputs("<thead><tr><th scope=\"col\" class=\"n\">epoch</th><th scope=\"col\" class=\"n\">train "
          "loss</th><th scope=\"col\" class=\"n\">valid loss</th><th scope=\"col\" "
          "class=\"n\">valid accuracy</th><th scope=\"col\" class=\"n\">learning "
          "rate</th></tr></thead>\n<tbody>\n",
          stream);
    for (size_t i = 0; i < curves->count; i++) {
        if (i % stride != 0 && i + 1 != curves->count)
            continue;
        fprintf(stream, "<tr><th scope=\"row\" class=\"n\">%.0f</th>", curves->columns[0][i]);
        page_cell(stream, page_real(text, curves->columns[1][i], 5));
        page_cell(stream, page_real(text, curves->columns[2][i], 5));
        page_cell(stream, page_percent(text, curves->columns[3][i]));
        page_cell(stream, text_format(text, sizeof(text), "%.3e", curves->columns[4][i]));
        fputs("</tr>\n", stream);
    }
    fputs("</tbody>\n", stream);
    page_end_table(stream);
    fputs("</details>\n", stream);
}

bool section_write_curves(const struct section *section)
{
    const struct checkpoint *checkpoint = &section->run->file->checkpoint;
    struct curves curves;
    struct chart chart = {
        .x_label = "epoch", .x_name = "epoch", .x_format = CHART_FORMAT_COUNT, .x_marked = NAN};
    bool ok;

    if (checkpoint->num_records == 0 || !model_has_gradient(&section->run->file->model))
        return true;
    ok = curves_read(&curves, checkpoint, section->error);
    if (ok) {
        axis_plan_exact(&chart.x_axis, curves.count > 1 ? curves.columns[0][0] : 0,
                        curves.columns[0][curves.count - 1], 6, true);
        page_begin_section(section->stream, "curves", "Learning curves");
        curves_write_best(section->stream, checkpoint);
        curves_mark_best(&chart, checkpoint);
        fputs("<div class=\"charts\">\n", section->stream);
        curves_write_loss(section->stream, &curves, &chart);
        curves_write_accuracy(section->stream, &curves, &chart);
        curves_write_rate(section->stream, &curves, &chart);
        fputs("</div>\n", section->stream);
        curves_write_table(section->stream, &curves);
        page_end_section(section->stream);
    }
    free(curves.columns[0]);
    return ok;
}
