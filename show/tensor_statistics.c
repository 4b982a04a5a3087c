#include "show/tensor_statistics.h"

#include <math.h>
#include <stdio.h>

struct tensor_statistics tensor_statistics_of(const struct tensor *tensor)
{
    struct tensor_statistics statistics = {.num_values = tensor_num_elements(tensor),
                                           .least = NAN,
                                           .largest = NAN,
                                           .mean = NAN,
                                           .deviation = NAN};
    double sum = 0, square_sum = 0;
    uint64_t count = 0;

    for (uint64_t i = 0; i < statistics.num_values; i++) {
        double value = (double)tensor->data[i];

        statistics.num_nans += isnan(value) != 0;
        statistics.num_infinite += isinf(value) != 0; /* -1 of -infinity */
        statistics.num_zeros += value == 0;
        if (!isfinite(value))
            continue;
        if (count == 0 || value < statistics.least)
            statistics.least = value;
        if (count == 0 || value > statistics.largest)
            statistics.largest = value;
        sum += value;
        count++;
    }
    if (count == 0)
        return statistics;
    statistics.mean = sum / (double)count;
    for (uint64_t i = 0; i < statistics.num_values; i++) {
        double distance = (double)tensor->data[i] - statistics.mean;

        if (isfinite(distance))
            square_sum += distance * distance;
    }
    statistics.deviation = sqrt(square_sum / (double)count);
    return statistics;
}

const char *tensor_format_shape(char buffer[100], const struct tensor *tensor)
{
    size_t used = 0;

    snprintf(buffer, 100, "1");
    for (size_t i = 0; i < tensor->rank; i++)
        used +=
            (size_t)snprintf(buffer + used, 100 - used, "%s%zu", i ? "x" : "", tensor->shape[i]);
    return buffer;
}
