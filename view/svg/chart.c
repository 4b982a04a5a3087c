#include "view/svg/chart.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "view/svg/markup.h"

enum {
    WIDTH = 420,
    HEIGHT = 250,
    MARGIN_TOP = 24,
    MARGIN_BOTTOM = 42,
    MARGIN_RIGHT = 14,
    CHARACTER_WIDTH = 7, /* of a label, about */
    LINE_HEIGHT = 15,
    MAX_LABELLED_SERIES = 4,
    MAX_LABEL = 12,         /* characters */
    MAX_MARKED_POINTS = 32, /* of a line; more would run together */
    MAX_POINTS = 900,       /* of all series; of more every second, third, ... is drawn */
    MAX_HOVER_NAME = 40,    /* characters */
    MAX_TEXT = 54,
    NUM_STYLES = 8,
    NUM_SHAPES = 4,
    NUM_DASHES = 4,
};

static const char *const dashes[NUM_DASHES] = {NULL, "6 3", "2 3", "9 3 2 3"};

struct chart_frame {
    const struct chart *chart;
    FILE *stream;
    double left, right, top, bottom;
};

void chart_widen(const double *values, size_t count, double *low, double *high)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        *low = isnan(*low) || values[i] < *low ? values[i] : *low;
        *high = isnan(*high) || values[i] > *high ? values[i] : *high;
    }
}

static double chart_x(const struct chart_frame *frame, double value)
{
    return frame->left + axis_place(&frame->chart->x_axis, value) * (frame->right - frame->left);
}

static double chart_y(const struct chart_frame *frame, double value)
{
    double place = axis_place(&frame->chart->y_axis, value);

    /* What is far beyond the axis, as a loss that overflowed, ends just outside. */
    place = place > 1.02 ? 1.02 : place < -0.02 ? -0.02 : place;
    return frame->bottom - place * (frame->bottom - frame->top);
}

static void chart_attribute(const struct chart_frame *frame, const char *name, double value)
{
    fprintf(frame->stream, " %s=\"", name);
    markup_coordinate(frame->stream, value);
    fputc('"', frame->stream);
}

static void chart_line(const struct chart_frame *frame, const char *class, const double ends[4])
{
    fprintf(frame->stream, "<line class=\"%s\"", class);
    chart_attribute(frame, "x1", ends[0]);
    chart_attribute(frame, "y1", ends[1]);
    chart_attribute(frame, "x2", ends[2]);
    chart_attribute(frame, "y2", ends[3]);
    fputs("/>", frame->stream);
}

static void chart_text(const struct chart_frame *frame, const char *class, double x, double y,
                       const char *text)
{
    fprintf(frame->stream, "<text class=\"%s\"", class);
    chart_attribute(frame, "x", x);
    chart_attribute(frame, "y", y);
    fputc('>', frame->stream);
    markup_text_cut(frame->stream, text, MAX_TEXT);
    fputs("</text>", frame->stream);
}

/* ---- the frame ---- */

static void chart_write_axes(const struct chart_frame *frame)
{
    const struct axis *x_axis = &frame->chart->x_axis, *y_axis = &frame->chart->y_axis;
    double middle = (frame->left + frame->right) / 2;
    char label[AXIS_TEXT_SIZE];

    fputs("<g aria-hidden=\"true\">", frame->stream);
    for (size_t i = 0; i < y_axis->num_ticks; i++) {
        double y = chart_y(frame, y_axis->ticks[i]);

        chart_line(frame, "grid", (double[]){frame->left, y, frame->right, y});
        chart_text(frame, "tick end", frame->left - 6, y + 4,
                   axis_format_tick(y_axis, y_axis->ticks[i], label));
    }
    for (size_t i = 0; i < x_axis->num_ticks; i++) {
        double x = chart_x(frame, x_axis->ticks[i]);

        chart_line(frame, "axis", (double[]){x, frame->bottom, x, frame->bottom + 4});
        chart_text(frame, "tick middle", x, frame->bottom + 17,
                   axis_format_tick(x_axis, x_axis->ticks[i], label));
    }
    chart_line(frame, "axis", (double[]){frame->left, frame->bottom, frame->right, frame->bottom});
    chart_text(frame, "label middle", middle, frame->bottom + 36, frame->chart->x_label);
    if (frame->chart->y_label)
        chart_text(frame, "label", 2, 12, frame->chart->y_label);
    fputs("</g>", frame->stream);
}

