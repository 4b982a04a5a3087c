#include "images/fit.h"

#include <string.h>

/*
 * One axis.  Both sizes are measured in a common unit, so that all borders are whole numbers:
 * shrinking, an input pixel is num_out units long and an output pixel num_in; growing, positions
 * count in halves of 1 / num_out of an input pixel.  The weights of an output pixel sum to total.
 */
struct axis {
    uint64_t num_in, num_out, total;
};

struct span {
    uint64_t first, last; /* input pixels that count for one output pixel */
};

static struct axis fit_make_axis(uint64_t num_in, uint64_t num_out)
{
    return (struct axis){num_in, num_out, num_in >= num_out ? num_in : 2 * num_out};
}

/* Growing: where the middle of an output pixel lies after the middle of input pixel 0. */
static uint64_t fit_find_position(const struct axis *axis, uint64_t out_index)
{
    uint64_t middle = (2 * out_index + 1) * axis->num_in;
    uint64_t position = middle > axis->num_out ? middle - axis->num_out : 0;
    uint64_t last = 2 * axis->num_out * (axis->num_in - 1);

    return position < last ? position : last;
}

static struct span fit_find_span(const struct axis *axis, uint64_t out_index)
{
    if (axis->num_in >= axis->num_out) {
        return (struct span){out_index * axis->num_in / axis->num_out,
                             ((out_index + 1) * axis->num_in - 1) / axis->num_out};
    } else {
        uint64_t position = fit_find_position(axis, out_index);

        return (struct span){position / axis->total, (position + axis->total - 1) / axis->total};
    }
}

static uint64_t fit_find_weight(const struct axis *axis, uint64_t out_index, uint64_t in_index)
{
    if (axis->num_in >= axis->num_out) {
        uint64_t in_start = in_index * axis->num_out, in_end = in_start + axis->num_out;
        uint64_t out_start = out_index * axis->num_in, out_end = out_start + axis->num_in;

        return (in_end < out_end ? in_end : out_end) -
               (in_start > out_start ? in_start : out_start);
    } else {
        uint64_t position = fit_find_position(axis, out_index), at = in_index * axis->total;

        return axis->total - (position > at ? position - at : at - position);
    }
}

/* Weighted sums of one input row: sums is [out width][channels]. */
static void fit_sum_row(const uint8_t *in_row, const struct axis *axis, size_t channels,
                        uint64_t *sums)
{
    memset(sums, 0, axis->num_out * channels * sizeof(*sums));
    for (uint64_t x = 0; x < axis->num_out; x++) {
        struct span span = fit_find_span(axis, x);

        for (uint64_t i = span.first; i <= span.last; i++) {
            uint64_t weight = fit_find_weight(axis, x, i);

            for (size_t c = 0; c < channels; c++)
                sums[x * channels + c] += weight * in_row[i * channels + c];
        }
    }
}

size_t fit_num_scratch(const struct image_shape *out_shape)
{
    return 2 * out_shape->width * out_shape->channels;
}

void fit_image(const uint8_t *in, const struct image_shape *in_shape, uint8_t *out,
               const struct image_shape *out_shape, uint64_t *scratch)
{
    struct axis vertical = fit_make_axis(in_shape->height, out_shape->height);
    struct axis horizontal = fit_make_axis(in_shape->width, out_shape->width);
    size_t num_in_values = in_shape->width * in_shape->channels;
    size_t num_out_values = out_shape->width * out_shape->channels;
    uint64_t total = vertical.total * horizontal.total;
    uint64_t *row_sums = scratch, *sums = scratch + num_out_values;

    for (uint64_t y = 0; y < vertical.num_out; y++) {
        struct span span = fit_find_span(&vertical, y);

        memset(sums, 0, num_out_values * sizeof(*sums));
        for (uint64_t i = span.first; i <= span.last; i++) {
            uint64_t weight = fit_find_weight(&vertical, y, i);

            fit_sum_row(in + i * num_in_values, &horizontal, out_shape->channels, row_sums);
            for (size_t v = 0; v < num_out_values; v++)
                sums[v] += weight * row_sums[v];
        }
        for (size_t v = 0; v < num_out_values; v++)
            out[y * num_out_values + v] = (uint8_t)((sums[v] + total / 2) / total);
    }
}
