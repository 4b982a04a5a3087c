#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "common/text.h"
#include "report/page.h"
#include "report/section.h"
#include "view/svg/chart.h"

enum {
    NUM_BINS = 20,
    NUM_LOGIT_BINS = 30,
    MAX_BINS = 30,
    NUM_CURVE_POINTS = 101,
    MAX_LOGIT = 40,
    MIN_LOGIT = 4,
    MANY_SAMPLES = 200, /* in a bin, beside which others are seen on a logarithmic axis only */
    NAME_SIZE = 128,
};

/* Samples of the two classes by a number that is made of their scores. */
struct histogram {
    size_t num_bins;
    double low, high;
    double starts[MAX_BINS], ends[MAX_BINS];
    double counts[2][MAX_BINS]; /* of the true class; NAN for none, which is not drawn */
    double most;
};

/* Positive for the second class: the logit of its probability, or how much nearer its mean is. */
static double scores_margin(const float *scores, bool are_probabilities)
{
    if (!are_probabilities)
        return (double)scores[1] - (double)scores[0];
    return log((double)scores[1]) - log((double)scores[0]);
}

static double scores_number(const struct report_run *run, uint64_t sample, bool is_share)
{
    const float *scores = run->scores + 2 * sample;

    return is_share ? (double)scores[1]
                    : scores_margin(scores, model_has_gradient(&run->file->model));
}

/* is_share: of the second class' probability; else of the margin. */
static void scores_fill(struct histogram *histogram, const struct report_run *run, bool is_share)
{
    double width = (histogram->high - histogram->low) / (double)histogram->num_bins;

    for (size_t b = 0; b < histogram->num_bins; b++) {
        histogram->starts[b] = histogram->low + (double)b * width;
        histogram->ends[b] = histogram->low + (double)(b + 1) * width;
    }
    for (uint64_t i = 0; i < run->num_samples; i++) {
        double place = (scores_number(run, i, is_share) - histogram->low) / width;
        size_t bin = !(place > 0)                           ? 0
                     : place >= (double)histogram->num_bins ? histogram->num_bins - 1
                                                            : (size_t)place;
        double *count = &histogram->counts[run->labels[i]][bin];

        *count += 1;
        histogram->most = *count > histogram->most ? *count : histogram->most;
    }
}

/* An axis for the margins of most samples: of probabilities the outermost bins hold what is beyond,
 * because a margin can be any. */
static double scores_find_limit(const struct report_run *run, bool are_probabilities)
{
    double most = 0, sum = 0;
    struct axis axis;

    for (uint64_t i = 0; i < run->num_samples; i++) {
        double size = fabs(scores_number(run, i, false));

        size = size < MAX_LOGIT || !are_probabilities ? size : MAX_LOGIT;
        most = size > most ? size : most;
        sum += size;
    }
    sum *= 2.5 / (double)run->num_samples;
    if (are_probabilities)
        most = most > sum ? sum : most;
    if (are_probabilities && most < MIN_LOGIT)
        most = MIN_LOGIT;
    axis_plan_linear(&axis, 0, most > 0 ? most : 1, 5);
    return axis.high;
}

static void scores_begin_figure(FILE *stream, const char *title, const struct chart_series *series,
                                size_t num_series)
{
    fprintf(stream, "<figure>\n<p class=\"title\">%s</p>\n", title);
    chart_write_legend(stream, series, num_series);
}

/* ---- the histogram ---- */

/* The two classes' bars stand side by side in each bin. */
static void scores_write_histogram(const struct section *section, const char names[2][NAME_SIZE],
                                   bool are_probabilities)
{
    double limit = are_probabilities ? 1 : scores_find_limit(section->run, false);
    struct histogram histogram = {
        .num_bins = NUM_BINS, .low = are_probabilities ? 0 : -limit, .high = limit};
    struct chart_series series[2];
    struct chart chart = {
        .id = "score-histogram",
        .title = "Samples by their score",
        .description = "How many samples of each class have which score. Mistakes are the bars on "
                       "the wrong side of the dashed line.",
        .x_label = are_probabilities ? TEXT("probability of %s", names[1] + 3)
                                     : TEXT("how much nearer the mean of %s is", names[1] + 3),
        .x_name = are_probabilities ? "probability" : "nearer by",
        .y_name = "samples",
        .y_format = CHART_FORMAT_COUNT,
        .series = series,
        .num_series = 2,
        .x_marked = are_probabilities ? 0.5 : 0,
        .x_remark = "to the right of this line the second class is predicted",
    };
    double middles[MAX_BINS];

    scores_fill(&histogram, section->run, are_probabilities);
    for (size_t b = 0; b < NUM_BINS; b++)
        middles[b] = (histogram.starts[b] + histogram.ends[b]) / 2;
    for (size_t c = 0; c < 2; c++) {
        series[c] = (struct chart_series){.name = names[c],
                                          .mark = CHART_BARS,
                                          .style = c,
                                          .count = NUM_BINS,
                                          .y = histogram.counts[c],
                                          .x = c == 0 ? histogram.starts : middles,
                                          .x_end = c == 0 ? middles : histogram.ends};
        for (size_t b = 0; b < NUM_BINS; b++)
            histogram.counts[c][b] = histogram.counts[c][b] > 0 ? histogram.counts[c][b] : NAN;
    }
    axis_plan_exact(&chart.x_axis, histogram.low, histogram.high, 6, false);
    if (histogram.most > MANY_SAMPLES)
        axis_plan_logarithmic(&chart.y_axis, 0.7, histogram.most, 6);
    else
        axis_plan_counts(&chart.y_axis, 0, histogram.most, 5);
    chart.y_label = chart.y_axis.is_logarithmic ? "samples (logarithmic)" : "samples";
    scores_begin_figure(section->stream, chart.title, series, 2);
    chart_write(section->stream, &chart);
    fputs("</figure>\n", section->stream);
}