static void chart_write_references(const struct chart_frame *frame)
{
    const struct chart *chart = frame->chart;

    if (chart->has_diagonal)
        chart_line(frame, "reference",
                   (double[]){frame->left, frame->bottom, frame->right, frame->top});
    if (isfinite(chart->x_marked)) {
        double x = chart_x(frame, chart->x_marked);

        fputs("<g class=\"pt\"><title>", frame->stream);
        markup_text(frame->stream, chart->x_remark);
        fputs("</title>", frame->stream);
        chart_line(frame, "reference", (double[]){x, frame->bottom, x, frame->top});
        if (chart->x_flag) {
            double half = (double)(markup_count_characters(chart->x_flag) * CHARACTER_WIDTH) / 2;

            x = x < half ? half : x > WIDTH - half ? WIDTH - half : x;
            chart_text(frame, "flag middle", x, frame->top - 6, chart->x_flag);
        }
        fputs("</g>", frame->stream);
    }
}

/* ---- marks ---- */

static const char *chart_format(enum chart_format format, double value, char buffer[64])
{
    switch (format) {
    case CHART_FORMAT_PERCENT:
        return text_format(buffer, 64, "%.2f %%", 100 * value);
    case CHART_FORMAT_COUNT:
        return text_group_digits(buffer, 64, (uint64_t)(value < 0 ? 0 : value + 0.5));
    default:
        return text_format(buffer, 64, "%.6g", value);
    }
}

/* "train: loss 0.0312, epoch 4" */
static void chart_write_hover(const struct chart_frame *frame, const struct chart_series *series,
                              size_t i)
{
    const struct chart *chart = frame->chart;
    char text[64];

    fputs("<title>", frame->stream);
    if (series->name) {
        markup_text_cut(frame->stream, series->name, MAX_HOVER_NAME);
        fputs(": ", frame->stream);
    }
    fprintf(frame->stream, "%s %s, ", chart->y_name,
            chart_format(chart->y_format, series->values ? series->values[i] : series->y[i], text));
    fprintf(frame->stream, "%s %s", chart->x_name,
            chart_format(chart->x_format, series->x[i], text));
    if (series->x_end)
        fprintf(frame->stream, " to %s", chart_format(chart->x_format, series->x_end[i], text));
    fputs("</title>", frame->stream);
}

/* Circle, square, triangle, diamond: who sees no colours tells series by them. */
static void chart_write_shape(const struct chart_frame *frame, size_t style, double x, double y)
{
    static const char *const paths[NUM_SHAPES] = {NULL, "m-3.2-3.2h6.4v6.4h-6.4z", "m0-4.2l4 7h-8z",
                                                  "m0-4.4l4.4 4.4-4.4 4.4-4.4-4.4z"};

    if (!paths[style % NUM_SHAPES]) {
        fprintf(frame->stream, "<circle class=\"s%zu dot\" r=\"3.4\"", style % NUM_STYLES);
        chart_attribute(frame, "cx", x);
        chart_attribute(frame, "cy", y);
        fputs("/>", frame->stream);
        return;
    }
    fprintf(frame->stream, "<path class=\"s%zu dot\" d=\"M", style % NUM_STYLES);
    markup_coordinate(frame->stream, x);
    fputc(' ', frame->stream);
    markup_coordinate(frame->stream, y);
    fprintf(frame->stream, "%s\"/>", paths[style % NUM_SHAPES]);
}

/* A shape where there is room, and a larger field to point at. */
static void chart_write_points(const struct chart_frame *frame, const struct chart_series *series,
                               size_t stride)
{
    bool is_marked = series->mark == CHART_POINTS || series->count <= MAX_MARKED_POINTS;

    for (size_t i = 0; i < series->count; i++) {
        double x, y;

        if (!isfinite(series->x[i]) || !isfinite(series->y[i]) ||
            (i % stride != 0 && i + 1 != series->count))
            continue;
        x = chart_x(frame, series->x[i]);
        y = chart_y(frame, series->y[i]);
        fputs("<g class=\"pt\">", frame->stream);
        chart_write_hover(frame, series, i);
        if (series->low && isfinite(series->low[i]) && isfinite(series->high[i]))
            chart_line(
                frame, "whisker",
                (double[]){x, chart_y(frame, series->low[i]), x, chart_y(frame, series->high[i])});
        if (is_marked)
            chart_write_shape(frame, series->style, x, y);
        fputs("<circle class=\"field\" r=\"7\"", frame->stream);
        chart_attribute(frame, "cx", x);
        chart_attribute(frame, "cy", y);
        fputs("/></g>", frame->stream);
    }
}

