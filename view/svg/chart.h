/*
 * Charts as SVG inside an HTML page: lines, points and bars over two axes.
 *
 * Colours are the page's: every mark has a class, "s0" to "s7" for a series, that the style sheet
 * of view/svg/chart_style.h fills by variables, so that one chart suits a light page, a dark one
 * and paper.  Series differ by dashes and shapes too.  Each mark has a <title>, which browsers show
 * when the pointer rests on it; the chart is an image with a title and a description to who cannot
 * see it.
 */
#ifndef QUERN_VIEW_SVG_CHART_H
#define QUERN_VIEW_SVG_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "view/svg/axis.h"

enum chart_mark {
    CHART_LINE,   /* through the points, which are marked where there are few */
    CHART_POINTS, /* points alone */
    CHART_BARS,   /* from x to x_end, from base to y */
};

struct chart_series {
    const char *name; /* NULL: it is in no legend */
    enum chart_mark mark;
    size_t style; /* which colour, dash and shape: 0 and on */
    size_t count;
    const double *x, *y;      /* [count]; points that are not finite are left out */
    const double *x_end;      /* [count], of bars */
    const double *base;       /* [count], of bars; NULL: the bottom of the chart */
    const double *values;     /* [count], what the hover text says instead of y; or NULL */
    const double *low, *high; /* [count], of points: the ends of their intervals; or NULL */
    bool is_plain;            /* a line without marks and hover texts: a curve, not data */
};

/* How the hover text writes a value. */
enum chart_format { CHART_FORMAT_REAL, CHART_FORMAT_PERCENT, CHART_FORMAT_COUNT };

struct chart {
    const char *id;    /* unique in the page */
    const char *title; /* what is shown, short */
    const char *description;
    const char *x_label, *y_label; /* with units; y_label NULL: the heading above says it */
    struct axis x_axis, y_axis;
    enum chart_format x_format, y_format;
    const char *x_name, *y_name; /* for hover texts: "epoch", "loss" */
    const struct chart_series *series;
    size_t num_series;
    bool has_diagonal;      /* a thin line from corner to corner */
    double x_marked;        /* a thin vertical line there; NAN: none */
    const char *x_remark;   /* what its hover text says */
    const char *x_flag;     /* a word or two at its top; NULL: none */
    double height;          /* 0: 250, of a width of 420 */
    bool is_without_labels; /* names of series are in a legend elsewhere */
};

/* Writes the <svg> element. */
void chart_write(FILE *stream, const struct chart *chart);

/* Writes a list of the names of series with their colours and dashes, for under a heading. */
void chart_write_legend(FILE *stream, const struct chart_series *series, size_t num_series);

/* Widens *low and *high to the finite ones of values [count]; they are NAN at first. */
void chart_widen(const double *values, size_t count, double *low, double *high);

#endif
