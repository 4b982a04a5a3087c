#include "images/fit.h"

#include <stdbool.h>
#include <string.h>

const char *const fit_mode_names[] = {"stretch", "pad", "crop", NULL};

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

/* One axis of an image in its row: the image is scaled to num_out pixels of the axis, of which
 * count from first on are seen; they begin at pixel place of the row. */
struct placement {
    struct axis axis;
    uint64_t first, count, place;
};

/* So that all sums fit into 64 bits. */
enum { FIT_MAX_SCALED = 1 << 24 };

/* The side of length num_in, scaled as the other is from in to out, rounded half up. */
static uint64_t fit_scale(uint64_t num_in, uint64_t in, uint64_t out)
{
    uint64_t scaled = (2 * num_in * out + in) / (2 * in);

    return scaled < 1 ? 1 : scaled < FIT_MAX_SCALED ? scaled : FIT_MAX_SCALED;
}

static struct placement fit_place(uint64_t num_in, uint64_t num_scaled, uint64_t num_row)
{
    struct placement placement = {.axis = fit_make_axis(num_in, num_scaled)};

    if (num_scaled >= num_row) {
        placement.first = (num_scaled - num_row) / 2;
        placement.count = num_row;
    } else {
        placement.count = num_scaled;
        placement.place = (num_row - num_scaled) / 2;
    }
    return placement;
}

/* Weighted sums of one input row: sums is [count][channels]. */
static void fit_sum_row(const uint8_t *in_row, const struct placement *placement, size_t channels,
                        uint64_t *sums)
{
    memset(sums, 0, placement->count * channels * sizeof(*sums));
    for (uint64_t x = 0; x < placement->count; x++) {
        struct span span = fit_find_span(&placement->axis, placement->first + x);

        for (uint64_t i = span.first; i <= span.last; i++) {
            uint64_t weight = fit_find_weight(&placement->axis, placement->first + x, i);

            for (size_t c = 0; c < channels; c++)
                sums[x * channels + c] += weight * in_row[i * channels + c];
        }
    }
}

static void fit_fill(const uint8_t background[3], uint8_t *out, const struct image_shape *out_shape)
{
    size_t num_pixels = out_shape->height * out_shape->width;

    for (size_t i = 0; i < num_pixels; i++)
        memcpy(out + i * out_shape->channels, background, out_shape->channels);
}

size_t fit_num_scratch(const struct image_shape *out_shape)
{
    return 2 * out_shape->width * out_shape->channels;
}

/* What of the image is seen is scaled and put at its place in the row. */
static void fit_resize(const uint8_t *in, const struct image_shape *in_shape,
                       const struct placement *vertical, const struct placement *horizontal,
                       uint8_t *out, const struct image_shape *out_shape, uint64_t *scratch)
{
    size_t channels = out_shape->channels;
    size_t num_in_values = in_shape->width * channels;
    size_t num_values = horizontal->count * channels;
    uint64_t total = vertical->axis.total * horizontal->axis.total;
    uint64_t *row_sums = scratch, *sums = scratch + num_values;

    for (uint64_t y = 0; y < vertical->count; y++) {
        struct span span = fit_find_span(&vertical->axis, vertical->first + y);
        uint8_t *out_row =
            out + ((vertical->place + y) * out_shape->width + horizontal->place) * channels;

        memset(sums, 0, num_values * sizeof(*sums));
        for (uint64_t i = span.first; i <= span.last; i++) {
            uint64_t weight = fit_find_weight(&vertical->axis, vertical->first + y, i);

            fit_sum_row(in + i * num_in_values, horizontal, channels, row_sums);
            for (size_t v = 0; v < num_values; v++)
                sums[v] += weight * row_sums[v];
        }
        for (size_t v = 0; v < num_values; v++)
            out_row[v] = (uint8_t)((sums[v] + total / 2) / total);
    }
}

void fit_image(const struct fit *fit, const uint8_t *in, const struct image_shape *in_shape,
               uint8_t *out, const struct image_shape *out_shape, uint64_t *scratch)
{
    uint64_t height = out_shape->height, width = out_shape->width;
    /* Is the image, beside the row, too high for its width? */
    bool is_high = in_shape->height * width > in_shape->width * height;
    struct placement vertical, horizontal;

    if (fit->mode != FIT_STRETCH && is_high == (fit->mode == FIT_PAD))
        width = fit_scale(in_shape->width, in_shape->height, height);
    else if (fit->mode != FIT_STRETCH)
        height = fit_scale(in_shape->height, in_shape->width, width);
    vertical = fit_place(in_shape->height, height, out_shape->height);
    horizontal = fit_place(in_shape->width, width, out_shape->width);
    if (vertical.count < out_shape->height || horizontal.count < out_shape->width)
        fit_fill(fit->background, out, out_shape);
    fit_resize(in, in_shape, &vertical, &horizontal, out, out_shape, scratch);
}
