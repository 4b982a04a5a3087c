#include "view/svg/axis.h"

#include <math.h>
#include <stdint.h>

#include "common/text.h"

/* The nicest step of at least this size. */
static double axis_choose_step(double least)
{
    double power = pow(10, floor(log10(least)));
    double fraction = least / power;
    /* What division leaves of a whole number must not make the next larger step of it. */
    const double slack = 1 + 1e-9;

    if (fraction <= 1 * slack)
        return power;
    if (fraction <= 2 * slack)
        return 2 * power;
    if (fraction <= 5 * slack)
        return 5 * power;
    return 10 * power;
}

static int axis_count_decimals(double step)
{
    int num_decimals = (int)ceil(-log10(step) - 1e-9);

    return num_decimals < 0 ? 0 : num_decimals;
}

static void axis_set_bounds(struct axis *axis, double low, double high)
{
    *axis = (struct axis){.low = low, .high = high, .label_factor = 1};
    if (!isfinite(low) || !isfinite(high)) {
        axis->low = 0;
        axis->high = 1;
    } else if (!(low < high)) {
        double margin = low != 0 ? fabs(low) * 0.1 : 0.5;

        axis->low = low - margin;
        axis->high = low + margin;
    }
}

/* Ticks at the multiples of step that are within the bounds. */
static void axis_fill_ticks(struct axis *axis, double step)
{
    double first = ceil(axis->low / step - 1e-9), last = floor(axis->high / step + 1e-9);

    axis->num_ticks = 0;
    for (double i = first; i <= last && axis->num_ticks < AXIS_MAX_TICKS; i++)
        axis->ticks[axis->num_ticks++] = i * step + 0.0;
    axis->num_decimals = axis_count_decimals(step);
}

static size_t axis_limit_ticks(size_t max_ticks)
{
    return max_ticks < 2 ? 2 : max_ticks > AXIS_MAX_TICKS - 2 ? AXIS_MAX_TICKS - 2 : max_ticks;
}

static void axis_plan_steps(struct axis *axis, double low, double high, double least_step,
                            size_t max_ticks)
{
    double step;

    axis_set_bounds(axis, low, high);
    step = axis_choose_step((axis->high - axis->low) / (double)axis_limit_ticks(max_ticks));
    if (step < least_step)
        step = least_step;
    axis->low = floor(axis->low / step + 1e-9) * step;
    axis->high = ceil(axis->high / step - 1e-9) * step;
    axis_fill_ticks(axis, step);
}

void axis_plan_linear(struct axis *axis, double low, double high, size_t max_ticks)
{
    axis_plan_steps(axis, low, high, 0, max_ticks);
}

void axis_plan_counts(struct axis *axis, double low, double high, size_t max_ticks)
{
    axis_plan_steps(axis, low, high, 1, max_ticks);
}

void axis_plan_exact(struct axis *axis, double low, double high, size_t max_ticks, bool is_count)
{
    double step;

    axis_set_bounds(axis, low, high);
    step = axis_choose_step((axis->high - axis->low) / (double)axis_limit_ticks(max_ticks));
    axis_fill_ticks(axis, is_count && step < 1 ? 1 : step);
}

/* factor times powers of ten that are within the bounds, every stride-th. */
static void axis_add_powers(struct axis *axis, const double *factors, size_t num_factors,
                            int stride)
{
    int first = (int)floor(log10(axis->low)), last = (int)ceil(log10(axis->high));

    axis->num_ticks = 0;
    for (int exponent = first; exponent <= last; exponent++) {
        for (size_t f = 0; f < num_factors && (exponent - first) % stride == 0; f++) {
            double tick = factors[f] * pow(10, exponent);

            if (tick >= axis->low * (1 - 1e-9) && tick <= axis->high * (1 + 1e-9) &&
                axis->num_ticks < AXIS_MAX_TICKS)
                axis->ticks[axis->num_ticks++] = tick;
        }
    }
}

void axis_plan_logarithmic(struct axis *axis, double low, double high, size_t max_ticks)
{
    static const double tens[] = {1}, nice[] = {1, 2, 5};
    int num_decades, stride = 1;

    if (!(low > 0) || !isfinite(low) || !isfinite(high) || high <= 0) {
        axis_plan_linear(axis, low, high, max_ticks);
        return;
    }
    axis_set_bounds(axis, low, high);
    if (axis->low <= 0)
        axis->low = low / 2;
    axis->is_logarithmic = true;
    num_decades = (int)ceil(log10(axis->high)) - (int)floor(log10(axis->low));
    while (num_decades / stride > (int)axis_limit_ticks(max_ticks))
        stride++;
    axis_add_powers(axis, tens, 1, stride);
    if (axis->num_ticks < 3 && num_decades <= 3)
        axis_add_powers(axis, nice, 3, 1);
}

double axis_place(const struct axis *axis, double value)
{
    if (axis->is_logarithmic)
        return log(value / axis->low) / log(axis->high / axis->low);
    return (value - axis->low) / (axis->high - axis->low);
}

const char *axis_format_tick(const struct axis *axis, double value, char buffer[AXIS_TEXT_SIZE])
{
    double shown = value * axis->label_factor;
    int num_decimals = axis->num_decimals;

    for (double factor = axis->label_factor; factor >= 10 && num_decimals > 0; factor /= 10)
        num_decimals--;
    if (axis->is_logarithmic || (shown != 0 && fabs(shown) < 1e-4) || fabs(shown) >= 1e15)
        return text_format(buffer, AXIS_TEXT_SIZE, "%g", shown);
    if (num_decimals == 0 && shown >= 1000)
        return text_group_digits(buffer, AXIS_TEXT_SIZE, (uint64_t)(shown + 0.5));
    return text_format(buffer, AXIS_TEXT_SIZE, "%.*f", num_decimals, shown);
}
