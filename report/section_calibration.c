#include <math.h>

#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/chart.h"

/* The bins of a calibration as columns. */
struct reliability {
    double starts[CALIBRATION_NUM_BINS], ends[CALIBRATION_NUM_BINS];
    double confidences[CALIBRATION_NUM_BINS], accuracies[CALIBRATION_NUM_BINS];
    double low[CALIBRATION_NUM_BINS], high[CALIBRATION_NUM_BINS];
    double counts[CALIBRATION_NUM_BINS];
    double most;
};

static void reliability_fill(struct reliability *reliability, const struct calibration *calibration)
{
    for (size_t b = 0; b < CALIBRATION_NUM_BINS; b++) {
        const struct calibration_bin *bin = &calibration->bins[b];
        struct interval interval = interval_of_proportion(bin->num_correct, bin->num_samples);

        reliability->starts[b] = (double)b / CALIBRATION_NUM_BINS;
        reliability->ends[b] = (double)(b + 1) / CALIBRATION_NUM_BINS;
        reliability->confidences[b] = calibration_confidence(bin);
        reliability->accuracies[b] = calibration_accuracy(bin);
        reliability->low[b] = interval.low;
        reliability->high[b] = interval.high;
        reliability->counts[b] = bin->num_samples > 0 ? (double)bin->num_samples : NAN;
        if (bin->num_samples > 0 && reliability->counts[b] > reliability->most)
            reliability->most = reliability->counts[b];
    }
}

static void reliability_write_diagram(FILE *stream, const struct reliability *reliability)
{
    const struct chart_series series = {.mark = CHART_POINTS,
                                        .style = 0,
                                        .count = CALIBRATION_NUM_BINS,
                                        .x = reliability->confidences,
                                        .y = reliability->accuracies,
                                        .low = reliability->low,
                                        .high = reliability->high};
    struct chart chart = {
        .id = "reliability",
        .title = "Reliability",
        .description = "Accuracy over confidence. On the dashed line a model is right as often as "
                       "it says; below it, it is too sure of itself.",
        .x_label = "mean confidence, %",
        .y_label = "accuracy, %",
        .x_name = "at confidence",
        .y_name = "accuracy",
        .x_format = CHART_FORMAT_PERCENT,
        .y_format = CHART_FORMAT_PERCENT,
        .series = &series,
        .num_series = 1,
        .has_diagonal = true,
        .x_marked = NAN,
        .height = 300,
    };

    axis_plan_exact(&chart.x_axis, 0, 1, 5, false);
    axis_plan_exact(&chart.y_axis, 0, 1, 5, false);
    chart.x_axis.label_factor = 100;
    chart.y_axis.label_factor = 100;
    fprintf(stream, "<figure>\n<p class=\"title\">%s</p>\n", chart.title);
    chart_write(stream, &chart);
    fputs("<figcaption>Each point is the samples of one bin of confidence, with the 95 % interval "
          "of their accuracy. On the dashed line the model is right as often as it says; below "
          "it, it is too sure.</figcaption>\n</figure>\n",
          stream);
}

static void reliability_write_counts(FILE *stream, const struct reliability *reliability)
{
    const struct chart_series series = {.mark = CHART_BARS,
                                        .style = 0,
                                        .count = CALIBRATION_NUM_BINS,
                                        .x = reliability->starts,
                                        .x_end = reliability->ends,
                                        .y = reliability->counts};
    struct chart chart = {
        .id = "confidences",
        .title = "How sure it is",
        .description = "How many samples are predicted with which confidence.",
        .x_label = "confidence, %",
        .y_label = "samples",
        .x_name = "of confidence",
        .y_name = "samples",
        .x_format = CHART_FORMAT_PERCENT,
        .y_format = CHART_FORMAT_COUNT,
        .series = &series,
        .num_series = 1,
        .x_marked = NAN,
        .height = 300,
    };

    axis_plan_exact(&chart.x_axis, 0, 1, 5, false);
    axis_plan_counts(&chart.y_axis, 0, reliability->most, 5);
    chart.x_axis.label_factor = 100;
    fprintf(stream, "<figure>\n<p class=\"title\">%s</p>\n", chart.title);
    chart_write(stream, &chart);
    fputs("</figure>\n", stream);
}

static void reliability_write_table(FILE *stream, const struct calibration *calibration)
{
    char text[PAGE_TEXT_SIZE];

    fputs("<details><summary>The bins as numbers</summary>\n", stream);
    page_begin_table(stream, "", "Samples by confidence", "Empty bins are left out.");
    fputs("<thead><tr><th scope=\"col\">confidence</th><th scope=\"col\" "
          "class=\"n\">samples</th><th scope=\"col\" class=\"n\">mean confidence</th><th "
          "scope=\"col\" class=\"n\">accuracy</th></tr></thead>\n<tbody>\n",
          stream);
    for (size_t b = 0; b < CALIBRATION_NUM_BINS; b++) {
        const struct calibration_bin *bin = &calibration->bins[b];

        if (bin->num_samples == 0)
            continue;
        fprintf(stream, "<tr><th scope=\"row\">%.1f to %.1f %%</th>",
                100.0 * (double)b / CALIBRATION_NUM_BINS,
                100.0 * (double)(b + 1) / CALIBRATION_NUM_BINS);
        page_cell(stream, page_count(text, bin->num_samples));
        page_cell(stream, page_percent(text, calibration_confidence(bin)));
        page_percent_cell(stream, calibration_accuracy(bin),
                          interval_of_proportion(bin->num_correct, bin->num_samples));
        fputs("</tr>\n", stream);
    }
    fputs("</tbody>\n", stream);
    page_end_table(stream);
    fputs("</details>\n", stream);
}

bool section_write_calibration(const struct section *section)
{
    const struct figures *figures = section->run->figures;
    struct reliability reliability = {.most = 0};
    FILE *stream = section->stream;
    char error[PAGE_TEXT_SIZE], largest[PAGE_TEXT_SIZE], brier[PAGE_TEXT_SIZE];

    if (!figures->has_calibration || figures->num_samples == 0)
        return true;
    reliability_fill(&reliability, &figures->calibration);
    page_begin_section(stream, "calibration", "Calibration");
    fprintf(stream,
            "<p>Expected calibration error %s, largest of a bin %s; Brier score %s. The confidence "
            "is the probability that the model gives to the class that it predicts.</p>\n",
            page_percent(error, figures->values[FIGURE_CALIBRATION_ERROR]),
            page_percent(largest, figures->values[FIGURE_LARGEST_CALIBRATION_ERROR]),
            page_real(brier, figures->values[FIGURE_BRIER_SCORE], 4));
    fputs("<div class=\"charts\">\n", stream);
    reliability_write_diagram(stream, &reliability);
    reliability_write_counts(stream, &reliability);
    fputs("</div>\n", stream);
    reliability_write_table(stream, &figures->calibration);
    page_end_section(stream);
    return true;
}
