#include "metrics/calibration.h"

#include <math.h>
#include <stddef.h>

static size_t calibration_find_bin(float confidence)
{
    /* Exact: 24 bits times 4. */
    double place = ceil((double)confidence * CALIBRATION_NUM_BINS) - 1;

    if (!(place > 0))
        return 0;
    return place < CALIBRATION_NUM_BINS ? (size_t)place : CALIBRATION_NUM_BINS - 1;
}

void calibration_add(struct calibration *calibration, float confidence, bool is_correct,
                     uint64_t num_samples)
{
    struct calibration_bin *bin = &calibration->bins[calibration_find_bin(confidence)];

    bin->num_samples += num_samples;
    bin->num_correct += is_correct ? num_samples : 0;
    bin->confidence_sum += (double)confidence * (double)num_samples;
}

double calibration_accuracy(const struct calibration_bin *bin)
{
    return bin->num_samples ? (double)bin->num_correct / (double)bin->num_samples : NAN;
}

double calibration_confidence(const struct calibration_bin *bin)
{
    return bin->num_samples ? bin->confidence_sum / (double)bin->num_samples : NAN;
}

double calibration_expected_error(const struct calibration *calibration)
{
    uint64_t num_samples = 0;
    double sum = 0;

    for (size_t i = 0; i < CALIBRATION_NUM_BINS; i++) {
        const struct calibration_bin *bin = &calibration->bins[i];

        num_samples += bin->num_samples;
        sum += fabs((double)bin->num_correct - bin->confidence_sum);
    }
    return num_samples ? sum / (double)num_samples : NAN;
}

double calibration_largest_error(const struct calibration *calibration)
{
    double largest = NAN;

    for (size_t i = 0; i < CALIBRATION_NUM_BINS; i++) {
        const struct calibration_bin *bin = &calibration->bins[i];

        /* fmax takes the number of a number and a NAN. */
        largest = fmax(largest, fabs(calibration_accuracy(bin) - calibration_confidence(bin)));
    }
    return largest;
}
