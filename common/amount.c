#include "common/amount.h"

#include <math.h>

#include "common/text.h"

/* Two numbers of one duration, such as hours and minutes; the second rounds up into the first. */
static const char *amount_two(char *buffer, size_t size, double seconds, double unit_seconds,
                              double part_seconds, const char *unit, const char *part)
{
    double parts = floor(seconds / part_seconds + 0.5), per_unit = unit_seconds / part_seconds;
    double whole = floor(parts / per_unit);

    return text_format(buffer, size, "%.0f %s %02.0f %s", whole, unit, parts - whole * per_unit,
                       part);
}

const char *amount_duration(char *buffer, size_t size, double seconds)
{
    if (!isfinite(seconds) || seconds < 0)
        return text_format(buffer, size, "-");
    /* Limits are where the digits shown would round up to the next unit. */
    if (seconds < 0.000995)
        return text_format(buffer, size, "%.2f ms", 1e3 * seconds);
    if (seconds < 0.00995)
        return text_format(buffer, size, "%.1f ms", 1e3 * seconds);
    if (seconds < 0.9995)
        return text_format(buffer, size, "%.0f ms", 1e3 * seconds);
    if (seconds < 59.95)
        return text_format(buffer, size, "%.1f s", seconds);
    if (seconds < 3599.5)
        return amount_two(buffer, size, seconds, 60, 1, "min", "s");
    if (seconds < 86400 - 30)
        return amount_two(buffer, size, seconds, 3600, 60, "h", "min");
    return amount_two(buffer, size, seconds, 86400, 3600, "d", "h");
}

const char *amount_time_left(char *buffer, size_t size, double seconds)
{
    double step = seconds < 60    ? 1
                  : seconds < 600 ? 5
                                  : 60,
           rounded = step * ceil(seconds / step - 0.02);

    if (!isfinite(seconds) || seconds < 0)
        return text_format(buffer, size, "-");
    if (rounded < 60)
        return text_format(buffer, size, "%.0f s", rounded < 1 ? 1 : rounded);
    if (rounded >= 600 && rounded < 3600)
        return text_format(buffer, size, "%.0f min", rounded / 60);
    return amount_duration(buffer, size, rounded);
}

/* 1234567 as "1.2 M": three digits at most before the unit, one after the point below 10. */
static const char *amount_scale(char *buffer, size_t size, double value, const char *const *units)
{
    size_t i = 0;

    while (value >= 999.5 && units[i + 1]) {
        value /= 1000;
        i++;
    }
    return text_format(buffer, size, value < 9.95 && i > 0 ? "%.1f %s" : "%.0f %s", value,
                       units[i]);
}

const char *amount_rate(char *buffer, size_t size, double per_second)
{
    static const char *const units[] = {"M", "G", "T", NULL};

    if (!isfinite(per_second) || per_second < 0)
        return text_format(buffer, size, "-");
    if (per_second < 0.995)
        return text_format(buffer, size, "%.2f", per_second);
    if (per_second < 9.95)
        return text_format(buffer, size, "%.1f", per_second);
    if (per_second < 999999.5)
        return text_group_digits(buffer, size, (uint64_t)(per_second + 0.5));
    if (per_second < 9.95e6)
        return text_format(buffer, size, "%.1f M", per_second / 1e6);
    return amount_scale(buffer, size, per_second / 1e6, units);
}

const char *amount_nbytes(char *buffer, size_t size, double nbytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", NULL};

    if (!isfinite(nbytes) || nbytes < 0)
        return text_format(buffer, size, "-");
    return amount_scale(buffer, size, nbytes, units);
}
