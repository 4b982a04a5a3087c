/*
 * What the values of a tensor are like, at a glance.
 */
#ifndef QUERN_SHOW_TENSOR_STATISTICS_H
#define QUERN_SHOW_TENSOR_STATISTICS_H

#include <stdint.h>

#include "common/tensor.h"

/* Least, largest, mean and standard deviation (of the values, not of a sample of them) are of what
 * is finite; NAN where nothing is. */
struct tensor_statistics {
    uint64_t num_values;
    uint64_t num_zeros;
    uint64_t num_nans;
    uint64_t num_infinite;
    double least, largest;
    double mean, deviation;
};

struct tensor_statistics tensor_statistics_of(const struct tensor *tensor);

/* "16x1x5x5"; "1" of a tensor without dimensions.  Returns the buffer. */
const char *tensor_format_shape(char buffer[100], const struct tensor *tensor);

#endif