static void chart_write_curve(const struct chart_frame *frame, const struct chart_series *series,
                              size_t stride)
{
    const char *dash = dashes[series->style / NUM_STYLES * 2 % NUM_DASHES + series->style % 2];
    bool is_open = false;

    fprintf(frame->stream, "<path class=\"s%zu curve\"", series->style % NUM_STYLES);
    if (dash)
        fprintf(frame->stream, " stroke-dasharray=\"%s\"", dash);
    fputs(" d=\"", frame->stream);
    for (size_t i = 0; i < series->count; i++) {
        if (!isfinite(series->x[i]) || !isfinite(series->y[i])) {
            is_open = false;
            continue;
        }
        if (i % stride != 0 && i + 1 != series->count)
            continue;
        fputc(is_open ? 'L' : 'M', frame->stream);
        markup_coordinate(frame->stream, chart_x(frame, series->x[i]));
        fputc(' ', frame->stream);
        markup_coordinate(frame->stream, chart_y(frame, series->y[i]));
        is_open = true;
    }
    fputs("\"/>", frame->stream);
}

static void chart_write_bars(const struct chart_frame *frame, const struct chart_series *series)
{
    for (size_t i = 0; i < series->count; i++) {
        double left = chart_x(frame, series->x[i]), right = chart_x(frame, series->x_end[i]);
        double end = chart_y(frame, series->y[i]);
        double base = series->base ? chart_y(frame, series->base[i]) : frame->bottom;

        if (!isfinite(series->y[i]) || fabs(end - base) < 0.005)
            continue;
        fputs("<g class=\"pt\">", frame->stream);
        chart_write_hover(frame, series, i);
        fprintf(frame->stream, "<rect class=\"s%zu bar\"", series->style % NUM_STYLES);
        chart_attribute(frame, "x", left + 0.5);
        chart_attribute(frame, "y", end < base ? end : base);
        chart_attribute(frame, "width", right - left > 2 ? right - left - 1 : 1);
        chart_attribute(frame, "height", fabs(end - base));
        fputs("/></g>", frame->stream);
    }
}

static void chart_write_series(const struct chart_frame *frame, const struct chart_series *series)
{
    size_t total = 0, stride;

    for (size_t i = 0; i < frame->chart->num_series; i++)
        total += frame->chart->series[i].is_plain ? 0 : frame->chart->series[i].count;
    stride = total > MAX_POINTS ? (total + MAX_POINTS - 1) / MAX_POINTS : 1;
    if (series->mark == CHART_BARS)
        chart_write_bars(frame, series);
    if (series->mark == CHART_LINE)
        chart_write_curve(frame, series, series->is_plain ? 1 : stride);
    if (series->mark != CHART_BARS && !series->is_plain)
        chart_write_points(frame, series, stride);
}

/* ---- names at the ends of lines ---- */

static bool chart_is_labelled(const struct chart *chart)
{
    size_t num_labels = 0;

    for (size_t i = 0; i < chart->num_series; i++) {
        if (!chart->series[i].name)
            continue;
        if (chart->series[i].mark != CHART_LINE ||
            markup_count_characters(chart->series[i].name) > MAX_LABEL)
            return false;
        num_labels++;
    }
    return num_labels > 0 && num_labels <= MAX_LABELLED_SERIES && !chart->is_without_labels;
}

static double chart_label_width(const struct chart *chart)
{
    size_t longest = 0;

    for (size_t i = 0; i < chart->num_series; i++) {
        size_t length = chart->series[i].name ? markup_count_characters(chart->series[i].name) : 0;

        longest = length > longest ? length : longest;
    }
    return (double)(longest * CHARACTER_WIDTH) + 8;
}

/* The last point of a line that can be drawn; false: there is none. */
static bool chart_find_end(const struct chart_frame *frame, const struct chart_series *series,
                           double *x, double *y)
{
    for (size_t i = series->count; i-- > 0;) {
        if (isfinite(series->x[i]) && isfinite(series->y[i])) {
            *x = chart_x(frame, series->x[i]);
            *y = chart_y(frame, series->y[i]);
            return true;
        }
    }
    return false;
}

