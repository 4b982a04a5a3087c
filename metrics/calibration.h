/*
 * Calibration: is a model right as often as it is sure?  Samples are put into bins of equal width
 * by their confidence, the score of the predicted class (Guo, Pleiss, Sun, Weinberger, "On
 * calibration of modern neural networks", ICML 2017).
 */
#ifndef QUERN_METRICS_CALIBRATION_H
#define QUERN_METRICS_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

/* Bin i holds confidences above i / 15 up to and with (i + 1) / 15; the first has 0 too. */
enum { CALIBRATION_NUM_BINS = 15 };

struct calibration_bin {
    uint64_t num_samples;
    uint64_t num_correct;
    double confidence_sum;
};

struct calibration {
    struct calibration_bin bins[CALIBRATION_NUM_BINS]; /* {0} before the first sample */
};

void calibration_add(struct calibration *calibration, float confidence, bool is_correct,
                     uint64_t num_samples);

/* Of one bin; NAN of an empty one. */
double calibration_accuracy(const struct calibration_bin *bin);
double calibration_confidence(const struct calibration_bin *bin);

/* The mean over the samples, and the largest over the bins, of |accuracy - confidence| of their
 * bins; NAN without samples. */
double calibration_expected_error(const struct calibration *calibration);
double calibration_largest_error(const struct calibration *calibration);

#endif
