#include "metrics/interval.h"

#include <math.h>

/* Of the normal distribution, 97.5 % lie below it. */
static const double interval_z = 1.959963984540054;

struct interval interval_of_proportion(uint64_t num_hits, uint64_t num_samples)
{
    const double z2 = interval_z * interval_z;
    double n = (double)num_samples, p, centre, half, scale;
    struct interval interval;

    if (num_samples == 0)
        return INTERVAL_NONE;
    p = (double)num_hits / n;
    scale = 1 / (1 + z2 / n);
    centre = (p + z2 / (2 * n)) * scale;
    half = interval_z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) * scale;
    interval = (struct interval){centre - half, centre + half};
    /* Where all or none hit, the ends are the proportion itself, which rounding may miss. */
    if (num_hits == 0)
        interval.low = 0;
    if (num_hits == num_samples)
        interval.high = 1;
    return interval;
}

struct interval interval_of_mean(const double *proportions, const struct interval *intervals,
                                 size_t count)
{
    double sum = 0, below = 0, above = 0, n;
    size_t num_present = 0;

    for (size_t i = 0; i < count; i++) {
        double down, up;

        if (isnan(proportions[i]))
            continue;
        down = proportions[i] - intervals[i].low;
        up = intervals[i].high - proportions[i];
        sum += proportions[i];
        below += down * down;
        above += up * up;
        num_present++;
    }
    if (num_present == 0)
        return INTERVAL_NONE;
    n = (double)num_present;
    return (struct interval){fmax(sum / n - sqrt(below) / n, 0),
                             fmin(sum / n + sqrt(above) / n, 1)};
}

/* The correlation of hits, as method 10 has it: a positive one corrected for continuity. */
static double interval_correlation(double both, double first, double second, double neither)
{
    double n = both + first + second + neither;
    double product = (both + first) * (second + neither) * (both + second) * (first + neither);
    double covariance = both * neither - first * second;

    if (product <= 0)
        return 0;
    if (covariance > 0)
        covariance = fmax(covariance - n / 2, 0);
    return covariance / sqrt(product);
}

struct interval interval_of_difference(uint64_t num_both, uint64_t num_first_only,
                                       uint64_t num_second_only, uint64_t num_neither)
{
    uint64_t num_samples = num_both + num_first_only + num_second_only + num_neither;
    uint64_t num_first = num_both + num_first_only, num_second = num_both + num_second_only;
    struct interval first = interval_of_proportion(num_first, num_samples);
    struct interval second = interval_of_proportion(num_second, num_samples);
    double n = (double)num_samples, phi, difference, down1, up1, down2, up2;

    if (num_samples == 0)
        return INTERVAL_NONE;
    phi = interval_correlation((double)num_both, (double)num_first_only, (double)num_second_only,
                               (double)num_neither);
    difference = ((double)num_first_only - (double)num_second_only) / n;
    down1 = (double)num_first / n - first.low;
    up1 = first.high - (double)num_first / n;
    down2 = (double)num_second / n - second.low;
    up2 = second.high - (double)num_second / n;
    /* fmax: rounding may make a square that is 0 negative. */
    return (struct interval){
        difference - sqrt(fmax(down1 * down1 - 2 * phi * down1 * up2 + up2 * up2, 0)),
        difference + sqrt(fmax(down2 * down2 - 2 * phi * down2 * up1 + up1 * up1, 0))};
}
