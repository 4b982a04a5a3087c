/*
 * The axis of a chart: from which value to which it reaches, where its ticks are and how their
 * labels read.
 */
#ifndef QUERN_VIEW_SVG_AXIS_H
#define QUERN_VIEW_SVG_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { AXIS_MAX_TICKS = 12, AXIS_TEXT_SIZE = 32 };

struct axis {
    double low, high; /* low < high; of a logarithmic axis both are above 0 */
    bool is_logarithmic;
    size_t num_ticks;
    double ticks[AXIS_MAX_TICKS]; /* ascending, from low to high */
    int num_decimals;             /* of the labels */
    double label_factor;          /* by which a label's number is larger: 100 for percent */
};

/*
 * Steps of 1, 2 or 5 times a power of ten (Heckbert, "Nice numbers for graph labels", Graphics
 * Gems, 1990), of which there are about max_ticks at most, and wide enough for low and high: the
 * axis begins and ends at a tick.  Equal or not finite bounds give an axis around them.
 */
void axis_plan_linear(struct axis *axis, double low, double high, size_t max_ticks);

/* From low to high as they are, with ticks between them only; of counts no step is below 1. */
void axis_plan_exact(struct axis *axis, double low, double high, size_t max_ticks, bool is_count);

/* As axis_plan_linear, for whole numbers: no step is below 1. */
void axis_plan_counts(struct axis *axis, double low, double high, size_t max_ticks);

/* Powers of ten; where fewer than two lie within the bounds, 1, 2 and 5 times such. */
void axis_plan_logarithmic(struct axis *axis, double low, double high, size_t max_ticks);

/* Where a value lies: 0 at low, 1 at high, beyond for values beyond. */
double axis_place(const struct axis *axis, double value);

/* A tick's label, "0.25", "1e-4", "2,000"; returns the buffer. */
const char *axis_format_tick(const struct axis *axis, double value, char buffer[AXIS_TEXT_SIZE]);

#endif