static void chart_write_labels(const struct chart_frame *frame)
{
    const struct chart *chart = frame->chart;
    double places[MAX_LABELLED_SERIES];
    size_t count = 0;

    for (size_t i = 0; i < chart->num_series; i++) {
        double x, y;

        if (!chart->series[i].name || !chart_find_end(frame, &chart->series[i], &x, &y))
            continue;
        y += 4;
        /* A name that would stand on another moves away from it, a line at a time. */
        for (size_t other = 0, tries = 0; other < count && tries < 16; other++) {
            if (fabs(places[other] - y) < LINE_HEIGHT) {
                y = y < places[other] && y - LINE_HEIGHT > frame->top ? places[other] - LINE_HEIGHT
                                                                      : places[other] + LINE_HEIGHT;
                other = SIZE_MAX;
                tries++;
            }
        }
        places[count++] = y;
        fprintf(frame->stream, "<text class=\"name s%zu\"", chart->series[i].style % NUM_STYLES);
        chart_attribute(frame, "x", x + 8);
        chart_attribute(frame, "y", y);
        fputs(" aria-hidden=\"true\">", frame->stream);
        markup_text(frame->stream, chart->series[i].name);
        fputs("</text>", frame->stream);
    }
}

void chart_write_legend(FILE *stream, const struct chart_series *series, size_t num_series)
{
    fputs("<ul class=\"legend\">", stream);
    for (size_t i = 0; i < num_series; i++) {
        const struct chart frame_chart = {.num_series = 0};
        const struct chart_frame frame = {&frame_chart, stream, 0, 0, 0, 0};
        const char *dash =
            dashes[series[i].style / NUM_STYLES * 2 % NUM_DASHES + series[i].style % 2];

        if (!series[i].name)
            continue;
        fputs("<li><svg width=\"34\" height=\"12\" viewBox=\"0 0 34 12\" aria-hidden=\"true\">",
              stream);
        if (series[i].mark == CHART_BARS) {
            fprintf(stream, "<rect class=\"s%zu bar\" x=\"9\" width=\"16\" height=\"12\"/>",
                    series[i].style % NUM_STYLES);
        } else {
            if (series[i].mark == CHART_LINE)
                fprintf(stream, "<path class=\"s%zu curve\" d=\"M1 6H33\"%s%s%s/>",
                        series[i].style % NUM_STYLES, dash ? " stroke-dasharray=\"" : "",
                        dash ? dash : "", dash ? "\"" : "");
            if (!series[i].is_plain)
                chart_write_shape(&frame, series[i].style, 17, 6);
        }
        fputs("</svg>", stream);
        markup_text_cut(stream, series[i].name, 60);
        fputs("</li>", stream);
    }
    fputs("</ul>", stream);
}

/* ---- the whole ---- */

/* Room for the labels of the ticks. */
static double chart_left_margin(const struct chart *chart)
{
    size_t longest = 1;
    char label[AXIS_TEXT_SIZE];

    for (size_t i = 0; i < chart->y_axis.num_ticks; i++) {
        size_t length = strlen(axis_format_tick(&chart->y_axis, chart->y_axis.ticks[i], label));

        longest = length > longest ? length : longest;
    }
    return (double)(longest * CHARACTER_WIDTH) + 10;
}

void chart_write(FILE *stream, const struct chart *chart)
{
    double height = chart->height > 0 ? chart->height : HEIGHT;
    bool is_labelled = chart_is_labelled(chart);
    const struct chart_frame frame = {
        .chart = chart,
        .stream = stream,
        .left = chart_left_margin(chart),
        .right = WIDTH - (is_labelled ? chart_label_width(chart) : MARGIN_RIGHT),
        .top = MARGIN_TOP,
        .bottom = height - MARGIN_BOTTOM,
    };

    fprintf(stream,
            "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-labelledby=\"%s-t "
            "%s-d\"><title id=\"%s-t\">",
            WIDTH, height, chart->id, chart->id, chart->id);
    markup_text(stream, chart->title);
    fprintf(stream, "</title><desc id=\"%s-d\">", chart->id);
    markup_text(stream, chart->description);
    fputs("</desc>", stream);
    chart_write_axes(&frame);
    chart_write_references(&frame);
    for (size_t i = 0; i < chart->num_series; i++)
        chart_write_series(&frame, &chart->series[i]);
    if (is_labelled)
        chart_write_labels(&frame);
    fputs("</svg>\n", stream);
}
