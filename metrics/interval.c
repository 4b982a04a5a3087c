#include "metrics/interval.h"

#include <math.h>

/* Of the normal distribution, 97.5 % lie below it. */
static const double interval_z = 1.959963984540054;

static struct interval interval_wilson(uint64_t num_hits, uint64_t num_samples, double z)
{
    double n = (double)num_samples, p = (double)num_hits / n;
    double scale = 1 / (1 + z * z / n);
    double centre = (p + z * z / (2 * n)) * scale;
    double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) * scale;
    struct interval interval = {centre - half, centre + half};

    /* Where all or none hit, an end is the proportion itself, which rounding may miss. */
    if (num_hits == 0)
        interval.low = 0;
    if (num_hits == num_samples)
        interval.high = 1;
    return interval;
}

struct interval interval_of_proportion(uint64_t num_hits, uint64_t num_samples)
{
    return num_samples ? interval_wilson(num_hits, num_samples, interval_z) : INTERVAL_NONE;
}

/* Of a proportion, with half a sample more that hits and half a one that does not: where all
 * samples agree, they are not certain to. */
static double interval_variance(uint64_t num_hits, uint64_t num_samples)
{
    double n = (double)num_samples, p = ((double)num_hits + 0.5) / (n + 1);

    return p * (1 - p) / n;
}

/* The z of each proportion's interval with which the mean of the intervals has 95 %. */
static double interval_shared_z(const uint64_t *num_hits, const uint64_t *num_samples, size_t count)
{
    double variance_sum = 0, deviation_sum = 0;

    for (size_t i = 0; i < count; i++) {
        double variance;

        if (num_samples[i] == 0)
            continue;
        variance = interval_variance(num_hits[i], num_samples[i]);
        variance_sum += variance;
        deviation_sum += sqrt(variance);
    }
    return interval_z * sqrt(variance_sum) / deviation_sum;
}

struct interval interval_of_mean(const uint64_t *num_hits, const uint64_t *num_samples,
                                 size_t count)
{
    double z = interval_shared_z(num_hits, num_samples, count), num_present = 0;
    struct interval sum = {0, 0};

    for (size_t i = 0; i < count; i++) {
        struct interval interval;

        if (num_samples[i] == 0)
            continue;
        interval = interval_wilson(num_hits[i], num_samples[i], z);
        sum.low += interval.low;
        sum.high += interval.high;
        num_present++;
    }
    if (num_present == 0)
        return INTERVAL_NONE;
    return (struct interval){sum.low / num_present, sum.high / num_present};
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