/* ---- the sigmoid ---- */

/* Of the chart's height, of the largest bar and of the smallest. */
#define LARGEST_BAR 0.38
#define LEAST_BAR 0.012

/* The ends of the bars: those of the first class stand on the floor, the others hang from 1. */
static void scores_fill_ends(const struct histogram *histogram, double ends[2][MAX_BINS])
{
    for (size_t b = 0; b < histogram->num_bins; b++) {
        for (size_t c = 0; c < 2; c++) {
            double part = histogram->counts[c][b] / histogram->most * LARGEST_BAR;

            /* One sample is seen, too. */
            part = part > 0 && part < LEAST_BAR ? LEAST_BAR : part;
            ends[c][b] = c == 0 ? part : 1 - part;
        }
    }
}

/* The classes' histograms lie on the curve's floor and hang from its ceiling. */
static void scores_write_sigmoid(const struct section *section, const char names[2][NAME_SIZE])
{
    double limit = scores_find_limit(section->run, true);
    struct histogram histogram = {.num_bins = NUM_LOGIT_BINS, .low = -limit, .high = limit};
    double ends[2][MAX_BINS], ceilings[MAX_BINS], xs[NUM_CURVE_POINTS], ys[NUM_CURVE_POINTS];
    struct chart_series series[3];
    struct chart chart = {
        .id = "sigmoid",
        .title = "The sigmoid",
        .description = "The sigmoid function makes a probability of the model's output. Bars at "
                       "the bottom and at the top show how many samples of the first and of the "
                       "second class have which output.",
        .x_label = "output of the model",
        .x_name = "output",
        .y_label = TEXT("probability of %s", names[1] + 3),
        .y_name = "samples",
        .y_format = CHART_FORMAT_COUNT,
        .series = series,
        .num_series = 3,
        .x_marked = 0,
        .x_remark = "to the right of this line the second class is predicted",
    };

    scores_fill(&histogram, section->run, false);
    scores_fill_ends(&histogram, ends);
    for (size_t b = 0; b < NUM_LOGIT_BINS; b++)
        ceilings[b] = 1;
    for (size_t i = 0; i < NUM_CURVE_POINTS; i++) {
        xs[i] = -limit + 2 * limit * (double)i / (NUM_CURVE_POINTS - 1);
        ys[i] = 1 / (1 + exp(-xs[i]));
    }
    for (size_t c = 0; c < 2; c++)
        series[c] = (struct chart_series){.name = names[c],
                                          .mark = CHART_BARS,
                                          .style = c,
                                          .count = NUM_LOGIT_BINS,
                                          .x = histogram.starts,
                                          .x_end = histogram.ends,
                                          .y = ends[c],
                                          .base = c == 0 ? NULL : ceilings,
                                          .values = histogram.counts[c]};
    series[2] = (struct chart_series){.name = "sigmoid",
                                      .mark = CHART_LINE,
                                      .style = 2,
                                      .count = NUM_CURVE_POINTS,
                                      .x = xs,
                                      .y = ys,
                                      .is_plain = true};
    axis_plan_exact(&chart.x_axis, -limit, limit, 6, false);
    axis_plan_exact(&chart.y_axis, 0, 1, 5, false);
    scores_begin_figure(section->stream, chart.title, series, 3);
    chart_write(section->stream, &chart);
    fputs("<figcaption>The model's output becomes a probability. Bars: samples of each class; the "
          "outermost hold what lies beyond, too.</figcaption>\n</figure>\n",
          section->stream);
}

bool section_write_scores(const struct section *section)
{
    bool are_probabilities = model_has_gradient(&section->run->file->model);
    char names[2][NAME_SIZE];

    if (section->run->figures->num_classes != 2 || section->run->num_samples == 0)
        return true;
    for (uint32_t c = 0; c < 2; c++)
        text_format(names[c], NAME_SIZE, "is %s", SECTION_NAME(section_class_name(section, c)));
    page_begin_section(section->stream, "scores", "Scores");
    fputs("<div class=\"charts\">\n", section->stream);
    scores_write_histogram(section, names, are_probabilities);
    if (are_probabilities)
        scores_write_sigmoid(section, names);
    fputs("</div>\n", section->stream);
    page_end_section(section->stream);
    return true;
}
